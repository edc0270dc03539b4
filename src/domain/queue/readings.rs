//! A queue's counters, read at intervals, and what two readings show: the drain rate and the offered load.
//!
//! Counters only grow; one that fell was reset, and the time between says nothing. A rate that cannot be measured is absent,
//! never a constant: `drain = (answered + abandoned + overflowed - arrived) / time`, in callers a second. The time to drain is
//! the queue's length over that rate while it is above 0.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;

use super::erlang::Offered;

/// Fewer calls answered than this give no advice.
pub const FEWEST_SAMPLES: u64 = 30;

/// A reading of a queue's counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueCounters {
    /// When they were read, in milliseconds since the Unix epoch.
    pub at: Timestamp,
    /// Callers waiting at that moment.
    pub waiting: u64,
    /// Callers who arrived, since counting began.
    pub arrived: u64,
    /// Callers answered.
    pub answered: u64,
    /// Callers who gave up.
    pub abandoned: u64,
    /// Callers who overflowed into another queue.
    pub overflowed: u64,
    /// Seconds that all callers have waited.
    pub waited_s: u64,
    /// Seconds that answered calls took agents, wrap-up included.
    pub served_s: u64,
}

/// What happened between two readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CounterWindow {
    took: Duration,
    waiting: u64,
    arrived: u64,
    answered: u64,
    abandoned: u64,
    overflowed: u64,
    waited_s: u64,
    served_s: u64,
}

/// Why a window gives no advice.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum NoAdvice {
    /// Too few answered calls.
    #[error(
        "only {0} calls were answered between the readings, and fewer than {FEWEST_SAMPLES} say nothing; read over a longer time"
    )]
    TooFew(u64),
    /// Nobody arrived, or calls took no time.
    #[error("no caller arrived between the readings, or calls took no time; check the counters")]
    NoRates,
    /// More calls at once than any centre carries.
    #[error(
        "the counters show {0:.0} calls at once, which no centre carries; check what the platform counts"
    )]
    TooLarge(f64),
    /// The load in the first half of the time differed from that in the second.
    #[error(
        "callers arrived at {earlier:.1} and then at {later:.1} an hour: the load drifts, and a model of a steady queue says nothing; wait until it is steady"
    )]
    Drifting {
        /// Callers an hour in the first half.
        earlier: f64,
        /// And in the second.
        later: f64,
    },
}

/// Calls at once of a very large centre, ten times over.
const LARGEST_LOAD: f64 = 50_000.0;

/// Rates that differ by less than this part of their mean are one.
const LARGEST_DRIFT: f64 = 0.25;

/// Rates of counts that differ by less than this many standard deviations are one.
const DEVIATIONS: f64 = 3.0;

/// Whether callers arrived at another rate in the first half of these readings than in the second, by more than chance
/// makes them (arrivals by chance vary by the root of their number) and by enough to matter.
#[must_use]
pub fn drifting(readings: &[QueueCounters]) -> Option<NoAdvice> {
    let (first, last) = (readings.first()?, readings.last()?);
    let half = first.at.plus(last.at.since(first.at).checked_div(2)?);
    let middle = readings.iter().find(|reading| reading.at >= half)?;
    let rate = |window: &CounterWindow| {
        let seconds = window.took.as_secs_f64();
        (
            count(window.arrived) / seconds,
            count(window.arrived) / (seconds * seconds),
        )
    };
    let (earlier, variance) = rate(&CounterWindow::between(first, middle)?);
    let (later, other_variance) = rate(&CounterWindow::between(middle, last)?);
    let apart = (earlier - later).abs();
    let beyond_chance = apart > DEVIATIONS * (variance + other_variance).sqrt();
    let matters = apart > LARGEST_DRIFT * f64::midpoint(earlier, later);
    (beyond_chance && matters).then_some(NoAdvice::Drifting {
        earlier: earlier * 3600.0,
        later: later * 3600.0,
    })
}

impl CounterWindow {
    /// Returns the window between two readings; none when the clock did not advance or a counter fell.
    #[must_use]
    pub fn between(earlier: &QueueCounters, later: &QueueCounters) -> Option<Self> {
        let took = later.at.since(earlier.at);
        if took.is_zero() {
            return None;
        }
        Some(Self {
            took,
            waiting: later.waiting,
            arrived: later.arrived.checked_sub(earlier.arrived)?,
            answered: later.answered.checked_sub(earlier.answered)?,
            abandoned: later.abandoned.checked_sub(earlier.abandoned)?,
            overflowed: later.overflowed.checked_sub(earlier.overflowed)?,
            waited_s: later.waited_s.checked_sub(earlier.waited_s)?,
            served_s: later.served_s.checked_sub(earlier.served_s)?,
        })
    }

    /// Returns the calls answered in this time.
    #[must_use]
    pub fn answered(&self) -> u64 {
        self.answered
    }

