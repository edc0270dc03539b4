//! The listener: connections, their bounds, and its end.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::connections::{ConnectionLimiter, Peer};
use super::rate::ChangeRate;
use super::sources::{Api, PublicSources, Sources};
use super::stream::MOST_STREAMS;
use super::write_timeout::WithWriteTimeout;

/// A client that sends the head of its request more slowly than this is dropped.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// A client that does not read what is written to it for this long is dropped.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// However long a client keeps its connection, or takes to read an answer, it is dropped after this.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(600);

/// Connections at once; a scraper, a health check and the wallboards need some twenty.
const MOST_CONNECTIONS: usize = 128;

/// Connections beyond those, for health probes alone: each lasts as long as an answer takes.
const MOST_PROBES: usize = 64;

/// After a failed accept (no file descriptors left, say), so that the task does not spin.
const AFTER_FAILED_ACCEPT: Duration = Duration::from_millis(100);

/// A listener with its tasks. Dropping it ends them.
pub struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    service: Connections,
}

/// What a connection is served with.
#[derive(Clone)]
struct Connections {
    sources: Arc<Sources>,
    limiter: Arc<ConnectionLimiter>,
}

/// Opens connections to a [`Server`] from within the process.
#[derive(Clone)]
pub struct Connector {
    stop: CancellationToken,
    service: Connections,
}

/// Bytes that one side of a connection within the process may be ahead of the other.
const IN_PROCESS_BUFFER: usize = 64 << 10;

impl Server {
    /// Binds `address` and answers from then on.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start(address: SocketAddr, shown: PublicSources, api: Api) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let server = Self::in_process(listener.local_addr()?, shown, api);
        let (service, stop) = (server.service.clone(), server.stop.clone());
        tokio::spawn(accept(listener, service, stop));
        Ok(server)
    }

    /// A server without a socket, which [`Server::connector`] leads to; `address` is what it calls itself.
    #[must_use]
    pub fn in_process(address: SocketAddr, shown: PublicSources, api: Api) -> Self {
        let sources = Arc::new(Sources {
            shown,
            api,
            scrape: Semaphore::new(1),
            streams: Arc::new(Semaphore::new(MOST_STREAMS)),
            rendered: Mutex::new(None),
            changes: ChangeRate::of_changes(),
            calibrations: ChangeRate::of_calibrations(),
        });
        let limiter = Arc::new(ConnectionLimiter::new(MOST_CONNECTIONS, MOST_PROBES));
        Self {
            address,
            stop: CancellationToken::new(),
            service: Connections { sources, limiter },
        }
    }

    /// Opens connections from within the process.
    #[must_use]
    pub fn connector(&self) -> Connector {
        Connector {
            stop: self.stop.clone(),
            service: self.service.clone(),
        }
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

impl Connector {
    /// A connection, as a client has it; it is served by a task of its own.
    #[must_use]
    pub fn connect(&self) -> DuplexStream {
        let (theirs, ours) = tokio::io::duplex(IN_PROCESS_BUFFER);
        let (stop, service) = (self.stop.clone(), self.service.clone());
        tokio::spawn(async move {
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                () = service.serve(ours, Peer(None)) => {}
            }
        });
        theirs
    }
}

async fn accept(listener: TcpListener, service: Connections, stop: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, peer)) = accepted else {
            tokio::time::sleep(AFTER_FAILED_ACCEPT).await;
            continue;
        };
        // Otherwise an answer behind another one waits for the client's delayed acknowledgement, some 40 ms. An error only says
        // that the client is gone already.
        drop(stream.set_nodelay(true));
        let service = service.clone();
        let peer = Peer(Some(peer.ip()));
        connections.spawn(async move { service.serve(stream, peer).await });
    }
}

impl Connections {
    /// Answers the requests of one connection to its end, if there is a slot for it.
    async fn serve(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, peer: Peer) {
        let Some(permit) = self.limiter.acquire() else {
            tracing::debug!("connection refused: every slot is in use");
            return;
        };
        let sources = self.sources;
        let slot = Arc::clone(&permit.slot);
        let service = service_fn(|mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer);
            let (sources, slot) = (Arc::clone(&sources), Arc::clone(&slot));
            async move { Ok::<_, Infallible>(sources.answer(request, &slot).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .serve_connection(
                TokioIo::new(WithWriteTimeout::new(stream, WRITE_TIMEOUT)),
                service,
            );
        let ended = tokio::select! {
            biased;
            ended = tokio::time::timeout(CONNECTION_TIMEOUT, connection) => ended,
            () = permit.slot.evicted() => {
                tracing::debug!("connection ended: it made room");
                return;
            }
        };
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(wrong)) => tracing::debug!(%wrong, "connection ended"),
            Err(_) => tracing::debug!("connection ended: too old"),
        }
    }
}
