//! The true time, and the daemon's clock beside it.
//!
//! One life of the daemon is one runtime whose time is paused: it jumps to the next timer as soon as nothing else can go on.
//! The true time goes on over the lives. The machine's clock may be set; the daemon follows it between two ticks, as the real
//! clock does.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use campaign_autopilot::control::ports::Clock;
use campaign_autopilot::domain::Timestamp;
use campaign_autopilot::simulator::{SimClock, SimTime};
use futures_util::future::BoxFuture;
use tokio::time::Instant;

/// A Wednesday morning.
pub(crate) const START: i64 = 1_715_760_000_000;

/// A difference to the machine's clock up to this is left alone.
const LARGEST_DRIFT: i64 = 2_000;

/// What everything in one schedule shares.
pub(crate) struct Time {
    /// The true time when the life under way began, or at which the last one ended.
    base: AtomicI64,
    began: Mutex<Option<Instant>>,
    /// How far the machine's clock is ahead of the truth.
    machine: AtomicI64,
    platform: SimClock,
}

impl Time {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            base: AtomicI64::new(START),
            began: Mutex::new(None),
            machine: AtomicI64::new(0),
            platform: SimClock::manual(SimTime::from_unix_millis(START)),
        })
    }

    /// The platform's clock; [`Time::carry_platform`] moves it on.
    pub(crate) fn platform(&self) -> SimClock {
        self.platform.clone()
    }

    /// The true time in milliseconds.
    pub(crate) fn now(&self) -> i64 {
        let base = self.base.load(Ordering::SeqCst);
        base + self.began.lock().unwrap().map_or(0, elapsed)
    }

    /// Lets the platform's clock show the true time.
    pub(crate) fn carry_platform(&self) {
        let behind = self.now() - millis_of(self.platform.now());
        self.platform
            .advance(Duration::from_millis(u64::try_from(behind).unwrap_or(0)));
    }

    /// A life begins. To be called within its runtime.
    pub(crate) fn begin(&self) {
        *self.began.lock().unwrap() = Some(instant());
    }

    /// A life has ended. To be called within its runtime.
    pub(crate) fn end(&self) {
        let now = self.now();
        *self.began.lock().unwrap() = None;
        self.base.store(now, Ordering::SeqCst);
    }

    /// Goes on to `at` while no daemon lives.
    pub(crate) fn skip_to(&self, at: i64) {
        self.base.fetch_max(at, Ordering::SeqCst);
    }

    /// Sets the machine's clock.
    pub(crate) fn step_machine(&self, by: i64) {
        self.machine.fetch_add(by, Ordering::SeqCst);
    }

    /// Waits until the true time is `at`.
    pub(crate) async fn wait_until(&self, at: i64) {
        let wait = u64::try_from(at - self.now()).unwrap_or(0);
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }

    /// A clock for one life.
    pub(crate) fn clock(self: &Arc<Self>) -> DaemonClock {
        DaemonClock {
            followed: AtomicI64::new(self.machine.load(Ordering::SeqCst)),
            began_at: self.machine.load(Ordering::SeqCst),
            time: Arc::clone(self),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "paused time is virtual")]
fn instant() -> Instant {
    Instant::now()
}

fn elapsed(since: Instant) -> i64 {
    i64::try_from(instant().duration_since(since).as_millis()).unwrap()
}

pub(crate) fn millis_of(time: SimTime) -> i64 {
    let at: jiff::Timestamp = time.rfc3339().parse().unwrap();
    at.as_millisecond()
}

/// The daemon's clock in one life.
pub(crate) struct DaemonClock {
    time: Arc<Time>,
    /// How far it is ahead of the truth.
    followed: AtomicI64,
    /// How far that was when this life began.
    began_at: i64,
}

impl Clock for DaemonClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.time.now() + self.followed.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        self.time
            .began
            .lock()
            .unwrap()
            .map_or(Duration::ZERO, |began| instant().duration_since(began))
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn real(&self, duration: Duration) -> Duration {
        duration
    }

    fn resynchronise(&self) -> Option<i64> {
        let machine = self.time.machine.load(Ordering::SeqCst);
        let step = machine - self.followed.load(Ordering::SeqCst);
        if step.abs() <= LARGEST_DRIFT {
            return None;
        }
        self.followed.store(machine, Ordering::SeqCst);
        Some(step)
    }

    fn followed(&self) -> i64 {
        self.followed.load(Ordering::SeqCst) - self.began_at
    }
}
