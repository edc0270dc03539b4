//! Campaigns of one group, by the real daemon: the last one is paused first, the first one resumed first.

use std::fs;

use crate::api::Api;
use crate::centre::{Centre, Invocation, of_kind};

const FIRST: &str = "campaign-1";
const LAST: &str = "campaign-2";

const SETTINGS: &str = r#"
pause_below = 3
resume_at = 5

[[campaign]]
id = "campaign-1"

[[campaign]]
id = "campaign-2"

[[group]]
name = "sales"
campaigns = ["campaign-1", "campaign-2"]
"#;

fn daemon(centre: &Centre) -> Invocation {
    let settings = centre.directory.path().join("settings.toml");
    fs::write(&settings, SETTINGS).unwrap();
    let mut daemon = centre.daemon();
    daemon
        .env_remove("CXONE_CAMPAIGN_ID")
        .env("AUTOPILOT_CONFIG", settings)
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0");
    daemon
}

#[test]
fn the_last_one_is_paused_first_and_the_first_one_resumed_first() {
    let centre = Centre::new();
    centre.platform.put_campaign(LAST, "RUNNING");
    centre.platform.set_available(10);
    let running = daemon(&centre).start();
    let api = Api::of(&running);
    centre.wait_for_polls(3);
    // The first one claims three of them, and two are left.
    centre.platform.set_available(5);
    centre.wait_for_status(LAST, "PAUSED");
    centre.wait_for_polls(3);
    assert_eq!(centre.commands(), ["campaign-2: RUNNING -> PAUSED"]);
    let explained = api.get(&format!("/api/v1/campaigns/{LAST}")).body;
    let claimed = "2 available, 3 more claimed by campaigns before it in its group";
    assert!(explained.contains(claimed), "{explained}");
    centre.platform.set_available(0);
    centre.wait_for_status(FIRST, "PAUSED");
    centre.platform.set_available(20);
    centre.wait_for_status(LAST, "RUNNING");
    running.stop();
    assert_eq!(
        centre.commands(),
        [
            "campaign-2: RUNNING -> PAUSED",
            "campaign-1: RUNNING -> PAUSED",
            "campaign-1: PAUSED -> RUNNING",
            "campaign-2: PAUSED -> RUNNING",
        ]
    );
    // The audit is made again from the record, with what was claimed and whose turn it was.
    let rows = centre.audit();
    let intents = of_kind(&rows, "intent");
    assert_eq!(intents.len(), 4);
    let decisions: Vec<_> = intents.iter().map(|row| row["decision"].clone()).collect();
    assert_ne!(decisions[2], decisions[3], "one resume at a poll");
}
