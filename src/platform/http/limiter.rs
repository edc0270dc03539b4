//! The rate limit: permits for requests, its two shares, and the effect of a 429.
//!
//! Two governor buckets share the configured rate. Readings use theirs only; commands use theirs first and then what the
//! readings leave. A 429 halts its endpoint for the time that the platform names and halves both rates.
//!
//! Where answers tell how many requests of how many are used up, that holds as well, whoever made them: readings leave the last
//! quarter to commands, and nothing leaves after the last one until the platform counts anew.

use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use crate::control::ports::Clock;
use crate::domain::Timestamp;
use crate::telemetry::{Endpoint, Metrics};

/// The commands' own part of the rate.
const COMMAND_SHARE: f64 = 0.25;

/// A rate is never cut below this part of what is configured.
const LEAST_SCALE: f64 = 1.0 / 16.0;

/// The 429s of one burst cut the rate once.
const BETWEEN_CUTS: Duration = Duration::from_secs(1);

/// The rate grows back by [`GROWTH`] of the configured one this often.
const BETWEEN_GROWTHS: Duration = Duration::from_secs(10);

/// See [`BETWEEN_GROWTHS`].
const GROWTH: f64 = 0.1;

/// A permit that was taken in advance lapses after this: a reading and its answer lie in between, and commands that are not
/// sent after all must not add up to a burst.
const PREPAID_FOR: Duration = Duration::from_secs(15);

/// The end of one window is told to the second, so that it may seem to move by this much.
const WINDOW_SLACK: Duration = Duration::from_secs(2);

/// A platform cannot halt us for longer than this: a pause is waiting, and a wish of hours may be a slip.
pub(super) const LONGEST_HALT: Duration = Duration::from_secs(15 * 60);

/// The request rate, and how many requests may leave at once after a pause.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Requests a second.
    pub per_second: f64,
    /// Requests at once.
    pub burst: u32,
}

/// How much of its own limit a platform says is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateWindow {
    /// Requests that it has counted, the one it answers included.
    pub used: u32,
    /// Requests that it takes.
    pub allowed: u32,
    /// When it begins to count anew.
    pub resets_in: Duration,
}

/// A window of the platform's, with what was let out since it was told.
#[derive(Clone, Copy, Debug)]
struct LearnedWindow {
    used: u32,
    allowed: u32,
    resets_at: Duration,
}

impl LearnedWindow {
    /// Whether one more request of this share fits.
    fn fits(self, share: RateShare) -> bool {
        let most = match share {
            RateShare::Readings => self.allowed.saturating_sub(self.allowed.div_ceil(4)),
            RateShare::Commands | RateShare::CommandsAndNext => self.allowed,
        };
        self.used < most
    }
}

/// The share of the rate that a request uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateShare {
    /// Pages and routine status reads.
    Readings,
    /// Commands and what belongs to them.
    Commands,
    /// The same, with a permit for the command that follows, so that it need not wait.
    CommandsAndNext,
}

/// A request for one permit.
#[derive(Clone, Copy, Debug)]
pub(super) struct PermitRequest {
    pub(super) endpoint: Endpoint,
    pub(super) share: RateShare,
    /// A permit after this is of no use.
    pub(super) deadline: Timestamp,
    /// Whether a permit that was taken in advance may be used.
    pub(super) prepaid: bool,
}

#[derive(Clone)]
struct MonotonicClock(Arc<dyn Clock>);

impl GovernorClock for MonotonicClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.monotonic()
    }
}

type Bucket = RateLimiter<NotKeyed, InMemoryState, MonotonicClock, NoOpMiddleware<Duration>>;

struct Buckets {
    readings: Bucket,
    commands: Bucket,
}

struct State {
    /// Absent without a rate limit.
    buckets: Option<Buckets>,
    scale: f64,
    changed_at: Duration,
    halted_until: BTreeMap<Endpoint, Duration>,
    /// Permits that were taken in advance for commands, by when they lapse.
    prepaid: VecDeque<Duration>,
    /// What the platform last told of its own limit.
    learned: Option<LearnedWindow>,
}

