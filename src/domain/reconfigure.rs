//! New rules for a run that goes on.
//!
//! *Kept* of a campaign that stays: its belief, windows, dwell, budget, hold and thresholds set by an operator. Windows are
//! emptied only where other agents count from here on, since what was seen says nothing about those. A campaign that is
//! taken out is remembered as it was and comes back to that.
//!
//! *Nothing is decided here.* A rule acts at the next sample.

use std::collections::BTreeMap;
use std::mem;

use super::autopilot::Autopilot;
use super::calendars::Calendars;
use super::campaign::{Campaign, CampaignState};
use super::confirmation::SampleWindow;
use super::ids::CampaignId;
use super::policy::Policy;
use super::threshold_override::ThresholdOverride;
use super::time::Timestamp;

impl Autopilot {
    /// Puts new rules in force, and with them the set of campaigns and the calendars.
    pub fn reconfigure(
        &mut self,
        policies: BTreeMap<CampaignId, Policy>,
        calendars: Calendars,
        now: Timestamp,
    ) {
        self.calendars = calendars;
        let groups = Self::distinct_groups(&policies);
        self.sharing = Self::sharing(&policies);
        let mut known = mem::take(&mut self.campaigns);
        for (id, policy) in policies {
            let group = groups.binary_search(&policy.group(&id)).unwrap_or_default();
            let campaign = if let Some(mut campaign) = known.remove(&id) {
                if campaign.policy.group(&id) != policy.group(&id)
                    || campaign.policy.place != policy.place
                {
                    campaign.below_pause = SampleWindow::default();
                    campaign.at_resume = SampleWindow::default();
                }
                if !policy.counts_agents() {
                    campaign.blind = 0;
                }
                campaign.policy = policy;
                campaign.group = group;
                campaign.begin_aim();
                campaign
            } else {
                let remembered = self.retired.remove(&id);
                let mut state = remembered.unwrap_or_else(|| CampaignState::unread(now));
                state.clamp(now);
                Campaign::new(policy, group, state)
            };
            self.campaigns.insert(id, campaign);
        }
        let gone = known.into_iter().map(|(id, campaign)| (id, campaign.state));
        self.retired.extend(gone);
        if self.groups != groups {
            // Its heads are in the order of the old groups; nothing is decided before the next sample.
            self.sample = None;
            self.groups = groups;
        }
    }

