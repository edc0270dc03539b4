//! Limiter, token, transport and retries behind one call.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::header::{
    ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, IF_MATCH,
    RETRY_AFTER,
};
use hyper::{Method, StatusCode};
use secrecy::SecretString;
use tracing::{Instrument, Span, debug, warn};

use crate::control::ports::Clock;
use crate::domain::Timestamp;
use crate::platform::port::{FaultKind, Granted, Login, PlatformFault, UnreadableRows};
use crate::secrets::Mask;
use crate::telemetry::{Code, Endpoint, Metrics, RetryCause, Step};

use super::answer::{code, date, excerpt, location, refusal_words, remaining, retry_after};
use super::encoding::unpack;
use super::limiter::{LONGEST_HALT, Limiter, PermitRequest, RateShare, RateWindow};
use super::platform_clock::{PlatformClock, PlatformTime};
use super::push::PushConnection;
use super::retry::{RetryPolicy, Verdict, retry};
use super::send::{HttpRequest, HttpResponse, HttpSend, LARGEST_BODY, SendFault};
use super::token::{TOKEN, Token, TokenParts, TokenSource};
use super::traced::request_span;

/// A 429 without `Retry-After` halts its endpoint for this long.
const DEFAULT_HALT: Duration = Duration::from_secs(2);

/// A platform that says 429 is given at least this long, whatever it says of itself.
const SHORTEST_HALT: Duration = Duration::from_millis(50);

/// One request to the platform.
#[derive(Clone)]
pub struct Call {
    /// What it is for, as metrics have it.
    pub endpoint: Endpoint,
    /// The share of the rate that it uses.
    pub share: RateShare,
    /// The HTTP method.
    pub method: Method,
    /// The address.
    pub url: reqwest::Url,
    /// A JSON body.
    pub body: Option<Bytes>,
    /// Sent as `x-request-id`.
    pub request_id: Option<String>,
    /// Sent as `x-client-id`, which some operations ask for.
    pub client_id: Option<String>,
    /// No attempt starts after this.
    pub deadline: Timestamp,
    /// The scope that a 403 is likely to lack.
    pub scope: &'static str,
    /// Whether it may be sent again.
    pub sending: Sending,
}

/// Whether a request may be sent again after an attempt that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sending {
    /// A reading: as the module's contract says.
    Repeatable,
    /// A write: once, whatever comes back. Its sender reads before it sends again.
    Once {
        /// It rests on a reading that is too old after this.
        leave_by: Option<Timestamp>,
    },
}

impl Sending {
    fn leave_by(self) -> Option<Timestamp> {
        match self {
            Self::Repeatable => None,
            Self::Once { leave_by } => leave_by,
        }
    }
}

/// The condition under which a request has an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    /// There is no condition.
    None,
    /// A version has to be in force.
    Version(i64),
    /// Something has changed, as its own parameters ask.
    Changed,
}

/// A call that failed for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallFault {
    /// The last fault.
    pub fault: PlatformFault,
    /// Whether any attempt may have had its effect.
    pub maybe_applied: bool,
    /// Whether the platform answered any attempt; a fault on the way to a token is not an answer.
    pub answered: bool,
    /// When it may be asked again, where the platform or the rate limit says so.
    pub wait: Option<Duration>,
}

/// Reads what an answer tells of the platform's own limit, where it tells that.
pub type RateReader = fn(&HttpResponse) -> Option<RateWindow>;

/// Says by a status what an answer means whose own status does not say it.
pub type Translate = Arc<dyn Fn(HttpResponse) -> HttpResponse + Send + Sync>;

/// Makes the calls to one platform.
pub struct Client {
    transport: Arc<dyn HttpSend>,
    limiter: Limiter,
    rate_reader: Option<RateReader>,
    correlation: Option<&'static str>,
    /// Where bodies are forms, and answers have to be translated.
    forms: Option<Translate>,
    tokens: TokenSource,
    mask: Arc<Mask>,
    clock: Arc<dyn Clock>,
    platform_clock: PlatformClock,
    metrics: Arc<Metrics>,
    policy: RetryPolicy,
    request_timeout: Duration,
    seed: AtomicU64,
    /// Listings whose last reading had rows that could not be read.
    incomplete: Mutex<BTreeSet<Endpoint>>,
}

