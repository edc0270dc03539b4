//! One command: what it is, how far it got, and what became of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::campaign::Reason;
use super::ids::CampaignId;
use super::status::{Direction, StatusFinding, StatusReading};
use super::time::Timestamp;

/// A command that may be sent: status read, still wanted, nothing else on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// The campaign.
    pub campaign: CampaignId,
    /// The direction of the command.
    pub direction: Direction,
    /// The reason for it.
    pub reason: Reason,
    /// The status read just before.
    pub before: StatusReading,
}

/// How far a write got, whatever it was to change. Nothing is sent again after any of these without a reading first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "delivery")]
pub enum Delivery {
    /// The platform said yes. That it will show is not said: it may still be settling.
    Acknowledged {
        /// The version that the write made, if its own answer names it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<String>,
    },
    /// What the write rested on is no longer so: a version or a state that was read before; it changed nothing.
    Conflict {
        /// The platform's words.
        why: String,
    },
    /// The platform said no; it changed nothing.
    Refused {
        /// The platform's words.
        why: String,
        /// It may be asked again after so long; absent when the answer would be the same.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wait: Option<Duration>,
    },
    /// It did not reach the platform, or was turned away before anything was looked at; it changed nothing.
    NotSent {
        /// The reason why it was not sent.
        why: String,
    },
    /// It may have arrived, and may still; no usable answer came back.
    Lost {
        /// What happened, for people.
        why: String,
    },
}

impl Delivery {
    /// Returns what went wrong; nothing for what was acknowledged.
    #[must_use]
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Acknowledged { .. } => None,
            Self::Conflict { why }
            | Self::Refused { why, .. }
            | Self::NotSent { why }
            | Self::Lost { why } => Some(why),
        }
    }
}

/// What became of a command that was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandResult {
    /// How far the write got.
    pub delivery: Delivery,
    /// The status read after it.
    pub after: StatusFinding,
    /// The reading on which it was sent last, where that was made after the command was authorised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<StatusReading>,
    /// Our clock when it was answered or given up; the time of the report, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// The attempts that had no usable answer, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<LostTry>,
}

/// One attempt at a command that had no usable answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostTry {
    /// The reading on which it was sent.
    pub before: StatusReading,
    /// Our clock when it broke off or was given up.
    pub ended_at: Timestamp,
}
