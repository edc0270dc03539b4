//! One attempt over HTTP, within bounds.
//!
//! Redirects are not followed: an entry goes where the configuration says and nowhere else. The answer's body is read to its
//! end so that the connection can serve again, but only up to a bound; the status counts whatever becomes of the body.
//!
//! A receiver that does not take a signature may know another secret already: the secret is read again where it is kept, and if it
//! has changed, the entry is posted once more, signed with it.

use std::time::Duration;

use futures_util::future::BoxFuture;
use hyper::header::{HeaderMap, RETRY_AFTER};
use secrecy::ExposeSecret;
use tracing::info;

use crate::domain::Timestamp;
use crate::secrets::{Mask, Reread};
use crate::telemetry::causes;

use super::envelope::Envelope;
use super::ports::OutboxEntry;
use super::receiver::Receiver;
use super::retry::Answer;

/// More of an answer is not read; its connection is closed instead.
const LARGEST_ANSWER: usize = 64 << 10;

/// The longest part of an answer that is shown to people.
const LONGEST_EXCERPT: usize = 200;

/// Parts of an address that are shorter are names rather than tokens.
const SHORTEST_TOKEN: usize = 8;

/// Connecting may take this long, and no longer than the whole attempt.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Makes one attempt.
pub trait Post: Send + Sync + 'static {
    /// Posts `entry` once, signed as of `now`.
    fn post<'a>(&'a self, entry: &'a OutboxEntry, now: Timestamp) -> BoxFuture<'a, Answer>;
}

/// Posts over HTTP with a client and connections of its own.
pub struct HttpPost {
    client: reqwest::Client,
    receiver: Receiver,
    mask: Mask,
}

impl HttpPost {
    /// Creates a client for this receiver, with at most `connections` kept open.
    ///
    /// # Errors
    /// When the system's certificates cannot be used.
    pub fn new(receiver: Receiver, connections: usize) -> Result<Self, String> {
        // An error says that a provider is installed already, which is what is wanted.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(receiver.timeout)
            .pool_max_idle_per_host(connections)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("campaign-autopilot/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|wrong| causes(&wrong))?;
        let mask = Mask::default();
        learn(&mask, &receiver);
        Ok(Self {
            client,
            receiver,
            mask,
        })
    }

    async fn exchange(&self, entry: &OutboxEntry, now: Timestamp) -> Answer {
        let answer = self.once(entry, now).await;
        let refused = matches!(
            answer,
            Answer::Status {
                status: 400 | 401 | 403,
                ..
            }
        );
        if !refused || self.receiver.keys.secret().read_again() != Reread::Changed {
            return answer;
        }
        info!("the webhook's secret was read again: it has changed");
        self.once(entry, now).await
    }

    async fn once(&self, entry: &OutboxEntry, now: Timestamp) -> Answer {
        learn(&self.mask, &self.receiver);
        let Receiver {
            url, keys, source, ..
        } = &self.receiver;
        let Envelope { headers, body } = match Envelope::seal(entry, source, keys, now) {
            Ok(envelope) => envelope,
            Err(wrong) => {
                let why = format!("{wrong}");
                return Answer::Connect { why };
            }
        };
        let headers: HeaderMap = headers.into_iter().collect();
        let sent = self
            .client
            .post(url.expose().clone())
            .headers(headers)
            .body(body)
            .send()
            .await;
        let response = match sent {
            Ok(response) => response,
            Err(wrong) => return without_answer(wrong),
        };
        Answer::Status {
            status: response.status().as_u16(),
            retry_after: retry_after(response.headers(), now),
            excerpt: drain(response, &self.mask).await,
        }
    }
}

impl Post for HttpPost {
    fn post<'a>(&'a self, entry: &'a OutboxEntry, now: Timestamp) -> BoxFuture<'a, Answer> {
        Box::pin(self.exchange(entry, now))
    }
}

/// Teaches a mask the secrets of a receiver: what it is signed for with, and what its address holds.
fn learn(mask: &Mask, receiver: &Receiver) {
    for text in receiver
        .keys
        .secret()
        .text()
        .expose_secret()
        .split_whitespace()
    {
        mask.learn_token(text);
        mask.learn_token(text.trim_start_matches("whsec_"));
    }
    let url = receiver.url.expose();
    let queries = url.query_pairs().map(|(_, value)| value.into_owned());
    let parts = url.path().split('/').map(str::to_owned);
    for part in parts
        .chain(queries)
        .filter(|part| part.len() >= SHORTEST_TOKEN)
    {
        mask.learn_token(&part);
    }
}

/// Reads the body within the bound and gives its beginning on one line, without our secrets. A body that breaks off or comes too
/// slowly changes nothing about the status.
async fn drain(mut response: reqwest::Response, mask: &Mask) -> String {
    let mut kept = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        kept.extend_from_slice(&chunk);
        if kept.len() > LARGEST_ANSWER {
            break;
        }
    }
    kept.truncate(LARGEST_ANSWER);
    // What is cut off could leave the beginning of a secret behind, so that masking comes first.
    let text = mask.apply(&String::from_utf8_lossy(&kept));
    let line: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(LONGEST_EXCERPT)
        .collect();
    line.trim().to_owned()
}

/// Reads `Retry-After`, in seconds or as a date.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    let since_epoch = date.duration_since(std::time::UNIX_EPOCH).ok()?;
    let millis = i64::try_from(since_epoch.as_millis()).ok()?;
    Some(Timestamp::from_unix_millis(millis).since(now))
}

fn without_answer(wrong: reqwest::Error) -> Answer {
    // The path of the address may be a secret.
    let wrong = wrong.without_url();
    if wrong.is_timeout() {
        Answer::Timeout
    } else {
        Answer::Connect {
            why: causes(&wrong),
        }
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        let now = Timestamp::parse_rfc3339("2015-10-21T07:27:00Z").unwrap();
        let asked = |text: &'static str| {
            let value = HeaderValue::from_static(text);
            retry_after(&HeaderMap::from_iter([(RETRY_AFTER, value)]), now)
        };
        assert_eq!(asked("120"), Some(Duration::from_secs(120)));
        assert_eq!(
            asked("Wed, 21 Oct 2015 07:28:00 GMT"),
            Some(Duration::from_secs(60))
        );
        assert_eq!(asked("Wed, 21 Oct 2015 07:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(asked("soon"), None);
    }
}
