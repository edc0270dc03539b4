//! Campaigns pause and resume as the rule says.

use std::time::Duration;

use campaign_autopilot::simulator::{AgentState, Endpoint, Fault, FaultRule, FaultTiming};

use crate::centre::{CAMPAIGN, Centre, message, of_kind, wait_until};

const PAUSED: &str = "campaign-1: RUNNING -> PAUSED";
const RESUMED: &str = "campaign-1: PAUSED -> RUNNING";

#[test]
fn pauses_below_the_line_and_resumes_its_own_pause_at_the_other() {
    let centre = Centre::new();
    let daemon = centre.daemon().start();
    centre.wait_for_polls(3);
    assert_eq!(centre.commands(), [""; 0], "ten agents are enough");
    centre.platform.set_available(4);
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    for between in [5, 7] {
        centre.platform.set_available(between);
        centre.wait_for_polls(3);
    }
    assert_eq!(
        centre.commands(),
        [PAUSED],
        "between the lines nothing happens"
    );
    centre.platform.set_available(8);
    centre.wait_for_status(CAMPAIGN, "RUNNING");
    centre.platform.set_available(5);
    centre.wait_for_polls(3);
    daemon.wait_for_log("resumed");
    daemon.stop();
    assert_eq!(centre.commands(), [PAUSED, RESUMED]);
    let audit = centre.audit();
    let kinds: Vec<_> = audit
        .iter()
        .map(|row| row["kind"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "started", "intent", "outcome", "intent", "outcome", "stopped"
        ]
    );
    let reason = &audit[1]["event"]["reason"];
    assert_eq!(reason["available"], 4);
    assert_eq!(reason["lines"]["pause_below"], 5);
    assert_eq!(
        audit[1]["event"]["before"]["status"], "RUNNING",
        "read before write"
    );
    assert_eq!(
        audit[2]["event"]["after"]["found"]["status"], "PAUSED",
        "verified after"
    );
}

#[test]
fn log_lines_of_a_change_tell_campaign_decision_and_numbers() {
    let centre = Centre::new();
    centre.platform.set_available(2);
    let daemon = centre.daemon().start();
    let line = daemon.wait_for_log("paused");
    daemon.stop();
    assert_eq!(
        (line["level"].as_str(), message(&line)),
        (Some("INFO"), "paused")
    );
    assert_eq!(line["campaign"], CAMPAIGN);
    assert_eq!(line["reason"], "2 available (pause below 5, resume at 8)");
    let intent = &of_kind(&centre.audit(), "intent")[0].clone();
    assert_eq!(
        line["decision"], intent["decision"],
        "one id ties log and audit together"
    );
}

#[test]
fn an_answer_without_content_means_done_as_well() {
    let centre = Centre::with(|settings| settings.put_answers_no_content = true);
    let daemon = centre.daemon().start();
    centre.platform.set_available(0);
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    daemon.wait_for_log("paused");
    daemon.stop();
}

#[test]
fn a_platform_without_timestamps_is_steered_all_the_same() {
    let centre = Centre::with(|settings| settings.give_updated_timestamp = false);
    let daemon = centre.daemon().start();
    centre.platform.set_available(0);
    daemon.wait_for_log("paused");
    centre.platform.set_available(9);
    daemon.wait_for_log("resumed");
    daemon.stop();
    assert_eq!(centre.commands(), [PAUSED, RESUMED]);
}

#[test]
fn a_platform_that_shows_a_command_late_is_believed_when_it_does() {
    // Much later than the last reading after a command, a second and a quarter behind it.
    let centre = Centre::with(|settings| settings.actuation_delay = Duration::from_secs(8));
    centre.platform.set_available(0);
    let mut invocation = centre.daemon();
    let daemon = invocation.args(&["--poll-interval", "300ms"]).start();
    daemon.wait_for_log("acknowledged, the platform is changing it: pause");
    daemon.wait_for_log("has taken effect: pause");
    let sent = centre.platform.request_count(Some(Endpoint::CampaignPut));
    assert_eq!(sent, 1, "what was acknowledged is not sent again");
    centre.platform.set_available(9);
    daemon.wait_for_log("has taken effect: resume");
    daemon.stop();
    assert_eq!(centre.commands(), [PAUSED, RESUMED]);
}

