//! The inbox of operator commands: served between two ticks, one at a time.
//!
//! *One kind does not wait for a tick to end:* a hold that pauses. It is made and carried out beside the poll that is under way, since a
//! poll of a platform in trouble takes long, and who holds a campaign paused has a reason. Whatever was asked for about the same
//! campaign before it goes first.

use std::collections::{BTreeSet, VecDeque};
use std::pin::pin;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::domain::CampaignId;

use super::change::Changing;
use super::operator::{MOST_WAITING, OperatorHandle, OperatorRequest};

/// Commands that are served between two ticks even when the loop is late, so that none waits for ever.
const MOST_WHEN_LATE: usize = 4;

/// What ended the wait for the next tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waited {
    /// The tick is due, or the end is asked for.
    Due,
    /// The platform says that an early poll may be worth it.
    Woken,
}

/// The inbox of operators' commands.
pub(super) struct Inbox {
    handle: OperatorHandle,
    requests: mpsc::Receiver<OperatorRequest>,
    /// Taken in while a poll was under way, and to be served after its tick.
    deferred: VecDeque<OperatorRequest>,
    shutdown: CancellationToken,
}

impl Inbox {
    pub(super) fn new(shutdown: &CancellationToken) -> Self {
        let (handle, requests) = OperatorHandle::new();
        Self {
            handle,
            requests,
            deferred: VecDeque::new(),
            shutdown: shutdown.clone(),
        }
    }

    /// Returns a handle that sends commands here.
    pub(super) fn handle(&self) -> OperatorHandle {
        self.handle.clone()
    }

    /// Serves operators until the next tick is `due`, the platform says that something `changed`, or the end is asked for.
    pub(super) async fn serve(
        &mut self,
        mut changing: Changing<'_>,
        mut due: impl Future<Output = ()> + Unpin,
        changed: impl Future<Output = ()>,
    ) -> Waited {
        let mut changed = std::pin::pin!(changed);
        for _ in 0..MOST_WHEN_LATE {
            let deferred = self.deferred.pop_front();
            let Some(request) = deferred.or_else(|| self.requests.try_recv().ok()) else {
                break;
            };
            serve(&mut changing, request).await;
        }
        loop {
            let deferred = self.deferred.pop_front();
            let request = tokio::select! {
                // The tick and the end go before anybody who waits.
                biased;
                () = self.shutdown.cancelled() => return Waited::Due,
                () = &mut due => return Waited::Due,
                () = &mut changed => return Waited::Woken,
                Some(request) = next(deferred, &mut self.requests) => request,
            };
            serve(&mut changing, request).await;
        }
    }

    /// Waits for the end of `work` and serves holds that pause beside it. Returns what came of the work, and the campaigns that were
    /// held.
    pub(super) async fn serve_holds_beside<T>(
        &mut self,
        changing: &mut Changing<'_>,
        work: impl Future<Output = T>,
    ) -> (T, BTreeSet<CampaignId>) {
        let mut work = pin!(work);
        let mut held = BTreeSet::new();
        loop {
            let requests = tokio::select! {
                biased;
                done = &mut work => return (done, held),
                requests = self.next_hold() => requests,
            };
            let campaigns = requests
                .iter()
                .flat_map(|request| request.change.campaigns());
            held.extend(campaigns.cloned());
            let mut serving = pin!(async {
                for request in requests {
                    serve(changing, request).await;
                }
            });
            let mut done = None;
            loop {
                tokio::select! {
                    biased;
                    () = &mut serving => break,
                    finished = &mut work, if done.is_none() => done = Some(finished),
                }
            }
            if let Some(done) = done {
                return (done, held);
            }
        }
    }

    /// Returns the next hold that pauses, behind what was asked for about the same campaign before; everything else stays here.
    async fn next_hold(&mut self) -> Vec<OperatorRequest> {
        loop {
            if self.deferred.len() >= MOST_WAITING {
                // Whoever asks now is refused, as long as the inbox is full.
                std::future::pending::<()>().await;
            }
            let Some(request) = self.requests.recv().await else {
                return std::future::pending().await;
            };
            if request.change.pauses_at_once() {
                let held: BTreeSet<&CampaignId> = request.change.campaigns().iter().collect();
                let waiting = std::mem::take(&mut self.deferred).into_iter();
                let (mut first, others): (Vec<_>, Vec<_>) = waiting.partition(|waiting| {
                    let mut about = waiting.change.campaigns().iter();
                    about.any(|campaign| held.contains(campaign))
                });
                self.deferred = others.into();
                first.push(request);
                return first;
            }
            self.deferred.push_back(request);
        }
    }
}

/// Returns the request that waits already, or else the next one that comes.
async fn next(
    waiting: Option<OperatorRequest>,
    requests: &mut mpsc::Receiver<OperatorRequest>,
) -> Option<OperatorRequest> {
    match waiting {
        Some(request) => Some(request),
        None => requests.recv().await,
    }
}

async fn serve(changing: &mut Changing<'_>, request: OperatorRequest) {
    let OperatorRequest {
        change,
        author,
        reply,
    } = request;
    if reply.is_closed() {
        // The caller has been answered that the command was not carried out.
        return;
    }
    let at_once = change.pauses_at_once().then(|| change.campaigns().to_vec());
    let answer = changing.make(change, &author).await;
    let at_once = at_once.filter(|_| answer.is_ok());
    // A caller who has gone meanwhile finds it in status and audit.
    drop(reply.send(answer));
    if let Some(campaigns) = at_once {
        changing.pause_held(&campaigns).await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::control::operator::{Author, OperatorCommand};
    use crate::domain::HoldKind;

    fn hold(campaign: &str, kind: HoldKind) -> OperatorCommand {
        OperatorCommand::Hold {
            campaigns: vec![campaign.parse().unwrap()],
            kind,
            lasts: Duration::from_secs(60),
        }
    }

    fn release(campaign: &str) -> OperatorCommand {
        OperatorCommand::Release {
            campaigns: vec![campaign.parse().unwrap()],
        }
    }

    #[tokio::test]
    async fn a_hold_that_pauses_overtakes_what_is_asked_of_other_campaigns_alone() {
        let mut inbox = Inbox::new(&CancellationToken::new());
        let asked = [
            release("a"),
            hold("b", HoldKind::AsIs),
            hold("a", HoldKind::Running),
            hold("a", HoldKind::Paused),
            release("c"),
        ];
        let author = Author::new("anna", "trial").unwrap();
        for change in asked.clone() {
            let (handle, author) = (inbox.handle(), author.clone());
            tokio::spawn(async move { handle.ask(change, author).await });
        }
        while inbox.requests.len() < asked.len() {
            tokio::task::yield_now().await;
        }
        let [first, other, second, pausing, last] = asked;
        let changes = |requests: Vec<OperatorRequest>| -> Vec<OperatorCommand> {
            requests.into_iter().map(|request| request.change).collect()
        };
        let served = changes(inbox.next_hold().await);
        assert_eq!(served, [first, second, pausing]);
        let deferred = changes(inbox.deferred.into());
        assert_eq!(deferred, [other], "served after the tick");
        assert_eq!(inbox.requests.try_recv().unwrap().change, last);
    }
}
