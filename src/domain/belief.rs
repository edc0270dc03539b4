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
    /// Somebody else's: no command of ours can have made it.
    Person,
    /// Nobody can say: it may be ours and cannot be shown to be. It is not resumed; a person or an operator's hold does that.
    Unproven {
        /// What keeps it from being shown.
        doubt: Doubt,
    },
}

/// Why a status may be our doing and cannot be shown to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// A command of ours had no usable answer, and the change lies outside of the time in which that request can be
    /// shown to have made it.
    Outcome,
    /// The platform said yes to a command of ours, and nothing ties what is there to that answer, as strict ownership
    /// asks for.
    Unmatched,
    /// Somebody changed the campaign under our pause without changing its status, and may have meant it to stay paused.
    Touched,
    /// Nobody looked for too long to say that it was paused all the time.
    Gap,
    /// The campaign shows our pause, and what it dialled by before is not remembered, so that nothing can be put back.
    Forgotten,
}

impl Doubt {
    /// Returns the word for logs, status and the audit.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Outcome => "outcome",
            Self::Unmatched => "unmatched",
            Self::Touched => "touched",
            Self::Gap => "gap",
            Self::Forgotten => "forgotten",
        }
    }

    /// Returns what keeps the pause from being shown to be ours, for people.
    #[must_use]
    pub fn explained(self) -> &'static str {
        match self {
            Self::Outcome => "a command of ours had no usable answer and may have done it",
            Self::Unmatched => "nothing ties it to the platform's answer to our command",
            Self::Touched => "somebody changed the campaign under our pause",
            Self::Gap => "the campaign was not read for too long",
            Self::Forgotten => {
                "it shows our pause, and what it dialled by before is not remembered: set that at the platform"
            }
        }
    }
}

/// What is believed of a campaign. It changes only by a status that was read.
///
/// ```text
///              reads running                 pause confirmed
///   Unread ───────────────────▶ Running ─────────────────────────▶ Paused(Autopilot)
///     │                          ▲ ▲ │ ▲                               │  │
///     │ reads paused,            │ │ │ └───── resume confirmed ────────┘  │ version changed
///     │ no record of ours        │ │ │        or a person's resume        │ under our pause
///     │                          │ │ └──── a person's pause ────┐         │
///     ▼                          │ │                            ▼         ▼
///   Paused(Person) ──────────────┘ └──────────────────────── Paused(Person)
///                reads running
///
///   Paused(Autopilot) ── touched, not read for too long ──▶ Paused(Unproven) ◀── our target, and not shown to be ours
///
///   any ── reads a state between two others ──▶ as before: nobody's status yet
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
        /// What kept the pause of that time from being shown to be ours, if that was so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unproven: Option<Doubt>,
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
                Self::Paused(PauseOwner::Unproven { .. }),
                Self::Paused(PauseOwner::Unproven { .. }),
            )
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
    /// The direction of the command.
    pub to: Direction,
    /// When it was confirmed; the dwell counts from here.
    pub at: Timestamp,
    /// The cause of the command.
    pub cause: Cause,
    /// The id of the decision.
    pub decision: DecisionId,
}

/// A command whose outcome is not known yet. It is committed before the command leaves, so that a restart finds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unresolved {
    /// The decision that sent it.
    pub decision: DecisionId,
    /// The direction of the command.
    pub to: Direction,
    /// The cause of the command.
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
    /// The version in the platform's answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// How long after `before` was read it was answered or given up; unknown after a crash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_after: Option<Duration>,
    /// The platform's clock when the campaign was first seen on its way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changing_since: Option<Timestamp>,
    /// Whether it was reported that it is on its way for longer than commands settle.
    #[serde(default)]
    pub overdue: bool,
    /// Whether our clock was set back since while no daemon ran, and it alone dates what is read: no change can be shown to be its
    /// doing any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undated: bool,
}

/// How far the platform's stamps of changes are to be believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StampTrust {
    /// Readings in a row at which the stamp had moved though nothing else had.
    pub moves: u8,
    /// It moves by itself, and says nothing.
    pub worthless: bool,
    /// The pause in force would be shown to be ours if nothing were given for the stamp.
    #[serde(default)]
    pub alone_doubts: bool,
    /// The stamp in the answer to a command was read back after it, at least once: one that differs is another change.
    #[serde(default)]
    pub answers_match: bool,
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

/// An operator's hold: beats every rule but a closed calendar until it expires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The kind of the hold.
    pub kind: HoldKind,
    /// When it was set.
    pub since: Timestamp,
    /// How long it lasts.
    pub lasts: Duration,
    /// Who set it.
    pub author: String,
    /// The reason for it.
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
