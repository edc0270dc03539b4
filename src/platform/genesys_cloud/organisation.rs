//! One organisation: its host, and the requests to it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use serde_json::Value;
use tracing::Instrument;

use crate::control::ports::Clock;
use crate::domain::Timestamp;
use crate::platform::http::{
    Call, CallFault, Client, HttpResponse, PlatformTime, PushConnection, RateShare, RateWindow,
    Sending, request_span,
};
use crate::platform::port::{FaultKind, PlatformFault, UnreadableRows, Urgency};
use crate::telemetry::Endpoint;

/// An organisation.
pub(super) struct Organisation {
    client: Arc<Client>,
    clock: Arc<dyn Clock>,
    base_url: reqwest::Url,
}

/// A request to read something.
#[derive(Clone, Debug)]
pub(super) struct Ask<'a> {
    pub(super) endpoint: Endpoint,
    /// The segments of the path behind `/api/v2`.
    pub(super) path: &'a [&'a str],
    pub(super) query: Vec<(&'static str, String)>,
    /// A question that is put in a body is a POST, and changes nothing all the same; nothing (`null`) is a POST without a body.
    pub(super) body: Option<Value>,
    /// The right that it needs.
    pub(super) right: &'static str,
    pub(super) share: RateShare,
    pub(super) deadline: Timestamp,
}

/// A request to change something.
#[derive(Clone, Debug)]
pub(super) struct Order<'a> {
    pub(super) endpoint: Endpoint,
    pub(super) method: Method,
    pub(super) path: &'a [&'a str],
    pub(super) body: Option<Bytes>,
    /// The right that it needs.
    pub(super) right: &'static str,
    /// Goes along, so that the platform's log can be tied to ours.
    pub(super) decision: Option<String>,
    /// It rests on a reading that is too old after this.
    pub(super) leave_by: Option<Timestamp>,
    pub(super) deadline: Timestamp,
}

impl Organisation {
    pub(super) fn new(client: Arc<Client>, clock: Arc<dyn Clock>, base_url: reqwest::Url) -> Self {
        Self {
            client,
            clock,
            base_url,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Waits for so long.
    pub(super) async fn sleep(&self, time: Duration) {
        self.clock.sleep(time).await;
    }

    /// Opens a connection over which changes are reported.
    pub(super) async fn open_push(
        &self,
        url: reqwest::Url,
    ) -> Result<Box<dyn PushConnection>, PlatformFault> {
        let opened = self.client.open_push(url).await;
        opened.map_err(|wrong| PlatformFault {
            kind: FaultKind::Connect,
            detail: format!("notifications: {wrong}"),
        })
    }

    /// Such a connection stands, or does not any more.
    pub(super) fn push_connected(&self, connected: bool) {
        self.client.push_connected(connected);
    }

    /// A change was reported.
    pub(super) fn push_came(&self) {
        self.client.push_came();
    }

    /// The platform's time when our clock shows `now`, where its answers tell it.
    pub(super) fn platform_time(&self, now: Timestamp) -> Option<PlatformTime> {
        self.client.platform_time(now)
    }

    /// The platform's clock, or ours where it does not show its own: what its answers date goes by it.
    pub(super) fn platform_now(&self) -> Timestamp {
        let now = self.now();
        self.platform_time(now).map_or(now, |time| time.at)
    }

    /// Counts the rows of a listing that could not be read, and tells of the first ones.
    pub(super) fn note_unreadable(&self, listing: Endpoint, unreadable: &UnreadableRows) {
        self.client.note_unreadable(listing, unreadable);
    }

    /// Reads, and asks again where that may help.
    pub(super) async fn read<T>(
        &self,
        ask: Ask<'_>,
        parse: impl Fn(&[u8]) -> Result<T, String>,
    ) -> Result<T, PlatformFault> {
        let mut url = self.url(ask.path);
        if !ask.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&ask.query);
        }
        let (method, body) = match ask.body {
            Some(Value::Null) => (Method::POST, None),
            Some(body) => (Method::POST, Some(Bytes::from(body.to_string()))),
            None => (Method::GET, None),
        };
        let call = Call {
            endpoint: ask.endpoint,
            share: ask.share,
            method,
            url,
            body,
            request_id: None,
            client_id: None,
            deadline: ask.deadline,
            scope: ask.right,
            sending: Sending::Repeatable,
        };
        let read = self
            .client
            .call(&call, |response: &HttpResponse| parse(&response.body))
            .instrument(request_span(ask.endpoint));
        read.await.map_err(|failed| with_advice(failed.fault))
    }

