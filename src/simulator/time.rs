//! Simulated time: what the platform's clock says, and how fast it runs.
//!
//! The simulator reads the real clock in one place, [`SimClock::now`]; everything else gets the time as an argument.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, UNIX_EPOCH};

use jiff::Timestamp;

const MICROS_PER_MILLI: i64 = 1_000;

/// A moment of simulated time, in microseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimTime(i64);

impl SimTime {
    /// Returns the moment `millis` milliseconds after the Unix epoch.
    #[must_use]
    pub const fn from_unix_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(MICROS_PER_MILLI))
    }

    /// Returns the moment `micros` microseconds after the Unix epoch.
    #[must_use]
    pub const fn from_unix_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Returns whole milliseconds since the Unix epoch, rounded down.
    #[must_use]
    pub const fn as_unix_millis(self) -> i64 {
        self.0.div_euclid(MICROS_PER_MILLI)
    }

    /// Returns microseconds since the Unix epoch.
    #[must_use]
    pub const fn as_unix_micros(self) -> i64 {
        self.0
    }

    /// Returns this moment and `duration` more.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(micros(duration)))
    }

    /// Returns this moment and `duration` less.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(micros(duration)))
    }

    /// Returns this moment and so many microseconds more.
    pub(super) const fn plus_micros(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// Returns how many microseconds after `earlier` this is.
    pub(super) const fn micros_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Returns how long after `earlier` this is; zero when it is not after it.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        u64::try_from(self.0.saturating_sub(earlier.0))
            .map_or(Duration::ZERO, Duration::from_micros)
    }

    /// Formats it as RFC 3339 in UTC with milliseconds, `2024-05-15T14:32:10.123Z`.
    #[must_use]
    pub fn rfc3339(self) -> String {
        // Cut to the millisecond first: the formatter would otherwise decide how to round.
        let cut = self.as_unix_millis().saturating_mul(MICROS_PER_MILLI);
        format!("{:.3}", timestamp(cut))
    }

    /// Formats it as RFC 3339 in UTC, cut to the second, `2024-05-15T14:32:10Z`.
    #[must_use]
    pub fn rfc3339_seconds(self) -> String {
        let second = MICROS_PER_MILLI.saturating_mul(1_000);
        let cut = self.0.div_euclid(second).saturating_mul(second);
        format!("{:.0}", timestamp(cut))
    }

    /// Formats it as in the `Date` header, `Wed, 15 May 2024 14:32:10 GMT`.
    #[must_use]
    pub fn http_date(self) -> String {
        // The format has no years before 1970 and none after 9999.
        let latest = Timestamp::MAX.as_microsecond();
        let micros = u64::try_from(self.0.min(latest)).unwrap_or(0);
        httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_micros(micros))
    }
}

impl fmt::Display for SimTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.rfc3339())
    }
}

impl From<Timestamp> for SimTime {
    fn from(timestamp: Timestamp) -> Self {
        Self(timestamp.as_microsecond())
    }
}

/// The platform's clock. Clones show the same time.
#[derive(Clone, Debug)]
pub struct SimClock(Arc<Source>);

#[derive(Debug)]
enum Source {
    Running {
        start: SimTime,
        began: Instant,
        speed: f64,
    },
    Manual(AtomicI64),
}

impl SimClock {
    /// Creates a clock that shows `start` at this moment and runs `speed` times as fast as the real one.
    /// With a speed that is not a positive number, it stops.
    #[must_use]
    pub fn starting_at(start: SimTime, speed: f64) -> Self {
        let speed = if speed.is_finite() && speed > 0.0 {
            speed
        } else {
            0.0
        };
        Self(Arc::new(Source::Running {
            start,
            began: real_now(),
            speed,
        }))
    }

    /// Creates a clock that shows `start` until it is moved.
    #[must_use]
    pub fn manual(start: SimTime) -> Self {
        Self(Arc::new(Source::Manual(AtomicI64::new(start.0))))
    }

