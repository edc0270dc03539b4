//! The daemon's loop and a skill, from one poll to the next.

use std::sync::Arc;
use std::time::Duration;

use campaign_autopilot::simulator::{
    AcdOperation, AcdSettings, Endpoint, FIRST_CAMPAIGN, Phase, StopShows,
};

use super::tenant::Tenant;

/// Who did what, without the times.
fn deeds(lines: &[String]) -> Vec<&str> {
    lines
        .iter()
        .filter_map(|line| line.split_once(' ').map(|(_, deed)| deed))
        .collect()
}

const OURS: [&str; 2] = ["the daemon: PAUSED", "the daemon: RUNNING"];

#[test]
fn agents_whom_a_stop_releases_lead_to_a_resume() {
    for (blended, dialer_has_skill) in [(false, true), (false, false), (true, true)] {
        let tenant = Tenant::new(AcdSettings {
            blended,
            dialer_has_skill,
            ..AcdSettings::default()
        });
        tenant.handle.set_available(20);
        let events = vec![tenant.available(60, 3), tenant.available(300, 20)];
        let lived = tenant.live(900, events);
        assert_eq!(deeds(&lived), OURS, "{lived:?}");
    }
}

#[test]
fn a_stop_that_takes_a_hundred_seconds_is_ours_to_the_end() {
    let lasting = Duration::from_secs(100);
    for stop in [
        StopShows::For(lasting),
        StopShows::Word("Stopping".to_owned(), lasting),
        StopShows::Word("Draining".to_owned(), Duration::from_secs(30)),
    ] {
        // The agents are back before the stop is over in the first case, and after it in the second.
        for back_at in [100, 400] {
            let tenant = Tenant::new(AcdSettings {
                stop: stop.clone(),
                ..AcdSettings::default()
            });
            tenant.handle.set_available(20);
            let events = vec![tenant.available(60, 3), tenant.available(back_at, 20)];
            let lived = tenant.live(1_200, events);
            assert_eq!(deeds(&lived), OURS, "{stop:?} {back_at}: {lived:?}");
        }
    }
}

#[test]
fn a_persons_stop_is_not_undone() {
    let tenant = Tenant::new(AcdSettings::default());
    tenant.handle.set_available(20);
    let events = vec![tenant.person(60, "PAUSED")];
    let lived = tenant.live(1_800, events);
    assert_eq!(deeds(&lived), ["a person: PAUSED"], "{lived:?}");
}

#[test]
fn a_person_who_stops_before_our_stop_arrives_keeps_their_pause() {
    let tenant = Tenant::new(AcdSettings::default());
    tenant.handle.set_available(20);
    let platform = tenant.handle.clone();
    tenant.handle.set_hook(Some(Arc::new(move |request, phase| {
        let stop = Endpoint::Acd(AcdOperation::StopSkill);
        if request.endpoint == stop && phase == Phase::Arrived {
            platform.person_sets(FIRST_CAMPAIGN, "PAUSED");
        }
    })));
    let events = vec![tenant.available(60, 3), tenant.available(300, 20)];
    let lived = tenant.live(3_600, events);
    assert_eq!(deeds(&lived), ["a person: PAUSED"], "{lived:?}");
}

#[test]
fn a_pause_of_ours_that_a_person_undid_and_made_again_is_theirs() {
    let tenant = Tenant::new(AcdSettings::default());
    tenant.handle.set_available(20);
    let events = vec![
        tenant.available(60, 3),
        tenant.person(200, "RUNNING"),
        tenant.person(240, "PAUSED"),
        tenant.available(300, 20),
    ];
    let lived = tenant.live(3_600, events);
    let expected = [
        "the daemon: PAUSED",
        "a person: RUNNING",
        "a person: PAUSED",
    ];
    assert_eq!(deeds(&lived), expected, "{lived:?}");
}
