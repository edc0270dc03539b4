//! The inputs of the assigner and the questions to it, recorded so that its decisions can be replayed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::assigner::Assigner;
use super::dispatch::{Dispatch, DispatchEnd};
use super::entry::List;
use super::list::{ListFinding, ListMemory};
use super::preview::AssignPolicy;
use super::rate::CallRate;
use super::roster::Roster;
use crate::domain::{AgentId, AgentState, CampaignId, Timestamp};

/// One input of the assigner, or one question to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "assign")]
pub enum AssignInput {
    /// A run began.
    Start {
        /// The rules.
        policy: AssignPolicy,
        /// The agents.
        roster: Roster,
        /// Rates that were given.
        given: BTreeMap<AgentId, CallRate>,
        /// What the store remembered.
        restored: BTreeMap<CampaignId, ListMemory>,
    },
    /// The whole state.
    Checkpoint {
        /// The assigner with everything in it.
        assigner: Box<Assigner>,
    },
    /// A poll: the agents whose state changed.
    Agents {
        /// By position in the roster.
        changes: Vec<(usize, AgentState)>,
    },
    /// Whether each campaign runs.
    Running {
        /// In the order of the ids.
        running: Vec<Option<bool>>,
    },
    /// A list was read.
    List {
        /// Of which campaign.
        campaign: CampaignId,
        /// What was found.
        finding: ListFinding,
    },
    /// A plan was asked for.
    Propose {
        /// The lists that it wanted in force.
        targets: BTreeMap<CampaignId, List>,
    },
    /// A dispatch was about to leave.
    Depart {
        /// The dispatch.
        dispatch: Dispatch,
    },
    /// A dispatch came to its end.
    Report {
        /// What was sent.
        sent: Dispatch,
        /// What became of it.
        end: DispatchEnd,
    },
}

/// Feeds one input to the assigner in `slot`; returns what was recorded and what came out now where that is a decision.
pub(crate) fn feed(
    slot: &mut Option<Assigner>,
    at: Timestamp,
    input: AssignInput,
) -> Option<(String, String)> {
    if let AssignInput::Start {
        policy,
        roster,
        given,
        restored,
    } = input
    {
        *slot = Some(Assigner::new(policy, roster, &given, restored));
        return None;
    }
    if let AssignInput::Checkpoint { assigner } = input {
        let differs = slot.as_ref().is_some_and(|again| *again != *assigner);
        *slot = Some(*assigner);
        return differs.then(|| ("assignments".to_owned(), "other assignments".to_owned()));
    }
    let assigner = slot.as_mut()?;
    match input {
        AssignInput::Start { .. } | AssignInput::Checkpoint { .. } => None,
        AssignInput::Agents { changes } => {
            assigner.observe_agents(&changes, at);
            None
        }
        AssignInput::Running { running } => {
            assigner.observe_running(&running);
            None
        }
        AssignInput::List { campaign, finding } => {
            assigner.observe_list(&campaign, &finding, at);
            None
        }
        AssignInput::Propose { targets } => {
            let again = assigner.propose(at).targets;
            Some((in_words(&targets), in_words(&again)))
        }
        AssignInput::Depart { dispatch } => {
            assigner.depart(&dispatch, at);
            None
        }
        AssignInput::Report { sent, end } => {
            assigner.report(&sent, &end, at);
            None
        }
    }
}

fn in_words(targets: &BTreeMap<CampaignId, List>) -> String {
    let lists = targets.iter().map(|(campaign, list)| {
        let agents: Vec<String> = list
            .iter()
            .map(|(agent, entry)| format!("{agent}/{}", entry.calls))
            .collect();
        format!("{campaign}: {}", agents.join(" "))
    });
    let lists: Vec<String> = lists.collect();
    if lists.is_empty() {
        "nothing to dispatch".to_owned()
    } else {
        lists.join("; ")
    }
}
