//! One policy on one day.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::domain::{
    Autopilot, CampaignActivity, CampaignId, CommandResult, Delivery, Group, GroupCount, HeadCount,
    Policy, Sample, Selector, SkillId, StatusFinding, StatusReading, Timestamp,
};
use crate::simulator::{
    Centre, CentreFigures, Endpoint, Scenario, ScriptedEvent, ScriptedEventKind, SimTime, status,
};

use super::arm::Arm;

/// How long a command takes at most: here it arrives at once.
const COMMAND_LONGEST: Duration = Duration::from_secs(1);

/// Simulates a whole day of the scenario under the arm.
#[must_use]
pub fn run_day(scenario: &Scenario, seed: u64, arm: &Arm) -> CentreFigures {
    run_until(scenario, seed, arm, scenario.end())
}

/// Simulates the scenario under the arm, up to a moment.
#[must_use]
pub fn run_until(scenario: &Scenario, seed: u64, arm: &Arm, end: SimTime) -> CentreFigures {
    let mut day = Day::new(scenario, seed);
    let Some(policy) = &arm.policy else {
        day.live_until(end);
        return day.centre.figures();
    };
    let mut autopilot = autopilot(scenario, policy);
    let mut at = scenario.start().plus(phase(seed, arm.poll_interval));
    while at <= end {
        day.poll(&mut autopilot, at);
        at = at.plus(arm.poll_interval);
    }
    day.live_until(end);
    day.centre.figures()
}

/// Draws the time of the first poll: nothing aligns polls with the minutes of the scenario.
fn phase(seed: u64, interval: Duration) -> Duration {
    let share = fastrand::Rng::with_seed(seed).f64();
    interval.mul_f64(share)
}

/// Each campaign counts the agents who have its skill.
fn autopilot(scenario: &Scenario, policy: &Policy) -> Autopilot {
    let policies = scenario.campaigns.iter().filter_map(|campaign| {
        let id: CampaignId = campaign.id.parse().ok()?;
        let skill: SkillId = campaign.skill.parse().ok()?;
        let policy = Policy {
            selector: Selector::AnySkill(BTreeSet::from([skill])),
            ..policy.clone()
        };
        Some((id, policy))
    });
    let start = timestamp(scenario.start());
    Autopilot::new(
        1,
        policies.collect(),
        BTreeMap::new(),
        COMMAND_LONGEST,
        start,
    )
}

/// The centre, and the platform's status of its campaigns.
struct Day<'a> {
    scenario: &'a Scenario,
    centre: Centre,
    scripted_events: Vec<ScriptedEvent>,
    happened: usize,
    /// Each campaign's status and when it last changed.
    statuses: BTreeMap<&'a str, (CampaignActivity, SimTime)>,
    blind_until: SimTime,
    skills: Vec<BTreeSet<SkillId>>,
}

impl<'a> Day<'a> {
    fn new(scenario: &'a Scenario, seed: u64) -> Self {
        let start = scenario.start();
        let running = |id| (id, (CampaignActivity::Running, start));
        let skills = |team: &crate::simulator::Team| {
            let known = team.skills.iter();
            known.filter_map(|skill| skill.parse().ok()).collect()
        };
        Self {
            scenario,
            centre: Centre::new(scenario, seed),
            scripted_events: scenario.scripted_events(),
            happened: 0,
            statuses: scenario
                .campaigns
                .iter()
                .map(|campaign| running(campaign.id.as_str()))
                .collect(),
            blind_until: start,
            skills: scenario.teams.iter().map(skills).collect(),
        }
    }

    /// Advances the time, with the scenario's events on the way.
    fn live_until(&mut self, until: SimTime) {
        while let Some(event) = self.scripted_events.get(self.happened)
            && event.at <= until
        {
            self.happened += 1;
            self.centre.advance(event.at);
            match &event.kind {
                ScriptedEventKind::PersonSets { campaign, status } => {
                    let status = activity(status);
                    let at = event.at;
                    if let Some((known, own)) = self
                        .statuses
                        .get_key_value(campaign.as_str())
                        .map(|(id, own)| (*id, own.0.clone()))
                        && own != status
                    {
                        let runs = status == CampaignActivity::Running;
                        self.statuses.insert(known, (status, at));
                        self.centre.allow(known, runs, at);
                    }
                }
                ScriptedEventKind::Outage { endpoint, until } => {
                    if *endpoint == Endpoint::Agents {
                        self.blind_until = self.blind_until.max(*until);
                    }
                }
                ScriptedEventKind::Breaks { agents, lasts } => {
                    self.centre.send_on_break(*agents, *lasts);
                }
                ScriptedEventKind::OutageOver { .. } => {}
            }
        }
        self.centre.advance(until);
    }

    fn poll(&mut self, autopilot: &mut Autopilot, at: SimTime) {
        let stale = self.scenario.telemetry.stale_counts;
        // A reading shows the state of a while ago.
        let shown = at.minus(stale).max(self.scenario.start());
        if shown > self.centre.now() {
            self.live_until(shown);
        }
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
            if autopilot.authorise(&id, wanted.direction, now).is_none() {
                continue;
            }
            let target = wanted.direction.target();
            let runs = target == CampaignActivity::Running;
            if let Some(own) = self.statuses.get_mut(id.as_str()) {
                *own = (target, at);
            }
            let from = at.plus(self.scenario.telemetry.actuation_delay);
            self.centre.allow(id.as_str(), runs, from);
            let result = CommandResult {
                delivery: Delivery::Acknowledged { version: None },
                after: self.status(&id, now),
                before: None,
                ended_at: None,
                lost: Vec::new(),
            };
            autopilot.report(&id, &result, now);
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
        for ((available, staffed), skills) in self.centre.crews().zip(&self.skills) {
            let counts = match selector {
                Selector::All => true,
                Selector::AnySkill(wanted) => !wanted.is_disjoint(skills),
                Selector::AllSkills(wanted) => wanted.is_subset(skills),
                Selector::Agents(_) => false,
            };
            if counts {
                count.free = count.free.saturating_add(available);
                count.staffed = count.staffed.saturating_add(staffed);
            }
        }
        GroupCount::Known(count)
    }
}

fn timestamp(at: SimTime) -> Timestamp {
    Timestamp::from_unix_millis(at.as_unix_millis())
}

/// Parses a scenario's word for a status.
fn activity(word: &str) -> CampaignActivity {
    match word {
        status::RUNNING => CampaignActivity::Running,
        status::PAUSED => CampaignActivity::Paused,
        _ => CampaignActivity::NotCommandable {
            word: word.to_owned(),
        },
    }
}
