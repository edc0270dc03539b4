//! The access token: cached, fetched once however many ask, fresh before it expires.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::control::ports::Clock;
use crate::domain::Timestamp;
use crate::telemetry::Endpoint;

/// Where tokens come from, as metrics and traces have it: every dialect has it among its endpoints.
pub const TOKEN: Endpoint = Endpoint::log_in("token");

use super::mask::Mask;

/// A token is renewed this long before it expires, or after half its life when that comes first.
const EARLY: Duration = Duration::from_secs(60);

/// After a renewal that failed while the token is still good.
const RENEW_AGAIN: Duration = Duration::from_secs(5);

/// The life of a token whose answer does not name it.
const ASSUMED_LIFE: Duration = Duration::from_secs(3600);

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
    pub client_secret: SecretString,
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

    /// Returns how long before its end a token is renewed.
    fn early(&self) -> Duration;

    /// Returns each id with its secret, so that what a platform repeats of them can be masked.
    fn secrets(&self) -> Vec<(&str, &SecretString)>;
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
    /// Tells one token from the next.
    pub(super) fn serial(&self) -> u64 {
        self.serial
    }

    /// The token itself.
    pub(super) fn text(&self) -> Option<&str> {
        self.header.to_str().ok()?.strip_prefix("Bearer ")
    }
}

/// Keeps one token.
pub struct TokenSource {
    way: Way,
    url: reqwest::Url,
    clock: Arc<dyn Clock>,
    current: Mutex<Option<Token>>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    /// A number; some servers write it as a string.
    expires_in: Option<serde_json::Value>,
    scope: Option<String>,
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

    fn asking(way: Way, url: reqwest::Url, clock: Arc<dyn Clock>) -> Self {
        Self {
            way,
            url,
            clock,
            current: Mutex::new(None),
        }
    }

    /// The platform refused the token with this serial: the next one who asks gets another.
    pub(super) async fn refuse(&self, serial: u64) {
        let mut current = self.current.lock().await;
        if let Some(token) = current.as_mut()
            && token.serial == serial
        {
            token.renew_at = Timestamp::from_unix_millis(i64::MIN);
            token.expires_at = token.renew_at;
        }
    }

    pub(super) fn url(&self) -> &reqwest::Url {
        &self.url
    }

    /// The token, fetched by `fetch` when there is none that is still good, or when the one at hand is `refused`.
    /// Whoever asks meanwhile waits for that one fetch.
    pub(super) async fn get<E, F, Fut>(&self, refused: Option<u64>, fetch: F) -> Result<Token, E>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<TokenParts, E>>,
    {
        let mut current = self.current.lock().await;
        let now = self.clock.now();
        if let Some(token) = current.as_ref()
            && now < token.renew_at
            && refused != Some(token.serial)
        {
            return Ok(token.clone());
        }
        let serial = current
            .as_ref()
            .map_or(0, |token| token.serial)
            .wrapping_add(1);
        let parts = match fetch().await {
            Ok(parts) => parts,
            Err(fault) => {
                // One that is still good serves a little longer; not every caller need try meanwhile.
                let now = self.clock.now();
                let good =
                    |token: &&mut Token| now < token.expires_at && refused != Some(token.serial);
                let Some(token) = current.as_mut().filter(good) else {
                    return Err(fault);
                };
                token.renew_at = now.plus(RENEW_AGAIN);
                return Ok(token.clone());
            }
        };
        let received = self.clock.now();
        let early = match &self.way {
            Way::Credentials(_) => EARLY,
            Way::Grant(grant) => grant.early(),
        };
        let early = early.min(parts.life / 2);
        let token = Token {
            header: parts.header,
            granted: parts.granted,
            expires_at: received.plus(parts.life),
            renew_at: received.plus(parts.life.saturating_sub(early)),
            serial,
        };
        *current = Some(token.clone());
        Ok(token)
    }

    /// What hides our secrets in a platform's words.
    pub(super) fn mask(&self) -> Mask {
        match &self.way {
            Way::Credentials(credentials) => {
                Mask::new([(credentials.client_id.as_str(), &credentials.client_secret)])
            }
            Way::Grant(grant) => Mask::new(grant.secrets()),
        }
    }

    /// Headers and body of the token request.
    pub(super) fn request(&self) -> (Vec<(HeaderName, HeaderValue)>, Bytes) {
        match &self.way {
            Way::Credentials(credentials) => credentials.request(),
            Way::Grant(grant) => grant.request(),
        }
    }

    /// Reads a token answer; a fault names what is missing and repeats nothing of it.
    pub(super) fn read(&self, body: &[u8]) -> Result<TokenParts, String> {
        match &self.way {
            Way::Credentials(_) => TokenParts::parse(body),
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
    /// Headers and body of a request by client credentials.
    fn request(&self) -> (Vec<(HeaderName, HeaderValue)>, Bytes) {
        let Self {
            client_id,
            client_secret,
            style,
            scopes,
        } = self;
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
            granted: answer.scope,
            life,
        })
    }
}
