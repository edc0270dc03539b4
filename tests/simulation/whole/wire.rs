//! The way to the platform, without sockets: the daemon's requests, and what became of each.

use std::collections::{BTreeMap, BTreeSet};
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
use super::dialect::{Classified, Dialect, Left, Purpose, Told};
use super::dialling::Dialling;
use super::time::Time;

/// One request of the daemon.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) life: usize,
    pub(crate) endpoint: Endpoint,
    pub(crate) purpose: Purpose,
    /// The campaign or queue that it is for.
    pub(crate) target: Option<String>,
    pub(crate) query: String,
    pub(crate) decision: Option<String>,
    pub(crate) body: Bytes,
    /// The status that a command asks for.
    pub(crate) asks: Option<String>,
    /// When it left.
    pub(crate) sent: i64,
    /// When the platform did what it asks for, as far as it did.
    pub(crate) carried: Option<i64>,
    /// When the daemon had its answer, or knew that there is none.
    pub(crate) ended: Option<i64>,
    /// The status that a whole answer comes to.
    pub(crate) status: Option<u16>,
    /// The statuses that a whole and readable answer shows, by campaign.
    pub(crate) shown: BTreeMap<String, String>,
    /// The campaigns that such an answer says are not there.
    pub(crate) absent: BTreeSet<String>,
    pub(crate) fault: Option<&'static str>,
}

impl Request {
    pub(crate) fn writes(&self) -> bool {
        self.endpoint.writes()
    }

    /// The status of a campaign that a whole and readable answer shows.
    pub(crate) fn shows(&self, campaign: &str) -> Option<&str> {
        self.shown.get(campaign).map(String::as_str)
    }

    /// Whether a whole answer says that there is no such campaign.
    pub(crate) fn misses(&self, campaign: &str) -> bool {
        let asked = self.purpose == Purpose::Status && self.target.as_deref() == Some(campaign);
        self.absent.contains(campaign) || (asked && self.status == Some(404))
    }
}

/// The way to the platform in one life.
pub(crate) struct Wire {
    pub(crate) life: usize,
    pub(crate) dialect: Dialect,
    pub(crate) time: Arc<Time>,
    pub(crate) platform: SimHandle,
    pub(crate) crash: Arc<Crash>,
    pub(crate) requests: Arc<Mutex<Vec<Request>>>,
    pub(crate) secrets: Arc<Mutex<Vec<String>>>,
    /// Campaigns whose next command finds that a person was quicker.
    pub(crate) quicker: Arc<Mutex<BTreeSet<String>>>,
    /// What campaigns dial by.
    pub(crate) dialling: Arc<Dialling>,
    /// What people left of campaigns.
    pub(crate) left: Arc<Mutex<Vec<(i64, String, Left)>>>,
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
            writes: _,
        } = request;
        let headers: HeaderMap = headers.into_iter().collect();
        let number = self.note(&method, &url, &headers, &body);
        self.crash.pass(Place::BeforeRequest).await;
        let there = self.travel();
        tokio::time::sleep(there).await;
        self.time.carry_platform();
        self.dialling.look(&self.platform, self.time.now());
        self.forestall(number);
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
        self.dialling.look(&self.platform, self.time.now());
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
                    request.status = Some(self.dialect.meaning(status.as_u16(), &body));
                    if request.purpose == Purpose::Status && request.status == Some(200) {
                        let Told { statuses, absent } =
                            self.dialect.told(request.target.as_deref(), &body);
                        (request.shown, request.absent) = (statuses, absent);
                    }
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
        let Classified {
            endpoint,
            purpose,
            target,
            asks,
        } = self.dialect.classify(method, url.path(), body);
        let by_body = || self.dialect.asked_by_body(body);
        let asks = asks.map(str::to_owned).or_else(by_body);
        let decision = self.dialect.decision(headers, body);
        let mut requests = self.requests.lock().unwrap();
        requests.push(Request {
            life: self.life,
            endpoint,
            purpose,
            target,
            asks: asks.filter(|_| purpose == Purpose::Command),
            query: url.query().unwrap_or_default().to_owned(),
            decision,
            body: body.clone(),
            sent: self.time.now(),
            carried: None,
            ended: None,
            status: None,
            shown: BTreeMap::new(),
            absent: BTreeSet::new(),
            fault: None,
        });
        requests.len() - 1
    }

    /// Lets a person do what this command asks for, where one is to be quicker.
    fn forestall(&self, number: usize) {
        let requests = self.requests.lock().unwrap();
        let Request { target, asks, .. } = &requests[number];
        if let (Some(campaign), Some(status)) = (target, asks)
            && self.quicker.lock().unwrap().remove(campaign)
        {
            let now = self.time.now();
            let left =
                (self.dialect).person(&self.platform, &self.dialling, (campaign, status), now);
            self.dialling.look(&self.platform, now);
            let mut all = self.left.lock().unwrap();
            all.push((now, campaign.clone(), left));
        }
    }

    fn change(&self, number: usize, change: impl FnOnce(&mut Request)) {
        change(&mut self.requests.lock().unwrap()[number]);
    }

    fn keep_token(&self, number: usize, body: &Bytes) {
        if self.requests.lock().unwrap()[number].purpose != Purpose::Token {
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
