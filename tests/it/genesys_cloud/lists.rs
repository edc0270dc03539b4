//! Preview campaigns on this platform: agents join and leave the queue of a campaign that has it for itself.

use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use campaign_autopilot::simulator::{AgentState, CloudOperation, CloudSettings, Endpoint};

use crate::api::Api;
use crate::centre::{CAMPAIGN, Centre, Invocation, of_kind, wait_until};

use super::tenant::{asked, centre, command, daemon, quick, wait_for_polls};

/// Not managed: only its list is.
const PREVIEW: &str = "preview-1";
const QUEUE: &str = "queue-preview";
const CHANGE: Endpoint = Endpoint::Cloud(CloudOperation::ChangeMembers);

/// Members of the preview campaign's queue, who have all joined it.
const AGENTS: [&str; 5] = ["p1", "p2", "p3", "p4", "p5"];

fn furnished(queues: &[(&str, &str)], lag: Duration) -> Centre {
    let named = |pairs: &[(&str, &str)]| {
        let pairs = pairs.iter();
        pairs
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    };
    let centre = centre(CloudSettings {
        queues: named(queues),
        members: named(&[(QUEUE, "preview")]),
        modes: named(&[(PREVIEW, "preview")]),
        members_lag: lag,
        ..quick()
    });
    centre.platform.put_campaign(PREVIEW, "RUNNING");
    for agent in AGENTS {
        let platform = &centre.platform;
        platform.put_agent(agent, AgentState::Available, &["preview"]);
    }
    centre
}

/// Settings by which at most so many agents are assigned.
fn settings(centre: &Centre, most: usize, counted: &str) -> [String; 2] {
    let mut roster = "id,skills,start,end,zone,concurrency\n".to_owned();
    for agent in AGENTS {
        writeln!(roster, "{agent},sales,00:00,00:00,UTC,1").unwrap();
    }
    let settings = format!(
        "assign_interval = \"200ms\"\nassign_moved_agents = 1\nmanual_grace = \"1h\"\n\n[[campaign]]\nid = \"{CAMPAIGN}\"\n\n\
         {counted}[[preview]]\ncampaign = \"{PREVIEW}\"\nskills = [\"sales\"]\ntarget_rate = 8.5\nmost = {most}\nzones = [\"UTC\"]\n"
    );
    [("settings.toml", settings), ("roster.csv", roster)].map(|(name, text)| {
        let path = centre.directory.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    })
}

fn keeper(centre: &Centre, most: usize) -> Invocation {
    let [settings, roster] = settings(centre, most, "");
    let mut daemon = daemon(centre);
    daemon
        .env_remove("CXONE_CAMPAIGN_ID")
        .env("AUTOPILOT_CONFIG", settings)
        .env("AUTOPILOT_ROSTER", roster);
    daemon
}

fn joined(centre: &Centre) -> usize {
    centre.platform.cloud_members(QUEUE).len()
}

#[test]
fn agents_leave_and_join_the_queue_of_a_preview_campaign() {
    for lag in [Duration::ZERO, Duration::from_millis(700)] {
        let centre = furnished(&[(PREVIEW, QUEUE)], lag);
        assert_eq!(joined(&centre), 5);
        let running = keeper(&centre, 3).start();
        wait_until("three serve it", || joined(&centre) == 3);
        running.stop();
        let running = keeper(&centre, 4).start();
        wait_until("four serve it", || joined(&centre) == 4);
        wait_for_polls(&centre, 10);
        let sent = centre.platform.request_count(Some(CHANGE));
        wait_for_polls(&centre, 20);
        assert_eq!(centre.platform.request_count(Some(CHANGE)), sent);
        running.stop();
        let rows = centre.audit();
        assert!(!of_kind(&rows, "assign_intent").is_empty(), "{rows:#?}");
        // Nothing of it is a command to a campaign.
        assert_eq!(centre.commands(), [""; 0]);
    }
}

#[test]
fn a_queue_that_serves_others_is_not_touched() {
    let centre = furnished(&[(PREVIEW, QUEUE), ("another", QUEUE)], Duration::ZERO);
    centre.platform.put_campaign("another", "RUNNING");
    let [settings, roster] = settings(&centre, 2, "");
    let mut check = command(&centre);
    let done = check
        .env_remove("CXONE_CAMPAIGN_ID")
        .env("AUTOPILOT_CONFIG", settings)
        .env("AUTOPILOT_ROSTER", roster)
        .args(&["check", "--online"])
        .output();
    let told = format!("{}{}", done.stdout, done.stderr);
    assert!(told.contains("serves campaign another as well"), "{told}");
    // The check has tried the right, on a queue that is not there.
    let tried = centre.platform.request_count(Some(CHANGE));
    let running =
        keeper(&centre, 2)
            .start()
            .tolerate(&["list", "assign", "serves campaign another"]);
    let api = Api::of(&running);
    wait_for_polls(&centre, 15);
    assert_eq!(api.campaign(CAMPAIGN)["state"], "running");
    running.stop();
    assert_eq!(joined(&centre), 5);
    assert_eq!(centre.platform.request_count(Some(CHANGE)), tried);
}

#[test]
fn a_campaign_that_counts_the_queue_it_empties_is_refused() {
    let centre = furnished(&[(PREVIEW, QUEUE)], Duration::ZERO);
    let counted = format!("[[campaign]]\nid = \"{PREVIEW}\"\n\n");
    let [settings, roster] = settings(&centre, 2, &counted);
    let done = asked(
        &centre,
        &["check", "--config", &settings, "--roster", &roster],
    );
    assert_eq!(done.code(), 78, "{}", done.stdout);
    assert!(
        done.stderr.contains("by its own effect"),
        "{}{}",
        done.stdout,
        done.stderr
    );
}
