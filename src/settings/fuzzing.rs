//! What holds for the readers of settings, rosters and iCalendar files on any input.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::domain::assignment::{CallRate, Roster};
use crate::domain::calendar::{Calendar, ClosureEnd, Holiday, WeeklyHours, instant};
use crate::domain::{AgentId, Timestamp, Zone};

use super::fault::{Fault, Findings};
use super::icalendar::{self, Events};
use super::resolve::resolve_text;
use super::roster;

/// In no input: a fault that holds it has shown a secret.
const SECRET: &str = "k7Wq-never-shown-Zr3v9Tn5";

/// Lines put before a text, to see that places move with it.
const SHIFT: usize = 2;

/// What the environment gives, so that a settings file needs to say little.
const ENVIRONMENT: [(&str, &str); 5] = [
    ("CXONE_BASE_URL", "https://api.example.com"),
    ("CXONE_CLIENT_ID", "us"),
    ("CXONE_CLIENT_SECRET", SECRET),
    ("CXONE_CAMPAIGN_ID", "a"),
    ("HOME", "/home/ops"),
];

/// Settings are the same, and faults stand in the same lines, wherever in the file the text begins. No secret is shown.
pub(crate) fn settings(text: &str) {
    let environment = |name: &str| {
        let found = ENVIRONMENT.iter().find(|(known, _)| *known == name);
        found.map(|(_, text)| (*text).to_owned())
    };
    let read = |text: &str| resolve_text("settings", text, &environment);
    let here = read(text);
    let faults = match &here {
        Ok(resolved) => &resolved.warnings,
        Err(faults) => {
            assert!(!faults.is_empty(), "refused without a fault");
            faults
        }
    };
    hold_places("settings", text, faults);
    for fault in faults {
        let told = fault.to_string();
        assert!(!told.contains(SECRET), "{} shows a secret", fault.key);
    }
    // A mark of the byte order is one only at the beginning.
    if text.starts_with('\u{feff}') {
        return;
    }
    let below = read(&format!("{}{text}", "\n".repeat(SHIFT)));
    match (&here, &below) {
        (Ok(here), Ok(below)) => {
            assert_eq!(here.settings.digest(), below.settings.digest());
            assert_eq!(moved(&here.warnings), keys(&below.warnings));
        }
        (Err(here), Err(below)) => assert_eq!(moved(here), keys(below)),
        (Ok(_), Err(faults)) | (Err(faults), Ok(_)) => {
            panic!("two empty lines above the text make a difference: {faults:?}")
        }
    }
}

/// A roster that was read is read the same when it is printed; every fault names a line of the file.
pub(crate) fn roster(text: &str) {
    for path in ["roster.csv", "roster.toml"] {
        let mut faults = Findings::default();
        let read = roster::read(path, text, &mut faults);
        let faults = faults.into_faults();
        assert_eq!(read.is_none(), !faults.is_empty(), "{path}: {faults:?}");
        hold_places(path, text, &faults);
        let Some((roster, rates)) = read else {
            continue;
        };
        let printed = printed(&roster, &rates);
        let mut faults = Findings::default();
        let again = roster::read("printed.toml", &printed, &mut faults);
        assert!(faults.is_empty(), "{faults:?} in {printed}");
        assert!(again == Some((roster, rates)), "{printed}");
    }
}

/// Every event that was read closes the calendar when it begins; what was read is the same in the record of a run, and lower in the file.
pub(crate) fn icalendar(text: &str) {
    // Of their midnights and noons some are skipped and others come twice.
    for zone in ["America/Havana", "Europe/Berlin", "Pacific/Apia"] {
        let zone: Zone = zone.parse().unwrap_or_else(|_| panic!("{zone} is no zone"));
        let read = |text: &str| {
            let mut faults = Findings::default();
            let events = icalendar::read("holidays.ics", text, &zone, &mut faults);
            (events, faults.into_faults())
        };
        let (events, faults) = read(text);
        assert_eq!(events.is_none(), !faults.is_empty(), "{faults:?}");
        hold_places("holidays.ics", text, &faults);
        // There a fold or a mark of the byte order would belong to another line.
        if !text.starts_with(['\u{feff}', ' ', '\t']) {
            let (below, faults_below) = read(&format!("{}{text}", "\n".repeat(SHIFT)));
            assert_eq!(events, below);
            assert_eq!(moved(&faults), keys(&faults_below));
        }
        if let Some(events) = events {
            hold_closed(events, zone);
        }
    }
}

