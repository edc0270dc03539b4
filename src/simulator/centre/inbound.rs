//! Inbound calls: when they come, and those that wait.

use std::collections::VecDeque;

use super::super::time::SimTime;
use super::chance::{Purpose, Stream};
use super::distribution::{micros, seconds};
use super::figures::QueueFigures;
use super::scenario::{InboundQueue, Scenario};

/// Where this many candidates in a row are turned down, the rate has become zero for good.
const MOST_CANDIDATES: u32 = 1_000_000;

/// A rate over the day.
#[derive(Clone, Debug)]
struct Rate {
    start: SimTime,
    /// Calls a second before the factors, with the day's own factor in it.
    base: f64,
    most: f64,
    by_hour: Vec<f64>,
    swing: Option<(f64, f64)>,
    surges: Vec<(SimTime, SimTime, f64)>,
}

impl Rate {
    fn rate_at(&self, now: SimTime) -> f64 {
        let since = seconds(now.micros_since(self.start)).max(0.0);
        let hourly = by_hour(&self.by_hour, since);
        let swing = self.swing.map_or(1.0, |(share, period)| {
            1.0 + share * (std::f64::consts::TAU * since / period).sin()
        });
        let surges: f64 = self
            .surges
            .iter()
            .filter(|(from, to, _)| (*from..*to).contains(&now))
            .map(|(_, _, factor)| factor)
            .product();
        self.base * hourly * swing * surges
    }
}

/// The highest product of the surges at any one moment: it begins where one of them does.
pub(super) fn highest<T: Copy + Ord>(surges: &[(T, T, f64)]) -> f64 {
    let factor_at = |now: T| -> f64 {
        let there = surges
            .iter()
            .filter(|(from, to, _)| (*from..*to).contains(&now));
        there.map(|(_, _, factor)| factor.max(1.0)).product()
    };
    surges
        .iter()
        .map(|(from, ..)| factor_at(*from))
        .fold(1.0, f64::max)
}

/// The factor of the hour that is `seconds` after the opening; the last one stays.
pub(super) fn by_hour(factors: &[f64], seconds: f64) -> f64 {
    let mut left = seconds;
    let mut factor = factors.first().copied().unwrap_or(1.0);
    for next in factors.iter().skip(1) {
        left -= 3_600.0;
        if left < 0.0 {
            break;
        }
        factor = *next;
    }
    factor
}

/// A caller who waits, or did.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    call: u64,
    since: SimTime,
    gone: bool,
}

/// One inbound queue at work.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    pub(super) plan: InboundQueue,
    pub(super) crews: Vec<u32>,
    seed: u64,
    number: u32,
    rate: Rate,
    arrivals: Stream,
    calls: u64,
    callers: VecDeque<Waiting>,
    /// The ticket of the first who waits: tickets count up by one.
    front: u64,
    waiting: u32,
    pub(super) figures: QueueFigures,
    integral: i64,
    settled: SimTime,
}

impl Queue {
    pub(super) fn new(
        scenario: &Scenario,
        number: u32,
        plan: &InboundQueue,
        crews: Vec<u32>,
        seed: u64,
    ) -> Self {
        let start = scenario.start();
        let day = if plan.day_variation > 0.0 {
            Stream::new(seed, Purpose::Day, number, 0).gamma(plan.day_variation)
        } else {
            1.0
        };
        let surges: Vec<(SimTime, SimTime, f64)> = plan
            .surges
            .iter()
            .map(|surge| {
                (
                    scenario.time_of_day(surge.from),
                    scenario.time_of_day(surge.to),
                    surge.factor,
                )
            })
            .collect();
        let swing = plan
            .swing
            .as_ref()
            .map(|swing| (swing.share, swing.period.as_secs_f64()));
        let base = plan.calls_per_hour / 3_600.0 * day;
        let hourly = if plan.by_hour.is_empty() {
            1.0
        } else {
            plan.by_hour.iter().copied().fold(0.0, f64::max)
        };
        let surging = highest(&surges);
        let most = base * hourly * (1.0 + swing.map_or(0.0, |(share, _)| share)) * surging;
        Self {
            plan: plan.clone(),
            crews,
            seed,
            number,
            rate: Rate {
                start,
                base,
                most,
                by_hour: plan.by_hour.clone(),
                swing,
                surges,
            },
            arrivals: Stream::new(seed, Purpose::Arrivals, number, 0),
            calls: 0,
            callers: VecDeque::new(),
            front: 0,
            waiting: 0,
            figures: QueueFigures {
                name: plan.name.clone(),
                ..QueueFigures::default()
            },
            integral: 0,
            settled: start,
        }
    }