impl Client {
    /// Creates a client. `request_timeout` bounds one attempt in real time; `seed` makes the jitter repeatable.
    #[must_use]
    pub fn new(
        transport: Arc<dyn HttpSend>,
        limiter: Limiter,
        tokens: TokenSource,
        clock: Arc<dyn Clock>,
        metrics: Arc<Metrics>,
        request_timeout: Duration,
        seed: u64,
    ) -> Self {
        let policy = RetryPolicy::default();
        Self {
            transport,
            limiter,
            rate_reader: None,
            correlation: None,
            forms: None,
            mask: tokens.mask(),
            tokens,
            clock,
            platform_clock: PlatformClock::default(),
            metrics,
            policy,
            request_timeout,
            seed: AtomicU64::new(seed),
            incomplete: Mutex::default(),
        }
    }

    /// A connection over which the platform reports changes stands, or does not any more.
    pub fn push_connected(&self, connected: bool) {
        self.metrics.api.push_connected(connected);
    }

    /// The platform reported a change by itself.
    pub fn push_came(&self) {
        self.metrics.api.push_came();
    }

    /// Opens a connection over which the platform reports changes by itself. No rate limit counts it.
    ///
    /// # Errors
    /// Why it could not be opened.
    pub async fn open_push(&self, url: reqwest::Url) -> Result<Box<dyn PushConnection>, SendFault> {
        self.transport.open_push(url, self.request_timeout).await
    }

    /// The same client, which makes so many attempts in all.
    #[must_use]
    pub fn trying(mut self, attempts: u32) -> Self {
        self.policy.attempts = attempts;
        self
    }

    /// The same client, which repeats this header of a refusal to people: the vendor asks for it.
    #[must_use]
    pub fn correlating(mut self, header: &'static str) -> Self {
        self.correlation = Some(header);
        self
    }

    /// The same client, whose bodies are forms, and whose answers are translated before anybody reads or counts them.
    #[must_use]
    pub fn speaking_forms(mut self, translate: Translate) -> Self {
        self.forms = Some(translate);
        self
    }

    /// The same client, which keeps to the limit that this reads from answers.
    #[must_use]
    pub fn learning_rate(mut self, read: RateReader) -> Self {
        self.rate_reader = Some(read);
        self
    }

    /// Returns the platform's time when our clock shows `now`, where its answers tell it.
    #[must_use]
    pub fn platform_time(&self, now: Timestamp) -> Option<PlatformTime> {
        self.platform_clock.read(now)
    }

    /// Makes the call until it succeeds or fails for good; `parse` reads the answer, and one that it cannot read is
    /// asked for again.
    ///
    /// # Errors
    /// The last fault, as the module's contract says.
    pub async fn call<T>(
        &self,
        call: &Call,
        parse: impl Fn(&HttpResponse) -> Result<T, String>,
    ) -> Result<T, CallFault> {
        self.call_if(call, None, parse).await
    }

    /// Makes a call whose answer may be that nothing changed: 304 is an answer too, which `parse` sees.
    ///
    /// # Errors
    /// The last fault, as the module's contract says.
    pub async fn call_conditional<T>(
        &self,
        call: &Call,
        parse: impl Fn(&HttpResponse) -> Result<T, String>,
    ) -> Result<T, CallFault> {
        self.call_under(call, Condition::Changed, parse).await
    }

    /// Returns the text of the token in use, for what it says of itself.
    ///
    /// # Errors
    /// When no token can be had.
    pub async fn token_text(&self, deadline: Timestamp) -> Result<SecretString, PlatformFault> {
        let token = self.token(None, deadline).await?;
        let text = token.text().unwrap_or_default().to_owned();
        Ok(SecretString::from(text))
    }

