//! Reads and commands campaigns, one call each.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt};
use hyper::Method;
use tracing::Instrument;

use crate::control::ports::Clock;
use crate::domain::{CampaignId, Delivery, Direction, StatusFinding, StatusReading, Timestamp};
use crate::platform::http::{
    Call, Client, HttpResponse, RateShare, Sending, failed_delivery, request_span,
};
use crate::platform::port::{
    CampaignCommander, CampaignFinding, CampaignReader, CommandOrder, FaultKind, NameMemory,
    PlatformNames, Urgency,
};

use super::address::campaign_url;
use super::words::activity;
use super::{campaign, endpoints};

/// Statuses read at once.
const AT_ONCE: usize = 8;

/// Reads a tenant's campaigns. Has no way to change anything there.
pub struct Campaigns {
    client: Arc<Client>,
    clock: Arc<dyn Clock>,
    base_url: reqwest::Url,
    names: NameMemory,
}

/// Sends commands to a tenant. A dry run makes none.
pub struct CommandSender {
    client: Arc<Client>,
    base_url: reqwest::Url,
}

impl Campaigns {
    /// A reader of this tenant.
    #[must_use]
    pub fn new(client: Arc<Client>, clock: Arc<dyn Clock>, base_url: reqwest::Url) -> Self {
        Self {
            client,
            clock,
            base_url,
            names: NameMemory::default(),
        }
    }

    async fn read_one(
        &self,
        campaign: &CampaignId,
        urgency: Urgency,
        deadline: Timestamp,
    ) -> CampaignFinding {
        let call = Call {
            endpoint: endpoints::CAMPAIGN_GET,
            share: match urgency {
                Urgency::Routine => RateShare::Readings,
                Urgency::Command => RateShare::Commands,
                Urgency::BeforeCommand => RateShare::CommandsAndNext,
            },
            method: Method::GET,
            url: campaign_url(&self.base_url, campaign),
            body: None,
            request_id: None,
            client_id: None,
            deadline,
            scope: "campaigns:read",
            sending: Sending::Repeatable,
        };
        let read = self
            .client
            .call(&call, |response| self.reading(campaign, response))
            .instrument(request_span(endpoints::CAMPAIGN_GET));
        match read.await {
            Ok(reading) => Ok(StatusFinding::Found(reading)),
            Err(failed) if failed.fault.kind == FaultKind::NotFound => Ok(StatusFinding::Missing),
            Err(failed) => Err(failed.fault),
        }
    }

    fn reading(&self, id: &CampaignId, response: &HttpResponse) -> Result<StatusReading, String> {
        let found = campaign::campaign(id, &response.body)?;
        self.names.note(id, found.name.as_str());
        let read_at = self.clock.now();
        let time = self.client.platform_time(read_at);
        let version = found.version();
        Ok(StatusReading {
            updated_at: version.as_deref().and_then(campaign::changed_at),
            version,
            platform_now: time.map(|time| time.at),
            platform_error: time.map(|time| time.error),
            ..StatusReading::without_evidence(activity(&found.status), found.status, read_at)
        })
    }
}

impl CampaignReader for Campaigns {
    fn read<'a>(
        &'a self,
        ids: &'a [CampaignId],
        urgency: Urgency,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Vec<CampaignFinding>> {
        let reads = stream::iter(ids).map(move |id| self.read_one(id, urgency, deadline));
        Box::pin(reads.buffered(AT_ONCE).collect())
    }

    fn names(&self) -> Arc<PlatformNames> {
        self.names.known()
    }
}

impl CommandSender {
    /// A sender to this tenant.
    #[must_use]
    pub fn new(client: Arc<Client>, base_url: reqwest::Url) -> Self {
        Self { client, base_url }
    }

