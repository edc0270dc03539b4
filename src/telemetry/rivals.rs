//! What else on the platform starts and stops campaigns, or stands in their way: log lines and a metric.

use std::collections::BTreeMap;

use tracing::{info, warn};

use crate::domain::CampaignId;

use super::metrics::LoopMetrics;

/// More log lines than this would add nothing.
const MOST_LINES: usize = 20;

impl LoopMetrics {
    /// A look at every campaign is over; so many could not be looked at.
    pub fn rivals(&self, found: &BTreeMap<CampaignId, Vec<String>>, failed: usize) {
        self.rival_campaigns(found.len());
        for (campaign, rivals) in found.iter().take(MOST_LINES) {
            let rivals = rivals.join("; ");
            warn!(%campaign, rivals, "something else on the platform starts and stops this campaign");
        }
        if found.len() > MOST_LINES {
            let campaigns = found.len().saturating_sub(MOST_LINES);
            warn!(campaigns, "and so it does with further campaigns");
        }
        if failed > 0 {
            info!(
                campaigns = failed,
                "it could not be seen whether something else starts and stops these campaigns"
            );
        }
    }

    /// What the same look has found that starts and stops nothing, and keeps decisions from having their effect.
    pub fn hindrances(&self, found: &BTreeMap<CampaignId, Vec<String>>) {
        for (campaign, hindrances) in found.iter().take(MOST_LINES) {
            let hindrances = hindrances.join("; ");
            warn!(%campaign, hindrances, "something on the platform stands in the way of what is decided about this campaign");
        }
        if found.len() > MOST_LINES {
            let campaigns = found.len().saturating_sub(MOST_LINES);
            warn!(campaigns, "and so it does with further campaigns");
        }
    }
}
