//! The resume budget: so many resumes in an hour. Pausing is always allowed.

use serde::{Deserialize, Serialize};

use crate::domain::campaign::state::{BUDGET_SPAN, CampaignState};
use crate::domain::time::Timestamp;

/// The resumes of the last hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetVerdict {
    /// Resumes within the last hour.
    pub used: u32,
    /// Resumes allowed in an hour.
    pub limit: u32,
    /// When the next one becomes free, if none is left.
    pub free_at: Option<Timestamp>,
}

impl BudgetVerdict {
    pub(super) fn of(limit: u32, state: &CampaignState, now: Timestamp) -> Self {
        let used = u32::try_from(state.recent_resumes(now).count()).unwrap_or(u32::MAX);
        let oldest = (used >= limit)
            .then(|| state.recent_resumes(now).min())
            .flatten();
        Self {
            used,
            limit,
            free_at: oldest.map(|oldest| oldest.plus(BUDGET_SPAN)),
        }
    }

    pub(super) fn used_up(self) -> bool {
        self.used >= self.limit
    }
}
