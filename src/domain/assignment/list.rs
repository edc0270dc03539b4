//! A campaign's list of agents, as the platform keeps it, and what is remembered of it.
//!
//! What is in force when a campaign is first managed is the starting point and not a change by anybody: a `[[preview]]`
//! table says that the list is ours to keep. From then on a list that differs from the last known one is a manual
//! change, unless a dispatch of ours has an unknown end.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::policy::OnManualChange;
use crate::domain::{AgentId, Timestamp};

/// One agent on a list, in the platform's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Sorted.
    pub skills: Vec<String>,
    /// When the window opens, `HH:MM`.
    pub start: String,
    /// When it closes, `HH:MM`.
    pub end: String,
    /// Its time zone.
    pub zone: String,
    /// Calls at once.
    pub calls: u8,
}

impl Entry {
    /// Returns the entry of a list that is kept as a membership: that the agent is on it, for one call at once.
    #[must_use]
    pub fn member() -> Self {
        Self {
            skills: Vec::new(),
            start: String::new(),
            end: String::new(),
            zone: String::new(),
            calls: 1,
        }
    }
}

/// Who is on a list.
pub type List = BTreeMap<AgentId, Entry>;

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
        /// Until when the list is left alone; absent unless manual changes are respected.
        grace_until: Option<Timestamp>,
    },
    /// A dispatch with an unknown end became clear: this is what is in force.
    Resolved,
}

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
}

impl ListMemory {
    /// A dispatch leaves: until its end is known, everybody who may be on the list counts.
    pub(super) fn depart(&mut self, agents: &List) {
        self.before = Some((self.in_force.clone(), self.uncertain));
        for (agent, entry) in agents {
            let known = self.in_force.entry(agent.clone());
            let known = known.or_insert_with(|| entry.clone());
            known.calls = known.calls.max(entry.calls);
        }
        self.uncertain = true;
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
    ) -> Option<ListNotice> {
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
        if !was_known || before == self.in_force {
            return None;
        }
        let until = (rule == OnManualChange::Respect).then_some(grace_until);
        self.person_until = until;
        let missing = |a: &List, b: &List| a.keys().filter(|id| !b.contains_key(*id)).count();
        Some(ListNotice::PersonChanged {
            joined: missing(&self.in_force, &before),
            left: missing(&before, &self.in_force),
            grace_until: until,
        })
    }
}
