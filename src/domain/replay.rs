//! Decisions made again from their recorded inputs.
//!
//! Every input of the autopilot, of the assigner and of the queues' calibrators goes through [`Input`]; the store keeps it. Fed to fresh
//! ones in the same order, the inputs give the same decisions again, or [`replay`] names the first that differs.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::assignment::{AssignInput, Assigner, record};
use super::autopilot::{Autopilot, Plan};
use super::belief::Hold;
use super::calendars::Calendars;
use super::campaign::{Campaign, CampaignState, PauseClaim, Reason};
use super::command::{Command, CommandResult};
use super::conclusion::Conclusion;
use super::evidence::PlatformTraits;
use super::ids::{CampaignId, QueueId};
use super::notice::Notice;
use super::outcomes::OutcomeReading;
use super::policy::Policy;
use super::queue::{self, CalibrationInput, QueueCalibrator};
use super::snapshot::Sample;
use super::status::{Direction, StatusFinding};
use super::threshold_override::ThresholdOverride;
use super::throttle::{PaceFinding, PaceResult, PaceStep};
use super::time::Timestamp;

/// One input of the autopilot or question to it, with its answer where that is a decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "input")]
pub enum Input {
    /// A run began.
    Start {
        /// Its number.
        run: u64,
        /// The rules.
        policies: BTreeMap<CampaignId, Policy>,
        /// What the store remembered.
        restored: BTreeMap<CampaignId, CampaignState>,
        /// The longest that one command can be on its way.
        command_longest: Duration,
        /// What is to be known of the platform.
        #[serde(default)]
        traits: PlatformTraits,
        /// The calendars that the rules name.
        #[serde(default, skip_serializing_if = "Calendars::is_empty")]
        calendars: Calendars,
    },
    /// The whole state, so that a replay can begin here when older inputs are gone; compared with the replay's own when
    /// it is under way already.
    Checkpoint {
        /// The autopilot with everything in it.
        autopilot: Box<Autopilot>,
    },
    /// Inputs before this one are lost, because the store could not be written for too long.
    Gap,
    /// A poll.
    Sample {
        /// The sample that it gave.
        sample: Sample,
    },
    /// A status read.
    Status {
        /// The campaign.
        campaign: CampaignId,
        /// The status that was found.
        finding: StatusFinding,
    },
    /// The autopilot was asked what should happen.
    Decide {
        /// The commands that it wanted.
        wanted: Vec<(CampaignId, Direction)>,
        /// The changes of paces that it wanted.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        paces: Vec<(CampaignId, PaceStep)>,
    },
    /// It was asked what should happen to one campaign, without a poll.
    DecideOn {
        /// The campaign.
        campaign: CampaignId,
        /// The command that it wanted.
        wanted: Option<Direction>,
    },
    /// It was asked whether a command is still wanted.
    Authorise {
        /// The campaign.
        campaign: CampaignId,
        /// The direction of the command.
        direction: Direction,
        /// Whether it is still wanted.
        granted: bool,
    },
    /// The outcome of a command was reported to it.
    Report {
        /// The campaign.
        campaign: CampaignId,
        /// The result of the command.
        result: Box<CommandResult>,
        /// The conclusion that was drawn from it.
        conclusion: Conclusion,
    },
    /// An input of the assigner, or a question to it.
    Assign {
        /// The assigner's input.
        #[serde(rename = "told")]
        assign: Box<AssignInput>,
    },
    /// An operator's hold was set or lifted.
    Hold {
        /// The campaign.
        campaign: CampaignId,
        /// The hold.
        hold: Option<Hold>,
    },
    /// An operator's thresholds were set or lifted.
    Thresholds {
        /// The campaign.
        campaign: CampaignId,
        /// The thresholds.
        #[serde(rename = "lines")]
        thresholds: Option<ThresholdOverride>,
    },
    /// An operator claimed a campaign's pause for the autopilot, or gave it away.
    PauseClaimed {
        /// The campaign.
        campaign: CampaignId,
        /// The new owner of the pause.
        claim: PauseClaim,
    },
    /// An operator's change of a campaign was taken back, because it could not be committed.
    CampaignRestored {
        /// The campaign.
        campaign: CampaignId,
        /// The campaign as it was before the change.
        before: Box<Campaign>,
    },
    /// Counters of dials and of what became of them were read or fed.
    Outcomes {
        /// The campaigns with their counters.
        readings: Vec<(CampaignId, OutcomeReading)>,
    },
    /// A campaign's pace was read.
    Pace {
        /// The campaign.
        campaign: CampaignId,
        /// What was found.
        finding: PaceFinding,
    },
    /// It was asked whether a change of a pace is still wanted.
    PaceAuthorise {
        /// The campaign.
        campaign: CampaignId,
        /// The direction.
        step: PaceStep,
        /// Whether it is still wanted.
        granted: bool,
    },
    /// What became of a change of a pace was reported to it.
    PaceReport {
        /// The campaign.
        campaign: CampaignId,
        /// What became of it.
        result: PaceResult,
        /// The conclusion that was drawn from it.
        conclusion: Conclusion,
    },
    /// An input of a queue's calibrator, or a question to it.
    Calibrate {
        /// The queue.
        queue: QueueId,
        /// The calibrator's input.
        #[serde(rename = "told")]
        calibrate: Box<CalibrationInput>,
    },
    /// New rules came into force.
    Reconfigure {
        /// The rules.
        policies: BTreeMap<CampaignId, Policy>,
        /// The calendars that they name.
        #[serde(default, skip_serializing_if = "Calendars::is_empty")]
        calendars: Calendars,
    },
    /// The machine's clock was set, and what is remembered moved with it.
    ClockStepped {
        /// By how much.
        milliseconds: i64,
    },
}

