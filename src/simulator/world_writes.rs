//! Writes at the platform besides those of campaigns: preview assignments, queues, agents' queues.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::agent_state::AgentState;
use super::assignments::Assignment;
use super::centre::TenthsOfAgents;
use super::effects::{
    AgentMoved, AssignmentsReplaced, Effect, PaceWritten, QueueWritten, ReserveWritten,
};
use super::journal::Actor;
use super::queues::{self, Queue, QueueStatistics, Queues, example_queue};
use super::time::SimTime;
use super::work::Work;
use super::world::World;

impl World {
    /// Returns everything that was done, to campaigns and to the rest, oldest first.
    #[must_use]
    pub fn effects(&self) -> &[Effect] {
        &self.effects
    }

    /// Sets what an agent is busy with; nothing when it is not known.
    pub fn set_work(&mut self, agent: &str, work: Option<Work>) {
        if self.work.get(agent) == work.as_ref() {
            return;
        }
        match work {
            Some(work) => self.work.insert(Arc::from(agent), work),
            None => self.work.remove(agent),
        };
        self.agents_changed();
    }

    /// Returns what an agent is busy with, where that is known.
    #[must_use]
    pub fn work(&self, agent: &str) -> Option<&Work> {
        self.work.get(agent)
    }

    /// Returns a campaign's preview assignments in force.
    #[must_use]
    pub fn assignments(&self, campaign: &str) -> &[Assignment] {
        self.assignments.of_campaign(campaign)
    }

    /// Replaces a campaign's preview assignments, unchecked; returns what this assignment is called, and
    /// nothing when there is no such campaign.
    pub fn assign(
        &mut self,
        campaign: &str,
        list: Vec<Assignment>,
        by: Actor,
        now: SimTime,
    ) -> Option<String> {
        self.campaign(campaign)?;
        let to = list.clone();
        let (from, assignment_id) = self.assignments.replace(campaign, list);
        self.effects.push(Effect::Assigned(AssignmentsReplaced {
            at: now,
            campaign: campaign.to_owned(),
            by,
            from,
            to,
            assignment_id: assignment_id.clone(),
        }));
        Some(assignment_id)
    }

    /// A campaign's dials for each agent were written.
    pub(super) fn paced(&mut self, written: PaceWritten) {
        self.effects.push(Effect::Paced(written));
    }

    /// Returns how many agents a campaign's dialler keeps idle.
    #[must_use]
    pub fn idle_reserve(&self, campaign: &str) -> TenthsOfAgents {
        self.reserves.get(campaign).copied().unwrap_or_default()
    }

    /// Has a campaign's dialler keep so many agents idle; `false` when there is no such campaign.
    pub fn keep_idle(
        &mut self,
        campaign: &str,
        reserve: TenthsOfAgents,
        by: Actor,
        now: SimTime,
    ) -> bool {
        if self.campaign(campaign).is_none() {
            return false;
        }
        let from = self.reserves.insert(campaign.to_owned(), reserve);
        self.effects.push(Effect::Reserved(ReserveWritten {
            at: now,
            campaign: campaign.to_owned(),
            by,
            from: from.unwrap_or_default(),
            to: reserve,
        }));
        true
    }

    /// Sets the most agents that the dialer takes for the campaign; no bound without one.
    pub fn set_dialer_capacity(&mut self, campaign: &str, agents: Option<usize>) {
        self.assignments.set_capacity(campaign, agents);
    }

    /// Returns the dialer's bound, if so many agents exceed it.
    pub(super) fn dialer_exceeded(&self, campaign: &str, agents: usize) -> Option<usize> {
        self.assignments.exceeded(campaign, agents)
    }

    /// Adds a queue or replaces one, with these members and, where they lack it, version 1. Not
    /// journaled.
    pub fn put_queue(&mut self, id: &str, mut members: Queue) {
        members.insert("id".to_owned(), id.into());
        members.entry("version").or_insert_with(|| 1.into());
        self.queues.by_id.insert(id.to_owned(), members);
    }

