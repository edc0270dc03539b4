//! The campaigns' paces: which are read, which are changed, and what came of it.

use super::autopilot::Autopilot;
use super::conclusion::Conclusion;
use super::ids::CampaignId;
use super::throttle::{Lever, PaceChange, PaceFinding, PaceNotice, PaceResult, PaceStep};
use super::time::Timestamp;

impl Autopilot {
    /// Returns the campaigns whose pace is to be read in this tick: those with a change whose outcome is open, at most `at_most`, and one
    /// more that was never read, or with `routine` the one that was read the longest time ago.
    #[must_use]
    pub fn due_pace_reads(&self, routine: bool, at_most: usize) -> Vec<CampaignId> {
        let (mut open, mut others) = (Vec::new(), Vec::new());
        for (id, campaign) in &self.campaigns {
            if campaign.pace_lever().is_none() || campaign.pace_is_replaced() {
                continue;
            }
            let throttle = campaign.state.throttle.as_deref();
            let asked_at = throttle.and_then(|throttle| throttle.asked_at);
            if throttle.is_some_and(|throttle| throttle.open.is_some()) {
                open.push((asked_at, id));
            } else {
                others.push((asked_at, id));
            }
        }
        open.sort_unstable();
        others.sort_unstable();
        let due = open.into_iter().take(at_most);
        let unread = |(asked_at, _): &(Option<Timestamp>, _)| asked_at.is_none();
        let other = others.into_iter().next();
        let due = due.chain(other.filter(|other| routine || unread(other)));
        due.map(|(_, id)| id.clone()).collect()
    }

    /// Returns the lever of the campaign that is to be read: the one that is moved, or has still to be put back.
    #[must_use]
    pub fn pace_lever(&self, id: &CampaignId) -> Option<Lever> {
        self.campaigns.get(id)?.pace_lever()
    }

    /// Observes one reading of a pace.
    pub fn observe_pace(
        &mut self,
        id: &CampaignId,
        finding: PaceFinding,
        now: Timestamp,
    ) -> Vec<PaceNotice> {
        let campaign = self.campaigns.get_mut(id);
        campaign.map_or_else(Vec::new, |campaign| campaign.observe_pace(finding, now))
    }

    /// Whether a change of a pace is still wanted now that it was read. Changes nothing: this is how far a dry run goes.
    #[must_use]
    pub fn still_wants_pace(&self, id: &CampaignId, step: PaceStep, now: Timestamp) -> bool {
        let campaign = self.campaigns.get(id);
        campaign.is_some_and(|campaign| {
            let reason = self.evaluate(id, campaign, now);
            campaign.wanted_pace(&reason, now) == Some(step)
        })
    }

    /// Whether a change of a pace is still wanted now that it was read; if so it is on its way from here on, and the campaign's
    /// state has to be committed before it leaves.
    pub fn authorise_pace(
        &mut self,
        id: &CampaignId,
        step: PaceStep,
        now: Timestamp,
    ) -> Option<PaceChange> {
        let campaign = self.campaigns.get(id)?;
        let reason = self.evaluate(id, campaign, now);
        if campaign.wanted_pace(&reason, now) != Some(step) {
            return None;
        }
        let longest = self.command_longest;
        let campaign = self.campaigns.get_mut(id)?;
        campaign.start_pace(id, step, &reason, longest, now)
    }

    /// Reports what became of a change of a pace.
    pub fn report_pace(
        &mut self,
        id: &CampaignId,
        result: &PaceResult,
        now: Timestamp,
    ) -> (Conclusion, Vec<PaceNotice>) {
        let usual = self.traits.settling.usual;
        let campaign = self.campaigns.get_mut(id);
        campaign.map_or((Conclusion::Unknown, Vec::new()), |campaign| {
            campaign.finish_pace(result, usual, now)
        })
    }
}
