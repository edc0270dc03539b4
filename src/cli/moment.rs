//! A moment as people give it: every form in which the commands print one, and what is quick to type.

use std::str::FromStr;
use std::time::Duration;

use jiff::civil::{Date, Time};

use crate::domain::{Timestamp, Zone};

/// What a text that is no moment is answered with.
const FORMS: &str = "give a duration back from now such as 2h, a time of day such as 03:10 (the last one that has been), a day and \
     time such as \"2026-11-28 03:10\", `today` or `yesterday`, or a time of RFC 3339 such as 2026-11-28T03:10:00Z";

/// A duration back from now, or a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// So long ago.
    Ago(Duration),
    /// At that time.
    At(Timestamp),
    /// On the clock of the zone in which times are shown.
    OnClock(MomentDay, Time),
}

/// The day of a time that stands on a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MomentDay {
    /// The last day on which that time has been.
    Last,
    /// The day that it is.
    Today,
    /// The day before.
    Yesterday,
    /// This one.
    Date(Date),
}

impl Moment {
    /// The time that is meant, where it is `now` on the clock of this zone.
    pub(super) fn as_of(self, now: Timestamp, zone: &Zone) -> Timestamp {
        match self {
            Self::Ago(ago) => now.minus(ago),
            Self::At(at) => at,
            // Only a time beyond the end of the calendar is none: everything is before it, or behind.
            Self::OnClock(day, time) => on_clock(day, time, now, zone).unwrap_or(now),
        }
    }

    /// Whether it takes the zone in which times are shown to know what is meant.
    pub(super) fn is_on_clock(self) -> bool {
        matches!(self, Self::OnClock(..))
    }
}

fn on_clock(day: MomentDay, time: Time, now: Timestamp, zone: &Zone) -> Option<Timestamp> {
    let today = jiff::Timestamp::from_millisecond(now.as_unix_millis()).ok()?;
    let today = zone.rules().to_datetime(today).date();
    let at = |day: Date| {
        // A time that a clock skips is meant as the one before it went on, and of two the first is meant.
        let at = zone.rules().to_timestamp(day.to_datetime(time)).ok()?;
        Some(Timestamp::from_unix_millis(at.as_millisecond()))
    };
    match day {
        MomentDay::Date(day) => at(day),
        MomentDay::Today => at(today),
        MomentDay::Yesterday => at(today.yesterday().ok()?),
        MomentDay::Last => {
            let of_today = at(today)?;
            if of_today <= now {
                Some(of_today)
            } else {
                at(today.yesterday().ok()?)
            }
        }
    }
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        moment(text.trim()).ok_or_else(|| FORMS.to_owned())
    }
}

fn moment(text: &str) -> Option<Moment> {
    if let Some(at) = Timestamp::parse_rfc3339(text) {
        return Some(Moment::At(at));
    }
    // As the commands print times: `14:32:10 (8 s ago)`, and `2026-05-15 14:32:10   8 s ago` at the head of a row.
    let text = match text.split_once(" (") {
        Some((time, away)) if away.ends_with(')') => time,
        Some(_) | None => text,
    };
    if let Some(ago) = span(text) {
        return Some(Moment::Ago(ago));
    }
    let (first, rest) = word(text);
    if let Some(time) = time_of_day(first) {
        return ends(rest).then_some(Moment::OnClock(MomentDay::Last, time));
    }
    let day = match first {
        "today" => MomentDay::Today,
        "yesterday" => MomentDay::Yesterday,
        date => MomentDay::Date(date_of(date)?),
    };
    if rest.is_empty() {
        return Some(Moment::OnClock(day, Time::midnight()));
    }
    let (time, rest) = word(rest);
    let time = time_of_day(time)?;
    ends(rest).then_some(Moment::OnClock(day, time))
}

/// The first word, and what stands behind it.
fn word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once([' ', 'T']).unwrap_or((text, ""));
    (word, rest.trim())
}

/// Whether nothing stands behind a time, or how long ago it was.
fn ends(rest: &str) -> bool {
    rest.is_empty() || (rest.ends_with(" ago") && span(rest).is_some())
}

