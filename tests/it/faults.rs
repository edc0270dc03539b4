//! Faults of the platform: they change nothing until they are over, and nothing is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use campaign_autopilot::simulator::{AgentState, Endpoint, Fault, FaultRule, FaultTiming, Phase};

use serde_json::Value;

use crate::centre::{CAMPAIGN, Centre, message, of_kind, wait_until};

fn rule(fault: Fault, endpoint: Endpoint, when: FaultTiming) -> FaultRule {
    FaultRule {
        fault,
        endpoint: Some(endpoint),
        when,
    }
}

/// With `fault` on every page of the agents, no poll is valid and the campaign stays as it is although nobody is
/// there; when it is over, the pause comes.
fn a_broken_reading_changes_nothing(fault: Fault) {
    let centre = Centre::new();
    let daemon = centre
        .daemon()
        .args(&["--request-timeout", "2s"])
        .start()
        .tolerate(&["poll invalid", "no valid poll for too long"]);
    centre.wait_for_polls(3);
    centre
        .platform
        .inject(rule(fault, Endpoint::Agents, FaultTiming::Always));
    daemon.wait_for_log("poll invalid");
    centre.platform.set_available(0);
    centre.wait_for_polls(6);
    assert_eq!(centre.commands(), [""; 0]);
    centre.platform.clear_faults();
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    daemon.wait_for_log("paused");
    daemon.stop();
}

#[test]
fn status_500() {
    a_broken_reading_changes_nothing(Fault::Status500);
}

#[test]
fn html_503() {
    a_broken_reading_changes_nothing(Fault::Html503);
}

#[test]
fn reset() {
    a_broken_reading_changes_nothing(Fault::Reset);
}

#[test]
fn stall() {
    a_broken_reading_changes_nothing(Fault::Stall);
}

#[test]
fn truncated() {
    a_broken_reading_changes_nothing(Fault::Truncate);
}

#[test]
fn wrong_json() {
    a_broken_reading_changes_nothing(Fault::WrongJson);
}

#[test]
fn garbled_json() {
    a_broken_reading_changes_nothing(Fault::GarbledJson);
}

#[test]
fn not_found() {
    a_broken_reading_changes_nothing(Fault::NotFound);
}

#[test]
fn forbidden_names_the_scope_that_is_missing() {
    let centre = Centre::new();
    centre.platform.inject(rule(
        Fault::Forbidden,
        Endpoint::Agents,
        FaultTiming::Always,
    ));
    let daemon = centre
        .daemon()
        .start()
        .tolerate(&["poll invalid", "too long"]);
    let line = daemon.wait_for_log("poll invalid");
    assert!(
        line["why"]
            .as_str()
            .unwrap()
            .contains("interactions:agents:read"),
        "{line}"
    );
    daemon.stop();
}

#[test]
fn each_passing_fault_is_ridden_out_within_the_poll() {
    for fault in [
        Fault::Status500,
        Fault::Html503,
        Fault::Reset,
        Fault::Truncate,
        Fault::WrongJson,
        Fault::GarbledJson,
        Fault::TooMany {
            retry_after: Some("0.05".to_owned()),
        },
    ] {
        paused_within_the_poll(
            &fault,
            &[
                Endpoint::Agents,
                Endpoint::CampaignGet,
                Endpoint::CampaignPut,
            ],
        );
    }
    // It ends every token: at two places at once, the fresh one of the first may be ended by the second.
    for endpoint in [
        Endpoint::Agents,
        Endpoint::CampaignGet,
        Endpoint::CampaignPut,
    ] {
        paused_within_the_poll(&Fault::Unauthorized, &[endpoint]);
    }
}

fn paused_within_the_poll(fault: &Fault, endpoints: &[Endpoint]) {
    let centre = Centre::new();
    centre.platform.set_available(0);
    for endpoint in endpoints {
        centre
            .platform
            .inject(rule(fault.clone(), *endpoint, FaultTiming::Next(1)));
    }
    let daemon = centre.daemon().start();
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    daemon.wait_for_log("paused");
    daemon.stop();
    let audit = centre.audit();
    assert_eq!(of_kind(&audit, "intent").len(), 1, "{fault:?}");
    assert_eq!(
        of_kind(&audit, "outcome")[0]["event"]["conclusion"],
        "confirmed",
        "{fault:?}"
    );
}

#[test]
fn a_token_that_expires_in_mid_poll_is_renewed_once() {
    let centre = Centre::new();
    let daemon = centre.daemon().start();
    centre.wait_for_polls(3);
    let tokens = centre.platform.request_count(Some(Endpoint::Token));
    centre.platform.expire_tokens();
    centre.wait_for_polls(5);
    daemon.stop();
    assert_eq!(
        centre.platform.request_count(Some(Endpoint::Token)),
        tokens + 1
    );
}

