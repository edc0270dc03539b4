//! The pace of a campaign through the port: its level, where it dials by that.
//!
//! An adaptive campaign has no pace here: the highest level that its process may choose can be set and is shown by no answer, so that
//! what was there before could not be put back. Nor has one whose level has more than two decimals.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::domain::throttle::{DialRatio, PaceReading};
use crate::domain::{CampaignId, Delivery, Timestamp};
use crate::platform::http::{RateShare, failed_delivery};
use crate::platform::port::{FaultKind, Pace, PlatformFault, Throttle, ThrottleOrder, Urgency};

use super::campaign::Dialling;
use super::endpoints;
use super::listings::Listings;
use super::site::{Order, Site, share};

/// Paces of a system's campaigns.
pub(super) struct Pacing {
    pub(super) site: Arc<Site>,
    pub(super) listings: Arc<Listings>,
    /// Whether anything may be changed.
    pub(super) writes: bool,
}

/// The ratio that a campaign dials by.
fn ratio(id: &CampaignId, dialling: &Dialling) -> Result<DialRatio, PlatformFault> {
    let none = |why: &str| PlatformFault {
        kind: FaultKind::NotAllowed,
        detail: format!("campaign {id} dials by {}: {why}", dialling.text()),
    };
    if dialling.is_marked() {
        return Err(none("it is paused, and has no pace"));
    }
    if !dialling.is_by_level() {
        return Err(none(
            "what its adaptive process may choose is shown by no answer, and could not be put back",
        ));
    }
    dialling
        .exact_ratio()
        .ok_or_else(|| none("a level of more than two decimals could not be put back"))
}

/// A ratio as the platform's page writes levels.
fn level(ratio: DialRatio) -> String {
    let text = ratio.to_string();
    if text.contains('.') {
        text
    } else {
        format!("{text}.0")
    }
}

impl Pacing {
    async fn pace(
        &self,
        id: &CampaignId,
        share: RateShare,
        deadline: Timestamp,
    ) -> Result<Pace, PlatformFault> {
        let found = self.listings.one(id.as_str(), share, deadline).await?;
        let found = found.ok_or_else(|| PlatformFault {
            kind: FaultKind::NotFound,
            detail: format!("campaign {id} is not there, or the user may not see it"),
        })?;
        Ok(Pace {
            reading: PaceReading::Dials {
                ratio: ratio(id, &found.dialling)?,
                least: DialRatio::ONE,
            },
            original: found.dialling.text(),
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
        if ratio < DialRatio::ONE {
            return refused("a level below 1 would dial for fewer agents than are free");
        }
        let id = order.campaign;
        let now = match self.pace(id, RateShare::Commands, order.leave_by).await {
            Ok(now) => now,
            Err(fault) => return Delivery::NotSent { why: fault.detail },
        };
        if now != *order.before {
            let why = format!("somebody changed the level of campaign {id}");
            return Delivery::Conflict { why };
        }
        let request = Order {
            endpoint: endpoints::PACE,
            campaign: id.as_str(),
            fields: vec![("auto_dial_level", level(ratio))],
            decision: order.decision.to_string(),
            leave_by: Some(order.leave_by),
            deadline: order.deadline,
        };
        match self.site.write(request).await {
            Ok(()) => Delivery::Acknowledged { version: None },
            Err(failed) => failed_delivery(failed),
        }
    }
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
    fn a_pace_is_a_level_that_can_be_put_back_as_it_was() {
        let id: CampaignId = "OUTBA".parse().unwrap();
        let of = |text: &str| ratio(&id, &Dialling::parse(text).unwrap());
        for (text, written) in [
            ("RATIO 2.0", "2.0"),
            ("RATIO 2", "2.0"),
            ("SHARED_RATIO 1.25", "1.25"),
            ("RATIO 1.5", "1.5"),
        ] {
            assert_eq!(level(of(text).unwrap()), written, "{text}");
        }
        for none in [
            "RATIO 1.733",
            "ADAPT_TAPERED 1.5",
            "RATIO 0.0001",
            "MANUAL 0",
        ] {
            assert!(of(none).is_err(), "{none}");
        }
    }
}
