//! What the configured campaigns are, as their readings show it: which queue's agents take their calls, and how they dial.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::domain::{CampaignId, Timestamp};

use super::campaign::Campaign;

/// How long the queue of a campaign that is not read any more is taken to be the same. Readings come with each poll.
const REMEMBERED: Duration = Duration::from_secs(600);

/// What is known of one campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KnownCampaign {
    /// The queue whose agents take its calls.
    pub(super) queue: Option<String>,
    /// Why it cannot be steered by its agents.
    pub(super) unsteerable: Option<String>,
    read_at: Timestamp,
}

/// The campaigns that the configuration names, and what was read of them.
#[derive(Default)]
pub(super) struct KnownCampaigns {
    listed: Mutex<BTreeSet<CampaignId>>,
    read: Mutex<BTreeMap<CampaignId, KnownCampaign>>,
}

impl KnownCampaigns {
    pub(super) fn new(campaigns: &[CampaignId]) -> Self {
        Self {
            listed: Mutex::new(campaigns.iter().cloned().collect()),
            read: Mutex::default(),
        }
    }

    /// Takes the campaigns that the configuration names from now on.
    pub(super) fn relist(&self, campaigns: &[CampaignId]) {
        *held(&self.listed) = campaigns.iter().cloned().collect();
    }

    /// Whether the configuration names this campaign.
    pub(super) fn lists(&self, campaign: &CampaignId) -> bool {
        held(&self.listed).contains(campaign)
    }

    /// Every campaign that the configuration names.
    pub(super) fn all(&self) -> BTreeSet<CampaignId> {
        held(&self.listed).clone()
    }

    /// Notes a reading: a campaign that was given another queue counts that queue's agents from then on.
    pub(super) fn note(&self, id: &CampaignId, found: &Campaign, read_at: Timestamp) {
        let known = KnownCampaign {
            queue: found.queue().map(str::to_owned),
            unsteerable: found.unsteerable(),
            read_at,
        };
        held(&self.read).insert(id.clone(), known);
    }

    /// What is known of a campaign, unless that is too old.
    pub(super) fn get(&self, id: &CampaignId, now: Timestamp) -> Option<KnownCampaign> {
        let read = held(&self.read);
        let known = read.get(id)?;
        (now.since(known.read_at) < REMEMBERED).then(|| known.clone())
    }
}

/// What is held is never half changed.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
