//! Preview assignments for 5,000 agents and 200 campaigns: an exact plan, and one after 1% of the agents changed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use campaign_autopilot::domain::assignment::{
    AgentNow, AssignPlan, AssignPolicy, AvailabilityWindow, CallRate, CampaignNow, Eligibility,
    ListForm, Pair, Preview, Roster, RosterAgent, Serving, Situation, plan,
};
use campaign_autopilot::domain::{OnManualChange, Timestamp};

use crate::stopwatch::{cpu_of_this_thread, ms, report};

const AGENTS: usize = 5_000;
const CAMPAIGNS: usize = 200;
const SKILLS: usize = 90;

/// Places of all agents against what the campaigns take at most, in hundredths: from twice as many places as agents to
/// far too few.
const LOADS: [u32; 5] = [60, 90, 100, 110, 150];

pub(crate) fn run() {
    report(format_args!(
        "assigning: {AGENTS} agents, {CAMPAIGNS} campaigns, CPU time"
    ));
    for load in LOADS {
        for even in [false, true] {
            measure(load, even);
        }
    }
}

fn measure(load: u32, even: bool) {
    let mut centre = Centre::drawn(load, even);
    let pairs = centre.possible_pairs();
    let first = centre.plan(None);
    let fresh = cpu(|| centre.plan(None));
    let sorted = sorting(pairs);
    centre.settle(&first);
    let steady = centre.plan(Some(&first));
    assert!(steady.moves.is_empty(), "an optimal plan is changed");
    centre.change_one_in_a_hundred();
    let next = centre.plan(Some(&steady));
    let again = cpu(|| centre.plan(Some(&steady)));
    assert_eq!(
        centre.worth(&next),
        centre.worth(&centre.plan(None)),
        "a re-plan is worth less than a fresh plan"
    );
    report(format_args!(
        "  load {:.1}{}: {pairs} pairs, plan {} (bar: 60 ms; {:.0} times sorting as many), re-plan {} (bar: 5 ms; {:.1} times), {} and {} repairs",
        f64::from(load) / 100.0,
        if even { ", everybody alike" } else { "" },
        ms(fresh),
        fresh.as_secs_f64() / sorted.as_secs_f64(),
        ms(again),
        again.as_secs_f64() / sorted.as_secs_f64(),
        first.repairs,
        next.repairs,
    ));
}

/// The kernel reports CPU time to some milliseconds: many runs are measured together.
const RUNS: u32 = 40;

/// Measurements, of which the shortest counts: what else the machine does is not in a thread's CPU time, but what it
/// pushes out of the caches is.
const MEASUREMENTS: u32 = 5;

/// CPU time of one `work`, where it was disturbed least.
fn cpu<T>(mut work: impl FnMut() -> T) -> Duration {
    let measurements = (0..MEASUREMENTS).map(|_| {
        let before = cpu_of_this_thread();
        for _ in 0..RUNS {
            drop(work());
        }
        cpu_of_this_thread().saturating_sub(before) / RUNS
    });
    measurements.min().unwrap_or_default()
}

/// What it costs to sort as many numbers: a measure of the machine.
fn sorting(many: usize) -> Duration {
    let mut chance = fastrand::Rng::with_seed(3);
    let numbers: Vec<u64> = (0..many).map(|_| chance.u64(..)).collect();
    cpu(|| {
        let mut numbers = numbers.clone();
        numbers.sort_unstable();
        numbers
    })
}

struct Centre {
    roster: Roster,
    policy: AssignPolicy,
    eligibility: Eligibility,
    campaigns: Vec<CampaignNow>,
    agents: Vec<AgentNow>,
    in_force: Vec<Pair>,
    chance: fastrand::Rng,
}