    /// Returns the callers a second by which the queue shrinks; negative while it grows.
    #[must_use]
    pub fn drain_per_s(&self) -> f64 {
        let left = [self.answered, self.abandoned, self.overflowed];
        let left: f64 = left.into_iter().map(count).sum();
        (left - count(self.arrived)) / self.took.as_secs_f64()
    }

    /// Returns how long the queue takes to drain at this rate; none when it does not shrink.
    #[must_use]
    pub fn time_to_drain(&self) -> Option<Duration> {
        let rate = self.drain_per_s();
        if rate <= 0.0 {
            return None;
        }
        Duration::try_from_secs_f64(count(self.waiting) / rate).ok()
    }

    /// Returns the load offered to the queue.
    ///
    /// # Errors
    /// When too little happened to say.
    pub fn offered(&self) -> Result<Offered, NoAdvice> {
        if self.answered < FEWEST_SAMPLES {
            return Err(NoAdvice::TooFew(self.answered));
        }
        let offered = Offered {
            arrivals_per_s: count(self.arrived) / self.took.as_secs_f64(),
            service_s: count(self.served_s) / count(self.answered),
            // Waiting time over giving up is the mean patience where patience is exponential and waits are cut short.
            patience_s: (self.abandoned > 0 && self.waited_s > 0)
                .then(|| count(self.waited_s) / count(self.abandoned)),
        };
        if !offered.is_sound() {
            return Err(NoAdvice::NoRates);
        }
        // Nor could the model say anything about it in a reasonable time.
        if offered.load() > LARGEST_LOAD {
            return Err(NoAdvice::TooLarge(offered.load()));
        }
        Ok(offered)
    }
}

/// A count as a float; exact up to 2^53, which no queue reaches.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "counts of callers and seconds are exact in a float"
)]
fn count(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(at_s: u64, arrived: u64, answered: u64, abandoned: u64) -> QueueCounters {
        QueueCounters {
            at: Timestamp::from_unix_millis(0).plus(Duration::from_secs(at_s)),
            waiting: 12,
            arrived,
            answered,
            abandoned,
            overflowed: 0,
            waited_s: abandoned.saturating_mul(300),
            served_s: answered.saturating_mul(180),
        }
    }

    #[test]
    fn the_drain_rate_is_measured_or_absent() {
        let window = |later: QueueCounters| CounterWindow::between(&reading(0, 100, 90, 5), &later);
        let shrinking = window(reading(60, 130, 125, 6)).unwrap();
        assert!((shrinking.drain_per_s() - 0.1).abs() < 1e-12);
        assert_eq!(shrinking.time_to_drain(), Some(Duration::from_secs(120)));
        let growing = window(reading(60, 150, 100, 6)).unwrap();
        assert!(growing.drain_per_s() < 0.0);
        assert_eq!(growing.time_to_drain(), None);
        assert_eq!(window(reading(0, 130, 125, 6)), None, "no time passed");
        assert_eq!(
            window(reading(60, 3, 2, 0)),
            None,
            "the counters were reset"
        );
    }

    #[test]
    fn fewer_than_thirty_calls_give_no_advice() {
        let start = reading(0, 0, 0, 0);
        let offered = |later| CounterWindow::between(&start, &later).unwrap().offered();
        assert_eq!(offered(reading(600, 29, 29, 0)), Err(NoAdvice::TooFew(29)));
        let enough = offered(reading(1800, 100, 96, 4)).unwrap();
        assert!((enough.arrivals_per_s - 100.0 / 1800.0).abs() < 1e-12);
        assert!((enough.service_s - 180.0).abs() < 1e-12);
        assert_eq!(enough.patience_s, Some(300.0));
        assert_eq!(offered(reading(600, 40, 40, 0)).unwrap().patience_s, None);
        assert_eq!(offered(reading(600, 0, 40, 0)), Err(NoAdvice::NoRates));
        let absurd = offered(reading(1, 100_000, 100_000, 0));
        assert!(matches!(absurd, Err(NoAdvice::TooLarge(_))), "{absurd:?}");
    }

    #[test]
    fn a_load_that_doubles_drifts_and_one_that_varies_by_chance_does_not() {
        let drift = |middle: u64, end: u64| {
            let read = |at, arrived| reading(at, arrived, 0, 0);
            drifting(&[read(0, 0), read(900, middle), read(1800, end)])
        };
        assert_eq!(drift(100, 200), None);
        assert_eq!(drift(100, 230), None, "a third more of 100 is chance");
        assert_eq!(
            drift(1_000, 2_150),
            None,
            "certain, and too little to matter"
        );
        assert!(matches!(drift(100, 300), Some(NoAdvice::Drifting { .. })));
        assert!(matches!(drift(300, 400), Some(NoAdvice::Drifting { .. })));
        assert_eq!(
            drifting(&[reading(0, 5, 0, 0)]),
            None,
            "one reading does not make a rate"
        );
    }
}
