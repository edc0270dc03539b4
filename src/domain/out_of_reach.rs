//! Pauses that keep themselves up.
//!
//! On some platforms nobody can log into a campaign while it is paused. One that waits for more agents than are logged into it then
//! waits for ever: the agents who would resume it cannot come.

use super::autopilot::Autopilot;
use super::campaign::{BelievedStatus, Campaign};
use super::ids::CampaignId;
use super::time::Timestamp;

impl Autopilot {
    /// The campaigns that are paused by us, wait for more agents than are logged into them, and let none log in. Those that an
    /// operator holds or whose calendar is closed wait for something else.
    #[must_use]
    pub fn pauses_out_of_reach(&self, now: Timestamp) -> Vec<&CampaignId> {
        let Some((_, heads)) = self.sample.as_ref().filter(|_| self.traits.bars_log_in) else {
            return Vec::new();
        };
        let out_of_reach = |campaign: &Campaign| {
            let ours = matches!(
                campaign.believed_status(),
                BelievedStatus::PausedByUs | BelievedStatus::PausedByCalendar
            );
            let by_operator = campaign.state.hold.as_ref();
            let held = by_operator.is_some_and(|hold| hold.active(now));
            let open = self.calendars.says(&campaign.policy, now);
            let open = open.is_none_or(|state| state.is_open());
            let counted = campaign.head_in(heads).and_then(|(head, _)| head.known());
            ours && !held
                && open
                && counted.is_some_and(|head| {
                    head.staffed < campaign.thresholds(now).in_agents(head.staffed).resume_at
                })
        };
        let campaigns = self.campaigns.iter();
        let out_of_reach = campaigns.filter(|(_, campaign)| out_of_reach(campaign));
        out_of_reach.map(|(id, _)| id).collect()
    }
}
