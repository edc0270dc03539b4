//! The unit in which the threshold is kept.

use serde::{Deserialize, Serialize};

use super::half_agents::HalfAgents;

/// A number of agents in ten-millionths of an agent.
///
/// The unit is such that nothing is ever rounded: a gain in thousandths times a share in ten-thousandths times a number of calls
/// is a whole number of it. Sums saturate; 0.7 of all agents that a `u32` counts is below a two-hundredth of what fits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct FineAgents(pub(super) i64);

impl FineAgents {
    pub(super) const ZERO: Self = Self(0);
    pub(super) const ONE: Self = Self(10_000_000);
    const HALF: i64 = 5_000_000;
    const TENTH: i64 = 1_000_000;

    pub(super) fn from_half_agents(agents: HalfAgents) -> Self {
        Self(i64::from(agents.halves()).saturating_mul(Self::HALF))
    }

    pub(super) fn tenths_of_agents(tenths: u64) -> Self {
        let tenths = i64::try_from(tenths).unwrap_or(i64::MAX);
        Self(tenths.saturating_mul(Self::TENTH))
    }

    /// The fewest halves of an agent that are not below it.
    pub(super) fn in_half_agents(self) -> HalfAgents {
        let halves = self.0.max(0).div_euclid(Self::HALF);
        let rest = i64::from(self.0.max(0).rem_euclid(Self::HALF) > 0);
        HalfAgents::from_halves(u32::try_from(halves.saturating_add(rest)).unwrap_or(u32::MAX))
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    pub(super) fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// This, moved towards `goal` by at most one agent.
    pub(super) fn towards(self, goal: Self) -> Self {
        goal.clamp(self.minus(Self::ONE), self.plus(Self::ONE))
    }
}
