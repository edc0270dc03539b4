//! A pause is read again 3 s and 20 s after it was sent, however long the polls lie apart.

use std::time::Duration;

use campaign_autopilot::domain::{
    CampaignId, DecisionId, Delivery, Direction, StatusFinding, Timestamp,
};
use campaign_autopilot::platform::dialect::Access;
use campaign_autopilot::platform::port::{CommandOrder, ObserveRequest, Urgency};
use futures_util::future::FutureExt;

use super::effect::{Site, user};
use super::site::OUTBA;

fn now(site: &Site) -> Timestamp {
    Timestamp::from_unix_millis(site.clock.now().as_unix_millis())
}

fn command(site: &Site, direction: Direction) -> Delivery {
    let ids: [CampaignId; 1] = [OUTBA.parse().unwrap()];
    let deadline = now(site).plus(Duration::from_secs(30));
    let read = site.parts.campaigns.read(&ids, Urgency::Command, deadline);
    let found = site.runtime.block_on(read).remove(0).unwrap();
    let StatusFinding::Found(before) = found else {
        panic!("{found:?}")
    };
    let order = CommandOrder {
        campaign: &ids[0],
        direction,
        before: &before,
        restore: None,
        staged: false,
        decision: DecisionId { run: 1, tick: 1 },
        leave_by: deadline,
        deadline,
    };
    let commander = site.parts.commander.as_ref().unwrap();
    site.runtime.block_on(commander.command(order))
}

fn poll(site: &Site) {
    let request = ObserveRequest {
        groups: &[],
        serving: &[],
        staffed: true,
        agents: false,
        skills: false,
        deadline: now(site).plus(Duration::from_secs(30)),
    };
    drop(site.runtime.block_on(site.parts.agents.observe(request)));
}

/// After how many seconds from now a poll is asked for, if it is.
fn asked_for(site: &Site) -> Option<u64> {
    let before = site.clock.now();
    site.parts.agents.changed().now_or_never()?;
    Some(site.clock.now().since(before).as_secs())
}

#[test]
fn a_pause_asks_for_two_readings_of_its_own() {
    let site = Site::with(user(), "2.0", Access::ReadAndWrite);
    assert_eq!(asked_for(&site), None);
    let sent = command(&site, Direction::Pause);
    assert!(matches!(sent, Delivery::Acknowledged { .. }), "{sent:?}");
    assert_eq!(asked_for(&site), Some(3));
    poll(&site);
    assert_eq!(asked_for(&site), Some(17));
    poll(&site);
    assert_eq!(asked_for(&site), None);
}

#[test]
fn a_poll_that_comes_at_its_own_time_takes_their_place() {
    let site = Site::with(user(), "2.0", Access::ReadAndWrite);
    command(&site, Direction::Pause);
    for seconds in [5, 10] {
        site.clock.advance(Duration::from_secs(seconds));
        poll(&site);
    }
    assert_eq!(asked_for(&site), Some(5));
    poll(&site);
    site.clock.advance(Duration::from_secs(60));
    assert_eq!(asked_for(&site), None);
}

#[test]
fn what_is_refused_asks_for_none() {
    let site = Site::with(user(), "0", Access::ReadAndWrite);
    let sent = command(&site, Direction::Pause);
    assert!(matches!(sent, Delivery::Refused { .. }), "{sent:?}");
    assert_eq!(asked_for(&site), None);
}
