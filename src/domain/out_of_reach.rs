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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::super::calendar::{Calendar, WeeklyHours};
    use super::super::{
        CalendarRule, CampaignActivity, CommandResult, Delivery, Direction, GroupCount, HeadCount,
        Hold, HoldKind, Outcome, PlatformTraits, Policy, Sample, StatusFinding, StatusReading,
    };
    use super::*;

    /// A time of Friday, 27 November 2026, or of the day after it, in Berlin.
    fn berlin(day: u64, clock: &str) -> Timestamp {
        let text = format!("2026-11-{}T{clock}:00+01:00", 27_u64.saturating_add(day));
        Timestamp::parse_rfc3339(&text).unwrap()
    }

    fn id() -> CampaignId {
        "c".parse().unwrap()
    }

    fn with_calendar() -> Policy {
        Policy {
            calendar: Some(CalendarRule {
                calendar: "office".parse().unwrap(),
                alone: false,
            }),
            ..Policy::default()
        }
    }

    /// A campaign on a platform where nobody can log in while it is paused.
    struct Story {
        pilot: Autopilot,
        status: CampaignActivity,
    }

    impl Story {
        /// It runs, on Friday at ten.
        fn of(policy: Policy, bars_log_in: bool) -> Self {
            let traits = PlatformTraits {
                bars_log_in,
                ..PlatformTraits::default()
            };
            let calendar = Calendar {
                zone: "Europe/Berlin".parse().unwrap(),
                hours: WeeklyHours::parse(["mon-sun 09:00-18:00"], &[]).unwrap(),
                holidays: Vec::new(),
                closures: Vec::new(),
            };
            let calendars = [("office".parse().unwrap(), calendar)];
            let longest = Duration::from_secs(40);
            let policies = BTreeMap::from([(id(), policy)]);
            let now = berlin(0, "10:00");
            let pilot = Autopilot::new(1, policies, BTreeMap::new(), longest, now)
                .with_calendars(calendars.into_iter().collect())
                .on_platform(traits);
            let mut story = Self {
                pilot,
                status: CampaignActivity::Running,
            };
            story.read(now);
            story
        }

        fn reading(&self, now: Timestamp) -> StatusFinding {
            let status = self.status.clone();
            StatusFinding::Found(StatusReading::without_evidence(status, String::new(), now))
        }

        fn read(&mut self, now: Timestamp) {
            let finding = self.reading(now);
            self.pilot.observe_status(&id(), &finding, now);
        }

        /// A poll with so many agents logged in, all of them free. A pause that is wanted is carried out.
        fn poll(&mut self, now: Timestamp, agents: u32) {
            let count = HeadCount {
                free: agents,
                serving: 0,
                wrap_up: 0,
                staffed: agents,
            };
            let sample = Sample::Complete {
                taken_at: now,
                heads: vec![GroupCount::Known(count); self.pilot.groups().len()],
            };
            self.pilot.observe_sample(sample, now);
            self.read(now);
            let reason = self.pilot.decide(now).reasons.pop().unwrap().1;
            if let Outcome::Command {
                direction: Direction::Pause,
                ..
            } = reason.outcome
            {
                assert!(self.pilot.authorise(&id(), Direction::Pause, now).is_some());
                self.status = CampaignActivity::Paused;
                let result = CommandResult {
                    delivery: Delivery::Acknowledged { version: None },
                    after: self.reading(now),
                    before: None,
                    ended_at: Some(now),
                    lost: Vec::new(),
                };
                self.pilot.report(&id(), &result, now);
            }
        }

        fn out_of_reach(&self, now: Timestamp) -> usize {
            self.pilot.pauses_out_of_reach(now).len()
        }
    }

    #[test]
    fn a_pause_by_the_thresholds_waits_for_agents_who_cannot_come() {
        let now = berlin(0, "10:01");
        for (bars_log_in, expected) in [(true, 1), (false, 0)] {
            let mut story = Story::of(Policy::default(), bars_log_in);
            story.poll(now, 3);
            assert_eq!(story.out_of_reach(now), expected, "{bars_log_in}");
        }
        // Eight resume it, whoever of them is free.
        let mut story = Story::of(Policy::default(), true);
        story.poll(now, 3);
        let now = berlin(0, "10:02");
        story.poll(now, 8);
        assert_eq!(story.out_of_reach(now), 0);
    }

    #[test]
    fn one_that_an_operator_holds_waits_for_its_end() {
        for kind in [HoldKind::Running, HoldKind::Paused, HoldKind::AsIs] {
            let mut story = Story::of(Policy::default(), true);
            story.poll(berlin(0, "10:01"), 3);
            let hold = Hold {
                kind,
                since: berlin(0, "10:01"),
                lasts: Duration::from_secs(3_600),
                author: "anna".to_owned(),
                reason: "trial".to_owned(),
            };
            story.pilot.set_hold(&id(), Some(hold));
            assert_eq!(story.out_of_reach(berlin(0, "10:30")), 0, "{kind:?}");
            let over = story.out_of_reach(berlin(0, "11:02"));
            assert_eq!(over, 1, "{kind:?} is over");
        }
    }

    #[test]
    fn one_whose_calendar_is_closed_waits_for_the_morning() {
        let mut story = Story::of(with_calendar(), true);
        story.poll(berlin(0, "17:59"), 3);
        assert_eq!(story.out_of_reach(berlin(0, "17:59")), 1);
        assert_eq!(story.out_of_reach(berlin(0, "18:00")), 0, "closed");
        assert_eq!(story.out_of_reach(berlin(1, "09:00")), 1, "open again");
    }

    #[test]
    fn one_that_the_calendar_made_is_out_of_reach_in_the_morning() {
        let mut story = Story::of(with_calendar(), true);
        story.poll(berlin(0, "17:59"), 12);
        story.poll(berlin(0, "18:00"), 12);
        let campaign = story.pilot.campaign(&id()).unwrap();
        assert!(campaign.state().paused_by_calendar());
        story.poll(berlin(1, "08:59"), 0);
        assert_eq!(story.out_of_reach(berlin(1, "08:59")), 0);
        // Everybody has gone home, and nobody can log in.
        assert_eq!(story.out_of_reach(berlin(1, "09:00")), 1);
    }

    #[test]
    fn one_of_a_person_waits_for_that_person() {
        let mut story = Story::of(Policy::default(), true);
        story.status = CampaignActivity::Paused;
        story.poll(berlin(0, "10:01"), 3);
        assert_eq!(story.out_of_reach(berlin(0, "10:01")), 0);
    }
}
