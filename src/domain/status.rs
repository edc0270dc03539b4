//! A campaign's status as the platform tells it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// Which way a campaign is commanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// To PAUSED: no new dials.
    Pause,
    /// To RUNNING.
    Resume,
}

impl Direction {
    /// The status that the command asks for.
    #[must_use]
    pub fn target(self) -> PlatformStatus {
        match self {
            Self::Pause => PlatformStatus::Paused,
            Self::Resume => PlatformStatus::Running,
        }
    }

    /// The metric label: the state that the command leads to.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Pause => "paused",
            Self::Resume => "running",
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
        })
    }
}

/// The platform's word for what a campaign does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum PlatformStatus {
    /// It dials.
    Running,
    /// It does not dial, and may be resumed.
    Paused,
    /// Any other word (STOPPED, COMPLETED, ...): never commanded.
    Other(String),
}

impl From<String> for PlatformStatus {
    fn from(word: String) -> Self {
        match word.as_str() {
            "RUNNING" => Self::Running,
            "PAUSED" => Self::Paused,
            _ => Self::Other(word),
        }
    }
}

impl From<PlatformStatus> for String {
    fn from(status: PlatformStatus) -> Self {
        status.to_string()
    }
}

impl fmt::Display for PlatformStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Running => "RUNNING",
            Self::Paused => "PAUSED",
            Self::Other(word) => word,
        })
    }
}

/// One answer of the platform about one campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusReading {
    /// The status.
    pub status: PlatformStatus,
    /// When the platform last changed the campaign, as it wrote it; two readings with the same text lie on the same
    /// side of every change.
    pub version: Option<String>,
    /// The same as a time, where it could be read.
    pub updated_at: Option<Timestamp>,
    /// The platform's own clock when it answered, where it tells it.
    pub platform_now: Option<Timestamp>,
    /// Our clock when the answer was complete.
    pub read_at: Timestamp,
}

impl StatusReading {
    /// The platform's clock, or ours where it does not tell its own.
    #[must_use]
    pub fn clock(&self) -> Timestamp {
        self.platform_now.unwrap_or(self.read_at)
    }
}

/// What a status read found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusFinding {
    /// The campaign is there.
    Found(StatusReading),
    /// The platform knows no such campaign (404).
    Missing,
    /// No answer that says anything: changes nothing.
    Unreadable,
}
