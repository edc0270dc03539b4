//! The pace of a skill through the port: read, change one lever, write all, read back.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::Method;

use crate::domain::throttle::{DialRatio, PaceReading};
use crate::domain::{CampaignId, Delivery, Timestamp};
use crate::platform::http::{HttpResponse, RateShare, failed_delivery};
use crate::platform::port::{FaultKind, Pace, PlatformFault, Throttle, ThrottleOrder, Urgency};

use super::campaign_skills::Target;
use super::operation::Operation;
use super::pacing::{GeneralSettings, Lever, Setting};
use super::reading::decode;
use super::tenant::{Ask, Order, Tenant};

/// The most calls for each agent that the platform takes.
const MOST_CALLS: i64 = 3;

/// Paces of a tenant's skills.
pub(super) struct Pacing {
    pub(super) tenant: Arc<Tenant>,
    /// Whether anything may be changed.
    pub(super) writes: bool,
}

impl Pacing {
    async fn settings(
        &self,
        skill: u64,
        share: RateShare,
        deadline: Timestamp,
    ) -> Result<GeneralSettings, PlatformFault> {
        let ask = Ask {
            operation: Operation::GeneralSettings,
            id: Some(skill),
            query: Vec::new(),
            share,
            deadline,
        };
        let parse = |response: &HttpResponse| GeneralSettings::parse(&response.body);
        self.tenant.read(&ask, parse).await
    }

    async fn pace(
        &self,
        campaign: &CampaignId,
        urgency: Urgency,
        deadline: Timestamp,
    ) -> Result<Pace, PlatformFault> {
        let skill = skill_of(campaign)?;
        let share = match urgency {
            Urgency::Routine => RateShare::Readings,
            Urgency::Command => RateShare::Commands,
            Urgency::BeforeCommand => RateShare::CommandsAndNext,
        };
        let settings = self.settings(skill, share, deadline).await?;
        let ratio = ratio(&settings)
            .ok_or_else(|| decode(format!("skill {skill} has no readable maximumRatio")))?;
        let original = String::from_utf8_lossy(&settings.body()).into_owned();
        Ok(Pace {
            reading: PaceReading::Dials {
                ratio,
                least: DialRatio::ONE,
            },
            original,
        })
    }

    async fn change(&self, order: ThrottleOrder<'_>) -> Delivery {
        let refused = |why: String| Delivery::Refused { why, wait: None };
        if !self.writes {
            return refused("nothing may be changed".to_owned());
        }
        let skill = match skill_of(order.campaign) {
            Ok(skill) => skill,
            Err(fault) => return refused(fault.detail),
        };
        let before = match GeneralSettings::parse(order.before.original.as_bytes()) {
            Ok(before) => before,
            Err(why) => return refused(why),
        };
        // A write is not refused for resting on an old reading, so that one is made right before it.
        let now = match self
            .settings(skill, RateShare::Commands, order.leave_by)
            .await
        {
            Ok(now) => now,
            Err(fault) => return Delivery::NotSent { why: fault.detail },
        };
        let moved = now.differences(&before);
        if !moved.is_empty() {
            let why = format!("somebody changed {}", moved.join(", "));
            return Delivery::Conflict { why };
        }
        let Some(ratio) = order.to.dials() else {
            return refused(format!("{} cannot be set here", order.to.in_words()));
        };
        let wanted = match with_ratio(&now, ratio) {
            Ok(wanted) => wanted,
            Err(why) => return refused(why),
        };
        let request = Order {
            operation: Operation::GeneralSettings,
            method: Method::PUT,
            id: skill,
            body: Some(Bytes::from(wanted.body())),
            decision: order.decision.to_string(),
            leave_by: Some(order.leave_by),
            deadline: order.deadline,
        };
        if let Err(failed) = self.tenant.write(&request, |_| Ok(())).await {
            return failed_delivery(failed);
        }
        let after = self
            .settings(skill, RateShare::Commands, order.deadline)
            .await;
        match after.map(|after| after.differences(&wanted)) {
            Ok(other) if other.is_empty() => Delivery::Acknowledged { version: None },
            Ok(other) => Delivery::Lost {
                why: format!("written, and yet {} is another", other.join(", ")),
            },
            Err(fault) => Delivery::Lost { why: fault.detail },
        }
    }
}

