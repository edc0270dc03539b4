//! One policy on one day.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::domain::calendar::Calendar;
use crate::domain::{
    Actuator, Autopilot, CalendarId, CalendarRule, CampaignActivity, CampaignId, CommandResult,
    Delivery, Direction, Group, GroupCount, GroupPlace, HeadCount, Policy, Sample, Selector,
    SkillId, StatusFinding, StatusReading, Timestamp,
};
use crate::simulator::{CentreFigures, Scenario, SimTime};

use super::aiming::{Memory, heads, poll_aiming};
use super::arm::{Arm, ArmRule};
use super::centre_day::{Day, timestamp};

/// How long a command takes at most: here it arrives at once.
const COMMAND_LONGEST: Duration = Duration::from_secs(1);

/// Simulates a whole day of the scenario under the arm, which remembers nothing of other days.
#[must_use]
pub fn run_day(scenario: &Scenario, seed: u64, arm: &Arm) -> CentreFigures {
    run_until(scenario, seed, arm, scenario.end())
}

/// Simulates the scenario under the arm, up to a moment.
#[must_use]
pub fn run_until(scenario: &Scenario, seed: u64, arm: &Arm, end: SimTime) -> CentreFigures {
    run_remembering(scenario, seed, arm, end, &mut Memory::new())
}

/// What one poll does.
type Polls<'a> = Box<dyn FnMut(&mut Day<'_>, SimTime) + 'a>;

/// Simulates the scenario under the arm, which goes on from what it remembers of the days before.
pub(super) fn run_remembering(
    scenario: &Scenario,
    seed: u64,
    arm: &Arm,
    end: SimTime,
    memory: &mut Memory,
) -> CentreFigures {
    let mut day = Day::new(scenario, seed);
    let mut poll: Polls<'_> = match &arm.rule {
        ArmRule::AlwaysRun => Box::new(|_, _| {}),
        ArmRule::Policy { policy, actuator } => {
            let mut autopilot = autopilot(scenario, arm, &|_| Policy::clone(policy));
            Box::new(move |day, at| day.poll(&mut autopilot, *actuator, at))
        }
        ArmRule::Aim { rule, actuator } => {
            memory.begin_day();
            Box::new(|day, at| poll_aiming(day, rule, *actuator, memory, at))
        }
    };
    for at in poll_times(scenario, seed, arm.poll_interval, end) {
        poll(&mut day, at);
    }
    drop(poll);
    day.live_until(end);
    day.centre.figures()
}

