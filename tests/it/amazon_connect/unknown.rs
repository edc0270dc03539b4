//! What is not known is not zero, and one bad queue blinds its campaigns only.

use std::time::Duration;

use campaign_autopilot::simulator::{AgentState, ConnectSettings};

use crate::api::Api;
use crate::centre::{CAMPAIGN, wait_until};

use super::tenant::{COUNTS, centre, daemon, is, wait_for_polls, wait_until_it_is};

/// What a daemon logs of agents or states that are not known.
const BLIND: &[&str] = &[
    "poll invalid",
    "too long",
    "nothing is shown",
    "status not read",
];

fn set(queue: &str) -> std::collections::BTreeSet<String> {
    [queue.to_owned()].into()
}

#[test]
fn null_absent_and_left_out_are_unknown_and_zero_pauses() {
    let usual = ConnectSettings::default;
    for settings in [
        ConnectSettings {
            null_queues: set("queue-outbound"),
            ..usual()
        },
        ConnectSettings {
            valueless_queues: set("queue-outbound"),
            ..usual()
        },
        ConnectSettings {
            missing_queues: set("queue-outbound"),
            ..usual()
        },
    ] {
        let centre = centre(settings);
        centre.platform.set_available(0);
        let running = daemon(&centre).start().tolerate(BLIND);
        wait_for_polls(&centre, 8);
        running.kill();
        assert!(
            is(&centre, "RUNNING"),
            "nothing is decided by what is not known"
        );
        assert_eq!(centre.commands(), [""; 0]);
    }
    let centre = centre(usual());
    let running = daemon(&centre).start();
    wait_for_polls(&centre, 3);
    centre.platform.set_available(0);
    wait_until_it_is(&centre, "PAUSED");
    running.wait_for_log("paused");
    running.stop();
}

#[test]
fn a_queue_that_was_never_shown_may_be_taken_for_nobody_and_one_that_was_may_not() {
    let centre = centre(ConnectSettings {
        missing_queues: set("queue-outbound"),
        ..ConnectSettings::default()
    });
    let running = daemon(&centre).env("AUTOPILOT_EMPTY_MEANS", "zero").start();
    wait_until_it_is(&centre, "PAUSED");
    running.wait_for_log("paused");
    running.stop();
    assert!(centre.platform.person_sets(CAMPAIGN, "RUNNING"));
    assert!(
        centre
            .platform
            .change_connect(|settings| settings.missing_queues.clear())
    );
    let before = centre.commands().len();
    let running = daemon(&centre)
        .env("AUTOPILOT_EMPTY_MEANS", "zero")
        .start()
        .tolerate(BLIND);
    wait_for_polls(&centre, 3);
    assert!(
        centre
            .platform
            .change_connect(|settings| settings.missing_queues = set("queue-outbound"))
    );
    wait_for_polls(&centre, 10);
    running.kill();
    assert_eq!(centre.commands().len(), before, "it was shown before");
}

