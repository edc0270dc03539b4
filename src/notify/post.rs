//! One attempt over HTTP, within bounds.
//!
//! Redirects are not followed: an entry goes where the configuration says and nowhere else. The answer's body is read to its
//! end so that the connection can serve again, but only up to a bound; the status counts whatever becomes of the body.
//!
//! A receiver that does not take a signature may know another secret already, and an address that is a secret may be another one by now:
//! they are read again where they are kept, and if one has changed, the entry is posted once more with it.

use std::time::Duration;

use futures_util::future::BoxFuture;
use hyper::header::{HeaderMap, LOCATION, RETRY_AFTER};
use secrecy::ExposeSecret;
use tracing::info;

use crate::domain::Timestamp;
use crate::secrets::{Mask, Secret};
use crate::sockets::{ClientBounds, HttpClient, NoCertificates};

use super::envelope::Envelope;
use super::forms::Form;
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
    client: HttpClient,
    receiver: Receiver,
    mask: Mask,
}

impl HttpPost {
    /// Creates a client for this receiver, with at most `connections` kept open.
    ///
    /// # Errors
    /// When the client cannot be set up; missing certificates are no error before they are needed.
    pub fn new(receiver: Receiver, connections: usize) -> Result<Self, String> {
        let client = HttpClient::new(ClientBounds {
            connect_timeout: CONNECT_TIMEOUT,
            timeout: Some(receiver.timeout),
            idle_connections: connections,
        })?;
        let mask = Mask::default();
        learn(&mask, &receiver);
        Ok(Self {
            client,
            receiver,
            mask,
        })
    }

    /// Returns whether certificates are there if the receiver's address needs them.
    ///
    /// # Errors
    /// When they are not, with what to install.
    pub fn can_reach(&self) -> Result<(), NoCertificates> {
        self.client.can_reach(&self.receiver.url.expose())
    }

    async fn exchange(&self, entry: &OutboxEntry, now: Timestamp) -> Answer {
        let answer = self.once(entry, now).await;
        let refused = match answer {
            Answer::Status { status, .. } => match status {
                400 | 401 | 403 => true,
                404 | 410 => self.receiver.url.secret().is_some(),
                _ => false,
            },
            Answer::Timeout | Answer::Connect { .. } => false,
        };
        if !refused || !self.receiver.read_again() {
            return answer;
        }
        let receiver = self.receiver.route.receiver.as_ref();
        let receiver = receiver.map(tracing::field::display);
        info!(
            receiver,
            "the webhook's secret was read again: it has changed"
        );
        self.once(entry, now).await
    }

    async fn once(&self, entry: &OutboxEntry, now: Timestamp) -> Answer {
        learn(&self.mask, &self.receiver);
        let Receiver {
            url,
            form,
            source,
            tenant,
            ..
        } = &self.receiver;
        let url = url.expose();
        let sender = (source.as_str(), tenant.as_ref());
        let sealed = match form {
            Form::Signed(keys) => Envelope::seal(entry, sender, keys, now),
            Form::Slack | Form::Teams | Form::PagerDuty(_) => {
                let body = form.body(entry, sender).unwrap_or_default();
                Ok(Envelope::unsigned(body))
            }
        };
        let Envelope { headers, body } = match sealed {
            Ok(envelope) => envelope,
            Err(wrong) => {
                let why = self.mask.apply(&wrong.to_string());
                return Answer::Connect { why };
            }
        };
        let headers: HeaderMap = headers.into_iter().collect();
        let client = match self.client.to(&url) {
            Ok(client) => client,
            Err(lacking) => {
                let why = lacking.to_string();
                return Answer::Connect { why };
            }
        };
        let sent = client
            .post(url.clone())
            .headers(headers)
            .body(body)
            .send()
            .await;
        let response = match sent {
            Ok(response) => response,
            Err(wrong) if wrong.is_timeout() && !wrong.is_connect() => return Answer::Timeout,
            Err(wrong) => {
                let why = self.mask.apply(&self.client.explain(&url, wrong));
                return Answer::Connect { why };
            }
        };
        Answer::Status {
            status: response.status().as_u16(),
            retry_after: retry_after(response.headers(), now),
            leads_to: leads_to(&url, response.headers()),
            excerpt: drain(response, &self.mask).await,
        }
    }
}

impl Post for HttpPost {
    fn post<'a>(&'a self, entry: &'a OutboxEntry, now: Timestamp) -> BoxFuture<'a, Answer> {
        Box::pin(self.exchange(entry, now))
    }
}

/// Teaches a mask the secrets of a receiver: that of its form, and what its address holds.
fn learn(mask: &Mask, receiver: &Receiver) {
    let secret = receiver.form.secret().map(Secret::text);
    let texts = secret.iter().map(ExposeSecret::expose_secret);
    for text in texts.flat_map(str::split_whitespace) {
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

/// The host to which a redirect leads: what is behind it may repeat a secret of the address.
fn leads_to(from: &reqwest::Url, headers: &HeaderMap) -> Option<String> {
    let place = from.join(headers.get(LOCATION)?.to_str().ok()?).ok()?;
    Some(place.origin().ascii_serialization())
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

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    #[test]
    fn a_redirect_is_told_by_its_host_alone() {
        let from = "https://receiver.example/hook/s3cret".parse().unwrap();
        let told = |to: &'static str| {
            let headers = HeaderMap::from_iter([(LOCATION, HeaderValue::from_static(to))]);
            leads_to(&from, &headers)
        };
        let host = told("https://ana:pw@elsewhere.example:8443/hook/s3cret?x");
        assert_eq!(host.as_deref(), Some("https://elsewhere.example:8443"));
        assert_eq!(told("/other").as_deref(), Some("https://receiver.example"));
        assert_eq!(leads_to(&from, &HeaderMap::new()), None);
    }

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
