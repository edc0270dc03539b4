//! Numbers for skills and agents, and what each agent is shown to do and since when.
//!
//! A delta holds who changed, so what was shown before is kept: whoever is shown otherwise at a request has changed at
//! that request.

use std::collections::BTreeMap;

use super::super::super::agent_state::AgentState;
use super::super::super::time::SimTime;
use super::super::super::work::Work;
use super::super::super::world::World;
use super::assignments::Assignments;
use super::settings::AcdSettings;

/// The number of the first campaign's skill; a campaign whose id is a number has that one.
const FIRST_SKILL: u64 = 4_711;

/// The number before the first agent's.
const AGENTS_FROM: u64 = 9_000;

/// An agent's state, as the platform numbers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ShownState {
    pub(super) state: i64,
    pub(super) name: String,
    pub(super) wrap_up: bool,
    pub(super) skill: Option<u64>,
}

/// What is remembered of skills and agents.
#[derive(Clone, Default)]
pub(super) struct Roster {
    skills: BTreeMap<String, u64>,
    agents: BTreeMap<String, u64>,
    shown: BTreeMap<u64, (ShownState, SimTime)>,
    /// The world as it was shown last.
    seen: Option<(u64, usize)>,
}

impl Roster {
    /// Gives every campaign and agent of the world a number, once and for all.
    pub(super) fn enrol(&mut self, world: &World) {
        for (id, _) in world.campaigns() {
            if !self.skills.contains_key(id) {
                let taken = |number: u64| self.skills.values().any(|known| *known == number);
                let own = id
                    .parse()
                    .ok()
                    .filter(|number| *number > 0 && !taken(*number));
                let many = u64::try_from(self.skills.len()).unwrap_or(0);
                let next = (FIRST_SKILL..=FIRST_SKILL + many).find(|number| !taken(*number));
                if let Some(number) = own.or(next) {
                    self.skills.insert(id.to_owned(), number);
                }
            }
        }
        if self.agents.len() < world.agents().count() {
            for (id, _) in world.agents() {
                let next = AGENTS_FROM + u64::try_from(self.agents.len()).unwrap_or(0) + 1;
                self.agents.entry(id.to_owned()).or_insert(next);
            }
        }
    }

    /// Brings what is shown up to date.
    pub(super) fn follow(
        &mut self,
        world: &World,
        settings: &AcdSettings,
        assignments: &Assignments,
        now: SimTime,
    ) {
        let changes = world.effects().len() + assignments.journal().len();
        let version = (world.agents_version(), changes);
        if self.seen == Some(version) && self.skills.len() == world.campaigns().count() {
            return;
        }
        self.seen = Some(version);
        self.enrol(world);
        let running: Vec<(&str, u64)> = world
            .campaigns()
            .filter(|(_, campaign)| campaign.status == "RUNNING")
            .filter_map(|(id, _)| self.skills.get(id).map(|number| (id, *number)))
            .collect();
        let mut present = BTreeMap::new();
        for (id, agent) in world.agents() {
            let Some(number) = self.agents.get(id).copied() else {
                continue;
            };
            let able = |campaign: &str, skill: u64| {
                let by_skill = || has_skill(settings, campaign, &agent.skills);
                let own = assignments.get(skill, number);
                own.map_or_else(by_skill, |own| own.active)
            };
            let work = world.work(id);
            let of = |campaign: &str| self.skills.get(campaign).copied();
            let shown = match (&agent.state, work) {
                (AgentState::Offline, _) => plain(0, "LoggedOut"),
                (AgentState::Available, _) => {
                    let joined: Vec<u64> = running
                        .iter()
                        .filter(|(campaign, skill)| !settings.blended && able(campaign, *skill))
                        .map(|(_, skill)| *skill)
                        .collect();
                    // An agent is in one dialler; who has several running skills is spread over them.
                    let many = u64::try_from(joined.len()).unwrap_or(1).max(1);
                    let place = usize::try_from(number % many).unwrap_or(0);
                    match joined.get(place) {
                        Some(skill) => ShownState {
                            skill: settings.dialer_has_skill.then_some(*skill),
                            ..plain(7, "Dialer")
                        },
                        None => plain(1, "Available"),
                    }
                }
                (AgentState::Busy | AgentState::WrapUp, Some(Work::Outbound { campaign })) => {
                    ShownState {
                        skill: of(campaign),
                        wrap_up: agent.state == AgentState::WrapUp,
                        ..plain(4, "OutboundContact")
                    }
                }
                (AgentState::Busy, Some(Work::Break)) => plain(2, "Unavailable"),
                (AgentState::Busy | AgentState::WrapUp, _) => ShownState {
                    wrap_up: agent.state == AgentState::WrapUp,
                    ..plain(3, "InboundContact")
                },
                (AgentState::Other(name), _) => plain(-99, name),
            };
            present.insert(number, shown);
        }
        self.shown.retain(|number, _| present.contains_key(number));
        for (number, shown) in present {
            match self.shown.get_mut(&number) {
                Some((known, _)) if *known == shown => {}
                Some(known) => *known = (shown, now),
                None => {
                    self.shown.insert(number, (shown, now));
                }
            }
        }
    }

    /// Agents with what they are shown to do and since when, in the order of their numbers.
    pub(super) fn agents(&self) -> impl Iterator<Item = (u64, &ShownState, SimTime)> {
        self.shown
            .iter()
            .map(|(number, (shown, since))| (*number, shown, *since))
    }

    /// Agents with their ids in the world.
    pub(super) fn numbers(&self) -> impl Iterator<Item = (&str, u64)> {
        self.agents
            .iter()
            .map(|(id, number)| (id.as_str(), *number))
    }

    /// The number of an agent.
    pub(super) fn agent(&self, id: &str) -> Option<u64> {
        self.agents.get(id).copied()
    }

    /// The number of a campaign's skill.
    pub(super) fn skill(&self, campaign: &str) -> Option<u64> {
        self.skills.get(campaign).copied()
    }
}

/// Whether agents with these skills have a campaign's skill.
pub(super) fn has_skill(settings: &AcdSettings, campaign: &str, skills: &[String]) -> bool {
    settings
        .skills
        .get(campaign)
        .is_none_or(|needed| skills.iter().any(|own| own == needed))
}

fn plain(state: i64, name: &str) -> ShownState {
    ShownState {
        state,
        name: name.to_owned(),
        wrap_up: false,
        skill: None,
    }
}
