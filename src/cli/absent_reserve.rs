//! A start on a platform without the idle reserve that the rules ask for is refused.
//!
//! Only a reading shows whether it is offered. A platform that does not answer keeps no daemon from starting: the loop goes on asking,
//! and until the reserve was read once the rules pause.

use crate::control::ports::Clock;
use crate::domain::throttle::Lever;
use crate::domain::{CampaignId, StatusFinding};
use crate::platform::port::{Connected, Urgency};
use crate::settings::Settings;

use super::idle_reserve::is_not_offered;
use super::start_fault::StartFault;

/// Campaigns that are asked for: one that the platform does not know says nothing of the reserve.
const MOST_ASKED: usize = 3;

/// Asks for the idle reserve of campaigns whose rules want one.
pub(super) async fn refuse_absent_reserve(
    settings: &Settings,
    platform: &Connected,
    clock: &dyn Clock,
) -> Result<(), StartFault> {
    let Some(throttle) = platform.throttles.get(Lever::IdleReserve) else {
        return Ok(());
    };
    let rules = settings.policies.iter();
    let reserved = rules.filter(|(_, policy)| policy.actuator.lever() == Some(Lever::IdleReserve));
    for (campaign, _) in reserved.take(MOST_ASKED) {
        let deadline = clock.now().plus(settings.request_timeout);
        match throttle.read(campaign, Urgency::Command, deadline).await {
            Err(fault) if is_not_offered(&fault) => {
                if is_known(platform, campaign, settings, clock).await {
                    let campaign = campaign.clone();
                    return Err(StartFault::NoIdleReserve { campaign });
                }
            }
            Ok(_) | Err(_) => return Ok(()),
        }
    }
    Ok(())
}

async fn is_known(
    platform: &Connected,
    campaign: &CampaignId,
    settings: &Settings,
    clock: &dyn Clock,
) -> bool {
    let deadline = clock.now().plus(settings.request_timeout);
    let ids = std::slice::from_ref(campaign);
    let read = platform.campaigns.read(ids, Urgency::Command, deadline);
    let found = read.await;
    matches!(found.as_slice(), [Ok(StatusFinding::Found(_))])
}
