//! Clocks for tests of whole days: the daemon's and the simulator's move on when the tick of the last poll is over, so that
//! nothing depends on how fast the machine is.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::watch;

use crate::control::ObservableState;
use crate::control::ports::Clock;
use crate::domain::Timestamp;
use crate::simulator::{SimClock, SimTime};

/// A tick that has not ended by then, in real time, waits for the clock: so long that no busy machine comes to it, since a clock that is moved
/// on in the middle of a tick changes what the day comes to.
const BUSY: Duration = Duration::from_secs(15);

/// A tick that waits for the clock is helped on so often, in real time.
const NUDGE: Duration = Duration::from_millis(100);

/// A clock that only the test moves; who sleeps waits for that.
pub(super) struct StepClock {
    start: Timestamp,
    passed: watch::Sender<Duration>,
}

impl StepClock {
    pub(super) fn advance(&self, by: Duration) {
        self.passed.send_modify(|passed| *passed += by);
    }
}

impl Clock for StepClock {
    fn now(&self) -> Timestamp {
        self.start.plus(self.monotonic())
    }

    fn monotonic(&self) -> Duration {
        *self.passed.borrow()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let due = self.monotonic() + duration;
        let mut passed = self.passed.subscribe();
        Box::pin(async move {
            drop(passed.wait_for(|passed| *passed >= due).await);
        })
    }

    fn real(&self, duration: Duration) -> Duration {
        duration
    }
}

/// The daemon's clock and the simulator's, which show the same time.
pub(super) struct Clocks {
    pub(super) daemons: Arc<StepClock>,
    pub(super) simulated: SimClock,
    ticks: u64,
}

impl Clocks {
    pub(super) fn at(start: SimTime) -> Self {
        Self {
            daemons: Arc::new(StepClock {
                start: Timestamp::from_unix_millis(start.as_unix_millis()),
                passed: watch::Sender::new(Duration::ZERO),
            }),
            simulated: SimClock::manual(start),
            ticks: 1,
        }
    }

    /// Moves both on to the next poll.
    pub(super) fn advance(&mut self, by: Duration) {
        self.move_by(by);
        self.ticks += 1;
    }

    fn move_by(&self, by: Duration) {
        self.simulated.advance(by);
        self.daemons.advance(by);
    }

    /// Waits until the tick of this time is over.
    pub(super) async fn wait_for_tick(&self, observed: &mut watch::Receiver<ObservableState>) {
        let mut nudges = 0;
        // A tick that waits for the clock, between two attempts say, is helped on; one that only computes on a busy machine is
        // given the time.
        let mut at_most = BUSY;
        while tokio::time::timeout(at_most, observed.wait_for(|seen| seen.ticks >= self.ticks))
            .await
            .is_err()
        {
            at_most = NUDGE;
            self.move_by(Duration::from_secs(1));
            nudges += 1;
            assert!(nudges < 600, "tick {} does not end", self.ticks);
        }
    }
}