    /// Makes the call under a condition: `if_match` is sent as `If-Match`, and a version that is no longer in force is a
    /// [`FaultKind::Conflict`].
    ///
    /// # Errors
    /// The last fault, as the module's contract says.
    pub async fn call_if<T>(
        &self,
        call: &Call,
        if_match: Option<i64>,
        parse: impl Fn(&HttpResponse) -> Result<T, String>,
    ) -> Result<T, CallFault> {
        let condition = if_match.map_or(Condition::None, Condition::Version);
        self.call_under(call, condition, parse).await
    }

    /// Counts the rows of a listing that could not be read, and tells of the first ones.
    pub fn note_unreadable(&self, listing: Endpoint, unreadable: &UnreadableRows) {
        let mut incomplete = self
            .incomplete
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if unreadable.rows == 0 {
            incomplete.remove(&listing);
            return;
        }
        self.metrics.api.unreadable_rows(listing, unreadable.rows);
        if incomplete.insert(listing) {
            warn!(
                listing = listing.label(),
                rows = unreadable.rows,
                why = unreadable.why.as_deref().map(|why| self.mask.apply(why)),
                "some rows cannot be read and are left out"
            );
        }
    }

    async fn call_under<T>(
        &self,
        call: &Call,
        condition: Condition,
        parse: impl Fn(&HttpResponse) -> Result<T, String>,
    ) -> Result<T, CallFault> {
        let maybe_applied = AtomicBool::new(false);
        // The serial of a token that was refused, and whether one was: 0 means that none was.
        let refused = AtomicU64::new(0);
        let answered = AtomicBool::new(false);
        let wait = AtomicU64::new(0);
        let record = AttemptRecord {
            refused: &refused,
            maybe_applied: &maybe_applied,
            answered: &answered,
            wait_ms: &wait,
        };
        let attempt = || self.attempt(call, condition, &parse, record);
        let on_retry = |fault: &PlatformFault| self.report_retry(call.endpoint, fault);
        let seed = self
            .seed
            .fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        let policy = match call.sending {
            Sending::Repeatable => self.policy,
            Sending::Once { .. } => RetryPolicy {
                attempts: 1,
                ..self.policy
            },
        };
        let answer = retry(policy, call.deadline, &self.clock, seed, on_retry, attempt).await;
        let wait_ms = wait.into_inner();
        answer.map_err(|fault| {
            let fault = self.masked(fault);
            Span::current().record("fault", fault.detail.as_str());
            CallFault {
                fault,
                maybe_applied: maybe_applied.load(Ordering::Relaxed),
                answered: answered.load(Ordering::Relaxed),
                wait: (wait_ms > 0).then(|| Duration::from_millis(wait_ms)),
            }
        })
    }

