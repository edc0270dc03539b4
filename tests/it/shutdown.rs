//! The end: what is on its way is finished and recorded, nothing new is sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use campaign_autopilot::simulator::{Endpoint, Fault, FaultRule, FaultTiming, Hook, Phase};

use crate::centre::{Centre, of_kind, wait_until};

#[test]
fn a_command_on_its_way_is_finished_and_recorded() {
    let centre = Centre::new();
    let slow = Fault::Slow(Duration::from_millis(700));
    centre.platform.inject(FaultRule {
        fault: slow,
        endpoint: Some(Endpoint::CampaignPut),
        when: FaultTiming::Always,
    });
    let target = Arc::new(AtomicU32::new(0));
    let pid = Arc::clone(&target);
    let hook: Hook = Arc::new(move |seen, phase| {
        if seen.endpoint == Endpoint::CampaignPut && phase == Phase::Arrived {
            let pid = pid.swap(0, Ordering::SeqCst);
            if pid != 0 {
                std::process::Command::new("kill")
                    .args(["-TERM", &pid.to_string()])
                    .status()
                    .unwrap();
            }
        }
    });
    for other in 2..=20 {
        centre
            .platform
            .put_campaign(&format!("campaign-{other}"), "RUNNING");
    }
    let campaigns: Vec<String> = (1..=20).map(|n| format!("campaign-{n}")).collect();
    let mut daemon = centre
        .daemon()
        .env("CXONE_CAMPAIGN_ID", campaigns.join(","))
        .start();
    centre.wait_for_polls(3);
    target.store(daemon.child.id(), Ordering::SeqCst);
    centre.platform.set_hook(Some(hook));
    centre.platform.set_available(0);
    assert_eq!(daemon.end().code(), Some(0));
    let audit = centre.audit();
    let (intents, outcomes) = (of_kind(&audit, "intent"), of_kind(&audit, "outcome"));
    assert!(!intents.is_empty());
    assert!(
        intents.len() < 20,
        "nothing new was sent after the signal: {}",
        intents.len()
    );
    assert_eq!(intents.len(), outcomes.len());
    assert!(
        outcomes
            .iter()
            .all(|row| row["event"]["conclusion"] == "confirmed")
    );
    assert_eq!(audit.last().unwrap()["kind"], "stopped");
    assert_eq!(centre.commands().len(), intents.len());
}

#[test]
fn a_second_signal_ends_at_once() {
    let centre = Centre::new();
    centre.platform.inject(FaultRule {
        fault: Fault::Stall,
        endpoint: Some(Endpoint::CampaignPut),
        when: FaultTiming::Always,
    });
    centre.platform.set_available(0);
    let mut daemon = centre.daemon().args(&["--request-timeout", "50s"]).start();
    wait_until("the command is on its way", || {
        centre.platform.request_count(Some(Endpoint::CampaignPut)) == 1
    });
    daemon.signal("TERM");
    daemon.wait_for_log("stopping");
    daemon.signal("TERM");
    assert_eq!(daemon.end().code(), Some(130));
}

#[test]
fn a_poll_under_way_is_given_up() {
    let centre = Centre::new();
    centre.platform.inject(FaultRule {
        fault: Fault::Stall,
        endpoint: Some(Endpoint::Agents),
        when: FaultTiming::Always,
    });
    let daemon = centre.daemon().args(&["--request-timeout", "50s"]).start();
    wait_until("the poll is on its way", || {
        centre.platform.request_count(Some(Endpoint::Agents)) == 1
    });
    daemon.stop();
    assert_eq!(of_kind(&centre.audit(), "stopped").len(), 1);
}
