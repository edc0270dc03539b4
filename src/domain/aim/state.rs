//! The controller: what it remembers, and how a reading moves it.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::status::Direction;
use crate::domain::time::Timestamp;

use super::counters::{CallCounters, CallDelta};
use super::half_agents::HalfAgents;
use super::recent_calls::{RecentCalls, SPAN};
use super::rule::AimRule;
use super::staffed_max::StaffedMax;
use super::target::AbandonTarget;
use super::threshold::FineAgents;

/// For so long no answered call has to be counted before the threshold falls by itself.
const NO_ESCAPE_BEFORE: Duration = Duration::from_secs(24 * 60 * 60);

/// The time in which it then falls by one agent.
const ESCAPE_PER_AGENT_MILLIS: i64 = 60 * 60 * 1_000;

/// Everything that the aim of one campaign remembers; of bounded size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AimState {
    /// Where the counted calls want the threshold to be.
    pub(super) goal: FineAgents,
    /// Where it is: on its way there, by at most one agent a reading.
    pub(super) threshold: FineAgents,
    /// The last reading of the counters, which the next one is compared with.
    counters: Option<CallCounters>,
    staffed: StaffedMax,
    /// Agents who were staffed at the last reading of agents.
    staffed_now: u32,
    /// For how long the counters have shown that no call was answered.
    quiet: Duration,
    /// Whether the last calls wanted the threshold above its top.
    at_top: bool,
    recent: RecentCalls,
}

/// What a reading of the counters is for the aim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountersRead {
    /// The first one: a base.
    First,
    /// Counters were reset since the last one: a new base.
    Reset,
    /// It says nothing newer than the last one.
    Older,
    /// These calls since the last one.
    Calls(CallDelta),
}

/// Both thresholds that the aim gives, and what they rest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AimReading {
    /// A running campaign is paused when the signal is below this; at zero it is never paused.
    pub pause_below: HalfAgents,
    /// Our pause is resumed when the signal is at least this.
    pub resume_at: HalfAgents,
    /// The share that is aimed at.
    pub target: AbandonTarget,
    /// The calls that were counted within [`span`](Self::span).
    pub calls: CallDelta,
    /// The time that the calls cover.
    pub span: Duration,
    /// Whether the threshold has an effect on the share.
    pub verdict: AimVerdict,
}

/// Whether the share of abandoned calls follows the threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AimVerdict {
    /// The threshold is free to move.
    Steers,
    /// It is at its top and more calls than the target are abandoned: the cause lies elsewhere.
    DoesNotRespond,
}

impl AimState {
    /// Returns the state before anything was learned.
    #[must_use]
    pub fn new(rule: &AimRule) -> Self {
        let start = FineAgents::from_half_agents(rule.start);
        Self {
            goal: start,
            threshold: start,
            counters: None,
            staffed: StaffedMax::default(),
            staffed_now: 0,
            quiet: Duration::ZERO,
            at_top: false,
            recent: RecentCalls::default(),
        }
    }

    /// Observes how many agents a complete reading found staffed.
    pub fn observe_staffed(&mut self, staffed: u32, now: Timestamp) {
        self.staffed.observe(staffed, now);
        self.staffed_now = staffed;
    }

    /// Observes one reading of the counters. `paused` says whether the campaign is paused by us. A reading that failed is not
    /// observed at all.
    pub fn observe_counters(
        &mut self,
        rule: &AimRule,
        reading: CallCounters,
        paused: bool,
    ) -> CountersRead {
        let Some(before) = self.counters else {
            self.counters = Some(reading);
            return CountersRead::First;
        };
        if reading.until < before.until {
            return CountersRead::Older;
        }
        self.counters = Some(reading);
        let Some(calls) = reading.calls_since(before) else {
            // A call that was answered meanwhile is unknown, so that the wait for one begins anew.
            self.quiet = Duration::ZERO;
            return CountersRead::Reset;
        };
        self.recent.add(calls, reading.until);
        if calls.answered() > 0 {
            self.quiet = Duration::ZERO;
            self.learn(rule, calls);
        } else {
            let elapsed = reading.until.since(before.until);
            self.quiet = self.quiet.saturating_add(elapsed);
            if paused && self.staffed_now > 0 && self.quiet > NO_ESCAPE_BEFORE {
                self.escape(elapsed.min(self.quiet.saturating_sub(NO_ESCAPE_BEFORE)));
            }
        }
        self.threshold = self.threshold.towards(self.goal);
        CountersRead::Calls(calls)
    }

