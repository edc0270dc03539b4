//! Other people's hands: their pauses stay, their resumes are left alone.

use crate::centre::{CAMPAIGN, Centre, message, of_kind};

fn status(centre: &Centre) -> String {
    centre.platform.campaign_status(CAMPAIGN).unwrap()
}

#[test]
fn a_persons_pause_is_never_resumed() {
    let centre = Centre::new();
    let daemon = centre.daemon().start();
    centre.wait_for_polls(3);
    centre.platform.person_sets(CAMPAIGN, "PAUSED");
    daemon.wait_for_log("paused by a person");
    centre.platform.set_available(50);
    centre.wait_for_polls(10);
    assert_eq!(status(&centre), "PAUSED");
    daemon.stop();
    let daemon = centre.daemon().start();
    centre.wait_for_polls(5);
    assert_eq!(status(&centre), "PAUSED", "nor after a restart");
    centre.platform.person_sets(CAMPAIGN, "RUNNING");
    daemon.wait_for_log("a person's pause has ended");
    centre.platform.set_available(0);
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    daemon.stop();
    assert_eq!(centre.commands(), ["campaign-1: RUNNING -> PAUSED"]);
}

#[test]
fn a_pause_made_while_the_daemon_was_down_counts_as_a_persons() {
    let centre = Centre::new();
    let daemon = centre.daemon().start();
    centre.wait_for_polls(3);
    daemon.stop();
    centre.platform.person_sets(CAMPAIGN, "PAUSED");
    let daemon = centre.daemon().start();
    daemon.wait_for_log("paused by a person");
    centre.wait_for_polls(5);
    daemon.stop();
    assert_eq!(status(&centre), "PAUSED");
}

#[test]
fn a_pause_found_at_the_first_start_is_left_alone_unless_it_may_be_adopted() {
    let centre = Centre::new();
    centre.platform.person_sets(CAMPAIGN, "PAUSED");
    let daemon = centre.daemon().start().tolerate(&["found paused"]);
    daemon.wait_for_log("found paused");
    centre.wait_for_polls(5);
    assert_eq!(status(&centre), "PAUSED");
    daemon.stop();
    let daemon = centre.daemon().arg("--adopt-paused").start();
    centre.wait_for_polls(5);
    assert_eq!(status(&centre), "PAUSED", "it is known to be a person's");
    daemon.stop();
    let centre = Centre::new();
    centre.platform.person_sets(CAMPAIGN, "PAUSED");
    let daemon = centre.daemon().arg("--adopt-paused").start();
    daemon.wait_for_log("taken over as ours");
    centre.wait_for_status(CAMPAIGN, "RUNNING");
    daemon.stop();
}

#[test]
fn our_pause_that_was_touched_is_not_resumed_any_more_and_alerts_while_agents_idle() {
    let centre = Centre::new();
    centre.platform.set_available(0);
    let daemon = centre.daemon().start();
    daemon.wait_for_log("paused");
    daemon.stop();
    centre.platform.person_sets(CAMPAIGN, "RUNNING");
    centre.platform.person_sets(CAMPAIGN, "PAUSED");
    centre.platform.set_available(20);
    let daemon = centre.daemon().start().tolerate(&[
        "not to be shown to be ours",
        "nobody can say whose pause it is",
    ]);
    daemon.wait_for_log("not to be shown to be ours");
    daemon.wait_for_log("nobody can say whose pause it is");
    centre.wait_for_polls(5);
    assert_eq!(
        status(&centre),
        "PAUSED",
        "resumed and paused again behind our back: not shown to be ours"
    );
    daemon.stop();
}

#[test]
fn a_persons_resume_of_our_pause_is_left_alone_for_the_grace() {
    let centre = Centre::new();
    centre.platform.set_available(0);
    let daemon = centre.daemon().start();
    daemon.wait_for_log("paused");
    centre.platform.person_sets(CAMPAIGN, "RUNNING");
    let line = daemon.wait_for_log("our pause was resumed by a person");
    assert!(line["left_alone_until"].is_string(), "{line}");
    centre.wait_for_polls(10);
    assert_eq!(status(&centre), "RUNNING");
    daemon.stop();
    let daemon = centre.daemon().start();
    centre.wait_for_polls(5);
    assert_eq!(status(&centre), "RUNNING", "the grace survives a restart");
    daemon.stop();
    let daemon = centre.daemon().args(&["--manual-grace", "1ms"]).start();
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    daemon.stop();
}

#[test]
fn enforce_commands_the_wanted_status_again() {
    let centre = Centre::new();
    let daemon = centre
        .daemon()
        .args(&["--on-manual-change", "enforce"])
        .start();
    centre.wait_for_polls(3);
    centre.platform.set_available(6);
    centre.platform.person_sets(CAMPAIGN, "PAUSED");
    centre.wait_for_status(CAMPAIGN, "RUNNING");
    centre.platform.set_available(0);
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    centre.platform.set_available(6);
    centre.platform.person_sets(CAMPAIGN, "RUNNING");
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    daemon.stop();
}

#[test]
fn adopt_takes_the_status_found_as_ours() {
    let centre = Centre::new();
    let daemon = centre
        .daemon()
        .args(&["--on-manual-change", "adopt"])
        .start();
    centre.wait_for_polls(3);
    centre.platform.person_sets(CAMPAIGN, "PAUSED");
    daemon.wait_for_log("taken over as ours");
    centre.wait_for_status(CAMPAIGN, "RUNNING");
    daemon.stop();
}

#[test]
fn other_statuses_are_never_commanded_and_a_missing_campaign_is_named() {
    let centre = Centre::new();
    centre.platform.put_campaign("stopped", "STOPPED");
    centre.platform.set_available(0);
    let mut invocation = centre.daemon();
    let daemon = invocation
        .env("CXONE_CAMPAIGN_ID", format!("{CAMPAIGN},stopped,nowhere"))
        .start()
        .tolerate(&["does not know this campaign"]);
    daemon.wait_for_log("not commanded in this status");
    daemon.wait_for_log("does not know this campaign");
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    centre.wait_for_polls(5);
    let warned = daemon
        .log()
        .iter()
        .filter(|line| message(line).contains("does not know"))
        .count();
    assert_eq!(warned, 1, "said once");
    daemon.stop();
    assert_eq!(
        centre.platform.campaign_status("stopped").as_deref(),
        Some("STOPPED")
    );
    assert_eq!(of_kind(&centre.audit(), "intent").len(), 1);
}