    async fn send(&self, order: CommandOrder<'_>) -> Delivery {
        let body = match order.direction {
            Direction::Pause => Bytes::from_static(br#"{"status":"PAUSED"}"#),
            Direction::Resume => Bytes::from_static(br#"{"status":"RUNNING"}"#),
        };
        let call = Call {
            endpoint: endpoints::CAMPAIGN_PUT,
            share: RateShare::Commands,
            method: Method::PUT,
            url: campaign_url(&self.base_url, order.campaign),
            body: Some(body),
            request_id: Some(order.decision.to_string()),
            client_id: None,
            deadline: order.deadline,
            scope: "campaigns:write",
            sending: Sending::Once {
                leave_by: Some(order.leave_by),
            },
        };
        // The answer may have no body, or another one: that it was taken is in its status alone.
        let version = |response: &HttpResponse| {
            let made = campaign::campaign(order.campaign, &response.body).ok();
            Ok(made.and_then(|made| made.version()))
        };
        match self.client.call(&call, version).await {
            Ok(version) => Delivery::Acknowledged { version },
            Err(failed) => failed_delivery(failed),
        }
    }
}

impl CampaignCommander for CommandSender {
    fn command<'a>(&'a self, order: CommandOrder<'a>) -> BoxFuture<'a, Delivery> {
        let span = request_span(endpoints::CAMPAIGN_PUT);
        Box::pin(self.send(order).instrument(span))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Mutex;
    use std::time::Duration;

    use super::*;
    use crate::control::hand_clock::HandClock;
    use crate::platform::http::{
        AuthStyle, Credentials, HttpRequest, HttpSend, Limiter, SendFault, TokenSource,
    };
    use crate::telemetry::Metrics;

    /// Gives a token to whoever asks, and each campaign as the next of these.
    struct Scripted(Mutex<VecDeque<&'static str>>);

    impl HttpSend for Scripted {
        fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, SendFault>> {
            let body = if request.url.path() == "/oauth2/token" {
                r#"{"access_token":"t","expires_in":3600}"#
            } else {
                self.0.lock().unwrap().pop_front().unwrap()
            };
            Box::pin(std::future::ready(Ok(HttpResponse {
                status: hyper::StatusCode::OK,
                headers: hyper::HeaderMap::new(),
                body: Bytes::from_static(body.as_bytes()),
            })))
        }
    }

    fn campaigns(answers: impl IntoIterator<Item = &'static str>) -> Campaigns {
        let clock: Arc<dyn Clock> = Arc::new(HandClock::default());
        let metrics = Arc::new(Metrics::new(30.0, false, "", 0.0).unwrap());
        let base: reqwest::Url = "http://platform/".parse().unwrap();
        let credentials = Credentials {
            client_id: "id".to_owned(),
            client_secret: "secret".to_owned().into(),
            style: AuthStyle::Form,
            scopes: Vec::new(),
        };
        let token_url = super::super::connect::token_url(&base);
        let client = Client::new(
            Arc::new(Scripted(Mutex::new(answers.into_iter().collect()))),
            Limiter::new(None, Arc::clone(&clock), Arc::clone(&metrics)),
            TokenSource::new(credentials, token_url, Arc::clone(&clock)),
            Arc::clone(&clock),
            metrics,
            Duration::from_secs(10),
            1,
        );
        Campaigns::new(Arc::new(client), clock, base)
    }

    #[tokio::test]
    async fn an_answer_about_another_campaign_says_nothing() {
        let other = r#"{"id":"c-2","status":"PAUSED","name":"Other"}"#;
        let reader = campaigns([other; 4]);
        let ids = ["c-1".parse::<CampaignId>().unwrap()];
        let deadline = reader.clock.now().plus(Duration::from_secs(60));
        let read = reader.read(&ids, Urgency::Routine, deadline).await;
        let [Err(fault)] = read.as_slice() else {
            panic!("{read:?}");
        };
        assert_eq!(fault.kind, FaultKind::Decode);
        assert!(fault.detail.contains("returned \"c-2\""), "{fault}");
        assert!(reader.names().is_empty());
    }

    #[tokio::test]
    async fn a_reading_brings_the_name_along_whatever_form_it_has() {
        let reader = campaigns([
            r#"{"id":"c-1","status":"RUNNING","name":"Spring\u001b renewals"}"#,
            r#"{"id":"c-1","status":"RUNNING"}"#,
            r#"{"id":"c-1","status":"RUNNING","name":["Summer"]}"#,
            r#"{"id":"c-1","status":"RUNNING","name":"Summer renewals"}"#,
        ]);
        let ids = ["c-1".parse::<CampaignId>().unwrap()];
        assert!(reader.names().is_empty(), "nothing was read yet");
        let deadline = reader.clock.now().plus(Duration::from_secs(60));
        for expected in [
            "Spring renewals",
            "Spring renewals",
            "Spring renewals",
            "Summer renewals",
        ] {
            let read = reader.read(&ids, Urgency::Routine, deadline).await;
            assert!(
                matches!(read.as_slice(), [Ok(StatusFinding::Found(_))]),
                "{read:?}"
            );
            let names = reader.names();
            assert_eq!(names.get(&ids[0]).map(String::as_str), Some(expected));
        }
    }
}
