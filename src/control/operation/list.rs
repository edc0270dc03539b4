//! Replacing the list of agents of one preview campaign.

use std::sync::Mutex;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::control::ports::Clock;
use crate::domain::assignment::{Dispatch, List, ListFinding, is_same_work};
use crate::domain::{DecisionId, Delivery, Timestamp};
use crate::platform::port::{ListReader, ListReceipt, ListWriter, PlatformFault, Urgency};

use super::engine::{Attempt, Carried, Engine, Seen, Target};

/// How often one list is sent.
const MOST_WRITES: u32 = 3;

/// A list as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::control) struct ListSeen {
    /// Who is on it; absent where the platform does not show its lists.
    pub(in crate::control) agents: Option<List>,
    /// The time at which it was read.
    pub(in crate::control) read_at: Timestamp,
}

/// One list to be put in force.
pub(in crate::control) struct ListOperation<'a> {
    pub(in crate::control) reader: &'a dyn ListReader,
    pub(in crate::control) writer: &'a dyn ListWriter,
    pub(in crate::control) clock: &'a dyn Clock,
    pub(in crate::control) dispatch: &'a Dispatch,
    pub(in crate::control) decision: DecisionId,
    /// The longest that the operation may take.
    pub(in crate::control) longest: Duration,
    /// A list that was read longer ago is not replaced.
    pub(in crate::control) freshest: Duration,
    /// How long the platform usually takes to show a change.
    pub(in crate::control) usually_settles: Duration,
}

struct Replaced<'a> {
    ports: &'a ListOperation<'a>,
    /// What the platform said beside how far the write got; of the last attempt.
    receipt: Mutex<Option<ListReceipt>>,
}

impl ListOperation<'_> {
    /// Sends the list and finds out what came of it; the receipt is that of the last attempt.
    pub(in crate::control) async fn replace(
        &self,
        before: ListSeen,
    ) -> (Carried<ListSeen>, Option<ListReceipt>) {
        let engine = Engine {
            clock: self.clock,
            deadline: self.clock.now().plus(self.longest),
            reading: Duration::ZERO,
            most_writes: MOST_WRITES,
            usually_settles: self.usually_settles,
        };
        let target = Replaced {
            ports: self,
            receipt: Mutex::new(None),
        };
        let carried = engine.carry_out(&target, before).await;
        let receipt = target.receipt.into_inner().unwrap_or_default();
        (carried, receipt)
    }
}

impl Target for Replaced<'_> {
    type Reading = ListSeen;

    fn read(
        &self,
        _urgency: Urgency,
        deadline: Timestamp,
    ) -> BoxFuture<'_, Result<Seen<ListSeen>, PlatformFault>> {
        Box::pin(async move {
            let campaign = &self.ports.dispatch.campaign;
            let found = self.ports.reader.read_list(campaign, deadline).await?;
            let seen = |agents| {
                Seen::Found(ListSeen {
                    agents,
                    read_at: self.ports.clock.now(),
                })
            };
            Ok(match found {
                ListFinding::Found { agents } => seen(Some(agents)),
                ListFinding::NotShown => seen(None),
                ListFinding::Unreadable => Seen::Unreadable {
                    why: format!("the list of campaign {campaign} cannot be read"),
                },
            })
        })
    }

    /// A list that is not shown cannot be read again.
    fn good_until(&self, reading: &ListSeen) -> Option<Timestamp> {
        let is_shown = reading.agents.is_some();
        is_shown.then(|| reading.read_at.plus(self.ports.freshest))
    }

    fn is_untouched(&self, before: &ListSeen, now: &ListSeen) -> bool {
        before.agents == now.agents
    }

    /// Whether the same agents are on it for as many calls, except those whom the platform refused: how skills, times and
    /// zones are spelled is the platform's.
    fn is_shown(&self, reading: &ListSeen) -> bool {
        let Some(agents) = &reading.agents else {
            return true;
        };
        let wanted = &self.ports.dispatch.agents;
        let receipt = self.receipt.lock();
        let receipt = receipt.as_ref().map(|last| last.as_ref());
        let left_out = receipt.ok().flatten().map(|last| last.left_out.as_slice());
        match left_out {
            None | Some([]) => is_same_work(agents, wanted),
            Some(left_out) => {
                let others = |list: &List| -> List {
                    let entries = list.iter();
                    entries
                        .filter(|(agent, _)| !left_out.contains(agent))
                        .map(|(agent, entry)| (agent.clone(), entry.clone()))
                        .collect()
                };
                is_same_work(&others(agents), &others(wanted))
            }
        }
    }

    fn write<'a>(&'a self, attempt: Attempt<'a, ListSeen>) -> BoxFuture<'a, Delivery> {
        Box::pin(async move {
            let Self { ports, .. } = self;
            let (dispatch, decision) = (ports.dispatch, ports.decision);
            let receipt = ports.writer.replace(dispatch, decision, attempt.deadline);
            let receipt = receipt.await;
            let delivery = receipt.delivery.clone();
            if let Ok(mut last) = self.receipt.lock() {
                *last = Some(receipt);
            }
            delivery
        })
    }
}
