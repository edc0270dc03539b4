//! One instance: its two services, and the requests to them.

use std::sync::Arc;

use bytes::Bytes;
use hyper::{Method, StatusCode};
use serde_json::Value;
use tracing::Instrument;

use crate::control::ports::Clock;
use crate::domain::Timestamp;
use crate::platform::dialect::CampaignsVersion;
use crate::platform::http::{
    Call, CallFault, Client, HttpResponse, PlatformTime, RateShare, Sending, request_span,
};
use crate::platform::port::{FaultKind, PlatformFault, UnreadableRows, Urgency};
use crate::telemetry::Endpoint;

use super::refusals::{self, RefusalBody};

/// A service with its address.
pub(super) struct Service {
    pub(super) client: Client,
    pub(super) base_url: reqwest::Url,
}

/// The services of an instance.
pub(super) struct Account {
    /// Reads and commands campaigns.
    pub(super) campaigns: Service,
    /// Counts agents and calls.
    pub(super) counts: Service,
    pub(super) instance: Instance,
    pub(super) version: CampaignsVersion,
    pub(super) clock: Arc<dyn Clock>,
}

/// An instance, as it was named.
#[derive(Clone, Debug)]
pub(super) struct Instance {
    /// The id.
    pub(super) id: String,
    /// The ARN, where that was given.
    pub(super) arn: Option<String>,
}

impl Instance {
    /// Reads an id or an ARN.
    pub(super) fn named(text: &str) -> Self {
        let text = text.trim();
        Self {
            id: last_part(text).to_owned(),
            arn: text.starts_with("arn:").then(|| text.to_owned()),
        }
    }
}

/// The id in an ARN; an id is itself.
pub(super) fn last_part(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// A request to read something.
#[derive(Clone, Debug)]
pub(super) struct Ask<'a> {
    pub(super) endpoint: Endpoint,
    /// The segments of the path, behind the version where it is one of campaigns.
    pub(super) path: &'a [&'a str],
    /// A question that is put in a body is a POST, and changes nothing all the same.
    pub(super) body: Option<Value>,
    /// The right that it needs.
    pub(super) right: &'static str,
    pub(super) share: RateShare,
    pub(super) deadline: Timestamp,
}

/// A request to change a campaign.
#[derive(Clone, Debug)]
pub(super) struct Order<'a> {
    pub(super) endpoint: Endpoint,
    pub(super) path: &'a [&'a str],
    pub(super) body: Option<Bytes>,
    /// The right that it needs.
    pub(super) right: &'static str,
    /// Goes along, so that a record between us and the platform can be tied to ours.
    pub(super) decision: Option<String>,
    /// It rests on a reading that is too old after this.
    pub(super) leave_by: Option<Timestamp>,
    pub(super) deadline: Timestamp,
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum OrderAnswer {
    /// It was accepted.
    Accepted,
    /// The campaign is in a state that does not allow it.
    WrongState {
        /// The state, where it is told.
        state: Option<String>,
        /// The platform's words.
        why: String,
    },
    /// Somebody changes the campaign at this moment.
    Busy {
        /// The platform's words.
        why: String,
    },
}

impl OrderAnswer {
    /// Reads an answer, which may be a conflict.
    fn read(response: &HttpResponse) -> Self {
        if response.status.is_success() {
            return Self::Accepted;
        }
        let name = refusals::name(response).unwrap_or_else(|| StatusCode::CONFLICT.to_string());
        let RefusalBody { message, state, .. } = RefusalBody::read(response);
        let words: String = message.unwrap_or_default().chars().take(200).collect();
        let why = format!("{name}: {words}");
        if name == refusals::WRONG_STATE {
            Self::WrongState { state, why }
        } else {
            Self::Busy { why }
        }
    }
}

impl Account {
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The platform's time when our clock shows `now`, by the service that counts, where its answers tell it.
    pub(super) fn time_of_counts(&self, now: Timestamp) -> Option<PlatformTime> {
        self.counts.client.platform_time(now)
    }

    /// The platform's time when our clock shows `now`, by the service of campaigns.
    pub(super) fn time_of_campaigns(&self, now: Timestamp) -> Option<PlatformTime> {
        self.campaigns.client.platform_time(now)
    }

    /// Counts the rows of an answer that could not be read, and tells of the first ones.
    pub(super) fn note_unreadable(&self, listing: Endpoint, unreadable: &UnreadableRows) {
        self.campaigns.client.note_unreadable(listing, unreadable);
    }

    /// Reads something of campaigns, and asks again where that may help.
    pub(super) async fn read_campaigns<T>(
        &self,
        ask: Ask<'_>,
        parse: impl Fn(&[u8]) -> Result<T, String>,
    ) -> Result<T, PlatformFault> {
        let url = self.campaign_url(ask.path);
        read(&self.campaigns.client, url, ask, parse).await
    }

    /// Reads counts, and asks again where that may help.
    pub(super) async fn read_counts<T>(
        &self,
        ask: Ask<'_>,
        parse: impl Fn(&[u8]) -> Result<T, String>,
    ) -> Result<T, PlatformFault> {
        let url = below(&self.counts.base_url, ask.path);
        read(&self.counts.client, url, ask, parse).await
    }

    /// Changes a campaign, once as far as the platform may have seen it.
    pub(super) async fn write(&self, order: Order<'_>) -> Result<OrderAnswer, CallFault> {
        let call = Call {
            endpoint: order.endpoint,
            share: RateShare::Commands,
            method: Method::POST,
            url: self.campaign_url(order.path),
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
            .campaigns
            .client
            .call_reading_conflicts(&call, |response| Ok(OrderAnswer::read(response)))
            .instrument(request_span(order.endpoint));
        sent.await
    }

    fn campaign_url(&self, path: &[&str]) -> reqwest::Url {
        match self.version {
            CampaignsVersion::First => below(&self.campaigns.base_url, path),
            CampaignsVersion::Second => {
                let path = [&["v2"], path].concat();
                below(&self.campaigns.base_url, &path)
            }
        }
    }
}

/// Each segment is percent-encoded.
fn below(base: &reqwest::Url, path: &[&str]) -> reqwest::Url {
    let mut url = base.clone();
    // An address that cannot have a path is refused with the configuration.
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
    url
}

async fn read<T>(
    client: &Client,
    url: reqwest::Url,
    ask: Ask<'_>,
    parse: impl Fn(&[u8]) -> Result<T, String>,
) -> Result<T, PlatformFault> {
    let (method, body) = match ask.body {
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
    let read = client
        .call(&call, |response: &HttpResponse| parse(&response.body))
        .instrument(request_span(ask.endpoint));
    read.await.map_err(|failed| failed.fault)
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
