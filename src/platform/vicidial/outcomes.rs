//! What became of calls: the platform's counts of its day, for all campaigns in one call.
//!
//! Statuses are the latest ones, so that an earlier hour can still change. A user without the right to see them is asked about
//! seldom.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::domain::outcomes::{OutcomeCounters, OutcomeReading, OutcomeSource};
use crate::domain::{CampaignId, Timestamp};
use crate::platform::port::{FaultKind, OutcomeFinding, OutcomeReader, PlatformFault};

use super::call_counts::read_call_counts;
use super::clock::{Version, day_begins};
use super::site::Site;

/// Campaigns in one call.
const IN_ONE_CALL: usize = 10_000;

/// After a refusal nobody asks for so long: somebody may grant the right.
const ASK_AGAIN: Duration = Duration::from_secs(6 * 3_600);

/// How long the zone of the platform is taken to be the same.
const ZONE_KEPT: Duration = Duration::from_secs(900);

/// Outcomes of a system's campaigns.
pub(super) struct Outcomes {
    site: Arc<Site>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    refused_at: Option<Timestamp>,
    zone: Option<(Timestamp, i64)>,
}

impl Outcomes {
    pub(super) fn new(site: Arc<Site>) -> Self {
        Self {
            site,
            state: Mutex::default(),
        }
    }

    async fn read(&self, campaigns: &[CampaignId], deadline: Timestamp) -> Vec<OutcomeFinding> {
        let now = self.site.now();
        let refused = self.with(|state| state.refused_at);
        if refused.is_some_and(|at| now.since(at) < ASK_AGAIN) {
            return campaigns.iter().map(|_| Ok(None)).collect();
        }
        match self.counted(campaigns, deadline).await {
            Ok(findings) => findings,
            Err(fault) => {
                if fault.kind == FaultKind::Forbidden {
                    self.with(|state| state.refused_at = Some(now));
                }
                campaigns.iter().map(|_| Err(fault.clone())).collect()
            }
        }
    }

    async fn counted(
        &self,
        campaigns: &[CampaignId],
        deadline: Timestamp,
    ) -> Result<Vec<OutcomeFinding>, PlatformFault> {
        let offset = self.offset(deadline).await?;
        let until = self.site.now();
        let since = day_begins(until, offset);
        let counted = read_call_counts(&self.site, campaigns, deadline).await?;
        let findings = campaigns.iter().map(|id| {
            let Some(counts) = counted.get(&id.as_str().to_lowercase()) else {
                return Err(super::site::decode(format!(
                    "no calls of campaign {id} are shown"
                )));
            };
            Ok(Some(OutcomeReading {
                since,
                until,
                counters: OutcomeCounters {
                    dials: counts.calls,
                    answered: counts.answered,
                    connected: None,
                    abandoned: counts.dropped,
                },
                source: OutcomeSource::Platform,
            }))
        });
        Ok(findings.collect())
    }

    /// How far the platform's clock on the wall is from UTC.
    async fn offset(&self, deadline: Timestamp) -> Result<i64, PlatformFault> {
        let now = self.site.now();
        if let Some((at, offset)) = self.with(|state| state.zone)
            && now.since(at) < ZONE_KEPT
        {
            return Ok(offset);
        }
        let offset = Version::read(&self.site, deadline).await?.offset_millis;
        self.with(|state| state.zone = Some((now, offset)));
        Ok(offset)
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl OutcomeReader for Outcomes {
    fn most_at_once(&self) -> usize {
        IN_ONE_CALL
    }

    fn outcomes<'a>(
        &'a self,
        campaigns: &'a [CampaignId],
        _: Timestamp,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Vec<OutcomeFinding>> {
        Box::pin(self.read(campaigns, deadline))
    }
}
