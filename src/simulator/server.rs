//! The socket: connections, the faults that need one, and the way from request to answer.
//!
//! A request is read whole, the hook hears of it, a fault is drawn, it is carried out under the
//! platform's lock, and the answer waits for the latency. What is carried out is carried out at once,
//! so a client that gives up while it waits has still caused the effect.

use std::convert::Infallible;
use std::future;
use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, DATE, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use tracing::debug;

use super::call::{Call, Route};
use super::control;
use super::faults::Fault;
use super::handle::{Phase, Shared, SimHandle};
use super::payload::Payload;
use super::platform::Answer;
use super::settings::Settings;

const MAX_BODY: usize = 1024 * 1024;

/// Also how long an idle connection is kept, so it is longer than any sensible poll interval.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(90);

/// Longer than any client's timeout, and not for ever.
const STALL: Duration = Duration::from_secs(120);

/// Accepting fails for want of file descriptors, which others have to give back first.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

const HTML_503: &str = "<html><body><h1>503 Service Unavailable</h1></body></html>";
const WRONG_JSON: &str = r#"{"data":{"results":[]},"next":null}"#;
const GARBLED_JSON: &str = r#"{"items": [oops"#;

/// A running simulator. Dropped or stopped, it closes its socket and all connections.
pub struct Simulator {
    address: SocketAddr,
    control_address: Option<SocketAddr>,
    shared: Arc<Shared>,
    stopped: DropGuard,
    tasks: TaskTracker,
}

/// What the tasks of one simulator need.
#[derive(Clone)]
struct Serving {
    shared: Arc<Shared>,
    stop: CancellationToken,
    tasks: TaskTracker,
    face: Face,
}