    async fn attempt<T>(
        &self,
        call: &Call,
        condition: Condition,
        parse: &impl Fn(&HttpResponse) -> Result<T, String>,
        record: AttemptRecord<'_>,
    ) -> Result<T, Verdict<PlatformFault>> {
        let AttemptRecord {
            refused,
            maybe_applied,
            answered,
            wait_ms,
        } = record;
        let last_refused = refused.load(Ordering::Relaxed);
        let token = self
            .token((last_refused != 0).then_some(last_refused), call.deadline)
            .await
            .map_err(Verdict::Final)?;
        let (accepted, sent) = match &self.forms {
            Some(_) => ("*/*", "application/x-www-form-urlencoded"),
            None => ("application/json", "application/json"),
        };
        let mut headers = vec![(ACCEPT, HeaderValue::from_static(accepted))];
        if token.is_sent() {
            headers.push((AUTHORIZATION, token.header.clone()));
        }
        if call.body.is_some() {
            headers.push((CONTENT_TYPE, HeaderValue::from_static(sent)));
        }
        if let Some(id) = call
            .client_id
            .as_ref()
            .and_then(|id| HeaderValue::try_from(id).ok())
        {
            headers.push((HeaderName::from_static("x-client-id"), id));
        }
        if let Some(id) = call
            .request_id
            .as_ref()
            .and_then(|id| HeaderValue::try_from(id).ok())
        {
            headers.push((HeaderName::from_static("x-request-id"), id));
        }
        if let Condition::Version(version) = condition {
            headers.push((IF_MATCH, HeaderValue::from(version)));
        }
        let request = HttpRequest {
            method: call.method.clone(),
            url: call.url.clone(),
            headers,
            body: call.body.clone().unwrap_or_default(),
            timeout: self.request_timeout,
        };
        let leave_by = call.sending.leave_by();
        let permit = PermitRequest {
            endpoint: call.endpoint,
            share: call.share,
            deadline: leave_by.map_or(call.deadline, |by| by.min(call.deadline)),
            prepaid: leave_by.is_some(),
        };
        let mut response = match self.exchange(permit, request).await {
            Ok(response) => response,
            Err(stopped) => {
                if stopped.may_have_arrived {
                    maybe_applied.store(true, Ordering::Relaxed);
                }
                wait_ms.store(stopped.wait_ms, Ordering::Relaxed);
                return Err(stopped.verdict);
            }
        };
        answered.store(true, Ordering::Relaxed);
        let packed = unpack(&mut response, LARGEST_BODY);
        // A name, a word or an id that repeats a secret of ours would carry it on.
        if let Some(masked) = self.mask.apply_to_body(&response.body) {
            response.body = Bytes::from(masked);
        }
        if response.status == StatusCode::PARTIAL_CONTENT {
            // No part was asked for, and what is missing must not count as zero.
            maybe_applied.store(true, Ordering::Relaxed);
            let detail = format!("{} answered with a part of what there is", place(call));
            return Err(again(FaultKind::Decode, detail, None));
        }
        if response.status.is_success()
            && let Err(encoded) = packed
        {
            maybe_applied.store(true, Ordering::Relaxed);
            let detail = format!("{} answered in {encoded}", place(call));
            return Err(again(FaultKind::Decode, detail, None));
        }
        let unchanged =
            condition == Condition::Changed && response.status == StatusCode::NOT_MODIFIED;
        if response.status.is_success() || unchanged {
            return parse(&response).map_err(|why| {
                maybe_applied.store(true, Ordering::Relaxed);
                again(FaultKind::Decode, format!("{}: {why}", place(call)), None)
            });
        }
        if response.status == StatusCode::UNAUTHORIZED {
            self.tokens.refuse(token.serial()).await;
        }
        Err(self.refusal(call, &token, &response, record))
    }

    fn refusal(
        &self,
        call: &Call,
        token: &Token,
        response: &HttpResponse,
        record: AttemptRecord<'_>,
    ) -> Verdict<PlatformFault> {
        let AttemptRecord {
            refused,
            maybe_applied,
            wait_ms,
            ..
        } = record;
        let said = format!(
            "{} answered {}{}",
            place(call),
            response.status,
            self.said(response)
        );
        let last = |kind, detail| Verdict::Final(PlatformFault { kind, detail });
        match response.status {
            // Nothing would be fresh about a second attempt, and platforms count wrong log-ins.
            StatusCode::UNAUTHORIZED if !token.is_sent() => last(FaultKind::Unauthorized, said),
            StatusCode::FORBIDDEN if !token.is_sent() => last(
                FaultKind::Forbidden,
                format!("{said}; the user likely lacks {}", call.scope),
            ),
            StatusCode::UNAUTHORIZED if refused.swap(token.serial(), Ordering::Relaxed) == 0 => {
                again(FaultKind::Unauthorized, said, Some(Duration::ZERO))
            }
            StatusCode::UNAUTHORIZED => last(
                FaultKind::Unauthorized,
                format!("{said}; a fresh token did not help: check the OAuth client"),
            ),
            StatusCode::FORBIDDEN => last(
                FaultKind::Forbidden,
                format!(
                    "{said}; the OAuth client likely lacks the scope {}",
                    call.scope
                ),
            ),
            StatusCode::NOT_FOUND => last(FaultKind::NotFound, said),
            StatusCode::METHOD_NOT_ALLOWED => last(FaultKind::NotAllowed, said),
            StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED => {
                last(FaultKind::Conflict, said)
            }
            StatusCode::TOO_MANY_REQUESTS => {
                let (halt, after) = self.too_many(call.endpoint, response);
                wait_ms.store(millis(halt), Ordering::Relaxed);
                again(FaultKind::RateLimited, said, after)
            }
            status if status.is_server_error() => {
                maybe_applied.store(true, Ordering::Relaxed);
                let after = self.unavailable(call.endpoint, response);
                wait_ms.store(after.map_or(0, millis), Ordering::Relaxed);
                again(FaultKind::Server, said, after)
            }
            status if status.is_redirection() => {
                let leads = self.leads(&call.url, response);
                last(FaultKind::Refused, format!("{said}; {leads}"))
            }
            _ => last(FaultKind::Refused, said),
        }
    }