    /// Sets or lifts an operator's thresholds.
    pub fn set_thresholds(&mut self, id: &CampaignId, thresholds: Option<ThresholdOverride>) {
        if let Some(campaign) = self.campaigns.get_mut(id) {
            campaign.state.threshold_override = thresholds.map(Box::new);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::{
        CampaignActivity, Direction, GroupCount, HeadCount, Hold, HoldKind, Sample, Selector,
        StatusFinding, StatusReading, Thresholds,
    };

    const NOW: Timestamp = Timestamp::from_unix_millis(1_000_000);

    fn id(text: &str) -> CampaignId {
        text.parse().unwrap()
    }

    fn thresholds(pause_below: &str, resume_at: &str) -> Thresholds {
        Thresholds::new(pause_below.parse().unwrap(), resume_at.parse().unwrap()).unwrap()
    }

    fn policies(policy: Policy) -> BTreeMap<CampaignId, Policy> {
        BTreeMap::from([(id("a"), policy)])
    }

    fn pilot(policy: Policy) -> Autopilot {
        let longest = Duration::from_secs(40);
        let mut pilot = Autopilot::new(1, policies(policy), BTreeMap::new(), longest, NOW);
        let reading =
            StatusReading::without_evidence(CampaignActivity::Running, "RUNNING".to_owned(), NOW);
        pilot.observe_status(&id("a"), &StatusFinding::Found(reading), NOW);
        pilot
    }

    fn poll(pilot: &mut Autopilot, available: u32, at: Timestamp) -> Vec<Direction> {
        let count = HeadCount {
            free: available,
            serving: 0,
            wrap_up: 0,
            staffed: 20,
        };
        let sample = Sample::Complete {
            taken_at: at,
            heads: vec![GroupCount::Known(count); pilot.groups().len()],
        };
        pilot.observe_sample(sample, at);
        let wanted = pilot.decide(at).commands.into_iter();
        wanted.map(|(_, wanted)| wanted.direction).collect()
    }

    fn set(pilot: &mut Autopilot, thresholds: Thresholds, lasts: Duration) {
        let set = ThresholdOverride {
            thresholds,
            abandon_target: None,
            since: NOW,
            lasts,
            author: "anna".to_owned(),
            reason: "trial".to_owned(),
        };
        pilot.set_thresholds(&id("a"), Some(set));
    }

    #[test]
    fn an_operators_thresholds_hold_until_they_expire() {
        let mut pilot = pilot(Policy::default());
        set(&mut pilot, thresholds("2", "3"), Duration::from_secs(60));
        let later = |seconds| NOW.plus(Duration::from_secs(seconds));
        assert_eq!(poll(&mut pilot, 4, later(1)), [], "4 is not below 2");
        assert_eq!(poll(&mut pilot, 4, later(59)), []);
        assert_eq!(
            poll(&mut pilot, 4, later(60)),
            [Direction::Pause],
            "but below 5"
        );
    }

    #[test]
    fn an_operators_shares_have_staffed_agents_read() {
        let mut pilot = pilot(Policy::default());
        assert!(!pilot.needs_staffed());
        set(
            &mut pilot,
            thresholds("30%", "50%"),
            Duration::from_secs(60),
        );
        assert!(pilot.needs_staffed());
        assert_eq!(
            poll(&mut pilot, 5, NOW),
            [Direction::Pause],
            "30% of 20 is 6"
        );
    }

    #[test]
    fn a_jump_of_the_clock_lengthens_no_override() {
        let mut pilot = pilot(Policy::default());
        set(&mut pilot, thresholds("1", "2"), Duration::from_secs(60));
        let before = NOW.minus(Duration::from_secs(3600));
        assert_eq!(poll(&mut pilot, 4, before), []);
        let after = before.plus(Duration::from_secs(61));
        assert_eq!(poll(&mut pilot, 4, after), [Direction::Pause]);
    }

    #[test]
    fn a_reload_keeps_what_was_seen_and_acts_at_the_next_sample() {
        let twice = |thresholds| Policy {
            thresholds,
            confirm_pause: "2/2".parse().unwrap(),
            ..Policy::default()
        };
        let mut pilot = pilot(twice(thresholds("5", "8")));
        assert_eq!(poll(&mut pilot, 3, NOW), [], "one of two samples");
        pilot.reconfigure(
            policies(twice(thresholds("4", "9"))),
            Calendars::default(),
            NOW,
        );
        assert_eq!(
            poll(&mut pilot, 3, NOW),
            [Direction::Pause],
            "the window is kept"
        );
    }

    #[test]
    fn other_agents_begin_with_an_empty_window() {
        let twice = |selector| Policy {
            selector,
            confirm_pause: "2/2".parse().unwrap(),
            ..Policy::default()
        };
        let skill = Selector::AnySkill(["sales".parse().unwrap()].into());
        let mut pilot = pilot(twice(Selector::All));
        assert_eq!(poll(&mut pilot, 3, NOW), []);
        pilot.reconfigure(policies(twice(skill)), Calendars::default(), NOW);
        assert_eq!(
            poll(&mut pilot, 3, NOW),
            [],
            "the first sample of these agents"
        );
        assert_eq!(poll(&mut pilot, 3, NOW), [Direction::Pause]);
    }

    #[test]
    fn a_campaign_that_comes_back_comes_back_to_its_state() {
        let mut pilot = pilot(Policy::default());
        let hold = Hold {
            kind: HoldKind::Paused,
            since: NOW,
            lasts: Duration::from_secs(60),
            author: "anna".to_owned(),
            reason: "trial".to_owned(),
        };
        pilot.set_hold(&id("a"), Some(hold.clone()));
        let other = BTreeMap::from([(id("b"), Policy::default())]);
        pilot.reconfigure(other, Calendars::default(), NOW);
        assert!(pilot.campaign(&id("a")).is_none());
        pilot.reconfigure(policies(Policy::default()), Calendars::default(), NOW);
        assert_eq!(
            pilot.campaign(&id("a")).unwrap().state().hold.as_deref(),
            Some(&hold)
        );
        assert!(pilot.campaign(&id("b")).is_none());
    }
}
