//! The campaigns that the configuration names.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::CampaignId;

/// No other campaign is commanded.
pub(super) struct KnownCampaigns(Mutex<BTreeSet<CampaignId>>);

impl KnownCampaigns {
    pub(super) fn new(campaigns: &[CampaignId]) -> Self {
        Self(Mutex::new(campaigns.iter().cloned().collect()))
    }

    /// Takes the campaigns that the configuration names from now on.
    pub(super) fn relist(&self, campaigns: &[CampaignId]) {
        *self.held() = campaigns.iter().cloned().collect();
    }

    /// Whether the configuration names this campaign.
    pub(super) fn lists(&self, campaign: &CampaignId) -> bool {
        self.held().contains(campaign)
    }

    fn held(&self) -> MutexGuard<'_, BTreeSet<CampaignId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
