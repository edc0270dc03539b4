//! States of calendars, compared with a walk from minute to minute.
#![expect(clippy::arithmetic_side_effects, reason = "numbers of a few digits")]

use proptest::prelude::*;

use super::*;
use crate::domain::{Timestamp, Zone};

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

fn calendar(zone: &str, hours: &[&str], holidays: &[&str], closures: &[&str]) -> Calendar {
    let zone: Zone = zone.parse().unwrap();
    let closures = closures.iter();
    Calendar {
        hours: WeeklyHours::parse(hours.iter().copied(), &WeeklyHours::every_day()).unwrap(),
        holidays: holidays.iter().map(|text| text.parse().unwrap()).collect(),
        closures: closures
            .map(|text| Closure::parse(text, &zone).unwrap())
            .collect(),
        zone,
    }
}

fn office() -> Calendar {
    calendar(
        "Europe/Berlin",
        &["mon-fri 09:00-18:00"],
        &["12-25 Christmas Day", "12-26 Boxing Day"],
        &["2026-12-01T12:00/2026-12-01T14:00 Fire drill"],
    )
}

fn says(calendar: &Calendar, now: &str) -> String {
    calendar.in_words(&calendar.state_at(at(now)), at(now))
}

#[test]
fn says_what_closes_it_and_until_when() {
    let office = office();
    // 27 November 2026 is a Friday.
    assert_eq!(
        says(&office, "2026-11-27T10:00:00Z"),
        "open until Fri 18:00 Europe/Berlin"
    );
    assert_eq!(
        says(&office, "2026-11-27T17:00:00Z"),
        "closed until Mon 09:00 Europe/Berlin (outside calling hours)"
    );
    assert_eq!(
        says(&office, "2026-12-01T11:30:00Z"),
        "closed until Tue 14:00 Europe/Berlin (closure Fire drill)"
    );
    assert_eq!(
        says(&office, "2026-12-25T11:00:00Z"),
        "closed until Mon 09:00 Europe/Berlin (holiday Christmas Day)"
    );
    let closed = calendar(
        "UTC",
        &["09:00-18:00"],
        &[],
        &["2026-01-01/2026-02-28 Works"],
    );
    assert_eq!(
        says(&closed, "2026-01-10T11:00:00Z"),
        "closed until Sun 2026-03-01 09:00 UTC (closure Works)"
    );
}

#[test]
fn the_edges_belong_to_what_begins() {
    let office = office();
    let open = |now: &str| office.state_at(at(now)).is_open();
    assert!(!open("2026-11-27T07:59:59.999Z"));
    assert!(open("2026-11-27T08:00:00Z"));
    assert!(open("2026-11-27T16:59:59.999Z"));
    assert!(!open("2026-11-27T17:00:00Z"));
}

#[test]
fn hours_that_the_clocks_skip_or_repeat() {
    let night = calendar("Europe/Berlin", &["02:15-02:45"], &[], &[]);
    // 29 March 2026: there is no such time, so it opens a day later.
    let skipped = night.state_at(at("2026-03-29T00:00:00Z"));
    assert_eq!(skipped.until, Some(at("2026-03-30T00:15:00Z")));
    // 25 October 2026: there are two.
    let mut now = at("2026-10-25T00:00:00Z");
    let mut edges = Vec::new();
    for _ in 0..4 {
        now = night.state_at(now).until.unwrap();
        edges.push(now.to_string());
    }
    let expected = [
        "2026-10-25T00:15:00.000Z",
        "2026-10-25T00:45:00.000Z",
        "2026-10-25T01:15:00.000Z",
        "2026-10-25T01:45:00.000Z",
    ];
    assert_eq!(edges, expected);
}

#[test]
fn one_that_never_opens_is_found_out_and_one_that_always_is_ends() {
    let closed = calendar("UTC", &["09:00-18:00"], &[], &["2026-01-01/2027-12-31"]);
    let now = at("2026-01-01T00:00:00Z");
    assert!(!closed.opens_within_a_year(now));
    assert!(closed.opens_within_a_year(at("2027-06-01T00:00:00Z")));
    let always = calendar("UTC", &["00:00-00:00"], &[], &[]);
    let state = always.state_at(now);
    assert_eq!((state.closed_by, state.until), (None, None));
    let far = Timestamp::from_unix_millis(i64::MAX);
    assert!(!always.state_at(far).is_open());
    assert_eq!(always.state_at(far).until, None);
}

#[test]
fn comes_back_from_its_recorded_form() {
    let office = office();
    let text = serde_json::to_string(&office).unwrap();
    let again: Calendar = serde_json::from_str(&text).unwrap();
    assert_eq!(again, office);
}

