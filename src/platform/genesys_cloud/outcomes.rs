//! What became of campaigns' calls: conversation aggregates, of up to a hundred campaigns in one call.
//!
//! Attempted calls are dials, connected ones were answered by somebody, and abandoned ones reached no agent in time. Whether the
//! platform counts those by the rule of the organisation's settings or all of them is open **\[I\]**, and counts may be minutes late.
//! What reached an agent is not counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::outcomes::{OutcomeCounters, OutcomeReading, OutcomeSource};
use crate::domain::{CampaignId, Timestamp};
use crate::platform::http::RateShare;
use crate::platform::port::{OutcomeFinding, OutcomeReader};

use super::organisation::{Ask, Organisation};
use super::{endpoints, rights};

/// Campaigns in one call.
const IN_ONE_CALL: usize = 100;

const ATTEMPTED: &str = "nOutboundAttempted";
const CONNECTED: &str = "nOutboundConnected";
const ABANDONED: &str = "nOutboundAbandoned";

/// Outcomes of an organisation's campaigns.
pub(super) struct Outcomes {
    pub(super) organisation: Arc<Organisation>,
}

#[derive(Deserialize)]
struct Answer {
    results: Option<Vec<CampaignResult>>,
}

#[derive(Deserialize)]
struct CampaignResult {
    #[serde(default)]
    group: BTreeMap<String, String>,
    #[serde(default)]
    data: Vec<Interval>,
}

#[derive(Deserialize)]
struct Interval {
    #[serde(default)]
    metrics: Vec<Metric>,
}

#[derive(Deserialize)]
struct Metric {
    #[serde(rename = "metric")]
    name: String,
    stats: Option<Stats>,
}

#[derive(Deserialize)]
struct Stats {
    count: Option<u64>,
}

fn question(campaigns: &[CampaignId], since: Timestamp, until: Timestamp) -> Value {
    let predicates: Vec<Value> = campaigns
        .iter()
        .map(|id| {
            json!({"type": "dimension", "dimension": "outboundCampaignId", "operator": "matches",
                "value": id.as_str()})
        })
        .collect();
    json!({
        "interval": format!("{since}/{until}"),
        "groupBy": ["outboundCampaignId"],
        "metrics": [ATTEMPTED, CONNECTED, ABANDONED],
        "filter": {"type": "or", "predicates": predicates},
    })
}

/// The counters of each campaign that has any. Conversations are one per medium and direction; their counts add up.
fn counters(body: &[u8]) -> Result<BTreeMap<String, OutcomeCounters>, String> {
    let answer: Answer = serde_json::from_slice(body)
        .map_err(|wrong| format!("the aggregates cannot be read: {wrong}"))?;
    let results = answer.results.unwrap_or_default();
    let mut found: BTreeMap<String, OutcomeCounters> = BTreeMap::new();
    for result in results {
        let Some(campaign) = result.group.get("outboundCampaignId") else {
            continue;
        };
        let sum = found.entry(campaign.clone()).or_default();
        for metric in result.data.into_iter().flat_map(|span| span.metrics) {
            let place = match metric.name.as_str() {
                ATTEMPTED => &mut sum.dials,
                CONNECTED => &mut sum.answered,
                ABANDONED => &mut sum.abandoned,
                _ => continue,
            };
            let count = metric.stats.and_then(|stats| stats.count);
            let count = count.ok_or_else(|| format!("{} has no count", metric.name))?;
            *place = place.saturating_add(count);
        }
    }
    Ok(found)
}

impl Outcomes {
    async fn read(
        &self,
        campaigns: &[CampaignId],
        since: Timestamp,
        deadline: Timestamp,
    ) -> Vec<OutcomeFinding> {
        let mut findings = Vec::with_capacity(campaigns.len());
        for together in campaigns.chunks(IN_ONE_CALL) {
            let until = self.organisation.now();
            let ask = Ask {
                endpoint: endpoints::AGGREGATES,
                path: &["analytics", "conversations", "aggregates", "query"],
                query: Vec::new(),
                body: Some(question(together, since, until)),
                right: rights::AGGREGATES,
                share: RateShare::Readings,
                deadline,
            };
            match self.organisation.read(ask, counters).await {
                Ok(mut counted) => findings.extend(together.iter().map(|id| {
                    Ok(Some(OutcomeReading {
                        since,
                        until,
                        // A campaign without conversations in the span is left out.
                        counters: counted.remove(id.as_str()).unwrap_or_default(),
                        source: OutcomeSource::Platform,
                    }))
                })),
                Err(fault) => findings.extend(together.iter().map(|_| Err(fault.clone()))),
            }
        }
        findings
    }
}

impl OutcomeReader for Outcomes {
    fn most_at_once(&self) -> usize {
        IN_ONE_CALL
    }

    fn outcomes<'a>(
        &'a self,
        campaigns: &'a [CampaignId],
        since: Timestamp,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Vec<OutcomeFinding>> {
        Box::pin(self.read(campaigns, since, deadline))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_a_campaign_add_up_and_an_absent_metric_is_none() {
        let body = r#"{"results":[
            {"group":{"outboundCampaignId":"a","mediaType":"voice"},"data":[{"interval":"x","metrics":[
                {"metric":"nOutboundAttempted","stats":{"count":90}},{"metric":"nOutboundConnected","stats":{"count":31}},
                {"metric":"tTalk","stats":{"max":3}}]}]},
            {"group":{"outboundCampaignId":"a","mediaType":"callback"},"data":[{"metrics":[
                {"metric":"nOutboundAttempted","stats":{"count":2}},{"metric":"nOutboundAbandoned","stats":{"count":1}}]}]},
            {"group":{"mediaType":"voice"},"data":[]}]}"#;
        let found = counters(body.as_bytes()).unwrap();
        let expected = OutcomeCounters {
            dials: 92,
            answered: 31,
            connected: None,
            abandoned: 1,
        };
        assert_eq!(found, BTreeMap::from([("a".to_owned(), expected)]));
        assert_eq!(counters(b"{}").unwrap(), BTreeMap::new());
        let silent = body.replace(r#""count":31"#, r#""sum":31"#);
        assert!(counters(silent.as_bytes()).is_err());
        assert!(counters(b"").is_err());
    }
}
