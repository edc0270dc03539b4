//! Who is available: one query for the queues of all campaigns, and the dialler's view where agents on its own calls count.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream;

use crate::domain::{
    CampaignId, Group, GroupCount, HeadCount, Snapshot, SnapshotBuilder, Timestamp,
};
use crate::platform::http::RateShare;
use crate::platform::port::{
    AgentObserver, Observation, ObserveFault, ObserveRequest, PlatformFault, Tally,
};

use super::campaigns::{IN_ONE_CALL, left_out, list};
use super::diagnostics::QueueUtilization;
use super::known::KnownCampaigns;
use super::members::{Members, members};
use super::notifications::Notifications;
use super::observation::{Observed, question};
use super::organisation::{Ask, Organisation};
use super::{endpoints, rights};

/// Queues in one query. How many the platform takes is not published **\[I\]**.
const QUEUES_IN_ONE_CALL: usize = 100;

/// Diagnostics read at once.
const AT_ONCE: usize = 8;

/// Counts the agents of an organisation.
pub(super) struct Observer {
    pub(super) organisation: Arc<Organisation>,
    pub(super) known: Arc<KnownCampaigns>,
    /// The preview campaigns whose agents are moved.
    pub(super) lists: Vec<CampaignId>,
    /// Absent where nobody wants to be woken.
    pub(super) notifications: Option<Notifications>,
}

/// Where the agents of a group are counted, or why they cannot be.
type Source = Result<String, String>;

impl Observer {
    async fn read(&self, request: ObserveRequest<'_>) -> Result<Observation, ObserveFault> {
        let taken_at = self.organisation.now();
        let mut tally = Tally::default();
        let sources = self.sources(request, &mut tally).await;
        let queues: BTreeSet<&str> = sources
            .iter()
            .filter_map(|source| source.as_deref().ok())
            .collect();
        let queues: Vec<&str> = queues.into_iter().collect();
        if let Some(notifications) = &self.notifications {
            notifications.count(&queues);
        }
        let observed = self.observed(&queues, request.deadline, &mut tally).await?;
        let serving = self.serving(request, &mut tally).await;
        let heads = request.groups.iter().zip(&sources).enumerate();
        let heads = heads.map(|(place, (group, source))| {
            let wanted = request.serving.get(place).copied().unwrap_or_default();
            let head = head(group, source, &observed, wanted.then_some(&serving));
            head.map_or_else(|why| GroupCount::Unknown { why }, GroupCount::Known)
        });
        let heads: Vec<GroupCount> = heads.collect();
        let agents = if request.agents && !self.lists.is_empty() {
            Some(self.agents(taken_at, request.deadline, &mut tally).await?)
        } else {
            None
        };
        Ok(Observation {
            taken_at,
            heads,
            agents,
            sizes: Vec::new(),
            members: Vec::new(),
            unknown_state: observed.unknown_status,
            tally,
        })
    }

    /// The members of the queues of preview campaigns, one by one. Whoever is a member of several does the same in each.
    async fn agents(
        &self,
        taken_at: Timestamp,
        deadline: Timestamp,
        tally: &mut Tally,
    ) -> Result<Snapshot, ObserveFault> {
        let failed = |fault| ObserveFault {
            fault,
            partial: false,
        };
        let share = RateShare::Readings;
        let mut queues = BTreeSet::new();
        for together in self.lists.chunks(IN_ONE_CALL) {
            tally.calls = tally.calls.saturating_add(1);
            let listed = list(&self.organisation, together, share, deadline).await;
            let listed = listed.map_err(failed)?;
            for id in together {
                let found = listed
                    .get(id.as_str())
                    .ok_or_else(|| failed(left_out(id)))?;
                queues.extend(found.queue().map(str::to_owned));
            }
        }
        let mut all = Members::new();
        for queue in &queues {
            tally.calls = tally.calls.saturating_add(1);
            let members = members(&self.organisation, queue, share, deadline).await;
            all.extend(members.map_err(failed)?);
        }
        tally.rows = Some(all.len());
        let mut snapshot = SnapshotBuilder::with_capacity(all.len());
        for (id, member) in &all {
            snapshot.add(id, member.state, []);
        }
        Ok(snapshot.finish(taken_at))
    }

