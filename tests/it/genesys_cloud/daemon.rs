//! Pause and resume, a stop that takes minutes, and what counts as available.

use std::collections::BTreeMap;

use campaign_autopilot::simulator::{
    AgentState, CloudOperation, CloudSettings, Endpoint, StopLasts,
};

use crate::api::Api;
use crate::centre::{CAMPAIGN, of_kind, wait_until};

use super::tenant::{
    PAUSED, RESUMED, by_hand, centre, daemon, fast, is, pause, quick, seconds, unreached,
    wait_for_polls, wait_until_it_is,
};

const LIST: Endpoint = Endpoint::Cloud(CloudOperation::Campaigns);

#[test]
fn a_campaign_is_paused_and_resumed_and_the_audit_holds() {
    let centre = centre(quick());
    let running = daemon(&centre).start();
    pause(&centre, &running);
    centre.platform.set_available(20);
    wait_until_it_is(&centre, "RUNNING");
    running.wait_for_log("resumed");
    running.stop();
    assert_eq!(centre.commands(), [PAUSED, RESUMED]);
    let rows = centre.audit();
    assert_eq!(of_kind(&rows, "intent").len(), 2, "{rows:#?}");
    // Commands have addresses of their own: no campaign was written.
    let patch = Endpoint::Cloud(CloudOperation::PatchCampaign);
    assert_eq!(centre.platform.request_count(Some(patch)), 0);
}

#[test]
fn a_stop_of_minutes_shows_as_changing_and_is_ours_to_the_end() {
    let settings = CloudSettings {
        stop: StopLasts::For(seconds(200)),
        ..CloudSettings::default()
    };
    // It moves when the test says so: the change lasts until it was seen.
    let (centre, clock) = by_hand(settings);
    let running = daemon(&centre).start();
    let api = Api::of(&running);
    wait_for_polls(&centre, 3);
    centre.platform.set_available(2);
    wait_until("the status shows the pause on its way", || {
        api.campaign(CAMPAIGN)["changing_to"] == "paused"
    });
    // Agents are back before the stop is through: it is waited for.
    centre.platform.set_available(20);
    clock.advance(seconds(201));
    wait_until("and at its end it was resumed", || is(&centre, "RUNNING"));
    running.wait_for_log("resumed");
    let metrics = api.get("/metrics").body;
    let failures: Vec<&str> = metrics
        .lines()
        .filter(|line| line.starts_with("autopilot_transition_failures_total{"))
        .filter(|line| !line.ends_with(" 0"))
        .collect();
    assert!(failures.is_empty(), "{failures:?}");
    running.stop();
    assert_eq!(centre.commands(), [PAUSED, RESUMED]);
}

#[test]
fn a_stop_that_does_not_come_to_rest_is_told_and_waited_for() {
    let settings = CloudSettings {
        stop: StopLasts::For(seconds(700)),
        ..CloudSettings::default()
    };
    let centre = fast(settings, 100.0);
    let told = "on its way for longer than commands take there";
    let running = daemon(&centre).start().tolerate(&[told, "could not"]);
    let api = Api::of(&running);
    wait_for_polls(&centre, 3);
    centre.platform.set_available(2);
    wait_until("the stop is shown as ours in the end", || {
        let campaign = api.campaign(CAMPAIGN);
        campaign["state"] == "paused" && campaign["paused_by"] == "autopilot"
    });
    centre.platform.set_available(20);
    wait_until_it_is(&centre, "RUNNING");
    running.stop();
    assert_eq!(centre.commands(), [PAUSED, RESUMED]);
}

#[test]
fn only_on_is_stopped_and_only_off_is_started() {
    for word in [
        "COMPLETED",
        "INVALID",
        "FORCED_OFF",
        "FORCED_STOPPING",
        "HIBERNATING",
    ] {
        let centre = centre(quick());
        assert!(centre.platform.person_sets(CAMPAIGN, word));
        let running = daemon(&centre).start();
        for agents in [1, 20, 1, 20] {
            centre.platform.set_available(agents);
            wait_for_polls(&centre, 4);
        }
        running.stop();
        assert_eq!(centre.commands(), [""; 0], "{word}");
    }
}

