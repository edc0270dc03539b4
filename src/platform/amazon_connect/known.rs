//! What the configured campaigns are, as they were described: whose agents they need, and how they dial.
//!
//! A description is read when it is first needed and each hour. One that cannot be read again holds for a while more, so that an hour's end
//! is not an hour of calls at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;

use crate::domain::{CampaignId, Timestamp};
use crate::platform::dialect::AlsoSteer;
use crate::platform::http::RateShare;
use crate::platform::port::{NameMemory, PlatformFault};

use super::account::{Account, Ask};
use super::campaign::Campaign;
use super::{endpoints, rights};

/// After this a description is read again.
const FRESH: Duration = Duration::from_secs(3_600);

/// After this it is not believed any more.
const REMEMBERED: Duration = Duration::from_secs(3 * 3_600);

/// Descriptions read again in one poll.
const RENEWED_AT_ONCE: usize = 2;

/// Descriptions read at once.
const AT_ONCE: usize = 4;

/// What is known of one campaign.
#[derive(Clone, Debug)]
pub(super) struct KnownCampaign {
    pub(super) campaign: Arc<Campaign>,
    /// Why it is not steered.
    pub(super) unsteerable: Option<String>,
    read_at: Timestamp,
}

/// The campaigns that the configuration names, and what was read of them.
pub(super) struct KnownCampaigns {
    pub(super) account: Arc<Account>,
    also_steer: AlsoSteer,
    listed: Mutex<BTreeSet<CampaignId>>,
    read: Mutex<BTreeMap<CampaignId, KnownCampaign>>,
    /// Held by whoever reads descriptions, so that none is read twice at once.
    reading: tokio::sync::Mutex<()>,
    pub(super) names: NameMemory,
}

impl KnownCampaigns {
    pub(super) fn new(
        account: Arc<Account>,
        also_steer: AlsoSteer,
        campaigns: &[CampaignId],
    ) -> Self {
        Self {
            account,
            also_steer,
            listed: Mutex::new(campaigns.iter().cloned().collect()),
            read: Mutex::default(),
            reading: tokio::sync::Mutex::default(),
            names: NameMemory::default(),
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

    /// What is known of a campaign, unless that is too old.
    pub(super) fn get(&self, id: &CampaignId, now: Timestamp) -> Option<KnownCampaign> {
        let read = held(&self.read);
        let known = read.get(id)?;
        (now.since(known.read_at) < REMEMBERED).then(|| known.clone())
    }

    /// Reads those of which nothing is known, and a few of those that are old. Where somebody else does at this moment, a poll goes on
    /// with what is known of each, and waits where of some nothing is known. Returns how many calls that took, and the faults.
    pub(super) async fn refresh(
        &self,
        ids: &[CampaignId],
        deadline: Timestamp,
    ) -> (usize, BTreeMap<CampaignId, PlatformFault>) {
        let now = self.account.now();
        let turn = if ids.iter().all(|id| self.get(id, now).is_some()) {
            self.reading.try_lock().ok()
        } else {
            let turn = tokio::time::timeout(deadline.since(now), self.reading.lock());
            turn.await.ok()
        };
        match turn {
            Some(_turn) => self.read_again(ids, deadline).await,
            None => (0, BTreeMap::new()),
        }
    }

    /// The same, behind whoever does so at this moment.
    pub(super) async fn refresh_in_turn(
        &self,
        ids: &[CampaignId],
        deadline: Timestamp,
    ) -> BTreeMap<CampaignId, PlatformFault> {
        let _turn = self.reading.lock().await;
        self.read_again(ids, deadline).await.1
    }

    async fn read_again(
        &self,
        ids: &[CampaignId],
        deadline: Timestamp,
    ) -> (usize, BTreeMap<CampaignId, PlatformFault>) {
        let now = self.account.now();
        let (mut wanted, mut old) = (Vec::new(), Vec::new());
        for id in ids {
            match self.get(id, now) {
                None => wanted.push(id.clone()),
                Some(known) if now.since(known.read_at) >= FRESH => {
                    old.push((known.read_at, id.clone()));
                }
                Some(_) => {}
            }
        }
        old.sort();
        wanted.extend(old.into_iter().take(RENEWED_AT_ONCE).map(|(_, id)| id));
        let calls = wanted.len();
        let reads = stream::iter(wanted).map(|id| async move {
            let read = self.describe(&id, RateShare::Readings, deadline).await;
            (id, read.err())
        });
        let read: Vec<(CampaignId, Option<PlatformFault>)> =
            reads.buffer_unordered(AT_ONCE).collect().await;
        let faults = read
            .into_iter()
            .filter_map(|(id, fault)| Some((id, fault?)));
        (calls, faults.collect())
    }

    /// Reads one campaign and remembers it.
    pub(super) async fn describe(
        &self,
        id: &CampaignId,
        share: RateShare,
        deadline: Timestamp,
    ) -> Result<KnownCampaign, PlatformFault> {
        let version = self.account.version;
        let ask = Ask {
            endpoint: endpoints::CAMPAIGN,
            path: &["campaigns", id.as_str()],
            body: None,
            right: rights::DESCRIBE,
            share,
            deadline,
        };
        let found = self
            .account
            .read_campaigns(ask, |body| Campaign::parse(id.as_str(), version, body))
            .await?;
        self.names.note(id, found.name.as_deref());
        let known = KnownCampaign {
            unsteerable: found.unsteerable(self.also_steer),
            campaign: Arc::new(found),
            read_at: self.account.now(),
        };
        held(&self.read).insert(id.clone(), known.clone());
        Ok(known)
    }
}

/// What is held is never half changed.
pub(super) fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