/// Grants permits for requests within the rate limit.
pub struct Limiter {
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
    rate: Option<Rate>,
    state: Mutex<State>,
}

/// The permit would come too late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLate {
    /// How long the wait would have been; nothing when the deadline had passed already.
    pub(super) wait: Duration,
}

impl Limiter {
    /// Creates a limiter; without a rate only a 429 makes requests wait.
    #[must_use]
    pub fn new(rate: Option<Rate>, clock: Arc<dyn Clock>, metrics: Arc<Metrics>) -> Self {
        let buckets = rate.map(|rate| Buckets::new(rate, 1.0, &clock));
        let state = State {
            buckets,
            scale: 1.0,
            changed_at: clock.monotonic(),
            halted_until: BTreeMap::new(),
            prepaid: VecDeque::new(),
            learned: None,
        };
        Self {
            clock,
            metrics,
            rate,
            state: Mutex::new(state),
        }
    }

    /// Waits for a permit, unless it would come after the deadline.
    pub(super) async fn acquire(&self, request: PermitRequest) -> Result<(), TooLate> {
        let one = PermitRequest {
            share: match request.share {
                RateShare::CommandsAndNext => RateShare::Commands,
                RateShare::Readings | RateShare::Commands => request.share,
            },
            ..request
        };
        if request.share == RateShare::CommandsAndNext {
            // Without a permit for the command there is still one for the reading.
            if self.acquire_one(one).await.is_ok() {
                let lapses = self.clock.monotonic().saturating_add(PREPAID_FOR);
                let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                state.prepaid.push_back(lapses);
            }
        }
        self.acquire_one(one).await
    }

    async fn acquire_one(&self, request: PermitRequest) -> Result<(), TooLate> {
        let PermitRequest {
            endpoint,
            share,
            deadline,
            prepaid,
        } = request;
        let started = self.clock.monotonic();
        let granted = loop {
            // A wait elsewhere, for a token say, may have used up the time.
            if self.clock.now() > deadline {
                break Err(TooLate {
                    wait: Duration::ZERO,
                });
            }
            let wait = self.ask(endpoint, share, prepaid);
            if wait.is_zero() {
                break Ok(());
            }
            if self.clock.now().plus(wait) > deadline {
                break Err(TooLate { wait });
            }
            self.clock.sleep(wait).await;
        };
        self.metrics.api.waited(
            endpoint,
            self.clock.monotonic().saturating_sub(started).as_secs_f64(),
        );
        granted
    }

    /// Lets no request leave for this endpoint for `halt`.
    pub(super) fn halt(&self, endpoint: Endpoint, halt: Duration) {
        let now = self.clock.monotonic();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let until = state.halted_until.entry(endpoint).or_default();
        *until = (*until).max(now.saturating_add(halt.min(LONGEST_HALT)));
    }

    /// Takes in what the platform tells of its own limit. Answers may come in another order than they were made, so that within
    /// one window the highest count holds.
    pub(super) fn learn(&self, told: RateWindow) {
        let now = self.clock.monotonic();
        let resets_at = now.saturating_add(told.resets_in.min(LONGEST_HALT));
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let before = state.learned.filter(|known| {
            let same = resets_at <= known.resets_at.saturating_add(WINDOW_SLACK);
            same && now < known.resets_at
        });
        state.learned = Some(LearnedWindow {
            used: before.map_or(told.used, |known| known.used.max(told.used)),
            allowed: told.allowed,
            resets_at: before.map_or(resets_at, |known| known.resets_at.max(resets_at)),
        });
    }

    /// Reacts to a 429: no request leaves for this endpoint for `halt`, and the rate is cut.
    pub(super) fn too_many(&self, endpoint: Endpoint, halt: Duration) {
        self.halt(endpoint, halt);
        let now = self.clock.monotonic();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let scale = (state.scale / 2.0).max(LEAST_SCALE);
        if scale < state.scale
            && (state.scale >= 1.0 || now.saturating_sub(state.changed_at) >= BETWEEN_CUTS)
        {
            self.rescale(&mut state, scale, now);
        }
    }

