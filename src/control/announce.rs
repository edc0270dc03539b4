//! Tells other systems: what happened becomes a message in the transaction that records it.
//!
//! A message joins the batch of the recorder, so it is committed with what it reports or not at all. Nothing here waits for
//! a receiver: delivery is somebody else's. Without a receiver nothing is written.

use std::time::Duration;

use crate::domain::{
    Alert, CampaignId, Cause, Command, Conclusion, DecisionId, Message, Notice, Timestamp,
};

use super::cycle::Cycle;

impl Cycle {
    /// Puts a message beside what is recorded next.
    pub(super) fn announce(&mut self, message: Message) {
        if self.settings.announces {
            self.recorder.message(message);
        }
    }

    /// A command of ours was confirmed.
    pub(super) fn announce_confirmed(
        &mut self,
        command: &Command,
        cause: Cause,
        since_sample: Duration,
        now: Timestamp,
    ) {
        let Command {
            campaign,
            direction,
            reason,
            ..
        } = command;
        self.announce(Message::campaign_changed(
            campaign,
            *direction,
            Some(cause),
            Some((reason, since_sample)),
            reason.decision,
            now,
        ));
    }

    /// Something came to light about a campaign.
    pub(super) fn announce_notice(
        &mut self,
        campaign: &CampaignId,
        notice: &Notice,
        decision: DecisionId,
        now: Timestamp,
    ) {
        match notice {
            Notice::Resolved {
                decision: of,
                to,
                conclusion: Conclusion::Confirmed,
            } => {
                let last = self
                    .autopilot
                    .campaign(campaign)
                    .and_then(|campaign| campaign.state().last_transition);
                let cause = last.map(|last| last.cause);
                self.announce(Message::campaign_changed(
                    campaign, *to, cause, None, *of, now,
                ));
            }
            Notice::Flapping { resumes, limit } => self.announce(Message::campaign_flapping(
                campaign, *resumes, *limit, false, decision, now,
            )),
            Notice::Resolved { .. }
            | Notice::FoundPaused
            | Notice::PersonPaused
            | Notice::PersonResumed { .. }
            | Notice::PersonsPauseEnded
            | Notice::Adopted
            | Notice::Unproven { .. }
            | Notice::UnprovenEnded
            | Notice::StampWorthless
            | Notice::StillChanging { .. }
            | Notice::Missing
            | Notice::Back
            | Notice::OtherStatus { .. } => {}
        }
    }

    /// An alert of the tick.
    pub(super) fn announce_alert(&mut self, alert: &Alert, decision: DecisionId, now: Timestamp) {
        let message = match alert {
            // Receivers have no message for it: the log, the audit and the alert have.
            Alert::UnprovenPause { .. } => return,
            Alert::Stale { streak } => Message::data_stale(*streak, decision, now),
            Alert::Fresh => Message::data_stale(0, decision, now),
            Alert::BudgetExhausted { campaign } => {
                let Some(found) = self.autopilot.campaign(campaign) else {
                    return;
                };
                let resumes = u32::try_from(found.state().resumes.len()).unwrap_or(u32::MAX);
                let limit = found.policy.max_resumes_per_hour.unwrap_or(resumes);
                Message::campaign_flapping(campaign, resumes, limit, true, decision, now)
            }
        };
        self.announce(message);
    }
}