    fn learn(&mut self, rule: &AimRule, calls: CallDelta) {
        // Abandoned calls count in full, because the guarantee rests on their sum. Connected ones lower by one agent at most:
        // a counter that jumps must not open the campaign at once.
        let step = rule
            .step(calls)
            .max(FineAgents::ZERO.minus(FineAgents::ONE));
        let wanted = self.goal.plus(step);
        // A top that has come down, with fewer agents, holds the threshold and forgets nothing.
        let highest = self
            .top(rule)
            .map_or(wanted, |top| wanted.min(top.max(self.goal)));
        self.at_top = highest < wanted;
        self.goal = highest.max(FineAgents::ZERO);
    }

    fn escape(&mut self, passed: Duration) {
        let millis = i64::try_from(passed.as_millis()).unwrap_or(i64::MAX);
        // One agent a reading, however long the reading took to come.
        let millis = millis.min(ESCAPE_PER_AGENT_MILLIS);
        let fall = millis.saturating_mul(FineAgents::ONE.0);
        let fall = FineAgents(fall.div_euclid(ESCAPE_PER_AGENT_MILLIS));
        self.goal = self.goal.minus(fall).max(FineAgents::ZERO);
        self.at_top = false;
    }

    fn top(&self, rule: &AimRule) -> Option<FineAgents> {
        self.staffed.get().map(|staffed| rule.top(staffed))
    }

    /// Returns the threshold below which a running campaign is paused.
    #[must_use]
    pub fn pause_below(&self, rule: &AimRule) -> HalfAgents {
        let top = self.top(rule).unwrap_or(self.threshold);
        self.threshold.min(top).in_half_agents()
    }

    /// Returns the threshold at which our pause is resumed.
    #[must_use]
    pub fn resume_at(&self, rule: &AimRule) -> HalfAgents {
        self.pause_below(rule).plus(rule.gap)
    }

    /// Returns the command that the signal asks for in the status that the campaign has.
    #[must_use]
    pub fn wanted(&self, rule: &AimRule, signal: HalfAgents, running: bool) -> Option<Direction> {
        if running {
            (signal < self.pause_below(rule)).then_some(Direction::Pause)
        } else {
            (signal >= self.resume_at(rule)).then_some(Direction::Resume)
        }
    }

    /// Returns the thresholds and what they rest on.
    #[must_use]
    pub fn reading(&self, rule: &AimRule) -> AimReading {
        let until = self.counters.map(|counters| counters.until);
        AimReading {
            pause_below: self.pause_below(rule),
            resume_at: self.resume_at(rule),
            target: rule.target,
            calls: until
                .map(|until| self.recent.sum(until))
                .unwrap_or_default(),
            span: SPAN,
            verdict: if self.at_top {
                AimVerdict::DoesNotRespond
            } else {
                AimVerdict::Steers
            },
        }
    }
}

impl fmt::Display for AimReading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "threshold {}: {} of {} calls abandoned in {}, aimed at {}",
            self.pause_below,
            self.calls.abandoned,
            self.calls.answered(),
            humantime::format_duration(self.span),
            self.target,
        )?;
        match self.verdict {
            AimVerdict::Steers => Ok(()),
            AimVerdict::DoesNotRespond => f.write_str("; does not respond"),
        }
    }
}
