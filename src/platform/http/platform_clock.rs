//! The platform's clock, as closely as its answers tell it.
//!
//! A `Date` header names a second, and the answer was made between the sending of its request and its arrival. Each answer so
//! bounds the difference between both clocks; what all of them allow is narrower than a second by far, and that decides whether
//! a change can be shown to lie within the window of a lost request.
//!
//! *Clocks drift and are set.* Bounds widen with time. An answer that contradicts them begins anew: a clock was set, or another
//! machine of the platform answered.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::domain::Timestamp;

/// A `Date` header names the whole second.
const RESOLUTION_MS: i64 = 1_000;

/// Allowed for machines of one platform that differ among themselves, to either side.
const MARGIN_MS: i64 = 20;

/// Two clocks drift apart by at most one millisecond in so many.
const DRIFT_ONE_IN: i64 = 10_000;

/// A time of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlatformTime {
    /// It is not before this.
    pub at: Timestamp,
    /// It is after `at` by no more than this.
    pub error: Duration,
}

/// The bounds of the platform's clock minus ours, in milliseconds.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    least: i64,
    most: i64,
    /// Our clock when they were narrowed last.
    since: Timestamp,
}

impl Bounds {
    /// The bounds at `now`, widened by what the clocks may have drifted since.
    fn at(self, now: Timestamp) -> Self {
        let elapsed = i64::try_from(now.since(self.since).as_millis()).unwrap_or(i64::MAX);
        let drift = elapsed.saturating_add(DRIFT_ONE_IN - 1) / DRIFT_ONE_IN;
        Self {
            least: self.least.saturating_sub(drift),
            most: self.most.saturating_add(drift),
            since: now,
        }
    }
}

/// What is known of the platform's clock.
#[derive(Debug, Default)]
pub struct PlatformClock(Mutex<Option<Bounds>>);

impl PlatformClock {
    /// Takes in that an answer named the second `date`; our clock showed `sent` before its request left and `answered` when it
    /// had come.
    pub fn observe(&self, date: Timestamp, sent: Timestamp, answered: Timestamp) {
        let date = date.as_unix_millis();
        let seen = Bounds {
            least: date.saturating_sub(answered.as_unix_millis()),
            most: date
                .saturating_add(RESOLUTION_MS)
                .saturating_sub(sent.as_unix_millis()),
            since: answered,
        };
        let mut bounds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = bounds.map(|known| known.at(answered));
        *bounds = Some(match known {
            Some(known) if known.least <= seen.most && seen.least <= known.most => Bounds {
                least: known.least.max(seen.least),
                most: known.most.min(seen.most),
                since: answered,
            },
            Some(_) | None => seen,
        });
    }

    /// Returns the platform's time when our clock shows `now`; nothing before the first answer.
    #[must_use]
    pub fn read(&self, now: Timestamp) -> Option<PlatformTime> {
        let bounds = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Bounds { least, most, .. } = bounds?.at(now);
        let least = least.saturating_sub(MARGIN_MS);
        let most = most.saturating_add(MARGIN_MS);
        let at = now.as_unix_millis().saturating_add(least);
        Some(PlatformTime {
            at: Timestamp::from_unix_millis(at),
            error: Duration::from_millis(most.abs_diff(least)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Our clock stands at `ours`; the platform's is `ahead` of it, a request takes 30 ms there and 20 ms back.
    fn answer(clock: &PlatformClock, ours: i64, ahead: i64) {
        let platform = ours + 30 + ahead;
        let date = platform - platform.rem_euclid(1_000);
        clock.observe(
            Timestamp::from_unix_millis(date),
            Timestamp::from_unix_millis(ours),
            Timestamp::from_unix_millis(ours + 50),
        );
    }

    fn bounds(clock: &PlatformClock, ours: i64) -> (i64, i64) {
        let time = clock.read(Timestamp::from_unix_millis(ours)).unwrap();
        let least = time.at.as_unix_millis() - ours;
        (
            least,
            least + i64::try_from(time.error.as_millis()).unwrap(),
        )
    }

    #[test]
    fn one_answer_tells_a_second_and_many_tell_far_less() {
        let clock = PlatformClock::default();
        assert_eq!(clock.read(Timestamp::from_unix_millis(0)), None);
        answer(&clock, 10_000, 3_400);
        let (least, most) = bounds(&clock, 10_050);
        assert!((least..=most).contains(&3_400));
        assert!(most - least > 1_000);
        for turn in 1..60 {
            answer(&clock, 10_000 + turn * 1_037, 3_400);
            let (least, most) = bounds(&clock, 10_050 + turn * 1_037);
            assert!((least..=most).contains(&3_400), "{least} to {most}");
        }
        let (least, most) = bounds(&clock, 72_000);
        assert!(most - least < 250, "{least} to {most}");
    }

    #[test]
    fn a_clock_that_is_set_begins_anew_and_an_old_bound_widens() {
        let clock = PlatformClock::default();
        for turn in 0..60 {
            answer(&clock, 10_000 + turn * 1_037, 0);
        }
        let (least, most) = bounds(&clock, 10_000 + 3_600_000);
        assert!(most - least > 700, "an hour later: {least} to {most}");
        answer(&clock, 80_000, -40_000);
        let (least, most) = bounds(&clock, 80_050);
        assert!((least..=most).contains(&-40_000), "{least} to {most}");
    }
}
