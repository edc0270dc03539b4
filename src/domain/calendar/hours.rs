//! Calling hours: spans of local time on days of the week.

use std::str::FromStr;

use jiff::civil::{DateTime, Time, Weekday};
use serde::{Deserialize, Serialize};

use crate::domain::local_time::TimeOfDay;

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// From a time on, and before another; one that does not end after it starts goes on into the next day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Span {
    start: TimeOfDay,
    end: TimeOfDay,
}

impl Span {
    fn through_midnight(self) -> bool {
        self.end <= self.start
    }
}

/// The spans of each day of the week, Monday first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeeklyHours {
    days: [Vec<Span>; 7],
}

/// Why a text gives no calling hours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HoursError {
    /// A time in it is wrong.
    #[error("`{0}` is no span from 00:00 to 23:59, such as 09:00-18:00")]
    NoSpan(String),
    /// A word for days is wrong.
    #[error("`{0}` is no day of the week, such as mon or mon-fri")]
    NoDay(String),
    /// It has no span at all.
    #[error("names no hours")]
    NoHours,
}

/// The days that a text such as `mon-fri` or `sat` names.
fn days(text: &str) -> Result<Vec<Weekday>, HoursError> {
    let day = |name: &str| {
        let name = name.to_ascii_lowercase();
        DAYS.iter().position(|(known, _)| *known == name)
    };
    let wrong = || HoursError::NoDay(text.chars().take(40).collect());
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (day(first).ok_or_else(wrong)?, day(last).ok_or_else(wrong)?);
    let found = |at: usize| {
        if first <= last {
            (first..=last).contains(&at)
        } else {
            at >= first || at <= last
        }
    };
    let named = DAYS.iter().enumerate().filter(|(at, _)| found(*at));
    Ok(named.map(|(_, (_, day))| *day).collect())
}

fn span(text: &str) -> Result<Span, HoursError> {
    let wrong = || HoursError::NoSpan(text.chars().take(40).collect());
    let (start, end) = text.split_once('-').ok_or_else(wrong)?;
    let time = |text: &str| TimeOfDay::from_str(text.trim()).map_err(|_| wrong());
    Ok(Span {
        start: time(start)?,
        end: time(end)?,
    })
}

impl WeeklyHours {
    /// Reads lines such as `mon-fri 09:00-12:00 13:00-18:00`, days first and then spans. A line that names no days is
    /// about `weekdays`.
    ///
    /// # Errors
    /// The first fault.
    pub fn parse<'t>(
        lines: impl IntoIterator<Item = &'t str>,
        weekdays: &[Weekday],
    ) -> Result<Self, HoursError> {
        let mut hours = Self::default();
        for line in lines {
            let words = line.split([' ', ',']).filter(|word| !word.is_empty());
            let (times, day_words): (Vec<&str>, Vec<&str>) =
                words.partition(|word| word.contains(':') || word.starts_with(char::is_numeric));
            let mut named = Vec::new();
            for word in day_words {
                named.extend(days(word)?);
            }
            let about = if named.is_empty() {
                weekdays
            } else {
                named.as_slice()
            };
            if times.is_empty() {
                return Err(HoursError::NoHours);
            }
            for text in times {
                let span = span(text)?;
                for day in about {
                    hours.of_mut(*day).push(span);
                }
            }
        }
        for day in &mut hours.days {
            day.sort_unstable();
            day.dedup();
        }
        if hours.days.iter().all(Vec::is_empty) {
            return Err(HoursError::NoHours);
        }
        Ok(hours)
    }

    /// Reads words such as `mon-fri` and `sat`.
    ///
    /// # Errors
    /// The first that is no day.
    pub fn parse_days<'t>(
        words: impl IntoIterator<Item = &'t str>,
    ) -> Result<Vec<Weekday>, HoursError> {
        let mut named = Vec::new();
        for word in words {
            named.extend(days(word.trim())?);
        }
        Ok(named)
    }

    /// Every day of the week.
    #[must_use]
    pub fn every_day() -> Vec<Weekday> {
        DAYS.iter().map(|(_, day)| *day).collect()
    }

    /// Whether a line names days of its own.
    #[must_use]
    pub fn names_days(line: &str) -> bool {
        line.split([' ', ',']).any(|word| days(word).is_ok())
    }

    /// Whether these hours hold at this local time.
    pub(super) fn open_at(&self, local: DateTime) -> bool {
        let time = seconds(local.time());
        let today = self.of(local.weekday()).iter().any(|span| {
            span.start.seconds() <= time && (span.through_midnight() || time < span.end.seconds())
        });
        let mut before = self.of(local.weekday().previous()).iter();
        today || before.any(|span| span.through_midnight() && time < span.end.seconds())
    }

    /// The next time of this local day at which a span begins or ends.
    pub(super) fn next_edge(&self, local: DateTime) -> Option<Time> {
        let time = seconds(local.time());
        let today = self.of(local.weekday()).iter();
        let today = today.flat_map(|span| [span.start, span.end]);
        let before = self.of(local.weekday().previous()).iter();
        let before = before.map(|span| span.end);
        let edges = today.chain(before).map(TimeOfDay::seconds);
        let next = edges.filter(|edge| *edge > time).min()?;
        let (hours, minutes) = (next.div_euclid(3600), next.rem_euclid(3600).div_euclid(60));
        let (hours, minutes) = (i8::try_from(hours).ok()?, i8::try_from(minutes).ok()?);
        Time::new(hours, minutes, 0, 0).ok()
    }

    fn of(&self, day: Weekday) -> &[Span] {
        let at = usize::from(day.to_monday_zero_offset().unsigned_abs());
        self.days.get(at).map_or(&[], Vec::as_slice)
    }

    fn of_mut(&mut self, day: Weekday) -> &mut Vec<Span> {
        let [
            monday,
            tuesday,
            wednesday,
            thursday,
            friday,
            saturday,
            sunday,
        ] = &mut self.days;
        match day {
            Weekday::Monday => monday,
            Weekday::Tuesday => tuesday,
            Weekday::Wednesday => wednesday,
            Weekday::Thursday => thursday,
            Weekday::Friday => friday,
            Weekday::Saturday => saturday,
            Weekday::Sunday => sunday,
        }
    }
}

