//! Why: the verdict of each stage of one decision, with its numbers.
//!
//! One value serves the log line, the counter, the audit row and the page.

use std::fmt;

use crate::domain::aim::AimReading;
use crate::domain::belief::Doubt;
use crate::domain::cause::Cause;
use crate::domain::ids::DecisionId;
use crate::domain::status::Direction;
use crate::domain::thresholds::AgentThresholds;
use crate::domain::time::Timestamp;

use super::outcome::{Outcome, Suppression};
use super::stages::{HoldVerdict, Relation, SampleVerdict, Stages};

/// Why a decision came out as it did. Its form in the audit is that of [`recorded`](super::recorded).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The id of the decision.
    pub decision: DecisionId,
    /// The time at which it happened.
    pub at: Timestamp,
    /// The outcome.
    pub outcome: Outcome,
    /// The verdict of each stage.
    pub stages: Stages,
    /// What the aim in force says, where there is one: the thresholds that were compared.
    pub aim: Option<Box<AimReading>>,
}

impl Reason {
    /// The validity of the sample.
    #[must_use]
    pub fn sample(&self) -> SampleVerdict {
        self.stages.sample.found.unwrap_or(SampleVerdict::None)
    }

    /// The number that the rule compares; none without a valid sample.
    #[must_use]
    pub fn available(&self) -> Option<u32> {
        self.stages.signal.found.map(|signal| signal.available)
    }

    /// Agents that are not offline, where the thresholds are shares of them.
    #[must_use]
    pub fn staffed(&self) -> Option<u32> {
        self.stages.signal.found?.staffed
    }

    /// The thresholds in whole agents, rounded up; none without a valid sample.
    #[must_use]
    pub fn thresholds(&self) -> Option<AgentThresholds> {
        self.stages.thresholds.found.map(|found| found.thresholds)
    }

    /// The relation of the available agents to the thresholds.
    #[must_use]
    pub fn relation(&self) -> Option<Relation> {
        self.stages.thresholds.found.map(|found| found.relation)
    }

    /// Returns what keeps a pause from being shown to be ours, if that alone keeps it in force while agents are idle.
    pub(crate) fn idles_in_doubt(&self) -> Option<Doubt> {
        let wanted = self.outcome
            == Outcome::Suppressed {
                direction: Some(Direction::Resume),
                by: Suppression::Unproven,
            };
        let people = self.stages.people.found.filter(|_| wanted);
        people.and_then(|people| people.unproven)
    }

    /// An operator's hold in force.
    #[must_use]
    pub fn hold(&self) -> Option<HoldVerdict> {
        self.stages.hold.found
    }
}

impl fmt::Display for Reason {
    /// One sentence fragment for log lines.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calendar = self.stages.calendar.found.as_ref();
        if let Some(by) = calendar.and_then(|calendar| calendar.state.closed_by.as_ref()) {
            write!(f, "closed, {}; ", by.in_words())?;
        }
        if let Outcome::Command {
            cause: Cause::Hold, ..
        } = self.outcome
        {
            f.write_str("an operator's hold; ")?;
        }
        match (self.available(), self.thresholds()) {
            (Some(available), Some(thresholds)) => {
                write!(f, "{available} available")?;
                if let Some(staffed) = self.staffed() {
                    write!(f, " of {staffed} staffed")?;
                }
                match &self.aim {
                    Some(aim) => write!(f, " ({})", aim.in_full())?,
                    None => write!(
                        f,
                        " (pause below {}, resume at {})",
                        thresholds.pause_below, thresholds.resume_at
                    )?,
                }
            }
            (Some(_) | None, _) => match self.sample() {
                SampleVerdict::None if calendar.is_some_and(|calendar| calendar.alone) => {
                    f.write_str("no agents count")?;
                }
                SampleVerdict::None => f.write_str("no sample yet")?,
                SampleVerdict::Invalid { streak } => write!(f, "{streak} invalid polls in a row")?,
                SampleVerdict::Stale { streak } => {
                    write!(f, "data stale after {streak} invalid polls")?;
                }
                SampleVerdict::TooOld { age } => write!(f, "sample is {} s old", age.as_secs())?,
                SampleVerdict::Valid { .. } => f.write_str("not evaluated")?,
            },
        }
        match self.outcome {
            Outcome::Command {
                cause: Cause::Threshold | Cause::Hold,
                ..
            }
            | Outcome::NothingToDo => Ok(()),
            Outcome::Command { cause, .. } => write!(f, ", {}", cause.label()),
            Outcome::Suppressed { by, .. } => write!(f, ", held back by {}", by.label()),
        }
    }
}
