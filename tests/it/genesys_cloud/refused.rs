//! Commands that the platform refuses, and campaigns that are never commanded.

use std::sync::Arc;

use campaign_autopilot::simulator::{
    CloudOperation, CloudSettings, Endpoint, Fault, FaultRule, FaultTiming, Phase,
};

use crate::api::Api;
use crate::centre::{CAMPAIGN, wait_until};

use super::tenant::{
    OBSERVATIONS, PAUSED, RESUMED, START, centre, daemon, is, pause, quick, wait_for_polls,
    wait_until_it_is,
};

const STOP: Endpoint = Endpoint::Cloud(CloudOperation::StopCampaign);

#[test]
fn a_right_that_is_missing_is_named_by_the_refusal_and_the_campaign_goes_on() {
    let centre = centre(CloudSettings {
        withheld: ["outbound:campaign:stop".to_owned()].into(),
        ..quick()
    });
    let running = daemon(&centre).start().tolerate(&["could not pause"]);
    wait_for_polls(&centre, 3);
    centre.platform.set_available(1);
    wait_until("the stop was tried", || {
        centre.platform.request_count(Some(STOP)) >= 1
    });
    wait_until("the log names the right", || {
        running.log().iter().any(|line| {
            line.to_string()
                .contains("lacks the right outbound:campaign:stop")
        })
    });
    wait_for_polls(&centre, 5);
    running.stop();
    assert!(is(&centre, "RUNNING"));
    assert_eq!(centre.commands(), [""; 0]);
}

#[test]
fn a_start_that_has_to_wait_for_others_is_asked_for_again_by_back_off() {
    let centre = centre(CloudSettings {
        most_active: 0,
        ..quick()
    });
    let running = daemon(&centre).start().tolerate(&["could not resume"]);
    let api = Api::of(&running);
    pause(&centre, &running);
    centre.platform.set_available(20);
    wait_until("the start was refused twice", || {
        centre.platform.request_count(Some(START)) >= 2
    });
    wait_for_polls(&centre, 5);
    // The first refusal may have been chance; half a minute lies before the next one.
    assert_eq!(centre.platform.request_count(Some(START)), 2);
    let campaign = api.campaign(CAMPAIGN);
    assert_eq!(campaign["paused_by"], "autopilot", "{campaign}");
    running.kill();
    assert!(centre.platform.change_cloud(|cloud| cloud.most_active = 50));
    let again = daemon(&centre).start();
    wait_until_it_is(&centre, "RUNNING");
    again.wait_for_log("resumed");
    again.stop();
    assert_eq!(centre.commands(), [PAUSED, RESUMED]);
}

#[test]
fn what_lies_in_another_division_is_not_taken_for_deleted() {
    let centre = centre(quick());
    let running = daemon(&centre).start().tolerate(&["status not read"]);
    let api = Api::of(&running);
    pause(&centre, &running);
    assert!(centre.platform.change_cloud(|cloud| {
        cloud.elsewhere.insert(CAMPAIGN.to_owned());
    }));
    centre.platform.set_available(20);
    wait_for_polls(&centre, 6);
    let campaign = api.campaign(CAMPAIGN);
    assert_eq!(campaign["state"], "paused", "{campaign}");
    assert!(
        centre
            .platform
            .change_cloud(|cloud| cloud.elsewhere.clear())
    );
    wait_until_it_is(&centre, "RUNNING");
    running.wait_for_log("resumed");
    running.stop();
    assert_eq!(centre.commands(), [PAUSED, RESUMED]);
}

#[test]
fn campaigns_without_agents_are_never_commanded() {
    for mode in ["agentless", "external"] {
        let centre = centre(CloudSettings {
            modes: [(CAMPAIGN.to_owned(), mode.to_owned())].into(),
            ..quick()
        });
        let running = daemon(&centre)
            .start()
            .tolerate(&["poll invalid", "too long"]);
        let seen = || centre.platform.request_count(None);
        let before = seen();
        centre.platform.set_available(0);
        wait_until("it is looked at", || seen() > before + 12);
        running.stop();
        assert_eq!(centre.commands(), [""; 0], "{mode}");
    }
}

#[test]
fn a_lost_reply_is_read_back_and_nothing_is_sent_twice_blindly() {
    let centre = centre(quick());
    centre.platform.inject(FaultRule {
        fault: Fault::LostReply,
        endpoint: Some(STOP),
        when: FaultTiming::Next(1),
    });
    let running = daemon(&centre).start();
    pause(&centre, &running);
    centre.platform.inject(FaultRule {
        fault: Fault::LostReply,
        endpoint: Some(START),
        when: FaultTiming::Next(1),
    });
    centre.platform.set_available(20);
    wait_until_it_is(&centre, "RUNNING");
    running.wait_for_log("resumed");
    running.stop();
    assert_eq!(centre.commands(), [PAUSED, RESUMED]);
    assert_eq!(centre.platform.request_count(Some(STOP)), 1);
    assert_eq!(centre.platform.request_count(Some(START)), 1);
}

#[test]
fn a_stop_that_somebody_else_has_just_made_is_not_ours() {
    let centre = centre(quick());
    let running = daemon(&centre)
        .start()
        .tolerate(&["could not pause", "found paused"]);
    let api = Api::of(&running);
    wait_for_polls(&centre, 3);
    let platform = centre.platform.clone();
    centre.platform.set_hook(Some(Arc::new(move |seen, phase| {
        if seen.endpoint == STOP && phase == Phase::Arrived {
            platform.person_sets(CAMPAIGN, "PAUSED");
        }
    })));
    centre.platform.inject(FaultRule {
        fault: Fault::Conflict,
        endpoint: Some(STOP),
        when: FaultTiming::Always,
    });
    centre.platform.set_available(2);
    wait_until_it_is(&centre, "PAUSED");
    wait_until("the pause counts as a person's", || {
        api.campaign(CAMPAIGN)["paused_by"] == "person"
    });
    centre.platform.set_available(20);
    wait_for_polls(&centre, 10);
    running.stop();
    assert!(is(&centre, "PAUSED"));
    assert_eq!(centre.commands(), [""; 0]);
    assert_eq!(centre.platform.request_count(Some(START)), 0);
}

#[test]
fn a_conflict_that_names_no_lasting_reason_is_asked_for_again() {
    let centre = centre(quick());
    let running = daemon(&centre).start().tolerate(&["could not pause"]);
    wait_for_polls(&centre, 3);
    centre.platform.inject(FaultRule {
        fault: Fault::Conflict,
        endpoint: Some(STOP),
        when: FaultTiming::Next(1),
    });
    centre.platform.set_available(2);
    wait_until_it_is(&centre, "PAUSED");
    running.wait_for_log("paused");
    running.stop();
    assert_eq!(centre.platform.request_count(Some(STOP)), 2);
    assert_eq!(centre.commands(), [PAUSED]);
}

#[test]
fn a_reading_is_tried_three_times_and_no_more() {
    let centre = centre(quick());
    let fail = |times| {
        centre.platform.inject(FaultRule {
            fault: Fault::Status500,
            endpoint: Some(OBSERVATIONS),
            when: FaultTiming::Next(times),
        });
    };
    let calm = daemon(&centre).start();
    wait_for_polls(&centre, 3);
    fail(2);
    wait_for_polls(&centre, 8);
    calm.stop();
    let disturbed = daemon(&centre).start().tolerate(&["poll invalid"]);
    wait_for_polls(&centre, 3);
    fail(3);
    disturbed.wait_for_log("poll invalid");
    wait_for_polls(&centre, 5);
    disturbed.stop();
}
