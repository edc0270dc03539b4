//! The demonstration's clock: it shows what it was last set to, and whoever sleeps on it waits until it is set on.
//!
//! At the end of the day it stands still, so that whoever looks at the page afterwards still sees that day as the last 24 hours.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

use crate::control::ports::Clock;
use crate::domain::Timestamp;

/// A clock that does not run by itself.
pub(super) struct DayClock {
    start: Timestamp,
    shown: Mutex<Shown>,
}

/// What it shows, and who waits for what.
#[derive(Default)]
struct Shown {
    passed: Duration,
    /// Sleepers so far: of two who wait for the same time, the one who came first is woken first.
    came: u64,
    sleepers: BTreeMap<(Duration, u64), oneshot::Sender<()>>,
}

impl DayClock {
    pub(super) fn starting_at(start: Timestamp) -> Self {
        Self {
            start,
            shown: Mutex::default(),
        }
    }

    /// Returns the time that somebody waits for, the earliest of all; nothing where nobody waits.
    pub(super) fn next_due(&self) -> Option<Duration> {
        let mut shown = self.shown();
        shown.sleepers.retain(|_, sleeper| !sleeper.is_closed());
        let ((due, _), _) = shown.sleepers.first_key_value()?;
        Some(*due)
    }

    /// Sets it on to `to`, and wakes whoever waits for that or less, in the order of what they wait for.
    pub(super) fn set_on(&self, to: Duration) {
        let mut shown = self.shown();
        shown.passed = shown.passed.max(to);
        while let Some(sleeper) = shown.sleepers.first_entry()
            && sleeper.key().0 <= to
        {
            // Who does not wait any more needs no waking.
            sleeper.remove().send(()).unwrap_or(());
        }
    }

    /// Sets it to `to`, and wakes nobody: nothing more happens at that time.
    pub(super) fn stop_at(&self, to: Duration) {
        let mut shown = self.shown();
        shown.passed = shown.passed.max(to);
    }

    /// No panic under this lock can leave it half set.
    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for DayClock {
    fn now(&self) -> Timestamp {
        self.start.plus(self.monotonic())
    }

    fn monotonic(&self) -> Duration {
        self.shown().passed
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        if duration.is_zero() {
            return Box::pin(tokio::task::yield_now());
        }
        let (wake, woken) = oneshot::channel();
        let mut shown = self.shown();
        let key = (shown.passed.saturating_add(duration), shown.came);
        shown.came = shown.came.saturating_add(1);
        shown.sleepers.insert(key, wake);
        drop(shown);
        // The clock outlives whoever sleeps; were it gone, nothing would be left to wait for.
        Box::pin(async move { drop(woken.await) })
    }

    /// The daemon's requests take none of the clock's time, so that its bounds are those of real time.
    fn real(&self, duration: Duration) -> Duration {
        duration
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test]
    async fn sleepers_are_woken_by_the_time_that_they_wait_for() {
        let clock = DayClock::starting_at(Timestamp::default());
        assert_eq!(clock.next_due(), None);
        let (late, soon) = (clock.sleep(3 * SECOND), clock.sleep(SECOND));
        assert_eq!(clock.next_due(), Some(SECOND));
        clock.set_on(SECOND);
        soon.await;
        assert_eq!(clock.next_due(), Some(3 * SECOND));
        drop(late);
        assert_eq!(clock.next_due(), None, "nobody waits any more");
        clock.sleep(Duration::ZERO).await;
    }

    #[test]
    fn it_never_goes_back_and_wakes_nobody_at_its_end() {
        let clock = DayClock::starting_at(Timestamp::default());
        let _sleeper = clock.sleep(2 * SECOND);
        clock.stop_at(2 * SECOND);
        clock.set_on(SECOND);
        assert_eq!(clock.monotonic(), 2 * SECOND);
        assert_eq!(clock.next_due(), Some(2 * SECOND));
        assert_eq!(clock.now(), Timestamp::default().plus(2 * SECOND));
    }
}
