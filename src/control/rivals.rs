//! Finds what else on the platform starts and stops the campaigns: at the start and each hour, beside the loop.
//!
//! *What for:* a schedule on the platform and the daemon undo each other's changes, and those of the schedule look like
//! manual ones. *The way out:* log lines, a metric and the status. *Ending:* a reading under way is given up.
//!
//! *Never here:* a decision; anything that the loop waits for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::domain::CampaignId;
use crate::platform::port::{CampaignReader, RivalKind};
use crate::telemetry::Metrics;

use super::ports::Clock;
use super::status::{ObservableState, Rivals};

/// Settings of the platform change seldom, and a reading costs a call for each campaign.
const BETWEEN_READINGS: Duration = Duration::from_secs(3600);

/// Finds rivals again and again until a shutdown.
pub struct RivalWatch {
    /// The source of time.
    pub clock: Arc<dyn Clock>,
    /// Reads the rivals.
    pub campaigns: Arc<dyn CampaignReader>,
    /// The snapshot, which has the campaigns and shows the rivals.
    pub observed: watch::Sender<ObservableState>,
    /// The metrics.
    pub metrics: Arc<Metrics>,
    /// The longest that one campaign may take.
    pub longest: Duration,
    /// Ends the task.
    pub shutdown: CancellationToken,
}

impl RivalWatch {
    /// Reads the rivals until a shutdown is asked for.
    pub async fn run(self) {
        loop {
            tokio::select! {
                biased;
                () = self.shutdown.cancelled() => return,
                () = self.observe() => {}
            }
            tokio::select! {
                biased;
                () = self.shutdown.cancelled() => return,
                () = self.clock.sleep(BETWEEN_READINGS) => {}
            }
        }
    }

    /// Reads the rivals of every campaign. For one that cannot be read, what was known stays.
    pub async fn observe(&self) {
        let (campaigns, known) = {
            let observed = self.observed.borrow();
            let ids = observed.campaigns.iter().map(|view| view.id.clone());
            (ids.collect::<Vec<_>>(), Arc::clone(&observed.rivals))
        };
        let mut found = Rivals::new();
        let mut failed: usize = 0;
        for campaign in &campaigns {
            let deadline = self.clock.now().plus(self.longest);
            let ids = std::slice::from_ref(campaign);
            if let Ok(rivals) = self.campaigns.rivals(ids, deadline).await {
                for rival in rivals {
                    let of_campaign = found.entry(rival.campaign.clone()).or_default();
                    of_campaign.push(rival);
                }
            } else {
                failed = failed.saturating_add(1);
                if let Some(before) = known.get(campaign) {
                    found.insert(campaign.clone(), before.clone());
                }
            }
        }
        let competing = described(&found, RivalKind::Competes);
        self.metrics.cycle.rivals(&competing, failed);
        self.metrics
            .cycle
            .hindrances(&described(&found, RivalKind::Hinders));
        self.observed.send_if_modified(|observed| {
            if *observed.rivals == found {
                return false;
            }
            observed.rivals = Arc::new(found);
            observed.version = observed.version.saturating_add(1);
            true
        });
    }
}

/// Those of one kind, in words.
fn described(found: &Rivals, kind: RivalKind) -> BTreeMap<CampaignId, Vec<String>> {
    let of_kind = found.iter().filter_map(|(campaign, rivals)| {
        let rivals = rivals.iter().filter(|rival| rival.kind == kind);
        let words: Vec<String> = rivals.map(|rival| rival.description.clone()).collect();
        (!words.is_empty()).then(|| (campaign.clone(), words))
    });
    of_kind.collect()
}