#[test]
fn too_many_without_a_wish_waits_and_goes_on() {
    let centre = Centre::new();
    centre.platform.set_available(0);
    centre.platform.inject(rule(
        Fault::TooMany { retry_after: None },
        Endpoint::Agents,
        FaultTiming::Next(1),
    ));
    let daemon = centre.daemon().start();
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    daemon.wait_for_log("paused");
    daemon.stop();
}

#[test]
fn too_many_for_longer_than_the_poll_may_take_fails_the_poll_and_halts_the_path() {
    let centre = Centre::new();
    let daemon = centre
        .daemon()
        .args(&["--request-timeout", "2s"])
        .start()
        .tolerate(&["poll invalid", "too long"]);
    centre.wait_for_polls(3);
    let wish = Fault::TooMany {
        retry_after: Some("3600".to_owned()),
    };
    centre
        .platform
        .inject(rule(wish, Endpoint::Agents, FaultTiming::Next(1)));
    daemon.wait_for_log("poll invalid");
    let asked = centre.platform.request_count(Some(Endpoint::Agents));
    let statuses = centre.platform.request_count(Some(Endpoint::CampaignGet));
    wait_until("other paths go on", || {
        centre.platform.request_count(Some(Endpoint::CampaignGet)) > statuses + 3
    });
    assert_eq!(
        centre.platform.request_count(Some(Endpoint::Agents)),
        asked,
        "the path is left alone"
    );
    daemon.stop();
}

#[test]
fn a_lost_reply_is_resolved_by_reading() {
    for lost in [1, 2, 4] {
        let centre = Centre::new();
        centre.platform.set_available(0);
        centre.platform.inject(rule(
            Fault::LostReply,
            Endpoint::CampaignPut,
            FaultTiming::Next(lost),
        ));
        let daemon = centre.daemon().start();
        daemon.wait_for_log("paused");
        centre.platform.set_available(20);
        centre.wait_for_status(CAMPAIGN, "RUNNING");
        daemon.wait_for_log("resumed");
        daemon.stop();
        let audit = centre.audit();
        assert_eq!(of_kind(&audit, "intent").len(), 2, "{lost} lost");
        assert!(
            of_kind(&audit, "outcome")
                .iter()
                .all(|row| row["event"]["conclusion"] == "confirmed")
        );
    }
}

#[test]
fn strict_ownership_never_takes_a_lost_command_for_ours() {
    let centre = Centre::new();
    centre.platform.set_available(0);
    centre.platform.inject(rule(
        Fault::LostReply,
        Endpoint::CampaignPut,
        FaultTiming::Next(4),
    ));
    let daemon = centre
        .daemon()
        .arg("--strict-ownership")
        .start()
        .tolerate(&["could not pause", "whose pause", "to be ours"]);
    daemon.wait_for_log("could not pause");
    centre.platform.set_available(50);
    centre.wait_for_polls(8);
    assert_eq!(
        centre.platform.campaign_status(CAMPAIGN).as_deref(),
        Some("PAUSED")
    );
    daemon.stop();
    assert_eq!(
        of_kind(&centre.audit(), "outcome")[0]["event"]["conclusion"],
        "not_ours"
    );
}

#[test]
fn a_command_that_lands_after_its_connection_broke_is_still_found_to_be_ours() {
    let centre = Centre::new();
    centre.platform.set_available(0);
    let late = Fault::LateEffect(Duration::from_millis(400));
    centre
        .platform
        .inject(rule(late, Endpoint::CampaignPut, FaultTiming::Next(4)));
    let daemon = centre.daemon().start().tolerate(&["could not pause"]);
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    centre.wait_for_polls(3);
    centre.platform.set_available(20);
    centre.wait_for_status(CAMPAIGN, "RUNNING");
    daemon.stop();
}

#[test]
fn the_refusal_of_a_second_attempt_says_nothing_of_the_first_one() {
    let centre = Centre::new();
    centre.platform.set_available(0);
    let late = Fault::LateEffect(Duration::from_millis(600));
    centre
        .platform
        .inject(rule(late, Endpoint::CampaignPut, FaultTiming::Next(1)));
    centre.platform.inject(rule(
        Fault::Forbidden,
        Endpoint::CampaignPut,
        FaultTiming::Next(1),
    ));
    // Whether the effect can still be shown to be the first one's depends on how well the platform's clock is known by then.
    let daemon = centre.daemon().start().tolerate(&[
        "could not pause",
        "paused, and not to be shown to be ours",
        "agents are enough",
    ]);
    wait_until("it has ended", || {
        let ended = |line: &Value| ["paused", "could not pause"].contains(&message(line));
        daemon.log().iter().any(ended)
    });
    daemon.stop();
    let audit = centre.audit();
    assert_eq!(of_kind(&audit, "intent").len(), 1);
    let outcome = &of_kind(&audit, "outcome")[0]["event"];
    assert_eq!(outcome["delivery"]["delivery"], "lost");
    let conclusion = outcome["conclusion"].as_str().unwrap();
    assert!(["confirmed", "not_ours"].contains(&conclusion), "{outcome}");
}