/// What a replay compared, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Replayed {
    /// Inputs fed.
    pub inputs: u64,
    /// Starts and recorded states among them, from which a replay can begin.
    pub beginnings: u64,
    /// Valid samples among them.
    pub samples: u64,
    /// Decisions, authorisations and verdicts compared.
    pub compared: u64,
    /// Confirmed pauses.
    pub pauses: u64,
    /// Confirmed resumes.
    pub resumes: u64,
}

/// Two decisions that differ.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("input {number} at {at}: recorded: {recorded}; decided again: {again}")]
pub struct Divergence {
    /// The 1-based index of the input.
    pub number: u64,
    /// The time at which it was recorded.
    pub at: Timestamp,
    /// The recorded decision.
    pub recorded: String,
    /// The decision of the replay.
    pub again: String,
}

/// Feeds recorded inputs to a fresh autopilot and compares every decision.
///
/// # Errors
/// The first decision that differs from the recorded one.
pub fn replay(
    inputs: impl IntoIterator<Item = (Timestamp, Input)>,
) -> Result<Replayed, Divergence> {
    let mut replayer = Replayer::default();
    for (at, input) in inputs {
        replayer.step(at, input)?;
    }
    Ok(replayer.found)
}

/// A replay under way.
#[derive(Debug, Default)]
pub struct Replayer {
    found: Replayed,
    autopilot: Option<Autopilot>,
    assigner: Option<Assigner>,
    calibrators: BTreeMap<QueueId, Option<QueueCalibrator>>,
    reasons: Vec<(CampaignId, Reason)>,
}

impl Replayer {
    /// Returns the verdict on every campaign, where the last input was a question for a decision; nothing behind any other.
    #[must_use]
    pub fn reasons(&self) -> &[(CampaignId, Reason)] {
        &self.reasons
    }

    /// Returns the autopilot as it was behind the last input; none before the first start, and behind a gap.
    #[must_use]
    pub fn autopilot(&self) -> Option<&Autopilot> {
        self.autopilot.as_ref()
    }

