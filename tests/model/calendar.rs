//! The calendar of the model: of campaigns that have one, and of the judge.

use std::sync::OnceLock;

use campaign_autopilot::domain::calendar::{Calendar, WeeklyHours};
use campaign_autopilot::domain::{CalendarId, CalendarRule, Calendars};

const MINUTE: i64 = 60 * 1000;

/// So many minutes of each half hour it is open.
const OPEN: i64 = 20;

fn name() -> CalendarId {
    "half hours".parse().unwrap()
}

/// Open in the first minutes of each half hour.
pub(crate) fn calendars() -> Calendars {
    static CALENDARS: OnceLock<Calendars> = OnceLock::new();
    CALENDARS.get_or_init(half_hours).clone()
}

fn half_hours() -> Calendars {
    let lines = (0..48).map(|half| {
        let (hour, minute) = (half / 2, half % 2 * 30);
        format!("{hour:02}:{minute:02}-{hour:02}:{:02}", minute + OPEN)
    });
    let lines: Vec<String> = lines.collect();
    let lines = lines.iter().map(String::as_str);
    let calendar = Calendar {
        zone: "UTC".parse().unwrap(),
        hours: WeeklyHours::parse(lines, &WeeklyHours::every_day()).unwrap(),
        holidays: Vec::new(),
        closures: Vec::new(),
    };
    [(name(), calendar)].into_iter().collect()
}

/// The rule of a campaign that has it.
pub(crate) fn rule(alone: bool) -> CalendarRule {
    CalendarRule {
        calendar: name(),
        alone,
    }
}

/// Another reading of it: whether it is open at this time of the Unix clock.
pub(crate) fn open(clock_ms: i64) -> bool {
    clock_ms.rem_euclid(30 * MINUTE) < OPEN * MINUTE
}
