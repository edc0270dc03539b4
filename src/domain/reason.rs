//! Why: the verdict of each stage of one decision, with its numbers.
//!
//! One value serves the log line, the counter, the audit row and the page. A stage that is `None` was not reached,
//! because an earlier one had settled the matter.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::belief::HoldKind;
use super::ids::DecisionId;
use super::status::Direction;
use super::thresholds::Lines;
use super::time::Timestamp;

/// Stage 0: whether the sample says anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum SampleVerdict {
    /// Complete and fresh.
    Valid {
        /// Its age.
        age: Duration,
    },
    /// There was none yet in this run.
    None,
    /// The last poll failed or was incomplete.
    Invalid {
        /// Invalid polls in a row.
        streak: u32,
    },
    /// Older than the greatest age allowed.
    TooOld {
        /// Its age.
        age: Duration,
    },
    /// Invalid for so many polls that the stale rule speaks.
    Stale {
        /// Invalid polls in a row.
        streak: u32,
    },
}

/// Stage 2: where the available agents stand to the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// Below the pause line.
    BelowPause,
    /// Neither below the pause line nor at the resume line.
    Between,
    /// At the resume line or above.
    AtResume,
}

impl Relation {
    /// The relation of `available` to `lines`.
    #[must_use]
    pub fn of(available: u32, lines: Lines) -> Self {
        if available < lines.pause_below {
            Self::BelowPause
        } else if available >= lines.resume_at {
            Self::AtResume
        } else {
            Self::Between
        }
    }
}

/// What makes a command wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The available agents crossed a line.
    Threshold,
    /// Stale data under `on_stale = pause`.
    StaleFailsafe,
    /// A person's change under `on_manual_change = enforce`.
    Reconcile,
    /// An operator's hold.
    Hold,
}

impl Cause {
    /// The metric label.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Threshold => "threshold",
            Self::StaleFailsafe => "stale_failsafe",
            Self::Reconcile => "reconcile",
            Self::Hold => "manual",
        }
    }
}

/// What stood in the way of a command that the lines ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Suppression {
    /// No valid sample.
    StaleData,
    /// Not enough samples agree yet.
    Confirming,
    /// The campaign has not run, or not been paused, for long enough.
    Cooldown,
    /// The hour's resumes are used up.
    ResumeBudget,
    /// The pause is a person's.
    PersonsPause,
    /// The pause may be ours and cannot be shown to be.
    Unproven,
    /// A person resumed our pause, and the grace runs.
    PersonsResume,
    /// An operator's hold forbids it.
    Override,
    /// Its status is not one that is commanded, or not known.
    NotCommandable,
    /// The campaign is between two states.
    Changing,
    /// The platform keeps refusing, and is not asked again for a while.
    Refused,
    /// A command is on its way.
    InFlight,
}

impl Suppression {
    /// Every suppression that can hold back a direction, so that each counter exists from the start. Between two states
    /// none is asked for.
    pub const ALL: [Self; 11] = [
        Self::StaleData,
        Self::Confirming,
        Self::Cooldown,
        Self::ResumeBudget,
        Self::PersonsPause,
        Self::Unproven,
        Self::PersonsResume,
        Self::Override,
        Self::NotCommandable,
        Self::Refused,
        Self::InFlight,
    ];

    /// The metric label.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::StaleData => "stale_data",
            Self::Confirming => "confirming",
            Self::Cooldown => "cooldown",
            Self::ResumeBudget => "resume_budget",
            Self::PersonsPause => "persons_pause",
            Self::Unproven => "unproven",
            Self::PersonsResume => "persons_resume",
            Self::Override => "override",
            Self::NotCommandable => "not_commandable",
            Self::Changing => "changing",
            Self::Refused => "refused",
            Self::InFlight => "in_flight",
        }
    }
}

/// What one decision came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Outcome {
    /// A command is wanted.
    Command {
        /// Which way.
        direction: Direction,
        /// Because of what.
        cause: Cause,
    },
    /// The campaign is as it should be.
    NothingToDo,
    /// A command would be wanted, but a stage denies it.
    Suppressed {
        /// Which way it would go; absent where that cannot be told.
        direction: Option<Direction>,
        /// What stands in the way.
        by: Suppression,
    },
}

/// Stage 3: how many samples agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmationVerdict {
    /// Samples that agree.
    pub seen: u8,
    /// Samples needed.
    pub needed: u8,
    /// Samples looked at.
    pub of_last: u8,
}

/// Stage 5: the resume budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetVerdict {
    /// Resumes within the last hour.
    pub used: u32,
    /// Resumes allowed in an hour.
    pub limit: u32,
    /// When the next one becomes free, if none is left.
    pub free_at: Option<Timestamp>,
}

/// Why a decision came out as it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Which decision.
    pub decision: DecisionId,
    /// When.
    pub at: Timestamp,
    /// What it came to.
    pub outcome: Outcome,
    /// Stage 0, the sample.
    pub sample: SampleVerdict,
    /// Stage 1, the signal: available agents of the selector, and staffed ones.
    pub available: Option<u32>,
    /// Staffed agents of the selector, where shares need them.
    pub staffed: Option<u32>,
    /// Stage 2, the lines in force.
    pub lines: Option<Lines>,
    /// Stage 2, the relation to them.
    pub relation: Option<Relation>,
    /// Stage 3, confirmation.
    pub confirmation: Option<ConfirmationVerdict>,
    /// Stage 4, dwell: no command of this direction before then.
    pub dwell_until: Option<Timestamp>,
    /// Stage 5, the resume budget.
    pub budget: Option<BudgetVerdict>,
    /// Stage 6, a person's resume is left alone until then.
    pub grace_until: Option<Timestamp>,
    /// Stage 6, the pause is a person's, or not shown to be ours.
    pub persons_pause: bool,
    /// Stage 8, the platform keeps refusing commands and is not asked again before then.
    pub refused_until: Option<Timestamp>,
    /// Stage 7, an operator's hold and when it ends.
    pub hold: Option<(HoldKind, Timestamp)>,
}

impl fmt::Display for Reason {
    /// One sentence fragment for log lines.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.available, self.lines) {
            (Some(available), Some(lines)) => {
                write!(f, "{available} available")?;
                if let Some(staffed) = self.staffed {
                    write!(f, " of {staffed} staffed")?;
                }
                write!(
                    f,
                    " (pause below {}, resume at {})",
                    lines.pause_below, lines.resume_at
                )?;
            }
            (Some(_) | None, _) => match self.sample {
                SampleVerdict::None => f.write_str("no sample yet")?,
                SampleVerdict::Invalid { streak } => write!(f, "{streak} invalid polls in a row")?,
                SampleVerdict::Stale { streak } => {
                    write!(f, "data stale after {streak} invalid polls")?;
                }
                SampleVerdict::TooOld { age } => write!(f, "sample is {} s old", age.as_secs())?,
                SampleVerdict::Valid { .. } => f.write_str("not weighed")?,
            },
        }
        match self.outcome {
            Outcome::Command {
                cause: Cause::Threshold,
                ..
            }
            | Outcome::NothingToDo => Ok(()),
            Outcome::Command { cause, .. } => write!(f, ", {}", cause.label()),
            Outcome::Suppressed { by, .. } => write!(f, ", held back by {}", by.label()),
        }
    }
}
