//! The inputs of a queue's calibrator and the questions to it, recorded so that its decisions can be replayed.
//!
//! What the daemon tells a calibrator goes through [`CalibrationInput::apply`] there as in a replay, so that the two cannot differ in
//! how an input is taken.

use serde::{Deserialize, Serialize};

use crate::domain::belief::Hold;
use crate::domain::conclusion::Conclusion;
use crate::domain::ids::DecisionId;
use crate::domain::time::Timestamp;

use super::calibration::{CalibrationPolicy, QueueStatistics};
use super::calibrator::{CalibrationDecision, QueueCalibrator, QueueMemory, QueueStanding};
use super::classic::ClassicInputs;
use super::member::{Members, stored_members};

/// One input of a queue's calibrator, or one question to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "calibration")]
pub enum CalibrationInput {
    /// A run began.
    Start {
        /// The rules.
        policy: CalibrationPolicy,
        /// What the store remembered.
        memory: QueueMemory,
    },
    /// The whole state, so that a replay can begin here when older inputs are gone; compared with the replay's own when it is
    /// under way already.
    Checkpoint {
        /// The calibrator with everything in it.
        calibrator: Box<QueueCalibrator>,
    },
    /// Inputs before this one are lost, because the store could not be written for too long.
    Gap,
    /// The queue was read.
    Read {
        /// The members that a calibration may change.
        #[serde(with = "stored_members")]
        members: Members,
        /// Its statistics; none where the platform shows none.
        statistics: Option<QueueStatistics>,
    },
    /// It could not be read: what was measured before is not what is there now.
    Unread,
    /// The calibrator was asked what should happen.
    Decide {
        /// The figures that an operator brought along.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        given: Option<ClassicInputs>,
        /// The standing that it gave.
        standing: QueueStanding,
        /// The members that it wanted written.
        #[serde(
            default,
            with = "stored_members",
            skip_serializing_if = "Members::is_empty"
        )]
        wanted: Members,
    },
    /// An operator's hold was set or lifted.
    Hold {
        /// The hold.
        hold: Option<Hold>,
    },
    /// An operator released the figures from a manual change.
    ManualChangeReleased,
    /// A change of the memory was taken back, because it could not be committed.
    Restored {
        /// The memory as it was before the change.
        memory: QueueMemory,
    },
    /// A change was about to be sent.
    Sending {
        /// The members of the change.
        #[serde(with = "stored_members")]
        change: Members,
    },
    /// What was about to be sent was not.
    SentNothing,
    /// What became of a change.
    Report {
        /// The conclusion.
        conclusion: Conclusion,
        /// The members that were read last.
        #[serde(with = "stored_members")]
        found: Members,
        /// The decision that the change was made under.
        decision: DecisionId,
    },
    /// The machine's clock was set, and what is remembered moved with it.
    ClockStepped {
        /// By how much.
        milliseconds: i64,
    },
}

impl CalibrationInput {
    /// Returns the question that was answered with this decision.
    #[must_use]
    pub fn decided(given: Option<ClassicInputs>, decision: &CalibrationDecision) -> Self {
        let change = decision.change.as_ref();
        Self::Decide {
            given,
            standing: decision.standing,
            wanted: change.map_or_else(Members::new, |change| change.members.clone()),
        }
    }

    /// Feeds this input to a calibrator. A question changes nothing.
    pub fn apply(&self, calibrator: &mut QueueCalibrator, at: Timestamp) {
        match self {
            Self::Start { policy, memory } => {
                *calibrator = QueueCalibrator::new(policy.clone(), memory.clone());
            }
            Self::Checkpoint { calibrator: whole } => calibrator.clone_from(whole),
            Self::Gap | Self::Decide { .. } => {}
            Self::Read {
                members,
                statistics,
            } => {
                calibrator.observe(members, at);
                calibrator.measure(*statistics);
            }
            Self::Unread => calibrator.measure(None),
            Self::Hold { hold } => calibrator.set_hold(hold.clone()),
            Self::ManualChangeReleased => {
                calibrator.release_manual_change();
            }
            Self::Restored { memory } => calibrator.restore(memory.clone()),
            Self::Sending { change } => calibrator.sending(change, at),
            Self::SentNothing => calibrator.sent_nothing(),
            Self::Report {
                conclusion,
                found,
                decision,
            } => calibrator.report(*conclusion, found, *decision, at),
            Self::ClockStepped { milliseconds } => calibrator.shift_clock(*milliseconds),
        }
    }
}

/// Feeds one recorded input to the calibrator in `slot`; returns what was recorded and what came out now where that is a decision.
pub(crate) fn feed(
    slot: &mut Option<QueueCalibrator>,
    at: Timestamp,
    input: CalibrationInput,
) -> Option<(String, String)> {
    match (&mut *slot, input) {
        (_, CalibrationInput::Start { policy, memory }) => {
            *slot = Some(QueueCalibrator::new(policy, memory));
            None
        }
        (_, CalibrationInput::Checkpoint { calibrator }) => {
            let differs = slot.as_ref().is_some_and(|again| *again != *calibrator);
            *slot = Some(*calibrator);
            differs.then(|| ("a queue's state".to_owned(), "another state".to_owned()))
        }
        (_, CalibrationInput::Gap) => {
            *slot = None;
            None
        }
        // Inputs before the first beginning were cut off by retention.
        (None, _) => None,
        (
            Some(calibrator),
            CalibrationInput::Decide {
                given,
                standing,
                wanted,
            },
        ) => {
            let again = calibrator.decide_with(given.as_ref(), at);
            let change = again.change.map(|change| change.members);
            let again = in_words(again.standing, &change.unwrap_or_default());
            Some((in_words(standing, &wanted), again))
        }
        (Some(calibrator), input) => {
            input.apply(calibrator, at);
            None
        }
    }
}

fn in_words(standing: QueueStanding, wanted: &Members) -> String {
    let members = wanted.iter();
    let members: Vec<String> = members
        .map(|(member, setting)| format!(", {member} to {setting}"))
        .collect();
    format!("{}{}", standing.label(), members.concat())
}
