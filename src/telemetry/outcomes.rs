//! What became of the campaigns' dials: log lines and metrics.

use tracing::{debug, info};

use crate::domain::outcomes::{OutcomeMemory, OutcomesRead};
use crate::domain::{CampaignId, DecisionId, Timestamp};

use super::events::Events;

impl Events {
    /// Reports readings that were taken in.
    pub fn outcomes_read(&mut self, verdicts: &[(CampaignId, OutcomesRead)]) {
        for (campaign, verdict) in verdicts {
            self.metrics.outcomes.read(verdict.label(), 1);
            match verdict {
                OutcomesRead::Reset => {
                    debug!(%campaign, "counters of outcomes begin anew: what came since the last reading is unknown");
                }
                OutcomesRead::First
                | OutcomesRead::Older
                | OutcomesRead::Superseded
                | OutcomesRead::Counted(_) => {}
            }
        }
        if !verdicts.is_empty() && std::mem::take(&mut self.outcomes_failing) {
            info!("outcomes are read again");
        }
    }

    /// Reports that counters could not be read.
    pub fn outcomes_unreadable(&mut self, campaigns: usize, why: &str, decision: DecisionId) {
        self.metrics
            .outcomes
            .read("failed", u64::try_from(campaigns).unwrap_or(u64::MAX));
        if std::mem::replace(&mut self.outcomes_failing, true) {
            debug!(%decision, campaigns, why, "outcomes not read");
        } else {
            info!(%decision, campaigns, why, "outcomes not read: what was counted stays as it is");
        }
    }

    /// Shows what is known of a campaign's outcomes at `now`.
    pub fn outcomes_known(&self, id: &CampaignId, outcomes: &OutcomeMemory, now: Timestamp) {
        let (Some(series), Some(last)) = (self.series_of(id), outcomes.last()) else {
            return;
        };
        let share = outcomes.window(now).counts.abandoned_per_million();
        series.outcomes(
            outcomes.total().numbers(),
            share,
            last.until.as_unix_seconds(),
        );
    }
}
