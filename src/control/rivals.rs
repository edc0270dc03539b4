//! Looks for whatever else on the platform starts and stops the campaigns: at the start and each hour, beside the loop.
//!
//! *What for:* a schedule on the platform and the daemon undo each other's doing, and whatever the schedule does looks like a
//! person's doing. *The way out:* log lines, a metric and the status. *Ending:* a look under way is given up.
//!
//! *Never here:* a decision; anything that the loop waits for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::domain::CampaignId;
use crate::platform::port::CampaignReader;
use crate::telemetry::Metrics;

use super::ports::Clock;
use super::status::ObservableState;

/// Settings of the platform change seldom, and a look costs a call a campaign.
const BETWEEN_LOOKS: Duration = Duration::from_secs(3600);

/// What starts and stops each campaign besides the daemon, for people.
pub type Rivals = BTreeMap<CampaignId, Vec<String>>;

/// Looks for rivals until the end.
pub struct RivalWatch {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Where to look.
    pub campaigns: Arc<dyn CampaignReader>,
    /// Says which campaigns there are, and shows what was found.
    pub observed: watch::Sender<ObservableState>,
    /// Counts what was found.
    pub metrics: Arc<Metrics>,
    /// The longest that one campaign may take.
    pub longest: Duration,
    /// Asks for the end.
    pub shutdown: CancellationToken,
}

impl RivalWatch {
    /// Looks again and again.
    pub async fn run(self) {
        loop {
            tokio::select! {
                biased;
                () = self.shutdown.cancelled() => return,
                () = self.look() => {}
            }
            tokio::select! {
                biased;
                () = self.shutdown.cancelled() => return,
                () = self.clock.sleep(BETWEEN_LOOKS) => {}
            }
        }
    }

    /// Looks at every campaign. Of one that cannot be looked at, what was known stays.
    pub async fn look(&self) {
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
                    let of_campaign = found.entry(rival.campaign).or_default();
                    of_campaign.push(rival.description);
                }
            } else {
                failed = failed.saturating_add(1);
                if let Some(before) = known.get(campaign) {
                    found.insert(campaign.clone(), before.clone());
                }
            }
        }
        self.metrics.cycle.rivals(&found, failed);
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
