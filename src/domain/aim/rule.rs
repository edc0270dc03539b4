//! The aim as its owner configured it.

use serde::{Deserialize, Serialize};

use super::counters::CallDelta;
use super::half_agents::HalfAgents;
use super::shortage::Shortage;
use super::signal::AimSignal;
use super::target::AbandonTarget;
use super::threshold::FineAgents;

/// What an aim learns from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AimBy {
    /// Calls that somebody counts.
    #[default]
    Counters,
    /// Polls at which the running campaign has just run out of available agents: a proxy ([`Shortage`]).
    Shortage,
}

impl AimBy {
    /// Returns the word for settings and interfaces.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Counters => "counters",
            Self::Shortage => "shortage",
        }
    }
}

/// The rule of one campaign that aims at a share of abandoned calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AimRule {
    /// The share of the answered calls that may be abandoned.
    pub target: AbandonTarget,
    /// What it learns from.
    #[serde(default)]
    pub by: AimBy,
    /// The agents that are compared with the threshold.
    pub signal: AimSignal,
    /// What is added to the threshold for a resume.
    pub gap: HalfAgents,
    /// The threshold before anything was learned.
    pub start: HalfAgents,
}

/// From this target on calls are abandoned so often that the smaller gain learns as fast.
const HIGH_TARGET: u32 = 200;

impl AimRule {
    /// Returns the rule for a target, with what was found best in trials: half of the wrap-up counts, a gap of two agents, and
    /// a threshold of three at the start.
    #[must_use]
    pub fn new(target: AbandonTarget) -> Self {
        Self {
            target,
            by: AimBy::default(),
            signal: AimSignal::default(),
            gap: HalfAgents::from_agents(2),
            start: HalfAgents::from_agents(3),
        }
    }

    /// The share that is learned towards: the target itself, or that of the polls which stand for it.
    #[must_use]
    pub const fn learned_share(&self) -> u32 {
        let target = self.target.hundredths_of_percent();
        match self.by {
            AimBy::Counters => target,
            AimBy::Shortage => target.saturating_mul(Shortage::POLLS_FOR_TEN_CALLS) / 10,
        }
    }

    /// Whether this target is one that what it learns from can stand for.
    #[must_use]
    pub fn may_aim_at(&self, target: AbandonTarget) -> bool {
        self.by == AimBy::Counters || target.hundredths_of_percent() == Shortage::MEASURED_TARGET
    }

    /// How far the threshold moves for each call that is abandoned beyond the target, in thousandths of an agent: 0.3 agents,
    /// and 0.1 for a target of 2% and more.
    #[must_use]
    pub const fn gain_thousandths(&self) -> u32 {
        if self.learned_share() < HIGH_TARGET {
            300
        } else {
            100
        }
    }

    /// `gain * ((1 - target) * abandoned - target * connected)`, exactly unless it does not fit.
    pub(super) fn step(&self, calls: CallDelta) -> FineAgents {
        let target = i128::from(self.learned_share());
        let rest = i128::from(AbandonTarget::WHOLE).saturating_sub(target);
        let up = rest.saturating_mul(i128::from(calls.abandoned));
        let down = target.saturating_mul(i128::from(calls.connected));
        let step = up
            .saturating_sub(down)
            .saturating_mul(i128::from(self.gain_thousandths()));
        let bound = if step < 0 { i64::MIN } else { i64::MAX };
        FineAgents(i64::try_from(step).unwrap_or(bound))
    }

    /// The highest threshold for so many staffed agents: 0.7 of them, less the gap, so that a resume stays within reach.
    pub(super) fn top(&self, staffed_max: u32) -> FineAgents {
        let tenths = u64::from(staffed_max).saturating_mul(7);
        FineAgents::tenths_of_agents(tenths)
            .minus(FineAgents::from_half_agents(self.gap))
            .max(FineAgents::ZERO)
    }
}
