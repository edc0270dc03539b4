//! Talks to a daemon's admin API.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cli::environment::variable;
use crate::cli::exit::Exit;
use crate::cli::output;
use crate::cli::shown_times::show_as_daemon;
use crate::given_file::mode_open_to_all;
use crate::secrets::{clean, file_text};
use crate::serve::{ApiFault, CLOCK, NO_SUCH_PATH, STANDBY, SteeredElsewhere};
use crate::settings::{ADMIN_TOKEN, ADMIN_TOKEN_FILE, SERVER};
use crate::sockets::{ClientBounds, HttpClient};

use super::args::ServerArgs;

/// The loop applies a change between two polls; a poll in trouble takes about a minute.
const LONGEST_ANSWER: Duration = Duration::from_secs(75);

/// A listener that does not answer within this is not there.
const LONGEST_CONNECT: Duration = Duration::from_secs(5);

/// The default of `--server`.
const DEFAULT_SERVER: &str = "http://127.0.0.1:9464";

/// The path of the status.
pub(super) const STATUS: [&str; 3] = ["api", "v1", "status"];

/// A client of one daemon.
pub(super) struct Client {
    /// For every address.
    all: Arc<HttpClient>,
    /// For this one.
    http: reqwest::Client,
    base: Url,
    token: Option<SecretString>,
}

/// Why a request failed.
#[derive(Debug)]
pub(super) enum ClientFault {
    /// The command line or a file that it names has a fault.
    Given(String),
    /// No daemon answered.
    NotReached(String),
    /// The daemon refused the request.
    Refused(StatusCode, Box<ApiFault>),
}

impl ClientFault {
    pub(super) fn lines(&self) -> Vec<String> {
        match self {
            Self::Given(why) | Self::NotReached(why) => vec![why.clone()],
            Self::Refused(_, fault) => fault.faults.clone(),
        }
    }

    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Given(_) => Exit::Configuration,
            Self::NotReached(_) => Exit::Unreachable,
            // Nothing is wrong with what was asked: whom to ask is not known, or not reached.
            Self::Refused(_, fault) if fault.error == STANDBY => Exit::Unreachable,
            Self::Refused(status, _) => match *status {
                StatusCode::UNAUTHORIZED
                | StatusCode::FORBIDDEN
                | StatusCode::MISDIRECTED_REQUEST => Exit::Refused,
                StatusCode::NOT_FOUND | StatusCode::CONFLICT => Exit::NotThere,
                status if status.is_client_error() => Exit::Configuration,
                _ => Exit::Unreachable,
            },
        }
    }
}

impl Client {
    /// Creates a client for the daemon that the arguments name. The address and the token may come from the environment.
    pub(super) fn new(server: &ServerArgs) -> Result<Self, ClientFault> {
        let given = Some(server.server.clone()).filter(|given| given != DEFAULT_SERVER);
        let address = given
            .or_else(|| variable(SERVER))
            .unwrap_or_else(|| DEFAULT_SERVER.to_owned());
        let base: Url = address
            .parse()
            .ok()
            .filter(|url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| {
                ClientFault::Given(format!(
                    "--server (or {SERVER}): `{address}` is not an address; write such as {DEFAULT_SERVER}"
                ))
            })?;
        let bounds = ClientBounds {
            connect_timeout: LONGEST_CONNECT,
            timeout: None,
            idle_connections: 1,
        };
        // A proxy of the environment leads to the platform, not to the daemon.
        let client = HttpClient::direct(bounds)
            .map_err(|wrong| ClientFault::Given(format!("cannot set up HTTP: {wrong}")))?;
        Self::to(Arc::new(client), base, token(server)?)
    }

