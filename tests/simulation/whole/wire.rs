//! The way to the platform, without sockets: the daemon's requests, and what became of each.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use campaign_autopilot::platform::http::{HttpRequest, HttpResponse, HttpSend, SendFault};
use campaign_autopilot::simulator::{Endpoint, Exchange, Outcome, SentRequest, SimHandle};
use futures_util::future::BoxFuture;
use hyper::Method;
use hyper::body::Bytes;
use hyper::header::HeaderMap;
use serde_json::Value;

use super::crash::{Crash, Place};
use super::time::Time;

/// One request of the daemon.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) life: usize,
    pub(crate) endpoint: Endpoint,
    /// The campaign or queue in its path.
    pub(crate) target: Option<String>,
    pub(crate) method: Method,
    pub(crate) query: String,
    pub(crate) decision: Option<String>,
    pub(crate) body: Bytes,
    /// When it left.
    pub(crate) sent: i64,
    /// When the platform did what it asks for, as far as it did.
    pub(crate) carried: Option<i64>,
    /// When the daemon had its answer, or knew that there is none.
    pub(crate) ended: Option<i64>,
    /// The status of a whole answer.
    pub(crate) status: Option<u16>,
    /// The body of a whole answer.
    pub(crate) answer: Bytes,
    pub(crate) fault: Option<&'static str>,
}

impl Request {
    pub(crate) fn writes(&self) -> bool {
        self.method != Method::GET && self.endpoint != Endpoint::Token
    }

    /// The status word that a whole and readable answer shows.
    pub(crate) fn shown(&self) -> Option<String> {
        if self.endpoint != Endpoint::CampaignGet || self.status != Some(200) {
            return None;
        }
        let body: Value = serde_json::from_slice(&self.answer).ok()?;
        Some(body.get("status")?.as_str()?.to_owned())
    }

    /// The status word that a command asks for.
    pub(crate) fn asks(&self) -> Option<String> {
        let body: Value = serde_json::from_slice(&self.body).ok()?;
        Some(body.get("status")?.as_str()?.to_owned())
    }
}

/// The way to the platform in one life.
pub(crate) struct Wire {
    pub(crate) life: usize,
    pub(crate) time: Arc<Time>,
    pub(crate) platform: SimHandle,
    pub(crate) crash: Arc<Crash>,
    pub(crate) requests: Arc<Mutex<Vec<Request>>>,
    pub(crate) secrets: Arc<Mutex<Vec<String>>>,
    pub(crate) chance: Mutex<fastrand::Rng>,
}

impl Wire {
    fn travel(&self) -> Duration {
        Duration::from_millis(self.chance.lock().unwrap().u64(5..60))
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, SendFault> {
        let HttpRequest {
            method,
            url,
            headers,
            body,
            timeout,
        } = request;
        let headers: HeaderMap = headers.into_iter().collect();
        let number = self.note(&method, &url, &headers, &body);
        self.crash.pass(Place::BeforeRequest).await;
        let there = self.travel();
        tokio::time::sleep(there).await;
        self.time.carry_platform();
        let query = url
            .query()
            .map_or(String::new(), |query| format!("?{query}"));
        let Exchange {
            after,
            outcome,
            fault,
        } = self.platform.exchange(SentRequest {
            method,
            uri: format!("{}{query}", url.path()),
            headers,
            body,
        });
        self.change(number, |request| {
            request.carried = Some(self.time.now());
            request.fault = fault;
        });
        self.crash.pass(Place::AfterRequest).await;
        let wait = after + self.travel();
        let patience = timeout.saturating_sub(there);
        let silent = outcome == Outcome::Silent;
        if silent || wait >= patience {
            tokio::time::sleep(patience).await;
            self.change(number, |request| request.ended = Some(self.time.now()));
            return Err(SendFault::Timeout);
        }
        tokio::time::sleep(wait).await;
        self.change(number, |request| request.ended = Some(self.time.now()));
        match outcome {
            Outcome::Answered {
                status,
                headers,
                body,
            } => {
                self.keep_token(number, &body);
                self.change(number, |request| {
                    request.status = Some(status.as_u16());
                    request.answer = body.clone();
                });
                Ok(HttpResponse {
                    status,
                    headers,
                    body,
                })
            }
            Outcome::Truncated { .. } => Err(SendFault::Broken("the body broke off".to_owned())),
            Outcome::Reset | Outcome::Silent => {
                Err(SendFault::Broken("connection reset".to_owned()))
            }
        }
    }

    fn note(
        &self,
        method: &Method,
        url: &reqwest::Url,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> usize {
        let (endpoint, target) = endpoint(method, url.path());
        let decision = headers.get("x-request-id");
        let mut requests = self.requests.lock().unwrap();
        requests.push(Request {
            life: self.life,
            endpoint,
            target,
            method: method.clone(),
            query: url.query().unwrap_or_default().to_owned(),
            decision: decision.map(|id| id.to_str().unwrap().to_owned()),
            body: body.clone(),
            sent: self.time.now(),
            carried: None,
            ended: None,
            status: None,
            answer: Bytes::new(),
            fault: None,
        });
        requests.len() - 1
    }

    fn change(&self, number: usize, change: impl FnOnce(&mut Request)) {
        change(&mut self.requests.lock().unwrap()[number]);
    }

    fn keep_token(&self, number: usize, body: &Bytes) {
        if self.requests.lock().unwrap()[number].endpoint != Endpoint::Token {
            return;
        }
        let token = serde_json::from_slice::<Value>(body)
            .ok()
            .and_then(|body| Some(body.get("access_token")?.as_str()?.to_owned()));
        self.secrets.lock().unwrap().extend(token);
    }
}

impl HttpSend for Wire {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, SendFault>> {
        Box::pin(self.exchange(request))
    }
}

/// What a request is for, as the published paths say; the simulator has its own reading of them.
fn endpoint(method: &Method, path: &str) -> (Endpoint, Option<String>) {
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let get = *method == Method::GET;
    let (endpoint, target) = match segments.as_slice() {
        ["oauth2" | "oauth", "token"] => (Endpoint::Token, None),
        ["api", "v2", "interactions", "agents"] => (Endpoint::Agents, None),
        ["api", "v2", "campaigns", id] if get => (Endpoint::CampaignGet, Some(*id)),
        ["api", "v2", "campaigns", id] => (Endpoint::CampaignPut, Some(*id)),
        ["api", "v2", "outbound", "campaigns", id, "agents"] if get => {
            (Endpoint::AssignmentsGet, Some(*id))
        }
        ["api", "v2", "outbound", "campaigns", id, "agents"] => {
            (Endpoint::AssignmentsPut, Some(*id))
        }
        ["api", "v2", "routing", "queues", id] if get => (Endpoint::QueueGet, Some(*id)),
        ["api", "v2", "routing", "queues", id] if *method == Method::PATCH => {
            (Endpoint::QueuePatch, Some(*id))
        }
        ["api", "v2", "routing", "queues", id] => (Endpoint::QueuePut, Some(*id)),
        ["api", "v2", "routing", "queues", id, "statistics"] => {
            (Endpoint::QueueStatistics, Some(*id))
        }
        ["api", "v2", "routing", "skills"] => (Endpoint::Skills, None),
        ["api", "v2", "routing", "users", id, "routing-profile"] => {
            (Endpoint::ProfilePut, Some(*id))
        }
        _ => panic!("the daemon asks for {method} {path}, which the contract does not have"),
    };
    (endpoint, target.map(str::to_owned))
}
