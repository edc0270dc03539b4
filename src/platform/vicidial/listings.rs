//! The list of campaigns, read once for everybody who wants it in the same poll.

use std::sync::Arc;

use tokio::sync::Mutex;

use crate::domain::Timestamp;
use crate::platform::http::RateShare;
use crate::platform::port::{FaultKind, PlatformFault};

use super::campaign::{Campaign, Listing};
use super::site::{Ask, Site};
use super::{endpoints, rights};

/// Reads lists of campaigns.
pub(super) struct Listings {
    site: Arc<Site>,
    last: Mutex<Option<Arc<DatedListing>>>,
}

/// A list, and when it was asked for and complete.
pub(super) struct DatedListing {
    asked_at: Timestamp,
    pub(super) read_at: Timestamp,
    pub(super) listing: Listing,
}

impl Listings {
    pub(super) fn new(site: Arc<Site>) -> Self {
        Self {
            site,
            last: Mutex::default(),
        }
    }

    /// Every campaign that the user may see, asked for at `since` or later: an older list could show what was before a command of ours.
    /// Whoever comes while it is asked for waits for that one answer.
    pub(super) async fn every(
        &self,
        since: Timestamp,
        share: RateShare,
        deadline: Timestamp,
    ) -> Result<Arc<DatedListing>, PlatformFault> {
        let mut last = self.last.lock().await;
        if let Some(dated) = &*last
            && dated.asked_at >= since
            // A clock that was set back must not make an old one look fresh.
            && dated.asked_at <= self.site.now()
        {
            return Ok(Arc::clone(dated));
        }
        let asked_at = self.site.now();
        let listing = self
            .read(None, endpoints::CAMPAIGNS, share, deadline)
            .await
            .map_err(none_visible)?;
        let dated = Arc::new(DatedListing {
            asked_at,
            read_at: self.site.now(),
            listing,
        });
        *last = Some(Arc::clone(&dated));
        Ok(dated)
    }

    /// One campaign as it is now; nothing where there is none, or none that the user may see.
    pub(super) async fn one(
        &self,
        id: &str,
        share: RateShare,
        deadline: Timestamp,
    ) -> Result<Option<Campaign>, PlatformFault> {
        let read = self.read(Some(id), endpoints::CAMPAIGN, share, deadline);
        match read.await {
            Ok(listing) => match (listing.get(id), &listing.unreadable.why) {
                (Some(campaign), _) => Ok(Some(campaign.clone())),
                (None, Some(why)) => Err(super::site::decode(format!("campaign {id}: {why}"))),
                (None, None) => Err(super::site::decode(format!(
                    "asked for campaign {id}, the platform answered about another"
                ))),
            },
            Err(fault) if fault.kind == FaultKind::NotFound => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    async fn read(
        &self,
        id: Option<&str>,
        endpoint: crate::telemetry::Endpoint,
        share: RateShare,
        deadline: Timestamp,
    ) -> Result<Listing, PlatformFault> {
        let mut fields: Vec<(&'static str, &str)> = Vec::new();
        fields.extend(id.map(|id| ("campaign_id", id)));
        fields.extend([("stage", "tab"), ("header", "YES")]);
        let ask = Ask {
            endpoint,
            function: "campaigns_list",
            fields,
            right: rights::CAMPAIGNS,
            share,
            deadline,
        };
        let listing = self.site.read(ask, Listing::parse).await?;
        if id.is_none() {
            self.site.note_unreadable(endpoint, &listing.unreadable);
        }
        Ok(listing)
    }
}

/// Where every campaign was asked for, none is a right that is missing.
fn none_visible(fault: PlatformFault) -> PlatformFault {
    if fault.kind != FaultKind::NotFound {
        return fault;
    }
    PlatformFault {
        kind: FaultKind::Forbidden,
        detail: format!(
            "the user may see no campaign: the user lacks {}",
            rights::GROUP
        ),
    }
}
