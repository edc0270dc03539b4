//! When the next tick comes.

use std::time::Duration;

/// When the tick after one is due that was to come at `next`. A tick that took longer than the interval delays it; what it
/// missed is not made up for.
pub(super) fn next_due(next: Duration, now: Duration, interval: Duration) -> Duration {
    if next >= now {
        return next;
    }
    let missed = now
        .saturating_sub(next)
        .as_nanos()
        .div_ceil(interval.as_nanos().max(1));
    next.saturating_add(interval.saturating_mul(u32::try_from(missed).unwrap_or(u32::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_tick_delays_the_next_one_and_keeps_the_beat() {
        let s = Duration::from_secs;
        assert_eq!(next_due(s(30), s(21), s(15)), s(30));
        assert_eq!(next_due(s(30), s(30), s(15)), s(30));
        assert_eq!(next_due(s(30), s(31), s(15)), s(45));
        assert_eq!(next_due(s(30), s(45), s(15)), s(45));
        assert_eq!(next_due(s(30), s(100), s(15)), s(105));
    }

    #[test]
    fn no_interval_at_all_is_no_panic() {
        assert_eq!(
            next_due(Duration::ZERO, Duration::from_secs(1), Duration::ZERO),
            Duration::ZERO
        );
    }
}
