//! What people do at the platform's pages, and what there is to be seen of it.

use std::time::Duration;

use super::super::super::handle::SimHandle;
use super::super::super::journal::Actor;
use super::super::super::platform::Platform;
use super::super::super::time::SimTime;
use super::super::super::world::World;
use super::DialerState;
use super::ids::shown;
use super::settings::{DialerCampaign, DialerSettings};

impl SimHandle {
    /// What a campaign is set to, by its id here; nothing where there is none.
    #[must_use]
    pub fn dialer_campaign(&self, id: &str) -> Option<DialerCampaign> {
        self.in_dialer(|_, dialer, _| {
            let (world, _) = dialer.world_id(id)?;
            dialer.campaigns.get(&world).cloned()
        })
        .flatten()
    }

    /// A person saves the campaign's page, which writes every field as it is there; `false` where there is no such campaign.
    #[must_use]
    pub fn person_saves_dialer_campaign(&self, id: &str, form: &DialerCampaign) -> bool {
        self.in_dialer(|world, dialer, now| {
            let Some((campaign, _)) = dialer.world_id(id) else {
                return false;
            };
            let place = (Duration::ZERO, now);
            dialer.set(&campaign, form, Actor::Person, world, place);
            true
        })
        .unwrap_or_default()
    }

    /// Changes how the platform behaves from now on; `false` on a platform of another dialect.
    #[must_use]
    pub fn change_dialer(&self, change: impl FnOnce(&mut DialerSettings)) -> bool {
        self.in_dialer(|_, dialer, _| change(&mut dialer.settings))
            .is_some()
    }

    /// The value of the last field of each request, as the platform's log keeps it.
    #[must_use]
    pub fn dialer_log(&self) -> Vec<String> {
        self.in_dialer(|_, dialer, _| dialer.log.clone())
            .unwrap_or_default()
    }

    fn in_dialer<T>(
        &self,
        act: impl FnOnce(&mut World, &mut DialerState, SimTime) -> T,
    ) -> Option<T> {
        self.with_platform(|platform, now| {
            platform.follow_dialer(now);
            let Platform { world, dialer, .. } = platform;
            Some(act(world, dialer.as_mut()?, now))
        })
    }
}

impl Platform {
    /// Returns the id under which this dialect shows a campaign of the world; nothing on a platform of another one.
    pub(in crate::simulator) fn shown_by_dialer(&self, campaign: &str) -> Option<String> {
        self.dialer.as_ref()?;
        let place = self.world.campaigns().position(|(id, _)| id == campaign);
        Some(shown(campaign, place?))
    }
}
