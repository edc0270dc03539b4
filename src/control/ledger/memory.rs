//! What is remembered of each fact: over a restart, and for plots.

use std::time::Duration;

use crate::domain::assignment::{Assigner, ListMemory};
use crate::domain::outcomes::OutcomesRead;
use crate::domain::workload::WorkloadSample;
use crate::domain::{Alert, Autopilot, Campaign, CampaignId, CampaignState, Reason};

use super::fact::Fact;

/// What the store keeps of a fact beside inputs, audit and messages.
pub(super) enum Remembered<'a> {
    Nothing,
    /// What is known of a campaign now.
    Campaign(&'a CampaignId, &'a CampaignState),
    /// What is known of a list now.
    List(&'a CampaignId, &'a ListMemory),
    /// What is known of the outcomes of these campaigns now.
    Outcomes {
        verdicts: &'a [(CampaignId, OutcomesRead)],
        autopilot: &'a Autopilot,
    },
    /// Everything is known at other times now, because the clock was set by so many milliseconds.
    Shifted {
        milliseconds: i64,
        autopilot: &'a Autopilot,
        assigner: Option<&'a Assigner>,
    },
    /// What the points of a poll are taken from.
    Points {
        autopilot: &'a Autopilot,
        reasons: &'a [(CampaignId, Reason)],
        workload: &'a WorkloadSample,
        poll_interval: Duration,
    },
}

/// Returns what the store keeps of a fact.
#[expect(
    clippy::too_many_lines,
    reason = "one match, so that no fact is forgotten"
)]
pub(super) fn remembered<'a>(fact: &Fact<'a>) -> Remembered<'a> {
    match fact {
        Fact::StatusRead {
            campaign, state, ..
        }
        | Fact::StatusUnreadable {
            campaign, state, ..
        }
        | Fact::PauseClaimed {
            campaign, state, ..
        }
        | Fact::CampaignRestored {
            campaign, state, ..
        }
        | Fact::HoldSet {
            campaign, state, ..
        }
        | Fact::ThresholdsSet {
            campaign, state, ..
        }
        // Remembered with the row, so that a restart does not tell it again.
        | Fact::AimMoved {
            campaign, state, ..
        }
        | Fact::PaceRead {
            campaign, state, ..
        }
        | Fact::PaceNoticed {
            campaign, state, ..
        } => of_campaign(campaign, *state),
        Fact::CommandIntended { command, state }
        | Fact::CommandGivenUp { command, state, .. }
        | Fact::CommandEnded { command, state, .. } => of_campaign(&command.campaign, *state),
        Fact::PaceIntended { change, state }
        | Fact::PaceGivenUp { change, state, .. }
        | Fact::PaceEnded { change, state, .. } => of_campaign(&change.campaign, *state),
        // Remembered with the message, so that a restart repeats neither.
        Fact::Alerted {
            alert:
                Alert::UnprovenPause { campaign, .. } | Alert::UnprovenPauseEnded { campaign, .. },
            campaign: about,
        } => of_campaign(campaign, about.map(Campaign::state)),
        Fact::ListRead {
            campaign, memory, ..
        } => of_list(campaign, *memory),
        Fact::DispatchIntended {
            dispatch, memory, ..
        }
        | Fact::DispatchGivenUp {
            dispatch, memory, ..
        }
        | Fact::DispatchEnded {
            dispatch, memory, ..
        } => of_list(&dispatch.campaign, *memory),
        Fact::OutcomesRead {
            verdicts,
            autopilot,
            ..
        } => Remembered::Outcomes {
            verdicts,
            autopilot,
        },
        Fact::ClockStepped {
            milliseconds,
            autopilot,
            assigner,
        } => Remembered::Shifted {
            milliseconds: *milliseconds,
            autopilot,
            assigner: *assigner,
        },
        Fact::PointsTaken {
            autopilot,
            reasons,
            workload,
            poll_interval,
        } => Remembered::Points {
            autopilot,
            reasons,
            workload,
            poll_interval: *poll_interval,
        },
        // They change nothing that is remembered, or are part of a fact that has it.
        Fact::RunStarted { .. }
        | Fact::AssignmentsStarted { .. }
        | Fact::CampaignsCheckpointed { .. }
        | Fact::AssignmentsCheckpointed { .. }
        | Fact::RunEnded
        | Fact::LoopEnded
        | Fact::LoopAlive
        | Fact::TickLagged { .. }
        | Fact::TickEnded { .. }
        | Fact::CommitEnded { .. }
        | Fact::PollRepeated
        | Fact::PollSucceeded { .. }
        | Fact::PollFailed { .. }
        | Fact::OutcomesUnreadable { .. }
        | Fact::SampleTaken { .. }
        | Fact::Noticed { .. }
        | Fact::Decided { .. }
        | Fact::Alerted { .. }
        | Fact::CommandHeldBack { .. }
        | Fact::CommandDeclined { .. }
        | Fact::PaceHeldBack { .. }
        | Fact::PaceDeclined { .. }
        | Fact::PoliciesReplaced { .. }
        | Fact::ChangeMade { .. }
        | Fact::HoldCarriedOut { .. }
        | Fact::ChangeInForce { .. }
        | Fact::ConfigurationReloaded { .. }
        | Fact::ReloadRefused { .. }
        | Fact::AgentsChanged { .. }
        | Fact::PreviewsRunning { .. }
        | Fact::ListUnreadable { .. }
        | Fact::ListNoticed { .. }
        | Fact::ListCounted { .. }
        | Fact::AssignmentsPlanned { .. }
        | Fact::DispatchHeldBack { .. } => Remembered::Nothing,
    }
}

fn of_campaign<'a>(campaign: &'a CampaignId, state: Option<&'a CampaignState>) -> Remembered<'a> {
    state.map_or(Remembered::Nothing, |state| {
        Remembered::Campaign(campaign, state)
    })
}

fn of_list<'a>(campaign: &'a CampaignId, memory: Option<&'a ListMemory>) -> Remembered<'a> {
    memory.map_or(Remembered::Nothing, |memory| {
        Remembered::List(campaign, memory)
    })
}
