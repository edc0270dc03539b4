//! A predictive campaign is slowed down before it is paused, and its bandwidth is put back.

use campaign_autopilot::simulator::{ConnectOperation, ConnectSettings, Endpoint};

use crate::centre::{CAMPAIGN, wait_until};

use super::tenant::{centre, daemon, wait_for_polls};

const UPDATE: Endpoint = Endpoint::Connect(ConnectOperation::UpdateCampaign);

fn predictive() -> ConnectSettings {
    ConnectSettings {
        modes: [(CAMPAIGN.to_owned(), "predictive".to_owned())].into(),
        bandwidths: [(CAMPAIGN.to_owned(), 0.8)].into(),
        ..ConnectSettings::default()
    }
}

#[test]
fn the_bandwidth_is_halved_at_the_most_and_put_back_with_everything_else_unchanged() {
    let centre = centre(predictive());
    let running = daemon(&centre)
        .env("AUTOPILOT_ACTUATOR", "step-down")
        .start();
    wait_for_polls(&centre, 5);
    centre.platform.set_available(1);
    wait_until("the campaign is slowed down", || {
        centre.platform.bandwidth(CAMPAIGN) == Some(0.5)
    });
    let written = centre.platform.written_channels(CAMPAIGN).unwrap();
    let telephony = &written["channelSubtypeConfig"]["telephony"];
    assert_eq!(telephony["connectQueueId"], "queue-outbound");
    assert_eq!(telephony["defaultOutboundConfig"]["ringTimeout"], 30);
    let strategies = &telephony["outboundMode"]["predictive"]["pacingStrategies"];
    assert_eq!(strategies[0]["abandonmentRate"]["targetRate"], 0.03);
    centre.platform.set_available(20);
    wait_until("its bandwidth is put back", || {
        centre.platform.bandwidth(CAMPAIGN) == Some(0.8)
    });
    wait_for_polls(&centre, 3);
    running.stop();
    assert_eq!(centre.commands(), [""; 0], "it was never paused");
    assert_eq!(centre.platform.request_count(Some(UPDATE)), 2);
}

#[test]
fn what_somebody_else_set_stays() {
    let centre = centre(predictive());
    let running = daemon(&centre)
        .env("AUTOPILOT_ACTUATOR", "step-down")
        .start()
        .tolerate(&["somebody", "changed", "left alone", "a person"]);
    wait_for_polls(&centre, 5);
    centre.platform.set_available(1);
    wait_until("the campaign is slowed down", || {
        centre.platform.bandwidth(CAMPAIGN) == Some(0.5)
    });
    wait_for_polls(&centre, 5);
    // The next write of a person replaces what was written, and the mode's own form is shown again.
    assert!(centre.platform.person_sets_bandwidth(CAMPAIGN, 0.6));
    wait_for_polls(&centre, 40);
    centre.platform.set_available(20);
    wait_for_polls(&centre, 40);
    running.kill();
    assert_eq!(centre.platform.bandwidth(CAMPAIGN), Some(0.6));
    assert_eq!(centre.platform.request_count(Some(UPDATE)), 1);
}