/// A calendar that would be open at all hours is closed when each event begins.
fn hold_closed(events: Events, zone: Zone) {
    let hours = WeeklyHours::parse(["00:00-00:00"], &WeeklyHours::every_day());
    let Ok(hours) = hours else {
        panic!("{hours:?}");
    };
    let calendar = Calendar {
        zone,
        hours,
        holidays: events.holidays,
        closures: events.closures,
    };
    let text = serde_json::to_string(&calendar).unwrap_or_default();
    let again: Option<Calendar> = serde_json::from_str(&text).ok();
    assert_eq!(again.as_ref(), Some(&calendar), "{text}");
    let days = calendar
        .holidays
        .iter()
        .filter_map(|holiday| match holiday {
            Holiday::Days { first, .. } => noon(*first, &calendar.zone),
            Holiday::Yearly { from, except, .. } => {
                let first = from.filter(|first| !except.contains(first));
                noon(first?, &calendar.zone)
            }
        });
    let closed = |at: Timestamp| !calendar.state_at(at).is_open();
    for at in days.chain(calendar.closures.iter().map(|closure| closure.from)) {
        assert!(closed(at), "open at {at} in {calendar:?}");
    }
}

/// Noon of a day; none where the clock never shows that day.
fn noon(day: Date, zone: &Zone) -> Option<Timestamp> {
    let local = day.to_datetime(jiff::civil::Time::constant(12, 0, 0, 0));
    let at = instant(local, zone, ClosureEnd::First)?;
    let shown = jiff::Timestamp::from_millisecond(at.as_unix_millis()).ok()?;
    (zone.rules().to_datetime(shown).date() == day).then_some(at)
}

/// The roster as TOML.
fn printed(roster: &Roster, rates: &BTreeMap<AgentId, CallRate>) -> String {
    let agents = roster.agents().iter().filter_map(|agent| {
        let kind = roster.kind(agent)?;
        // A text of JSON without control characters, which ids have not, is one of TOML.
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let skills: Vec<String> = kind.skills.iter().map(|skill| quoted(skill.as_str())).collect();
        let rate = rates
            .get(&agent.id)
            .map_or(String::new(), |rate| format!("recent = {rate}\n"));
        Some(format!(
            "[[agent]]\nid = {}\nskills = [{}]\nstart = \"{}\"\nend = \"{}\"\nzone = \"{}\"\nconcurrency = {}\n{rate}\n",
            quoted(agent.id.as_str()),
            skills.join(", "),
            kind.window.start,
            kind.window.end,
            kind.window.zone.name(),
            agent.concurrency,
        ))
    });
    agents.collect()
}

/// Places in the file are lines that it has.
fn hold_places(path: &str, text: &str, faults: &[Fault]) {
    let lines = text.bytes().filter(|byte| *byte == b'\n').count();
    for fault in faults {
        if let Some(line) = line_of(fault) {
            assert!(
                (1..=lines.saturating_add(1)).contains(&line),
                "{path} has no such line: {fault}"
            );
        }
    }
}

fn line_of(fault: &Fault) -> Option<usize> {
    let (_, line) = fault.place.as_deref()?.rsplit_once(':')?;
    line.parse().ok()
}

fn keys(faults: &[Fault]) -> Vec<(Option<usize>, &str)> {
    let mut keys: Vec<_> = faults
        .iter()
        .map(|fault| (line_of(fault), fault.key.as_str()))
        .collect();
    keys.sort_unstable();
    keys
}

fn moved(faults: &[Fault]) -> Vec<(Option<usize>, &str)> {
    let below = keys(faults)
        .into_iter()
        .map(|(line, key)| (line.map(|line| line.saturating_add(SHIFT)), key));
    below.collect()
}
