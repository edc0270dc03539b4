//! The pace of a predictive campaign through the port: the bandwidth of its queue that it may use.
//!
//! The platform has no number of dials for each agent. Half of the whole bandwidth stands for one dial here, and the whole for two: a step
//! down so halves a predictive campaign that had all of it **\[I\]**. The other modes dial no more than one call for each agent, and have
//! no pace.
//!
//! A write replaces everything that is set of a campaign's channels: it is read, one number is changed, and all else goes back as it came.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use crate::domain::throttle::{DialRatio, PaceReading};
use crate::domain::{CampaignId, Delivery, Timestamp};
use crate::platform::dialect::CampaignsVersion;
use crate::platform::http::{RateShare, failed_delivery};
use crate::platform::port::{Pace, PlatformFault, Throttle, ThrottleOrder, Urgency};

use super::account::{Account, Order, OrderAnswer, decode, share};
use super::campaign::{Campaign, Mode};
use super::known::KnownCampaigns;
use super::{endpoints, rights};

/// Hundredths of a dial in a bandwidth of 1.
const DIALS_IN_ALL: f64 = 200.0;

/// Paces of an instance's campaigns.
pub(super) struct Pacing {
    pub(super) account: Arc<Account>,
    pub(super) known: Arc<KnownCampaigns>,
    /// Whether anything may be changed.
    pub(super) writes: bool,
}

impl Pacing {
    async fn pace(
        &self,
        id: &CampaignId,
        share: RateShare,
        deadline: Timestamp,
    ) -> Result<Pace, PlatformFault> {
        let known = self.known.describe(id, share, deadline).await?;
        let ratio = ratio(&known.campaign, self.account.version).map_err(decode)?;
        Ok(Pace {
            reading: PaceReading::Dials {
                ratio,
                least: DialRatio::ONE,
            },
            original: known.campaign.channels.to_string(),
        })
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
        let id = order.campaign;
        let now = match self.pace(id, RateShare::Commands, order.leave_by).await {
            Ok(now) => now,
            Err(fault) => return Delivery::NotSent { why: fault.detail },
        };
        if now != *order.before {
            let why = format!("somebody changed how campaign {id} uses its channels");
            return Delivery::Conflict { why };
        }
        let version = self.account.version;
        let Some(body) = changed(&now.original, version, ratio) else {
            return refused("the campaign has no bandwidth that could be set");
        };
        let request = Order {
            endpoint: endpoints::PACE,
            path: &["campaigns", id.as_str(), last_segment(version)],
            body: Some(Bytes::from(body.to_string())),
            right: match version {
                CampaignsVersion::First => rights::PACE_OF_THE_FIRST,
                CampaignsVersion::Second => rights::PACE,
            },
            decision: Some(order.decision.to_string()),
            leave_by: Some(order.leave_by),
            deadline: order.deadline,
        };
        match self.account.write(request).await {
            Ok(OrderAnswer::Accepted) => Delivery::Acknowledged { version: None },
            Ok(OrderAnswer::WrongState { why, .. }) => refused(&why),
            Ok(OrderAnswer::Busy { why }) => Delivery::Conflict { why },
            Err(failed) => failed_delivery(failed),
        }
    }
}

fn last_segment(version: CampaignsVersion) -> &'static str {
    match version {
        CampaignsVersion::First => "dialer-config",
        CampaignsVersion::Second => "channel-subtype-config",
    }
}

/// Where the bandwidth of a predictive campaign stands in what a write replaces.
fn place(version: CampaignsVersion) -> &'static str {
    match version {
        CampaignsVersion::First => "/predictiveDialerConfig/bandwidthAllocation",
        CampaignsVersion::Second => "/telephony/outboundMode/predictive/bandwidthAllocation",
    }
}

