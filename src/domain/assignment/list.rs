//! A campaign's list of agents, as the platform keeps it, and what is remembered of it.
//!
//! What is in force when a campaign is first managed is the starting point and not a change by anybody: a `[[preview]]`
//! table says that the list is ours to keep. From then on a list that differs from the last known one is a manual
//! change, unless a dispatch of ours has an unknown end.
//!
//! *A list that was sent may come late.* A request without an answer can wait in a gateway and be carried out minutes later, over
//! whatever is in force then. Until it cannot any more, its agents may be on that list, and are not let onto others that
//! would be too many for them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::entry::List;
use super::meaning::{altered, is_same_list, is_same_work};
use crate::domain::policy::OnManualChange;
use crate::domain::{AgentId, Timestamp};

/// A list that was sent and may be put in force yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateList {
    /// Who is on it.
    pub agents: List,
    /// After this it cannot be put in force any more.
    pub lands_by: Timestamp,
}

/// The result of reading a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "list")]
pub enum ListFinding {
    /// The list in force.
    Found {
        /// Who is on it.
        agents: List,
    },
    /// The platform does not show its lists: only what was put there is known.
    NotShown,
    /// It could not be read.
    Unreadable,
}

/// What a reading of a list revealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "list_notice")]
pub enum ListNotice {
    /// A person changed it.
    PersonChanged {
        /// Agents that the person put on it.
        joined: usize,
        /// Agents that the person took off it.
        left: usize,
        /// Agents who stayed on it, with other skills, hours or calls.
        #[serde(default)]
        altered: usize,
        /// Until when the list is left alone; absent unless manual changes are respected.
        grace_until: Option<Timestamp>,
    },
    /// A dispatch with an unknown end became clear: this is what is in force.
    Resolved,
}

/// At most so many lists that may come late are kept for a campaign; the oldest go first.
const MOST_LATE: usize = 8;

/// What is remembered of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListMemory {
    /// Whether anything is known of it.
    pub known: bool,
    /// What is in force. While `uncertain`, everybody who may be.
    pub in_force: List,
    /// The end of a dispatch is not known.
    pub uncertain: bool,
    /// What was in force, and whether that was sure, before the dispatch that is on its way.
    pub before: Option<(List, bool)>,
    /// Until when a list changed by a person is left alone.
    pub person_until: Option<Timestamp>,
    /// Lists that were sent and may be put in force yet, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub late: Vec<LateList>,
}

impl ListMemory {
    /// The calls at once that an agent has by this list, or may have by one that comes late.
    pub(super) fn most_calls(&self, agent: &AgentId) -> u8 {
        let lists = self.late.iter().map(|late| &late.agents);
        let entries = lists
            .chain([&self.in_force])
            .filter_map(|list| list.get(agent));
        entries.map(|entry| entry.calls).max().unwrap_or(0)
    }

    /// Everybody who is on this list, or may be by one that comes late, each once.
    pub(super) fn anybody(&self) -> impl Iterator<Item = &AgentId> {
        let late = self.late.iter().flat_map(|late| late.agents.keys());
        let late = late.filter(|agent| !self.in_force.contains_key(*agent));
        let late: BTreeSet<&AgentId> = late.collect();
        self.in_force.keys().chain(late)
    }

    /// Forgets lists that cannot be put in force any more.
    pub(super) fn forget_late(&mut self, now: Timestamp) {
        self.late.retain(|late| now <= late.lands_by);
    }

    /// A dispatch leaves: until its end is known, everybody who may be on the list counts.
    pub(super) fn depart(&mut self, agents: &List, lands_by: Timestamp) {
        if self.late.len() == MOST_LATE {
            self.late.remove(0);
        }
        self.late.push(LateList {
            agents: agents.clone(),
            lands_by,
        });
        self.before = Some((self.in_force.clone(), self.uncertain));
        for (agent, entry) in agents {
            let known = self.in_force.entry(agent.clone());
            let known = known.or_insert_with(|| entry.clone());
            known.calls = known.calls.max(entry.calls);
        }
        self.uncertain = true;
    }

    /// The dispatch has ended, and may be carried out until `lands_by`.
    pub(super) fn may_come_late(&mut self, agents: &List, lands_by: Timestamp) {
        let sent = self.late.iter_mut().rfind(|late| late.agents == *agents);
        if let Some(sent) = sent {
            sent.lands_by = sent.lands_by.max(lands_by);
        }
    }

    /// The dispatch has an end that is known: it comes no more.
    pub(super) fn arrived(&mut self, agents: &List) {
        let last = self.late.iter().rposition(|late| late.agents == *agents);
        if let Some(last) = last {
            self.late.remove(last);
        }
    }

    /// The dispatch changed nothing.
    pub(super) fn fall_back(&mut self) {
        if let Some((in_force, uncertain)) = self.before.take() {
            (self.in_force, self.uncertain) = (in_force, uncertain);
        }
    }

    /// Takes in a reading.
    pub(super) fn observe(
        &mut self,
        finding: &ListFinding,
        rule: OnManualChange,
        grace_until: Timestamp,
        now: Timestamp,
    ) -> Option<ListNotice> {
        self.forget_late(now);
        let agents = match finding {
            ListFinding::Found { agents } => agents,
            ListFinding::NotShown => {
                // What was there before us is not shown: the first plan is sent whatever it is.
                self.uncertain |= !self.known;
                self.known = true;
                return None;
            }
            ListFinding::Unreadable => return None,
        };
        let before = std::mem::replace(&mut self.in_force, agents.clone());
        let (was_known, was_uncertain) = (self.known, self.uncertain);
        (self.known, self.uncertain) = (true, false);
        self.before = None;
        if was_uncertain {
            return Some(ListNotice::Resolved);
        }
        if !was_known || is_same_list(&before, &self.in_force) {
            return None;
        }
        let ours = |late: &LateList| is_same_work(&late.agents, &self.in_force);
        if self.late.iter().any(ours) {
            return Some(ListNotice::Resolved);
        }
        let until = (rule == OnManualChange::Respect).then_some(grace_until);
        self.person_until = until;
        let missing = |a: &List, b: &List| a.keys().filter(|id| !b.contains_key(*id)).count();
        Some(ListNotice::PersonChanged {
            joined: missing(&self.in_force, &before),
            left: missing(&before, &self.in_force),
            altered: altered(&before, &self.in_force),
            grace_until: until,
        })
    }
}
