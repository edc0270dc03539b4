//! When an agent works: times of day in the agent's own time zone.
//!
//! A window is evaluated in its zone. It contains an instant when the local time there is from the
//! start on and before the end; one whose end is not after its start goes through midnight, and one whose end is its
//! start is open all day. Where clocks change within the time looked at, each stretch between two changes is looked at
//! by itself: an hour that the clocks skip closes nothing, and one that they repeat counts both times.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::Timestamp;
use crate::domain::local_time::{TimeOfDay, Zone};

const DAY_S: i64 = 24 * 3600;

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
                .rules()
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
        let time = at.to_zoned(self.zone.rules().clone()).time();
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
        write!(f, "{}-{} {}", self.start, self.end, self.zone.name())
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
}