    /// Feeds one input.
    ///
    /// # Errors
    /// A decision that differs from the recorded one.
    pub fn step(&mut self, at: Timestamp, input: Input) -> Result<(), Divergence> {
        let found = &mut self.found;
        self.reasons.clear();
        found.inputs = found.inputs.saturating_add(1);
        if matches!(input, Input::Start { .. } | Input::Checkpoint { .. }) {
            found.beginnings = found.beginnings.saturating_add(1);
        }
        let compared = match (&mut self.autopilot, input) {
            (
                slot,
                Input::Start {
                    run,
                    policies,
                    restored,
                    command_longest,
                    traits,
                    calendars,
                },
            ) => {
                let begun = Autopilot::new(run, policies, restored, command_longest, at);
                *slot = Some(begun.on_platform(traits).with_calendars(calendars));
                None
            }
            (
                slot,
                Input::Checkpoint {
                    autopilot: recorded,
                },
            ) => {
                let differs = slot.as_ref().is_some_and(|again| *again != *recorded);
                *slot = Some(*recorded);
                differs.then(|| ("a state".to_owned(), "another state".to_owned()))
            }
            (slot, Input::Gap) => {
                *slot = None;
                self.assigner = None;
                None
            }
            (_, Input::Assign { assign }) => record::feed(&mut self.assigner, at, *assign),
            (_, Input::Calibrate { queue, calibrate }) => {
                queue::feed(self.calibrators.entry(queue).or_default(), at, *calibrate)
            }
            (pilot, Input::ClockStepped { milliseconds }) => {
                if let Some(pilot) = pilot {
                    pilot.shift_clock(milliseconds);
                }
                if let Some(assigner) = &mut self.assigner {
                    assigner.shift_clock(milliseconds);
                }
                None
            }
            (Some(pilot), Input::Outcomes { readings }) => {
                for (campaign, reading) in readings {
                    pilot.observe_outcomes(&campaign, reading);
                }
                None
            }
            // Inputs before the first start were cut off by retention.
            (None, _) => None,
            (Some(pilot), input) => feed(pilot, at, input, (found, &mut self.reasons)),
        };
        if let Some((recorded, again)) = compared {
            found.compared = found.compared.saturating_add(1);
            if recorded != again {
                return Err(Divergence {
                    number: found.inputs,
                    at,
                    recorded,
                    again,
                });
            }
        }
        Ok(())
    }
}

fn pace_asked_again(
    pilot: &mut Autopilot,
    at: Timestamp,
    (campaign, step): (&CampaignId, PaceStep),
    granted: bool,
) -> (String, String) {
    let again = pilot.authorise_pace(campaign, step, at).is_some();
    (format!("granted {granted}"), format!("granted {again}"))
}

