//! The calls a day that the polling takes, and the limit of the tenant.

use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::domain::{CampaignId, Timestamp};

use super::fault::PlatformFault;

/// The plan of a day's calls against the tenant's limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallPlan {
    /// Calls that the polling takes.
    pub planned: u64,
    /// The tenant's daily limit of calls; nothing where the platform names no limit.
    pub limit: Option<u64>,
}

impl CallPlan {
    /// Whether the polling alone stays below the limit.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.limit.is_none_or(|limit| self.planned <= limit)
    }

    /// Returns the plan for people.
    #[must_use]
    pub fn describe(&self) -> String {
        match self.limit {
            None => format!(
                "polling takes {} calls a day; the tenant names no limit",
                self.planned
            ),
            Some(limit) if self.fits() => format!(
                "polling takes {} of the {limit} calls a day that the tenant has",
                self.planned
            ),
            Some(limit) => format!(
                "polling takes {} calls a day, more than the {limit} that the tenant has: poll less often",
                self.planned
            ),
        }
    }
}

/// Plans the calls of a day, on platforms that count them.
pub trait CallPlanner: Send + Sync + 'static {
    /// Plans the calls that polling these campaigns at this interval takes, keeping these lists beside it, and reading what became
    /// of dials at an interval of its own, if that is read.
    ///
    /// *What it means.* An estimate from below: commands, retries and long listings come on top.
    ///
    /// *Idempotence.* Changes nothing.
    ///
    /// *Errors.* The tenant's limit could not be read.
    fn plan<'a>(
        &'a self,
        campaigns: &'a [CampaignId],
        lists: &'a [CampaignId],
        poll_interval: Duration,
        outcomes_interval: Option<Duration>,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Result<CallPlan, PlatformFault>>;
}