#[test]
fn many_campaigns_share_one_reading_of_the_agents() {
    let centre = Centre::new();
    let campaigns: Vec<String> = (0..40).map(|n| format!("campaign-{n:02}")).collect();
    for campaign in &campaigns {
        centre.platform.put_campaign(campaign, "RUNNING");
    }
    let daemon = centre
        .daemon()
        .env("CXONE_CAMPAIGN_ID", campaigns.join(","))
        .start();
    centre.wait_for_polls(5);
    let counts = || {
        centre
            .platform
            .request_counts([Some(Endpoint::Agents), Some(Endpoint::CampaignGet)])
    };
    let [polls_before, reads_before] = counts();
    centre.wait_for_polls(20);
    let [polls_after, reads_after] = counts();
    let (polls, reads) = (polls_after - polls_before, reads_after - reads_before);
    assert!(
        reads <= polls + 1,
        "{reads} status reads in {polls} polls: calls grow with the campaigns"
    );
    centre.platform.set_available(0);
    for campaign in &campaigns {
        centre.wait_for_status(campaign, "PAUSED");
    }
    centre.platform.set_available(50);
    for campaign in &campaigns {
        centre.wait_for_status(campaign, "RUNNING");
    }
    wait_until("every resume is told", || {
        daemon
            .log()
            .iter()
            .filter(|line| message(line) == "resumed")
            .count()
            == campaigns.len()
    });
    daemon.stop();
    assert_eq!(
        of_kind(&centre.audit(), "outcome").len(),
        2 * campaigns.len()
    );
}

#[test]
fn each_campaign_has_thresholds_and_agents_of_its_own() {
    let centre = Centre::new();
    for id in ["sales", "service", "vip", "share"] {
        centre.platform.put_campaign(id, "RUNNING");
    }
    let file = centre.directory.path().join("autopilot.toml");
    std::fs::write(
        &file,
        r#"
        pause_below = 2
        resume_at = 3
        [[campaign]]
        id = "sales"
        agents = { any_skill = ["sales"] }
        [[campaign]]
        id = "service"
        pause_below = 1
        agents = { all_skills = ["service", "spanish"] }
        [[campaign]]
        id = "vip"
        pause_below = 1
        resume_at = 1
        agents = { ids = ["anna"] }
        [[campaign]]
        id = "share"
        pause_below = "50%"
        resume_at = "80%"
        "#,
    )
    .unwrap();
    for agent in 1..=10 {
        centre.platform.remove_agent(&format!("agent-{agent:04}"));
    }
    centre
        .platform
        .put_agent("anna", AgentState::Available, &["sales"]);
    centre
        .platform
        .put_agent("ben", AgentState::Available, &["service", "spanish"]);
    centre
        .platform
        .put_agent("carl", AgentState::Available, &["service"]);
    centre
        .platform
        .put_agent("dora", AgentState::Busy, &["sales"]);
    centre
        .platform
        .put_agent("emil", AgentState::Offline, &["sales"]);
    let mut invocation = centre.daemon();
    let daemon = invocation
        .env_remove("CXONE_CAMPAIGN_ID")
        .arg("--config")
        .arg(&file)
        .start()
        .tolerate(&["resume_at", "vip"]);
    centre.wait_for_status("sales", "PAUSED");
    centre.wait_for_polls(3);
    let status = |id| centre.platform.campaign_status(id).unwrap();
    assert_eq!(
        [status("service"), status("vip"), status("share")],
        ["RUNNING"; 3]
    );
    centre
        .platform
        .put_agent("ben", AgentState::WrapUp, &["service", "spanish"]);
    centre.wait_for_status("service", "PAUSED");
    centre.platform.put_agent(
        "carl",
        AgentState::Other("coaching".to_owned()),
        &["service"],
    );
    centre.wait_for_status("share", "PAUSED");
    centre.wait_for_polls(2);
    assert_eq!(status("vip"), "RUNNING");
    centre
        .platform
        .put_agent("anna", AgentState::Offline, &["sales"]);
    centre.wait_for_status("vip", "PAUSED");
    daemon.wait_for_log("paused");
    daemon.stop();
}