/// Simulates a whole day of the scenario in which each campaign has a policy of its own; `watch` sees the day after each poll.
pub(super) fn run_policies(
    scenario: &Scenario,
    seed: u64,
    poll_interval: Duration,
    policy_of: &dyn Fn(&str) -> Policy,
    watch: &mut dyn FnMut(&Day<'_>, SimTime),
) -> CentreFigures {
    let mut day = Day::new(scenario, seed);
    let mut autopilot = autopilot(scenario, &Arm::always_run(), policy_of);
    for at in poll_times(scenario, seed, poll_interval, scenario.end()) {
        day.poll(&mut autopilot, Actuator::Pause, at);
        watch(&day, at);
    }
    day.live_until(scenario.end());
    day.centre.figures()
}

/// The times of a day's polls, up to a moment.
fn poll_times(
    scenario: &Scenario,
    seed: u64,
    interval: Duration,
    end: SimTime,
) -> impl Iterator<Item = SimTime> {
    let first = scenario.start().plus(phase(seed, interval));
    std::iter::successors(Some(first), move |at| Some(at.plus(interval)))
        .take_while(move |at| *at <= end)
}

/// Draws the time of the first poll: nothing aligns polls with the minutes of the scenario.
fn phase(seed: u64, interval: Duration) -> Duration {
    let share = fastrand::Rng::with_seed(seed).f64();
    interval.mul_f64(share)
}

/// Each campaign counts the agents who have its skill.
fn autopilot(scenario: &Scenario, arm: &Arm, policy_of: &dyn Fn(&str) -> Policy) -> Autopilot {
    let hours: Option<CalendarId> = arm.hours.as_ref().and_then(|_| "hours".parse().ok());
    let policies = (0..)
        .zip(&scenario.campaigns)
        .filter_map(|(rank, campaign)| {
            let id: CampaignId = campaign.id.parse().ok()?;
            let skill: SkillId = campaign.skill.parse().ok()?;
            let place = GroupPlace {
                group: scenario.name.clone(),
                rank,
                claim: None,
            };
            let calendar = hours.clone().map(|calendar| CalendarRule {
                calendar,
                alone: false,
            });
            let policy = Policy {
                selector: Selector::AnySkill(BTreeSet::from([skill])),
                place: arm.grouped.then_some(place),
                calendar,
                ..policy_of(&campaign.id)
            };
            Some((id, policy))
        });
    let start = timestamp(scenario.start());
    let autopilot = Autopilot::new(
        1,
        policies.collect(),
        BTreeMap::new(),
        COMMAND_LONGEST,
        start,
    );
    let calendar = arm.hours.clone().and_then(|hours| {
        let zone = scenario.zone.parse().ok()?;
        Some(Calendar {
            zone,
            hours,
            holidays: Vec::new(),
            closures: Vec::new(),
        })
    });
    autopilot.with_calendars(hours.into_iter().zip(calendar).collect())
}

impl Day<'_> {
    fn poll(&mut self, autopilot: &mut Autopilot, actuator: Actuator, at: SimTime) {
        self.live_until_shown(at);
        let recovered = self.recovered(autopilot);
        let heads = autopilot
            .groups()
            .iter()
            .map(|group| self.count(group))
            .collect();
        self.live_until(at);
        let now = timestamp(at);
        let sample = if at < self.blind_until {
            Sample::Invalid {
                why: "outage".to_owned(),
            }
        } else {
            Sample::Complete {
                taken_at: now,
                heads,
            }
        };
        autopilot.observe_sample(sample, now);
        for id in autopilot.due_status_reads(1, usize::MAX, now) {
            let finding = self.status(&id, now);
            autopilot.observe_status(&id, &finding, now);
        }
        for (id, wanted) in autopilot.decide(now).commands {
            let before = self.status(&id, now);
            autopilot.observe_status(&id, &before, now);
            if wanted.direction == Direction::Pause && !self.slows_down(id.as_str(), actuator, at) {
                continue;
            }
            if autopilot.authorise(&id, wanted.direction, now).is_none() {
                continue;
            }
            self.command(id.as_str(), wanted.direction.target(), at);
            let result = CommandResult {
                delivery: Delivery::Acknowledged { version: None },
                after: self.status(&id, now),
                before: None,
                ended_at: None,
                lost: Vec::new(),
            };
            autopilot.report(&id, &result, now);
        }
        if at >= self.blind_until {
            for id in &recovered {
                self.put_back(id, at);
            }
        }
    }

    /// The campaigns that run stepped down, and for which enough agents are available by now.
    fn recovered(&self, autopilot: &Autopilot) -> Vec<String> {
        let campaigns = self.scenario.campaigns.iter();
        let stepped = campaigns.filter(|campaign| {
            let status = self.statuses.get(campaign.id.as_str());
            let running = status.is_some_and(|(status, _)| *status == CampaignActivity::Running);
            running && self.stepped_down(&campaign.id)
        });
        stepped
            .filter(|campaign| {
                let heads = heads(self, campaign);
                let id: Option<CampaignId> = campaign.id.parse().ok();
                let rules = id.and_then(|id| Some(autopilot.campaign(&id)?.policy()));
                rules.is_some_and(|policy| {
                    heads.free >= policy.thresholds.in_agents(heads.staffed).resume_at
                })
            })
            .map(|campaign| campaign.id.clone())
            .collect()
    }

    fn status(&self, id: &CampaignId, now: Timestamp) -> StatusFinding {
        self.statuses
            .get(id.as_str())
            .map_or(StatusFinding::Missing, |(status, changed)| {
                StatusFinding::Found(StatusReading {
                    version: Some(changed.as_unix_micros().to_string()),
                    updated_at: Some(timestamp(*changed)),
                    platform_now: Some(now),
                    ..StatusReading::without_evidence(status.clone(), String::new(), now)
                })
            })
    }

    fn count(&self, group: &Group) -> GroupCount {
        let Group::Rows(selector) = group else {
            return GroupCount::Unknown {
                why: "a scenario has no queues".to_owned(),
            };
        };
        let mut count = HeadCount::default();
        for (crew, skills) in self.centre.crews().zip(&self.skills) {
            let counts = match selector {
                Selector::All => true,
                Selector::AnySkill(wanted) => !wanted.is_disjoint(skills),
                Selector::AllSkills(wanted) => wanted.is_subset(skills),
                Selector::Agents(_) => false,
            };
            if counts {
                count.free = count.free.saturating_add(crew.available);
                count.staffed = count.staffed.saturating_add(crew.staffed);
            }
        }
        GroupCount::Known(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::CampaignFigures;

    fn lived(scenario: &str, arm: &str) -> Vec<CampaignFigures> {
        let text = Scenario::text(scenario).unwrap();
        let scenario = Scenario::parse(text, scenario).unwrap();
        run_day(&scenario, 3, &Arm::parse(arm).unwrap()).campaigns
    }

    #[test]
    fn outside_its_hours_a_campaign_is_paused_and_inside_its_rule_decides() {
        // From eight to six, and open for seven of these ten hours. A poll is half a minute late at most.
        let open = lived("calm-day", "1/2,hours=09:00-12:00+13:00-17:00");
        let always = lived("calm-day", "1/2");
        let closed = open[0].paused_hours - always[0].paused_hours;
        assert!((2.8..3.2).contains(&closed), "{closed} h");
        assert!(open[0].connected < always[0].connected);
    }

    #[test]
    fn of_grouped_campaigns_the_first_one_dials_before_the_others() {
        let apart = lived("two-campaigns", "4/6");
        let grouped = lived("two-campaigns", "4/6,grouped");
        assert_eq!(apart[0].id, "sales-1");
        // The second one sees the agents that the first one leaves.
        assert!(grouped[1].paused_hours > apart[1].paused_hours);
        assert!(grouped[0].connected >= apart[0].connected);
    }
}
