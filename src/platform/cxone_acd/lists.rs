//! Who is assigned to a preview campaign: the membership of its skill, read whole and changed agent by agent.
//!
//! *A list* is who has the skill with an assignment in force; one that is parked is on no list. *A change* is made of up to
//! three kinds of writes, those that take agents off first ([`membership::writes`]): no agent is above their concurrency on
//! the way. The first write that is not answered ends it. What each agent's own result says is added up to one receipt.
//!
//! The platform does not refuse a write that rests on an old reading, so that the membership is read once more right
//! before the first write.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::Method;

use crate::domain::assignment::{Dispatch, Entry, List, ListFinding};
use crate::domain::{AgentId, CampaignId, DecisionId, Delivery, Timestamp};
use crate::platform::http::{CallFault, HttpResponse, RateShare};
use crate::platform::port::{FaultKind, ListReader, ListReceipt, ListWriter, PlatformFault};

use super::campaign_skills::Target;
use super::groups::Groups;
use super::membership::{self, MembershipOutcome, MembershipWrite, Taken, Verb};
use super::operation::Operation;
use super::reading::{PageSettings, decode, read_listing};
use super::skill_agents::{Assignment, AssignmentRow};
use super::tenant::{Ask, Order, Tenant};

/// Everybody who has a skill, also those who are parked.
type Members = std::collections::BTreeMap<u64, Assignment>;

/// Reads lists. Has no way to change anything there.
pub(super) struct Lists {
    pub(super) tenant: Arc<Tenant>,
    pub(super) pages: PageSettings,
}

/// Changes lists. A dry run makes none.
pub(super) struct ListSender {
    pub(super) lists: Arc<Lists>,
    /// Told whose assignments changed.
    pub(super) groups: Arc<Groups>,
}

impl Lists {
    async fn members(
        &self,
        skill: u64,
        share: RateShare,
        deadline: Timestamp,
    ) -> Result<Members, PlatformFault> {
        let ask = Ask {
            operation: Operation::SkillAgents,
            id: Some(skill),
            query: vec![("fields", AssignmentRow::FIELDS.to_owned())],
            share,
            deadline,
        };
        let listed = read_listing::<AssignmentRow>(&self.tenant, &ask, self.pages).await;
        // A row that cannot be read could be anybody, and a list is changed as a whole.
        let rows = listed.map_err(|failed| failed.fault)?.every_row()?;
        rows.iter()
            .map(AssignmentRow::assignment)
            .collect::<Result<_, _>>()
            .map_err(decode)
    }