#[test]
fn one_bad_queue_blinds_its_campaigns_only() {
    for refused in [true, false] {
        let queues = [
            ("campaign-1", "queue-1"),
            ("campaign-2", "queue-2"),
            ("campaign-3", "queue-3"),
        ];
        let queues = queues.map(|(campaign, queue)| (campaign.to_owned(), queue.to_owned()));
        let members = ["queue-1", "queue-2", "queue-3"];
        let members = members.map(|queue| (queue.to_owned(), queue.to_owned()));
        let centre = centre(ConnectSettings {
            queues: queues.into(),
            members: members.into(),
            unknown_queue_refused: refused,
            ..ConnectSettings::default()
        });
        for id in ["campaign-2", "campaign-3"] {
            centre.platform.put_campaign(id, "RUNNING");
        }
        for queue in ["queue-1", "queue-2", "queue-3"] {
            for number in 0..10 {
                let id = format!("{queue}-{number}");
                centre
                    .platform
                    .put_agent(&id, AgentState::Available, &[queue]);
            }
        }
        let settings = centre.directory.path().join("settings.toml");
        let text = "[[campaign]]\nid = \"campaign-1\"\n\n[[campaign]]\nid = \"campaign-2\"\nagents = { queue = \"no-such-queue\" }\n\n\
            [[campaign]]\nid = \"campaign-3\"\nagents = { queue = \"arn:aws:connect:eu-west-2:111122223333:instance/i/queue/queue-3\" }\n";
        std::fs::write(&settings, text).unwrap();
        let running = daemon(&centre)
            .env_remove("CXONE_CAMPAIGN_ID")
            .args(&["--config", settings.to_str().unwrap()])
            .start()
            .tolerate(BLIND);
        let api = Api::of(&running);
        wait_until("both others are known", || {
            ["campaign-1", "campaign-3"]
                .iter()
                .all(|id| api.campaign(id)["available"] == 10)
        });
        for queue in ["queue-1", "queue-2", "queue-3"] {
            for number in 0..10 {
                let id = format!("{queue}-{number}");
                centre.platform.put_agent(&id, AgentState::Busy, &[queue]);
            }
        }
        for id in ["campaign-1", "campaign-3"] {
            centre.wait_for_status(id, "PAUSED");
        }
        // A queue that is refused is not looked for at each poll.
        let calls = centre.platform.request_count(Some(COUNTS));
        wait_for_polls(&centre, 10);
        assert!(centre.platform.request_count(Some(COUNTS)) >= calls + 10);
        running.kill();
        let of_second = |line: &String| line.starts_with("campaign-2");
        assert!(!centre.commands().iter().any(of_second), "{refused}");
    }
}

#[test]
fn a_state_that_is_not_told_changes_nothing_of_the_others() {
    let centre = centre(ConnectSettings {
        unreadable: set("campaign-2"),
        left_out: set("campaign-3"),
        ..ConnectSettings::default()
    });
    for id in ["campaign-2", "campaign-3"] {
        centre.platform.put_campaign(id, "RUNNING");
    }
    let running = daemon(&centre)
        .env(
            "CXONE_CAMPAIGN_ID",
            "campaign-1,campaign-2,campaign-3,campaign-4",
        )
        .start()
        .tolerate(&[BLIND, &["does not know", "UnknownError", "left out"]].concat());
    let api = Api::of(&running);
    let why = |id: &str| api.campaign(id)["why"].to_string();
    wait_until("the campaign that is not there is missing", || {
        why("campaign-4").contains("not known to the platform")
    });
    centre.platform.set_available(0);
    wait_until_it_is(&centre, "PAUSED");
    running.wait_for_log("paused");
    for id in ["campaign-2", "campaign-3"] {
        // What was not told is not missing.
        assert!(
            !why(id).contains("not known to the platform"),
            "{}",
            why(id)
        );
    }
    running.kill();
}

#[test]
fn counts_that_are_too_old_decide_nothing() {
    let centre = centre(ConnectSettings {
        snapshot_age: Duration::from_secs(3_600),
        ..ConnectSettings::default()
    });
    centre.platform.set_available(0);
    let running =
        daemon(&centre)
            .start()
            .tolerate(&["stale", "too old", "poll invalid", "too long"]);
    wait_for_polls(&centre, 10);
    running.kill();
    assert_eq!(centre.commands(), [""; 0]);
}

#[test]
fn counts_that_come_in_pages_are_read_to_the_end() {
    let centre = centre(ConnectSettings {
        queues: [("campaign-2".to_owned(), "queue-two".to_owned())].into(),
        rows_a_page: 1,
        ..ConnectSettings::default()
    });
    centre.platform.put_campaign("campaign-2", "RUNNING");
    let running = daemon(&centre)
        .env("CXONE_CAMPAIGN_ID", "campaign-1,campaign-2")
        .start();
    let api = Api::of(&running);
    wait_until("both queues are counted", || {
        ["campaign-1", "campaign-2"]
            .iter()
            .all(|id| api.campaign(id)["available"] == 10)
    });
    running.stop();
}
