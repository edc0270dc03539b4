//! A step of the machine's clock: what counts from a remembered time goes on as if there had been none.
//!
//! *Why times are moved.* Holds, graces, dwell and budgets are kept as times of day, so that they survive a restart. While the
//! process lives, the monotonic clock shows how far the time of day was set, and every remembered time moves by as much. What
//! is left of a hold is then what was left before.
//!
//! *Not moved* are times of the platform's clock, which nobody set, and what was written down of the past: audit, messages and
//! series keep the time at which something was recorded.
//!
//! *What cannot be told:* a clock that was set while no daemon ran looks like time that passed. What was remembered then ends
//! early or late by that step, and late by no more than it lasts.

use super::autopilot::Autopilot;
use super::campaign::{Campaign, CampaignState};
use super::ids::CampaignId;

impl Autopilot {
    /// Moves every remembered time of our clock, which was set by so many milliseconds.
    pub fn shift_clock(&mut self, milliseconds: i64) {
        if let Some((taken_at, _)) = &mut self.sample {
            taken_at.shift(milliseconds);
        }
        for campaign in self.campaigns.values_mut() {
            campaign.shift_clock(milliseconds);
        }
        for state in self.retired.values_mut() {
            state.shift_clock(milliseconds);
        }
    }

    /// Returns everything that is remembered of campaigns over a restart, those without a policy included.
    pub fn remembered(&self) -> impl Iterator<Item = (&CampaignId, &CampaignState)> {
        let managed = self.campaigns.iter();
        managed
            .map(|(id, campaign)| (id, campaign.state()))
            .chain(&self.retired)
    }
}

impl Campaign {
    fn shift_clock(&mut self, milliseconds: i64) {
        self.state.shift_clock(milliseconds);
        if let Some(refusals) = &mut self.refusals {
            refusals.last.shift(milliseconds);
        }
        if let Some(asked_at) = &mut self.asked_at {
            asked_at.shift(milliseconds);
        }
    }
}