    /// Starts a request to this path; its parts are escaped.
    pub(super) fn request(&self, method: Method, parts: &[&str]) -> RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(parts);
        }
        let request = self.http.request(method, url);
        match &self.token {
            Some(token) => request.bearer_auth(token.expose_secret()),
            None => request,
        }
    }

    /// Reads a document.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        parts: &[&str],
        query: &[(&str, &str)],
    ) -> Result<(T, String), ClientFault> {
        self.ask(with_query(self.request(Method::GET, parts), query))
            .await
    }

    /// Sends a document and reads the answer.
    pub(super) async fn put<T: DeserializeOwned>(
        &self,
        parts: &[&str],
        body: &impl Serialize,
    ) -> Result<(T, String), ClientFault> {
        self.ask(self.putting(parts, body)?).await
    }

    /// A request with a document.
    pub(super) fn putting(
        &self,
        parts: &[&str],
        body: &impl Serialize,
    ) -> Result<RequestBuilder, ClientFault> {
        let body = serde_json::to_vec(body)
            .map_err(|wrong| ClientFault::Given(format!("the request: {wrong}")))?;
        let request = self.request(Method::PUT, parts);
        let request = request.header("content-type", "application/json");
        Ok(request.body(body))
    }

    /// Sends a request and reads the answer, as a document and as it came.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
    ) -> Result<(T, String), ClientFault> {
        let response = self.send(request.timeout(LONGEST_ANSWER)).await?;
        self.read(response).await
    }

    /// The same of the daemon that is named alone: one that stands by is not asked whom to ask.
    pub(super) async fn ask_here<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
    ) -> Result<(T, String), ClientFault> {
        let response = self.send_here(request.timeout(LONGEST_ANSWER)).await?;
        self.read(response).await
    }

    async fn read<T: DeserializeOwned>(
        &self,
        response: Response,
    ) -> Result<(T, String), ClientFault> {
        let text = response.text().await.map_err(|wrong| self.broken(wrong))?;
        let document = serde_json::from_str(&text).map_err(|wrong| {
            ClientFault::NotReached(format!(
                "{}: an answer that cannot be read ({wrong}); is it a daemon of this version, and is --server its --listen?",
                self.base
            ))
        })?;
        Ok((document, text))
    }

    /// Sends a request and returns a good answer, its body not yet read. Where a daemon that stands by names the one that steers, that is
    /// asked, once, with the same token.
    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Response, ClientFault> {
        let again = request.try_clone();
        let refused = match self.send_here(request).await {
            Err(ClientFault::Refused(status, fault)) => (status, fault),
            done => return done,
        };
        let (status, fault) = refused;
        let steered = match fault.elsewhere.as_slice() {
            [steered] if fault.error == STANDBY && steered.address.is_some() => steered,
            _ => return Err(ClientFault::Refused(status, fault)),
        };
        let other = self.steering(steered)?;
        match again {
            Some(again) => other.send_here(other.redirected(again)?).await,
            None => Err(ClientFault::Refused(status, fault)),
        }
    }

    /// A client of the daemon that steers what this one stands by for, which is told.
    pub(super) fn steering(&self, steered: &SteeredElsewhere) -> Result<Self, ClientFault> {
        let Some(address) = &steered.address else {
            let fault = ApiFault::of(STANDBY, vec![steered.says()]);
            return Err(ClientFault::Refused(
                StatusCode::MISDIRECTED_REQUEST,
                Box::new(fault),
            ));
        };
        output::talk(format_args!("another daemon steers it: asking {address}"));
        self.at(address)
    }

    /// A client of another daemon, with the same token: of one that was named by a daemon and not by whoever gave the command, so that it is
    /// not told what it would hear in clear text where the first one would not.
    pub(super) fn at(&self, address: &str) -> Result<Self, ClientFault> {
        let base: Option<Url> = address.parse().ok();
        let base = base.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let Some(base) = base else {
            return Err(ClientFault::Given(format!(
                "{}: names `{address}` as the daemon to ask, which is not an address; check its advertise_address",
                self.base
            )));
        };
        if self.token.is_some() && self.base.scheme() == "https" && base.scheme() == "http" {
            return Err(ClientFault::Given(format!(
                "{}: names {base} as the daemon to ask, where the token would be sent in clear text; give --server {base} if that is meant, or an https advertise_address",
                self.base
            )));
        }
        Self::to(Arc::clone(&self.all), base, self.token.clone())
    }

    fn to(
        all: Arc<HttpClient>,
        base: Url,
        token: Option<SecretString>,
    ) -> Result<Self, ClientFault> {
        let http = all.to(&base).cloned();
        let http = http.map_err(|lacking| ClientFault::Given(lacking.to_string()))?;
        Ok(Self {
            all,
            http,
            base,
            token,
        })
    }

    /// The same request to this daemon.
    pub(super) fn redirected(
        &self,
        request: RequestBuilder,
    ) -> Result<RequestBuilder, ClientFault> {
        let (_, request) = request.build_split();
        let mut request = request.map_err(|wrong| ClientFault::Given(wrong.to_string()))?;
        let mut url = self.base.clone();
        let asked = request.url();
        let path = format!("{}{}", url.path().trim_end_matches('/'), asked.path());
        url.set_path(&path);
        url.set_query(asked.query());
        *request.url_mut() = url;
        Ok(RequestBuilder::from_parts(self.http.clone(), request))
    }

    /// Sends a request to this daemon and returns a good answer, its body not yet read.
    pub(super) async fn send_here(&self, request: RequestBuilder) -> Result<Response, ClientFault> {
        let response = request.send().await.map_err(|wrong| self.broken(wrong))?;
        let status = response.status();
        let clock = response.headers().get(CLOCK);
        if let Some(clock) = clock.and_then(|clock| clock.to_str().ok()) {
            show_as_daemon(clock);
        }
        if status.is_success() {
            return Ok(response);
        }
        let text = response.text().await.unwrap_or_default();
        // A refused reload answers with what it was refused for.
        let made = serde_json::from_str::<serde_json::Value>(&text).ok();
        let faults = made.as_ref().and_then(|made| made.pointer("/made/faults"));
        let faults = faults.and_then(|faults| serde_json::from_value(faults.clone()).ok());
        if let Some(faults) = faults {
            let fault = ApiFault::of("refused", faults);
            return Err(ClientFault::Refused(status, Box::new(fault)));
        }
        Err(match serde_json::from_str::<ApiFault>(&text) {
            Ok(fault) if fault.error == NO_SUCH_PATH && self.base.path() != "/" => {
                self.below_a_path()
            }
            Ok(fault) => ClientFault::Refused(status, Box::new(fault)),
            Err(_) => self.foreign(status),
        })
    }

    /// Asks a probe; returns whether it is good, and its text.
    pub(super) async fn probe(&self, path: &str) -> Result<(bool, String), ClientFault> {
        let request = self.request(Method::GET, &[path]).timeout(LONGEST_CONNECT);
        let response = request.send().await.map_err(|wrong| self.broken(wrong))?;
        let (status, good) = (response.status(), response.status().is_success());
        let kind = response.headers().get("content-type");
        let plain = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
        if !plain || !(good || status == StatusCode::SERVICE_UNAVAILABLE) {
            return Err(self.foreign(status));
        }
        let text = response.text().await.map_err(|wrong| self.broken(wrong))?;
        Ok((good, text))
    }

    /// An answer in a form that is none of a daemon's.
    fn foreign(&self, status: StatusCode) -> ClientFault {
        let base = &self.base;
        match status {
            // A proxy may stand before a daemon, and say these by itself.
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                let why = format!(
                    "{base} answered {status}, and not as a daemon does; does a proxy before it refuse, or is --server not its --listen?"
                );
                ClientFault::Refused(status, Box::new(ApiFault::of("unknown", vec![why])))
            }
            StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => ClientFault::NotReached(format!(
                "{base} answered {status}; try again in a moment, and look whether the daemon behind it runs"
            )),
            StatusCode::NOT_FOUND if base.path() != "/" => self.below_a_path(),
            status => ClientFault::NotReached(format!(
                "{base} answered {status}, and not as a daemon does; is --server the --listen of campaign-autopilot, without a path?"
            )),
        }
    }

    /// Nothing of a daemon is where the address leads. A proxy may serve one below a path, so that an address may have one.
    fn below_a_path(&self) -> ClientFault {
        let base = &self.base;
        let without = base.origin().ascii_serialization();
        ClientFault::Given(format!(
            "--server (or {SERVER}) is {base}, and nothing of a daemon is below that path: give {without} without a path"
        ))
    }

    fn broken(&self, wrong: reqwest::Error) -> ClientFault {
        let why = if wrong.is_timeout() && !wrong.is_connect() {
            "no answer in time".to_owned()
        } else if wrong.is_connect() {
            format!(
                "no daemon is reached: {}",
                self.all.explain(&self.base, wrong)
            )
        } else {
            let why = self.all.explain(&self.base, wrong);
            format!("the connection broke: {why}")
        };
        ClientFault::NotReached(format!(
            "{}: {why}; is it running, and is --server its --listen?",
            self.base
        ))
    }
}

