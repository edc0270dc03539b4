//! The access token: cached, fetched once however many ask, fresh before it expires.
//!
//! *Secrets are read again* before each log-in, so that one that was rotated in its file is used from the next on. *A log-in that is
//! refused* is not made again by everybody who wants a token: they get the same refusal until a back-off is over or the secret has
//! changed.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;
use tracing::info;

use crate::control::ports::Clock;
use crate::domain::Timestamp;
use crate::platform::port::{FaultKind, PlatformFault};
use crate::secrets::{Mask, Reread, Secret};
use crate::telemetry::Endpoint;

/// Where tokens come from, as metrics and traces have it: every dialect has it among its endpoints.
pub const TOKEN: Endpoint = Endpoint::log_in("token");

/// A token is renewed this long before it expires, or after half its life when that comes first.
const EARLY: Duration = Duration::from_secs(60);

/// After a renewal that failed while the token is still good.
const RENEW_AGAIN: Duration = Duration::from_secs(5);

/// The wait after the first log-in that was refused; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_secs(2);

/// The longest wait between two log-ins that are refused: a secret that was put right is in use within a minute.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// How often files of secrets are looked at during such a wait.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// The life of a token whose answer does not name it.
const ASSUMED_LIFE: Duration = Duration::from_secs(3600);

/// What to look at when a log-in is refused.
const ADVICE: &str = "check client id, secret and --auth";

/// How the credentials go to the token endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuthStyle {
    /// In a form, as `client_id` and `client_secret`.
    #[default]
    Form,
    /// By HTTP Basic, each part form-encoded first (RFC 6749, 2.3.1), beside a form.
    Basic,
    /// In a JSON object.
    Json,
}

/// Who we are to the platform.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The client id.
    pub client_id: String,
    /// The secret; never printed.
    pub client_secret: Secret,
    /// How they are sent.
    pub style: AuthStyle,
    /// The scopes asked for; none when empty.
    pub scopes: Vec<String>,
}

/// How a token is asked for, where it is not by OAuth client credentials.
pub trait Grant: Send + Sync + 'static {
    /// Returns headers and body of the request.
    fn request(&self) -> (Vec<(HeaderName, HeaderValue)>, Bytes);

    /// Reads the answer.
    ///
    /// # Errors
    /// What is missing in it; repeats nothing of it.
    fn read(&self, body: &[u8]) -> Result<GrantedToken, String>;

    /// Returns how long before its end a token is renewed that lives so long.
    fn early(&self, life: Duration) -> Duration;

    /// Returns what to look at when a log-in is refused.
    fn advice(&self) -> &'static str {
        ADVICE
    }

    /// Returns each id with its secret, so that what a platform repeats of them can be masked.
    fn secrets(&self) -> Vec<(&str, &Secret)>;
}

/// A token that was given.
#[derive(Clone, Debug)]
pub struct GrantedToken {
    /// The token; never printed.
    pub token: SecretString,
    /// How long it is good.
    pub life: Duration,
}

/// How this source asks.
enum Way {
    Credentials(Credentials),
    Grant(Box<dyn Grant>),
    /// There are no tokens: each request carries this id and secret by itself.
    InRequests(String, Secret),
}

/// A token in use.
#[derive(Clone)]
pub(super) struct Token {
    /// `Bearer ...`, marked sensitive.
    pub(super) header: HeaderValue,
    /// The scopes granted, where the platform names them.
    pub(super) granted: Option<String>,
    pub(super) expires_at: Timestamp,
    renew_at: Timestamp,
    serial: u64,
}

impl Token {
    /// What stands for a token where requests carry the credentials themselves.
    fn in_requests(now: Timestamp) -> Self {
        Self {
            header: HeaderValue::from_static(""),
            granted: None,
            expires_at: now,
            renew_at: now,
            serial: 0,
        }
    }

    /// Whether there is one, to be sent in a header.
    pub(super) fn is_sent(&self) -> bool {
        !self.header.is_empty()
    }

    /// Tells one token from the next.
    pub(super) fn serial(&self) -> u64 {
        self.serial
    }

    /// The token itself.
    pub(super) fn text(&self) -> Option<&str> {
        self.header.to_str().ok()?.strip_prefix("Bearer ")
    }
}

/// The result of reading secrets again.
#[derive(Default)]
struct SecretsRead {
    /// How often each has changed.
    versions: Vec<u64>,
    /// What to say of those that could not be read, behind a refusal.
    hint: String,
}

/// Keeps one token.
pub struct TokenSource {
    way: Way,
    url: reqwest::Url,
    clock: Arc<dyn Clock>,
    mask: Arc<Mask>,
    state: Mutex<State>,
}

