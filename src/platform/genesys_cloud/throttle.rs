//! The pace of a campaign through the port: its calls for each agent, changed by a write of that member alone.
//!
//! No version goes along with a write, so that the campaign is read right before it and what differs is a conflict. Only campaigns
//! that dial ahead have a pace; the others dial one call for each agent whatever is set.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::Method;
use serde::Deserialize;
use serde_json::json;

use crate::domain::throttle::{DialRatio, PaceReading};
use crate::domain::{CampaignId, Delivery, Timestamp};
use crate::platform::http::{RateShare, failed_delivery};
use crate::platform::port::{Pace, PlatformFault, Throttle, ThrottleOrder, Urgency};

use super::campaigns::one;
use super::organisation::{Ask, Order, Organisation, decode, share};
use super::{endpoints, rights};

/// Paces of an organisation's campaigns.
pub(super) struct Pacing {
    pub(super) organisation: Arc<Organisation>,
    /// Whether anything may be changed.
    pub(super) writes: bool,
}

/// What holds for campaigns that set nothing of their own.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OutboundSettings {
    max_calls_per_agent: Option<f64>,
    max_calls_per_agent_decimal: Option<f64>,
}

impl Pacing {
    async fn pace(
        &self,
        id: &CampaignId,
        share: RateShare,
        deadline: Timestamp,
    ) -> Result<Pace, PlatformFault> {
        let found = one(&self.organisation, id, share, deadline).await?;
        let ratio = if !found.dials_ahead() {
            DialRatio::ONE
        } else if let Some(calls) = found.calls_per_agent() {
            ratio(calls)?
        } else {
            ratio(self.usual(share, deadline).await?)?
        };
        Ok(Pace {
            reading: PaceReading::Dials {
                ratio,
                least: DialRatio::ONE,
            },
            original: json!({ "maxCallsPerAgent": ratio.in_dials() }).to_string(),
        })
    }

    async fn usual(&self, share: RateShare, deadline: Timestamp) -> Result<f64, PlatformFault> {
        let ask = Ask {
            endpoint: endpoints::OUTBOUND_SETTINGS,
            path: &["outbound", "settings"],
            query: Vec::new(),
            body: None,
            right: rights::SETTINGS_VIEW,
            share,
            deadline,
        };
        let parse = |body: &[u8]| {
            let found: OutboundSettings = serde_json::from_slice(body)
                .map_err(|wrong| format!("the outbound settings cannot be read: {wrong}"))?;
            let calls = found
                .max_calls_per_agent_decimal
                .or(found.max_calls_per_agent);
            calls.ok_or_else(|| "the outbound settings name no calls for each agent".to_owned())
        };
        self.organisation.read(ask, parse).await
    }

    async fn change(&self, order: ThrottleOrder<'_>) -> Delivery {
        let refused = |why: &str| Delivery::Refused {
            why: why.to_owned(),
            wait: None,
        };
        if !self.writes {
            return refused("nothing may be changed");
        }
        let Some(ratio) = order.to.dials() else {
            let why = format!("{} cannot be set here", order.to.in_words());
            return refused(&why);
        };
        if ratio < DialRatio::ONE {
            return refused("the platform dials no less than one call for each agent");
        }
        let id = order.campaign;
        let now = match self.pace(id, RateShare::Commands, order.leave_by).await {
            Ok(now) => now,
            Err(fault) => return Delivery::NotSent { why: fault.detail },
        };
        if now != *order.before {
            let why = format!("somebody changed the calls for each agent of campaign {id}");
            return Delivery::Conflict { why };
        }
        let body = json!({ "maxCallsPerAgent": ratio.in_dials() });
        let request = Order {
            endpoint: endpoints::PACE,
            method: Method::PATCH,
            path: &["outbound", "campaigns", id.as_str()],
            body: Some(Bytes::from(body.to_string())),
            right: rights::CAMPAIGN_EDIT,
            decision: Some(order.decision.to_string()),
            leave_by: Some(order.leave_by),
            deadline: order.deadline,
        };
        match self.organisation.write(request).await {
            Ok(()) => Delivery::Acknowledged { version: None },
            Err(failed) => failed_delivery(failed),
        }
    }
}

/// Calls for each agent, to the hundredth.
fn ratio(calls: f64) -> Result<DialRatio, PlatformFault> {
    let hundredths = format!("{:.0}", calls * 100.0).parse();
    hundredths
        .map(DialRatio::from_hundredths)
        .map_err(|_| decode(format!("{calls} calls for each agent are no pace")))
}

impl Throttle for Pacing {
    fn read<'a>(
        &'a self,
        campaign: &'a CampaignId,
        urgency: Urgency,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Result<Pace, PlatformFault>> {
        Box::pin(self.pace(campaign, share(urgency), deadline))
    }

    fn set<'a>(&'a self, order: ThrottleOrder<'a>) -> BoxFuture<'a, Delivery> {
        Box::pin(self.change(order))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_for_each_agent_have_fractions() {
        for (calls, expected) in [(1.0, "1"), (2.5, "2.5"), (1.666_67, "1.67"), (15.0, "15")] {
            assert_eq!(ratio(calls).unwrap().to_string(), expected);
        }
        assert!(ratio(f64::NAN).is_err());
        assert!(ratio(-2.0).is_err());
    }
}