/// Whole seconds since midnight.
fn seconds(time: Time) -> i64 {
    i64::from(time.hour())
        .saturating_mul(3600)
        .saturating_add(i64::from(time.minute()).saturating_mul(60))
        .saturating_add(i64::from(time.second()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(lines: &[&str]) -> WeeklyHours {
        WeeklyHours::parse(lines.iter().copied(), &WeeklyHours::every_day()).unwrap()
    }

    fn open(lines: &[&str], local: &str) -> bool {
        hours(lines).open_at(local.parse().unwrap())
    }

    #[test]
    fn days_and_spans_are_read() {
        // 30 November 2026 is a Monday.
        let week = ["mon-thu 08:00-12:00, 13:00-18:00", "fri 08:00-14:00"];
        assert!(open(&week, "2026-11-30T08:00:00"));
        assert!(!open(&week, "2026-11-30T12:00:00"));
        assert!(open(&week, "2026-12-03T17:59:59"));
        assert!(!open(&week, "2026-12-04T14:00:00"));
        assert!(!open(&week, "2026-12-05T10:00:00"));
    }

    #[test]
    fn a_span_through_midnight_belongs_to_the_day_on_which_it_begins() {
        let night = ["fri 22:00-02:00"];
        assert!(open(&night, "2026-12-04T23:00:00"));
        assert!(open(&night, "2026-12-05T01:59:59"));
        assert!(!open(&night, "2026-12-05T02:00:00"));
        assert!(!open(&night, "2026-12-04T01:00:00"));
        assert!(!open(&night, "2026-12-05T23:00:00"));
        let whole = ["sat 00:00-00:00"];
        assert!(open(&whole, "2026-12-05T00:00:00"));
        assert!(open(&whole, "2026-12-05T23:59:59"));
        assert!(!open(&whole, "2026-12-06T00:00:00"));
    }

    #[test]
    fn days_may_wrap_around_the_week_and_hold_for_lines_without_any() {
        assert!(open(&["sat-mon 10:00-11:00"], "2026-11-30T10:00:00"));
        assert!(!open(&["sat-mon 10:00-11:00"], "2026-12-01T10:00:00"));
        let weekdays = WeeklyHours::parse_days(["mon-tue"]).unwrap();
        let hours = WeeklyHours::parse(["10:00-11:00"], &weekdays).unwrap();
        assert!(hours.open_at("2026-12-01T10:00:00".parse().unwrap()));
        assert!(!hours.open_at("2026-12-02T10:00:00".parse().unwrap()));
    }

    #[test]
    fn what_is_no_hours_is_refused_with_the_word() {
        let parse = |line| WeeklyHours::parse([line], &WeeklyHours::every_day()).unwrap_err();
        assert_eq!(parse("mon"), HoursError::NoHours);
        assert_eq!(parse(""), HoursError::NoHours);
        assert_eq!(
            parse("mon-fry 9:00-18:00"),
            HoursError::NoDay("mon-fry".to_owned())
        );
        for wrong in ["9:00-18:00", "09:00", "09:00-24:00", "25:00-26:00"] {
            assert_eq!(parse(wrong), HoursError::NoSpan(wrong.to_owned()));
        }
    }
}