#[test]
fn a_dry_run_decides_and_sends_nothing() {
    let centre = Centre::new();
    centre.platform.set_available(0);
    let daemon = centre.daemon().arg("--dry-run").start();
    daemon.wait_for_log("dry run: would pause");
    centre.wait_for_polls(5);
    daemon.stop();
    assert_eq!(
        centre.platform.request_count(Some(Endpoint::CampaignPut)),
        0
    );
    assert_eq!(
        centre.platform.campaign_status(CAMPAIGN).as_deref(),
        Some("RUNNING")
    );
    assert!(of_kind(&centre.audit(), "intent").is_empty());
}

#[test]
fn once_makes_one_poll_acts_and_ends() {
    let centre = Centre::new();
    centre.platform.set_available(3);
    let done = centre.daemon().arg("--once").output();
    assert_eq!(done.code(), 0, "{}", done.stderr);
    assert_eq!(centre.commands(), [PAUSED]);
    // The page of everybody, and the one behind it that shows that there are no more.
    assert_eq!(centre.platform.request_count(Some(Endpoint::Agents)), 2);
}

#[test]
fn once_tells_by_its_exit_code_what_did_not_go_well() {
    let centre = Centre::new();
    centre.platform.set_available(3);
    let unknown = centre
        .daemon()
        .arg("--once")
        .args(&["--campaign", "nowhere"])
        .output();
    assert_eq!(unknown.code(), 77, "{}", unknown.stderr);
    let rule = FaultRule {
        fault: Fault::Forbidden,
        endpoint: Some(Endpoint::CampaignPut),
        when: FaultTiming::Next(1),
    };
    centre.platform.inject(rule);
    let refused = centre.daemon().arg("--once").output();
    assert_eq!(refused.code(), 77, "{}", refused.stderr);
    assert_eq!(centre.daemon().arg("--once").output().code(), 0);
}

#[test]
fn a_pause_of_ours_that_nobody_looks_after_any_more_is_named() {
    let centre = Centre::new();
    centre.platform.set_available(3);
    centre.platform.put_campaign("other", "RUNNING");
    assert_eq!(centre.daemon().arg("--once").output().code(), 0);
    let daemon = centre
        .daemon()
        .env("CXONE_CAMPAIGN_ID", "other")
        .start()
        .tolerate(&["no longer in the configuration"]);
    let line = daemon.wait_for_log("no longer in the configuration");
    assert_eq!(line["campaign"], CAMPAIGN);
    daemon.stop();
}

#[test]
fn a_resume_waits_for_its_confirmation_and_its_dwell() {
    let centre = Centre::new();
    centre.platform.set_available(0);
    let mut invocation = centre.daemon();
    let daemon = invocation
        .args(&["--min-paused", "1h", "--confirm-pause", "3/3"])
        .start();
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    let polls = centre.platform.request_count(Some(Endpoint::Agents));
    assert!(polls >= 3, "paused after {polls} polls");
    centre.platform.set_available(20);
    centre.wait_for_polls(5);
    assert_eq!(centre.commands(), [PAUSED]);
    daemon.stop();
    let daemon = centre.daemon().args(&["--min-paused", "1h"]).start();
    centre.wait_for_polls(5);
    assert_eq!(
        centre.commands(),
        [PAUSED],
        "the dwell survives the restart"
    );
    daemon.stop();
    let daemon = centre.daemon().start();
    centre.wait_for_status(CAMPAIGN, "RUNNING");
    daemon.stop();
}

#[test]
fn a_used_up_resume_budget_keeps_it_paused_and_says_so_once() {
    let centre = Centre::new();
    let mut invocation = centre.daemon();
    let daemon = invocation
        .args(&["--max-resumes-per-hour", "1"])
        .start()
        .tolerate(&["resume budget"]);
    for available in [0, 20] {
        centre.platform.set_available(available);
        centre.wait_for_status(CAMPAIGN, if available == 0 { "PAUSED" } else { "RUNNING" });
    }
    centre.platform.set_available(0);
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    centre.platform.set_available(20);
    daemon.wait_for_log("resume budget");
    centre.wait_for_polls(5);
    assert_eq!(
        centre.platform.campaign_status(CAMPAIGN).as_deref(),
        Some("PAUSED")
    );
    let said = daemon
        .log()
        .iter()
        .filter(|line| message(line).contains("resume budget"))
        .count();
    assert_eq!(said, 1);
    daemon.stop();
}
