//! One change of a pace: what was read before it, what it is, and what became of it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::conclusion::Conclusion;
use crate::domain::delivery::Delivery;
use crate::domain::ids::{CampaignId, DecisionId};
use crate::domain::time::Timestamp;

use super::dial_ratio::DialRatio;

/// The direction of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaceStep {
    /// To one call for each idle agent.
    Down,
    /// To what was there before.
    Back,
}

impl PaceStep {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Down, Self::Back];

    /// The metric label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Down => "step_down",
            Self::Back => "put_back",
        }
    }
}

impl fmt::Display for PaceStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Down => "step down",
            Self::Back => "put back",
        })
    }
}

/// A campaign's pace as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaceReading {
    /// What is set.
    pub ratio: DialRatio,
    /// The least that the platform takes.
    pub least: DialRatio,
}

impl PaceReading {
    /// Returns what a step down sets.
    #[must_use]
    pub fn stepped_down(self) -> DialRatio {
        self.least.max(DialRatio::ONE)
    }

    /// Whether the campaign dials ahead of its agents at all.
    #[must_use]
    pub fn dials_ahead(self) -> bool {
        self.ratio > self.stepped_down()
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
    pub before: DialRatio,
    /// What it becomes.
    pub to: DialRatio,
    /// What is remembered as the original.
    pub original: DialRatio,
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
        found: DialRatio,
        /// What we had set.
        ours: DialRatio,
        /// What was there before ours.
        original: DialRatio,
    },
    /// The campaign dials one call for each agent as it is.
    NothingToStepDown {
        /// What is set.
        ratio: DialRatio,
    },
}