    /// Returns the simulated time.
    #[must_use]
    pub fn now(&self) -> SimTime {
        match &*self.0 {
            Source::Running {
                start,
                began,
                speed,
            } => {
                let elapsed = real_now().saturating_duration_since(*began).as_secs_f64() * speed;
                start.plus(Duration::try_from_secs_f64(elapsed).unwrap_or(Duration::MAX))
            }
            Source::Manual(micros) => SimTime(micros.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock on. A running clock is left alone, since it moves by itself.
    pub fn advance(&self, by: Duration) {
        match &*self.0 {
            Source::Running { .. } => {}
            Source::Manual(shown) => {
                shown.fetch_add(micros(by), Ordering::SeqCst);
            }
        }
    }

    /// Returns how much simulated time goes by in so much real time. A manual clock is moved by whoever keeps the real
    /// time as well, so there the two are the same.
    pub(super) fn simulated(&self, real: Duration) -> Duration {
        match &*self.0 {
            Source::Running { speed, .. } => {
                Duration::try_from_secs_f64(real.as_secs_f64() * speed).unwrap_or(Duration::MAX)
            }
            Source::Manual(_) => real,
        }
    }

    /// Returns simulated seconds per real second; zero for a manual clock.
    #[must_use]
    pub fn speed(&self) -> f64 {
        match &*self.0 {
            Source::Running { speed, .. } => *speed,
            Source::Manual(_) => 0.0,
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the simulator's only reading of the real clock"
)]
fn real_now() -> Instant {
    Instant::now()
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

fn timestamp(micros: i64) -> Timestamp {
    let nearest = if micros < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    Timestamp::from_microsecond(micros).unwrap_or(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AFTERNOON: SimTime = SimTime::from_unix_millis(1_715_783_530_123);

    #[test]
    fn writes_all_formats() {
        assert_eq!(AFTERNOON.rfc3339_seconds(), "2024-05-15T14:32:10Z");
        assert_eq!(AFTERNOON.rfc3339(), "2024-05-15T14:32:10.123Z");
        assert_eq!(AFTERNOON.http_date(), "Wed, 15 May 2024 14:32:10 GMT");
        assert_eq!(
            AFTERNOON.plus(Duration::from_micros(999)).rfc3339(),
            "2024-05-15T14:32:10.123Z"
        );
    }

    #[test]
    fn stays_in_range_at_the_ends_of_time() {
        for end in [SimTime(i64::MIN), SimTime(i64::MAX)] {
            assert!(!end.rfc3339().is_empty());
            assert!(!end.rfc3339_seconds().is_empty());
            assert!(!end.http_date().is_empty());
        }
        assert_eq!(SimTime(i64::MAX).plus(Duration::MAX), SimTime(i64::MAX));
    }

    #[test]
    fn a_manual_clock_moves_when_told_and_with_all_its_clones() {
        let clock = SimClock::manual(AFTERNOON);
        let clone = clock.clone();
        clock.advance(Duration::from_secs(20));
        assert_eq!(clone.now(), AFTERNOON.plus(Duration::from_secs(20)));
        assert_eq!(clone.now().since(AFTERNOON), Duration::from_secs(20));
        assert_eq!(AFTERNOON.since(clone.now()), Duration::ZERO);
    }

    #[test]
    fn real_time_is_simulated_time_by_the_clocks_speed() {
        let (real, manual) = (Duration::from_secs(2), SimClock::manual(AFTERNOON));
        assert_eq!(manual.simulated(real), real);
        let fast = SimClock::starting_at(AFTERNOON, 60.0);
        assert_eq!(fast.simulated(real), Duration::from_secs(120));
        assert_eq!(fast.simulated(Duration::MAX), Duration::MAX);
    }

    #[test]
    fn a_running_clock_never_goes_back_and_ignores_being_pushed() {
        let clock = SimClock::starting_at(AFTERNOON, 60.0);
        let before = clock.now();
        assert!(before >= AFTERNOON);
        assert!(clock.now() >= before);
        let stopped = SimClock::starting_at(AFTERNOON, f64::NAN);
        stopped.advance(Duration::from_secs(5));
        assert_eq!(stopped.now(), AFTERNOON);
    }
}
