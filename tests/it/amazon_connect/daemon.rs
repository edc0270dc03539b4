//! Pause and resume, whose pause it is, and commands whose answers are lost, late or refused.

use std::time::Duration;

use campaign_autopilot::simulator::{
    ConnectSettings, ConnectVersion, ErrorName, Fault, FaultRule, FaultTiming, SimClock,
};

use crate::api::Api;
use crate::centre::{CAMPAIGN, Centre, of_kind, wait_until};

use super::tenant::{
    PAUSE, PAUSED, RESUME, RESUMED, STATE, centre, daemon, is, pause, wait_for_polls,
    wait_until_it_is,
};

#[test]
fn a_campaign_is_paused_and_resumed_and_the_audit_holds() {
    let centre = centre(ConnectSettings::default());
    let running = daemon(&centre).start();
    pause(&centre, &running);
    centre.platform.set_available(20);
    wait_until_it_is(&centre, "RUNNING");
    running.wait_for_log("resumed");
    running.stop();
    assert_eq!(centre.commands(), [PAUSED, RESUMED]);
    let rows = centre.audit();
    assert_eq!(of_kind(&rows, "intent").len(), 2, "{rows:#?}");
    for command in [PAUSE, RESUME] {
        assert_eq!(centre.platform.request_count(Some(command)), 1);
    }
}

#[test]
fn campaigns_of_the_first_version_are_steered_by_its_paths() {
    let centre = centre(ConnectSettings {
        version: ConnectVersion::First,
        ..ConnectSettings::default()
    });
    let running = daemon(&centre)
        .env("AUTOPILOT_CAMPAIGNS_VERSION", "v1")
        .start();
    pause(&centre, &running);
    centre.platform.set_available(20);
    wait_until_it_is(&centre, "RUNNING");
    running.wait_for_log("resumed");
    running.stop();
    assert_eq!(centre.commands(), [PAUSED, RESUMED]);
}

#[test]
fn a_persons_pause_is_kept_also_after_a_restart() {
    let centre = centre(ConnectSettings::default());
    let running = daemon(&centre).start();
    wait_for_polls(&centre, 3);
    centre.platform.person_sets(CAMPAIGN, "PAUSED");
    running.wait_for_log("paused by a person");
    centre.platform.set_available(50);
    wait_for_polls(&centre, 10);
    running.stop();
    let again = daemon(&centre).start();
    wait_for_polls(&centre, 5);
    again.stop();
    assert!(is(&centre, "PAUSED"));
    assert_eq!(centre.commands(), [""; 0]);
}

#[test]
fn a_pause_of_ours_is_resumed_after_a_crash() {
    let centre = centre(ConnectSettings::default());
    let running = daemon(&centre).start();
    pause(&centre, &running);
    running.kill();
    centre.platform.set_available(20);
    let again = daemon(&centre).start();
    wait_until_it_is(&centre, "RUNNING");
    again.wait_for_log("resumed");
    again.stop();
    assert_eq!(centre.commands(), [PAUSED, RESUMED]);
}

#[test]
fn a_person_resumes_our_pause_and_is_left_alone() {
    let centre = centre(ConnectSettings::default());
    let running = daemon(&centre).start();
    pause(&centre, &running);
    centre.platform.person_sets(CAMPAIGN, "RUNNING");
    running.wait_for_log("resumed by a person");
    wait_for_polls(&centre, 10);
    running.stop();
    assert_eq!(centre.commands(), [PAUSED]);
}

#[test]
fn only_running_is_paused_and_only_paused_is_resumed() {
    for word in ["INITIALIZED", "STOPPED", "COMPLETED", "FAILED", "DRAINING"] {
        let centre = centre(ConnectSettings::default());
        assert!(centre.platform.person_sets(CAMPAIGN, word));
        let running = daemon(&centre).start();
        for agents in [1, 20, 1, 20] {
            centre.platform.set_available(agents);
            wait_for_polls(&centre, 4);
        }
        running.stop();
        assert_eq!(centre.commands(), [""; 0], "{word}");
        for command in [PAUSE, RESUME] {
            assert_eq!(centre.platform.request_count(Some(command)), 0, "{word}");
        }
    }
}

