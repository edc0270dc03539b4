//! Limiter, token, transport and retries behind one call.

mod fetch_token;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::StatusCode;
use hyper::header::{
    ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, IF_MATCH,
    RETRY_AFTER,
};
use secrecy::SecretString;
use tracing::{Span, debug, warn};

use crate::control::ports::Clock;
use crate::domain::Timestamp;
use crate::platform::port::{FaultKind, Granted, Login, PlatformFault, UnreadableRows};
use crate::secrets::Mask;
use crate::telemetry::{Code, Endpoint, Metrics, RetryCause};

use super::answer::{code, date, excerpt, location, refusal_words, remaining, retry_after};
use super::call::{Call, CallFault, Condition, Sending};
use super::encoding::unpack;
use super::limiter::{LONGEST_HALT, Limiter, PermitRequest, RateWindow};
use super::platform_clock::{PlatformClock, PlatformTime};
use super::proof::Proof;
use super::push::PushConnection;
use super::retry::{RetryPolicy, Verdict, retry};
use super::send::{HttpRequest, HttpResponse, HttpSend};
use super::send_fault::{LARGEST_BODY, SendFault};
use super::token::TOKEN;

/// A 429 without `Retry-After` halts its endpoint for this long.
const DEFAULT_HALT: Duration = Duration::from_secs(2);

/// A platform that says 429 is given at least this long, whatever it says of itself.
const SHORTEST_HALT: Duration = Duration::from_millis(50);

/// Reads what an answer tells of the platform's own limit, where it tells that.
pub type RateReader = fn(&HttpResponse) -> Option<RateWindow>;

/// Says by a status what an answer means whose own status does not say it.
pub type Translate = Arc<dyn Fn(HttpResponse) -> HttpResponse + Send + Sync>;
/// Reads what a refusal means: the status that it would have, if its status alone said so.
pub type RefusalReader = fn(&HttpResponse) -> StatusCode;