impl Centre {
    /// Agents hold a few of 90 skills and work in one of four windows; each campaign needs one skill. `even` gives all
    /// agents the same rate and all campaigns one of few weights: the start of a day, with ties everywhere.
    fn drawn(load: u32, even: bool) -> Self {
        let mut chance = fastrand::Rng::with_seed(7);
        let skill = |n: usize| format!("skill-{n:02}").parse().expect("a skill");
        let night = "22:00-06:00 Europe/Berlin";
        let days = [
            "08:00-16:00 America/New_York",
            "09:00-17:00 America/New_York",
            "08:00-18:00 America/Chicago",
        ];
        let agent = |n: usize| {
            let skills = (0..chance.usize(2..7))
                .map(|_| skill(chance.usize(0..SKILLS)))
                .collect();
            let agent = RosterAgent {
                skills,
                // Every twentieth works by night and cannot be placed.
                window: window(if n.is_multiple_of(20) {
                    night
                } else {
                    chance.choice(days).unwrap_or(night)
                }),
                concurrency: chance.u8(1..3),
            };
            (format!("agent-{n:05}").parse().expect("an id"), agent)
        };
        let roster = Roster::new((0..AGENTS).map(agent).collect());
        let mean = u32::try_from(roster.places()).expect("few places") * load
            / 100
            / u32::try_from(CAMPAIGNS).expect("few campaigns");
        let mut chance = fastrand::Rng::with_seed(8);
        let previews = (0..CAMPAIGNS).map(|n| {
            let most = chance.u32(mean / 2..=mean + mean / 2);
            let preview = Preview {
                skills: BTreeSet::from([skill(n % SKILLS)]),
                target: CallRate::from_milli(if even {
                    10_000
                } else {
                    chance.u64(8_000..16_000)
                }),
                weight: chance.u32(1..6).to_string().parse().expect("a weight"),
                least: if chance.u8(0..4) == 0 { most / 2 } else { 0 },
                most,
                zones: ["America/New_York", "America/Chicago", "Europe/Berlin"]
                    .into_iter()
                    .map(|zone| zone.parse().expect("a zone"))
                    .collect(),
                concurrency: 1,
                on_manual_change: OnManualChange::Respect,
                manual_grace: Duration::from_secs(900),
            };
            (format!("campaign-{n:03}").parse().expect("an id"), preview)
        });
        let policy = AssignPolicy {
            previews: previews.collect::<BTreeMap<_, _>>(),
            interval: Duration::from_secs(60),
            moved_agents: 1,
            horizon: Duration::from_secs(900),
            churn: 50,
            rate_window: Duration::from_secs(3_600),
            form: ListForm::Whole,
        };
        let mut chance = fastrand::Rng::with_seed(9);
        let agents = (0..AGENTS).map(|_| AgentNow {
            present: true,
            on_call: false,
            recent: CallRate::from_milli(if even { 0 } else { chance.u64(0..6_000) }),
        });
        let runs = CampaignNow {
            serving: Serving::Running,
            ..CampaignNow::default()
        };
        Self {
            eligibility: Eligibility::new(&roster, &policy),
            agents: agents.collect(),
            campaigns: vec![runs; CAMPAIGNS],
            in_force: Vec::new(),
            roster,
            policy,
            chance,
        }
    }

    fn ask<T>(&self, question: impl FnOnce(&Situation<'_>) -> T) -> T {
        question(&Situation {
            roster: &self.roster,
            policy: &self.policy,
            eligibility: &self.eligibility,
            campaigns: &self.campaigns,
            agents: &self.agents,
            in_force: &self.in_force,
            refused: &BTreeSet::new(),
            kept: &BTreeSet::new(),
            now: Timestamp::parse_rfc3339("2026-01-15T16:00:00Z").expect("a time"),
        })
    }

    fn plan(&self, prior: Option<&AssignPlan>) -> AssignPlan {
        self.ask(|situation| plan(situation, prior.map(|plan| &plan.prior)))
    }

    fn settle(&mut self, plan: &AssignPlan) {
        self.in_force.clone_from(&plan.pairs);
    }

    /// Half of them leave, half make calls.
    fn change_one_in_a_hundred(&mut self) {
        for number in 0..AGENTS / 100 {
            let agent = self.chance.usize(0..AGENTS);
            let Some(agent) = self.agents.get_mut(agent) else {
                continue;
            };
            if number.is_multiple_of(2) {
                agent.present = false;
            } else {
                agent.recent = CallRate::from_milli(self.chance.u64(0..12_000));
            }
        }
    }

    fn possible_pairs(&self) -> usize {
        let open = self
            .ask(|situation| Eligibility::open(&self.roster, situation.now, self.policy.horizon));
        let agents = self.roster.agents().iter();
        let agents = agents.filter(|agent| open.get(agent.kind) == Some(&true));
        agents
            .map(|agent| self.eligibility.of_kind(agent.kind).len())
            .sum()
    }

    /// Weighted scores less churn and agents short, in the plan's own measure, computed apart from the plan's arithmetic.
    fn worth(&self, plan: &AssignPlan) -> i64 {
        let previews: Vec<&Preview> = self.policy.previews.values().collect();
        let changes = |a: &[Pair], b: &[Pair]| {
            let missing = a.iter().filter(|pair| b.binary_search(pair).is_err());
            i64::try_from(missing.count()).expect("few pairs")
        };
        let mut taken = vec![0_u32; CAMPAIGNS];
        let mut worth = 0;
        for (agent, campaign) in &plan.pairs {
            let (Some(taken), Some(preview)) = (taken.get_mut(*campaign), previews.get(*campaign))
            else {
                panic!("a campaign that there is not")
            };
            *taken += 1;
            let score = self.ask(|situation| situation.score(*agent, preview));
            worth += i64::try_from(preview.weight.milli() * score.milli()).expect("a small worth");
        }
        let short = previews.iter().zip(taken);
        let short: u32 = short
            .map(|(preview, taken)| preview.least.saturating_sub(taken))
            .sum();
        let pairs = changes(&plan.pairs, &self.in_force) + changes(&self.in_force, &plan.pairs);
        worth - pairs * i64::from(self.policy.churn) * 1_000 - i64::from(short) * 1_000_000_000
    }
}

fn window(text: &str) -> AvailabilityWindow {
    let (times, zone) = text.split_once(' ').expect("a zone");
    let (start, end) = times.split_once('-').expect("two times");
    AvailabilityWindow {
        start: start.parse().expect("a time"),
        end: end.parse().expect("a time"),
        zone: zone.parse().expect("a zone"),
    }
}
