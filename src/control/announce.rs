//! What other systems are told of campaigns: what happened as a message, where there is one for it.

use std::time::Duration;

use crate::domain::{
    Alert, Campaign, CampaignId, Cause, Command, Conclusion, DecisionId, Message, Notice, Timestamp,
};

/// A command of ours was confirmed.
pub(super) fn confirmed(
    command: &Command,
    cause: Cause,
    since_sample: Duration,
    now: Timestamp,
) -> Message {
    let Command {
        campaign,
        direction,
        reason,
        ..
    } = command;
    Message::campaign_changed(
        campaign,
        *direction,
        Some(cause),
        Some((reason, since_sample)),
        reason.decision,
        now,
    )
}

/// Something came to light about a campaign; `last` is the cause of its last transition of ours.
pub(super) fn noticed(
    campaign: &CampaignId,
    notice: &Notice,
    last: Option<Cause>,
    decision: DecisionId,
    now: Timestamp,
) -> Option<Message> {
    match notice {
        Notice::Resolved {
            decision: of,
            to,
            conclusion: Conclusion::Confirmed,
        } => Some(Message::campaign_changed(
            campaign, *to, last, None, *of, now,
        )),
        Notice::Flapping { resumes, limit } => Some(Message::campaign_flapping(
            campaign, *resumes, *limit, false, decision, now,
        )),
        Notice::Resolved { .. }
        | Notice::FoundPaused
        | Notice::PersonPaused
        | Notice::PersonResumed { .. }
        | Notice::PersonsPauseEnded
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

/// An alert of the tick; `of` is the campaign that it is about.
pub(super) fn alerted(
    alert: &Alert,
    of: Option<&Campaign>,
    decision: DecisionId,
    now: Timestamp,
) -> Option<Message> {
    match alert {
        Alert::UnprovenPause { campaign, doubt } => Some(Message::campaign_pause_unproven(
            campaign, *doubt, decision, now,
        )),
        Alert::UnprovenPauseEnded { campaign, end } => Some(Message::campaign_pause_resolved(
            campaign, *end, decision, now,
        )),
        Alert::Stale { streak } => Some(Message::data_stale(*streak, decision, now)),
        Alert::Fresh => Some(Message::data_stale(0, decision, now)),
        Alert::BudgetExhausted { campaign } => {
            let found = of?;
            let resumes = u32::try_from(found.state().resumes.len()).unwrap_or(u32::MAX);
            let limit = found.policy().max_resumes_per_hour.unwrap_or(resumes);
            let message = Message::campaign_flapping(campaign, resumes, limit, true, decision, now);
            Some(message)
        }
    }
}