#[expect(
    clippy::too_many_lines,
    reason = "one match, so that no input is forgotten"
)]
fn feed(
    pilot: &mut Autopilot,
    at: Timestamp,
    input: Input,
    (found, reasons): (&mut Replayed, &mut Vec<(CampaignId, Reason)>),
) -> Option<(String, String)> {
    match input {
        Input::Start { .. }
        | Input::Checkpoint { .. }
        | Input::Gap
        | Input::Assign { .. }
        | Input::Calibrate { .. }
        | Input::Outcomes { .. }
        | Input::ClockStepped { .. } => None,
        Input::Sample { sample } => {
            let complete = matches!(sample, Sample::Complete { .. });
            found.samples = found.samples.saturating_add(complete.into());
            pilot.observe_sample(sample, at);
            None
        }
        Input::Status { campaign, finding } => {
            let notices = pilot.observe_status(&campaign, &finding, at);
            for notice in notices {
                if let Notice::Resolved {
                    conclusion: Conclusion::Confirmed,
                    to,
                    ..
                } = notice
                {
                    found.count(to);
                }
            }
            None
        }
        Input::Decide { wanted, paces } => {
            let mut plan = pilot.decide(at);
            *reasons = std::mem::take(&mut plan.reasons);
            let again = paces_in_words(&plan.paces);
            let again = in_words(&commands_of(plan)) + &again;
            Some((in_words(&wanted) + &paces_in_words(&paces), again))
        }
        Input::Pace { campaign, finding } => {
            pilot.observe_pace(&campaign, finding, at);
            None
        }
        Input::PaceAuthorise {
            campaign,
            step,
            granted,
        } => Some(pace_asked_again(pilot, at, (&campaign, step), granted)),
        Input::PaceReport {
            campaign,
            result,
            conclusion,
        } => {
            let (again, _) = pilot.report_pace(&campaign, &result, at);
            Some((conclusion.label().to_owned(), again.label().to_owned()))
        }
        Input::DecideOn { campaign, wanted } => {
            let wanted: Vec<_> = wanted
                .map(|direction| (campaign.clone(), direction))
                .into_iter()
                .collect();
            let mut plan = pilot.decide_on(&campaign, at);
            *reasons = std::mem::take(&mut plan.reasons);
            let again = commands_of(plan);
            Some((in_words(&wanted), in_words(&again)))
        }
        Input::Authorise {
            campaign,
            direction,
            granted,
        } => {
            let again: Option<Command> = pilot.authorise(&campaign, direction, at);
            Some((
                format!("granted {granted}"),
                format!("granted {}", again.is_some()),
            ))
        }
        Input::Report {
            campaign,
            result,
            conclusion,
        } => {
            let to = pilot
                .campaign(&campaign)
                .and_then(|c| c.state().unresolved.as_ref().map(|u| u.to));
            let (again, _) = pilot.report(&campaign, &result, at);
            if let (Conclusion::Confirmed, Some(to)) = (again, to) {
                found.count(to);
            }
            Some((conclusion.label().to_owned(), again.label().to_owned()))
        }
        Input::Hold { campaign, hold } => {
            pilot.set_hold(&campaign, hold);
            None
        }
        Input::Thresholds {
            campaign,
            thresholds,
        } => {
            pilot.set_thresholds(&campaign, thresholds);
            None
        }
        Input::PauseClaimed { campaign, claim } => {
            pilot.claim_pause(&campaign, claim, at);
            None
        }
        Input::CampaignRestored { campaign, before } => {
            pilot.restore_campaign(&campaign, *before);
            None
        }
        Input::Reconfigure {
            policies,
            calendars,
        } => {
            pilot.reconfigure(policies, calendars, at);
            None
        }
    }
}

/// The commands of one decision.
fn commands_of(plan: Plan) -> Vec<(CampaignId, Direction)> {
    let commands = plan.commands.into_iter();
    commands
        .map(|(id, wanted)| (id, wanted.direction))
        .collect()
}