    /// Writes, once as far as the platform may have seen it. No answer's body matters.
    pub(super) async fn write(&self, order: Order<'_>) -> Result<(), CallFault> {
        let call = Call {
            endpoint: order.endpoint,
            share: RateShare::Commands,
            method: order.method,
            url: self.url(order.path),
            body: order.body,
            request_id: order.decision,
            client_id: None,
            deadline: order.deadline,
            scope: order.right,
            sending: Sending::Once {
                leave_by: order.leave_by,
            },
        };
        let sent = self
            .client
            .call(&call, |_| Ok(()))
            .instrument(request_span(order.endpoint));
        sent.await.map_err(|failed| CallFault {
            fault: with_advice(failed.fault),
            ..failed
        })
    }

    /// Each segment is percent-encoded.
    fn url(&self, path: &[&str]) -> reqwest::Url {
        let mut url = self.base_url.clone();
        // An address that cannot have a path is refused with the configuration.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["api", "v2"]).extend(path);
        }
        url
    }
}

/// Says where rights come from: scopes do not apply to the grant of a client.
fn with_advice(mut fault: PlatformFault) -> PlatformFault {
    if fault.kind == FaultKind::Forbidden {
        fault
            .detail
            .push_str(", which is a permission of one of its roles in the division of the object");
    }
    fault
}

/// The share of the rate that a reading for this purpose uses.
pub(super) fn share(urgency: Urgency) -> RateShare {
    match urgency {
        Urgency::Routine => RateShare::Readings,
        Urgency::Command => RateShare::Commands,
        Urgency::BeforeCommand => RateShare::CommandsAndNext,
    }
}

/// An answer that cannot be read.
pub(super) fn decode(detail: String) -> PlatformFault {
    PlatformFault {
        kind: FaultKind::Decode,
        detail,
    }
}

/// How much of the platform's own limit is used up, as the headers of each answer say.
pub(super) fn rate_window(response: &HttpResponse) -> Option<RateWindow> {
    let number = |name: &str| {
        let text = response.headers.get(name)?.to_str().ok()?;
        text.trim().parse::<u32>().ok()
    };
    let allowed = number("inin-ratelimit-allowed").filter(|allowed| *allowed > 0)?;
    Some(RateWindow {
        used: number("inin-ratelimit-count")?,
        allowed,
        resets_in: Duration::from_secs(number("inin-ratelimit-reset")?.into()),
    })
}

#[cfg(test)]
mod tests {
    use hyper::StatusCode;
    use hyper::header::{HeaderName, HeaderValue};

    use super::*;

    fn told(headers: &[(&'static str, &'static str)]) -> Option<RateWindow> {
        let headers = headers.iter().map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        });
        rate_window(&HttpResponse {
            status: StatusCode::OK,
            headers: headers.collect(),
            body: Bytes::new(),
        })
    }

    #[test]
    fn the_limit_is_read_from_the_headers_and_never_assumed() {
        let count = ("inin-ratelimit-count", "17");
        let allowed = ("inin-ratelimit-allowed", "300");
        let reset = ("inin-ratelimit-reset", "42");
        let window = RateWindow {
            used: 17,
            allowed: 300,
            resets_in: Duration::from_secs(42),
        };
        assert_eq!(told(&[count, allowed, reset]), Some(window));
        assert_eq!(told(&[count, allowed]), None);
        assert_eq!(told(&[count, ("inin-ratelimit-allowed", "0"), reset]), None);
        assert_eq!(told(&[("inin-ratelimit-count", "x"), allowed, reset]), None);
    }
}
