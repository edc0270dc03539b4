//! `check --online` tells what of the settings the platform does not have, and what cannot be reached.

use std::fs;

use campaign_autopilot::simulator::{AcdSettings, AgentState};

use crate::centre::{Centre, Finished, Invocation};
use crate::cxone_acd::{asked, centre as acd_centre};

const ROSTER: &str = "id,skills,start,end,zone,concurrency\n\
    p1,sales,00:00,00:00,US/Eastern,1\n\
    p2,sales,00:00,00:00,UTC,1\n\
    stranger,sales,00:00,00:00,UTC,1\n";

fn preview(campaign: &str, skill: &str, zone: &str) -> String {
    format!(
        "[[preview]]\ncampaign = \"{campaign}\"\nskills = [\"{skill}\"]\ntarget_rate = 4\nmost = 9\nzones = [\"{zone}\"]\n\n"
    )
}

/// Checks these settings against a platform of the first dialect.
fn check(centre: &Centre, settings: &str) -> Finished {
    let directory = centre.directory.path();
    let (file, roster) = (
        directory.join("settings.toml"),
        directory.join("roster.csv"),
    );
    fs::write(&file, settings).unwrap();
    fs::write(&roster, ROSTER).unwrap();
    let mut invocation = Invocation::bare();
    invocation
        .env("CXONE_BASE_URL", &centre.base_url)
        .env("CXONE_CLIENT_ID", "autopilot")
        .env("CXONE_CLIENT_SECRET", "autopilot-secret")
        .env("AUTOPILOT_STATE_DIR", centre.state_dir())
        .args(&["check", "--online", "--config"])
        .arg(&file)
        .arg("--roster")
        .arg(&roster)
        .output()
}

fn expect(done: &Finished, code: i32, lines: &[&str]) {
    assert_eq!(done.code(), code, "{}{}", done.stdout, done.stderr);
    let told = format!("{}{}", done.stdout, done.stderr);
    for line in lines {
        assert!(told.contains(line), "{line}\nin\n{told}");
    }
}

#[test]
fn thresholds_that_cannot_be_reached_and_agents_who_are_not_there_are_told() {
    let centre = Centre::new();
    let platform = &centre.platform;
    platform.put_agent("x1", AgentState::Offline, &["rare"]);
    platform.put_agent("x2", AgentState::Other("Lunch".to_owned()), &["rare"]);
    platform.put_campaign("campaign-2", "RUNNING");
    platform.put_campaign("campaign-3", "RUNNING");
    platform.put_campaign("campaign-4", "RUNNING");
    let table = |id: &str, agents: &str, resume_at: u32| {
        format!(
            "[[campaign]]\nid = \"{id}\"\nagents = {agents}\npause_below = 1\nresume_at = {resume_at}\n\n"
        )
    };
    let rare = "{ any_skill = [\"rare\"] }";
    let settings = [
        table("campaign-1", rare, 3),
        table("campaign-2", rare, 2),
        table("campaign-3", "{ ids = [\"x1\", \"x2\", \"nobody\"] }", 2),
        table("campaign-4", "\"all\"", 13),
    ]
    .concat();
    let done = check(&centre, &settings);
    expect(
        &done,
        0,
        &[
            "warning: campaign campaign-1: the threshold 3 cannot be reached: it has 2 agents, those who are offline included",
            "warning: campaign campaign-3: the platform does not list 1 agent: nobody;",
            "warning: campaign campaign-4: the threshold 13 cannot be reached: it has 12 agents",
            "warning: 1 agent in a state that is not known, such as \"Lunch\": they count as not available",
            "ok      agents: 1 call for the first poll, then 1",
            "time zones: release 20",
        ],
    );
    for fine in [
        "campaign campaign-2: the threshold",
        "campaign campaign-3: the threshold",
    ] {
        assert!(!done.stderr.contains(fine), "{}", done.stderr);
    }
}

#[test]
fn previews_are_looked_at_with_their_roster_and_zones() {
    let centre = Centre::new();
    for agent in ["p1", "p2"] {
        centre
            .platform
            .put_agent(agent, AgentState::Available, &["sales"]);
    }
    for campaign in ["preview-1", "preview-2", "preview-3"] {
        centre.platform.put_campaign(campaign, "RUNNING");
    }
    let settings = [
        preview("preview-1", "sales", "America/New_York"),
        preview("preview-2", "sales", "Asia/Tokyo"),
        preview("preview-3", "juggling", "UTC"),
    ]
    .concat();
    let done = check(&centre, &settings);
    expect(
        &done,
        0,
        &[
            "configuration: ok, 0 campaigns, 3 preview campaigns",
            "ok      preview campaign preview-1: RUNNING",
            // US/Eastern is the same zone.
            "ok      preview campaign preview-1: 1 agent of the roster can be given to it",
            "warning: preview campaign preview-2: nobody of the roster can be given to it: 3 have its skills, 0 work in its zones",
            "warning: preview campaign preview-3: nobody of the roster can be given to it: 0 have its skills, 2 work in its zones",
            "warning: roster: the platform does not list 1 agent: stranger;",
            "ok      list of campaign preview-1: 0 agents",
        ],
    );
    let missing = check(&centre, &preview("nowhere", "sales", "UTC"));
    expect(&missing, 77, &["FAILED  preview campaign nowhere: 404"]);
}

#[test]
fn queues_alone_are_checked_and_run_without_agents_and_their_rights() {
    let centre = Centre::with(|settings| {
        settings.world.put_example_queues();
        settings
            .credentials
            .scopes
            .retain(|scope| scope.starts_with("routing"));
    });
    let settings = "[[queue]]\nid = \"queue-1\"\ninterval = \"50ms\"\n";
    let done = check(&centre, settings);
    expect(
        &done,
        0,
        &[
            "configuration: ok, 0 campaigns, 1 queue",
            "ok      queue queue-1",
        ],
    );
    assert!(!done.stdout.contains("ok      agents"), "{}", done.stdout);
    let running = centre
        .daemon()
        .env_remove("CXONE_CAMPAIGN_ID")
        .arg("--config")
        .arg(centre.directory.path().join("settings.toml"))
        .start()
        .tolerate(&["statistics"]);
    running.wait_for_log("started");
    let reads = campaign_autopilot::simulator::Endpoint::QueueGet;
    crate::centre::wait_until("the queue is read", || {
        centre.platform.request_count(Some(reads)) >= 3
    });
    let agents = campaign_autopilot::simulator::Endpoint::Agents;
    assert_eq!(centre.platform.request_count(Some(agents)), 0);
    running.stop();
}

#[test]
fn the_agents_of_a_skill_bound_its_thresholds() {
    let centre = acd_centre(AcdSettings::default());
    let flags = |resume_at| {
        let told = asked(
            &centre,
            &[
                "check",
                "--online",
                "--pause-below",
                "5",
                "--resume-at",
                resume_at,
            ],
        );
        assert_eq!(told.code(), 0, "{}{}", told.stdout, told.stderr);
        told
    };
    let told = flags("11");
    let line = "warning: campaign 4711: the threshold 11 cannot be reached: it has 10 agents";
    assert!(told.stderr.contains(line), "{}", told.stderr);
    assert!(
        told.stdout.contains(" for the first poll, then "),
        "{}",
        told.stdout
    );
    assert!(!flags("10").stderr.contains("cannot be reached"));
}