/// Zones with clock changes of an hour, of half an hour, at midnight, in the south, and none.
const ZONES: [&str; 6] = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Havana",
    "Pacific/Auckland",
    "Asia/Kolkata",
];

/// Days about clock changes of these zones, and one without any.
const DAYS: [&str; 7] = [
    "2026-03-07T18:00:00Z",
    "2026-03-28T12:00:00Z",
    "2026-04-04T10:00:00Z",
    "2026-09-26T08:00:00Z",
    "2026-10-03T10:00:00Z",
    "2026-10-24T12:00:00Z",
    "2026-11-01T00:00:00Z",
];

fn spans() -> impl Strategy<Value = Vec<String>> {
    let time = || (0..24_u32, 0..4_u32).prop_map(|(h, q)| format!("{h:02}:{:02}", q * 15));
    let days = prop::sample::select(vec!["", "mon-fri ", "sat-sun ", "sun ", "fri-mon "]);
    let line = (days, time(), time()).prop_map(|(days, start, end)| format!("{days}{start}-{end}"));
    prop::collection::vec(line, 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// The next change is where a walk from minute to minute finds it, and the clock on the wall decides each minute.
    #[test]
    fn the_next_change_is_where_a_walk_finds_it(
        zone in prop::sample::select(ZONES.to_vec()),
        day in prop::sample::select(DAYS.to_vec()),
        lines in spans(),
        holiday in any::<bool>(),
        minute in 0..2_880_u64,
    ) {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let start = at(day).plus(std::time::Duration::from_secs(minute * 60));
        let holidays: Vec<String> = holiday
            .then(|| day.split('T').next().unwrap().to_owned())
            .into_iter()
            .collect();
        let holidays: Vec<&str> = holidays.iter().map(String::as_str).collect();
        let calendar = calendar(zone, &lines, &holidays, &[]);
        let state = calendar.state_at(start);
        let open = |now: Timestamp| wall_clock_open(zone, &lines, &holidays, now);
        prop_assert_eq!(state.is_open(), open(start));
        let mut now = start;
        for _ in 0..4 * 1_440 {
            if Some(now) == state.until {
                prop_assert_ne!(open(now), open(start));
                return Ok(());
            }
            prop_assert_eq!(open(now), open(start), "at {}", now);
            now = now.plus(std::time::Duration::from_secs(60));
        }
        prop_assert!(state.until.is_none_or(|until| until >= now));
    }
}

/// Another reading of the same hours: by the text of the local time.
fn wall_clock_open(zone: &str, lines: &[&str], holidays: &[&str], now: Timestamp) -> bool {
    let zone = jiff::tz::TimeZone::get(zone).unwrap();
    let local = jiff::Timestamp::from_millisecond(now.as_unix_millis())
        .unwrap()
        .to_zoned(zone);
    if holidays.contains(&local.strftime("%Y-%m-%d").to_string().as_str()) {
        return false;
    }
    let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let index = |name: &str| names.iter().position(|known| *known == name).unwrap();
    let covers = |days: &str, day: usize| {
        let (first, last) = days.split_once('-').unwrap_or((days, days));
        let (first, last) = (index(first), index(last));
        (0..7)
            .map(|step| (first + step) % 7)
            .take((last + 7 - first) % 7 + 1)
            .any(|d| d == day)
    };
    let today = index(&local.strftime("%a").to_string().to_lowercase());
    let time = local.strftime("%H:%M").to_string();
    lines.iter().any(|line| {
        let (days, span) = line.split_once(' ').unwrap_or(("mon-sun", line));
        let (start, end) = span.split_once('-').unwrap();
        let (time, through) = (time.as_str(), end <= start);
        let here = covers(days, today) && time >= start && (through || time < end);
        here || (through && covers(days, (today + 6) % 7) && time < end)
    })
}

proptest! {
    /// Whatever is written there, it is read or refused.
    #[test]
    fn no_text_is_too_strange(text in "[0-9a-zäT:/+Z,. -]{0,40}") {
        let zone: Zone = "America/Havana".parse().unwrap();
        drop(text.parse::<Holiday>());
        drop(Closure::parse(&text, &zone));
        drop(WeeklyHours::parse([text.as_str()], &[]));
    }

    #[test]
    fn a_name_is_its_own_short_form(text in "[a ä\\n]{0,100}") {
        let name = ClosureName::shortened(&text);
        prop_assert!(name.as_str().len() <= ClosureName::LONGEST);
        prop_assert_eq!(ClosureName::shortened(name.as_str()), name);
    }
}
