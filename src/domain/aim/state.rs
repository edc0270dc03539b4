//! The controller: what it remembers, and how a reading moves it.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::status::Direction;
use crate::domain::time::Timestamp;

use super::counters::{CallCounters, CallDelta};
use super::half_agents::HalfAgents;
use super::recent_calls::{RecentCalls, SPAN};
use super::rule::{AimBy, AimRule};
use super::shortage::Shortage;
use super::staffed_max::StaffedMax;
use super::target::AbandonTarget;
use super::threshold::FineAgents;

/// For so long no answered call has to be counted before the threshold falls by itself.
const NO_ESCAPE_BEFORE: Duration = Duration::from_secs(24 * 60 * 60);

/// A longer interval between two readings of which nothing is known may have had answered calls.
const LONGEST_UNKNOWN: Duration = Duration::from_secs(60 * 60);

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
    /// For how long the counters have shown that no call was answered, of the time in which the campaign was paused for its threshold
    /// and agents were there.
    quiet: Duration,
    /// Whether calls wanted the threshold above its top, and too many were abandoned ever since.
    at_top: bool,
    recent: RecentCalls,
    /// The polls that it learns from, where nobody counts calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shortage: Option<Shortage>,
    /// What was last told: the threshold in whole agents, and whether it has an effect.
    #[serde(default)]
    told: Option<(u32, AimVerdict)>,
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

/// A change of an aim that people are told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AimMoved {
    /// The threshold that was told before, in whole agents.
    pub from: u32,
    /// What it is.
    pub to: AimReading,
}

