//! The calls of a day, planned once after a start.

use std::sync::Arc;
use std::time::Duration;

use tracing::{info, warn};

use crate::domain::{CampaignId, Timestamp};
use crate::platform::port::{CallPlanner, Connected};
use crate::settings::Settings;

/// The calls of a day, to be planned once the daemon runs.
pub(crate) struct Planning {
    planner: Arc<dyn CallPlanner>,
    campaigns: Vec<CampaignId>,
    lists: Vec<CampaignId>,
    poll_interval: Duration,
    outcomes_interval: Option<Duration>,
    deadline: Timestamp,
}

impl Planning {
    /// Where the platform counts calls; they are asked for until `deadline`.
    pub(crate) fn of(
        platform: &Connected,
        settings: &Settings,
        deadline: Timestamp,
    ) -> Option<Self> {
        Some(Self {
            planner: platform.call_plan.clone()?,
            campaigns: settings.policies.keys().cloned().collect(),
            lists: settings.lists(),
            poll_interval: settings.poll_interval,
            outcomes_interval: settings.outcomes_interval(),
            deadline,
        })
    }

    /// Plans and tells; a tenant that cannot be asked is no reason not to run.
    pub(crate) async fn tell(self) {
        let plan = self.planner.plan(
            &self.campaigns,
            &self.lists,
            self.poll_interval,
            self.outcomes_interval,
            self.deadline,
        );
        match plan.await {
            Ok(plan) if plan.fits() => info!("{}", plan.describe()),
            Ok(plan) => warn!("{}", plan.describe()),
            Err(fault) => info!(why = %fault, "the calls of a day could not be planned"),
        }
    }
}
