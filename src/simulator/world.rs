//! The world model: agents, campaigns and what was done to the campaigns. Pure; time is an argument.
//!
//! Agents are listed as they are at the moment of each request, so that agents move between the pages
//! of one reading, as they do on the real platform.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::agent_state::AgentState;
use super::assignments::Assignments;
use super::centre::TenthsOfAgents;
use super::effects::Effect;
use super::journal::{Actor, JournalEntry};
use super::queues::Queues;
use super::time::SimTime;
use super::work::Work;

/// One agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentRecord {
    /// The name to show.
    pub name: String,
    /// What the agent is doing.
    pub state: AgentState,
    /// What the agent can do.
    pub skills: Vec<String>,
    /// Since when the agent is in this state.
    pub since: SimTime,
}

/// One campaign, as it truly is (what a reading shows may lag behind).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignRecord {
    /// The name to show.
    pub name: String,
    /// The status; any word is possible.
    pub status: String,
    /// When the status last changed.
    pub updated: SimTime,
    shown: VecDeque<VisibleStatus>,
    in_transition: Option<InTransition>,
}

/// A change that has begun and is not true yet.
#[derive(Clone, Debug, PartialEq, Eq)]
struct InTransition {
    number: u64,
    word: String,
    since: SimTime,
}

/// A status together with the moment from which a reading shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct VisibleStatus {
    from: SimTime,
    status: String,
    updated: SimTime,
}

/// An agent's break and when it ends.
#[derive(Clone, Debug)]
pub(super) struct Break {
    pub(super) agent: String,
    pub(super) until: SimTime,
}

/// Everything that the platform holds.
#[derive(Clone, Debug, Default)]
pub struct World {
    agents: BTreeMap<Arc<str>, AgentRecord>,
    campaigns: BTreeMap<String, CampaignRecord>,
    journal: Vec<JournalEntry>,
    pub(super) effects: Vec<Effect>,
    pub(super) assignments: Assignments,
    /// How many agents the campaigns' diallers keep idle, where that was ever said.
    pub(super) reserves: BTreeMap<String, TenthsOfAgents>,
    pub(super) queues: Queues,
    /// The queues of each agent that was ever moved.
    pub(super) profiles: BTreeMap<String, Vec<String>>,
    pub(super) breaks: Vec<Break>,
    /// What agents are busy with, where that is known.
    pub(super) work: BTreeMap<Arc<str>, Work>,
    transitions: u64,
    agents_version: u64,
    /// Ids by state filter, built when asked for and thrown away when any agent changes.
    listings: BTreeMap<Option<AgentState>, Vec<Arc<str>>>,
}

impl World {
    /// Creates an empty world.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an agent or replaces one.
    pub fn put_agent(&mut self, id: &str, agent: AgentRecord) {
        self.agents.insert(Arc::from(id), agent);
        self.agents_changed();
    }

    /// Takes an agent away; `false` when there was none.
    pub fn remove_agent(&mut self, id: &str) -> bool {
        let removed = self.agents.remove(id).is_some();
        if removed {
            self.agents_changed();
        }
        removed
    }

    /// Puts an agent in a state; `false` when there is no such agent.
    pub fn set_agent_state(&mut self, id: &str, state: AgentState, now: SimTime) -> bool {
        let Some(agent) = self.agents.get_mut(id) else {
            return false;
        };
        if agent.state != state {
            agent.state = state;
            agent.since = now;
            self.agents_changed();
        }
        true
    }

    /// Makes exactly `wanted` agents available and all others busy, adding `agent-0001`, `agent-0002`...
    /// where there are too few.
    pub fn set_available(&mut self, wanted: usize, now: SimTime) {
        let mut number = 0_usize;
        while self.agents.len() < wanted {
            number += 1;
            let id = agent_id(number);
            self.agents
                .entry(Arc::from(id.as_str()))
                .or_insert_with(|| staff_member(number, AgentState::Busy, now));
        }
        for (index, agent) in self.agents.values_mut().enumerate() {
            let state = if index < wanted {
                AgentState::Available
            } else {
                AgentState::Busy
            };
            if agent.state != state {
                agent.state = state;
                agent.since = now;
            }
        }
        self.agents_changed();
    }

    /// Returns one agent.
    #[must_use]
    pub fn agent(&self, id: &str) -> Option<&AgentRecord> {
        self.agents.get(id)
    }

    /// Returns all agents in id order.
    pub fn agents(&self) -> impl Iterator<Item = (&str, &AgentRecord)> {
        self.agents.iter().map(|(id, agent)| (&**id, agent))
    }

    /// Counts the agents in `state`.
    #[must_use]
    pub fn count(&self, state: &AgentState) -> usize {
        self.agents
            .values()
            .filter(|agent| agent.state == *state)
            .count()
    }

    /// Returns a number that changes whenever any agent does, so that what was made from the agents can be kept until then.
    #[must_use]
    pub fn agents_version(&self) -> u64 {
        self.agents_version
    }

