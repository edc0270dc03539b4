//! Who is available: one question for the queues of all campaigns, a hundred at a time.
//!
//! *One bad queue blinds its campaigns only.* A question that is refused for a queue in it is put again for each half, until that queue
//! stands alone; it is then left out of the others' question for a while, and asked about by itself after that.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::domain::{CampaignId, Group, GroupCount, HeadCount, Timestamp};
use crate::platform::dialect::EmptyMeans;
use crate::platform::http::RateShare;
use crate::platform::port::{
    AgentObserver, FaultKind, Observation, ObserveFault, ObserveRequest, PlatformFault, Tally,
};

use super::account::{Account, Ask, last_part};
use super::counts::{CountsPage, question};
use super::known::{KnownCampaigns, held};
use super::{endpoints, rights};

/// Queues in one question.
const QUEUES_IN_ONE_CALL: usize = 100;

/// Pages of one question. There are no more rows than queues, so that more pages are an error of the platform's.
const MOST_PAGES: usize = 20;

/// How long a queue for which a question was refused is left out of the others' question.
const LEFT_OUT: Duration = Duration::from_secs(600);

/// Questions in one poll that look for a queue which is refused.
const MOST_SEARCHES: usize = 24;

/// Counts the agents of an instance.
pub(super) struct Observer {
    pub(super) account: Arc<Account>,
    pub(super) known: Arc<KnownCampaigns>,
    pub(super) empty_means: EmptyMeans,
    pub(super) memory: Mutex<QueueMemory>,
}

/// What was seen of queues.
#[derive(Default)]
pub(super) struct QueueMemory {
    /// Those that had numbers once: a queue of these that is left out is not known.
    shown: BTreeSet<String>,
    /// Those for which a question was refused, and when.
    refused: BTreeMap<String, (Timestamp, String)>,
}

/// The counts of queues, or why there are none.
#[derive(Default)]
struct Counted {
    queues: BTreeMap<String, Result<HeadCount, String>>,
    /// The platform's clock at the oldest count.
    taken_at: Option<Timestamp>,
    calls: usize,
    answered: usize,
    fault: Option<PlatformFault>,
}

/// Where the agents of a group are counted, or why they cannot be.
type Source = Result<String, String>;

impl Observer {
    async fn read(&self, request: ObserveRequest<'_>) -> Result<Observation, ObserveFault> {
        let started = self.account.now();
        let (described, sources) = self.sources(request).await;
        let queues: BTreeSet<&str> = sources
            .iter()
            .filter_map(|source| source.as_deref().ok())
            .collect();
        let counted = self.counted(&queues, request.deadline).await;
        if let Some(fault) = counted.fault.clone().filter(|_| counted.answered == 0) {
            return Err(ObserveFault {
                fault,
                partial: false,
            });
        }
        let heads = request.groups.iter().zip(&sources);
        let heads = heads.map(|(group, source)| {
            let head = match (group, source) {
                (Group::Rows(_), _) => {
                    Err("agents are counted by queue and not chosen by their rows".to_owned())
                }
                (_, Err(why)) => Err(why.clone()),
                (_, Ok(queue)) => self.head(queue, &counted),
            };
            head.map_or_else(|why| GroupCount::Unknown { why }, GroupCount::Known)
        });
        let heads = heads.collect();
        self.remember(&counted);
        Ok(Observation {
            taken_at: self.taken_at(&counted, started),
            heads,
            agents: None,
            sizes: Vec::new(),
            members: Vec::new(),
            unknown_state: None,
            tally: Tally {
                calls: described.saturating_add(counted.calls),
                ..Tally::default()
            },
        })
    }

    /// The moment of the counts by our clock, where both clocks are known, and never later than the question.
    fn taken_at(&self, counted: &Counted, started: Timestamp) -> Timestamp {
        let now = self.account.now();
        let at = counted.taken_at.map(|at| {
            let Some(theirs) = self.account.time_of_counts(now) else {
                return at;
            };
            let age = theirs.at.plus(theirs.error).since(at);
            now.minus(age)
        });
        at.map_or(started, |at| at.min(started))
    }

    /// The queue of each group; a campaign's own is what its description shows.
    async fn sources(&self, request: ObserveRequest<'_>) -> (usize, Vec<Source>) {
        let own: Vec<CampaignId> = request
            .groups
            .iter()
            .filter_map(|group| match group {
                Group::Own(id) => Some(id.clone()),
                Group::Queue(_) | Group::Rows(_) => None,
            })
            .collect();
        let (calls, faults) = self.known.refresh(&own, request.deadline).await;
        let now = self.account.now();
        let source = |group: &Group| match group {
            Group::Queue(queue) => Ok(last_part(queue.as_str()).to_owned()),
            Group::Own(id) => match self.known.get(id, now) {
                Some(known) => {
                    if let Some(why) = known.unsteerable {
                        return Err(format!("campaign {id} {why}"));
                    }
                    let queue = known.campaign.queue.as_deref().map(last_part);
                    let queue = queue.map(str::to_owned);
                    queue.ok_or_else(|| format!("campaign {id} has no queue"))
                }
                None => Err(faults.get(id).map_or_else(
                    || format!("the queue of campaign {id} is not known"),
                    |fault| fault.detail.clone(),
                )),
            },
            Group::Rows(_) => Err(String::new()),
        };
        (calls, request.groups.iter().map(source).collect())
    }

