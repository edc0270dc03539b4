//! The audit row of each fact.

use crate::control::ports::{AuditEvent, AuditRow};
use crate::domain::assignment::Move;
use crate::domain::{Alert, CampaignId, DecisionId, Timestamp};

use super::fact::Fact;

/// Returns the row of a fact that belongs in the audit. `decision` is the one in force.
#[expect(
    clippy::too_many_lines,
    reason = "one match, so that no fact is forgotten"
)]
pub(super) fn row(fact: &Fact<'_>, at: Timestamp, decision: DecisionId) -> Option<AuditRow> {
    let (campaign, decision, event): (Option<&CampaignId>, _, _) = match fact {
        Fact::RunStarted {
            settings, dry_run, ..
        } => {
            let started = AuditEvent::Started {
                version: settings.version.clone(),
                dry_run: *dry_run,
                config: settings.config.clone(),
                damage: settings.store_damage.clone(),
            };
            (None, decision, started)
        }
        Fact::RunEnded => (None, decision, AuditEvent::Stopped),
        Fact::ClockStepped { milliseconds, .. } => {
            let milliseconds = *milliseconds;
            (None, decision, AuditEvent::ClockStepped { milliseconds })
        }
        Fact::Noticed {
            campaign,
            notice,
            decision,
            ..
        } => {
            let notice = (*notice).clone();
            (Some(campaign), *decision, AuditEvent::Noticed { notice })
        }
        Fact::Alerted { alert, .. } => {
            let campaign = match alert {
                Alert::BudgetExhausted { campaign }
                | Alert::UnprovenPause { campaign, .. }
                | Alert::UnprovenPauseEnded { campaign, .. } => Some(campaign),
                Alert::Stale { .. } | Alert::Fresh => None,
            };
            let alert = (*alert).clone();
            (campaign, decision, AuditEvent::Alerted { alert })
        }
        Fact::AimMoved {
            campaign, moved, ..
        } => {
            let moved = AuditEvent::AimMoved {
                from: moved.from,
                aim: Box::new(moved.to),
            };
            (Some(campaign), decision, moved)
        }
        Fact::PaceIntended { change, .. } => {
            let intent = AuditEvent::PaceIntent {
                step: change.step,
                before: change.before,
                to: change.to,
                original: change.original,
                why: change.why.clone(),
            };
            (Some(&change.campaign), change.decision, intent)
        }
        Fact::PaceEnded {
            change,
            result,
            conclusion,
            ..
        } => {
            let outcome = AuditEvent::PaceOutcome {
                step: change.step,
                conclusion: *conclusion,
                delivery: result.delivery.clone(),
                after: result.after,
            };
            (Some(&change.campaign), change.decision, outcome)
        }
        Fact::PaceNoticed {
            campaign, notice, ..
        } => {
            let notice = **notice;
            (Some(campaign), decision, AuditEvent::PaceNoticed { notice })
        }
        Fact::CommandIntended { command, .. } => {
            let intent = AuditEvent::Intent {
                direction: command.direction,
                reason: Box::new(command.reason.clone()),
                before: command.before.clone(),
            };
            (Some(&command.campaign), command.reason.decision, intent)
        }
        Fact::CommandEnded {
            command,
            result,
            conclusion,
            ..
        } => {
            let outcome = AuditEvent::Outcome {
                direction: command.direction,
                conclusion: *conclusion,
                delivery: result.delivery.clone(),
                after: result.after.clone(),
            };
            (Some(&command.campaign), command.reason.decision, outcome)
        }
        Fact::ChangeMade {
            campaign,
            author,
            change,
        } => {
            let (by, reason) = author.parts();
            let made = AuditEvent::Operator {
                by: by.to_owned(),
                typed: author.typed().map(str::to_owned),
                reason: reason.to_owned(),
                made: (*change).clone(),
            };
            (*campaign, decision, made)
        }
        Fact::ListNoticed { campaign, notice } => {
            let notice = *notice;
            (
                Some(campaign),
                decision,
                AuditEvent::ListNoticed { notice },
            )
        }
        Fact::DispatchIntended {
            dispatch,
            trigger,
            moves,
            ..
        } => {
            let intent = AuditEvent::AssignIntent {
                trigger: *trigger,
                agents: dispatch.agents.len(),
                joining: dispatch.joining.clone(),
                leaving: dispatch.leaving.clone(),
                moves: moves_of(&dispatch.campaign, moves),
            };
            (Some(&dispatch.campaign), decision, intent)
        }
        Fact::DispatchEnded {
            dispatch,
            end,
            took,
            ..
        } => {
            let outcome = AuditEvent::AssignOutcome {
                end: (*end).clone(),
                agents: dispatch.agents.len(),
                latency_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            };
            (Some(&dispatch.campaign), decision, outcome)
        }
        // Nothing was done to a campaign or a list, and nothing came to light.
        Fact::AssignmentsStarted { .. }
        | Fact::CampaignsCheckpointed { .. }
        | Fact::AssignmentsCheckpointed { .. }
        | Fact::LoopEnded
        | Fact::LoopAlive
        | Fact::TickLagged { .. }
        | Fact::PointsTaken { .. }
        | Fact::TickEnded { .. }
        | Fact::CommitEnded { .. }
        | Fact::PollRepeated
        | Fact::PollSucceeded { .. }
        | Fact::PollFailed { .. }
        | Fact::OutcomesRead { .. }
        | Fact::OutcomesUnreadable { .. }
        | Fact::SampleTaken { .. }
        | Fact::StatusRead { .. }
        | Fact::StatusUnreadable { .. }
        | Fact::Decided { .. }
        | Fact::CommandHeldBack { .. }
        | Fact::CommandDeclined { .. }
        | Fact::PaceRead { .. }
        | Fact::PaceHeldBack { .. }
        | Fact::PaceDeclined { .. }
        // Its intent is withdrawn, so there is no outcome either.
        | Fact::PaceGivenUp { .. }
        | Fact::CommandGivenUp { .. }
        | Fact::DispatchGivenUp { .. }
        // The change that they are part of has the row.
        | Fact::PauseClaimed { .. }
        | Fact::CampaignRestored { .. }
        | Fact::HoldSet { .. }
        | Fact::HoldCarriedOut { .. }
        | Fact::ThresholdsSet { .. }
        | Fact::PoliciesReplaced { .. }
        | Fact::ChangeInForce { .. }
        | Fact::ConfigurationReloaded { .. }
        | Fact::ReloadRefused { .. }
        | Fact::AgentsChanged { .. }
        | Fact::PreviewsRunning { .. }
        | Fact::ListRead { .. }
        | Fact::ListUnreadable { .. }
        | Fact::ListCounted { .. }
        | Fact::AssignmentsPlanned { .. }
        | Fact::DispatchHeldBack { .. } => return None,
    };
    Some(AuditRow {
        at,
        campaign: campaign.cloned(),
        decision,
        event,
    })
}

/// Returns the moves of a plan that one campaign gains or loses by.
fn moves_of(campaign: &CampaignId, moves: &[Move]) -> Vec<Move> {
    let here = Some(campaign);
    moves
        .iter()
        .filter(|change| change.from.as_ref() == here || change.to.as_ref() == here)
        .cloned()
        .collect()
}
