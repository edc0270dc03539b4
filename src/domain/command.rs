//! One command: what it is, how far it got, and what became of it.

use serde::{Deserialize, Serialize};

use super::campaign::Reason;
use super::ids::CampaignId;
use super::status::{Direction, StatusFinding, StatusReading};

/// A command that may be sent: status read, still wanted, nothing else on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// Which campaign.
    pub campaign: CampaignId,
    /// Which way.
    pub direction: Direction,
    /// Why.
    pub reason: Reason,
    /// The status read just before.
    pub before: StatusReading,
}

/// How far a command got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "delivery")]
pub enum Delivery {
    /// The platform said yes.
    Acknowledged,
    /// It may have arrived; no usable answer came back.
    Lost {
        /// What happened, for people.
        why: String,
    },
    /// The platform said no; nothing changed.
    Refused {
        /// What it said.
        why: String,
    },
    /// It never left.
    NotSent {
        /// What kept it.
        why: String,
    },
}

/// What became of a command that was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandResult {
    /// How far it got.
    pub delivery: Delivery,
    /// The status read after it.
    pub after: StatusFinding,
}

/// The verdict on a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// The status shows it, and it is ours.
    Confirmed,
    /// The platform said no.
    Refused,
    /// It never left.
    NotSent,
    /// It had no effect.
    NotApplied,
    /// The status is the one asked for, but cannot be shown to be our doing: it counts as a person's.
    NotOurs,
    /// Not known yet; the next status read decides.
    Unknown,
}

impl Conclusion {
    /// The word for logs, metrics and the store.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Refused => "refused",
            Self::NotSent => "not_sent",
            Self::NotApplied => "not_applied",
            Self::NotOurs => "not_ours",
            Self::Unknown => "unknown",
        }
    }
}