/// The token at hand, and what is known of log-ins.
#[derive(Default)]
struct State {
    token: Option<Token>,
    /// The serial of the token that the platform refused last.
    refused: Option<u64>,
    /// Log-ins in a row that were refused, with the last refusal.
    failed: Option<(u32, PlatformFault)>,
    /// No log-in before this.
    again_at: Option<Timestamp>,
    /// When files of secrets were looked at last.
    looked_at: Option<Timestamp>,
    /// How often each secret had changed at the last log-in.
    versions: Vec<u64>,
}

impl State {
    /// The token where it has not expired and was not refused.
    fn good(&self, now: Timestamp, refused: Option<u64>) -> Option<&Token> {
        self.token.as_ref().filter(|token| {
            now < token.expires_at && ![refused, self.refused].contains(&Some(token.serial))
        })
    }

    /// Returns what there is while no log-in is made: the token at hand where it is good, or the last refusal.
    fn meanwhile(
        &self,
        now: Timestamp,
        refused: Option<u64>,
    ) -> Option<Result<Token, PlatformFault>> {
        if let Some(token) = self.good(now, refused) {
            return Some(Ok(token.clone()));
        }
        let (_, fault) = self.failed.as_ref()?;
        Some(Err(fault.clone()))
    }
}

/// The wait after so many refusals in a row.
fn back_off(refusals: u32) -> Duration {
    let doubled = 1_u32.checked_shl(refusals.saturating_sub(1).min(16));
    FIRST_WAIT
        .saturating_mul(doubled.unwrap_or(u32::MAX))
        .min(LONGEST_WAIT)
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    /// A number; some servers write it as a string.
    expires_in: Option<serde_json::Value>,
    /// A text with blanks; some servers write a list.
    scope: Option<serde_json::Value>,
}

impl TokenSource {
    /// A source of tokens from `url`.
    #[must_use]
    pub fn new(credentials: Credentials, url: reqwest::Url, clock: Arc<dyn Clock>) -> Self {
        Self::asking(Way::Credentials(credentials), url, clock)
    }

    /// A source of tokens from `url` that are asked for in another way.
    #[must_use]
    pub fn by_grant(grant: Box<dyn Grant>, url: reqwest::Url, clock: Arc<dyn Clock>) -> Self {
        Self::asking(Way::Grant(grant), url, clock)
    }

    /// A source of no tokens: each request to `url` carries this id and secret by itself.
    #[must_use]
    pub fn in_requests(
        client_id: String,
        secret: Secret,
        url: reqwest::Url,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self::asking(Way::InRequests(client_id, secret), url, clock)
    }

    fn asking(way: Way, url: reqwest::Url, clock: Arc<dyn Clock>) -> Self {
        let source = Self {
            way,
            url,
            clock,
            mask: Arc::default(),
            state: Mutex::default(),
        };
        source.learn_secrets();
        source
    }

    /// The platform refused the token with this serial: the next one who asks gets another.
    pub(super) async fn refuse(&self, serial: u64) {
        let mut state = self.state.lock().await;
        let current = state.token.as_ref().map(|token| token.serial);
        if current != Some(serial) || state.refused == Some(serial) {
            return;
        }
        state.refused = Some(serial);
    }

    pub(super) fn url(&self) -> &reqwest::Url {
        &self.url
    }

    /// The token, fetched by `fetch` when there is none that is still good, or when the one at hand is `refused`.
    /// Whoever asks meanwhile waits for that one fetch.
    pub(super) async fn get<F, Fut>(
        &self,
        refused: Option<u64>,
        fetch: F,
    ) -> Result<Token, PlatformFault>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<TokenParts, PlatformFault>>,
    {
        let mut state = self.state.lock().await;
        let now = self.clock.now();
        if let Way::InRequests(..) = &self.way {
            let looked = state.looked_at;
            if looked.is_none_or(|at| now >= at.plus(BETWEEN_LOOKS) || now < at) {
                state.looked_at = Some(now);
                let secrets = self.read_secrets_again();
                if state.versions != secrets.versions {
                    state.versions = secrets.versions;
                    self.learn_secrets();
                }
            }
            return Ok(Token::in_requests(now));
        }
        if let Some(token) = state.good(now, refused)
            && now < token.renew_at
        {
            return Ok(token.clone());
        }
        let waits = state.again_at.is_some_and(|at| now < at);
        let looked = state
            .looked_at
            .is_some_and(|at| now < at.plus(BETWEEN_LOOKS));
        if waits
            && looked
            && let Some(answer) = state.meanwhile(now, refused)
        {
            return answer;
        }
        state.looked_at = Some(now);
        let secrets = self.read_secrets_again();
        if waits
            && state.versions == secrets.versions
            && let Some(answer) = state.meanwhile(now, refused)
        {
            return answer;
        }
        let changed = state.versions != secrets.versions;
        state.versions.clone_from(&secrets.versions);
        if changed {
            state.failed = None;
            self.learn_secrets();
        }
        match fetch().await {
            Ok(parts) => Ok(self.keep(&mut state, parts)),
            Err(fault) => {
                let now = self.clock.now();
                let fault = Self::note(&mut state, now, fault, &secrets);
                // One that is still good serves a little longer; not every caller need try meanwhile.
                if state.good(now, refused).is_none() {
                    return Err(fault);
                }
                let token = state.token.as_mut().ok_or(fault)?;
                token.renew_at = now.plus(RENEW_AGAIN);
                Ok(token.clone())
            }
        }
    }

