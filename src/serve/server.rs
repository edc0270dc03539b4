//! The listener: connections, their bounds, and its end.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::patience::Patient;
use super::seats::Seats;
use super::sources::{Api, Shown, Sources};
use super::stream::MOST_STREAMS;

/// A client that sends the head of its request more slowly than this is dropped.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// A client that does not take what is written to it for this long is dropped.
const PATIENCE: Duration = Duration::from_secs(10);

/// However long a client keeps its connection, or takes to read an answer, it is dropped after this.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(600);

/// Connections at once; a scraper, a health check and the wallboards need some twenty.
const MOST_CONNECTIONS: usize = 128;

/// After a failed accept (no file descriptors left, say), so that the task does not spin.
const AFTER_FAILED_ACCEPT: Duration = Duration::from_millis(100);

/// A listener with its tasks. Dropping it ends them.
pub struct Server {
    address: SocketAddr,
    stop: CancellationToken,
}

impl Server {
    /// Binds `address` and answers from then on.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start(address: SocketAddr, shown: Shown, api: Api) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let sources = Arc::new(Sources {
            shown,
            api,
            scrape: Semaphore::new(1),
            streams: Arc::new(Semaphore::new(MOST_STREAMS)),
            rendered: Mutex::new(None),
        });
        tokio::spawn(accept(listener, sources, stop.clone()));
        Ok(Self { address, stop })
    }

    /// The address bound, with the port that the system chose if 0 was asked for.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn accept(listener: TcpListener, sources: Arc<Sources>, stop: CancellationToken) {
    let seats = Arc::new(Seats::new(MOST_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(AFTER_FAILED_ACCEPT).await;
            continue;
        };
        // Else an answer behind another one waits for the client's delayed acknowledgement, some 40 ms. An error only says
        // that the client is gone already.
        drop(stream.set_nodelay(true));
        let Some(taken) = seats.take() else {
            tracing::debug!("connection turned away: every place is in use");
            continue;
        };
        let sources = Arc::clone(&sources);
        connections.spawn(async move {
            let seat = Arc::clone(&taken.seat);
            let service = service_fn(|request| {
                let (sources, seat) = (Arc::clone(&sources), Arc::clone(&seat));
                async move { Ok::<_, Infallible>(sources.answer(request, &seat).await) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIMEOUT)
                .serve_connection(TokioIo::new(Patient::new(stream, PATIENCE)), service);
            let ended = tokio::select! {
                ended = tokio::time::timeout(CONNECTION_TIMEOUT, connection) => ended,
                () = taken.seat.told_to_leave() => {
                    tracing::debug!("connection ended: it made room");
                    return;
                }
            };
            match ended {
                Ok(Ok(())) => {}
                Ok(Err(wrong)) => tracing::debug!(%wrong, "connection ended"),
                Err(_) => tracing::debug!("connection ended: too old"),
            }
        });
    }
}