/// A person pauses the campaign between the daemon's reading and its command: the command is a conflict whose state is the wanted one.
#[test]
fn what_is_paused_already_is_not_our_pause() {
    let centre = centre(ConnectSettings::default());
    let platform = centre.platform.clone();
    let hook = move |seen: &campaign_autopilot::simulator::RequestSeen, phase| {
        if seen.endpoint == PAUSE && phase == campaign_autopilot::simulator::Phase::Arrived {
            platform.person_sets(CAMPAIGN, "PAUSED");
        }
    };
    centre.platform.set_hook(Some(std::sync::Arc::new(hook)));
    let running = daemon(&centre)
        .start()
        .tolerate(&["refused", "could not", "already"]);
    wait_for_polls(&centre, 3);
    centre.platform.set_available(2);
    wait_until("the pause was refused", || {
        centre.platform.request_count(Some(PAUSE)) == 1
    });
    wait_for_polls(&centre, 3);
    centre.platform.set_available(20);
    wait_for_polls(&centre, 20);
    running.stop();
    assert!(is(&centre, "PAUSED"));
    assert_eq!(centre.platform.request_count(Some(RESUME)), 0);
    let rows = centre.audit();
    let text = format!("{rows:?}");
    assert!(text.contains("already"), "{text}");
}

#[test]
fn a_campaign_that_somebody_changes_is_asked_again_and_not_for_ever() {
    for (conflicts, paused) in [(2, true), (1_000, false)] {
        for error_name in [
            ErrorName::Header,
            ErrorName::HeaderWithAddress,
            ErrorName::Body,
        ] {
            let centre = centre(ConnectSettings {
                conflicts,
                error_name,
                ..ConnectSettings::default()
            });
            let running = daemon(&centre).start().tolerate(&[
                "ConflictException",
                "not sent",
                "could not",
                "refused",
            ]);
            wait_for_polls(&centre, 3);
            centre.platform.set_available(2);
            if paused {
                wait_until_it_is(&centre, "PAUSED");
                running.wait_for_log("paused");
            } else {
                // At the most three times for one decision.
                wait_until("it was tried", || {
                    centre.platform.request_count(Some(PAUSE)) >= 3
                });
            }
            running.kill();
            assert_eq!(is(&centre, "PAUSED"), paused, "{error_name:?}");
            let rows = centre.audit();
            let intents = u64::try_from(of_kind(&rows, "intent").len()).unwrap();
            let sent = centre.platform.request_count(Some(PAUSE));
            assert!(sent <= 3 * intents, "{sent} in {intents} decisions");
            assert!(centre.platform.request_count(Some(STATE)) > 0);
        }
    }
}

#[test]
fn a_lost_answer_is_found_by_reading_and_not_by_a_second_command() {
    for fault in [
        Fault::LostReply,
        Fault::Status503WithEffect,
        Fault::LateEffect(Duration::from_millis(50)),
    ] {
        let centre = centre(ConnectSettings::default());
        centre.platform.inject(FaultRule {
            fault,
            endpoint: Some(PAUSE),
            when: FaultTiming::Next(1),
        });
        let running = daemon(&centre).start().tolerate(&[
            "lost",
            "could not",
            "refused",
            "not sent",
            "503",
            "broke",
        ]);
        wait_for_polls(&centre, 3);
        centre.platform.set_available(2);
        wait_until_it_is(&centre, "PAUSED");
        running.wait_for_log("paused");
        wait_for_polls(&centre, 3);
        centre.platform.set_available(20);
        wait_until_it_is(&centre, "RUNNING");
        running.wait_for_log("resumed");
        running.stop();
        assert_eq!(centre.commands(), [PAUSED, RESUMED]);
    }
}

#[test]
fn a_state_that_shows_late_is_waited_for() {
    let centre = Centre::with(|platform| {
        platform.clock = SimClock::starting_at(jiff::Timestamp::now().into(), 1.0);
        platform.actuation_delay = Duration::from_secs(2);
        platform.dialect = campaign_autopilot::simulator::Dialect::AmazonConnect(Box::default());
    });
    let running = daemon(&centre).start();
    wait_for_polls(&centre, 3);
    centre.platform.set_available(2);
    wait_until_it_is(&centre, "PAUSED");
    running.wait_for_log("paused");
    let metrics = Api::of(&running).get("/metrics").body;
    let failures: Vec<&str> = metrics
        .lines()
        .filter(|line| line.starts_with("autopilot_transition_failures_total{"))
        .filter(|line| !line.ends_with(" 0"))
        .collect();
    assert!(failures.is_empty(), "{failures:?}");
    running.stop();
    assert_eq!(centre.commands(), [PAUSED]);
    assert_eq!(centre.platform.request_count(Some(PAUSE)), 1);
}