#[test]
fn a_refused_command_is_told_and_wanted_again() {
    let centre = Centre::new();
    centre.platform.set_available(0);
    centre.platform.inject(rule(
        Fault::Forbidden,
        Endpoint::CampaignPut,
        FaultTiming::Next(1),
    ));
    let daemon = centre.daemon().start().tolerate(&["could not pause"]);
    let line = daemon.wait_for_log("could not pause");
    assert!(
        line["why"].as_str().unwrap().contains("campaigns:write"),
        "{line}"
    );
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    daemon.wait_for_log("paused");
    daemon.stop();
    let conclusions: Vec<_> = of_kind(&centre.audit(), "outcome")
        .iter()
        .map(|row| row["event"]["conclusion"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(conclusions, ["refused", "confirmed"]);
}

#[test]
fn stale_data_pause_what_runs_only_if_that_is_asked_for() {
    let centre = Centre::new();
    let mut invocation = centre.daemon();
    let daemon = invocation
        .args(&["--on-stale", "pause"])
        .start()
        .tolerate(&["poll invalid", "no valid poll for too long"]);
    centre.wait_for_polls(3);
    centre
        .platform
        .inject(rule(Fault::NotFound, Endpoint::Agents, FaultTiming::Always));
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    let line = daemon.wait_for_log("paused");
    assert_eq!(line["cause"], "stale_failsafe");
    centre.platform.clear_faults();
    centre.wait_for_status(CAMPAIGN, "RUNNING");
    daemon.wait_for_log("valid polls are back");
    daemon.stop();
}

#[test]
fn the_first_empty_answer_is_read_once_more() {
    let centre = Centre::new();
    assert_eq!(centre.daemon().arg("--once").output().code(), 0);
    // With somebody who is not available, the first poll finds out that it may ask for those who are alone: a page, the
    // one behind it, and the row that tells.
    assert!(
        centre
            .platform
            .set_agent_state("agent-0001", AgentState::Busy)
    );
    let daemon = centre.daemon().args(&["--poll-interval", "2s"]).start();
    centre.wait_for_polls(3);
    let seen = centre.platform.request_count(Some(Endpoint::Agents));
    // The agents are away for one answer only: gone when it is given, back before the next.
    let platform = centre.platform.clone();
    let answers = AtomicU32::new(0);
    centre
        .platform
        .set_hook(Some(Arc::new(move |request, phase| {
            if request.endpoint == Endpoint::Agents && phase == Phase::Arrived {
                let first = answers.fetch_add(1, Ordering::SeqCst) == 0;
                platform.set_available(if first { 0 } else { 10 });
            }
        })));
    centre.wait_for_polls(3);
    let asked = centre.platform.request_count(Some(Endpoint::Agents)) - seen;
    assert!(asked >= 3, "{asked}");
    daemon.stop();
    assert_eq!(
        centre.commands(),
        [""; 0],
        "an empty answer that is not confirmed is not believed"
    );
}

#[test]
fn an_empty_answer_at_the_start_is_read_once_more() {
    let centre = Centre::new();
    centre.platform.set_available(10);
    let platform = centre.platform.clone();
    let answers = AtomicU32::new(0);
    // Nobody is there for the first answer, and everybody for the next.
    centre
        .platform
        .set_hook(Some(Arc::new(move |request, phase| {
            if request.endpoint == Endpoint::Agents && phase == Phase::Arrived {
                let first = answers.fetch_add(1, Ordering::SeqCst) == 0;
                for agent in (1..=10).map(|number| format!("agent-{number:04}")) {
                    if first {
                        platform.remove_agent(&agent);
                    } else {
                        platform.put_agent(&agent, AgentState::Available, &[]);
                    }
                }
            }
        })));
    let done = centre.daemon().arg("--once").output();
    assert_eq!(done.code(), 0, "{}", done.stderr);
    let asked = centre.platform.request_count(Some(Endpoint::Agents));
    assert!(asked >= 2, "{asked}");
    assert_eq!(centre.commands(), [""; 0]);
}

#[test]
fn an_empty_room_that_is_confirmed_is_believed() {
    let centre = Centre::new();
    let daemon = centre.daemon().start();
    centre.wait_for_polls(3);
    centre.platform.set_available(0);
    daemon.wait_for_log("paused");
    daemon.stop();
    let audit = centre.audit();
    assert_eq!(
        of_kind(&audit, "intent")[0]["event"]["reason"]["available"],
        0,
        "believed when it is confirmed"
    );
}

#[test]
fn a_platform_that_is_down_at_start_is_waited_for() {
    let centre = Centre::new();
    centre.platform.set_available(0);
    centre.platform.inject(FaultRule {
        fault: Fault::Reset,
        endpoint: None,
        when: FaultTiming::Next(30),
    });
    let daemon = centre
        .daemon()
        .start()
        .tolerate(&["poll invalid", "status not read", "too long"]);
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    daemon.wait_for_log("paused");
    daemon.stop();
}
