//! When the next tick comes.

use std::time::Duration;

use super::start::CycleSettings;

/// The times at which a loop ticks.
pub(super) struct Beat {
    interval: Duration,
    /// The share of the interval that is this loop's place, until it has come to it.
    phase: Option<f64>,
}

impl Beat {
    /// That of a loop that begins.
    pub(super) fn of(settings: &CycleSettings) -> Self {
        Self {
            interval: settings.poll_interval,
            phase: settings.phase,
        }
    }

    /// When the tick is due that follows one at `due`.
    pub(super) fn after(&mut self, due: Duration) -> Duration {
        match self.phase.take() {
            Some(phase) => second_due(due, self.interval, phase),
            None => due.saturating_add(self.interval),
        }
    }

    /// When the tick that was to come at `next` comes, after one that has taken until `now`.
    pub(super) fn kept(&self, next: Duration, now: Duration) -> Duration {
        next_due(next, now, self.interval)
    }
}

/// When the tick after one is due that was to come at `next`. A tick that took longer than the interval delays it; what it
/// missed is not made up for.
fn next_due(next: Duration, now: Duration, interval: Duration) -> Duration {
    if next >= now {
        return next;
    }
    let missed = now
        .saturating_sub(next)
        .as_nanos()
        .div_ceil(interval.as_nanos().max(1));
    next.saturating_add(interval.saturating_mul(u32::try_from(missed).unwrap_or(u32::MAX)))
}

/// When the second tick is due of a loop whose first one was at `first`, so that the ticks of many loops lie spread over the interval: each
/// at its own share of it, its `phase` from 0 to 1, by the one clock of the process. It comes after a quarter of the interval at the
/// earliest and five at the latest: a first tick waits for nothing, and a second one right behind it would tell nothing new.
fn second_due(first: Duration, interval: Duration, phase: f64) -> Duration {
    let part = |of: f64| interval.mul_f64(of.clamp(0.0, 1.0));
    let nanos = interval.as_nanos().max(1);
    let into = u64::try_from(first.as_nanos().checked_rem(nanos).unwrap_or(0)).unwrap_or(0);
    let begun = first.saturating_sub(Duration::from_nanos(into));
    let earliest = first.saturating_add(part(0.25));
    let own = begun.saturating_add(part(phase));
    let mut due = own;
    while due < earliest && !interval.is_zero() {
        due = due.saturating_add(interval);
    }
    due
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
    fn loops_that_start_together_lie_spread_from_their_second_tick_on() {
        let s = Duration::from_secs;
        // Their own places, whenever they started.
        assert_eq!(second_due(s(2), s(20), 0.5), s(10));
        assert_eq!(second_due(s(42), s(20), 0.5), s(50));
        assert_eq!(second_due(s(2), s(20), 0.0), s(20));
        // One that would come right behind the first is left out, and so is one that is over.
        assert_eq!(second_due(s(2), s(20), 0.3), s(26));
        assert_eq!(second_due(s(12), s(20), 0.5), s(30));
        for first in 0..40 {
            for phase in 0..20_u32 {
                let due = second_due(s(first), s(20), f64::from(phase) / 20.0);
                let after = due.saturating_sub(s(first));
                assert!(after >= s(5) && after < s(25), "{first} {phase}: {after:?}");
                assert_eq!((due.as_secs() + 20 - u64::from(phase)) % 20, 0);
            }
        }
    }

    #[test]
    fn a_loop_comes_to_its_place_once_and_keeps_it() {
        let s = Duration::from_secs;
        let mut one_of_many = Beat {
            interval: s(20),
            phase: Some(0.5),
        };
        let mut alone = Beat {
            interval: s(20),
            phase: None,
        };
        let three = |beat: &mut Beat| {
            let second = beat.after(s(2));
            let third = beat.after(second);
            (second, third, beat.after(beat.kept(third, s(61))))
        };
        assert_eq!(three(&mut one_of_many), (s(10), s(30), s(90)));
        assert_eq!(three(&mut alone), (s(22), s(42), s(82)));
    }

    #[test]
    fn no_interval_at_all_is_no_panic() {
        assert_eq!(
            next_due(Duration::ZERO, Duration::from_secs(1), Duration::ZERO),
            Duration::ZERO
        );
        let second = Duration::from_secs(1);
        assert!(second_due(second, Duration::ZERO, 0.5) <= second);
    }
}