#[test]
fn a_status_that_nobody_has_is_nobody_and_a_queue_without_rows_is_unknown() {
    let centre = centre(quick());
    let running = daemon(&centre).start();
    wait_for_polls(&centre, 3);
    // Everybody is on a call: there is no row of idle agents.
    centre.platform.set_available(0);
    wait_until_it_is(&centre, "PAUSED");
    running.wait_for_log("paused");
    centre.platform.set_available(20);
    wait_until_it_is(&centre, "RUNNING");
    running.wait_for_log("resumed");
    let hide = |queue: &'static str| {
        assert!(centre.platform.change_cloud(move |cloud| {
            cloud.silent_queues.insert(queue.to_owned());
        }));
    };
    hide("queue-outbound");
    centre.platform.set_available(0);
    wait_for_polls(&centre, 10);
    let running = running.tolerate(&["nothing is shown of queue", "poll invalid", "too long"]);
    running.stop();
    assert_eq!(centre.commands(), [PAUSED, RESUMED]);
}

#[test]
fn the_agents_of_the_campaigns_own_queue_count_and_move_with_it() {
    let named = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        let pairs = pairs.iter();
        pairs
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    };
    let centre = centre(CloudSettings {
        queues: named(&[(CAMPAIGN, "queue-a"), ("another", "queue-b")]),
        members: named(&[("queue-a", "a"), ("queue-b", "b")]),
        ..quick()
    });
    centre.platform.set_available(0);
    for number in 0..9 {
        let id = format!("of-a-{number}");
        centre
            .platform
            .put_agent(&id, AgentState::Available, &["a"]);
    }
    for number in 0..3 {
        let id = format!("of-b-{number}");
        centre
            .platform
            .put_agent(&id, AgentState::Available, &["b"]);
    }
    let running = daemon(&centre).start();
    let api = Api::of(&running);
    wait_until("nine agents count", || {
        api.campaign(CAMPAIGN)["available"] == 9
    });
    assert_eq!(centre.commands(), [""; 0]);
    assert!(centre.platform.change_cloud(|cloud| {
        cloud
            .queues
            .insert(CAMPAIGN.to_owned(), "queue-b".to_owned());
    }));
    wait_until_it_is(&centre, "PAUSED");
    wait_until("three agents count", || {
        api.campaign(CAMPAIGN)["available"] == 3
    });
    running.stop();
    assert!(centre.platform.request_count(Some(LIST)) >= 1);
    assert_eq!(centre.commands(), [PAUSED]);
}

#[test]
fn agents_on_the_campaigns_own_calls_count_where_that_is_asked_for() {
    let centre = centre(quick());
    let running = daemon(&centre)
        .args(&["--count", "free-and-serving"])
        .start();
    let diagnostics = Endpoint::Cloud(CloudOperation::Diagnostics);
    wait_for_polls(&centre, 3);
    assert!(centre.platform.on_campaign_calls(CAMPAIGN, 6));
    centre.platform.set_available(2);
    // Two are idle and six on its calls: calls of its own are no shortage.
    wait_for_polls(&centre, 10);
    assert_eq!(centre.commands(), [""; 0]);
    assert!(centre.platform.request_count(Some(diagnostics)) > 10);
    assert!(centre.platform.on_campaign_calls(CAMPAIGN, 0));
    wait_until_it_is(&centre, "PAUSED");
    running.wait_for_log("paused");
    assert!(centre.platform.on_campaign_calls(CAMPAIGN, 7));
    wait_until_it_is(&centre, "RUNNING");
    running.wait_for_log("resumed");
    running.stop();
    assert_eq!(centre.commands(), [PAUSED, RESUMED]);
}

#[test]
fn agents_whom_no_call_reaches_are_warned_of_and_count_all_the_same() {
    const WARNING: &str = "something on the platform stands in the way";
    let centre = centre(unreached());
    let running = daemon(&centre).start().tolerate(&[WARNING]);
    let api = Api::of(&running);
    running.wait_for_log(WARNING);
    wait_until("the status has it", || {
        let rivals = &api.campaign(CAMPAIGN)["rivals"];
        rivals
            .to_string()
            .contains("3 of the 10 agents on its queue have no station")
            && rivals
                .to_string()
                .contains("2 agents of its queue are on another edge group")
    });
    // It starts and stops nothing, and is no rival that would fire an alert.
    assert_eq!(api.series("autopilot_rival_campaigns"), Some(0.0));
    wait_until("all of them count", || {
        api.campaign(CAMPAIGN)["available"] == 10
    });
    running.stop();
    assert_eq!(centre.commands(), [""; 0]);
}

#[test]
fn links_may_have_a_host_in_front_or_not() {
    let centre = centre(CloudSettings {
        absolute_links: true,
        ..quick()
    });
    let running = daemon(&centre).start();
    pause(&centre, &running);
    running.stop();
    assert_eq!(centre.commands(), [PAUSED]);
}
