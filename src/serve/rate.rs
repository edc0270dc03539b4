//! The rate of changes that the admin API takes: a script that has gone mad neither fills the disk nor buries the audit.
//!
//! Every change leaves rows in the audit, which is never pruned. At the rate that is allowed in the long run these are some
//! tens of megabytes a day at worst. A thousand campaigns can be held at once all the same.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Changes at once, after a calm time.
const BURST: u32 = 1_000;

/// One more change may be asked for each time that this has passed.
const BETWEEN_CHANGES: Duration = Duration::from_secs(5);

/// Systems with figures of their own bring them along for each queue; such a calibration leaves no row unless it changes something,
/// or its message finds no room in the outbox.
const BETWEEN_CALIBRATIONS: Duration = Duration::from_secs(1);

/// Counts what may be asked for.
pub(super) struct ChangeRate {
    between: Duration,
    /// When the last change that was taken would have been due, had all come at their pace; before the time is what is unused.
    due: Mutex<Duration>,
}

impl ChangeRate {
    /// The rate of operators' changes.
    pub(super) fn of_changes() -> Self {
        Self::one_each(BETWEEN_CHANGES)
    }

    /// The rate of calibrations that are asked for.
    pub(super) fn of_calibrations() -> Self {
        Self::one_each(BETWEEN_CALIBRATIONS)
    }

    fn one_each(between: Duration) -> Self {
        Self {
            between,
            due: Mutex::new(Duration::ZERO),
        }
    }

    /// Takes one change at `now` of a monotonic clock.
    ///
    /// # Errors
    /// How long to wait for the next one.
    pub(super) fn take(&self, now: Duration) -> Result<(), Duration> {
        let burst = self.between.saturating_mul(BURST.saturating_sub(1));
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let next = (*due).max(now);
        let ahead = next.saturating_sub(now);
        if ahead > burst {
            return Err(ahead.saturating_sub(burst));
        }
        *due = next.saturating_add(self.between);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_taken_and_then_one_change_at_a_time() {
        let rate = ChangeRate::of_changes();
        let mut now = Duration::from_secs(7);
        for _ in 0..BURST {
            assert_eq!(rate.take(now), Ok(()));
        }
        assert_eq!(rate.take(now), Err(BETWEEN_CHANGES));
        now += BETWEEN_CHANGES / 2;
        assert_eq!(
            rate.take(now),
            Err(BETWEEN_CHANGES / 2),
            "a refusal costs nothing"
        );
        now += BETWEEN_CHANGES / 2;
        assert_eq!(rate.take(now), Ok(()));
        assert_eq!(rate.take(now), Err(BETWEEN_CHANGES));
    }

    #[test]
    fn a_day_of_changes_is_bounded_however_hard_they_are_asked_for() {
        let rate = ChangeRate::of_changes();
        let day = 24 * 3600;
        let asked = (0..day).flat_map(|second| [Duration::from_secs(second); 3]);
        let taken = asked.filter(|now| rate.take(*now).is_ok()).count();
        assert_eq!(taken, 1_000 + 24 * 3600 / 5 - 1);
    }
}