    /// The queue of each group. A campaign's own is what its last reading shows; one that was not read yet is looked up.
    async fn sources(&self, request: ObserveRequest<'_>, tally: &mut Tally) -> Vec<Source> {
        let now = self.organisation.now();
        let unread: Vec<CampaignId> = request
            .groups
            .iter()
            .filter_map(|group| match group {
                Group::Own(id) if self.known.get(id, now).is_none() => Some(id.clone()),
                Group::Own(_) | Group::Queue(_) | Group::Rows(_) => None,
            })
            .collect();
        let mut faults: BTreeMap<CampaignId, PlatformFault> = BTreeMap::new();
        for together in unread.chunks(IN_ONE_CALL) {
            tally.calls = tally.calls.saturating_add(1);
            let share = RateShare::Readings;
            match list(&self.organisation, together, share, request.deadline).await {
                Ok(listed) => {
                    let read_at = self.organisation.now();
                    for id in together {
                        match listed.get(id.as_str()) {
                            Some(found) => self.known.note(id, found, read_at),
                            None => drop(faults.insert(id.clone(), left_out(id))),
                        }
                    }
                }
                Err(fault) => {
                    faults.extend(together.iter().map(|id| (id.clone(), fault.clone())));
                }
            }
        }
        let now = self.organisation.now();
        let groups = request.groups.iter();
        groups
            .map(|group| match group {
                Group::Queue(queue) => Ok(queue.as_str().to_owned()),
                Group::Own(id) => match self.known.get(id, now) {
                    Some(known) => match (known.unsteerable, known.queue) {
                        (Some(why), _) => Err(format!("campaign {id} is there {why}")),
                        (None, Some(queue)) => Ok(queue),
                        (None, None) => Err(format!("campaign {id} has no queue")),
                    },
                    None => Err(faults.get(id).map_or_else(
                        || format!("the queue of campaign {id} is not known"),
                        |fault| fault.detail.clone(),
                    )),
                },
                Group::Rows(_) => {
                    Err("agents are counted by queue and not chosen by their rows".to_owned())
                }
            })
            .collect()
    }

    /// What is shown of the queues. A query that fails leaves its queues unknown, and all of them nothing to be said.
    async fn observed(
        &self,
        queues: &[&str],
        deadline: Timestamp,
        tally: &mut Tally,
    ) -> Result<Observed, ObserveFault> {
        let mut whole = Observed::default();
        let mut failed: Option<PlatformFault> = None;
        let mut read = 0_usize;
        for together in queues.chunks(QUEUES_IN_ONE_CALL) {
            tally.calls = tally.calls.saturating_add(1);
            let ask = Ask {
                endpoint: endpoints::OBSERVATIONS,
                path: &["analytics", "queues", "observations", "query"],
                query: Vec::new(),
                body: Some(question(together.iter().copied())),
                right: rights::OBSERVATIONS,
                share: RateShare::Readings,
                deadline,
            };
            match self.organisation.read(ask, Observed::parse).await {
                Ok(observed) => {
                    read = read.saturating_add(1);
                    whole.queues.extend(observed.queues);
                    whole.unknown_status = whole.unknown_status.or(observed.unknown_status);
                }
                Err(fault) => {
                    let unknown = together
                        .iter()
                        .map(|queue| ((*queue).to_owned(), Err(fault.detail.clone())));
                    whole.queues.extend(unknown);
                    failed = failed.or(Some(fault));
                }
            }
        }
        match failed {
            Some(fault) if read == 0 => Err(ObserveFault {
                fault,
                partial: false,
            }),
            Some(_) | None => Ok(whole),
        }
    }

    /// The agents on the calls of each campaign where they count, each by a call of its own.
    async fn serving(
        &self,
        request: ObserveRequest<'_>,
        tally: &mut Tally,
    ) -> BTreeMap<CampaignId, Result<QueueUtilization, String>> {
        let groups = request.groups.iter().zip(request.serving);
        let wanted = groups.filter_map(|(group, wanted)| match group {
            Group::Own(id) if *wanted => Some(id.clone()),
            Group::Own(_) | Group::Queue(_) | Group::Rows(_) => None,
        });
        let wanted: Vec<CampaignId> = wanted.collect();
        tally.calls = tally.calls.saturating_add(wanted.len());
        let reads = stream::iter(wanted).map(|id| async move {
            let used = QueueUtilization::read(&self.organisation, &id, request.deadline).await;
            (id, used.map_err(|fault| fault.detail))
        });
        reads.buffered(AT_ONCE).collect().await
    }
}

/// The count of one group.
fn head(
    group: &Group,
    source: &Source,
    observed: &Observed,
    serving: Option<&BTreeMap<CampaignId, Result<QueueUtilization, String>>>,
) -> Result<HeadCount, String> {
    let queue = source.as_ref().map_err(Clone::clone)?;
    let counted = observed.queues.get(queue).ok_or_else(|| {
        format!(
            "nothing is shown of queue {queue}: its id is wrong, the client's roles are not granted for its division, or it has no data"
        )
    })?;
    let counted = counted.clone()?;
    let Some(serving) = serving else {
        return Ok(counted);
    };
    let serving = match group {
        Group::Own(id) => serving
            .get(id)
            .ok_or_else(|| format!("nobody asked who is on calls of campaign {id}"))?
            .as_ref()
            .map_err(Clone::clone)?
            .serving(queue)?,
        Group::Queue(_) | Group::Rows(_) => {
            return Err(
                "agents on the calls of a campaign are known for its own queue only: write agents = \"own\""
                    .to_owned(),
            );
        }
    };
    Ok(HeadCount {
        serving,
        // The two are counted one after the other.
        staffed: counted.staffed.max(counted.free.saturating_add(serving)),
        ..counted
    })
}

impl AgentObserver for Observer {
    fn observe<'a>(
        &'a self,
        request: ObserveRequest<'a>,
    ) -> BoxFuture<'a, Result<Observation, ObserveFault>> {
        Box::pin(self.read(request))
    }

    fn changed(&self) -> BoxFuture<'_, ()> {
        match &self.notifications {
            Some(notifications) => Box::pin(notifications.changed()),
            None => Box::pin(std::future::pending()),
        }
    }
}
