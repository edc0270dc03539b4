//! A record made of simulated days, in the form in which the daemon keeps one.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::outcomes::{OutcomeMemory, OutcomeReading, OutcomeSlot};
use crate::domain::workload::{
    Dialling, WorkloadHeads, WorkloadPoll, WorkloadRecorder, WorkloadSlot, call_began,
};
use crate::domain::{AgentState, CampaignActivity, Policy, Timestamp};
use crate::experiment::centre_day::{Day, timestamp};
use crate::experiment::day::run_policies;
use crate::simulator::{Activity, Scenario, SimTime};

/// What a daemon would have recorded of one campaign.
#[derive(Clone, Debug, Default)]
pub struct SimulatedRecord {
    /// Its agents.
    pub workload: Vec<WorkloadSlot>,
    /// Its calls.
    pub outcomes: Vec<OutcomeSlot>,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How a platform shows an agent who is on a break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreaksShown {
    /// As a state of its own.
    Apart,
    /// As a call: it has no word for a break.
    AsCalls,
}

/// The days that are recorded.
#[derive(Clone, Copy, Debug)]
pub struct RecordedDays {
    /// How many.
    pub count: u32,
    /// The seed of the first one; the others count up from it.
    pub first_seed: u64,
    /// The time between two polls.
    pub poll_interval: Duration,
    /// How breaks are shown.
    pub breaks: BreaksShown,
}

/// What a daemon would have recorded of two campaigns that share agents.
#[derive(Clone, Debug, Default)]
pub struct SimulatedPool {
    /// The campaign.
    pub own: SimulatedRecord,
    /// Its rival.
    pub rival: SimulatedRecord,
    /// The agents of both.
    pub shared: Vec<WorkloadSlot>,
}

/// Simulates days and records one campaign. Every campaign has the same policy.
#[must_use]
pub fn record_days(
    scenario: &Scenario,
    campaign: &str,
    policy: &Policy,
    days: RecordedDays,
) -> SimulatedRecord {
    let agents = agents_of(scenario, campaign);
    let mut observers = [Observer::new(
        scenario,
        Some(campaign),
        agents,
        policy,
        days,
    )];
    observe_days(scenario, policy, days, &mut observers);
    let [own] = observers.map(Observer::record);
    own
}

/// Simulates days and records a campaign, a rival and the agents of both. Every campaign has the same policy.
#[must_use]
pub fn record_pool(
    scenario: &Scenario,
    (campaign, rival): (&str, &str),
    policy: &Policy,
    days: RecordedDays,
) -> SimulatedPool {
    let (agents, theirs) = (agents_of(scenario, campaign), agents_of(scenario, rival));
    let both = agents.iter().filter(|agent| theirs.contains(agent));
    let both: Vec<u32> = both.copied().collect();
    let mut observers = [
        Observer::new(scenario, Some(campaign), agents, policy, days),
        Observer::new(scenario, Some(rival), theirs, policy, days),
        Observer::new(scenario, None, both, policy, days),
    ];
    observe_days(scenario, policy, days, &mut observers);
    let [own, rival, shared] = observers.map(Observer::record);
    SimulatedPool {
        own,
        rival,
        shared: shared.workload,
    }
}

fn observe_days(
    scenario: &Scenario,
    policy: &Policy,
    days: RecordedDays,
    observers: &mut [Observer<'_>],
) {
    for number in 0..days.count {
        let seed = days.first_seed.wrapping_add(u64::from(number));
        let policy_of = |_: &str| policy.clone();
        for observer in observers.iter_mut() {
            observer.shift = DAY.saturating_mul(number);
        }
        let mut watch = |day: &Day<'_>, at: SimTime| {
            for observer in observers.iter_mut() {
                observer.observe(day, at);
            }
        };
        run_policies(scenario, seed, days.poll_interval, &policy_of, &mut watch);
        observers.iter_mut().for_each(Observer::end_day);
    }
}

/// The agents of a campaign, by number.
fn agents_of(scenario: &Scenario, campaign: &str) -> Vec<u32> {
    let known = scenario.campaigns.iter().find(|known| known.id == campaign);
    let skill = known.map(|known| known.skill.as_str());
    let teams = scenario.teams.iter();
    let able = teams.flat_map(|team| {
        let able = team.skills.iter().any(|own| Some(own.as_str()) == skill);
        (0..team.agents).map(move |_| able)
    });
    let agents = (0..).zip(able).filter(|(_, able)| *able);
    agents.map(|(agent, _)| agent).collect()
}

/// Polls one campaign and its agents, or agents alone.
struct Observer<'a> {
    campaign: Option<&'a str>,
    /// The agents, by number.
    agents: Vec<u32>,
    thresholds: Option<(u32, u32)>,
    breaks: BreaksShown,
    longest: Duration,
    shift: Duration,
    before: Option<Vec<AgentState>>,
    recorder: WorkloadRecorder,
    memory: OutcomeMemory,
    workload: Vec<WorkloadSlot>,
    outcomes: BTreeMap<i64, OutcomeSlot>,
}

