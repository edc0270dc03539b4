//! What is done to the campaigns' paces: log lines and metrics.

use tracing::{debug, info, warn};

use crate::domain::throttle::{
    PaceChange, PaceFinding, PaceNotice, PaceResult, PaceSetting, PaceStep, ThrottleState,
};
use crate::domain::{CampaignId, Conclusion, DecisionId};

use super::events::Events;

impl Events {
    /// Reports a reading of a pace, or why there is none.
    pub fn pace_read(
        &mut self,
        campaign: &CampaignId,
        finding: PaceFinding,
        why: Option<&str>,
        decision: DecisionId,
    ) {
        self.metrics.paces_are_read();
        match finding {
            PaceFinding::Found(reading) => {
                self.metrics.throttle.read("read");
                self.paces_unreadable.remove(campaign);
                debug!(%campaign, %decision, pace = %reading.setting(), "pace read");
            }
            PaceFinding::Unreadable => {
                self.metrics.throttle.read("failed");
                let why = why.unwrap_or_default();
                if self.paces_unreadable.insert(campaign.clone()) {
                    warn!(%campaign, %decision, why, "the pace of the campaign cannot be read, so that it is not changed");
                } else {
                    debug!(%campaign, %decision, why, "pace not read");
                }
            }
        }
    }

    /// Reports what came to light about a pace.
    pub fn pace_noticed(&self, campaign: &CampaignId, notice: PaceNotice, decision: DecisionId) {
        match notice {
            PaceNotice::Resolved {
                decision: of,
                step,
                conclusion,
            } => {
                self.metrics.throttle.changed(step, conclusion);
                info!(%campaign, decision = %of, step = step.label(), conclusion = conclusion.label(), "what became of a change of the pace came to light");
            }
            PaceNotice::PersonChanged {
                found,
                ours,
                original,
            } => {
                warn!(%campaign, %decision, %found, %ours, %original, "somebody else changed the pace of the campaign: it stays so, and is not put back");
            }
            PaceNotice::NothingToStepDown { ratio } => {
                warn!(%campaign, %decision, %ratio, "the campaign cannot be stepped down: it dials one call for each idle agent as it is");
            }
        }
    }

    /// Reports a change that a dry run holds back; once for as long as each decision wants it.
    pub fn would_change_pace(
        &mut self,
        campaign: &CampaignId,
        step: PaceStep,
        decision: DecisionId,
    ) {
        let said = self.dry_paces.insert(campaign.clone(), decision);
        let goes_on = said.is_some_and(|said| {
            said.run == decision.run && said.tick.saturating_add(1) >= decision.tick
        });
        if !goes_on {
            info!(%campaign, %decision, step = step.label(), "dry run: the pace of the campaign would be changed");
        }
    }

    /// Reports what became of a change.
    pub fn pace_changed(&self, change: &PaceChange, result: &PaceResult, conclusion: Conclusion) {
        let PaceChange {
            campaign,
            step,
            before,
            to,
            decision,
            why,
            ..
        } = change;
        self.metrics.throttle.changed(*step, conclusion);
        if conclusion == Conclusion::Confirmed {
            let step = step.label();
            info!(%campaign, %decision, step, %before, %to, why, "the pace of the campaign was changed");
        } else {
            let failure = result.delivery.why().unwrap_or("another pace is shown");
            let (step, conclusion) = (step.label(), conclusion.label());
            warn!(%campaign, %decision, step, conclusion, %before, %to, failure, "the pace of the campaign was not changed");
        }
    }

    /// Reports campaigns that are stepped down by us and not managed any more.
    pub fn left_stepped_down(&self, campaigns: &[CampaignId]) {
        for campaign in campaigns {
            warn!(%campaign, "its pace was changed by us, but it is no longer in the configuration: `restore` puts the pace back");
        }
    }

    /// Shows how many campaigns are stepped down, and how many have an idle reserve of ours.
    pub fn paces_known<'a>(&self, throttled: impl Iterator<Item = &'a ThrottleState>) {
        let (mut down, mut reserved) = (0_usize, 0_usize);
        for stepped in throttled.filter_map(|throttle| throttle.stepped) {
            let campaigns = match stepped.ours {
                PaceSetting::Dials(_) => &mut down,
                PaceSetting::KeptIdle(_) => &mut reserved,
            };
            *campaigns = campaigns.saturating_add(1);
        }
        self.metrics.throttle.changed_campaigns(down, reserved);
    }
}
