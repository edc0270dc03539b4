//! The message of each fact that other systems are notified of.

use crate::control::operator::{AppliedChange, Author};
use crate::domain::throttle::PaceNotice;
use crate::domain::{
    Alert, Campaign, CampaignId, Cause, Command, Conclusion, DecisionId, EndedPause, Message,
    Notice, OperatorChange, ReloadResult, Timestamp,
};

use super::fact::{CommandEnd, Fact};
use super::view::View;

/// Returns the message of a fact, where there is one for it. `decision` is the one in force, and `view` shows the fact already.
pub(super) fn message(
    fact: &Fact<'_>,
    at: Timestamp,
    decision: DecisionId,
    view: &View,
) -> Option<Message> {
    match fact {
        Fact::CommandEnded { command, end, .. } => ended(command, *end, at),
        Fact::Noticed {
            campaign,
            notice,
            decision,
            last,
            by,
        } => noticed(campaign, notice, (*last, *by), at, *decision),
        Fact::Alerted { alert, campaign } => alerted(alert, *campaign, at, decision, view),
        Fact::PaceEnded {
            change, conclusion, ..
        } => (*conclusion == Conclusion::Confirmed)
            .then(|| Message::campaign_pace_changed(change, at)),
        Fact::PaceNoticed {
            campaign, notice, ..
        } => match notice {
            PaceNotice::PersonChanged {
                found, original, ..
            } => Some(Message::campaign_pace_taken(
                campaign, *found, *original, decision, at,
            )),
            PaceNotice::Resolved { .. } | PaceNotice::NothingToStepDown { .. } => None,
        },
        Fact::DispatchEnded {
            dispatch,
            end,
            took,
            call_rate_target,
            ..
        } => (end.conclusion == Conclusion::Confirmed).then(|| {
            Message::assignment_dispatch(
                &dispatch.campaign,
                // Where the platform has no name for it, ours tells one from the other.
                end.assignment
                    .clone()
                    .unwrap_or_else(|| decision.to_string()),
                u32::try_from(end.updated.unwrap_or_default()).unwrap_or(u32::MAX),
                *took,
                *call_rate_target,
                decision,
                at,
            )
        }),
        Fact::ChangeMade {
            campaign,
            author,
            change,
        } => changed(*campaign, author, change, at, decision),
        // Receivers have no message for them.
        Fact::RunStarted { .. }
        | Fact::AssignmentsStarted { .. }
        | Fact::CampaignsCheckpointed { .. }
        | Fact::AssignmentsCheckpointed { .. }
        | Fact::RunEnded
        | Fact::LoopEnded
        | Fact::LoopAlive
        | Fact::ClockStepped { .. }
        | Fact::TickLagged { .. }
        | Fact::PointsTaken { .. }
        | Fact::TickEnded { .. }
        | Fact::CommitEnded { .. }
        | Fact::PollRepeated
        | Fact::PollSucceeded { .. }
        | Fact::PollFailed { .. }
        | Fact::OutcomesRead { .. }
        | Fact::OutcomesUnreadable { .. }
        | Fact::AimMoved { .. }
        | Fact::SampleTaken { .. }
        | Fact::StatusRead { .. }
        | Fact::StatusUnreadable { .. }
        | Fact::Decided { .. }
        | Fact::CommandHeldBack { .. }
        | Fact::CommandDeclined { .. }
        | Fact::CommandIntended { .. }
        | Fact::CommandGivenUp { .. }
        | Fact::PaceRead { .. }
        | Fact::PaceHeldBack { .. }
        | Fact::PaceDeclined { .. }
        | Fact::PaceIntended { .. }
        | Fact::PaceGivenUp { .. }
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
        | Fact::ListNoticed { .. }
        | Fact::ListCounted { .. }
        | Fact::AssignmentsPlanned { .. }
        | Fact::DispatchHeldBack { .. }
        | Fact::DispatchIntended { .. }
        | Fact::DispatchGivenUp { .. } => None,
    }
}

fn ended(command: &Command, end: CommandEnd, at: Timestamp) -> Option<Message> {
    let CommandEnd::Confirmed {
        cause,
        since_sample,
    } = end
    else {
        return None;
    };
    let Command {
        campaign,
        direction,
        reason,
        ..
    } = command;
    Some(Message::campaign_changed(
        campaign,
        *direction,
        Some(cause),
        Some((reason, since_sample)),
        reason.decision,
        at,
    ))
}