/// Makes the calls to one platform.
pub struct Client {
    transport: Arc<dyn HttpSend>,
    limiter: Arc<Limiter>,
    rate_reader: Option<RateReader>,
    refusal_reader: Option<RefusalReader>,
    correlation: Option<&'static str>,
    /// Where bodies are forms, and answers have to be translated.
    forms: Option<Translate>,
    proof: Proof,
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
    /// Creates a client, whose limiter may be that of others as well. `request_timeout` bounds one attempt in real time; `seed` makes the jitter repeatable.
    #[must_use]
    pub fn new(
        transport: Arc<dyn HttpSend>,
        limiter: impl Into<Arc<Limiter>>,
        proof: impl Into<Proof>,
        clock: Arc<dyn Clock>,
        metrics: Arc<Metrics>,
        request_timeout: Duration,
        seed: u64,
    ) -> Self {
        let policy = RetryPolicy::default();
        let proof = proof.into();
        Self {
            transport,
            limiter: limiter.into(),
            rate_reader: None,
            refusal_reader: None,
            correlation: None,
            forms: None,
            mask: proof.mask(),
            proof,
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

    /// The same client, which takes a refusal for what this reads in it.
    #[must_use]
    pub fn reading_refusals(mut self, read: RefusalReader) -> Self {
        self.refusal_reader = Some(read);
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

    /// Makes a call that may be answered with a conflict, which `parse` sees as well.
    ///
    /// # Errors
    /// The last fault, as the module's contract says.
    pub async fn call_reading_conflicts<T>(
        &self,
        call: &Call,
        parse: impl Fn(&HttpResponse) -> Result<T, String>,
    ) -> Result<T, CallFault> {
        self.call_under(call, Condition::ConflictsRead, parse).await
    }

    /// Returns the text of the token in use, for what it says of itself.
    ///
    /// # Errors
    /// When no token can be had.
    pub async fn token_text(&self, deadline: Timestamp) -> Result<SecretString, PlatformFault> {
        let Proof::Token(tokens) = &self.proof else {
            return Ok(SecretString::from(String::new()));
        };
        let token = self.token(tokens, None, deadline).await?;
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
        let (accepted, sent) = match &self.forms {
            Some(_) => ("*/*", "application/x-www-form-urlencoded"),
            None => ("application/json", "application/json"),
        };
        let mut headers = vec![(ACCEPT, HeaderValue::from_static(accepted))];
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
        let mut request = HttpRequest {
            method: call.method.clone(),
            url: call.url.clone(),
            headers,
            body: call.body.clone().unwrap_or_default(),
            timeout: self.request_timeout,
            writes: matches!(call.sending, Sending::Once { .. }),
        };
        let serial = self
            .prove(
                &mut request,
                (last_refused != 0).then_some(last_refused),
                call.deadline,
            )
            .await
            .map_err(Verdict::Final)?;
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
        let meaning = self.meaning(&response);
        let conflict = condition == Condition::ConflictsRead && meaning == StatusCode::CONFLICT;
        if response.status.is_success() || unchanged || conflict {
            return parse(&response).map_err(|why| {
                maybe_applied.store(true, Ordering::Relaxed);
                again(FaultKind::Decode, format!("{}: {why}", place(call)), None)
            });
        }
        if meaning == StatusCode::UNAUTHORIZED {
            match &self.proof {
                Proof::Token(tokens) => tokens.refuse(serial).await,
                Proof::Signature(signer) => signer.refused(serial, &response),
            }
        }
        Err(self.refusal(call, (serial, meaning), &response, record))
    }

    /// Puts on a request what shows that it is ours; returns the serial of what it is.
    async fn prove(
        &self,
        request: &mut HttpRequest,
        refused: Option<u64>,
        deadline: Timestamp,
    ) -> Result<u64, PlatformFault> {
        match &self.proof {
            Proof::Token(tokens) => {
                let token = self.token(tokens, refused, deadline).await?;
                if token.is_sent() {
                    request.headers.push((AUTHORIZATION, token.header.clone()));
                }
                Ok(token.serial())
            }
            Proof::Signature(signer) => {
                let proven = signer.sign(request, refused, deadline).await?;
                request.headers.extend(proven.headers);
                Ok(proven.serial)
            }
        }
    }

    /// The status that tells what an answer means.
    fn meaning(&self, response: &HttpResponse) -> StatusCode {
        if response.status.is_success() {
            return response.status;
        }
        let read = self.refusal_reader.map(|read| read(response));
        read.unwrap_or(response.status)
    }

    fn refusal(
        &self,
        call: &Call,
        (serial, meaning): (u64, StatusCode),
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
        // Where requests carry the credentials themselves, nothing would be fresh about a second attempt, and platforms count wrong
        // log-ins.
        let in_request = serial == 0;
        match meaning {
            StatusCode::UNAUTHORIZED if in_request => last(FaultKind::Unauthorized, said),
            StatusCode::FORBIDDEN if in_request => last(
                FaultKind::Forbidden,
                format!("{said}; the user likely lacks {}", call.scope),
            ),
            StatusCode::UNAUTHORIZED if refused.swap(serial, Ordering::Relaxed) == 0 => {
                again(FaultKind::Unauthorized, said, Some(Duration::ZERO))
            }
            StatusCode::UNAUTHORIZED => {
                let advice = match &self.proof {
                    Proof::Token(_) => {
                        "a fresh token did not help: check the OAuth client".to_owned()
                    }
                    Proof::Signature(signer) => signer.advice(response),
                };
                last(FaultKind::Unauthorized, format!("{said}; {advice}"))
            }
            StatusCode::FORBIDDEN => {
                let lacks = match &self.proof {
                    Proof::Token(_) => "the OAuth client likely lacks the right",
                    Proof::Signature(_) => "the role likely lacks the right",
                };
                let detail = format!("{said}; {lacks} {}", call.scope);
                last(FaultKind::Forbidden, detail)
            }
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
                    .attempt(endpoint, code(self.meaning(&response)), took);
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
            let Proof::Token(tokens) = &self.proof else {
                let source = "signatures".to_owned();
                return Ok(Granted {
                    source,
                    rights: None,
                });
            };
            let token = self.token(tokens, None, deadline).await?;
            // A platform may repeat a secret of ours in what it grants as well.
            let words = |scopes: String| {
                let clean = self.mask.apply(&scopes);
                clean.split_whitespace().map(str::to_owned).collect()
            };
            Ok(Granted {
                source: tokens.url().to_string(),
                rights: token.granted.map(words),
            })
        })
    }
}
