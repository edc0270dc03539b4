//! How many calls campaigns have placed today, for those who watch whether that grows.
//!
//! A user without the right to see it is asked about seldom, by whichever watch comes first.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tracing::info;

use crate::domain::{CampaignId, Timestamp};
use crate::platform::port::FaultKind;

use super::call_counts::read_call_counts;
use super::site::Site;

/// After a refusal nobody asks for so long.
const ASK_AGAIN: Duration = Duration::from_secs(6 * 3_600);

/// Reads calls of a system.
pub(super) struct CallReader {
    site: Arc<Site>,
    refused_at: Mutex<Option<Timestamp>>,
}

impl CallReader {
    pub(super) fn new(site: Arc<Site>) -> Self {
        Self {
            site,
            refused_at: Mutex::default(),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.site.now()
    }

    /// The calls of today of each of these campaigns that the answer shows; of none where they cannot be read now.
    pub(super) async fn read(
        &self,
        ids: &[CampaignId],
        deadline: Timestamp,
    ) -> BTreeMap<CampaignId, u64> {
        let now = self.now();
        let refused_at = *self.refused();
        if ids.is_empty() || refused_at.is_some_and(|at| now.since(at) < ASK_AGAIN) {
            return BTreeMap::new();
        }
        match read_call_counts(&self.site, ids, deadline).await {
            Ok(counted) => {
                let known = ids.iter().filter_map(|id| {
                    let counts = counted.get(&id.as_str().to_lowercase())?;
                    Some((id.clone(), counts.calls))
                });
                known.collect()
            }
            Err(fault) => {
                if fault.kind == FaultKind::Forbidden {
                    *self.refused() = Some(now);
                    info!(
                        why = fault.detail,
                        "whether pauses have an effect, and whether running campaigns dial, cannot be seen"
                    );
                }
                // The next look comes with the next poll.
                BTreeMap::new()
            }
        }
    }

    fn refused(&self) -> std::sync::MutexGuard<'_, Option<Timestamp>> {
        self.refused_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