    async fn counted(&self, queues: &BTreeSet<&str>, deadline: Timestamp) -> Counted {
        let now = self.account.now();
        let mut counted = Counted::default();
        let (mut together, mut alone) = (Vec::new(), Vec::new());
        {
            let memory = held(&self.memory);
            for queue in queues {
                match memory.refused.get(*queue) {
                    None => together.push(*queue),
                    Some((at, why)) if now.since(*at) < LEFT_OUT => {
                        counted.queues.insert((*queue).to_owned(), Err(why.clone()));
                    }
                    Some(_) => alone.push(*queue),
                }
            }
        }
        let mut questions: Vec<Vec<&str>> = together
            .chunks(QUEUES_IN_ONE_CALL)
            .map(<[&str]>::to_vec)
            .chain(alone.into_iter().map(|queue| vec![queue]))
            .collect();
        let mut searches = 0_usize;
        let mut refusals = Vec::new();
        while let Some(question) = questions.pop() {
            let asked = self.ask(&question, deadline, &mut counted).await;
            let Err(fault) = asked else { continue };
            let refused = fault.kind == FaultKind::Refused;
            if refused && question.len() > 1 && searches < MOST_SEARCHES {
                searches = searches.saturating_add(1);
                let (first, second) = question.split_at(question.len() / 2);
                questions.extend([first.to_vec(), second.to_vec()]);
                continue;
            }
            for queue in &question {
                let why = fault.detail.clone();
                if refused && question.len() == 1 {
                    refusals.push(((*queue).to_owned(), (now, why.clone())));
                }
                counted.queues.insert((*queue).to_owned(), Err(why));
            }
            counted.fault.get_or_insert(fault);
        }
        // Where others were answered, it is the queue and not a hiccup.
        if counted.answered > 0 {
            held(&self.memory).refused.extend(refusals);
        }
        // Where nothing had to be asked, nothing failed.
        if counted.calls == 0 {
            counted.fault = None;
        }
        counted
    }

    /// Asks about some queues, page by page. What was read before a fault does not count.
    async fn ask(
        &self,
        queues: &[&str],
        deadline: Timestamp,
        counted: &mut Counted,
    ) -> Result<(), PlatformFault> {
        let (mut found, mut next) = (BTreeMap::new(), None::<String>);
        let mut oldest = counted.taken_at;
        for _ in 0..MOST_PAGES {
            counted.calls = counted.calls.saturating_add(1);
            let ask = Ask {
                endpoint: endpoints::COUNTS,
                path: &["metrics", "current", self.account.instance.id.as_str()],
                body: Some(question(queues, next.as_deref())),
                right: rights::COUNTS,
                share: RateShare::Readings,
                deadline,
            };
            let page = self.account.read_counts(ask, CountsPage::parse).await?;
            found.extend(page.queues);
            oldest = match (oldest, page.counted_at) {
                (Some(oldest), Some(at)) => Some(oldest.min(at)),
                (oldest, at) => oldest.or(at),
            };
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        if next.is_some() {
            return Err(super::account::decode(format!(
                "counts of {} queues have more than {MOST_PAGES} pages",
                queues.len()
            )));
        }
        counted.taken_at = oldest;
        counted.answered = counted.answered.saturating_add(1);
        for queue in queues {
            held(&self.memory).refused.remove(*queue);
        }
        counted.queues.extend(found);
        Ok(())
    }

    fn head(&self, queue: &str, counted: &Counted) -> Result<HeadCount, String> {
        if let Some(counted) = counted.queues.get(queue) {
            return counted
                .clone()
                .map_err(|why| format!("the agents of queue {queue} are not known: {why}"));
        }
        let was_shown = held(&self.memory).shown.contains(queue);
        match self.empty_means {
            EmptyMeans::Zero if !was_shown => Ok(HeadCount::default()),
            EmptyMeans::Zero | EmptyMeans::Unknown => Err(format!(
                "nothing is shown of queue {queue}: its id is wrong, or the platform has no data of it, as it may be while nobody is logged in"
            )),
        }
    }

    fn remember(&self, counted: &Counted) {
        let mut memory = held(&self.memory);
        for (queue, head) in &counted.queues {
            if head.is_ok() && !memory.shown.contains(queue) {
                memory.shown.insert(queue.clone());
            }
        }
    }
}

impl AgentObserver for Observer {
    fn observe<'a>(
        &'a self,
        request: ObserveRequest<'a>,
    ) -> BoxFuture<'a, Result<Observation, ObserveFault>> {
        Box::pin(self.read(request))
    }
}