    /// Returns a page of the agents in `state` (of all of them without one), in id order.
    pub fn page(
        &mut self,
        state: Option<&AgentState>,
        offset: usize,
        limit: usize,
    ) -> impl Iterator<Item = (&str, &AgentRecord)> {
        let agents = &self.agents;
        let listing = self.listings.entry(state.cloned()).or_insert_with(|| {
            let matching = agents
                .iter()
                .filter(|(_, agent)| state.is_none_or(|state| agent.state == *state));
            matching.map(|(id, _)| Arc::clone(id)).collect()
        });
        let page = listing.iter().skip(offset).take(limit);
        page.filter_map(|id| agents.get(id).map(|agent| (&**id, agent)))
    }

    /// Adds a campaign or replaces one. Not journaled.
    pub fn put_campaign(&mut self, id: &str, name: &str, status: &str, now: SimTime) {
        let campaign = CampaignRecord {
            name: name.to_owned(),
            status: status.to_owned(),
            updated: now,
            shown: VecDeque::new(),
            in_transition: None,
        };
        self.campaigns.insert(id.to_owned(), campaign);
    }

    /// Takes a campaign away; `false` when there was none.
    pub fn remove_campaign(&mut self, id: &str) -> bool {
        self.assignments.forget(id);
        self.campaigns.remove(id).is_some()
    }

    /// Returns one campaign.
    #[must_use]
    pub fn campaign(&self, id: &str) -> Option<&CampaignRecord> {
        self.campaigns.get(id)
    }

    /// Returns all campaigns in id order.
    pub fn campaigns(&self) -> impl Iterator<Item = (&str, &CampaignRecord)> {
        self.campaigns
            .iter()
            .map(|(id, campaign)| (id.as_str(), campaign))
    }

    /// Carries out a client's command; a reading shows it `delay` later. `false` when there is no such campaign.
    pub fn command(
        &mut self,
        id: &str,
        status: &str,
        by: Actor,
        delay: Duration,
        now: SimTime,
    ) -> bool {
        self.change(id, status, by, delay, now)
    }

    /// Changes the campaign as a person at the platform does; readings show it at once. `false` when there is
    /// no such campaign.
    pub fn person_sets(&mut self, id: &str, status: &str, now: SimTime) -> bool {
        self.change(id, status, Actor::Person, Duration::ZERO, now)
    }

    /// Begins a change of a campaign: a reading shows the word from here on. Returns the number of this transition.
    pub(super) fn begin_transition(&mut self, id: &str, word: String, now: SimTime) -> u64 {
        self.transitions += 1;
        let number = self.transitions;
        if let Some(campaign) = self.campaigns.get_mut(id) {
            let since = now;
            campaign.in_transition = Some(InTransition {
                number,
                word,
                since,
            });
        }
        number
    }

    /// Whether a campaign is still in the transition of this number.
    pub(super) fn is_in_transition(&self, id: &str, number: u64) -> bool {
        let campaign = self.campaigns.get(id);
        let under_way = campaign.and_then(|campaign| campaign.in_transition.as_ref());
        under_way.is_some_and(|under_way| under_way.number == number)
    }

    /// Returns what was done to campaigns, oldest first.
    #[must_use]
    pub fn journal(&self) -> &[JournalEntry] {
        &self.journal
    }

    fn change(&mut self, id: &str, status: &str, by: Actor, delay: Duration, now: SimTime) -> bool {
        let Some(campaign) = self.campaigns.get_mut(id) else {
            return false;
        };
        let from = campaign.status.clone();
        campaign.in_transition = None;
        if from != status {
            campaign.change(status, delay, now);
        }
        let (campaign, to) = (id.to_owned(), status.to_owned());
        let entry = JournalEntry {
            at: now,
            campaign,
            by,
            from,
            to,
        };
        self.effects.push(Effect::Status(entry.clone()));
        self.journal.push(entry);
        true
    }

    pub(super) fn agents_changed(&mut self) {
        self.agents_version += 1;
        self.listings.clear();
    }
}

impl CampaignRecord {
    /// Returns the word of the transition that the campaign is in, and since when it is.
    pub(super) fn transition(&self) -> Option<(&str, SimTime)> {
        let under_way = self.in_transition.as_ref()?;
        Some((&under_way.word, under_way.since))
    }

    /// Returns the word that decides whether a command is accepted: a transition's, or the true status.
    pub(super) fn command_basis(&self) -> &str {
        self.transition().map_or(&self.status, |(word, _)| word)
    }

    /// Returns what a reading shows at `now`: the status and when it was updated.
    #[must_use]
    pub fn seen_at(&self, now: SimTime) -> (&str, SimTime) {
        if let Some(shown) = self.transition() {
            return shown;
        }
        let due = self.shown.iter().rfind(|shown| shown.from <= now);
        match due.or(self.shown.front()) {
            Some(shown) => (&shown.status, shown.updated),
            None => (&self.status, self.updated),
        }
    }

