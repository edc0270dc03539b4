//! In which order lists are replaced, so that no agent is ever above their concurrency.
//!
//! Lists that lose agents go first. An agent joins a list only when the calls of all lists that the agent is on at that
//! moment leave room; who does not fit yet joins in a second round, after the other lists have let go. A dispatch that
//! failed lets nobody go, so that those who wait for it stay where they are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::list::{List, ListMemory};
use crate::domain::{AgentId, CampaignId};

/// One list to put in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispatch {
    /// Of which campaign.
    pub campaign: CampaignId,
    /// The whole list.
    pub agents: List,
    /// Agents that join by it.
    pub joining: Vec<AgentId>,
    /// Agents that leave by it.
    pub leaving: Vec<AgentId>,
}

/// What became of a dispatch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "dispatch")]
pub enum DispatchEnd {
    /// In force.
    Accepted {
        /// What the platform calls it.
        assignment: String,
        /// Agents that it counted.
        updated: u64,
    },
    /// The dialler has no capacity for so many (409); what was in force still is.
    NoCapacity {
        /// What it said.
        why: String,
    },
    /// The list is refused (422 and the like); what was in force still is.
    Refused {
        /// What it said.
        why: String,
        /// The agents that it named.
        agents: Vec<AgentId>,
    },
    /// It may have arrived; no usable answer came back.
    Lost {
        /// What happened.
        why: String,
    },
    /// It never left.
    NotSent {
        /// What kept it.
        why: String,
    },
}

impl DispatchEnd {
    /// The word for logs, metrics and the audit.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::NoCapacity { .. } => "no_capacity",
            Self::Refused { .. } => "refused",
            Self::Lost { .. } => "lost",
            Self::NotSent { .. } => "not_sent",
        }
    }
}

/// The next list to put in force, of `targets` that are left to do. `concurrency` is that of each agent, where known.
pub(super) fn next(
    lists: &BTreeMap<&CampaignId, &ListMemory>,
    targets: &BTreeMap<CampaignId, List>,
    losing: bool,
    concurrency: impl Fn(&AgentId) -> Option<u8>,
) -> Option<Dispatch> {
    let mut calls: BTreeMap<&AgentId, u32> = BTreeMap::new();
    for (agent, entry) in lists.values().flat_map(|list| &list.in_force) {
        let sum = calls.entry(agent).or_default();
        *sum = sum.saturating_add(u32::from(entry.calls));
    }
    targets.iter().find_map(|(campaign, target)| {
        let memory = lists.get(campaign)?;
        let before = &memory.in_force;
        let leaving: Vec<AgentId> = before
            .keys()
            .filter(|agent| !target.contains_key(*agent))
            .cloned()
            .collect();
        let fewer_calls = target
            .iter()
            .any(|(agent, entry)| before.get(agent).is_some_and(|old| old.calls > entry.calls));
        if losing && leaving.is_empty() && !fewer_calls {
            return None;
        }
        let fits = |agent: &AgentId, more: u8| {
            let own = before.get(agent).map_or(0, |entry| u32::from(entry.calls));
            let others = calls.get(agent).copied().unwrap_or(0).saturating_sub(own);
            let most = concurrency(agent).map_or(u32::MAX, u32::from);
            others.saturating_add(u32::from(more)) <= most
        };
        let mut agents = List::new();
        for (agent, entry) in target {
            if let Some(old) = before.get(agent).filter(|_| !fits(agent, entry.calls)) {
                agents.insert(agent.clone(), old.clone());
            } else if fits(agent, entry.calls) {
                agents.insert(agent.clone(), entry.clone());
            }
        }
        if agents == *before && !memory.uncertain {
            return None;
        }
        let joining = agents
            .keys()
            .filter(|agent| !before.contains_key(*agent))
            .cloned()
            .collect();
        Some(Dispatch {
            campaign: campaign.clone(),
            agents,
            joining,
            leaving,
        })
    })
}
