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
    pub(super) fn evaluate(limit: u32, state: &CampaignState, now: Timestamp) -> Self {
        let mut resumes: Vec<Timestamp> = state.recent_resumes(now).collect();
        resumes.sort_unstable();
        let used = u32::try_from(resumes.len()).unwrap_or(u32::MAX);
        // An operator's hold resumes beyond the budget: then more than the oldest has to go.
        let last_to_go = used
            .checked_sub(limit)
            .and_then(|over| usize::try_from(over).ok());
        let last_to_go = last_to_go.and_then(|over| resumes.get(over));
        Self {
            used,
            limit,
            free_at: last_to_go.map(|resumed| resumed.plus(BUDGET_SPAN)),
        }
    }

    pub(super) fn used_up(self) -> bool {
        self.used >= self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_is_free_when_enough_resumes_are_an_hour_old() {
        let minute = |minute: i64| Timestamp::from_unix_millis(minute.saturating_mul(60_000));
        let mut state = CampaignState::unread(minute(0));
        // The last two by an operator's hold.
        state.resumes = vec![minute(10), minute(30), minute(20)];
        let free_at = |limit| BudgetVerdict::evaluate(limit, &state, minute(40)).free_at;
        assert_eq!(free_at(4), None, "there is one left");
        assert_eq!(free_at(3), Some(minute(70)));
        assert_eq!(free_at(1), Some(minute(90)), "all three have to go");
        assert_eq!(free_at(0), None, "never");
    }
}