/// Adds a query.
pub(super) fn with_query(request: RequestBuilder, query: &[(&str, &str)]) -> RequestBuilder {
    let text = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(query)
        .finish();
    let (client, request) = request.build_split();
    match request {
        Ok(mut request) => {
            request.url_mut().set_query(Some(&text));
            RequestBuilder::from_parts(client, request)
        }
        // Told again when it is sent.
        Err(_) => client.get(""),
    }
}

fn token(server: &ServerArgs) -> Result<Option<SecretString>, ClientFault> {
    let direct = variable(ADMIN_TOKEN.variable()).map(|text| clean(&text).0);
    let from_flag = server.token_file.clone();
    if from_flag.is_none() && direct.is_some() {
        return Ok(direct);
    }
    let named = variable(ADMIN_TOKEN_FILE.row().variable()).map(Into::into);
    let Some(path) = from_flag.or(named) else {
        return Ok(None);
    };
    if let Some(mode) = mode_open_to_all(&path) {
        output::talk(format_args!(
            "warning: --token-file: names a file that everybody on this machine can read (mode {mode}); let its owner \
             alone read it (chmod 600)"
        ));
    }
    match file_text(&path) {
        Ok(text) => Ok(Some(clean(&text).0)),
        Err(wrong) => Err(ClientFault::Given(format!(
            "--token-file: names a file that cannot be read ({wrong})"
        ))),
    }
}