/// `2h`, or `2 h ago`.
fn span(text: &str) -> Option<Duration> {
    let span = text.strip_suffix(" ago").unwrap_or(text);
    humantime::parse_duration(span).ok()
}

fn date_of(text: &str) -> Option<Date> {
    let plain = |byte: u8| byte.is_ascii_digit() || byte == b'-';
    let is_date = text.len() == "2026-11-28".len() && text.bytes().all(plain);
    text.parse().ok().filter(|_| is_date)
}

fn time_of_day(text: &str) -> Option<Time> {
    let plain = |byte: u8| byte.is_ascii_digit() || matches!(byte, b':' | b'.');
    let is_time = text.contains(':') && text.bytes().all(plain);
    text.parse().ok().filter(|_| is_time)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-05-15T08:00:00Z.
    const NOW: i64 = 1_778_832_000_000;

    /// What a text means at 10:00 in Berlin.
    fn meant(text: &str) -> Result<String, String> {
        let now = Timestamp::from_unix_millis(NOW);
        let zone: Zone = "Europe/Berlin".parse().map_err(|_| "no zone".to_owned())?;
        let moment = text.parse::<Moment>();
        moment.map(|moment| moment.as_of(now, &zone).to_string())
    }

    #[test]
    fn a_moment_is_a_duration_back_a_time_or_a_time_on_the_clock() {
        for (text, wanted) in [
            ("2h", "2026-05-15T06:00:00.000Z"),
            ("1d 2h", "2026-05-14T06:00:00.000Z"),
            ("2026-05-15T06:00:00+02:00", "2026-05-15T04:00:00.000Z"),
            ("2026-05-15 06:00:00Z", "2026-05-15T06:00:00.000Z"),
            ("2026-05-14 03:10", "2026-05-14T01:10:00.000Z"),
            ("2026-05-14T03:10:30", "2026-05-14T01:10:30.000Z"),
            ("2026-01-14 03:10", "2026-01-14T02:10:00.000Z"),
            ("2026-05-14", "2026-05-13T22:00:00.000Z"),
            ("03:10", "2026-05-15T01:10:00.000Z"),
            ("10:00", "2026-05-15T08:00:00.000Z"),
            ("10:01", "2026-05-14T08:01:00.000Z"),
            ("today", "2026-05-14T22:00:00.000Z"),
            ("yesterday", "2026-05-13T22:00:00.000Z"),
            ("yesterday 03:10", "2026-05-14T01:10:00.000Z"),
            // The clock goes from 02:00 to 03:00, and in autumn from 03:00 to 02:00.
            ("2026-03-29 02:30", "2026-03-29T01:30:00.000Z"),
            ("2026-10-25 02:30", "2026-10-25T00:30:00.000Z"),
        ] {
            assert_eq!(meant(text).as_deref(), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn times_are_read_as_they_are_printed() {
        for (text, wanted) in [
            (
                "2026-05-15 09:59:52        8 s ago",
                "2026-05-15T07:59:52.000Z",
            ),
            (
                "2026-05-14 09:00:00      2 h 5 min ago",
                "2026-05-14T07:00:00.000Z",
            ),
            ("09:59:52 (8 s ago)", "2026-05-15T07:59:52.000Z"),
            ("2026-05-14 09:59:52 (24 h ago)", "2026-05-14T07:59:52.000Z"),
            ("2026-05-15T07:59:52.400Z", "2026-05-15T07:59:52.400Z"),
            ("5 min ago", "2026-05-15T07:55:00.000Z"),
            ("2 h 5 min ago", "2026-05-15T05:55:00.000Z"),
        ] {
            assert_eq!(meant(text).as_deref(), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_answered_with_the_forms() {
        for text in [
            "",
            "10",
            "noon",
            "25:00",
            "03",
            "2026-05",
            "2026-13-01",
            "2026-05-14 noon",
            "03:10 sharp",
            "ago",
            "in 2h",
            "-2h",
        ] {
            let wrong = meant(text).unwrap_err();
            for form in ["2h", "03:10", "2026-11-28 03:10", "yesterday", "T03:10:00Z"] {
                assert!(wrong.contains(form), "{text}: {wrong}");
            }
        }
    }
}