    /// When somebody calls next; nobody ever does when the rate is zero. Thinning (Lewis and Shedler 1979): candidates
    /// come at the highest rate of the day, and each stays with the share that the rate at its moment has of that.
    pub(super) fn next_arrival(&mut self, now: SimTime) -> Option<SimTime> {
        if self.rate.most <= 0.0 {
            return None;
        }
        let mut candidate = now;
        for _ in 0..MOST_CANDIDATES {
            let after = micros(self.arrivals.exponential() / self.rate.most).max(1);
            candidate = candidate.plus_micros(after);
            if self.arrivals.unit() * self.rate.most < self.rate.rate_at(candidate) {
                return Some(candidate);
            }
        }
        None
    }

    /// Somebody calls; gives the call's number.
    pub(super) fn call(&mut self) -> u64 {
        self.calls += 1;
        self.figures.offered += 1;
        self.calls
    }

    /// A caller begins to wait. Gives the ticket, and when patience runs out.
    pub(super) fn wait(&mut self, call: u64, now: SimTime) -> (u64, Option<SimTime>) {
        self.settle(now);
        self.figures.waited += 1;
        self.waiting += 1;
        let ticket = self.front + u64::try_from(self.callers.len()).unwrap_or(u64::MAX);
        self.callers.push_back(Waiting {
            call,
            since: now,
            gone: false,
        });
        let patience = self.plan.patience.map(|patience| {
            let stream = Stream::new(self.seed, Purpose::Patience, self.number, call);
            now.plus_micros(patience.draw(stream))
        });
        (ticket, patience)
    }

    /// A caller hangs up, unless the wait was over before.
    pub(super) fn hang_up(&mut self, ticket: u64, now: SimTime) {
        let place = ticket
            .checked_sub(self.front)
            .and_then(|place| usize::try_from(place).ok());
        let Some(caller) = place.and_then(|place| self.callers.get_mut(place)) else {
            return;
        };
        if caller.gone {
            return;
        }
        caller.gone = true;
        let waited = now.micros_since(caller.since);
        self.settle(now);
        self.waiting -= 1;
        self.figures.abandoned += 1;
        self.figures.wait_seconds += seconds(waited);
        self.forget_gone();
    }

    /// Returns since when the first in the queue waits.
    pub(super) fn first_since(&self) -> Option<SimTime> {
        self.callers.front().map(|caller| caller.since)
    }

    /// Answers the first in the queue. Returns the call's number.
    pub(super) fn answer_first(&mut self, now: SimTime) -> Option<u64> {
        self.settle(now);
        let caller = self.callers.pop_front()?;
        self.front += 1;
        self.waiting -= 1;
        self.served(now.micros_since(caller.since));
        self.forget_gone();
        Some(caller.call)
    }

    /// A call is answered after waiting so many microseconds.
    pub(super) fn served(&mut self, waited: i64) {
        self.figures.served += 1;
        self.figures.wait_seconds += seconds(waited);
        let in_time = seconds(waited) <= self.plan.answer_within.as_secs_f64();
        self.figures.answered_in_time += u64::from(in_time);
    }

    /// How long the call's talk takes.
    pub(super) fn talk(&self, call: u64) -> i64 {
        let stream = Stream::new(self.seed, Purpose::InboundTalk, self.number, call);
        self.plan.talk.draw(stream)
    }

    /// How long its paperwork takes.
    pub(super) fn wrap_up(&self, call: u64) -> i64 {
        let stream = Stream::new(self.seed, Purpose::InboundWrap, self.number, call);
        self.plan.wrap_up.draw(stream)
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> u32 {
        self.waiting
    }

    /// The figures up to now.
    pub(super) fn figures(&mut self, now: SimTime) -> QueueFigures {
        self.settle(now);
        QueueFigures {
            queue_seconds: seconds(self.integral),
            ..self.figures.clone()
        }
    }

    /// Forgets the figures so far; those who wait go on waiting.
    pub(super) fn reset(&mut self, now: SimTime) {
        self.settle(now);
        self.integral = 0;
        self.figures = QueueFigures {
            name: self.plan.name.clone(),
            ..QueueFigures::default()
        };
    }

    fn settle(&mut self, now: SimTime) {
        self.integral += now.micros_since(self.settled) * i64::from(self.waiting);
        self.settled = now;
    }

    /// Keeps somebody who waits at the front of the queue.
    fn forget_gone(&mut self) {
        while self.callers.front().is_some_and(|caller| caller.gone) {
            self.callers.pop_front();
            self.front += 1;
        }
    }
}