/// The bandwidth of a campaign as dials for each agent.
fn ratio(campaign: &Campaign, version: CampaignsVersion) -> Result<DialRatio, String> {
    if campaign.mode != Mode::Predictive {
        return Ok(DialRatio::ONE);
    }
    let bandwidth = campaign.channels.pointer(place(version));
    let bandwidth = bandwidth.and_then(Value::as_f64).filter(|set| *set >= 0.0);
    let bandwidth = bandwidth.ok_or("the campaign has no bandwidth that can be read")?;
    let hundredths = format!("{:.0}", bandwidth * DIALS_IN_ALL);
    let ratio = hundredths.parse().map(DialRatio::from_hundredths);
    let ratio = ratio.map_err(|_| format!("{bandwidth} is no bandwidth"))?;
    if (self::bandwidth(ratio) - bandwidth).abs() > 1e-9 {
        return Err(format!(
            "a bandwidth of {bandwidth} could not be put back, since it is finer than half a hundredth"
        ));
    }
    Ok(ratio)
}

/// Dials for each agent as a bandwidth.
fn bandwidth(ratio: DialRatio) -> f64 {
    ratio.in_dials() * 100.0 / DIALS_IN_ALL
}

/// The body of a write: everything that was read, with one number changed.
fn changed(original: &str, version: CampaignsVersion, ratio: DialRatio) -> Option<Value> {
    let mut channels: Value = serde_json::from_str(original).ok()?;
    *channels.pointer_mut(place(version))? = json!(bandwidth(ratio));
    Some(match version {
        CampaignsVersion::First => json!({ "dialerConfig": channels }),
        CampaignsVersion::Second => json!({ "channelSubtypeConfig": channels }),
    })
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

    fn campaign(mode: &str) -> Campaign {
        let text = format!(
            r#"{{"campaign":{{"id":"c","channelSubtypeConfig":{{"telephony":{{"capacity":1.0,"connectQueueId":"q","unknown":{{"x":[1,2.50]}},
                "outboundMode":{mode}}},"sms":{{"y":null}}}}}}}}"#
        );
        Campaign::parse("c", CampaignsVersion::Second, text.as_bytes()).unwrap()
    }

    #[test]
    fn a_step_down_halves_the_bandwidth_and_sends_all_else_back() {
        let found =
            campaign(r#"{"predictive":{"bandwidthAllocation":1,"pacingStrategies":[{"z":1}]}}"#);
        let version = CampaignsVersion::Second;
        assert_eq!(ratio(&found, version).unwrap(), DialRatio::from_dials(2));
        let original = found.channels.to_string();
        let body = changed(&original, version, DialRatio::ONE).unwrap();
        let mut expected = json!({ "channelSubtypeConfig": found.channels });
        expected["channelSubtypeConfig"]["telephony"]["outboundMode"]["predictive"]["bandwidthAllocation"] =
            json!(0.5);
        assert_eq!(body, expected);
        let back = changed(&original, version, DialRatio::from_dials(2)).unwrap();
        let set = back
            .pointer("/channelSubtypeConfig/telephony/outboundMode/predictive/bandwidthAllocation");
        assert_eq!(set.unwrap().as_f64(), Some(1.0));
    }

    #[test]
    fn only_what_can_be_put_back_is_a_pace() {
        let version = CampaignsVersion::Second;
        let of = |mode: &str| ratio(&campaign(mode), version);
        assert_eq!(
            of(r#"{"progressive":{"bandwidthAllocation":1.0}}"#),
            Ok(DialRatio::ONE)
        );
        assert_eq!(of(r#"{"agentless":{}}"#), Ok(DialRatio::ONE));
        let eight_tenths = of(r#"{"predictive":{"bandwidthAllocation":0.8}}"#).unwrap();
        assert_eq!(eight_tenths.to_string(), "1.6");
        assert!(of(r#"{"predictive":{"bandwidthAllocation":0.3333}}"#).is_err());
        assert!(of(r#"{"predictive":{}}"#).is_err());
        assert!(of(r#"{"predictive":{"bandwidthAllocation":-1}}"#).is_err());
    }
}