/// What a listener serves.
#[derive(Clone, Copy)]
enum Face {
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
            face: Face::Platform,
        };
        let control_address = control.as_ref().map(|(_, address)| *address);
        if let Some((listener, _)) = control {
            let face = Face::Control;
            let serving = Serving {
                face,
                ..serving.clone()
            };
            tasks.spawn(serving.accept(listener));
        }
        tasks.spawn(serving.accept(listener));
        Ok(Self {
            address,
            control_address,
            shared,
            stopped: stop.drop_guard(),
            tasks,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://` and the address, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where the control face listens, if there is one.
    #[must_use]
    pub fn control_address(&self) -> Option<SocketAddr> {
        self.control_address
    }

    /// A handle on the running world; it outlives the simulator, for looking back.
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
        let service = service_fn(|request| {
            let (serving, cut) = (self.clone(), Arc::clone(&cut));
            Box::pin(async move { Ok::<_, Infallible>(serving.serve(request, &cut).await) })
        });
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_READ_TIMEOUT);
        let mut connection = builder.serve_connection(TokioIo::new(stream), service);
        tokio::select! {
            ended = &mut connection => {
                if let Err(error) = ended {
                    debug!(%error, "a connection to the simulator ended early");
                }
            }
            () = cut.notified() => reset(&connection.into_parts().io.into_inner()),
            () = self.stop.cancelled() => {}
        }
    }

    async fn serve(&self, request: Request<Incoming>, cut: &Notify) -> Response<Payload> {
        let shared = &self.shared;
        let (parts, body) = request.into_parts();
        let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
            let message = "the body is too large or broken";
            let answer = Answer::refusal(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message);
            return self.response(answer, false);
        };
        let body = body.to_bytes();
        match self.face {
            Face::Platform => {}
            Face::Control => {
                let handle = SimHandle(Arc::clone(shared));
                let path = parts.uri.path();
                let answer = control::answer(&handle, &parts.method, path, &body);
                return self.response(answer, false);
            }
        }
        let (endpoint, target) = match Route::of(&parts.method, parts.uri.path()) {
            Route::Served(endpoint, target) => (endpoint, target),
            Route::WrongMethod(allow) => {
                shared.with(|platform, now| platform.admit(None, now));
                return self.response(Answer::wrong_method(allow), false);
            }
            Route::Unknown => {
                shared.with(|platform, now| platform.admit(None, now));
                return self.response(
                    Answer::refusal(StatusCode::NOT_FOUND, "not_found", "no such path"),
                    false,
                );
            }
        };
        let call = Call::read(endpoint, target, &parts, body);
        shared.reached(&call.seen, Phase::Arrived);
        let fault = shared.with(|platform, now| platform.admit(Some(endpoint), now));
        let torn = fault == Some(Fault::Truncate);
        let Some((call, answer)) = self.act(call, fault).await else {
            return vanish(cut).await;
        };
        if torn && answer.body.is_empty() {
            return vanish(cut).await;
        }
        if !shared.latency.is_zero() {
            sleep(shared.latency).await;
        }
        shared.reached(&call.seen, Phase::Answering);
        self.response(answer, torn)
    }

    /// Carries the call out as the fault lets it; no answer means that the connection is to be cut.
    async fn act(&self, call: Call, fault: Option<Fault>) -> Option<(Call, Answer)> {
        let shared = &self.shared;
        let answer = match fault {
            None | Some(Fault::Truncate) => shared.carry_out(&call),
            Some(Fault::Slow(delay)) => {
                let answer = shared.carry_out(&call);
                sleep(delay).await;
                answer
            }
            Some(Fault::WrongJson) => replaced(shared.carry_out(&call), WRONG_JSON),
            Some(Fault::GarbledJson) => replaced(shared.carry_out(&call), GARBLED_JSON),
            Some(Fault::Reset) => return None,
            Some(Fault::Stall) => {
                sleep(STALL).await;
                return None;
            }
            Some(Fault::LostReply) => {
                shared.carry_out(&call);
                return None;
            }
            Some(Fault::LateEffect(delay)) => {
                if call.seen.endpoint.writes() {
                    self.tasks.spawn(self.clone().carry_out_later(call, delay));
                }
                return None;
            }
            Some(Fault::Status500) => Answer::refusal(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal_error",
                "something went wrong",
            ),
            Some(Fault::Html503) => Answer::html(StatusCode::SERVICE_UNAVAILABLE, HTML_503),
            Some(Fault::Unauthorized) => {
                shared.with(|platform, _| platform.tokens.forget_all());
                Answer::refusal(
                    StatusCode::UNAUTHORIZED,
                    "unauthorized",
                    "the access token is unknown or expired",
                )
            }
            Some(Fault::Forbidden) => {
                Answer::refusal(StatusCode::FORBIDDEN, "forbidden", "this is not allowed")
            }
            Some(Fault::NotFound) => {
                Answer::refusal(StatusCode::NOT_FOUND, "not_found", "there is no such thing")
            }
            Some(Fault::TooMany { retry_after }) => Answer::too_many(retry_after),
        };
        Some((call, answer))
    }

    async fn carry_out_later(self, call: Call, delay: Duration) {
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = sleep(delay) => {
                self.shared.carry_out(&call);
            }
        }
    }

    fn response(&self, answer: Answer, torn: bool) -> Response<Payload> {
        let Answer {
            status,
            content_type,
            body,
            headers,
            applied: _,
        } = answer;
        let typed = (!body.is_empty()).then(|| (CONTENT_TYPE, content_type.to_owned()));
        let payload = if torn {
            Payload::torn(&body)
        } else {
            Payload::whole(body)
        };
        let mut response = Response::new(payload);
        *response.status_mut() = status;
        // The date is the platform's; the server adds its own only where none is given.
        let dated = [(DATE, self.shared.now().http_date())];
        let all = dated.into_iter().chain(typed).chain(headers);
        for (name, value) in all {
            insert(&mut response, name, &value);
        }
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

fn insert(response: &mut Response<Payload>, name: HeaderName, value: &str) {
    // Only a header given for a fault can have bytes that no header may have; then it is left out.
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// Asks for the connection to be cut and waits for it; there is no answer to give.
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

fn replaced(answer: Answer, body: &'static str) -> Answer {
    let status = if answer.status.is_success() {
        StatusCode::OK
    } else {
        answer.status
    };
    Answer {
        status,
        body: Bytes::from_static(body.as_bytes()),
        ..answer
    }
}
