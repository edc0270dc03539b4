//! One-off closures: spans of instants in which nothing is dialled.

use jiff::civil::{Date, DateTime};
use jiff::tz::AmbiguousOffset;
use serde::{Deserialize, Serialize};

use crate::domain::local_time::Zone;
use crate::domain::time::Timestamp;

use super::days::date;
use super::name::ClosureName;

/// Closed from one instant on, and before another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closure {
    /// The first instant within.
    pub from: Timestamp,
    /// The first instant after.
    pub to: Timestamp,
    /// What it is called.
    pub name: ClosureName,
}

/// Why a text is no closure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClosureError {
    /// It has no two ends.
    #[error("has no two ends, such as 2026-12-24T12:00/2026-12-27T00:00")]
    NoEnds,
    /// An end of it is wrong.
    #[error(
        "`{0}` is no day and no time, such as 2026-12-24, 2026-12-24T12:00 or 2026-12-24T12:00:00Z"
    )]
    NoTime(String),
    /// It ends before it begins.
    #[error("does not end after it begins")]
    Backwards,
}

/// Which of the instants that a local time can mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClosureEnd {
    First,
    Last,
}

/// The instant at which the clock of `zone` first shows `local`, or last does. A time that it skips is the instant of the change.
pub(crate) fn instant(local: DateTime, zone: &Zone, end: ClosureEnd) -> Option<Timestamp> {
    let rules = zone.rules();
    let at = match (rules.to_ambiguous_timestamp(local).offset(), end) {
        (AmbiguousOffset::Unambiguous { offset }, _)
        | (AmbiguousOffset::Fold { before: offset, .. }, ClosureEnd::First)
        | (AmbiguousOffset::Fold { after: offset, .. }, ClosureEnd::Last) => {
            offset.to_timestamp(local).ok()?
        }
        (AmbiguousOffset::Gap { after, .. }, _) => {
            let before_the_change = after.to_timestamp(local).ok()?;
            rules.following(before_the_change).next()?.timestamp()
        }
    };
    Some(Timestamp::from_unix_millis(at.as_millisecond()))
}

impl Closure {
    /// Reads `FROM/TO NAME`, local to `zone` unless an offset is written. Days are closed from the first to the last, both of
    /// them; times from the first on and before the last.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str, zone: &Zone) -> Result<Self, ClosureError> {
        let text = text.trim();
        let (ends, name) = text.split_once(' ').unwrap_or((text, ""));
        let (from, to) = ends.split_once('/').ok_or(ClosureError::NoEnds)?;
        let wrong = |text: &str| ClosureError::NoTime(text.chars().take(40).collect());
        let from = read(from, zone, ClosureEnd::First).ok_or_else(|| wrong(from))?;
        let to = read(to, zone, ClosureEnd::Last).ok_or_else(|| wrong(to))?;
        if to <= from {
            return Err(ClosureError::Backwards);
        }
        Ok(Self {
            from,
            to,
            name: ClosureName::shortened(name),
        })
    }

    /// Whether it closes this instant.
    pub(super) fn closes(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }
}

fn read(text: &str, zone: &Zone, end: ClosureEnd) -> Option<Timestamp> {
    if let Some(day) = date(text) {
        let day: Date = match end {
            ClosureEnd::First => day,
            ClosureEnd::Last => day.tomorrow().ok()?,
        };
        return instant(day.to_datetime(jiff::civil::Time::midnight()), zone, end);
    }
    let minutes = text.get(.."2026-12-24T12:00".len())?;
    let (day, time) = minutes.split_once('T')?;
    date(day)?;
    time.contains(':').then_some(())?;
    if let Some(instant) = Timestamp::parse_rfc3339(text) {
        return Some(instant);
    }
    instant(text.parse::<DateTime>().ok()?, zone, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closure(text: &str, zone: &str) -> (String, String) {
        let closure = Closure::parse(text, &zone.parse().unwrap()).unwrap();
        let short = |at: Timestamp| at.to_string().replace(".000Z", "Z");
        (short(closure.from), short(closure.to))
    }

    fn pair(from: &str, to: &str) -> (String, String) {
        (from.to_owned(), to.to_owned())
    }

    #[test]
    fn days_times_and_instants() {
        assert_eq!(
            closure("2026-12-24/2026-12-26 Christmas", "Europe/Berlin"),
            pair("2026-12-23T23:00:00Z", "2026-12-26T23:00:00Z")
        );
        assert_eq!(
            closure("2026-12-24T12:00/2026-12-24T18:30", "Europe/Berlin"),
            pair("2026-12-24T11:00:00Z", "2026-12-24T17:30:00Z")
        );
        assert_eq!(
            closure(
                "2026-12-24T12:00:00Z/2026-12-24T18:00:00+02:00",
                "Europe/Berlin"
            ),
            pair("2026-12-24T12:00:00Z", "2026-12-24T16:00:00Z")
        );
    }

    #[test]
    fn a_clock_change_under_an_end_closes_longer() {
        // Berlin, 25 October 2026: 03:00 becomes 02:00 at 01:00 UTC, so that 02:30 is at 00:30 and at 01:30.
        assert_eq!(
            closure("2026-10-25T02:30/2026-10-25T02:31", "Europe/Berlin"),
            pair("2026-10-25T00:30:00Z", "2026-10-25T01:31:00Z")
        );
        // 29 March 2026: 02:00 becomes 03:00 at 01:00 UTC; there is no 02:30.
        assert_eq!(
            closure("2026-03-29T02:30/2026-03-29T04:00", "Europe/Berlin"),
            pair("2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z")
        );
        // Havana, 8 March 2026: midnight itself is skipped, at 05:00 UTC.
        assert_eq!(
            closure("2026-03-08/2026-03-08", "America/Havana"),
            pair("2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z")
        );
    }

    #[test]
    fn what_is_no_closure_is_refused() {
        let zone = "Europe/Berlin".parse().unwrap();
        let parse = |text| Closure::parse(text, &zone).unwrap_err();
        assert_eq!(parse("2026-12-24"), ClosureError::NoEnds);
        assert_eq!(
            parse("2026-12-24/noon"),
            ClosureError::NoTime("noon".to_owned())
        );
        assert_eq!(
            parse("2026-12-24T12:00/2026-12-24T12:00"),
            ClosureError::Backwards
        );
        assert!(Closure::parse("2026-12-24T25:00/2026-12-26", &zone).is_err());
    }
}
