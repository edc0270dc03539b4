//! Who is assigned to a preview campaign: the members of its queue who have joined it.
//!
//! The platform has no list of agents of a campaign; agents come from its queue. Where the queue serves that campaign alone, who has
//! joined it is such a list. *A change* takes those off first who leave, a hundred at most in a write. The platform carries it out
//! later, and says nothing of users who are no members: the members are read right before, and whoever is none of them is left out. A
//! write does not name the reading that it rests on, so that a gap remains between the two.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::Method;
use serde_json::{Value, json};

use crate::domain::assignment::{Dispatch, Entry, List, ListFinding};
use crate::domain::{AgentId, CampaignId, DecisionId, Delivery, Timestamp};
use crate::platform::http::{RateShare, failed_delivery};
use crate::platform::port::{ListReader, ListReceipt, ListWriter, PlatformFault};

use super::members::{self, Members};
use super::organisation::{Order, Organisation, decode};
use super::{endpoints, rights};

/// Members in one write.
const IN_ONE_WRITE: usize = 100;

/// Reads lists. Has no way to change anything there.
pub(super) struct Lists {
    pub(super) organisation: Arc<Organisation>,
}

/// Changes lists. A dry run makes none.
pub(super) struct ListSender {
    pub(super) organisation: Arc<Organisation>,
}

impl Lists {
    async fn list(
        &self,
        campaign: &CampaignId,
        deadline: Timestamp,
    ) -> Result<ListFinding, PlatformFault> {
        let organisation = &self.organisation;
        let share = RateShare::Readings;
        let queue = members::queue_of_its_own(organisation, campaign, share, deadline).await?;
        let members = members::members(organisation, &queue, share, deadline).await?;
        let agents = joined(&members)
            .map(|id| {
                let agent: Result<AgentId, _> = id.parse();
                agent
                    .map(|agent| (agent, Entry::member()))
                    .map_err(|wrong| decode(format!("the id of a member {wrong}")))
            })
            .collect::<Result<List, _>>()?;
        Ok(ListFinding::Found { agents })
    }
}

impl ListSender {
    async fn put(
        &self,
        dispatch: &Dispatch,
        decision: DecisionId,
        deadline: Timestamp,
    ) -> ListReceipt {
        let organisation = &self.organisation;
        let share = RateShare::Commands;
        let campaign = &dispatch.campaign;
        let queue = members::queue_of_its_own(organisation, campaign, share, deadline).await;
        let queue = match queue {
            Ok(queue) => queue,
            Err(fault) => return ListReceipt::of(Delivery::NotSent { why: fault.detail }),
        };
        let present = members::members(organisation, &queue, share, deadline).await;
        let present = match present {
            Ok(present) => present,
            Err(fault) => return ListReceipt::of(Delivery::NotSent { why: fault.detail }),
        };
        let Some(moves) = Moves::new(&present, dispatch) else {
            let why =
                format!("somebody changed who serves queue {queue} before the write could leave");
            return ListReceipt::of(Delivery::NotSent { why });
        };
        let mut written = false;
        for (agents, joins) in [(&moves.leaving, false), (&moves.joining, true)] {
            for agents in agents.chunks(IN_ONE_WRITE) {
                let body: Vec<Value> = agents
                    .iter()
                    .map(|id| json!({"id": id, "joined": joins}))
                    .collect();
                let order = Order {
                    endpoint: endpoints::MEMBERS_CHANGE,
                    method: Method::PATCH,
                    path: &["routing", "queues", &queue, "members"],
                    body: Some(Bytes::from(Value::from(body).to_string())),
                    right: rights::MEMBERS_MANAGE,
                    decision: Some(decision.to_string()),
                    leave_by: None,
                    deadline,
                };
                if let Err(failed) = organisation.write(order).await {
                    return broken_off(written, failed_delivery(failed));
                }
                written = true;
            }
        }
        moves.receipt(&queue)
    }
}

/// What a dispatch asks of the members of a queue.
#[derive(Debug, PartialEq, Eq)]
struct Moves<'a> {
    leaving: Vec<&'a str>,
    joining: Vec<&'a str>,
    /// How many serve the queue afterwards.
    serving: usize,
    /// Agents who are no members.
    strangers: Vec<&'a AgentId>,
}

impl<'a> Moves<'a> {
    /// Nothing where the members are not as the dispatch knows them.
    fn new(present: &'a Members, dispatch: &'a Dispatch) -> Option<Self> {
        let joined: BTreeSet<&str> = joined(present).collect();
        if joined != before(dispatch) {
            return None;
        }
        let (members, strangers): (Vec<&AgentId>, Vec<&AgentId>) = dispatch
            .agents
            .keys()
            .partition(|agent| present.contains_key(agent.as_str()));
        let members: BTreeSet<&str> = members.into_iter().map(AgentId::as_str).collect();
        Some(Self {
            leaving: joined.difference(&members).copied().collect(),
            joining: members.difference(&joined).copied().collect(),
            serving: members.len(),
            strangers,
        })
    }

    /// The receipt when every write was taken.
    fn receipt(self, queue: &str) -> ListReceipt {
        let in_part = self.strangers.first().map(|first| {
            format!(
                "{} of the agents are no members of queue {queue}, {first} for one: make them members",
                self.strangers.len()
            )
        });
        ListReceipt {
            updated: u64::try_from(self.serving).ok(),
            left_out: self.strangers.into_iter().cloned().collect(),
            in_part,
            ..ListReceipt::of(Delivery::Acknowledged { version: None })
        }
    }
}