/// A pace belongs to one skill: those of a campaign need not agree.
fn skill_of(campaign: &CampaignId) -> Result<u64, PlatformFault> {
    match campaign.as_str().parse().map_err(decode)? {
        Target::Skill(skill) => Ok(skill),
        Target::Campaign(_) => Err(PlatformFault {
            kind: FaultKind::NotAllowed,
            detail: format!("{campaign} has several skills, and each dials at a pace of its own"),
        }),
    }
}

/// The calls for each agent that are in force.
fn ratio(settings: &GeneralSettings) -> Option<DialRatio> {
    if settings.get(Lever::BlockMultipleCalls) == Some(Setting::Flag(true)) {
        return Some(DialRatio::ONE);
    }
    let setting = settings.get(Lever::MaximumRatio)?;
    match setting {
        Setting::Number(dials) if setting.fits(Lever::MaximumRatio) => {
            u32::try_from(dials).ok().map(DialRatio::from_dials)
        }
        Setting::Number(_) | Setting::Flag(_) => None,
    }
}

/// The settings with the largest ratio that the platform has and that is not above `wanted`.
fn with_ratio(settings: &GeneralSettings, wanted: DialRatio) -> Result<GeneralSettings, String> {
    if settings.get(Lever::BlockMultipleCalls) == Some(Setting::Flag(true)) {
        return Err("the skill dials one call for each agent whatever its ratio".to_owned());
    }
    let most = Setting::Number(MOST_CALLS);
    let whole = Setting::Number(i64::from(wanted.whole_dials()));
    let setting = if whole.fits(Lever::MaximumRatio) || wanted < DialRatio::ONE {
        whole
    } else {
        most
    };
    settings.with(Lever::MaximumRatio, setting)
}

impl Throttle for Pacing {
    fn read<'a>(
        &'a self,
        campaign: &'a CampaignId,
        urgency: Urgency,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Result<Pace, PlatformFault>> {
        Box::pin(self.pace(campaign, urgency, deadline))
    }

    fn set<'a>(&'a self, order: ThrottleOrder<'a>) -> BoxFuture<'a, Delivery> {
        Box::pin(self.change(order))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> GeneralSettings {
        GeneralSettings::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_ratio_is_a_whole_number_of_calls_and_rounded_down() {
        let two = settings(r#"{"maximumRatio":2,"blockMultipleCalls":false}"#);
        let dials = DialRatio::from_dials;
        assert_eq!(ratio(&two), Some(dials(2)));
        for (wanted, expected) in [("1", 1), ("1.9", 1), ("2.5", 2), ("7", 3)] {
            let with = with_ratio(&two, wanted.parse().unwrap()).unwrap();
            assert_eq!(ratio(&with), Some(dials(expected)), "{wanted}");
        }
        assert!(with_ratio(&two, "0.5".parse().unwrap()).is_err());
        let blocked = settings(r#"{"maximumRatio":3,"blockMultipleCalls":true}"#);
        assert_eq!(ratio(&blocked), Some(DialRatio::ONE));
        assert!(with_ratio(&blocked, DialRatio::ONE).is_err());
        assert_eq!(ratio(&settings(r#"{"maximumRatio":9}"#)), None);
    }

    #[test]
    fn a_pace_belongs_to_one_skill() {
        assert_eq!(skill_of(&"4711".parse().unwrap()), Ok(4_711));
        let several = skill_of(&"campaign:300".parse().unwrap());
        assert_eq!(several.unwrap_err().kind, FaultKind::NotAllowed);
    }
}
