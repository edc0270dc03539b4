//! How far the platform's clock is ahead of ours, where it refuses signatures for that.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::domain::Timestamp;
use crate::telemetry::Metrics;

/// A signature is refused from five minutes on. What is nearer than this is not why, so that another reason is looked for.
const NOTABLE_MS: i64 = 60_000;

/// The correction of our clock that signatures are dated by.
pub(super) struct ClockSkew {
    millis: AtomicI64,
    metrics: Arc<Metrics>,
}

impl ClockSkew {
    pub(super) fn new(metrics: Arc<Metrics>) -> Self {
        metrics.api.clock_correction(0.0);
        Self {
            millis: AtomicI64::new(0),
            metrics,
        }
    }

    /// The platform's time when our clock shows `now`, as far as is known.
    pub(super) fn corrected(&self, now: Timestamp) -> Timestamp {
        let skew = self.millis.load(Ordering::Relaxed);
        Timestamp::from_unix_millis(now.as_unix_millis().saturating_add(skew))
    }

    /// Takes in the time of an answer that refused a signature. Returns whether the clock was why.
    pub(super) fn correct(&self, now: Timestamp, date: Timestamp) -> bool {
        let skew = date.as_unix_millis().saturating_sub(now.as_unix_millis());
        let known = self.millis.load(Ordering::Relaxed);
        if skew.saturating_sub(known).saturating_abs() < NOTABLE_MS {
            return false;
        }
        self.millis.store(skew, Ordering::Relaxed);
        let shown = Timestamp::from_unix_millis(skew).as_unix_seconds();
        self.metrics.api.clock_correction(shown);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_far_off_is_corrected_once() {
        let metrics = Arc::new(Metrics::new(30.0, false, "", 0.0).unwrap());
        let skew = ClockSkew::new(metrics);
        let now = Timestamp::from_unix_millis(1_000_000_000);
        let later = Timestamp::from_unix_millis(1_000_600_000);
        assert_eq!(skew.corrected(now), now);
        assert!(!skew.correct(now, Timestamp::from_unix_millis(1_000_030_000)));
        assert_eq!(skew.corrected(now), now);
        assert!(skew.correct(now, later));
        assert_eq!(skew.corrected(now), later);
        assert!(!skew.correct(now, later), "another reason is looked for");
        assert!(skew.correct(now, now), "it may be set right again");
        assert_eq!(skew.corrected(now), now);
    }
}
