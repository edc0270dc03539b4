//! What the aims of campaigns do: log lines and metrics.

use tracing::{info, warn};

use crate::domain::aim::{AimMoved, AimReading, AimVerdict};
use crate::domain::{CampaignId, DecisionId};

use super::events::Events;

impl Events {
    /// Reports an aim whose threshold has moved, or has an effect no more or again.
    pub fn aim_moved(&self, campaign: &CampaignId, moved: &AimMoved, decision: DecisionId) {
        let AimMoved { from, to } = moved;
        match to.verdict {
            AimVerdict::Steers => {
                info!(%campaign, %decision, was = from, aim = %to, "the threshold of the aim moved");
            }
            AimVerdict::DoesNotRespond => {
                warn!(%campaign, %decision, was = from, aim = %to, "the aim has no effect: calls are abandoned for another reason than too few idle agents");
            }
        }
    }

    /// Shows what the aim of a campaign says; `None` where it has none.
    pub fn aim_known(&self, id: &CampaignId, aim: Option<&AimReading>) {
        let Some(series) = self.series_of(id) else {
            return;
        };
        series.aim(aim.map(|aim| {
            let responds = aim.verdict == AimVerdict::Steers;
            let share = f64::from(aim.target.hundredths_of_percent()) / 10_000.0;
            (aim.pause_below.in_agents(), share, responds)
        }));
    }
}
