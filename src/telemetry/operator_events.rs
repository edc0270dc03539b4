//! The events of operators, each with its log line and its metric.

use tracing::{info, warn};

use crate::domain::{Campaign, CampaignId, Timestamp};

use super::events::Events;

impl Events {
    /// Reports that an operator, a signal or a changed file changed something, or that a reload was refused; `what` names old and new.
    pub fn changed(
        &self,
        campaign: Option<&CampaignId>,
        what: &str,
        label: &str,
        refused: bool,
        (by, reason): (&str, &str),
    ) {
        self.metrics.operator.changed(label);
        let campaign = campaign.map(tracing::field::display);
        if refused {
            warn!(by, reason, "{what}");
        } else {
            info!(campaign, by, reason, change = label, "{what}");
        }
    }

    /// Reports that the configuration was reloaded: its hash when it is in force, `None` when it was refused.
    pub fn reloaded(&self, config: Option<&str>, now: Timestamp) {
        self.metrics
            .operator
            .reloaded(config, now.as_unix_seconds());
    }

    /// Reports that the set of managed campaigns changed: series come and go with them. `left_paused` are paused by us and not among
    /// them any more.
    pub fn reconfigured<'a>(
        &mut self,
        campaigns: impl Iterator<Item = (&'a CampaignId, &'a Campaign)>,
        left_paused: &[CampaignId],
    ) {
        let old = self.take_campaigns();
        let new = self.add_campaigns(campaigns, old.keys());
        for (id, series) in old {
            if new.contains(&id) {
                self.put_campaign(id, series);
            } else {
                self.metrics.forget_campaign(&id);
            }
        }
        for campaign in left_paused {
            warn!(%campaign, "paused by us, but no longer in the configuration: it is not resumed");
        }
    }
}