    /// Takes a permit, or returns how long until one may be asked for again; zero when it was granted.
    fn ask(&self, endpoint: Endpoint, share: RateShare, prepaid: bool) -> Duration {
        let now = self.clock.monotonic();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let halted = state
            .halted_until
            .get(&endpoint)
            .map_or(Duration::ZERO, |until| until.saturating_sub(now));
        if !halted.is_zero() {
            return halted;
        }
        if state.learned.is_some_and(|known| known.resets_at <= now) {
            state.learned = None;
        }
        if let Some(known) = state.learned
            && !known.fits(share)
        {
            return known.resets_at.saturating_sub(now);
        }
        while state.prepaid.front().is_some_and(|lapses| *lapses <= now) {
            state.prepaid.pop_front();
        }
        if prepaid && state.prepaid.pop_front().is_some() {
            return Duration::ZERO;
        }
        if state.scale < 1.0 && now.saturating_sub(state.changed_at) >= BETWEEN_GROWTHS {
            let scale = (state.scale + GROWTH).min(1.0);
            self.rescale(&mut state, scale, now);
        }
        let wait = state
            .buckets
            .as_ref()
            .map_or(Duration::ZERO, |buckets| buckets.ask(share, now));
        if wait.is_zero() {
            state.count_one();
        }
        wait
    }

    fn rescale(&self, state: &mut State, scale: f64, now: Duration) {
        state.scale = scale;
        state.changed_at = now;
        if let Some(rate) = self.rate {
            let buckets = Buckets::new(rate, scale, &self.clock);
            // A new bucket is full; a burst is the last thing that is wanted after a 429.
            buckets.drain();
            state.buckets = Some(buckets);
        }
    }
}

impl State {
    /// Counts a request that is let out, until an answer tells the platform's own count.
    fn count_one(&mut self) {
        if let Some(known) = &mut self.learned {
            known.used = known.used.saturating_add(1);
        }
    }
}

impl Buckets {
    fn new(rate: Rate, scale: f64, clock: &Arc<dyn Clock>) -> Self {
        let bucket = |share: f64| {
            let per_second = (rate.per_second * scale * share).max(0.001);
            let burst = (f64::from(rate.burst) * scale * share)
                .round()
                .clamp(1.0, 1e6);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::as_conversions,
                reason = "clamped to 1..=1e6 on the line above"
            )]
            let burst = NonZeroU32::new(burst as u32).unwrap_or(NonZeroU32::MIN);
            let one_per_second = Quota::per_second(NonZeroU32::MIN);
            let quota = Quota::with_period(Duration::from_secs_f64(1.0 / per_second))
                .unwrap_or(one_per_second);
            RateLimiter::direct_with_clock(
                quota.allow_burst(burst),
                MonotonicClock(Arc::clone(clock)),
            )
        };
        Self {
            readings: bucket(1.0 - COMMAND_SHARE),
            commands: bucket(COMMAND_SHARE),
        }
    }

    fn ask(&self, share: RateShare, now: Duration) -> Duration {
        let wait = |bucket: &Bucket| match bucket.check() {
            Ok(()) => Duration::ZERO,
            // Zero would mean "granted"; a permit that is free this very instant is asked for again.
            Err(not_until) => not_until.wait_time_from(now).max(Duration::from_micros(1)),
        };
        match share {
            RateShare::Readings => wait(&self.readings),
            RateShare::Commands | RateShare::CommandsAndNext => {
                let own = wait(&self.commands);
                if own.is_zero() {
                    own
                } else {
                    own.min(wait(&self.readings))
                }
            }
        }
    }

    fn drain(&self) {
        for bucket in [&self.readings, &self.commands] {
            while bucket.check().is_ok() {}
        }
    }
}
