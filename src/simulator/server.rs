//! The socket: connections, and the way from request to answer.
//!
//! A request is read whole and carried out at once, so a client that gives up while it waits has still caused the
//! effect; the server waits as long as the answer takes and hands it over, or breaks the connection.

use std::convert::Infallible;
use std::future;
use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::DATE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use tracing::debug;

use super::answer::Answer;
use super::control;
use super::exchange::{MAX_BODY, insert, too_large};
use super::handle::{Phase, Shared, SimHandle};
use super::outcome::Outcome;
use super::payload::Payload;
use super::push;
use super::sent_request::SentRequest;
use super::settings::Settings;

/// Also how long an idle connection is kept, so it is longer than any sensible poll interval.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(90);

/// Accepting fails for want of file descriptors, which others have to give back first.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A running simulator. Dropped or stopped, it closes its socket and all connections.
pub struct Simulator {
    address: SocketAddr,
    control_address: Option<SocketAddr>,
    shared: Arc<Shared>,
    stopped: Stopping,
    tasks: TaskTracker,
}

/// Dropped, it ends all connections, and the effects that are still to come.
struct Stopping {
    shared: Arc<Shared>,
    _cancel: DropGuard,
}

/// The shared parts that each task of a simulator needs.
#[derive(Clone)]
struct Serving {
    shared: Arc<Shared>,
    stop: CancellationToken,
    tasks: TaskTracker,
    api: Api,
}

/// The API that a listener serves.
#[derive(Clone, Copy)]
enum Api {
    Platform,
    Control,
}

impl Simulator {
    /// Binds the socket and serves it from background tasks of the current tokio runtime.
    ///
    /// # Errors
    /// When an address cannot be bound, or there is no runtime.
    pub fn start(settings: Settings) -> io::Result<Self> {
        Handle::try_current().map_err(io::Error::other)?;
        let (listener, address) = bind(settings.listen)?;
        let control = settings.control.map(bind).transpose()?;
        let shared = Arc::new(Shared::new(settings));
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let serving = Serving {
            shared: Arc::clone(&shared),
            stop: stop.clone(),
            tasks: tasks.clone(),
            api: Api::Platform,
        };
        let control_address = control.as_ref().map(|(_, address)| *address);
        if let Some((listener, _)) = control {
            let serving = Serving {
                api: Api::Control,
                ..serving.clone()
            };
            tasks.spawn(serving.accept(listener));
        }
        tasks.spawn(serving.accept(listener));
        Ok(Self {
            address,
            control_address,
            shared: Arc::clone(&shared),
            stopped: Stopping {
                shared,
                _cancel: stop.drop_guard(),
            },
            tasks,
        })
    }

    /// Returns the address that it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns `http://` and the address, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the address of the control API, if there is one.
    #[must_use]
    pub fn control_address(&self) -> Option<SocketAddr> {
        self.control_address
    }

    /// Returns a handle on the running world; it outlives the simulator, for looking back.
    #[must_use]
    pub fn handle(&self) -> SimHandle {
        SimHandle(Arc::clone(&self.shared))
    }

    /// Closes the socket and every connection, and waits until that is done. Effects that were still
    /// to come do not come.
    pub async fn stop(self) {
        drop(self.stopped);
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for Stopping {
    fn drop(&mut self) {
        self.shared.with(|platform, _| platform.late.close());
    }
}

impl Serving {
    async fn accept(self, listener: TcpListener) {
        loop {
            let accepted = tokio::select! {
                () = self.stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    self.tasks.spawn(self.clone().converse(stream));
                }
                Err(error) => {
                    debug!(%error, "the simulator cannot accept a connection");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    async fn converse(self, stream: TcpStream) {
        if let Err(error) = stream.set_nodelay(true) {
            debug!(%error, "the connection is gone already");
        }
        let cut = Arc::new(Notify::new());
        let channel = Arc::new(OnceLock::new());
        let service = service_fn(|request: Request<Incoming>| {
            let (serving, cut) = (self.clone(), Arc::clone(&cut));
            let asked = serving.shared.dialect.channel(request.uri().path());
            let accepted = asked.and_then(|asked| {
                let response = push::accepted(request.headers())?;
                // A connection is for one channel.
                channel.set(asked.to_owned()).ok()?;
                Some(response)
            });
            Box::pin(async move {
                Ok::<_, Infallible>(match accepted {
                    Some(response) => response,
                    None => serving.serve(request, &cut).await,
                })
            })
        });
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_READ_TIMEOUT);
        let mut connection = builder.serve_connection(TokioIo::new(stream), service);
        tokio::select! {
            ended = future::poll_fn(|context| connection.poll_without_shutdown(context)) => {
                if let Err(error) = ended {
                    debug!(%error, "a connection to the simulator ended early");
                    return;
                }
            }
            () = cut.notified() => return reset(&connection.into_parts().io.into_inner()),
            () = self.stop.cancelled() => return,
        }
        let mut stream = connection.into_parts().io.into_inner();
        match channel.get() {
            Some(channel) => tokio::select! {
                () = push::tell(&self.shared, channel, stream) => {}
                () = self.stop.cancelled() => {}
            },
            None => {
                if let Err(error) = stream.shutdown().await {
                    debug!(%error, "the connection is gone already");
                }
            }
        }
    }

    async fn serve(&self, request: Request<Incoming>, cut: &Notify) -> Response<Payload> {
        let shared = &self.shared;
        let (parts, body) = request.into_parts();
        let body = Limited::new(body, MAX_BODY).collect().await;
        let (exchange, announced) = match (body, self.api) {
            (Err(_), _) => (shared.at_once(too_large()), None),
            (Ok(body), Api::Platform) => {
                let uri = parts.uri.path_and_query().map(ToString::to_string);
                shared.exchange(SentRequest {
                    method: parts.method,
                    uri: uri.unwrap_or_default(),
                    headers: parts.headers,
                    body: body.to_bytes(),
                })
            }
            (Ok(body), Api::Control) => {
                let handle = SimHandle(Arc::clone(shared));
                let (path, body) = (parts.uri.path(), body.to_bytes());
                let answer = Answer {
                    // Refusals of this API are JSON, whatever the platform speaks.
                    refused: None,
                    ..control::answer(&handle, &parts.method, path, &body)
                };
                (shared.at_once(answer), None)
            }
        };
        if !exchange.after.is_zero() {
            sleep(exchange.after).await;
        }
        let (status, mut headers, payload) = match exchange.outcome {
            Outcome::Answered {
                status,
                headers,
                body,
            } => (status, headers, Payload::whole(body)),
            Outcome::Truncated {
                status,
                headers,
                body,
            } => (status, headers, Payload::truncated(body)),
            Outcome::Reset | Outcome::Silent => return vanish(cut).await,
        };
        if let Some(seen) = announced {
            shared.reached(&seen, Phase::Answering);
        }
        // The sleep is not exactly as long as asked for, and a manual clock has not moved at all: the date is set again.
        insert(&mut headers, DATE, &shared.now().http_date());
        let mut response = Response::new(payload);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response
    }
}

fn bind(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = StdListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Asks for the connection to be cut and waits for it; there is no answer.
async fn vanish(cut: &Notify) -> Response<Payload> {
    cut.notify_one();
    future::pending().await
}

/// Makes the close a reset: the client sees an error instead of an orderly end.
fn reset(stream: &TcpStream) {
    if let Err(error) = stream.set_zero_linger() {
        debug!(%error, "the connection is gone already");
    }
}