    /// Returns the platform's own words, without our secrets.
    fn said(&self, response: &HttpResponse) -> String {
        let said = refusal_words(&response.body).map(|said| self.mask.apply(&said));
        let said = said.map_or_else(String::new, |said| excerpt(&said));
        let correlation = self.correlation.and_then(|header| {
            let id = response.headers.get(header)?.to_str().ok()?;
            Some(excerpt(&self.mask.apply(&format!("{header} {id}"))))
        });
        said + &correlation.unwrap_or_default()
    }

    /// Describes where a redirect leads, without our secrets.
    fn leads(&self, from: &reqwest::Url, response: &HttpResponse) -> String {
        match location(from, response) {
            Some(place) => format!(
                "it leads to {}, and redirects are not followed: give the right address",
                self.mask.apply(&place)
            ),
            None => "redirects are not followed".to_owned(),
        }
    }

    async fn token(
        &self,
        refused: Option<u64>,
        deadline: Timestamp,
    ) -> Result<Token, PlatformFault> {
        let expires = |token: &Token| {
            self.metrics
                .api
                .token_expires(token.expires_at.as_unix_seconds());
        };
        self.tokens
            .get(refused, || self.fetch_token(deadline))
            .await
            .inspect(expires)
    }

    async fn fetch_token(&self, deadline: Timestamp) -> Result<TokenParts, PlatformFault> {
        let seed = self.seed.fetch_add(1, Ordering::Relaxed);
        let on_retry = |fault: &PlatformFault| self.report_retry(TOKEN, fault);
        retry(
            self.policy,
            deadline,
            &self.clock,
            seed,
            on_retry,
            || async move {
                let (headers, body) = self.tokens.request();
                let url = self.tokens.url().clone();
                let request = HttpRequest {
                    method: Method::POST,
                    url,
                    headers,
                    body,
                    timeout: self.request_timeout,
                };
                let permit = PermitRequest {
                    endpoint: TOKEN,
                    share: RateShare::Commands,
                    deadline,
                    prepaid: false,
                };
                let mut response = self
                    .exchange(permit, request)
                    .await
                    .map_err(|stopped| stopped.verdict)?;
                let packed = unpack(&mut response, LARGEST_BODY);
                let said = format!(
                    "the token endpoint answered {}{}",
                    response.status,
                    self.said(&response)
                );
                match response.status {
                    status if status.is_success() => packed
                        .map_err(|encoded| format!("the token endpoint answered in {encoded}"))
                        .and_then(|()| self.tokens.read(&response.body))
                        .map_err(|why| again(FaultKind::Decode, why, None)),
                    StatusCode::TOO_MANY_REQUESTS => {
                        let (_, after) = self.too_many(TOKEN, &response);
                        Err(again(FaultKind::RateLimited, said, after))
                    }
                    status if status.is_server_error() => {
                        let after = self.unavailable(TOKEN, &response);
                        Err(again(FaultKind::Server, said, after))
                    }
                    status if status.is_redirection() => {
                        let leads = self.leads(self.tokens.url(), &response);
                        let detail = format!("{said}; {leads}");
                        Err(Verdict::Final(PlatformFault {
                            kind: FaultKind::Refused,
                            detail,
                        }))
                    }
                    StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                        let detail = format!("{said}; {}", self.tokens.advice());
                        Err(Verdict::Final(PlatformFault {
                            kind: FaultKind::Unauthorized,
                            detail,
                        }))
                    }
                    StatusCode::NOT_FOUND => {
                        let detail = format!("{said}; check --token-url");
                        Err(Verdict::Final(PlatformFault {
                            kind: FaultKind::NotFound,
                            detail,
                        }))
                    }
                    _ => Err(Verdict::Final(PlatformFault {
                        kind: FaultKind::Refused,
                        detail: said,
                    })),
                }
            },
        )
        .instrument(request_span(TOKEN))
        .await
        .inspect(|_| {
            self.metrics
                .cycle
                .succeeded(Step::Token, self.clock.now().as_unix_seconds());
        })
        .map_err(|fault| self.masked(fault))
    }

    /// A fault without our secrets, whoever repeated them: the platform, a proxy on the way, or what was read of either.
    fn masked(&self, PlatformFault { kind, detail }: PlatformFault) -> PlatformFault {
        let detail = self.mask.apply(&detail);
        PlatformFault { kind, detail }
    }

    /// Makes one attempt on the wire, with its permit and its metric.
    async fn exchange(
        &self,
        permit: PermitRequest,
        request: HttpRequest,
    ) -> Result<HttpResponse, Stopped> {
        let endpoint = permit.endpoint;
        if let Err(late) = self.limiter.acquire(permit).await {
            let (kind, detail) = if late.wait.is_zero() {
                (
                    FaultKind::Timeout,
                    "no time is left for another attempt".to_owned(),
                )
            } else {
                let wait = late.wait.as_secs_f32().ceil();
                (
                    FaultKind::RateLimited,
                    format!("the rate limit has no permit for {wait} s, which is too late"),
                )
            };
            let verdict = Verdict::Final(PlatformFault { kind, detail });
            return Err(Stopped {
                verdict,
                may_have_arrived: false,
                wait_ms: u64::try_from(late.wait.as_millis()).unwrap_or(u64::MAX),
            });
        }
        let host = request.url.host_str().unwrap_or_default().to_owned();
        let (sent, started) = (self.clock.now(), self.clock.monotonic());
        let answer = self.transport.send(request).await;
        let answer = answer.map(|response| self.translated(response));
        let took = self.clock.monotonic().saturating_sub(started).as_secs_f64();
        let fault = match answer {
            Ok(response) => {
                self.metrics
                    .api
                    .attempt(endpoint, code(response.status), took);
                if let Some(left) = remaining(&response) {
                    self.metrics.api.remaining(left);
                }
                // Tokens come from elsewhere and are counted for themselves.
                if endpoint != TOKEN
                    && let Some(window) = self.rate_reader.and_then(|read| read(&response))
                {
                    self.limiter.learn(window);
                    let left = window.allowed.saturating_sub(window.used);
                    self.metrics.api.remaining(left.into());
                }
                // Tokens may come from another machine, with another clock.
                if endpoint != TOKEN
                    && let Some(date) = date(&response)
                {
                    self.platform_clock.observe(date, sent, self.clock.now());
                }
                return Ok(response);
            }
            Err(fault) => fault,
        };
        let detail = format!("{host}: {fault}");
        let (code, kind) = match fault {
            SendFault::Connect(_) | SendFault::Broken(_) => (Code::Connect, FaultKind::Connect),
            SendFault::Timeout => (Code::Timeout, FaultKind::Timeout),
            SendFault::TooLarge(_) => (Code::Decode, FaultKind::Decode),
        };
        self.metrics.api.attempt(endpoint, code, took);
        let may_have_arrived = !matches!(fault, SendFault::Connect(_));
        Err(Stopped {
            verdict: again(kind, detail, None),
            may_have_arrived,
            wait_ms: 0,
        })
    }

    /// The answer with a status that says what it means, where the platform's own does not.
    fn translated(&self, mut response: HttpResponse) -> HttpResponse {
        let Some(translate) = &self.forms else {
            return response;
        };
        // One in an encoding that is not known is told as such later.
        match unpack(&mut response, LARGEST_BODY) {
            Ok(()) => {
                response.headers.remove(CONTENT_ENCODING);
                translate(response)
            }
            Err(_) => response,
        }
    }

    fn report_retry(&self, endpoint: Endpoint, fault: &PlatformFault) {
        let cause = match fault.kind {
            FaultKind::Connect => RetryCause::Connect,
            FaultKind::Timeout => RetryCause::Timeout,
            FaultKind::Unauthorized => RetryCause::Unauthorized,
            FaultKind::RateLimited => RetryCause::TooMany,
            FaultKind::Server => RetryCause::Server,
            FaultKind::Decode => RetryCause::Decode,
            // These are final, so no attempt follows them.
            FaultKind::Forbidden
            | FaultKind::NotFound
            | FaultKind::NotAllowed
            | FaultKind::Conflict
            | FaultKind::Refused => return,
        };
        self.metrics.api.retry(endpoint, cause);
        debug!(
            endpoint = endpoint.label(),
            why = self.mask.apply(&fault.detail),
            "asked again"
        );
    }

    /// Returns how long the platform asks to wait; zero where that is over already.
    fn wish(&self, response: &HttpResponse) -> Option<Duration> {
        let wish = response.headers.get(RETRY_AFTER)?.to_str().ok()?;
        Some(retry_after(wish, self.clock.now())?.min(LONGEST_HALT))
    }

    /// Reacts to a 429. Returns how long its endpoint rests, and the wait before the next attempt if that is not left to
    /// the jitter, as it is where the platform asks for none.
    fn too_many(
        &self,
        endpoint: Endpoint,
        response: &HttpResponse,
    ) -> (Duration, Option<Duration>) {
        let wish = self.wish(response).unwrap_or(DEFAULT_HALT);
        let halt = wish.max(SHORTEST_HALT);
        self.limiter.too_many(endpoint, halt);
        (halt, (!wish.is_zero()).then_some(halt))
    }

    /// Reacts to a 5xx: the endpoint rests for as long as the platform asks, if it does.
    fn unavailable(&self, endpoint: Endpoint, response: &HttpResponse) -> Option<Duration> {
        let wish = self.wish(response).filter(|wish| !wish.is_zero())?;
        self.limiter.halt(endpoint, wish);
        Some(wish)
    }
}

