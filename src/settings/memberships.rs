//! Refuses what a platform cannot do that keeps the lists of preview campaigns as memberships.

use std::collections::BTreeMap;

use crate::domain::assignment::{ListForm, Preview, Roster};
use crate::domain::{CampaignId, CountedQueue, Policy};
use crate::platform::dialect::Dialect;

use super::fault::{Origin, Problem};
use super::given::ListedTable;
use super::merge::Layers;
use super::table_keys::{TableKey, preview as keys};

/// More agents than this are counted but not named.
const MOST_AGENTS_NAMED: usize = 20;

/// Refuses what this platform cannot carry out of the tables that were read, `tables` in the order of the file.
pub(super) fn refuse_what_lists_cannot_hold(
    layers: &mut Layers<'_>,
    (platform, form): (Dialect, ListForm),
    tables: &[(&ListedTable, CampaignId, Preview)],
    policies: &BTreeMap<CampaignId, Policy>,
) {
    let lists: Vec<CampaignId> = tables.iter().map(|(_, id, _)| id.clone()).collect();
    let counted: Vec<(&CampaignId, &str)> = policies
        .iter()
        .filter_map(|(id, policy)| match &policy.queue {
            Some(CountedQueue::Own) => Some((id, id.as_str())),
            Some(CountedQueue::Other(queue)) => Some((id, queue.as_str())),
            None => None,
        })
        .collect();
    for (list, wrong, remedy) in platform.list_faults(&lists, &counted) {
        for (table, ..) in tables.iter().filter(|(_, id, _)| *id == list) {
            refuse(layers, table, &keys::CAMPAIGN, &wrong, remedy);
        }
    }
    if form == ListForm::Membership {
        for (table, _, _) in tables.iter().filter(|(.., table)| table.concurrency > 1) {
            let wrong = format!(
                "cannot be carried out: on {platform} an agent who is assigned to a campaign takes one call at once"
            );
            let remedy = "leave it out; an agent of concurrency 2 is assigned to two campaigns";
            refuse(layers, table, &keys::CONCURRENCY, &wrong, remedy);
        }
    }
}

/// Refuses agents whose ids the platform cannot have; tells whether there are any.
pub(super) fn refuse_foreign_agents(
    layers: &mut Layers<'_>,
    platform: Dialect,
    origin: &Origin,
    roster: &Roster,
) -> bool {
    let agents = roster.agents().iter();
    let wrong: Vec<String> = agents
        .filter_map(|agent| platform.agent_fault(&agent.id))
        .collect();
    for wrong in wrong.iter().take(MOST_AGENTS_NAMED) {
        let problem = Problem::new(wrong, "give the agent's id as the platform has it");
        layers.faults.push(origin, "roster.id", problem);
    }
    let unnamed = wrong.len().saturating_sub(MOST_AGENTS_NAMED);
    if unnamed > 0 {
        let problem = Problem::new(
            format!("is no agent's for {unnamed} more agents"),
            "give the agents' ids as the platform has them",
        );
        layers.faults.push(origin, "roster.id", problem);
    }
    !wrong.is_empty()
}

fn refuse(layers: &mut Layers<'_>, table: &ListedTable, key: &TableKey, wrong: &str, remedy: &str) {
    let full = format!("preview.{}", key.name);
    layers
        .faults
        .push(table.place(key), full, Problem::new(wrong, remedy));
}
