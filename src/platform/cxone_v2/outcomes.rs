//! What became of campaigns' dials: an extension of ours, since nothing published shows where this platform counts them.
//!
//! The simulated platform offers it. A platform that does not is asked seldom; then counters come from whoever feeds them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use hyper::Method;
use serde::Deserialize;
use tracing::Instrument;

use crate::control::ports::Clock;
use crate::domain::outcomes::{OutcomeCounters, OutcomeReading, OutcomeSource};
use crate::domain::{CampaignId, Timestamp};
use crate::platform::http::{Call, Client, RateShare, Sending, request_span};
use crate::platform::port::{FaultKind, OutcomeFinding, OutcomeReader, PlatformFault};

use super::address::endpoint;
use super::endpoints;
use super::value::{self, Word};

/// What is not offered is asked for again after this long.
const RECHECKED_AFTER: Duration = Duration::from_secs(6 * 3_600);

/// Reads the extension.
pub struct Outcomes {
    client: Arc<Client>,
    clock: Arc<dyn Clock>,
    base_url: reqwest::Url,
    /// When the platform was last found not to offer it, by the monotonic clock.
    not_offered_at: Mutex<Option<Duration>>,
}

/// The answer.
#[derive(Deserialize)]
struct Listing {
    since: String,
    campaigns: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    #[serde(default, deserialize_with = "value::word")]
    campaign_id: Word<'static>,
    #[serde(flatten)]
    counters: OutcomeCounters,
}

/// What the platform has counted of all campaigns.
struct Counted {
    since: Timestamp,
    counters: BTreeMap<String, OutcomeCounters>,
}

impl Outcomes {
    /// A reader of this tenant.
    #[must_use]
    pub fn new(client: Arc<Client>, clock: Arc<dyn Clock>, base_url: reqwest::Url) -> Self {
        Self {
            client,
            clock,
            base_url,
            not_offered_at: Mutex::default(),
        }
    }

    /// Reads what is counted of every campaign; none where that is not offered.
    async fn read(&self, deadline: Timestamp) -> Result<Option<Counted>, PlatformFault> {
        let now = self.clock.monotonic();
        let not_offered = |at: &mut Option<Duration>| {
            at.is_some_and(|at| now.saturating_sub(at) < RECHECKED_AFTER)
        };
        if not_offered(&mut self.lock()) {
            return Ok(None);
        }
        let call = Call {
            endpoint: endpoints::OUTCOMES,
            share: RateShare::Readings,
            method: Method::GET,
            url: endpoint(&self.base_url, &["x-autopilot", "outcomes"]),
            body: None,
            request_id: None,
            client_id: None,
            deadline,
            scope: "campaigns:read",
            sending: Sending::Repeatable,
        };
        let read = self
            .client
            .call(&call, |response| counted(&response.body))
            .instrument(request_span(endpoints::OUTCOMES));
        match read.await {
            Ok(counted) => {
                *self.lock() = None;
                Ok(Some(counted))
            }
            // 404, and 405 among the refusals, are how a platform without it answers; a gateway before it may say 403.
            Err(failed)
                if matches!(
                    failed.fault.kind,
                    FaultKind::NotFound | FaultKind::NotAllowed | FaultKind::Forbidden
                ) =>
            {
                *self.lock() = Some(now);
                Ok(None)
            }
            Err(failed) => Err(failed.fault),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Duration>> {
        self.not_offered_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads the listing. A row without an id counts for nobody; one without a counter is a fault, since what is missing is not zero.
fn counted(body: &[u8]) -> Result<Counted, String> {
    let listing: Listing = serde_json::from_slice(body)
        .map_err(|wrong| format!("not a listing of outcomes: {wrong}"))?;
    let since = Timestamp::parse_rfc3339(&listing.since)
        .ok_or_else(|| "not a listing of outcomes: `since` is not a time".to_owned())?;
    let rows = listing.campaigns.into_iter();
    let counters =
        rows.filter_map(|row| Some((row.campaign_id.text()?.into_owned(), row.counters)));
    Ok(Counted {
        since,
        counters: counters.collect(),
    })
}

impl OutcomeReader for Outcomes {
    fn most_at_once(&self) -> usize {
        usize::MAX
    }

    fn outcomes<'a>(
        &'a self,
        campaigns: &'a [CampaignId],
        _since: Timestamp,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Vec<OutcomeFinding>> {
        Box::pin(async move {
            // Everything until the request is in the answer; what comes after it may be.
            let until = self.clock.now();
            let read = self.read(deadline).await;
            let finding = |id: &CampaignId| match &read {
                Ok(None) => Ok(None),
                Ok(Some(counted)) => {
                    Ok(counted
                        .counters
                        .get(id.as_str())
                        .map(|counters| OutcomeReading {
                            since: counted.since,
                            until,
                            counters: *counters,
                            source: OutcomeSource::Platform,
                        }))
                }
                Err(fault) => Err(fault.clone()),
            };
            campaigns.iter().map(finding).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_counter_is_not_zero() {
        let body = r#"{"since": "2024-05-15T08:00:00Z", "further": 1, "campaigns": [
            {"campaignId": "a", "dials": 10, "answered": 4, "connected": 3, "abandoned": 1, "colour": "red"},
            {"campaignId": 7, "dials": 1, "answered": 1, "abandoned": 0}]}"#;
        let found = counted(body.as_bytes()).unwrap();
        let of = |id: &str| found.counters.get(id).copied().unwrap();
        assert_eq!((of("a").dials, of("a").connected), (10, Some(3)));
        assert_eq!((of("7").answered, of("7").connected), (1, None));
        for wrong in [
            body.replace("\"dials\": 10, ", ""),
            body.replace("\"abandoned\": 1", "\"abandoned\": -1"),
            body.replace("2024-05-15T08:00:00Z", "today"),
            "{}".to_owned(),
            String::new(),
        ] {
            assert!(counted(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
