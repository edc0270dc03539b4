//! How many agents a campaign's dialler keeps idle: an extension of ours, since no platform has such a lever.
//!
//! The simulated platform offers it. A write has no condition, so that it is made right behind a reading, as commands are.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::Method;
use serde::{Deserialize, Serialize};
use serde_json::Number;
use tracing::Instrument;

use crate::domain::throttle::{IdleReserve, PaceReading};
use crate::domain::{CampaignId, Delivery, Timestamp};
use crate::platform::dialect::Access;
use crate::platform::http::{Call, Client, RateShare, Sending, failed_delivery, request_span};
use crate::platform::port::{Pace, PlatformFault, Throttle, ThrottleOrder, Urgency};

use super::address::endpoint;
use super::endpoints;

/// Reads and changes the reserves of a tenant's campaigns.
pub struct Reserves {
    client: Arc<Client>,
    base_url: reqwest::Url,
    access: Access,
}

/// The answer, and the body of a change.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reserve {
    /// Agents, in tenths at the finest.
    idle_reserve: Number,
}

impl Reserves {
    /// The reserves of this tenant.
    #[must_use]
    pub fn new(client: Arc<Client>, base_url: reqwest::Url, access: Access) -> Self {
        Self {
            client,
            base_url,
            access,
        }
    }

    fn url(&self, campaign: &CampaignId) -> reqwest::Url {
        let campaign = campaign.as_str();
        let segments = ["x-autopilot", "campaigns", campaign, "idle-reserve"];
        endpoint(&self.base_url, &segments)
    }

    async fn pace(
        &self,
        campaign: &CampaignId,
        urgency: Urgency,
        deadline: Timestamp,
    ) -> Result<Pace, PlatformFault> {
        let call = Call {
            endpoint: endpoints::IDLE_RESERVE_GET,
            share: match urgency {
                Urgency::Routine => RateShare::Readings,
                Urgency::Command => RateShare::Commands,
                Urgency::BeforeCommand => RateShare::CommandsAndNext,
            },
            method: Method::GET,
            url: self.url(campaign),
            body: None,
            request_id: None,
            client_id: None,
            deadline,
            scope: "campaigns:read",
            sending: Sending::Repeatable,
        };
        let read = self
            .client
            .call(&call, |response| reserve(&response.body))
            .instrument(request_span(endpoints::IDLE_RESERVE_GET));
        let reserve = read.await.map_err(|failed| failed.fault)?;
        Ok(Pace {
            reading: PaceReading::KeptIdle { reserve },
            original: reserve.to_string(),
        })
    }

    async fn change(&self, order: ThrottleOrder<'_>) -> Delivery {
        let refused = |why: String| Delivery::Refused { why, wait: None };
        if self.access != Access::ReadAndWrite {
            return refused("nothing may be changed".to_owned());
        }
        let body = order.to.kept_idle().and_then(body);
        let Some(body) = body else {
            return refused(format!("{} cannot be set here", order.to.in_words()));
        };
        let call = Call {
            endpoint: endpoints::IDLE_RESERVE_PUT,
            share: RateShare::Commands,
            method: Method::PUT,
            url: self.url(order.campaign),
            body: Some(body),
            request_id: Some(order.decision.to_string()),
            client_id: None,
            deadline: order.deadline,
            scope: "campaigns:write",
            sending: Sending::Once {
                leave_by: Some(order.leave_by),
            },
        };
        // What came of it is read back.
        match self.client.call(&call, |_| Ok(())).await {
            Ok(()) => Delivery::Acknowledged { version: None },
            Err(failed) => failed_delivery(failed),
        }
    }
}

/// Reads an answer. A number that is finer than tenths of an agent is a fault, since it could not be put back.
fn reserve(answer: &[u8]) -> Result<IdleReserve, String> {
    let read: Reserve =
        serde_json::from_slice(answer).map_err(|wrong| format!("not an idle reserve: {wrong}"))?;
    let number = read.idle_reserve.to_string();
    number
        .parse()
        .map_err(|wrong| format!("not an idle reserve: {wrong}"))
}

fn body(reserve: IdleReserve) -> Option<Bytes> {
    let idle_reserve = reserve.to_string().parse().ok()?;
    serde_json::to_vec(&Reserve { idle_reserve })
        .ok()
        .map(Bytes::from)
}

impl Throttle for Reserves {
    fn read<'a>(
        &'a self,
        campaign: &'a CampaignId,
        urgency: Urgency,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Result<Pace, PlatformFault>> {
        Box::pin(self.pace(campaign, urgency, deadline))
    }

    fn set<'a>(&'a self, order: ThrottleOrder<'a>) -> BoxFuture<'a, Delivery> {
        let span = request_span(endpoints::IDLE_RESERVE_PUT);
        Box::pin(self.change(order).instrument(span))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reserve_is_a_number_in_tenths_of_agents() {
        for (answer, tenths) in [
            (r#"{"idleReserve":0}"#, 0),
            (r#"{"idleReserve":4.5,"campaignId":"c"}"#, 45),
            (r#"{"idleReserve":7.0}"#, 70),
        ] {
            let read = reserve(answer.as_bytes()).unwrap();
            assert_eq!(read, IdleReserve::from_tenths(tenths), "{answer}");
            let written = body(read).unwrap();
            assert_eq!(reserve(&written), Ok(read));
        }
        for wrong in [
            "",
            "{}",
            r#"{"idleReserve":"4"}"#,
            r#"{"idleReserve":-1}"#,
            r#"{"idleReserve":4.55}"#,
            r#"{"idleReserve":1e9}"#,
        ] {
            assert!(reserve(wrong.as_bytes()).is_err(), "{wrong}");
        }
        let whole = body(IdleReserve::from_agents(4)).unwrap();
        assert_eq!(whole, r#"{"idleReserve":4}"#);
    }
}
