//! One change of a pace: what was read before it, what it is, and what became of it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::conclusion::Conclusion;
use crate::domain::delivery::Delivery;
use crate::domain::ids::{CampaignId, DecisionId};
use crate::domain::time::Timestamp;

use super::dial_ratio::DialRatio;
use super::idle_reserve::IdleReserve;
use super::setting::{Lever, PaceSetting};

/// The direction of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaceStep {
    /// To one call for each idle agent.
    Down,
    /// To as many agents kept idle as the aim's threshold.
    SetReserve,
    /// To what was there before.
    Back,
}

impl PaceStep {
    /// Every step.
    pub const ALL: [Self; 3] = [Self::Down, Self::SetReserve, Self::Back];

    /// The metric label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Down => "step_down",
            Self::SetReserve => "set_reserve",
            Self::Back => "put_back",
        }
    }
}

impl fmt::Display for PaceStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Down => "step down",
            Self::SetReserve => "set the idle reserve",
            Self::Back => "put back",
        })
    }
}

/// A campaign's pace as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PaceReading {
    /// Its dials for each idle agent.
    Dials {
        /// What is set.
        ratio: DialRatio,
        /// The least that the platform takes.
        least: DialRatio,
    },
    /// How many agents its dialler keeps idle.
    KeptIdle {
        /// What is set.
        reserve: IdleReserve,
    },
}

impl PaceReading {
    /// Returns what is set.
    #[must_use]
    pub const fn setting(self) -> PaceSetting {
        match self {
            Self::Dials { ratio, .. } => PaceSetting::Dials(ratio),
            Self::KeptIdle { reserve } => PaceSetting::KeptIdle(reserve),
        }
    }

    /// Returns the lever that was read.
    #[must_use]
    pub const fn lever(self) -> Lever {
        self.setting().lever()
    }

    /// Returns what a step down sets, where the campaign dials ahead of its agents.
    #[must_use]
    pub fn stepped_down(self) -> Option<DialRatio> {
        match self {
            Self::Dials { ratio, least } => {
                let down = least.max(DialRatio::ONE);
                (ratio > down).then_some(down)
            }
            Self::KeptIdle { .. } => None,
        }
    }

    /// Returns the dials for each idle agent of a campaign that does not dial ahead of its agents.
    #[must_use]
    pub fn not_ahead(self) -> Option<DialRatio> {
        let dials = self.setting().dials();
        dials.filter(|_| self.stepped_down().is_none())
    }
}

/// What a reading of a pace gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaceFinding {
    /// The pace.
    Found(PaceReading),
    /// It could not be read.
    Unreadable,
}

/// A change that may be sent: the pace was read, it is still wanted, and nothing else is on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaceChange {
    /// The campaign.
    pub campaign: CampaignId,
    /// The direction.
    pub step: PaceStep,
    /// What is set.
    pub before: PaceSetting,
    /// What it becomes.
    pub to: PaceSetting,
    /// What is remembered as the original.
    pub original: PaceSetting,
    /// The decision.
    pub decision: DecisionId,
    /// When it was authorised.
    pub at: Timestamp,
    /// Why, for people.
    pub why: String,
}

/// What became of a change that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaceResult {
    /// How far it got.
    pub delivery: Delivery,
    /// What was read after it.
    pub after: PaceFinding,
}

/// What came to light about a pace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "notice")]
pub enum PaceNotice {
    /// A change whose outcome was open has one.
    Resolved {
        /// The decision that sent it.
        decision: DecisionId,
        /// The direction.
        step: PaceStep,
        /// The verdict.
        conclusion: Conclusion,
    },
    /// Somebody else changed the pace while ours was in force: it stays, and the original is forgotten.
    PersonChanged {
        /// What is set.
        found: PaceSetting,
        /// What we had set.
        ours: PaceSetting,
        /// What was there before ours.
        original: PaceSetting,
    },
    /// The campaign dials one call for each agent as it is.
    NothingToStepDown {
        /// What is set.
        ratio: DialRatio,
    },
}