    /// Adds the skills `voice`, `sales` and `support`, and the queues `queue-1`, which overflows into
    /// `queue-2`.
    pub fn put_example_queues(&mut self) {
        for (id, name) in [
            ("voice", "Voice"),
            ("sales", "Sales"),
            ("support", "Support"),
        ] {
            self.put_skill(id, name);
        }
        self.put_queue("queue-1", example_queue("queue-1", "Service", &["queue-2"]));
        self.put_queue("queue-2", example_queue("queue-2", "Second line", &[]));
    }

    /// Takes a queue away; `false` when there was none.
    pub fn remove_queue(&mut self, id: &str) -> bool {
        self.queues.by_id.remove(id).is_some()
    }

    /// Returns one queue.
    #[must_use]
    pub fn queue(&self, id: &str) -> Option<&Queue> {
        self.queues.by_id.get(id)
    }

    /// Returns what a queue has counted; nothing where its statistics are not shown.
    #[must_use]
    pub fn queue_statistics(&self, id: &str) -> Option<QueueStatistics> {
        self.queues.statistics.get(id).copied()
    }

    /// Sets what a queue has counted; without anything its statistics are no longer shown. `false` when there is no
    /// such queue.
    pub fn set_queue_statistics(&mut self, id: &str, counted: Option<QueueStatistics>) -> bool {
        if self.queue(id).is_none() {
            return false;
        }
        match counted {
            Some(counted) => drop(self.queues.statistics.insert(id.to_owned(), counted)),
            None => drop(self.queues.statistics.remove(id)),
        }
        true
    }

    /// Returns all queues and skills.
    pub(super) fn queues(&self) -> &Queues {
        &self.queues
    }

    /// Writes the whole of a queue, unchecked, under the next version; `false` when there is no such queue.
    pub fn write_queue(&mut self, id: &str, mut members: Queue, by: Actor, now: SimTime) -> bool {
        let Some(queue) = self.queues.by_id.get_mut(id) else {
            return false;
        };
        members.insert("id".to_owned(), id.into());
        let version = queues::version(queue).saturating_add(1);
        members.insert("version".to_owned(), version.into());
        let from = std::mem::replace(queue, members);
        self.effects.push(Effect::QueueWritten(QueueWritten {
            at: now,
            queue: id.to_owned(),
            by,
            from,
            to: queue.clone(),
        }));
        true
    }

    /// Changes some members of a queue as a person does; `false` when there is no such queue.
    pub fn person_changes_queue(&mut self, id: &str, members: Queue, now: SimTime) -> bool {
        let Some(mut whole) = self.queue(id).cloned() else {
            return false;
        };
        whole.extend(members);
        self.write_queue(id, whole, Actor::Person, now)
    }

    /// Adds a skill that queues may refer to, or renames one.
    pub fn put_skill(&mut self, id: &str, name: &str) {
        self.queues.skills.insert(id.to_owned(), name.to_owned());
    }

    /// Returns all skills in id order, with their names.
    pub fn skills(&self) -> impl Iterator<Item = (&str, &str)> {
        let skills = self.queues.skills.iter();
        skills.map(|(id, name)| (id.as_str(), name.as_str()))
    }

    /// Returns the queues of each agent that was ever moved.
    pub(super) fn profiles(&self) -> &BTreeMap<String, Vec<String>> {
        &self.profiles
    }

    /// Returns the queues that an agent was moved to, if it ever was.
    #[must_use]
    pub fn queues_of(&self, agent: &str) -> Option<&[String]> {
        self.profiles.get(agent).map(Vec::as_slice)
    }

    /// Moves an agent to queues and puts it in a state; `false` when there is no such agent.
    pub fn move_agent(
        &mut self,
        id: &str,
        queues: Vec<String>,
        state: AgentState,
        by: Actor,
        now: SimTime,
    ) -> bool {
        let Some(before) = self.agent(id).map(|agent| agent.state.clone()) else {
            return false;
        };
        let from = self.profiles.insert(id.to_owned(), queues.clone());
        self.effects.push(Effect::Moved(AgentMoved {
            at: now,
            agent: id.to_owned(),
            by,
            from: from.unwrap_or_default(),
            to: queues,
            state_before: before.wire().to_owned(),
            state_after: state.wire().to_owned(),
        }));
        self.set_agent_state(id, state, now);
        self.agents_changed();
        true
    }
}
