//! In which order lists are replaced, so that no agent is ever above their concurrency.
//!
//! Lists that lose agents go first. An agent joins a list only when the calls of all lists that the agent is on at that
//! moment leave room; who does not fit yet joins in a second round, after the other lists have let go. A dispatch that
//! failed lets nobody go, so that those who wait for it stay where they are. One without an answer may be carried out later:
//! until it cannot any more, its agents count as being on its list.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::entry::List;
use super::list::ListMemory;
use super::meaning::is_same_list;
use crate::domain::{AgentId, CampaignId, Conclusion};

/// One list to put in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispatch {
    /// The campaign whose list it is.
    pub campaign: CampaignId,
    /// The whole list.
    pub agents: List,
    /// Agents that join by it.
    pub joining: Vec<AgentId>,
    /// Agents that leave by it.
    pub leaving: Vec<AgentId>,
}

/// What became of a dispatch. Kept with the words of 0.1.0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DispatchEnd {
    /// The verdict. Where it is neither confirmed nor unknown nor another list than was sent, what was in force before
    /// still is.
    #[serde(
        rename = "dispatch",
        alias = "conclusion",
        serialize_with = "Conclusion::as_list_label"
    )]
    pub conclusion: Conclusion,
    /// What went wrong, for people; empty when nothing did.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// What the platform calls it, once it is in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignment: Option<String>,
    /// Agents that the platform counted, once it is in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated: Option<u64>,
    /// Agents whom the platform refused, where it tells them: it did not let them join, or leave.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub agents: Vec<AgentId>,
    /// An attempt at it had no usable answer and may be carried out yet, whatever became of the others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub may_come_late: bool,
}

impl DispatchEnd {
    /// The list is in force: what the platform calls it, where it names it, and the agents that it counted.
    #[must_use]
    pub fn confirmed(assignment: Option<String>, updated: u64) -> Self {
        Self {
            conclusion: Conclusion::Confirmed,
            why: String::new(),
            assignment,
            updated: Some(updated),
            agents: Vec::new(),
            may_come_late: false,
        }
    }

    /// Any other end, and why.
    #[must_use]
    pub fn failed(conclusion: Conclusion, why: String) -> Self {
        Self {
            conclusion,
            why,
            assignment: None,
            updated: None,
            agents: Vec::new(),
            may_come_late: false,
        }
    }

    /// The list was taken in part: the rest is as it was, and these agents the platform refused.
    #[must_use]
    pub fn in_part(why: String, agents: Vec<AgentId>) -> Self {
        Self {
            agents,
            ..Self::failed(Conclusion::Differs, why)
        }
    }

    /// The list was refused; with the agents that the platform named.
    #[must_use]
    pub fn refused(why: String, agents: Vec<AgentId>) -> Self {
        Self {
            agents,
            ..Self::failed(Conclusion::Refused, why)
        }
    }
}

/// Which lists a pass over the targets puts in force. Those that lose agents come first, so that the others find them free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DispatchPass {
    /// Lists that lose agents or calls.
    Losing,
    /// Every list.
    All,
}

impl DispatchPass {
    /// The passes in their order.
    pub const ORDER: [Self; 2] = [Self::Losing, Self::All];
}

/// Returns the next list to put in force, of `targets` that are left to do. `concurrency` is that of each agent, where known.
pub(super) fn next_dispatch(
    lists: &BTreeMap<&CampaignId, &ListMemory>,
    targets: &BTreeMap<CampaignId, List>,
    pass: DispatchPass,
    concurrency: impl Fn(&AgentId) -> Option<u8>,
) -> Option<Dispatch> {
    // By what is in force, and by what may be put in force yet.
    let mut calls: BTreeMap<&AgentId, u32> = BTreeMap::new();
    for list in lists.values() {
        for agent in list.anybody() {
            let sum = calls.entry(agent).or_default();
            *sum = sum.saturating_add(u32::from(list.most_calls(agent)));
        }
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
        if pass == DispatchPass::Losing && leaving.is_empty() && !fewer_calls {
            return None;
        }
        let fits = |agent: &AgentId, more: u8| {
            let own = u32::from(memory.most_calls(agent));
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
        if is_same_list(&agents, before) && !memory.uncertain {
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
