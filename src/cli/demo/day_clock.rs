//! The demonstration's clock: it runs faster, and stands still once the day is over, so that whoever looks at the page
//! afterwards still sees that day as the last 24 hours.

use std::sync::OnceLock;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::control::ports::{Clock, SystemClock};
use crate::domain::Timestamp;

/// Runs until it is stopped.
pub(super) struct DayClock {
    running: SystemClock,
    stopped_at: OnceLock<Timestamp>,
}

impl DayClock {
    pub(super) fn starting_at(start: Timestamp, speed: f64) -> Self {
        Self {
            running: SystemClock::starting_at(start, speed),
            stopped_at: OnceLock::new(),
        }
    }

    /// The time of day stands still from here on; a second call changes nothing.
    pub(super) fn stop(&self) {
        self.stopped_at.get_or_init(|| self.running.now());
    }
}

impl Clock for DayClock {
    fn now(&self) -> Timestamp {
        let stopped = self.stopped_at.get().copied();
        stopped.unwrap_or_else(|| self.running.now())
    }

    fn monotonic(&self) -> Duration {
        self.running.monotonic()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.running.sleep(duration)
    }

    fn real(&self, duration: Duration) -> Duration {
        self.running.real(duration)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stands_still_when_it_was_stopped() {
        let clock = DayClock::starting_at(Timestamp::default(), 1_000.0);
        clock.stop();
        let at = clock.now();
        let before = clock.monotonic();
        while clock.monotonic() == before {
            std::hint::spin_loop();
        }
        assert_eq!(clock.now(), at);
        clock.stop();
        assert_eq!(clock.now(), at);
    }
}