    fn change(&mut self, status: &str, delay: Duration, now: SimTime) {
        if delay.is_zero() {
            self.shown.clear();
        } else {
            let (seen, updated) = self.seen_at(now);
            let seen = VisibleStatus {
                from: now,
                status: seen.to_owned(),
                updated,
            };
            self.shown.retain(|shown| shown.from > now);
            self.shown.push_front(seen);
            let coming = VisibleStatus {
                from: now.plus(delay),
                status: status.to_owned(),
                updated: now,
            };
            self.shown.push_back(coming);
        }
        status.clone_into(&mut self.status);
        self.updated = now;
    }
}

/// Returns the id of the simulator's `number`th agent.
pub(super) fn agent_id(number: usize) -> String {
    format!("agent-{number:04}")
}

/// Returns the simulator's `number`th agent.
pub(super) fn staff_member(number: usize, state: AgentState, since: SimTime) -> AgentRecord {
    AgentRecord {
        name: format!("Agent {number}"),
        state,
        skills: vec!["voice".to_owned()],
        since,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: SimTime = SimTime::from_unix_millis(1_715_760_000_000);

    fn after(seconds: u64) -> SimTime {
        START.plus(Duration::from_secs(seconds))
    }

    fn ids(
        world: &mut World,
        state: Option<&AgentState>,
        offset: usize,
        limit: usize,
    ) -> Vec<String> {
        world
            .page(state, offset, limit)
            .map(|(id, _)| id.to_owned())
            .collect()
    }

    fn client() -> Actor {
        Actor::Client {
            request_id: Some("r-1".to_owned()),
            token_client: "autopilot".to_owned(),
        }
    }

    #[test]
    fn pages_the_live_list_so_an_agent_can_be_missed() {
        let mut world = World::new();
        world.set_available(4, START);
        let available = Some(&AgentState::Available);
        assert_eq!(
            ids(&mut world, available, 0, 2),
            ["agent-0001", "agent-0002"]
        );
        world.set_agent_state("agent-0001", AgentState::Busy, after(1));
        assert_eq!(ids(&mut world, available, 2, 2), ["agent-0004"]);
        assert_eq!(ids(&mut world, None, 3, 9), ["agent-0004"]);
        assert_eq!(ids(&mut world, available, 3, 9), [""; 0]);
    }

    #[test]
    fn set_available_keeps_exactly_that_many() {
        let mut world = World::new();
        world.put_agent("zoe", staff_member(99, AgentState::Offline, START));
        for wanted in [3, 0, 12, 5] {
            world.set_available(wanted, after(1));
            assert_eq!(world.count(&AgentState::Available), wanted);
        }
        assert_eq!(world.count(&AgentState::Busy), 7);
        assert_eq!(world.agents().count(), 12);
    }

    #[test]
    fn the_version_changes_only_when_an_agent_does() {
        let mut world = World::new();
        world.set_available(1, START);
        let version = world.agents_version();
        assert!(world.set_agent_state("agent-0001", AgentState::Available, after(1)));
        assert!(!world.remove_agent("nobody"));
        assert_eq!(world.agents_version(), version);
        assert!(world.remove_agent("agent-0001"));
        assert_ne!(world.agents_version(), version);
    }

    #[test]
    fn a_repeated_command_is_journaled_and_changes_nothing() {
        let mut world = World::new();
        world.put_campaign("c", "C", "RUNNING", START);
        assert!(world.command("c", "RUNNING", client(), Duration::ZERO, after(5)));
        assert_eq!(world.campaign("c").unwrap().updated, START);
        let entry = &world.journal()[0];
        assert_eq!(
            (entry.from.as_str(), entry.to.as_str()),
            ("RUNNING", "RUNNING")
        );
        assert!(!world.command("other", "PAUSED", client(), Duration::ZERO, after(6)));
        assert_eq!(world.journal().len(), 1);
    }

    #[test]
    fn with_a_delay_a_get_shows_each_command_in_its_turn() {
        let mut world = World::new();
        let delay = Duration::from_secs(5);
        world.put_campaign("c", "C", "RUNNING", START);
        world.command("c", "PAUSED", client(), delay, after(10));
        world.command("c", "RUNNING", client(), delay, after(13));
        let seen = |world: &World, second| {
            let (status, updated) = world.campaign("c").unwrap().seen_at(after(second));
            (status.to_owned(), updated)
        };
        assert_eq!(seen(&world, 14), ("RUNNING".to_owned(), START));
        assert_eq!(seen(&world, 15), ("PAUSED".to_owned(), after(10)));
        assert_eq!(seen(&world, 18), ("RUNNING".to_owned(), after(13)));
        world.person_sets("c", "STOPPED", after(16));
        assert_eq!(seen(&world, 16), ("STOPPED".to_owned(), after(16)));
        assert_eq!(world.journal()[2].by, Actor::Person);
    }
}