/// Both thresholds that the aim gives, and what they rest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AimReading {
    /// The agents that were compared with them; none without a valid sample.
    #[serde(default)]
    pub signal: Option<HalfAgents>,
    /// A running campaign is paused when the signal is below this; at zero it is never paused.
    pub pause_below: HalfAgents,
    /// Our pause is resumed when the signal is at least this.
    pub resume_at: HalfAgents,
    /// The share that is aimed at.
    pub target: AbandonTarget,
    /// What it learns from.
    #[serde(default)]
    pub by: AimBy,
    /// The calls, or the polls that stand for them, that were counted within [`span`](Self::span).
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
            shortage: None,
            told: None,
        }
    }

    /// Observes how many agents a complete reading found staffed.
    pub fn observe_staffed(&mut self, staffed: u32, now: Timestamp) {
        self.staffed.observe(staffed, now);
        self.staffed_now = staffed;
    }

    /// Observes one complete poll of an aim by [`AimBy::Shortage`]; `running` and `paused` say whether the campaign runs, or is paused
    /// by us for its threshold and for nothing else.
    pub fn observe_shortage(
        &mut self,
        rule: &AimRule,
        available: u32,
        running: bool,
        paused: bool,
        now: Timestamp,
    ) {
        let shortage = self.shortage.get_or_insert_with(|| Shortage::new(now));
        let polls = shortage.observe(available, running, now);
        self.observe_counters(rule, polls, paused);
    }

    /// Observes one reading of the counters. `paused` says whether the campaign is paused by us for its threshold, and for nothing
    /// else. A reading that failed is not observed at all.
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
            // A call that was answered meanwhile is unknown. Counters of a day begin anew each midnight, between two readings.
            if reading.until.since(before.until) > LONGEST_UNKNOWN {
                self.quiet = Duration::ZERO;
            }
            return CountersRead::Reset;
        };
        self.recent.add(calls, reading.until);
        if calls.answered() > 0 {
            self.quiet = Duration::ZERO;
            self.learn(rule, calls, reading.until);
        } else if paused && self.staffed_now > 0 {
            let elapsed = reading.until.since(before.until);
            self.quiet = self.quiet.saturating_add(elapsed);
            if self.quiet > NO_ESCAPE_BEFORE {
                self.escape(elapsed.min(self.quiet.saturating_sub(NO_ESCAPE_BEFORE)));
            }
        }
        self.threshold = self.threshold.towards(self.goal);
        CountersRead::Calls(calls)
    }

    fn learn(&mut self, rule: &AimRule, calls: CallDelta, until: Timestamp) {
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
        // The last calls alone would not do: one that reaches an agent is among them at nearly every reading.
        let share_above = rule.step(self.recent.sum(until)) > FineAgents::ZERO;
        self.at_top = highest < wanted || (self.at_top && share_above);
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

    /// Returns the thresholds and what they rest on at `now`; `signal` is what they were compared with.
    #[must_use]
    pub fn reading(
        &self,
        rule: &AimRule,
        signal: Option<HalfAgents>,
        now: Timestamp,
    ) -> AimReading {
        let pause_below = self.pause_below(rule);
        AimReading {
            signal,
            pause_below,
            resume_at: pause_below.plus(rule.gap),
            target: rule.target,
            by: rule.by,
            calls: self.recent.sum(now),
            span: SPAN,
            verdict: self.verdict(),
        }
    }

    const fn verdict(&self) -> AimVerdict {
        if self.at_top {
            AimVerdict::DoesNotRespond
        } else {
            AimVerdict::Steers
        }
    }

    /// Returns what people have to be told: another threshold in whole agents, or that it has an effect no more or again. What is
    /// returned counts as told, and so does the very first threshold.
    pub fn tell(&mut self, rule: &AimRule, now: Timestamp) -> Option<AimMoved> {
        let current = (self.pause_below(rule).whole_agents(), self.verdict());
        if self.told == Some(current) {
            return None;
        }
        let (from, _) = self.told.replace(current)?;
        Some(AimMoved {
            from,
            to: self.reading(rule, None, now),
        })
    }

    /// Moves every time of our clock, which was set by so many milliseconds. Since when counters count is as their owner tells it.
    pub fn shift_clock(&mut self, milliseconds: i64) {
        // Every member is named, so that no time of a later version is forgotten.
        let Self {
            goal: _,
            threshold: _,
            counters,
            staffed,
            staffed_now: _,
            quiet: _,
            at_top: _,
            recent,
            shortage,
            told: _,
        } = self;
        if let Some(shortage) = shortage {
            shortage.shift_clock(milliseconds);
        }
        if let Some(counters) = counters {
            counters.until.shift(milliseconds);
        }
        staffed.shift_clock(milliseconds);
        recent.shift_clock(milliseconds);
    }

    /// Pulls the time of the last counters back to now, if it lies in the future.
    pub fn clamp(&mut self, now: Timestamp) {
        if let Some(counters) = &mut self.counters {
            counters.until = counters.until.min(now);
        }
    }
}

impl AimReading {
    /// Returns the sentence with what was compared.
    #[must_use]
    pub fn in_full(&self) -> String {
        let resume_at = self.resume_at;
        match self.signal {
            Some(signal) => format!("{self}; signal {signal}, resume at {resume_at}"),
            None => format!("{self}; resume at {resume_at}"),
        }
    }
}

impl fmt::Display for AimReading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "threshold {}: ", self.pause_below)?;
        let span = humantime::format_duration(self.span);
        let (of, abandoned) = (self.calls.answered(), self.calls.abandoned);
        match (self.by, of) {
            (AimBy::Counters, 0) => write!(f, "no calls counted in {span}")?,
            (AimBy::Counters, _) => write!(f, "{abandoned} of {of} calls abandoned in {span}")?,
            (AimBy::Shortage, 0) => write!(f, "not seen running in {span}")?,
            (AimBy::Shortage, _) => {
                write!(f, "out of agents at {abandoned} of {of} polls in {span}")?;
            }
        }
        write!(f, ", aimed at {}", self.target)?;
        if self.by == AimBy::Shortage {
            f.write_str(" abandoned by proxy")?;
        }
        match self.verdict {
            AimVerdict::Steers => Ok(()),
            AimVerdict::DoesNotRespond => f.write_str("; does not respond"),
        }
    }
}
