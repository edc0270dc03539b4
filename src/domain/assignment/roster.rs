//! The agents that may be placed: what each can do, and when.
//!
//! Agents with the same skills and the same window form a **kind**; there are few kinds however many agents there are,
//! so that windows are evaluated and skills compared once a kind.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::window::AvailabilityWindow;
use crate::domain::{AgentId, SkillId};

/// The most calls that an agent may hold at once.
pub const MOST_CONCURRENT: u8 = 2;

/// One agent of the roster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosterAgent {
    /// At least one.
    pub skills: BTreeSet<SkillId>,
    /// When the agent works.
    pub window: AvailabilityWindow,
    /// Calls at once, 1 or 2.
    pub concurrency: u8,
}

/// Skills and a window that several agents share.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Kind {
    /// The skills.
    pub skills: BTreeSet<SkillId>,
    /// The window.
    pub window: AvailabilityWindow,
}

/// An agent's entry in the roster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rostered {
    /// The agent's id.
    pub id: AgentId,
    /// Position of its kind.
    pub kind: usize,
    /// Calls at once, 1 or 2.
    pub concurrency: u8,
}

/// Every agent that may be placed, in the order of the ids.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "RecordedRoster")]
pub struct Roster {
    agents: Vec<Rostered>,
    kinds: Vec<Kind>,
    /// The windows of all kinds, each once: a plan evaluates a window once, and not once a kind.
    #[serde(skip_serializing)]
    windows: Vec<AvailabilityWindow>,
    /// For each kind the position of its window.
    #[serde(skip_serializing)]
    window_numbers: Vec<usize>,
}

/// How a roster is recorded: without what follows from the rest.
#[derive(Deserialize)]
struct RecordedRoster {
    agents: Vec<Rostered>,
    kinds: Vec<Kind>,
}

impl From<RecordedRoster> for Roster {
    fn from(RecordedRoster { agents, kinds }: RecordedRoster) -> Self {
        let mut numbers: BTreeMap<&AvailabilityWindow, usize> = BTreeMap::new();
        let mut windows = Vec::new();
        let window_numbers = kinds.iter().map(|kind| {
            *numbers.entry(&kind.window).or_insert_with(|| {
                windows.push(kind.window.clone());
                windows.len().saturating_sub(1)
            })
        });
        let window_numbers = window_numbers.collect();
        Self {
            agents,
            kinds,
            windows,
            window_numbers,
        }
    }
}

impl Roster {
    /// The roster of these agents.
    #[must_use]
    pub fn new(agents: BTreeMap<AgentId, RosterAgent>) -> Self {
        let mut numbers: BTreeMap<Kind, usize> = BTreeMap::new();
        let mut kinds = Vec::new();
        let rostered = agents.into_iter().map(|(id, agent)| {
            let kind = Kind {
                skills: agent.skills,
                window: agent.window,
            };
            let number = *numbers.entry(kind).or_insert_with_key(|kind| {
                kinds.push(kind.clone());
                kinds.len().saturating_sub(1)
            });
            Rostered {
                id,
                kind: number,
                concurrency: agent.concurrency,
            }
        });
        let agents = rostered.collect();
        RecordedRoster { agents, kinds }.into()
    }

    /// The agents, in the order of their ids.
    #[must_use]
    pub fn agents(&self) -> &[Rostered] {
        &self.agents
    }

    /// The kinds of agents.
    #[must_use]
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// The windows of all kinds, each once.
    pub(super) fn windows(&self) -> &[AvailabilityWindow] {
        &self.windows
    }

    /// For each kind the position of its window.
    pub(super) fn window_numbers(&self) -> &[usize] {
        &self.window_numbers
    }

    /// The kind of an agent.
    #[must_use]
    pub fn kind(&self, agent: &Rostered) -> Option<&Kind> {
        self.kinds.get(agent.kind)
    }

    /// Returns an agent's position.
    #[must_use]
    pub fn position(&self, id: &AgentId) -> Option<usize> {
        self.agents.binary_search_by(|agent| agent.id.cmp(id)).ok()
    }

    /// Places of all agents together.
    #[must_use]
    pub fn places(&self) -> u64 {
        let places = self.agents.iter().map(|agent| u64::from(agent.concurrency));
        places.sum()
    }
}
