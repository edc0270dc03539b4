//! One policy on one day.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::domain::aim::AimBy;
use crate::domain::calendar::Calendar;
use crate::domain::{
    Autopilot, CalendarId, CalendarRule, CampaignId, CommandResult, Delivery, Group, GroupCount,
    GroupPlace, HeadCount, PlatformTraits, Policy, Sample, Selector, Settling, SkillId,
    StatusFinding, StatusReading, Timestamp,
};
use crate::simulator::{CentreFigures, Scenario, SimTime};

use super::arm::{Arm, ArmRule};
use super::centre_day::{Day, timestamp};
use super::learned::Learned;

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
    run_learning(scenario, seed, arm, end, &mut Learned::default())
}

/// Simulates the scenario under the arm, which goes on from what it learned on the days before.
pub(super) fn run_learning(
    scenario: &Scenario,
    seed: u64,
    arm: &Arm,
    end: SimTime,
    learned: &mut Learned,
) -> CentreFigures {
    let mut day = Day::new(scenario, seed);
    if let ArmRule::Policy(policy) = &arm.rule {
        let mut autopilot = autopilot(scenario, arm, &|_| Policy::clone(policy), learned);
        for at in poll_times(scenario, seed, arm.poll_interval, end) {
            day.poll(&mut autopilot, at);
        }
        learned.keep(autopilot);
    }
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
    let learned = Learned::default();
    let mut autopilot = autopilot(scenario, &Arm::always_run(), policy_of, &learned);
    for at in poll_times(scenario, seed, poll_interval, scenario.end()) {
        day.poll(&mut autopilot, at);
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
fn autopilot(
    scenario: &Scenario,
    arm: &Arm,
    policy_of: &dyn Fn(&str) -> Policy,
    learned: &Learned,
) -> Autopilot {
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
        learned.states(start),
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
    autopilot
        .on_platform(traits(scenario))
        .with_calendars(hours.into_iter().zip(calendar).collect())
}

/// A reading shows what a change did when the dialler has followed it and the counts are as young as that.
fn traits(scenario: &Scenario) -> PlatformTraits {
    let telemetry = &scenario.telemetry;
    let follows = telemetry.actuation_delay + telemetry.stale_counts;
    let defaults = PlatformTraits::default();
    PlatformTraits {
        settling: Settling {
            usual: defaults.settling.usual.max(follows),
            longest: defaults.settling.longest.max(follows),
            ..defaults.settling
        },
        ..defaults
    }
}

impl Day<'_> {
    fn poll(&mut self, autopilot: &mut Autopilot, at: SimTime) {
        self.live_until_shown(at);
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
        self.count_calls(autopilot, now);
        let plan = autopilot.decide(now);
        for (id, wanted) in plan.commands {
            let before = self.status(&id, now);
            autopilot.observe_status(&id, &before, now);
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
        for (id, step) in plan.paces {
            self.change_pace(autopilot, &id, step, at);
        }
        for id in autopilot.due_pace_reads(false, usize::MAX) {
            self.read_pace(autopilot, &id, at);
        }
    }

    /// Tells the aims what became of the calls, as far as the platform has counted it by now.
    fn count_calls(&self, autopilot: &mut Autopilot, now: Timestamp) {
        let ids: Vec<CampaignId> = autopilot
            .campaigns()
            .filter(|(_, campaign)| {
                let aim = campaign.policy().aim;
                aim.is_some_and(|aim| aim.by == AimBy::Counters)
            })
            .map(|(id, _)| id.clone())
            .collect();
        for id in ids {
            if let Some(reading) = self.outcomes(id.as_str(), now) {
                autopilot.observe_outcomes(&id, reading);
            }
        }
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
            if crew.staffed == 0 {
                continue;
            }
            let counts = match selector {
                Selector::All => true,
                Selector::AnySkill(wanted) => !wanted.is_disjoint(skills),
                Selector::AllSkills(wanted) => wanted.is_subset(skills),
                Selector::Agents(_) => false,
            };
            if counts {
                count.free = count.free.saturating_add(crew.available);
                count.staffed = count.staffed.saturating_add(crew.staffed);
                count.wrap_up = count.wrap_up.saturating_add(crew.wrap_up);
            }
        }
        count.serving = self.serving(selector);
        GroupCount::Known(count)
    }
}

impl Day<'_> {
    /// The agents on calls of the campaigns whose skill counts.
    fn serving(&self, selector: &Selector) -> u32 {
        let campaigns = self.scenario.campaigns.iter();
        let counted = campaigns.filter(|campaign| match selector {
            Selector::AnySkill(wanted) => {
                wanted.iter().any(|skill| skill.as_str() == campaign.skill)
            }
            Selector::All | Selector::AllSkills(_) | Selector::Agents(_) => true,
        });
        counted
            .map(|campaign| self.centre.serving(&campaign.id))
            .sum()
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
