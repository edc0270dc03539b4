//! How campaigns stand under guards: log lines and metrics.

use std::collections::BTreeSet;

use tracing::{debug, info, warn};

use crate::domain::guard::{GuardStanding, GuardState};
use crate::domain::{CampaignId, Timestamp};

use super::metrics::GuardMetrics;

/// Reports how campaigns stand.
pub struct GuardEvents {
    metrics: GuardMetrics,
    /// Those above their limit, each told once.
    above: BTreeSet<(CampaignId, String)>,
    unreadable: bool,
}

impl GuardEvents {
    /// Creates it; nobody is above a limit yet.
    #[must_use]
    pub fn new(metrics: GuardMetrics) -> Self {
        Self {
            metrics,
            above: BTreeSet::new(),
            unreadable: false,
        }
    }

    /// Reports how every campaign stands, by campaign and the guard's name.
    pub fn compared<'a>(
        &mut self,
        standings: impl Iterator<Item = (&'a CampaignId, &'a str, &'a GuardStanding)> + Clone,
        now: Timestamp,
    ) {
        self.metrics.compared(standings.clone(), now);
        let mut above = BTreeSet::new();
        for (campaign, guard, standing) in standings {
            let key = (campaign.clone(), guard.to_owned());
            if standing.state == GuardState::Above {
                if !self.above.contains(&key) {
                    warn!(%campaign, guard, %standing, "abandoned calls are above the limit of a guard; nothing is paused for it");
                }
                above.insert(key);
            } else if self.above.contains(&key) {
                info!(%campaign, guard, %standing, "abandoned calls are no longer above the limit of a guard");
            }
        }
        self.above = above;
        if std::mem::take(&mut self.unreadable) {
            info!("guards are compared again");
        }
    }

    /// Reports that what was counted could not be read.
    pub fn unreadable(&mut self, why: &str) {
        if std::mem::replace(&mut self.unreadable, true) {
            debug!(why, "guards not compared");
        } else {
            warn!(why, "guards not compared: what was found stays as it is");
        }
    }
}
