//! A campaign that the platform does not know for a while: when it is asked for again, and whose it is when it is back.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{
    Autopilot, Belief, CampaignActivity, CampaignId, CommandResult, Delivery, Direction, Doubt,
    Evidence, GroupCount, HeadCount, Notice, PauseOwner, PlatformTraits, Policy, Sample,
    StatusFinding, StatusReading, Timestamp,
};

const START: Timestamp = Timestamp::from_unix_millis(1_715_783_530_000);

fn id() -> CampaignId {
    "c".parse().unwrap()
}

fn after(s: u64) -> Timestamp {
    START.plus(Duration::from_secs(s))
}

fn reading(activity: CampaignActivity, version: Option<&str>, s: u64) -> StatusReading {
    StatusReading {
        version: version.map(str::to_owned),
        ..StatusReading::without_evidence(activity, String::new(), after(s))
    }
}

/// A campaign that we have paused at second 1.
fn paused_by_us(version: Option<&str>) -> Autopilot {
    let evidence = if version.is_some() {
        Evidence::Version
    } else {
        Evidence::OwnReadings
    };
    let traits = PlatformTraits {
        evidence,
        ..PlatformTraits::default()
    };
    let policies = BTreeMap::from([(id(), Policy::default())]);
    let longest = Duration::from_secs(30);
    let pilot = Autopilot::new(1, policies, BTreeMap::new(), longest, START);
    let mut pilot = pilot.on_platform(traits);
    let running = reading(CampaignActivity::Running, version.map(|_| "before"), 0);
    pilot.observe_status(&id(), &StatusFinding::Found(running), START);
    let heads = vec![GroupCount::Known(HeadCount::default())];
    let taken_at = after(1);
    pilot.observe_sample(Sample::Complete { taken_at, heads }, taken_at);
    pilot
        .authorise(&id(), Direction::Pause, after(1))
        .expect("wanted");
    let result = CommandResult {
        delivery: Delivery::Acknowledged {
            version: version.map(str::to_owned),
        },
        after: StatusFinding::Found(reading(CampaignActivity::Paused, version, 2)),
        before: None,
        ended_at: Some(after(1)),
        lost: Vec::new(),
    };
    pilot.report(&id(), &result, after(2));
    assert!(belief(&pilot).paused_by_us());
    pilot
}

fn belief(pilot: &Autopilot) -> &Belief {
    &pilot.campaign(&id()).unwrap().state().belief
}

fn away_and_back(pilot: &mut Autopilot, back: StatusReading) -> Vec<Notice> {
    pilot.observe_status(&id(), &StatusFinding::Missing, after(10));
    let at = back.read_at;
    pilot.observe_status(&id(), &StatusFinding::Found(back), at)
}

#[test]
fn it_is_asked_for_again_after_1_2_4_8_polls() {
    let mut pilot = paused_by_us(None);
    let missing = StatusFinding::Missing;
    pilot.observe_status(&id(), &missing, after(3));
    let mut asked = Vec::new();
    for poll in 1..40 {
        let now = after(poll * 10);
        if pilot.due_status_reads(0, 10, now).contains(&id()) {
            asked.push(poll);
        }
        let why = String::new();
        pilot.observe_sample(Sample::Invalid { why }, now);
        if asked.last() == Some(&poll) {
            pilot.observe_status(&id(), &missing, now);
        }
    }
    // 1, 2, 4, 8 and 16 polls apart.
    assert_eq!(asked, [1, 3, 7, 15, 31]);
}

#[test]
fn our_pause_is_ours_after_a_short_absence() {
    for version in [Some("ours"), None] {
        let mut pilot = paused_by_us(version);
        let back = reading(CampaignActivity::Paused, version, 20);
        assert_eq!(away_and_back(&mut pilot, back), [Notice::Back]);
        assert!(belief(&pilot).paused_by_us(), "{version:?}");
    }
}

#[test]
fn our_pause_without_a_version_is_unproven_when_it_was_away_for_longer_than_a_wrong_answer() {
    for (version, s, ours) in [
        (Some("ours"), 80, true),
        (None, 60, true),
        (None, 80, false),
    ] {
        let mut pilot = paused_by_us(version);
        // Whoever deleted it may have made it anew, and paused it.
        let notices = away_and_back(&mut pilot, reading(CampaignActivity::Paused, version, s));
        assert_eq!(
            belief(&pilot).paused_by_us(),
            ours,
            "{version:?} after {s} s"
        );
        let unproven = Notice::Unproven {
            to: Direction::Pause,
            doubt: Doubt::Gap,
            grace_until: None,
        };
        assert_eq!(notices.contains(&unproven), !ours);
        assert!(!notices.contains(&Notice::FoundPaused));
    }
}

#[test]
fn a_pause_that_nobody_can_attribute_stays_one_while_it_is_away() {
    let mut pilot = paused_by_us(Some("ours"));
    let touched = || reading(CampaignActivity::Paused, Some("another"), 5);
    pilot.observe_status(&id(), &StatusFinding::Found(touched()), after(5));
    let doubt = Doubt::Touched;
    let unproven = Belief::Paused(PauseOwner::Unproven { doubt });
    assert_eq!(belief(&pilot), &unproven);
    let back = reading(CampaignActivity::Paused, Some("another"), 20);
    let notices = away_and_back(&mut pilot, back);
    assert_eq!(belief(&pilot), &unproven);
    assert!(!notices.contains(&Notice::FoundPaused));
}

#[test]
fn our_pause_in_another_version_is_unproven() {
    let mut pilot = paused_by_us(Some("ours"));
    let back = reading(CampaignActivity::Paused, Some("another"), 20);
    away_and_back(&mut pilot, back);
    let doubt = Doubt::Touched;
    assert_eq!(
        belief(&pilot),
        &Belief::Paused(PauseOwner::Unproven { doubt })
    );
}

#[test]
fn our_pause_without_a_version_is_unproven_after_a_long_absence() {
    let mut pilot = paused_by_us(None);
    let back = reading(CampaignActivity::Paused, None, 3_600);
    away_and_back(&mut pilot, back);
    let doubt = Doubt::Gap;
    assert_eq!(
        belief(&pilot),
        &Belief::Paused(PauseOwner::Unproven { doubt })
    );
}

#[test]
fn who_resumed_it_meanwhile_has_the_grace_and_is_not_named() {
    let mut pilot = paused_by_us(Some("ours"));
    let back = reading(CampaignActivity::Running, Some("another"), 20);
    let notices = away_and_back(&mut pilot, back);
    let grace_until = Some(after(20).plus(Policy::default().manual_grace));
    let unproven = Notice::Unproven {
        to: Direction::Resume,
        doubt: Doubt::Gap,
        grace_until,
    };
    assert_eq!(notices, [Notice::Back, unproven]);
    assert_eq!(belief(&pilot), &Belief::Running);
    let heads = vec![GroupCount::Known(HeadCount::default())];
    let taken_at = after(30);
    pilot.observe_sample(Sample::Complete { taken_at, heads }, taken_at);
    assert_eq!(pilot.decide(after(30)).commands, [], "within the grace");
}