/// What one attempt of a call leaves for the next.
#[derive(Clone, Copy)]
struct AttemptRecord<'a> {
    refused: &'a AtomicU64,
    maybe_applied: &'a AtomicBool,
    answered: &'a AtomicBool,
    wait_ms: &'a AtomicU64,
}

struct Stopped {
    verdict: Verdict<PlatformFault>,
    may_have_arrived: bool,
    /// When a permit will be free, in milliseconds; 0 when that is not what stopped it.
    wait_ms: u64,
}

fn again(kind: FaultKind, detail: String, after: Option<Duration>) -> Verdict<PlatformFault> {
    Verdict::Again {
        fault: PlatformFault { kind, detail },
        after,
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn place(call: &Call) -> String {
    format!("{} {}", call.method, call.url.path())
}

impl Login for Client {
    fn granted(&self, deadline: Timestamp) -> BoxFuture<'_, Result<Granted, PlatformFault>> {
        Box::pin(async move {
            let token = self.token(None, deadline).await?;
            // A platform may repeat a secret of ours in what it grants as well.
            let words = |scopes: String| {
                let clean = self.mask.apply(&scopes);
                clean.split_whitespace().map(str::to_owned).collect()
            };
            Ok(Granted {
                source: self.tokens.url().to_string(),
                rights: token.granted.map(words),
            })
        })
    }
}