/// The commands of one decision, for people.
fn in_words(wanted: &[(CampaignId, Direction)]) -> String {
    if wanted.is_empty() {
        return "nothing to command".to_owned();
    }
    wanted
        .iter()
        .map(|(id, direction)| format!("{direction} {id}"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The changes of paces of one decision, behind its commands.
fn paces_in_words(wanted: &[(CampaignId, PaceStep)]) -> String {
    let words = wanted.iter().map(|(id, step)| format!(", {step} {id}"));
    words.collect()
}

impl Replayed {
    fn count(&mut self, to: Direction) {
        let tally = match to {
            Direction::Pause => &mut self.pauses,
            Direction::Resume => &mut self.resumes,
        };
        *tally = tally.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::outcomes::{OutcomeCounters, OutcomeSource};
    use crate::domain::{CampaignActivity, GroupCount, HeadCount, StatusReading};

    const NOW: Timestamp = Timestamp::from_unix_millis(1_000_000);

    fn id() -> CampaignId {
        "c".parse().unwrap()
    }

    fn sample(available: u32) -> Input {
        let count = HeadCount {
            free: available,
            serving: 0,
            wrap_up: 0,
            staffed: available,
        };
        Input::Sample {
            sample: Sample::Complete {
                taken_at: NOW,
                heads: vec![GroupCount::Known(count)],
            },
        }
    }

    fn running() -> Input {
        let reading =
            StatusReading::without_evidence(CampaignActivity::Running, "RUNNING".to_owned(), NOW);
        Input::Status {
            campaign: id(),
            finding: StatusFinding::Found(reading),
        }
    }

    fn decide(wanted: &[Direction]) -> Input {
        Input::Decide {
            wanted: wanted.iter().map(|direction| (id(), *direction)).collect(),
            paces: Vec::new(),
        }
    }

    /// An autopilot that has seen one sample below the threshold, of the two that it wants.
    fn half_convinced() -> Autopilot {
        let policy = Policy {
            confirm_pause: "2/2".parse().unwrap(),
            ..Policy::default()
        };
        let policies = BTreeMap::from([(id(), policy)]);
        let mut autopilot =
            Autopilot::new(1, policies, BTreeMap::new(), Duration::from_secs(40), NOW);
        for input in [running(), sample(1)] {
            feed(
                &mut autopilot,
                NOW,
                input,
                (&mut Replayed::default(), &mut Vec::new()),
            );
        }
        autopilot
    }

    #[test]
    fn begins_at_a_recorded_state_with_all_that_it_had_seen() {
        let text = serde_json::to_string(&half_convinced()).unwrap();
        let autopilot = Box::new(serde_json::from_str(&text).unwrap());
        // Two confirming samples are needed; one of them was seen before the state was recorded.
        let inputs = [
            decide(&[Direction::Resume]),
            Input::Checkpoint { autopilot },
            sample(2),
            decide(&[Direction::Pause]),
        ];
        let found = replay(inputs.map(|input| (NOW, input))).unwrap();
        assert_eq!(
            (found.beginnings, found.compared),
            (1, 1),
            "what comes before it is passed over"
        );
    }

    #[test]
    fn a_recorded_state_that_differs_from_the_replays_own_is_named() {
        let checkpoint = |autopilot| Input::Checkpoint {
            autopilot: Box::new(autopilot),
        };
        let inputs = [
            checkpoint(half_convinced()),
            sample(9),
            checkpoint(half_convinced()),
        ];
        let wrong = replay(inputs.map(|input| (NOW, input))).unwrap_err();
        assert_eq!(wrong.number, 3);
    }

    #[test]
    fn the_first_decision_that_differs_is_named() {
        let inputs = [
            Input::Checkpoint {
                autopilot: Box::new(half_convinced()),
            },
            decide(&[]),
            sample(9),
            decide(&[Direction::Pause]),
        ];
        let wrong = replay(inputs.map(|input| (NOW, input))).unwrap_err();
        assert_eq!(wrong.number, 4);
        assert!(
            wrong.to_string().contains("recorded") && wrong.to_string().contains("decided again")
        );
    }

    #[test]
    fn readings_of_outcomes_lead_to_the_recorded_state() {
        let reading = |minutes: i64, dials| OutcomeReading {
            since: NOW,
            until: Timestamp::from_unix_millis(NOW.as_unix_millis() + minutes * 60_000),
            counters: OutcomeCounters {
                dials,
                answered: dials,
                connected: None,
                abandoned: 0,
            },
            source: OutcomeSource::Platform,
        };
        let read = |reading| Input::Outcomes {
            readings: vec![(id(), reading)],
        };
        let mut counted = half_convinced();
        counted.observe_outcomes(&id(), reading(1, 100));
        counted.observe_outcomes(&id(), reading(2, 130));
        let inputs = |last| {
            let inputs = [
                Input::Checkpoint {
                    autopilot: Box::new(half_convinced()),
                },
                read(reading(1, 100)),
                read(reading(2, last)),
                Input::Checkpoint {
                    autopilot: Box::new(counted.clone()),
                },
            ];
            // As the store keeps them.
            inputs.map(|input| {
                let text = serde_json::to_string(&input).unwrap();
                (NOW, serde_json::from_str(&text).unwrap())
            })
        };
        assert!(replay(inputs(130)).is_ok());
        assert_eq!(replay(inputs(129)).unwrap_err().number, 4);
    }

    #[test]
    fn nothing_is_compared_across_a_gap() {
        let inputs = [
            Input::Checkpoint {
                autopilot: Box::new(half_convinced()),
            },
            Input::Gap,
            decide(&[Direction::Pause]),
        ];
        assert_eq!(
            replay(inputs.map(|input| (NOW, input))).unwrap().compared,
            0
        );
    }
}
