//! What campaigns dial by over time, on a platform whose pauses take the place of that.

use std::sync::Mutex;

use campaign_autopilot::simulator::{DialerCampaign, SimHandle};

use super::schedule::CAMPAIGNS;

/// What a campaign was set to from a time on.
#[derive(Clone, Debug)]
pub(crate) struct Dialled {
    pub(crate) at: i64,
    pub(crate) campaign: &'static str,
    pub(crate) set: DialerCampaign,
}

/// Everything that campaigns were set to, oldest first.
#[derive(Default)]
pub(crate) struct Dialling(Mutex<Vec<Dialled>>);

impl Dialling {
    /// Notes what campaigns are set to now, where that is another thing than before. Nothing is noted of a platform that
    /// has no such settings.
    pub(crate) fn look(&self, platform: &SimHandle, now: i64) {
        let mut all = self.0.lock().unwrap();
        for (campaign, _) in CAMPAIGNS {
            let Some(set) = platform.dialer_campaign(campaign) else {
                continue;
            };
            let last = all.iter().rfind(|dialled| dialled.campaign == campaign);
            if last.is_none_or(|last| last.set != set) {
                all.push(Dialled {
                    at: now,
                    campaign,
                    set,
                });
            }
        }
    }

    /// What a campaign was set to at a time.
    pub(crate) fn at(&self, campaign: &str, at: i64) -> Option<DialerCampaign> {
        let all = self.0.lock().unwrap();
        let mut of = all.iter().filter(|dialled| dialled.campaign == campaign);
        of.rfind(|dialled| dialled.at <= at)
            .map(|dialled| dialled.set.clone())
    }

    /// Everything that was noted.
    pub(crate) fn all(&self) -> Vec<Dialled> {
        self.0.lock().unwrap().clone()
    }
}
