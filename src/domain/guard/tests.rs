//! Periods on the clocks of zones, days that are late, torn or missing, and what a period says of them.
#![expect(clippy::arithmetic_side_effects, reason = "numbers of a few digits")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::civil::{Date, date};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::domain::outcomes::{OutcomeCounts, OutcomeIncrement};
use crate::domain::{Timestamp, Zone};

use super::period::WrittenPeriod;
use super::*;

const HOUR: u64 = 60 * 60;

fn zone(name: &str) -> Zone {
    name.parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

fn guard_of(period: GuardPeriod, zone_name: &str) -> Guard {
    let limit: GuardLimit = "3%".parse().unwrap();
    Guard {
        name: "g".to_owned(),
        preset: None,
        limit,
        numerator: Numerator::Abandoned,
        denominator: Denominator::AbandonedAndConnected,
        period,
        zone: zone(zone_name),
        least_calls: least_sample(limit),
        scope: GuardScope::All,
    }
}

fn counts(connected: u64, abandoned: u64) -> OutcomeCounts {
    OutcomeCounts {
        dials: 2 * (connected + abandoned),
        answered: connected + abandoned,
        connected,
        abandoned,
    }
}

fn increment(from: &str, until: &str, connected: u64, abandoned: u64) -> OutcomeIncrement {
    OutcomeIncrement {
        counts: counts(connected, abandoned),
        from: at(from),
        until: at(until),
    }
}

/// What the store would keep of these.
fn days(increments: &[OutcomeIncrement], zone: &Zone) -> Vec<DayCounts> {
    let mut days: BTreeMap<Date, DayCounts> = BTreeMap::new();
    for increment in increments {
        let counted = DayCounts::new(increment, zone).unwrap();
        let day = days.entry(counted.day);
        day.and_modify(|day| *day = day.plus(counted))
            .or_insert(counted);
    }
    days.into_values().collect()
}

#[test]
fn a_day_has_as_many_hours_as_its_zone_gives_it() {
    let berlin = zone("Europe/Berlin");
    let length = |day: Date| {
        let span = GuardPeriod::Day.containing(day).unwrap();
        span.ends(&berlin).since(span.begins(&berlin)).as_secs() / HOUR
    };
    assert_eq!(length(date(2026, 3, 28)), 24);
    assert_eq!(length(date(2026, 3, 29)), 23);
    assert_eq!(length(date(2026, 10, 25)), 25);
    // Where the clocks skip midnight itself, the day begins with its first instant.
    let beirut = zone("Asia/Beirut");
    let begins = day_begins(date(2024, 3, 31), &beirut);
    assert_eq!(begins, at("2024-03-30T22:00:00Z"));
    let kathmandu = zone("Asia/Kathmandu");
    let begins = day_begins(date(2026, 11, 27), &kathmandu);
    assert_eq!(begins, at("2026-11-26T18:15:00Z"));
}

#[test]
fn an_instant_is_of_the_day_of_its_zone() {
    let late = increment("2026-11-26T22:30:00Z", "2026-11-26T23:30:00Z", 10, 1);
    for (name, day, known, carried) in [
        ("UTC", date(2026, 11, 26), 3_600_000, 0),
        ("Europe/Berlin", date(2026, 11, 27), 1_800_000, 1_800_000),
        ("America/New_York", date(2026, 11, 26), 3_600_000, 0),
        ("Asia/Kathmandu", date(2026, 11, 27), 3_600_000, 0),
    ] {
        let counted = DayCounts::new(&late, &zone(name)).unwrap();
        let expected = DayCounts {
            day,
            counts: counts(10, 1),
            known_millis: known,
            carried_millis: carried,
        };
        assert_eq!(counted, expected, "{name}");
    }
    let to_midnight = increment("2026-11-26T23:59:00Z", "2026-11-27T00:00:00Z", 1, 0);
    let counted = DayCounts::new(&to_midnight, &zone("UTC")).unwrap();
    assert_eq!(counted.day, date(2026, 11, 26), "it ends with the day");
    let of_nothing = increment("2026-11-27T00:00:00Z", "2026-11-27T00:00:00Z", 1, 0);
    let counted = DayCounts::new(&of_nothing, &zone("UTC")).unwrap();
    assert_eq!(counted.day, date(2026, 11, 27));
}

#[test]
fn months_end_when_they_do_and_thirty_days_follow_one_another() {
    let month = |day| GuardPeriod::Month.containing(day).unwrap();
    assert_eq!(month(date(2028, 2, 10)).last, date(2028, 2, 29));
    assert_eq!(month(date(2027, 2, 28)).last, date(2027, 2, 28));
    assert_eq!(month(date(2026, 12, 31)).first, date(2026, 12, 1));
    let before = GuardPeriod::Month.before(month(date(2027, 3, 31)));
    assert_eq!(before, Some(month(date(2027, 2, 1))));

    let successive = GuardPeriod::Successive {
        starts: date(2026, 1, 15),
    };
    let span = |day| successive.containing(day);
    assert_eq!(span(date(2026, 1, 14)), None, "it has not begun");
    for (day, first, last) in [
        (date(2026, 1, 15), date(2026, 1, 15), date(2026, 2, 13)),
        (date(2026, 2, 13), date(2026, 1, 15), date(2026, 2, 13)),
        (date(2026, 2, 14), date(2026, 2, 14), date(2026, 3, 15)),
        (date(2028, 2, 29), date(2028, 2, 4), date(2028, 3, 4)),
    ] {
        assert_eq!(span(day), Some(DaySpan { first, last }), "{day}");
    }
    assert_eq!(successive.before(span(date(2026, 1, 20)).unwrap()), None);

    let rolling = GuardPeriod::Rolling { days: 7 };
    let week = rolling.containing(date(2026, 3, 3)).unwrap();
    assert_eq!(week.to_string(), "2026-02-25 to 2026-03-03");
    let before = rolling.before(week).unwrap();
    assert_eq!(before.to_string(), "2026-02-18 to 2026-02-24");
}

#[test]
fn periods_are_written_as_they_are_read() {
    for (text, period) in [
        ("day", GuardPeriod::Day),
        ("month", GuardPeriod::Month),
        ("rolling 7 days", GuardPeriod::Rolling { days: 7 }),
        ("rolling 62 days", GuardPeriod::Rolling { days: 62 }),
    ] {
        let read: WrittenPeriod = text.parse().unwrap();
        assert_eq!(read, WrittenPeriod::Whole(period));
        assert_eq!(period.to_string(), text);
    }
    assert_eq!("successive 30 days".parse(), Ok(WrittenPeriod::Successive));
    for wrong in [
        "",
        "week",
        "rolling 0 days",
        "rolling 63 days",
        "rolling 7d",
        "30 days",
    ] {
        assert!(wrong.parse::<WrittenPeriod>().is_err(), "{wrong}");
    }
}

#[test]
fn a_period_says_how_it_stands_and_what_is_left() {
    let guard = guard_of(GuardPeriod::Day, "Europe/London");
    let noon = at("2026-11-27T12:00:00Z");
    let span = guard.span_at(noon).unwrap();
    let standing = |connected, abandoned| {
        let morning = increment(
            "2026-11-27T00:00:00Z",
            "2026-11-27T12:00:00Z",
            connected,
            abandoned,
        );
        let days = days(&[morning], &guard.zone);
        guard.standing(span, &days, noon)
    };
    for (connected, abandoned, state, budget, says) in [
        (
            0,
            0,
            GuardState::NoCalls,
            0,
            "no call counted, 3% allowed; 2026-11-27",
        ),
        (
            80,
            7,
            GuardState::FewCalls,
            -5,
            "7 of 87 calls (8.05%, up to 14.20%) of 3% allowed: too few calls to tell, 5 too many; 2026-11-27",
        ),
        (
            995,
            5,
            GuardState::Within,
            25,
            "5 of 1000 calls (0.50%, up to 1.02%) of 3% allowed: within the limit, leaves 25 more; 2026-11-27",
        ),
        (
            971,
            29,
            GuardState::Near,
            1,
            "29 of 1000 calls (2.90%, up to 3.91%) of 3% allowed: near the limit, leaves 1 more; 2026-11-27",
        ),
        (
            970,
            30,
            GuardState::Near,
            0,
            "30 of 1000 calls (3.00%, up to 4.02%) of 3% allowed: near the limit, leaves 0 more; 2026-11-27",
        ),
        (
            969,
            31,
            GuardState::Above,
            -1,
            "31 of 1000 calls (3.10%, up to 4.14%) of 3% allowed: above the limit, 1 too many; 2026-11-27",
        ),
    ] {
        let standing = standing(connected, abandoned);
        assert_eq!(standing.state, state, "{standing}");
        assert_eq!(standing.budget, budget, "{standing}");
        assert_eq!(standing.to_string(), says);
        assert_eq!(standing.unknown, Duration::ZERO);
    }
}

#[test]
fn what_nobody_counted_is_unknown_and_not_zero() {
    let guard = guard_of(GuardPeriod::Month, "UTC");
    let now = at("2026-11-04T00:00:00Z");
    let span = guard.span_at(now).unwrap();
    // Nothing of the second, and a reset at noon of the third.
    let counted = [
        increment("2026-11-01T00:00:00Z", "2026-11-01T12:00:00Z", 100, 1),
        increment("2026-11-01T12:00:00Z", "2026-11-02T00:00:00Z", 100, 1),
        increment("2026-11-03T00:00:00Z", "2026-11-03T12:00:00Z", 100, 1),
        increment("2026-11-03T13:00:00Z", "2026-11-04T00:00:00Z", 100, 1),
    ];
    let standing = guard.standing(span, &days(&counted, &guard.zone), now);
    assert_eq!((standing.counted, standing.whole), (4, 404));
    assert_eq!(standing.unknown, Duration::from_secs(25 * HOUR));
    assert!(
        standing
            .to_string()
            .ends_with("of which 1day 1h are unknown"),
        "{standing}"
    );
    let nothing = guard.standing(span, &[], now);
    assert_eq!(nothing.state, GuardState::NoCalls);
    assert_eq!(nothing.unknown, Duration::from_secs(72 * HOUR));
    assert_eq!(nothing.share, None);
}

#[test]
fn calls_that_were_counted_over_midnight_say_so_on_both_sides() {
    let guard = guard_of(GuardPeriod::Day, "UTC");
    // The daemon was away from 22:00 to 02:00, and the counters went on.
    let counted = [
        increment("2026-11-26T00:00:00Z", "2026-11-26T22:00:00Z", 500, 5),
        increment("2026-11-26T22:00:00Z", "2026-11-27T02:00:00Z", 40, 4),
        increment("2026-11-27T02:00:00Z", "2026-11-27T10:00:00Z", 400, 4),
    ];
    let days = days(&counted, &guard.zone);
    let now = at("2026-11-27T10:00:00Z");
    let today = guard.span_at(now).unwrap();
    let yesterday = guard.period.before(today).unwrap();
    let (before, after) = (
        guard.standing(yesterday, &days, now),
        guard.standing(today, &days, now),
    );
    assert_eq!(before.whole, 505);
    assert_eq!(
        before.unknown,
        Duration::from_secs(2 * HOUR),
        "its calls are among today's"
    );
    assert_eq!(after.whole, 448);
    assert_eq!(after.carried, Duration::from_secs(2 * HOUR));
    assert_eq!(after.unknown, Duration::ZERO);
    let month = guard_of(GuardPeriod::Month, "UTC");
    let whole = month.standing(month.span_at(now).unwrap(), &days, now);
    assert_eq!(whole.whole, 505 + 448);
    assert_eq!(whole.carried, Duration::ZERO);
    assert_eq!(whole.known, Duration::from_secs(34 * HOUR));
}

#[test]
fn counters_that_come_late_count_for_the_day_that_they_are_of() {
    let guard = guard_of(GuardPeriod::Day, "America/New_York");
    let late = increment("2026-11-26T05:00:00Z", "2026-11-27T05:00:00Z", 970, 30);
    let days = days(&[late], &guard.zone);
    let now = at("2026-11-30T12:00:00Z");
    let day = GuardPeriod::Day.containing(date(2026, 11, 26)).unwrap();
    let standing = guard.standing(day, &days, now);
    assert_eq!((standing.counted, standing.whole), (30, 1_000));
    assert_eq!(
        (standing.unknown, standing.carried),
        (Duration::ZERO, Duration::ZERO)
    );
    let today = guard.span_at(now).unwrap();
    assert_eq!(guard.standing(today, &days, now).whole, 0);
}

#[test]
fn a_guard_is_about_the_campaigns_and_the_teams_that_it_names() {
    let (a, b) = ("a".parse().unwrap(), "b".parse().unwrap());
    let mut guard = guard_of(GuardPeriod::Day, "UTC");
    assert!(guard.is_about(&a, None));
    guard.scope = GuardScope::Some {
        campaigns: BTreeSet::from(["a".parse().unwrap()]),
        teams: BTreeSet::from(["Sales".to_owned()]),
    };
    assert!(guard.is_about(&a, None));
    assert!(!guard.is_about(&b, None) && !guard.is_about(&b, Some("Care")));
    assert!(guard.is_about(&b, Some("Sales")));
}

#[test]
fn presets_are_data_and_only_say_what_their_texts_do() {
    for preset in Preset::ALL {
        assert_eq!(Preset::named(preset.name()), Some(preset));
        let text = serde_json::to_string(&preset).unwrap();
        assert_eq!(text, format!("{:?}", preset.name()));
        let facts = preset.facts();
        assert!(!facts.source.is_empty() && !facts.note.is_empty());
        assert!(facts.zone.is_none_or(|zone| zone.parse::<Zone>().is_ok()));
    }
    assert_eq!(Preset::named("us"), None);
    let limit = |preset: Preset| preset.facts().limit.map(|(limit, _)| limit.to_string());
    assert_eq!(limit(Preset::UsFtc).as_deref(), Some("3%"));
    assert_eq!(limit(Preset::UsFcc).as_deref(), Some("3%"));
    assert_eq!(limit(Preset::UkOfcom2010).as_deref(), Some("3%"));
    assert_eq!(limit(Preset::CaCrtc).as_deref(), Some("5%"));
    assert_eq!(limit(Preset::UkOfcom), None, "no share is safe");
    assert!(Preset::UkOfcom2010.facts().note.contains("withdrawn"));
    assert!(Preset::CaCrtc.facts().denominator.is_none());
    assert!(matches!(
        Preset::CaCrtc.facts().period,
        Some((WrittenPeriod::Whole(GuardPeriod::Month), Mark::Memory))
    ));
}

proptest! {
    #[test]
    fn every_day_is_in_one_period_and_periods_follow_one_another(
        days in 0_i32..40_000,
        kind in 0_u8..3,
    ) {
        let day = date(1995, 1, 1) + jiff::Span::new().days(days);
        let period = match kind {
            0 => GuardPeriod::Day,
            1 => GuardPeriod::Month,
            _ => GuardPeriod::Successive { starts: date(1995, 1, 1) },
        };
        let span = period.containing(day).unwrap();
        prop_assert!(span.first <= day && day <= span.last);
        prop_assert_eq!(period.containing(span.first), Some(span));
        prop_assert_eq!(period.containing(span.last), Some(span));
        let next = period.containing(span.last.tomorrow().unwrap()).unwrap();
        prop_assert_eq!(next.first, span.last.tomorrow().unwrap());
        prop_assert_eq!(period.before(next), Some(span));
    }

    /// Increments that follow one another, of any length, over clock changes: whatever the day boundaries, no call is lost or
    /// counted twice, and what is known of all days together is the time that passed.
    #[test]
    fn days_lose_no_call_and_no_time(
        steps in vec((0_u64..5_000, 0_u64..50, 0_u64..5), 1..80),
        name in prop_oneof![Just("UTC"), Just("Europe/Berlin"), Just("Australia/Lord_Howe"), Just("Asia/Kathmandu")],
        summer in any::<bool>(),
    ) {
        let zone = zone(name);
        let start = at(if summer { "2026-03-28T09:00:00Z" } else { "2026-10-24T09:00:00Z" });
        let mut now = start;
        let mut increments = Vec::new();
        let mut truth = OutcomeCounts::default();
        for (minutes, connected, abandoned) in steps {
            let from = now;
            now = now.plus(Duration::from_secs(60 * minutes));
            let counts = counts(connected, abandoned);
            truth = truth.plus(counts);
            increments.push(OutcomeIncrement { counts, from, until: now });
        }
        let days = days(&increments, &zone);
        let sum = days.iter().fold(OutcomeCounts::default(), |sum, day| sum.plus(day.counts));
        prop_assert_eq!(sum, truth);
        let known: u64 = days.iter().map(|day| day.known_millis).sum();
        let first = days[0];
        let begins = day_begins(first.day, &zone);
        let carried: u64 = days.iter().map(|day| day.carried_millis).sum();
        let passed = u64::try_from(now.since(start).as_millis()).unwrap();
        prop_assert_eq!(known + carried, passed, "from {} {}", begins, first.day);
        for day in &days {
            let span = GuardPeriod::Day.containing(day.day).unwrap();
            let length = span.ends(&zone).since(span.begins(&zone)).as_millis();
            prop_assert!(u128::from(day.known_millis) <= length);
        }
    }
}
