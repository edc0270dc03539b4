//! Trying again: the only module that knows the `backoff` crate.
//!
//! The crate drives the loop. Its own policy is not used: that one reads the operating system's clock, draws jitter that
//! cannot be repeated, and lets `Retry-After` past every limit. [`Budget`] counts attempts, keeps the deadline on our
//! clock, and draws full jitter from a seed. Nothing of the crate crosses this module, so it can be replaced here alone.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use backoff::backoff::Backoff;
use backoff::future::{Retry, Sleeper};
use futures_util::future::BoxFuture;
use tracing::Span;

use crate::control::ports::Clock;
use crate::domain::Timestamp;

/// How many attempts are made, and how long apart.
#[derive(Clone, Copy, Debug)]
pub struct RetryPolicy {
    /// Attempts in all, the first one included.
    pub attempts: u32,
    /// The bound of the first wait; it doubles from wait to wait.
    pub first_wait: Duration,
    /// No wait is longer, unless the platform asks for it.
    pub longest_wait: Duration,
}

impl Default for RetryPolicy {
    /// Four attempts; waits of at most 0.25, 0.5 and 1 s, so that all four fit well into a poll interval.
    fn default() -> Self {
        Self {
            attempts: 4,
            first_wait: Duration::from_millis(250),
            longest_wait: Duration::from_secs(8),
        }
    }
}

/// What to do after an attempt that failed.
#[derive(Debug)]
pub(super) enum Verdict<E> {
    /// Another attempt would fail as well.
    Final(E),
    /// Another attempt may succeed; `after` is the wait that the platform asks for.
    Again { fault: E, after: Option<Duration> },
}

struct Budget {
    policy: RetryPolicy,
    made: u32,
    deadline: Timestamp,
    clock: Arc<dyn Clock>,
    rng: fastrand::Rng,
    wish: Arc<Mutex<Option<Duration>>>,
}

impl Backoff for Budget {
    fn next_backoff(&mut self) -> Option<Duration> {
        self.made = self.made.saturating_add(1);
        if self.made >= self.policy.attempts {
            return None;
        }
        let wish = self
            .wish
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let wait = wish.unwrap_or_else(|| {
            let doublings = self.made.saturating_sub(1).min(16);
            let bound = self
                .policy
                .first_wait
                .saturating_mul(1 << doublings)
                .min(self.policy.longest_wait);
            bound.mul_f64(self.rng.f64())
        });
        (self.clock.now().plus(wait) <= self.deadline).then_some(wait)
    }

    fn reset(&mut self) {
        self.made = 0;
    }
}

struct ClockSleeper(Arc<dyn Clock>);

impl Sleeper for ClockSleeper {
    type Sleep = BoxFuture<'static, ()>;

    fn sleep(&self, duration: Duration) -> Self::Sleep {
        self.0.sleep(duration)
    }
}

/// Makes attempts until one succeeds, one fails for good, the attempts are used up, or the next would come after
/// `deadline`. `on_retry` is called with each fault after which there is another attempt; the last fault is returned.
pub(super) async fn retry<T, E, F, Fut>(
    policy: RetryPolicy,
    deadline: Timestamp,
    clock: &Arc<dyn Clock>,
    seed: u64,
    mut on_retry: impl FnMut(&E),
    mut attempt: F,
) -> Result<T, E>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, Verdict<E>>>,
{
    let wish = Arc::new(Mutex::new(None));
    let budget = Budget {
        policy,
        made: 0,
        deadline,
        clock: Arc::clone(clock),
        rng: fastrand::Rng::with_seed(seed),
        wish: Arc::clone(&wish),
    };
    let made = AtomicU32::new(0);
    let operation = || {
        made.fetch_add(1, Ordering::Relaxed);
        let (tried, wish) = (attempt(), Arc::clone(&wish));
        async move {
            match tried.await {
                Ok(value) => Ok(value),
                Err(Verdict::Final(fault)) => Err(backoff::Error::permanent(fault)),
                Err(Verdict::Again { fault, after }) => {
                    *wish.lock().unwrap_or_else(PoisonError::into_inner) = after;
                    Err(backoff::Error::transient(fault))
                }
            }
        }
    };
    let notify = |fault: E, _: Duration| on_retry(&fault);
    let answer = Retry::new(ClockSleeper(Arc::clone(clock)), budget, notify, operation).await;
    Span::current().record("attempts", made.load(Ordering::Relaxed));
    answer
}
