//! One decision over 10,000 campaigns and 100,000 agents.

use std::collections::BTreeMap;
use std::time::Duration;

use campaign_autopilot::domain::aim::AimRule;
use campaign_autopilot::domain::outcomes::{OutcomeCounters, OutcomeReading, OutcomeSource};
use campaign_autopilot::domain::{
    AgentState, Autopilot, CampaignActivity, CampaignId, Policy, Selector, Snapshot,
    SnapshotBuilder, StatusFinding, StatusReading, Timestamp,
};

use crate::stopwatch::{median, ms, report, time};

const CAMPAIGNS: usize = 10_000;
const AGENTS: usize = 100_000;
const SKILLS: usize = 60;

pub(crate) fn run() {
    let now = Timestamp::from_unix_millis(1_700_000_000_000);
    let snapshot = snapshot(now);
    let mut autopilot = autopilot(now);
    let distinct = autopilot.groups().len();
    let one_pass = |autopilot: &mut Autopilot| {
        median(21, || {
            time(|| {
                let sample = snapshot.sample(autopilot.groups());
                autopilot.observe_sample(sample, now);
                let plan = autopilot.decide(now);
                assert_eq!(plan.reasons.len(), CAMPAIGNS);
            })
            .0
        })
    };
    let pass = one_pass(&mut autopilot);
    let mut aiming = autopilot_with(Some(AimRule::new("0.5%".parse().expect("a share"))), now);
    read_two_hours(&mut aiming, now);
    let aimed = one_pass(&mut aiming);
    // What a campaign would cost whose agents were counted by looking at every agent's skills.
    let agents = agents();
    let wanted = skill(7);
    let walk = median(21, || {
        let (took, found) = time(|| {
            let holds = |(state, skills): &&(AgentState, Vec<String>)| {
                *state == AgentState::Available && skills.contains(&wanted)
            };
            agents.iter().filter(holds).count()
        });
        assert!(found > 0);
        took
    });
    report(format_args!(
        "deciding: {CAMPAIGNS} campaigns with {distinct} distinct selectors over {AGENTS} agents, one core"
    ));
    report(format_args!(
        "  one decision pass               {} (bar: 20 ms)",
        ms(pass)
    ));
    report(format_args!(
        "  with an aim of each             {} (bar: 20 ms)",
        ms(aimed)
    ));
    report(format_args!(
        "  one campaign by walking the agents {}: {distinct} of them would take {:.0} times the pass",
        ms(walk),
        walk.as_secs_f64() * f64::from(u32::try_from(distinct).unwrap_or(u32::MAX))
            / pass.as_secs_f64(),
    ));
}

fn skill(n: usize) -> String {
    format!("skill-{n:02}")
}

/// Teams share their skills: 300 kinds of agents, each with two to five skills.
fn agents() -> Vec<(AgentState, Vec<String>)> {
    let mut chance = fastrand::Rng::with_seed(11);
    let agent = |_| {
        let state = if chance.bool() {
            AgentState::Available
        } else {
            AgentState::Busy
        };
        let mut team = fastrand::Rng::with_seed(chance.u64(0..300));
        let skills = (0..team.usize(2..6))
            .map(|_| skill(team.usize(0..SKILLS)))
            .collect();
        (state, skills)
    };
    (0..AGENTS).map(agent).collect()
}

/// A hundred thousand agents, half of them available.
pub(crate) fn snapshot(now: Timestamp) -> Snapshot {
    let mut builder = SnapshotBuilder::default();
    for (number, (state, skills)) in agents().into_iter().enumerate() {
        builder.add(
            &format!("agent-{number:06}"),
            state,
            skills.iter().map(String::as_str),
        );
    }
    builder.finish(now)
}

/// Lets every campaign read its counters each ten minutes for two hours.
fn read_two_hours(autopilot: &mut Autopilot, now: Timestamp) {
    let ids: Vec<CampaignId> = autopilot.campaigns().map(|(id, _)| id.clone()).collect();
    for reading in 0..13 {
        let before = Duration::from_secs(600 * (12 - reading));
        let reading = OutcomeReading {
            since: Timestamp::from_unix_millis(0),
            until: now.minus(before),
            counters: OutcomeCounters {
                dials: 60 * reading,
                answered: 31 * reading,
                connected: Some(30 * reading),
                abandoned: reading,
            },
            source: OutcomeSource::Platform,
        };
        for id in &ids {
            autopilot.observe_outcomes(id, reading);
        }
    }
}

/// Ten thousand running campaigns.
pub(crate) fn autopilot(now: Timestamp) -> Autopilot {
    autopilot_with(None, now)
}

fn autopilot_with(aim: Option<AimRule>, now: Timestamp) -> Autopilot {
    let mut chance = fastrand::Rng::with_seed(12);
    let mut policies = BTreeMap::new();
    for campaign in 0..CAMPAIGNS {
        let some = |chance: &mut fastrand::Rng| {
            (0..chance.usize(1..4))
                .map(|_| skill(chance.usize(0..SKILLS)).parse().expect("a skill"))
                .collect()
        };
        let selector = match campaign % 3 {
            0 => Selector::All,
            1 => Selector::AnySkill(some(&mut chance)),
            _ => Selector::AllSkills(some(&mut chance)),
        };
        let id: CampaignId = format!("campaign-{campaign:05}").parse().expect("an id");
        policies.insert(
            id,
            Policy {
                selector,
                aim,
                ..Policy::default()
            },
        );
    }
    let mut autopilot = Autopilot::new(1, policies, BTreeMap::new(), Duration::from_secs(40), now);
    let reading = StatusReading {
        version: Some("1".to_owned()),
        ..StatusReading::without_evidence(CampaignActivity::Running, String::new(), now)
    };
    for id in autopilot
        .campaigns()
        .map(|(id, _)| id.clone())
        .collect::<Vec<_>>()
    {
        autopilot.observe_status(&id, &StatusFinding::Found(reading.clone()), now);
    }
    autopilot
}