fn noticed(
    campaign: &CampaignId,
    notice: &Notice,
    (last, by): (Option<Cause>, Option<&str>),
    at: Timestamp,
    decision: DecisionId,
) -> Option<Message> {
    match notice {
        Notice::PersonPaused => Some(Message::paused_by_person(campaign, by, decision, at)),
        Notice::PersonResumed { grace_until } => Some(Message::resumed_by_person(
            campaign,
            EndedPause::Ours(*grace_until),
            by,
            decision,
            at,
        )),
        Notice::PersonsPauseEnded => Some(Message::resumed_by_person(
            campaign,
            EndedPause::Persons,
            by,
            decision,
            at,
        )),
        Notice::Resolved {
            decision: of,
            to,
            conclusion: Conclusion::Confirmed,
        } => Some(Message::campaign_changed(
            campaign, *to, last, None, *of, at,
        )),
        Notice::Flapping { resumes, limit } => Some(Message::campaign_flapping(
            campaign, *resumes, *limit, false, decision, at,
        )),
        Notice::Resolved { .. }
        | Notice::FoundPaused
        | Notice::Adopted
        | Notice::Unproven { .. }
        | Notice::UnprovenEnded { .. }
        | Notice::StampWorthless
        | Notice::StillChanging { .. }
        | Notice::Missing
        | Notice::Back
        | Notice::OtherStatus { .. } => None,
    }
}

/// What an operator changed; counters that are fed are a reading and no change.
fn changed(
    campaign: Option<&CampaignId>,
    author: &Author,
    change: &AppliedChange,
    at: Timestamp,
    decision: DecisionId,
) -> Option<Message> {
    let by = author.of_message();
    let of_campaign = |change: &OperatorChange| {
        let campaign = campaign?;
        Some(Message::changed_by_operator(
            campaign, change, by, decision, at,
        ))
    };
    let reload = |result| Some(Message::configuration_reloaded(result, by, decision, at));
    match change {
        AppliedChange::Held {
            hold,
            until,
            was_until,
        } => of_campaign(&OperatorChange::Held {
            hold: *hold,
            until: *until,
            was_until: *was_until,
        }),
        AppliedChange::Released { hold } => of_campaign(&OperatorChange::Released { hold: *hold }),
        AppliedChange::PauseClaimed { was, .. } => of_campaign(&OperatorChange::PauseClaimed {
            ours: true,
            was: was.label(),
        }),
        AppliedChange::PauseGivenAway { was, .. } => of_campaign(&OperatorChange::PauseClaimed {
            ours: false,
            was: was.label(),
        }),
        AppliedChange::ThresholdsSet {
            thresholds,
            before,
            until,
        } => of_campaign(&OperatorChange::ThresholdsSet {
            thresholds: *thresholds,
            before: *before,
            until: *until,
        }),
        AppliedChange::AbandonTargetSet {
            target,
            before,
            until,
        } => of_campaign(&OperatorChange::TargetSet {
            target: *target,
            before: *before,
            until: *until,
        }),
        AppliedChange::ThresholdsRestored { thresholds } => {
            of_campaign(&OperatorChange::ThresholdsRestored {
                thresholds: *thresholds,
            })
        }
        AppliedChange::Reloaded {
            changes,
            after_restart,
            ..
        } => reload(ReloadResult::Reloaded {
            changes,
            after_restart,
        }),
        AppliedChange::ReloadRefused { faults } => reload(ReloadResult::Refused { faults }),
        // Each campaign of several has a change of its own, and the calibration tells of queues.
        AppliedChange::HeldSeveral { .. }
        | AppliedChange::ReleasedSeveral { .. }
        | AppliedChange::QueueHeld { .. }
        | AppliedChange::QueueReleased { .. }
        | AppliedChange::OutcomesFed { .. } => None,
    }
}

fn alerted(
    alert: &Alert,
    about: Option<&Campaign>,
    at: Timestamp,
    decision: DecisionId,
    view: &View,
) -> Option<Message> {
    match alert {
        Alert::UnprovenPause { campaign, doubt } => Some(Message::campaign_pause_unproven(
            campaign, *doubt, decision, at,
        )),
        Alert::UnprovenPauseEnded { campaign, end } => Some(Message::campaign_pause_resolved(
            campaign, *end, decision, at,
        )),
        Alert::Stale { streak } => Some(Message::data_stale(
            *streak,
            view.lasting_outage(),
            decision,
            at,
        )),
        Alert::Fresh => Some(Message::data_fresh(decision, at)),
        Alert::BudgetExhausted { campaign } => {
            let about = about?;
            let resumes = u32::try_from(about.state().resumes.len()).unwrap_or(u32::MAX);
            let limit = about.policy().max_resumes_per_hour.unwrap_or(resumes);
            let message = Message::campaign_flapping(campaign, resumes, limit, true, decision, at);
            Some(message)
        }
    }
}
