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
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::control::ObservableState;
use crate::control::ports::Clock;
use crate::telemetry::Metrics;

use super::routes::Sources;

/// A client that sends the head of its request more slowly than this is dropped.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// However long a client keeps its connection, or takes to read an answer, it is dropped after this.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(600);

/// Connections at once; a scraper and a health check need two.
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
    pub async fn start(
        address: SocketAddr,
        metrics: Arc<Metrics>,
        observed: watch::Receiver<ObservableState>,
        clock: Arc<dyn Clock>,
        ending: CancellationToken,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let sources = Arc::new(Sources {
            metrics,
            observed,
            clock,
            ending,
            scrape: Semaphore::new(1),
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
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let next = async {
            // A place first: beyond the cap, clients wait in the system's queue.
            let place = Arc::clone(&places).acquire_owned().await.ok()?;
            Some((place, listener.accept().await))
        };
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = connections.join_next() => continue,
            accepted = next => accepted,
        };
        let Some((place, accepted)) = accepted else {
            break;
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(AFTER_FAILED_ACCEPT).await;
            continue;
        };
        let sources = Arc::clone(&sources);
        connections.spawn(async move {
            let service = service_fn(|request| {
                let sources = Arc::clone(&sources);
                async move { Ok::<_, Infallible>(sources.answer(&request).await) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIMEOUT)
                .serve_connection(TokioIo::new(stream), service);
            match tokio::time::timeout(CONNECTION_TIMEOUT, connection).await {
                Ok(Ok(())) => {}
                Ok(Err(wrong)) => tracing::debug!(%wrong, "connection ended"),
                Err(_) => tracing::debug!("connection ended: too old"),
            }
            drop(place);
        });
    }
}
