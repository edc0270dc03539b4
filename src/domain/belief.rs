//! What is believed of a campaign, and what has to be remembered to believe it rightly after a restart.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::cause::Cause;
use super::ids::DecisionId;
use super::status::{Direction, StatusReading};
use super::time::Timestamp;

/// Whose pause a pause is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "owner")]
pub enum PauseOwner {
    /// Ours: the only pause that we resume.
    Autopilot {
        /// The platform's version of the campaign when we saw our pause in force. Another version later means that
        /// somebody touched it, and it is not shown to be ours any more.
        version: Option<String>,
    },
    /// Somebody else's, or one that we cannot show to be ours.
    Person,
}

/// What is believed of a campaign. It changes only by a status that was read.
///
/// ```text
///              reads RUNNING                 pause confirmed
///   Unread ───────────────────▶ Running ─────────────────────────▶ Paused(Autopilot)
///     │                          ▲ ▲ │ ▲                               │  │
///     │ reads PAUSED,            │ │ │ └───── resume confirmed ────────┘  │ version changed
///     │ no record of ours        │ │ │        or a person's resume        │ under our pause
///     │                          │ │ └──── a person's pause ────┐         │
///     ▼                          │ │                            ▼         ▼
///   Paused(Person) ──────────────┘ └──────────────────────── Paused(Person)
///                reads RUNNING
///
///   any ── reads another word ──▶ Other     any ── 404 ──▶ Missing     both: back by what is read next
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Belief {
    /// Its status was never read.
    Unread,
    /// It dials.
    Running,
    /// It is paused.
    Paused(PauseOwner),
    /// It is in a state that is never commanded.
    Other {
        /// The platform's word.
        word: String,
    },
    /// The platform does not know it.
    Missing {
        /// Not asked for again before then.
        recheck_at: Timestamp,
        /// Whether it was paused, and the pause ours, when it was last there.
        ours: bool,
    },
}

impl Belief {
    /// Whether the pause is ours to resume.
    #[must_use]
    pub fn paused_by_us(&self) -> bool {
        matches!(self, Self::Paused(PauseOwner::Autopilot { .. }))
    }

    /// Whether both say the same of the campaign, versions and re-check times apart.
    pub(crate) fn alike(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Unread, Self::Unread)
            | (Self::Running, Self::Running)
            | (Self::Missing { .. }, Self::Missing { .. })
            | (Self::Paused(PauseOwner::Person), Self::Paused(PauseOwner::Person))
            | (
                Self::Paused(PauseOwner::Autopilot { .. }),
                Self::Paused(PauseOwner::Autopilot { .. }),
            ) => true,
            (Self::Other { word }, Self::Other { word: other }) => word == other,
            (
                Self::Unread
                | Self::Running
                | Self::Missing { .. }
                | Self::Paused(_)
                | Self::Other { .. },
                _,
            ) => false,
        }
    }

    /// One word for tables and metrics.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused(_) => "paused",
            Self::Other { .. } => "stopped",
            Self::Unread | Self::Missing { .. } => "unknown",
        }
    }
}

/// Our last command that was confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// Where it led.
    pub to: Direction,
    /// When it was confirmed; the dwell counts from here.
    pub at: Timestamp,
    /// Why.
    pub cause: Cause,
    /// Which decision.
    pub decision: DecisionId,
}

/// A command whose outcome is not known yet. It is committed before the command leaves, so that a restart finds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unresolved {
    /// Which decision sent it.
    pub decision: DecisionId,
    /// Where it was to lead.
    pub to: Direction,
    /// Why.
    pub cause: Cause,
    /// The status read just before, the opposite of the target.
    pub before: StatusReading,
    /// The platform's clock from which on a change can be ours: that of `before`, or of an earlier command of the same
    /// direction that was lost.
    pub from: Timestamp,
    /// When the intent was made.
    pub sent_at: Timestamp,
    /// The longest that the request can have been on its way.
    pub longest: Duration,
    /// The platform said yes, though the status does not show it yet.
    pub acknowledged: bool,
}

/// What an operator's hold asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldKind {
    /// Keep it running.
    Running,
    /// Keep it paused.
    Paused,
    /// Command nothing.
    AsIs,
}

impl HoldKind {
    /// The word for logs, flags and interfaces.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::AsIs => "as-is",
        }
    }
}

/// An operator's hold: beats every rule until it expires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// What it asks for.
    pub kind: HoldKind,
    /// When it was set.
    pub since: Timestamp,
    /// How long it lasts.
    pub lasts: Duration,
    /// Who set it.
    pub author: String,
    /// Why.
    pub reason: String,
}

impl Hold {
    /// When it ends. A start that lies in the future, after a jump of the clock, counts as now.
    #[must_use]
    pub fn until(&self, now: Timestamp) -> Timestamp {
        self.since.min(now).plus(self.lasts)
    }

    /// Whether it is in force.
    #[must_use]
    pub fn active(&self, now: Timestamp) -> bool {
        now < self.until(now)
    }
}
