//! Times as people at a terminal read them: on the clock of one zone, and how long ago or ahead. What programs read keeps RFC 3339.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::control::ports::{Clock, SystemClock};
use crate::domain::{Timestamp, Zone};
use crate::settings::time_zone_variable;

use super::environment::variable;
use super::moment::Moment;

/// A time and the zone in which it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ShownTimes {
    now: Timestamp,
    zone: Zone,
}

/// Which times of a text are told with how far they are away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Away {
    /// Every one.
    Told,
    /// The one that heads it.
    OfHead,
}

/// Where a time stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TimePlace {
    /// At the head of a row.
    Head,
    /// In a sentence about now.
    Sentence,
    /// Between brackets of such a sentence, which are not nested.
    Brackets,
    /// In a sentence about what was recorded.
    Record,
}

/// As the daemon that answered last shows times; nothing where none was asked.
static OF_DAEMON: Mutex<Option<ShownTimes>> = Mutex::new(None);

/// The zone of this machine: that of `TZ`, else that of `/etc/localtime`, and universal time where neither has a name that is known.
pub(crate) fn machine_zone() -> Zone {
    let system = TimeZone::try_system().ok();
    let named = system.as_ref().and_then(TimeZone::iana_name);
    let zone = named.and_then(|name| name.parse().ok());
    // Its other names, such as `Etc/UTC`, are known to fewer people.
    zone.filter(|zone| *zone != Zone::utc())
        .unwrap_or_else(Zone::utc)
}

/// From here on times are shown as a daemon shows them, whose clock this is (RFC 9557).
pub(crate) fn show_as_daemon(clock: &str) {
    if let Some((now, zone)) = Zone::parse_clock(clock) {
        let mut kept = OF_DAEMON.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some(ShownTimes { now, zone });
    }
}

impl ShownTimes {
    /// As the daemon that was asked shows them; else in the zone of the environment or of the machine.
    pub(crate) fn here() -> Self {
        let kept = OF_DAEMON.lock().unwrap_or_else(PoisonError::into_inner);
        kept.clone().unwrap_or_else(|| {
            let given = variable(time_zone_variable()).and_then(|name| name.parse().ok());
            Self {
                now: SystemClock::real_time().now(),
                zone: given.unwrap_or_else(machine_zone),
            }
        })
    }

    /// The zone in which times are shown.
    pub(crate) fn zone(&self) -> &Zone {
        &self.zone
    }

    /// The time that is meant by people who read times as they are shown here.
    pub(super) fn time_of(&self, moment: Moment) -> Timestamp {
        moment.as_of(self.now, &self.zone)
    }

    /// The time of day and the zone: `14:32:18 in Europe/Berlin`.
    pub(crate) fn clock(&self) -> String {
        match self.zone.day_and_time(self.now) {
            Some((_, time)) => format!("{time} in {}", self.zone.name()),
            None => self.now.to_string(),
        }
    }

    /// A text in which every time of RFC 3339 in UTC is told as people read it; one that it begins with heads a row, and is told in full.
    pub(crate) fn told(&self, text: &str) -> String {
        self.telling(text, Away::Told)
    }

    /// A row of what was recorded. What it tells of may be over, or was ended before: how far its times are away says nothing of that, so
    /// that only the time that heads the row is told with it.
    pub(crate) fn recorded(&self, text: &str) -> String {
        self.telling(text, Away::OfHead)
    }

    fn telling(&self, text: &str, away: Away) -> String {
        let mut told = String::with_capacity(text.len());
        let mut rest = text;
        let mut before = None;
        let mut brackets = 0_usize;
        while let Some(first) = rest.chars().next() {
            let apart = before.is_none_or(|c: char| !c.is_alphanumeric());
            let length = rest.find(|c| !is_of_time(c)).unwrap_or(rest.len());
            let (run, behind) = rest.split_at(length);
            if let Some((at, left)) = time_at_start(run).filter(|_| apart) {
                let place = match (told.is_empty(), away, brackets) {
                    (true, ..) => TimePlace::Head,
                    (false, Away::OfHead, _) => TimePlace::Record,
                    (false, Away::Told, 0) => TimePlace::Sentence,
                    (false, Away::Told, _) => TimePlace::Brackets,
                };
                told.push_str(&self.at(at, place));
                told.push_str(left);
                (before, rest) = (Some('Z'), behind);
            } else if run.is_empty() {
                brackets = match first {
                    '(' => brackets.saturating_add(1),
                    ')' => brackets.saturating_sub(1),
                    _ => brackets,
                };
                told.push(first);
                before = Some(first);
                rest = rest.split_at(first.len_utf8()).1;
            } else {
                told.push_str(run);
                before = run.chars().next_back();
                rest = behind;
            }
        }
        told
    }

    /// A time: `14:32:10 (8 s ago)`, with the day where it is another one, or in full as the head of a row.
    fn at(&self, at: Timestamp, place: TimePlace) -> String {
        let known = self
            .zone
            .day_and_time(at)
            .zip(self.zone.day_and_time(self.now));
        let Some(((day, time), (today, _))) = known else {
            return at.to_string();
        };
        let away = self.away(at);
        let time = if place != TimePlace::Head && day == today {
            time
        } else {
            format!("{day} {time}")
        };
        match place {
            TimePlace::Head => format!("{time} {away:>14}"),
            TimePlace::Sentence => format!("{time} ({away})"),
            TimePlace::Brackets => format!("{time}, {away}"),
            TimePlace::Record => time,
        }
    }

