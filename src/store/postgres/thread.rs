//! The thread on which connections to a server live.
//!
//! Everything that is known of tables and rows is written for an engine that answers at once, as a file does; whoever asks a server waits
//! on a thread where waiting is allowed. The connections themselves need a runtime that goes on meanwhile, so they have one of their own.

use std::future::Future;
use std::sync::mpsc;
use std::thread;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// A runtime on a thread of its own; it ends when this is dropped.
pub(super) struct Waiting {
    handle: Handle,
    /// Its end is the thread's sign to stop.
    _alive: oneshot::Sender<()>,
}

impl Waiting {
    /// Starts the thread.
    pub(super) fn start() -> std::io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (alive, ended) = oneshot::channel::<()>();
        thread::Builder::new()
            .name("postgres".to_owned())
            .spawn(move || {
                // It only ever ends by the sender's end.
                drop(runtime.block_on(ended));
            })?;
        Ok(Self {
            handle,
            _alive: alive,
        })
    }

    /// Has `work` done beside whoever asks; `None` when the runtime is gone.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        self.handle.spawn(work).await.ok()
    }

    /// Waits for what comes of `work`; `None` when the runtime is gone.
    pub(super) fn wait<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let (done, outcome) = mpsc::sync_channel(1);
        self.handle.spawn(async move {
            // Nobody waits any more when the process ends.
            drop(done.send(work.await));
        });
        outcome.recv().ok()
    }
}
