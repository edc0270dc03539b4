//! The way from one daemon to the server, which a test can stop.

use std::path::Path;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// How the server names its socket in its directory.
const SOCKET: &str = ".s.PGSQL.5432";

/// A socket that leads to the server's.
pub(super) struct Wire {
    open: watch::Sender<bool>,
    /// Its end is the wire's.
    _runtime: Runtime,
}

impl Wire {
    /// Makes a socket in `here` that leads to the one in `server`.
    pub(super) fn lay(here: &Path, server: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let (open, watched) = watch::channel(true);
        let listener = {
            let _inside = runtime.enter();
            UnixListener::bind(here.join(SOCKET)).unwrap()
        };
        let target = Arc::new(Path::new(server).join(SOCKET));
        runtime.spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let (target, watched) = (Arc::clone(&target), watched.clone());
                tokio::spawn(async move {
                    let Ok(far) = UnixStream::connect(&*target).await else {
                        return;
                    };
                    let (near_out, near_in) = near.into_split();
                    let (far_out, far_in) = far.into_split();
                    tokio::spawn(carry(near_out, far_in, watched.clone()));
                    carry(far_out, near_in, watched).await;
                });
            }
        });
        Self {
            open,
            _runtime: runtime,
        }
    }

    /// Nothing gets through any more. Nobody is told, and what is under way is not lost: as with a cable that is pulled, it arrives
    /// when it is plugged in again.
    pub(super) fn cut(&self) {
        self.open.send_replace(false);
    }

    pub(super) fn mend(&self) {
        self.open.send_replace(true);
    }
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut open: watch::Receiver<bool>) {
    let mut some = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut some).await {
        if open.wait_for(|open| *open).await.is_err() {
            return;
        }
        if to.write_all(&some[..length]).await.is_err() {
            return;
        }
    }
    // An end gets through no more than the rest does.
    drop(open.wait_for(|open| *open).await);
}
