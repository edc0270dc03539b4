//! One system: its address, and the requests to it.
//!
//! Everything is a form that is posted to one script. The password is never the form's last field, whose value the platform's log
//! keeps; a change ends with the id of its decision, which then stands in that log.

use std::sync::Arc;

use bytes::Bytes;
use hyper::Method;
use secrecy::ExposeSecret;
use tracing::Instrument;

use crate::control::ports::Clock;
use crate::domain::Timestamp;
use crate::platform::http::{
    Call, CallFault, Client, Credentials, HttpResponse, RateShare, Sending, request_span,
};
use crate::platform::port::{FaultKind, PlatformFault, UnreadableRows, Urgency};
use crate::telemetry::Endpoint;

use super::watch::LogInWatch;

/// Who the platform's log says has asked: letters and digits.
const SOURCE: &str = "autopilot";

/// A system.
pub(super) struct Site {
    client: Arc<Client>,
    clock: Arc<dyn Clock>,
    base_url: reqwest::Url,
    credentials: Credentials,
    watch: Arc<LogInWatch>,
}

/// A request to read something.
#[derive(Clone, Debug)]
pub(super) struct Ask<'a> {
    pub(super) endpoint: Endpoint,
    pub(super) function: &'static str,
    pub(super) fields: Vec<(&'static str, &'a str)>,
    /// The right that it needs.
    pub(super) right: &'static str,
    pub(super) share: RateShare,
    pub(super) deadline: Timestamp,
}

/// A change of a campaign.
#[derive(Clone, Debug)]
pub(super) struct Order<'a> {
    pub(super) endpoint: Endpoint,
    pub(super) campaign: &'a str,
    pub(super) fields: Vec<(&'static str, String)>,
    /// Goes along, so that the platform's log can be tied to ours.
    pub(super) decision: String,
    /// It rests on a reading that is too old after this.
    pub(super) leave_by: Option<Timestamp>,
    pub(super) deadline: Timestamp,
}

impl Site {
    pub(super) fn new(
        client: Arc<Client>,
        clock: Arc<dyn Clock>,
        base_url: reqwest::Url,
        credentials: Credentials,
        watch: Arc<LogInWatch>,
    ) -> Self {
        Self {
            client,
            clock,
            base_url,
            credentials,
            watch,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn base_url(&self) -> &reqwest::Url {
        &self.base_url
    }

    pub(super) fn user(&self) -> &str {
        &self.credentials.client_id
    }

    /// Counts the rows of a listing that could not be read, and tells of the first ones.
    pub(super) fn note_unreadable(&self, listing: Endpoint, unreadable: &UnreadableRows) {
        self.client.note_unreadable(listing, unreadable);
    }

    /// Reads what needs no log-in.
    pub(super) async fn read_openly<T>(
        &self,
        ask: Ask<'_>,
        parse: impl Fn(&[u8]) -> Result<T, String>,
    ) -> Result<T, PlatformFault> {
        let form = form(
            &[("source", SOURCE), ("function", ask.function)],
            &ask.fields,
        );
        let read = self.call(self.reading(&ask, form), &parse).await;
        read.map_err(|failed| failed.fault)
    }

    /// Reads, and asks again where that may help.
    pub(super) async fn read<T>(
        &self,
        ask: Ask<'_>,
        parse: impl Fn(&[u8]) -> Result<T, String>,
    ) -> Result<T, PlatformFault> {
        let call = self.reading(&ask, self.form(ask.function, &ask.fields));
        let read = self
            .watch
            .let_through(|| self.now(), self.call(call, &parse))
            .await;
        match read {
            Ok(read) => read.map_err(|failed| failed.fault),
            Err(why) => Err(silent(why)),
        }
    }

    /// Changes a campaign, once as far as the platform may have seen it.
    pub(super) async fn write(&self, order: Order<'_>) -> Result<(), CallFault> {
        let mut fields = vec![("campaign_id", order.campaign)];
        fields.extend(
            order
                .fields
                .iter()
                .map(|(name, value)| (*name, value.as_str())),
        );
        fields.push(("decision", order.decision.as_str()));
        let call = Call {
            endpoint: order.endpoint,
            share: RateShare::Commands,
            method: Method::POST,
            url: self.script(),
            body: Some(self.form("update_campaign", &fields)),
            request_id: None,
            client_id: None,
            deadline: order.deadline,
            scope: super::rights::UPDATE,
            sending: Sending::Once {
                leave_by: order.leave_by,
            },
        };
        let done = |body: &[u8]| {
            let line = super::answer::first_line(body);
            if line.starts_with("SUCCESS:") {
                Ok(())
            } else {
                Err("the answer does not say that the campaign was updated".to_owned())
            }
        };
        let sent = self
            .watch
            .let_through(|| self.now(), self.call(call, &done))
            .await;
        sent.unwrap_or_else(|why| {
            Err(CallFault {
                fault: silent(why),
                maybe_applied: false,
                answered: false,
                wait: None,
            })
        })
    }

    fn reading(&self, ask: &Ask<'_>, body: Bytes) -> Call {
        Call {
            endpoint: ask.endpoint,
            share: ask.share,
            method: Method::POST,
            url: self.script(),
            body: Some(body),
            request_id: None,
            client_id: None,
            deadline: ask.deadline,
            scope: ask.right,
            sending: Sending::Repeatable,
        }
    }

    async fn call<T>(
        &self,
        call: Call,
        parse: &impl Fn(&[u8]) -> Result<T, String>,
    ) -> Result<T, CallFault> {
        self.client
            .call(&call, |response: &HttpResponse| parse(&response.body))
            .instrument(request_span(call.endpoint))
            .await
    }

    fn form(&self, function: &str, fields: &[(&'static str, &str)]) -> Bytes {
        let secret = self.credentials.client_secret.text();
        let login = [
            ("source", SOURCE),
            ("user", self.credentials.client_id.as_str()),
            ("pass", secret.expose_secret()),
            ("function", function),
        ];
        form(&login, fields)
    }

    fn script(&self) -> reqwest::Url {
        let mut url = self.base_url.clone();
        // An address that cannot have a path is refused with the configuration.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments
                .pop_if_empty()
                .extend(["vicidial", "non_agent_api.php"]);
        }
        url
    }
}

fn form(first: &[(&str, &str)], then: &[(&'static str, &str)]) -> Bytes {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(first).extend_pairs(then);
    Bytes::from(form.finish())
}

fn silent(why: String) -> PlatformFault {
    PlatformFault {
        kind: FaultKind::Unauthorized,
        detail: why,
    }
}

/// The share of the rate that a reading for this purpose uses.
pub(super) fn share(urgency: Urgency) -> RateShare {
    match urgency {
        Urgency::Routine => RateShare::Readings,
        Urgency::Command => RateShare::Commands,
        Urgency::BeforeCommand => RateShare::CommandsAndNext,
    }
}

/// An answer that cannot be read, or that does not fit.
pub(super) fn decode(detail: String) -> PlatformFault {
    PlatformFault {
        kind: FaultKind::Decode,
        detail,
    }
}