    async fn list(
        &self,
        campaign: &CampaignId,
        deadline: Timestamp,
    ) -> Result<ListFinding, PlatformFault> {
        let skill = skill_of(campaign).map_err(decode)?;
        let members = self.members(skill, RateShare::Readings, deadline).await?;
        let agents = in_force(&members)
            .into_iter()
            .map(|agent| {
                let id: Result<AgentId, _> = agent.to_string().parse();
                id.map(|id| (id, Entry::member()))
                    .map_err(|wrong| decode(format!("the number of agent {agent} {wrong}")))
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
        let Orders {
            skill,
            wanted,
            before,
        } = match Orders::new(dispatch) {
            Ok(orders) => orders,
            Err(why) => return ListReceipt::of(Delivery::Refused { why, wait: None }),
        };
        let lists = &self.lists;
        let present = lists.members(skill, RateShare::Commands, deadline).await;
        let present = match present {
            Ok(present) => present,
            Err(fault) => {
                let why = fault.detail;
                return ListReceipt::of(Delivery::NotSent { why });
            }
        };
        if in_force(&present) != before {
            let why =
                format!("somebody changed who has skill {skill} before the write could leave");
            return ListReceipt::of(Delivery::NotSent { why });
        }
        let mut taken = Taken::default();
        for write in membership::writes(&present, &wanted) {
            self.groups.reassigned(skill);
            match self.send(skill, &write, decision, deadline).await {
                Ok(outcome) => taken.add(outcome),
                Err(failed) => return broken_off(&taken, &write, failed),
            }
        }
        answered(&taken, wanted.len())
    }

    async fn send(
        &self,
        skill: u64,
        write: &MembershipWrite,
        decision: DecisionId,
        deadline: Timestamp,
    ) -> Result<MembershipOutcome, CallFault> {
        let order = Order {
            operation: Operation::SkillAgents,
            method: match write.verb {
                Verb::Give => Method::POST,
                Verb::Change => Method::PUT,
            },
            id: skill,
            body: Some(Bytes::from(write.body())),
            decision: decision.to_string(),
            leave_by: None,
            deadline,
        };
        let parse = |response: &HttpResponse| membership::outcome(write, &response.body);
        self.lists.tenant.write(&order, parse).await
    }
}

/// A dispatch in the platform's numbers.
struct Orders {
    skill: u64,
    wanted: BTreeSet<u64>,
    /// Who has the skill in force as far as the dispatch knows.
    before: BTreeSet<u64>,
}

impl Orders {
    fn new(dispatch: &Dispatch) -> Result<Self, String> {
        let skill = skill_of(&dispatch.campaign)?;
        let wanted = numbers(dispatch.agents.keys())?;
        let (joining, leaving) = (numbers(&dispatch.joining)?, numbers(&dispatch.leaving)?);
        let stay = wanted.difference(&joining).copied();
        let before = stay.chain(leaving).collect();
        Ok(Self {
            skill,
            wanted,
            before,
        })
    }
}

/// Returns the number of an agent.
///
/// # Errors
/// When the id is no number, or not written as the platform writes it.
pub(super) fn number_of(agent: &AgentId) -> Result<u64, String> {
    let text = agent.as_str();
    let number = text.parse().ok().filter(|number: &u64| *number > 0);
    number
        .filter(|number| number.to_string() == text)
        .ok_or_else(|| format!("`{text}` is no number of an agent, such as 9001"))
}

fn numbers<'a>(agents: impl IntoIterator<Item = &'a AgentId>) -> Result<BTreeSet<u64>, String> {
    agents.into_iter().map(number_of).collect()
}

/// A preview campaign is one skill: who has the skills of a whole campaign is no single list.
pub(super) fn skill_of(campaign: &CampaignId) -> Result<u64, String> {
    match campaign.as_str().parse()? {
        Target::Skill(skill) => Ok(skill),
        Target::Campaign(_) => Err(format!(
            "`{campaign}` stands for several skills, and agents are assigned to single ones"
        )),
    }
}

/// The agents whose assignments are in force.
fn in_force(members: &Members) -> BTreeSet<u64> {
    let members = members.iter();
    members
        .filter(|(_, assignment)| assignment.active)
        .map(|(agent, _)| *agent)
        .collect()
}

/// Returns the receipt when every write was answered, `many` being the agents of the list.
fn answered(taken: &Taken, many: usize) -> ListReceipt {
    let left_out = left_out(taken);
    if !taken.unanswered.is_empty() {
        let why = format!(
            "the platform does not say what became of {} agents",
            taken.unanswered.len()
        );
        return ListReceipt {
            left_out,
            ..ListReceipt::of(Delivery::Lost { why })
        };
    }
    if left_out.is_empty() {
        return ListReceipt {
            updated: u64::try_from(many).ok(),
            ..ListReceipt::of(acknowledged())
        };
    }
    let why = taken.reasons();
    if taken.done.is_empty() {
        return ListReceipt {
            left_out,
            ..ListReceipt::of(Delivery::Refused { why, wait: None })
        };
    }
    ListReceipt {
        left_out,
        in_part: Some(why),
        ..ListReceipt::of(acknowledged())
    }
}

/// The receipt when a write failed as a whole, and those behind it did not leave.
fn broken_off(taken: &Taken, write: &MembershipWrite, failed: CallFault) -> ListReceipt {
    let CallFault {
        fault,
        maybe_applied,
        answered: _,
        wait,
    } = failed;
    let why = fault.detail;
    let mut left_out = left_out(taken);
    if maybe_applied || !taken.unanswered.is_empty() {
        return ListReceipt {
            left_out,
            ..ListReceipt::of(Delivery::Lost { why })
        };
    }
    let refused = fault.kind == FaultKind::Refused;
    if refused {
        left_out.extend(write.agents.iter().filter_map(|(agent, _)| id(*agent)));
    }
    if !taken.done.is_empty() {
        let reasons = taken.reasons();
        let in_part = if reasons.is_empty() {
            why
        } else {
            format!("{reasons}; {why}")
        };
        return ListReceipt {
            left_out,
            in_part: Some(in_part),
            ..ListReceipt::of(acknowledged())
        };
    }
    let delivery = match (refused, wait) {
        (true, _) => Delivery::Refused { why, wait: None },
        (false, Some(wait)) => Delivery::Refused {
            why,
            wait: Some(wait),
        },
        (false, None) => Delivery::NotSent { why },
    };
    ListReceipt {
        left_out,
        ..ListReceipt::of(delivery)
    }
}

fn acknowledged() -> Delivery {
    Delivery::Acknowledged { version: None }
}

fn left_out(taken: &Taken) -> Vec<AgentId> {
    taken.failed.keys().filter_map(|agent| id(*agent)).collect()
}

/// A number is always an id.
fn id(agent: u64) -> Option<AgentId> {
    agent.to_string().parse().ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(done: &[u64], failed: &[u64], unanswered: &[u64]) -> Taken {
        Taken {
            done: done.iter().copied().collect(),
            failed: failed
                .iter()
                .map(|agent| (*agent, "restricted".to_owned()))
                .collect(),
            unanswered: unanswered.iter().copied().collect(),
        }
    }

    fn ids(agents: &[&str]) -> Vec<AgentId> {
        agents.iter().map(|id| id.parse().unwrap()).collect()
    }

    fn fault(kind: FaultKind, maybe_applied: bool) -> CallFault {
        CallFault {
            fault: PlatformFault {
                kind,
                detail: "400: no".to_owned(),
            },
            maybe_applied,
            answered: !maybe_applied,
            wait: None,
        }
    }

    #[test]
    fn what_is_done_for_some_is_taken_in_part() {
        let all = answered(&taken(&[1, 2], &[], &[]), 2);
        assert_eq!((all.delivery, all.updated), (acknowledged(), Some(2)));
        let some = answered(&taken(&[1], &[2], &[]), 2);
        assert_eq!(some.delivery, acknowledged());
        assert_eq!(some.left_out, ids(&["2"]));
        assert_eq!(some.in_part.as_deref(), Some("agent 2: restricted"));
        let none = answered(&taken(&[], &[2], &[]), 2);
        assert!(matches!(
            none.delivery,
            Delivery::Refused { wait: None, .. }
        ));
        assert_eq!(none.left_out, ids(&["2"]));
        let unknown = answered(&taken(&[1], &[2], &[3]), 3);
        assert!(matches!(unknown.delivery, Delivery::Lost { .. }));
        let nothing_to_do = answered(&taken(&[], &[], &[]), 4);
        assert_eq!(nothing_to_do.delivery, acknowledged());
    }

    #[test]
    fn a_write_that_fails_behind_others_leaves_a_part_in_force() {
        let write = MembershipWrite {
            verb: Verb::Give,
            agents: vec![(3, true)],
        };
        let first = |kind, maybe| broken_off(&Taken::default(), &write, fault(kind, maybe));
        let refused = first(FaultKind::Refused, false);
        assert!(matches!(refused.delivery, Delivery::Refused { .. }));
        assert_eq!(refused.left_out, ids(&["3"]));
        let forbidden = first(FaultKind::Forbidden, false);
        assert!(matches!(forbidden.delivery, Delivery::NotSent { .. }));
        let lost = first(FaultKind::Timeout, true);
        assert!(matches!(lost.delivery, Delivery::Lost { .. }));
        let second = |kind, maybe| broken_off(&taken(&[1], &[], &[]), &write, fault(kind, maybe));
        let in_part = second(FaultKind::Forbidden, false);
        assert_eq!(in_part.delivery, acknowledged());
        assert_eq!(in_part.left_out, [], "nobody said no to an agent");
        assert_eq!(in_part.in_part.as_deref(), Some("400: no"));
        let lost = second(FaultKind::Timeout, true);
        assert!(matches!(lost.delivery, Delivery::Lost { .. }));
    }

    #[test]
    fn a_dispatch_says_who_has_the_skill_before_it() {
        let entry = |id: &AgentId| (id.clone(), Entry::member());
        let dispatch = Dispatch {
            campaign: "4711".parse().unwrap(),
            agents: ids(&["9001", "9002"]).iter().map(entry).collect(),
            joining: ids(&["9002"]),
            leaving: ids(&["9003"]),
        };
        let orders = Orders::new(&dispatch).unwrap();
        assert_eq!(orders.before, BTreeSet::from([9_001, 9_003]));
        assert_eq!(orders.wanted, BTreeSet::from([9_001, 9_002]));
        let group = Dispatch {
            campaign: "campaign:300".parse().unwrap(),
            ..dispatch.clone()
        };
        assert!(Orders::new(&group).is_err());
        for wrong in ["a1", "0", "09001", "+9"] {
            let foreign = Dispatch {
                joining: ids(&[wrong]),
                ..dispatch.clone()
            };
            assert!(Orders::new(&foreign).is_err(), "{wrong}");
        }
    }
}
