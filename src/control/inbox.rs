//! The inbox of operator commands: served between two ticks, one at a time.

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::change::Changing;
use super::operator::{OperatorHandle, OperatorRequest};

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
    shutdown: CancellationToken,
}

impl Inbox {
    pub(super) fn new(shutdown: &CancellationToken) -> Self {
        let (handle, requests) = OperatorHandle::new();
        Self {
            handle,
            requests,
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
            let Ok(request) = self.requests.try_recv() else {
                break;
            };
            serve(&mut changing, request).await;
        }
        loop {
            let request = tokio::select! {
                // The tick and the end go before anybody who waits.
                biased;
                () = self.shutdown.cancelled() => return Waited::Due,
                () = &mut due => return Waited::Due,
                () = &mut changed => return Waited::Woken,
                Some(request) = self.requests.recv() => request,
            };
            serve(&mut changing, request).await;
        }
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
    let answer = changing.make(change, &author).await;
    // A caller who has gone meanwhile finds it in status and audit.
    drop(reply.send(answer));
}