/// Who has joined as far as the dispatch knows.
fn before(dispatch: &Dispatch) -> BTreeSet<&str> {
    let stay = dispatch
        .agents
        .keys()
        .filter(|agent| !dispatch.joining.contains(agent));
    stay.chain(&dispatch.leaving).map(AgentId::as_str).collect()
}

fn joined(members: &Members) -> impl Iterator<Item = &str> {
    members
        .iter()
        .filter(|(_, member)| member.joined)
        .map(|(id, _)| id.as_str())
}

/// The receipt when a write failed, and those behind it did not leave.
fn broken_off(written: bool, delivery: Delivery) -> ListReceipt {
    let why = match &delivery {
        Delivery::Acknowledged { .. } => return ListReceipt::of(delivery),
        Delivery::NotSent { why }
        | Delivery::Refused { why, .. }
        | Delivery::Conflict { why }
        | Delivery::Lost { why } => why.clone(),
    };
    if written && !matches!(delivery, Delivery::Lost { .. }) {
        return ListReceipt {
            in_part: Some(why),
            ..ListReceipt::of(Delivery::Acknowledged { version: None })
        };
    }
    ListReceipt::of(delivery)
}

impl ListReader for Lists {
    fn read_list<'a>(
        &'a self,
        campaign: &'a CampaignId,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Result<ListFinding, PlatformFault>> {
        Box::pin(self.list(campaign, deadline))
    }
}

impl ListWriter for ListSender {
    fn replace<'a>(
        &'a self,
        dispatch: &'a Dispatch,
        decision: DecisionId,
        deadline: Timestamp,
    ) -> BoxFuture<'a, ListReceipt> {
        Box::pin(self.put(dispatch, decision, deadline))
    }
}

/// Returns what is wrong with the campaigns whose lists are to be kept, each with a remedy. `counted` are campaigns with the queue whose
/// agents are counted for them; one that counts its own queue stands there with its own id.
#[must_use]
pub fn list_faults(
    lists: &[CampaignId],
    counted: &[(&CampaignId, &str)],
) -> Vec<(CampaignId, String, &'static str)> {
    let of_its_own = |list: &&CampaignId| {
        let mut counted = counted.iter();
        counted.any(|(campaign, queue)| campaign == list && *queue == list.as_str())
    };
    let faults = lists.iter().filter(of_its_own).map(|list| {
        let wrong = format!(
            "would let campaign {list} pause and resume by its own effect: the agents of its queue count, and they leave it while it \
             is paused"
        );
        let remedy = "count that campaign by another queue, such as agents = { queue = \"ID\" }";
        (list.clone(), wrong, remedy)
    });
    faults.collect()
}

#[cfg(test)]
mod tests {
    use crate::domain::AgentState;

    use super::members::Member;
    use super::*;

    #[test]
    fn a_list_that_follows_from_its_own_count_is_refused() {
        let id = |text: &str| -> CampaignId { text.parse().unwrap() };
        let (one, two) = (id("one"), id("two"));
        let lists = [one.clone(), two.clone()];
        let faults = list_faults(&lists, &[(&one, "one"), (&two, "another-queue")]);
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].0, one);
    }

    #[test]
    fn who_leaves_is_told_apart_from_who_joins_and_who_is_no_member() {
        let ids = |agents: &[&str]| -> Vec<AgentId> {
            agents.iter().map(|id| id.parse().unwrap()).collect()
        };
        let member = |id: &str, joined| {
            let state = AgentState::Available;
            (id.to_owned(), Member { joined, state })
        };
        let present = Members::from([member("a", true), member("b", true), member("c", false)]);
        let wanted = ids(&["b", "c", "z"]).into_iter();
        let dispatch = Dispatch {
            campaign: "preview-1".parse().unwrap(),
            agents: wanted.map(|id| (id, Entry::member())).collect(),
            joining: ids(&["c", "z"]),
            leaving: ids(&["a"]),
        };
        let moves = Moves::new(&present, &dispatch).unwrap();
        assert_eq!(
            (&moves.leaving[..], &moves.joining[..]),
            (&["a"][..], &["c"][..])
        );
        let receipt = moves.receipt("q");
        assert_eq!((receipt.updated, receipt.left_out), (Some(2), ids(&["z"])));
        assert!(receipt.in_part.unwrap().contains("z for one"));
        let changed = Members::from([member("b", true), member("c", false)]);
        assert_eq!(Moves::new(&changed, &dispatch), None);
    }

    #[test]
    fn a_write_that_fails_behind_another_leaves_a_part_in_force() {
        let refused = || Delivery::Refused {
            why: "no".to_owned(),
            wait: None,
        };
        assert_eq!(broken_off(false, refused()).delivery, refused());
        let later = broken_off(true, refused());
        assert_eq!(later.delivery, Delivery::Acknowledged { version: None });
        assert_eq!(later.in_part.as_deref(), Some("no"));
        let lost = || Delivery::Lost {
            why: "reset".to_owned(),
        };
        assert_eq!(broken_off(true, lost()).delivery, lost());
    }
}
