//! The replay input of each fact: an input of the domain, with its answer where that is a decision.
//!
//! A new input of the domain needs a fact that is rendered as it here, or replays differ.

use crate::domain::StatusFinding;
use crate::domain::assignment::AssignInput;
use crate::domain::replay::Input;

use super::fact::Fact;

/// Returns the input that a fact was to the domain.
#[expect(
    clippy::too_many_lines,
    reason = "one match, so that no fact is forgotten"
)]
pub(super) fn input(fact: Fact<'_>) -> Option<Input> {
    let input = match fact {
        Fact::RunStarted {
            settings,
            dry_run: _,
            run,
            policies,
            calendars,
            restored,
            traits,
        } => Input::Start {
            run,
            policies,
            restored,
            command_longest: settings.command_longest,
            traits,
            calendars,
        },
        Fact::CampaignsCheckpointed { autopilot } => Input::Checkpoint { autopilot },
        Fact::SampleTaken { sample } => Input::Sample { sample },
        Fact::StatusRead {
            campaign, finding, ..
        } => Input::Status {
            campaign: campaign.clone(),
            finding,
        },
        Fact::StatusUnreadable { campaign, .. } => Input::Status {
            campaign: campaign.clone(),
            finding: StatusFinding::Unreadable,
        },
        Fact::Decided {
            plan,
            about: Some(campaign),
            ..
        } => Input::DecideOn {
            campaign: campaign.clone(),
            wanted: plan.commands.first().map(|(_, wanted)| wanted.direction),
        },
        Fact::Decided { plan, .. } => {
            let commands = plan.commands.iter();
            Input::Decide {
                wanted: commands
                    .map(|(campaign, wanted)| (campaign.clone(), wanted.direction))
                    .collect(),
                paces: plan.paces.clone(),
            }
        }
        Fact::CommandDeclined {
            campaign,
            direction,
        } => Input::Authorise {
            campaign: campaign.clone(),
            direction,
            granted: false,
        },
        Fact::CommandIntended { command, .. } => Input::Authorise {
            campaign: command.campaign.clone(),
            direction: command.direction,
            granted: true,
        },
        Fact::CommandGivenUp {
            command,
            result,
            conclusion,
            ..
        }
        | Fact::CommandEnded {
            command,
            result,
            conclusion,
            ..
        } => Input::Report {
            campaign: command.campaign.clone(),
            result: Box::new(result.clone()),
            conclusion,
        },
        Fact::PauseClaimed {
            campaign, claim, ..
        } => Input::PauseClaimed {
            campaign: campaign.clone(),
            claim,
        },
        Fact::CampaignRestored {
            campaign, before, ..
        } => Input::CampaignRestored {
            campaign: campaign.clone(),
            before,
        },
        Fact::HoldSet { campaign, hold, .. } => Input::Hold {
            campaign: campaign.clone(),
            hold,
        },
        Fact::ThresholdsSet {
            campaign,
            thresholds,
            ..
        } => Input::Thresholds {
            campaign: campaign.clone(),
            thresholds,
        },
        Fact::ClockStepped { milliseconds, .. } => Input::ClockStepped { milliseconds },
        Fact::PaceRead {
            campaign, finding, ..
        } => Input::Pace {
            campaign: campaign.clone(),
            finding,
        },
        Fact::PaceDeclined { campaign, step } => Input::PaceAuthorise {
            campaign: campaign.clone(),
            step,
            granted: false,
        },
        Fact::PaceIntended { change, .. } => Input::PaceAuthorise {
            campaign: change.campaign.clone(),
            step: change.step,
            granted: true,
        },
        Fact::PaceGivenUp {
            change,
            result,
            conclusion,
            ..
        }
        | Fact::PaceEnded {
            change,
            result,
            conclusion,
            ..
        } => Input::PaceReport {
            campaign: change.campaign.clone(),
            result: result.clone(),
            conclusion,
        },
        Fact::OutcomesRead { readings, .. } => Input::Outcomes {
            readings: readings.to_vec(),
        },
        Fact::PoliciesReplaced {
            policies,
            calendars,
            ..
        } => Input::Reconfigure {
            policies,
            calendars,
        },
        Fact::AssignmentsStarted {
            policy,
            roster,
            given,
            restored,
        } => assign(AssignInput::Start {
            policy,
            roster,
            given,
            restored,
        }),
        Fact::AssignmentsCheckpointed { assigner } => assign(AssignInput::Checkpoint { assigner }),
        Fact::AgentsChanged { changes } => assign(AssignInput::Agents { changes }),
        Fact::PreviewsRunning { running } => assign(AssignInput::Running { running }),
        Fact::ListRead {
            campaign, finding, ..
        } => assign(AssignInput::List {
            campaign: campaign.clone(),
            finding,
        }),
        Fact::AssignmentsPlanned { targets, .. } => assign(AssignInput::Propose { targets }),
        Fact::DispatchIntended { dispatch, .. } => assign(AssignInput::Depart {
            dispatch: dispatch.clone(),
        }),
        Fact::DispatchGivenUp { dispatch, end, .. } | Fact::DispatchEnded { dispatch, end, .. } => {
            assign(AssignInput::Report {
                sent: dispatch.clone(),
                end: end.clone(),
            })
        }
        // These are no inputs of the domain.
        Fact::RunEnded
        | Fact::LoopEnded
        | Fact::LoopAlive
        | Fact::TickLagged { .. }
        | Fact::PointsTaken { .. }
        | Fact::TickEnded { .. }
        | Fact::CommitEnded { .. }
        | Fact::PollRepeated
        | Fact::PollSucceeded { .. }
        | Fact::PollFailed { .. }
        | Fact::OutcomesUnreadable { .. }
        | Fact::Noticed { .. }
        | Fact::Alerted { .. }
        | Fact::AimMoved { .. }
        | Fact::PaceNoticed { .. }
        | Fact::PaceHeldBack { .. }
        | Fact::CommandHeldBack { .. }
        | Fact::HoldCarriedOut { .. }
        | Fact::ChangeMade { .. }
        | Fact::ChangeInForce { .. }
        | Fact::ConfigurationReloaded { .. }
        | Fact::ReloadRefused { .. }
        | Fact::ListUnreadable { .. }
        | Fact::ListNoticed { .. }
        | Fact::ListCounted { .. }
        | Fact::DispatchHeldBack { .. } => return None,
    };
    Some(input)
}

/// Returns an input of the assigner.
fn assign(input: AssignInput) -> Input {
    Input::Assign {
        assign: Box::new(input),
    }
}
