//! Notifications wake the poller, and losing them costs nothing but time.

use campaign_autopilot::simulator::{
    CloudOperation, CloudSettings, Endpoint, Fault, FaultRule, FaultTiming,
};

use crate::api::Api;
use crate::centre::{CAMPAIGN, wait_until};

use super::tenant::{OBSERVATIONS, centre, daemon, quick, wait_for_polls, wait_until_it_is};

const CHANNEL: Endpoint = Endpoint::Cloud(CloudOperation::CreateChannel);
const CONNECTED: &str = "autopilot_api_push_connected";
const CAME: &str = "autopilot_api_push_messages_total";

#[test]
fn a_change_that_is_reported_brings_the_next_poll_forward() {
    let centre = centre(quick());
    // Left to itself, the next poll comes a minute and a half later; a reported change brings it after a quarter of that.
    let running = daemon(&centre).args(&["--poll-interval", "90s"]).start();
    let api = Api::of(&running);
    wait_until("the platform reports changes", || {
        api.series(CONNECTED) == Some(1.0)
    });
    let polls = || centre.platform.request_count(Some(OBSERVATIONS));
    // What was reported before the connection is unknown, so that it brings a poll as well.
    wait_until("the connection has brought a poll", || polls() >= 2);
    let before = polls();
    centre.platform.set_available(2);
    wait_until("the change came", || {
        api.series(CAME).is_some_and(|came| came >= 1.0)
    });
    wait_until("the change has brought a poll", || polls() > before);
    running.stop();
    assert_eq!(polls(), before + 1);
}

#[test]
fn a_platform_that_reports_nothing_is_polled_at_the_interval() {
    let centre = centre(CloudSettings {
        notifies: false,
        ..quick()
    });
    let running = daemon(&centre).start();
    running.wait_for_log("does not report changes by itself");
    wait_for_polls(&centre, 3);
    centre.platform.set_available(2);
    wait_until_it_is(&centre, "PAUSED");
    running.wait_for_log("paused");
    running.stop();
}

#[test]
fn a_connection_that_is_lost_is_made_anew() {
    let centre = centre(quick());
    let running = daemon(&centre).start();
    let api = Api::of(&running);
    let connected = |so: f64| {
        wait_until("the connection is as expected", || {
            api.series(CONNECTED) == Some(so)
        });
    };
    connected(1.0);
    assert!(centre.platform.change_cloud(|cloud| cloud.notifies = false));
    connected(0.0);
    let seen = centre.platform.request_count(Some(CHANNEL));
    assert!(centre.platform.change_cloud(|cloud| cloud.notifies = true));
    connected(1.0);
    assert!(centre.platform.request_count(Some(CHANNEL)) > seen);
    centre.platform.set_available(2);
    wait_until_it_is(&centre, "PAUSED");
    running.wait_for_log("paused");
    running.stop();
}

#[test]
fn a_channel_that_cannot_be_made_is_tried_again() {
    let centre = centre(quick());
    centre.platform.inject(FaultRule {
        fault: Fault::Status500,
        endpoint: Some(CHANNEL),
        when: FaultTiming::Next(3),
    });
    let running = daemon(&centre).start();
    let api = Api::of(&running);
    running.wait_for_log("does not report changes by itself");
    wait_until("the channel is made in the end", || {
        api.series(CONNECTED) == Some(1.0)
    });
    assert_eq!(api.campaign(CAMPAIGN)["state"], "running");
    running.stop();
}

#[test]
fn nobody_is_asked_where_notifications_are_off() {
    let centre = centre(quick());
    let running = daemon(&centre).args(&["--notifications", "off"]).start();
    let api = Api::of(&running);
    wait_for_polls(&centre, 6);
    assert!(api.series(CONNECTED).is_some_and(f64::is_nan));
    running.stop();
    assert_eq!(centre.platform.request_count(Some(CHANNEL)), 0);
}