    /// Keeps a token that was granted.
    fn keep(&self, state: &mut State, parts: TokenParts) -> Token {
        let received = self.clock.now();
        let early = match &self.way {
            Way::Credentials(_) | Way::InRequests(..) => EARLY,
            Way::Grant(grant) => grant.early(parts.life),
        };
        let early = early.min(parts.life / 2);
        let last = state.token.as_ref().map_or(0, |token| token.serial);
        let token = Token {
            header: parts.header,
            granted: parts.granted,
            expires_at: received.plus(parts.life),
            renew_at: received.plus(parts.life.saturating_sub(early)),
            serial: last.wrapping_add(1),
        };
        // The secrets first: they stay what was learned last beside it.
        self.learn_secrets();
        self.mask.learn_token(token.text().unwrap_or_default());
        state.failed = None;
        state.again_at = None;
        state.token = Some(token.clone());
        token
    }

    /// Notes a log-in that failed. One that the platform refuses is made again only after a while.
    fn note(
        state: &mut State,
        now: Timestamp,
        mut fault: PlatformFault,
        secrets: &SecretsRead,
    ) -> PlatformFault {
        let refused = matches!(
            fault.kind,
            FaultKind::Unauthorized
                | FaultKind::Forbidden
                | FaultKind::NotFound
                | FaultKind::NotAllowed
                | FaultKind::Refused
        );
        if !refused {
            return fault;
        }
        if fault.kind == FaultKind::Unauthorized {
            fault.detail.push_str(&secrets.hint);
        }
        let before = state.failed.as_ref().map_or(0, |(times, _)| *times);
        let times = before.saturating_add(1);
        state.again_at = Some(now.plus(back_off(times)));
        state.failed = Some((times, fault.clone()));
        fault
    }

    fn secrets(&self) -> Vec<(&str, &Secret)> {
        match &self.way {
            Way::Credentials(credentials) => {
                vec![(credentials.client_id.as_str(), &credentials.client_secret)]
            }
            Way::Grant(grant) => grant.secrets(),
            Way::InRequests(id, secret) => vec![(id.as_str(), secret)],
        }
    }

    /// Returns what to look at when a log-in is refused.
    pub(super) fn advice(&self) -> &'static str {
        match &self.way {
            Way::Credentials(_) | Way::InRequests(..) => ADVICE,
            Way::Grant(grant) => grant.advice(),
        }
    }

    fn learn_secrets(&self) {
        for (id, secret) in self.secrets() {
            self.mask.learn(id, &secret.text());
        }
    }

    /// Reads every secret again where it is kept.
    fn read_secrets_again(&self) -> SecretsRead {
        let mut read = SecretsRead::default();
        for (_, secret) in self.secrets() {
            match secret.read_again() {
                Reread::Same => {}
                Reread::Changed => {
                    info!("a secret of the log-in was read again: it has changed");
                }
                Reread::Fixed => {
                    if let Some(variable) = secret.variable() {
                        read.hint = format!(
                            "{}; {variable} was read at the start and cannot be read again: a new secret needs a restart, one in a file does not",
                            read.hint
                        );
                    }
                }
                Reread::Unreadable(why) => {
                    read.hint = format!(
                        "{}; the secret's file cannot be read again ({why})",
                        read.hint
                    );
                }
            }
            read.versions.push(secret.version());
        }
        read
    }

    /// What hides our secrets in a platform's words.
    pub(super) fn mask(&self) -> Arc<Mask> {
        Arc::clone(&self.mask)
    }

    /// Headers and body of the token request.
    pub(super) fn request(&self) -> (Vec<(HeaderName, HeaderValue)>, Bytes) {
        match &self.way {
            Way::Credentials(credentials) => credentials.request(),
            Way::Grant(grant) => grant.request(),
            Way::InRequests(..) => (Vec::new(), Bytes::new()),
        }
    }

    /// Reads a token answer; a fault names what is missing and repeats nothing of it.
    pub(super) fn read(&self, body: &[u8]) -> Result<TokenParts, String> {
        match &self.way {
            Way::Credentials(_) | Way::InRequests(..) => TokenParts::parse(body),
            Way::Grant(grant) => {
                let GrantedToken { token, life } = grant.read(body)?;
                Ok(TokenParts {
                    header: bearer(token.expose_secret())?,
                    granted: None,
                    life,
                })
            }
        }
    }
}