impl<'a> Observer<'a> {
    fn new(
        scenario: &Scenario,
        campaign: Option<&'a str>,
        agents: Vec<u32>,
        policy: &Policy,
        days: RecordedDays,
    ) -> Self {
        let thresholds = policy.thresholds.in_agents(scenario.agents());
        Self {
            campaign,
            agents,
            thresholds: campaign.map(|_| (thresholds.pause_below, thresholds.resume_at)),
            breaks: days.breaks,
            longest: days.poll_interval.saturating_mul(3),
            shift: Duration::ZERO,
            before: None,
            recorder: WorkloadRecorder::default(),
            memory: OutcomeMemory::default(),
            workload: Vec::new(),
            outcomes: BTreeMap::new(),
        }
    }

    fn record(self) -> SimulatedRecord {
        SimulatedRecord {
            workload: self.workload,
            outcomes: self.outcomes.into_values().collect(),
        }
    }

    fn observe(&mut self, day: &Day<'_>, at: SimTime) {
        let now = timestamp(at).plus(self.shift);
        let blind = at < day.blind_until;
        let poll = (!blind).then(|| self.poll(day));
        if blind {
            self.before = None;
        }
        let slot = self.recorder.observe(now, poll, self.longest);
        self.workload.extend(slot);
        self.count(day, now);
    }

    fn poll(&mut self, day: &Day<'_>) -> WorkloadPoll {
        let states: Vec<AgentState> = self
            .agents
            .iter()
            .map(|agent| {
                let activity = day.centre.activity(*agent);
                activity.map_or(AgentState::Offline, |activity| shown(activity, self.breaks))
            })
            .collect();
        let count = |wanted: AgentState| {
            let found = states.iter().filter(|state| **state == wanted).count();
            u32::try_from(found).unwrap_or(u32::MAX)
        };
        let offline = count(AgentState::Offline);
        let everybody = u32::try_from(states.len()).unwrap_or(u32::MAX);
        let heads = WorkloadHeads {
            available: count(AgentState::Available),
            wrap_up: count(AgentState::WrapUp),
            busy: count(AgentState::Busy),
            staffed: everybody.saturating_sub(offline),
        };
        let call_starts = self.before.as_ref().map(|before| {
            let both = before.iter().zip(&states);
            let began = both.filter(|(before, now)| call_began(**before, **now));
            u32::try_from(began.count()).unwrap_or(u32::MAX)
        });
        self.before = Some(states);
        let Some(campaign) = self.campaign else {
            return WorkloadPoll::of_agents(heads, call_starts);
        };
        let standing = day.statuses.get(campaign);
        let dialling = match standing.map(|(status, _)| status) {
            Some(CampaignActivity::Running) => Dialling::Running,
            Some(CampaignActivity::Paused) if day.is_ours(campaign) => Dialling::PausedByUs,
            _ => Dialling::NotOurs,
        };
        WorkloadPoll {
            dialling,
            thresholds: self.thresholds,
            ..WorkloadPoll::of_agents(heads, call_starts)
        }
    }

    fn count(&mut self, day: &Day<'_>, now: Timestamp) {
        let Some(today) = self.campaign.and_then(|id| day.outcomes(id, now)) else {
            return;
        };
        self.memory.observe(OutcomeReading {
            since: today.since.plus(self.shift),
            ..today
        });
        if let Some(slot) = self.memory.newest_slot() {
            self.outcomes.insert(slot.from.as_unix_millis(), *slot);
        }
    }

    /// In the night nobody polls.
    fn end_day(&mut self) {
        self.before = None;
        let next = WorkloadSlot::begin(Timestamp::from_unix_millis(i64::MAX));
        let slot = self.recorder.observe(next, None, self.longest);
        self.workload.extend(slot);
    }
}

/// What the platform shows of an agent.
const fn shown(activity: Activity, breaks: BreaksShown) -> AgentState {
    match (activity, breaks) {
        (Activity::Offline, _) => AgentState::Offline,
        (Activity::Idle, _) => AgentState::Available,
        (Activity::Inbound | Activity::Outbound | Activity::Preview, _)
        | (Activity::Break, BreaksShown::AsCalls) => AgentState::Busy,
        (Activity::Break, BreaksShown::Apart) => AgentState::Other,
        (Activity::WrapUp, _) => AgentState::WrapUp,
    }
}
