//! One command: what it is, and what became of it.

use serde::{Deserialize, Serialize};

use super::campaign::Reason;
use super::delivery::Delivery;
use super::dials_by::DialsBy;
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
    /// For a resume, what the campaign dialled by before our pause, where the platform wants that put back and it is remembered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore: Option<Box<DialsBy>>,
    /// The resume begins at one dial for each idle agent, and what the campaign dialled by is put back later, as a pace is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub staged: bool,
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