impl Credentials {
    /// Returns headers and body of a request by client credentials.
    #[must_use]
    pub fn request(&self) -> (Vec<(HeaderName, HeaderValue)>, Bytes) {
        let Self {
            client_id,
            client_secret,
            style,
            scopes,
        } = self;
        let client_secret = client_secret.text();
        let scope = (!scopes.is_empty()).then(|| scopes.join(" "));
        let mut headers = vec![(ACCEPT, HeaderValue::from_static("application/json"))];
        let in_body = *style != AuthStyle::Basic;
        let mut members = vec![("grant_type", "client_credentials")];
        if in_body {
            members.push(("client_id", client_id));
            members.push(("client_secret", client_secret.expose_secret()));
        }
        if let Some(scope) = &scope {
            members.push(("scope", scope));
        }
        if *style == AuthStyle::Json {
            headers.push((CONTENT_TYPE, HeaderValue::from_static("application/json")));
            let object: serde_json::Map<String, serde_json::Value> = members
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.into()))
                .collect();
            return (
                headers,
                Bytes::from(serde_json::Value::Object(object).to_string()),
            );
        }
        if *style == AuthStyle::Basic {
            let encode =
                |part: &str| form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>();
            let pair = format!(
                "{}:{}",
                encode(client_id),
                encode(client_secret.expose_secret())
            );
            if let Ok(mut value) = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair)))
            {
                value.set_sensitive(true);
                headers.push((AUTHORIZATION, value));
            }
        }
        headers.push((
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        ));
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(members)
            .finish();
        (headers, Bytes::from(form))
    }
}

/// What a token answer holds.
pub(super) struct TokenParts {
    pub(super) header: HeaderValue,
    granted: Option<String>,
    pub(super) life: Duration,
}

/// The header that a token goes in.
fn bearer(token: &str) -> Result<HeaderValue, String> {
    let mut header = HeaderValue::try_from(format!("Bearer {token}"))
        .map_err(|_| "the access_token holds characters that no header can carry".to_owned())?;
    header.set_sensitive(true);
    Ok(header)
}

impl TokenParts {
    /// Reads a token answer; a fault names what is missing and repeats nothing of it.
    pub(super) fn parse(body: &[u8]) -> Result<Self, String> {
        let answer: TokenAnswer = serde_json::from_slice(body)
            .map_err(|_| "the token answer has no access_token".to_owned())?;
        let header = bearer(&answer.access_token)?;
        let life = match answer.expires_in {
            Some(serde_json::Value::Number(seconds)) => seconds.as_f64(),
            Some(serde_json::Value::String(seconds)) => seconds.parse().ok(),
            Some(_) | None => None,
        };
        let life = life
            .filter(|seconds| *seconds > 0.0)
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .unwrap_or(ASSUMED_LIFE);
        Ok(Self {
            header,
            granted: answer.scope.as_ref().and_then(scopes),
            life,
        })
    }
}

/// The scopes of a token, separated by blanks; nothing where they have another form, as if none were named.
fn scopes(value: &serde_json::Value) -> Option<String> {
    if let Some(scopes) = value.as_str() {
        return Some(scopes.to_owned());
    }
    let scopes = value.as_array()?.iter().map(serde_json::Value::as_str);
    let scopes: Vec<&str> = scopes.collect::<Option<_>>()?;
    Some(scopes.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_come_as_a_text_or_as_a_list() {
        let granted = |scope: &str| {
            let answer = format!(r#"{{"access_token":"t","scope":{scope}}}"#);
            TokenParts::parse(answer.as_bytes()).unwrap().granted
        };
        for scope in [r#""a:read b:write""#, r#"["a:read","b:write"]"#] {
            assert_eq!(granted(scope).as_deref(), Some("a:read b:write"));
        }
        assert_eq!(granted("[]").as_deref(), Some(""));
        for other in ["null", "7", "{}", "[1]", r#"["a",null]"#] {
            assert_eq!(granted(other), None, "{other}");
        }
    }
}