    /// How far a time is away: `8 s ago`, `in 25 min`.
    fn away(&self, at: Timestamp) -> String {
        let ahead = at.since(self.now);
        if ahead.is_zero() {
            format!("{} ago", span(self.now.since(at)))
        } else {
            format!("in {}", span(ahead))
        }
    }
}

/// A span in one or two units, as the page writes it: `45 s`, `3 min`, `2 h 5 min`, `3 d 4 h`.
fn span(time: Duration) -> String {
    let seconds = time.as_millis().saturating_add(500) / 1_000;
    if seconds < 90 {
        return format!("{seconds} s");
    }
    let minutes = seconds.saturating_add(30) / 60;
    let two = |(big, unit): (u128, &str), (small, smaller): (u128, &str)| match small {
        0 => format!("{big} {unit}"),
        small => format!("{big} {unit} {small} {smaller}"),
    };
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours @ 1..48, minutes) => two((hours, "h"), (minutes, "min")),
        (hours, _) => two((hours / 24, "d"), (hours % 24, "h")),
    }
}

/// Whether a character is one of those that a time is written with.
fn is_of_time(c: char) -> bool {
    matches!(c, '0'..='9' | '-' | ':' | '.' | 'T' | 'Z')
}

/// The time that a run of such characters begins with, and what stands behind it.
fn time_at_start(run: &str) -> Option<(Timestamp, &str)> {
    let end = run.find('Z')?;
    let (time, left) = run.split_at(end.saturating_add(1));
    let at = Timestamp::parse_rfc3339(time).filter(|_| time.contains('T'))?;
    // What follows is the end of a sentence, and no part of a longer word.
    left.chars()
        .all(|c| matches!(c, '.' | ':'))
        .then_some((at, left))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin(now: &str) -> ShownTimes {
        ShownTimes {
            now: Timestamp::parse_rfc3339(now).unwrap(),
            zone: "Europe/Berlin".parse().unwrap(),
        }
    }

    #[test]
    fn a_sentence_tells_its_times_on_the_clock_of_the_zone() {
        let times = berlin("2026-05-15T12:32:18.000Z");
        assert_eq!(times.clock(), "14:32:18 in Europe/Berlin");
        for (text, told) in [
            (
                "ready, agents read 2026-05-15T12:32:10.400Z",
                "ready, agents read 14:32:10 (8 s ago)",
            ),
            (
                "held paused until 2026-05-15T13:00:00.000Z by anna: wrong list",
                "held paused until 15:00:00 (in 28 min) by anna: wrong list",
            ),
            (
                "(since 2026-05-14T22:30:00Z, until 2026-05-16T12:32:18Z).",
                "(since 00:30:00, 14 h 2 min ago, until 2026-05-16 14:32:18, in 24 h).",
            ),
            (
                "ends at 2026-05-15T12:32:18.000Z.",
                "ends at 14:32:18 (0 s ago).",
            ),
            (
                "since 2026-01-15T12:00:00Z",
                "since 2026-01-15 13:00:00 (120 d ago)",
            ),
        ] {
            assert_eq!(times.told(text), told);
        }
    }

    #[test]
    fn the_time_at_the_head_of_a_row_is_told_in_full_and_rows_stay_aligned() {
        let times = berlin("2026-05-15T12:32:18.000Z");
        let told = |text: &str| times.told(text);
        assert_eq!(
            told("2026-05-15T12:32:10.400Z  a  paused"),
            "2026-05-15 14:32:10        8 s ago  a  paused"
        );
        assert_eq!(
            told("2026-05-13T12:00:00.000Z  b  resumed at 2026-05-13T12:00:00.000Z"),
            "2026-05-13 14:00:00        2 d ago  b  resumed at 2026-05-13 14:00:00 (2 d ago)"
        );
    }

    #[test]
    fn a_record_tells_the_clock_of_what_it_tells_of() {
        let times = berlin("2026-05-15T12:32:18.000Z");
        let row = "2026-05-15T12:27:18.000Z  a  held paused until 2026-05-15T12:35:00.000Z instead of 2026-05-14T12:30:00.000Z, by anna: trial";
        assert_eq!(
            times.recorded(row),
            "2026-05-15 14:27:18      5 min ago  a  held paused until 14:35:00 instead of 2026-05-14 14:30:00, by anna: trial"
        );
    }

    #[test]
    fn what_only_looks_like_a_time_stays() {
        let times = berlin("2026-05-15T12:32:18.000Z");
        for text in [
            "",
            "campaign-2026-05-15T12:32:18Z",
            "x2026-05-15T12:32:18Z",
            "2026-05-15",
            "12:32:18Z",
            "2026-05-15T12:32:18Z-7",
            "2026-05-15T12:32:18+02:00",
            "2026-99-15T12:32:18Z",
            "Zürich – TZ:–",
        ] {
            assert_eq!(times.told(text), text);
        }
    }

    #[test]
    fn spans_are_written_as_on_the_page() {
        for (seconds, written) in [
            (0, "0 s"),
            (89, "89 s"),
            (90, "2 min"),
            (3_570, "1 h"),
            (7_500, "2 h 5 min"),
            (172_800, "2 d"),
            (273_600, "3 d 4 h"),
        ] {
            assert_eq!(span(Duration::from_secs(seconds)), written);
        }
    }
}
