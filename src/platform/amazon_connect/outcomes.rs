//! What became of campaigns' calls: totals of a span, of up to a hundred campaigns in one call.
//!
//! Counts are asked for and never the platform's rate, so that the denominator is ours. *Abandoned* are calls that waited longer than the
//! campaign's own threshold; *answered* are those by people, which the platform tells only where it detects machines. A number that is
//! absent is not known. What reached an agent is not counted. Counts may be minutes late **\[I\]**.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::outcomes::{OutcomeCounters, OutcomeReading, OutcomeSource};
use crate::domain::{CampaignId, Timestamp};
use crate::platform::http::RateShare;
use crate::platform::port::{OutcomeFinding, OutcomeReader};

use super::account::{Account, Ask, Instance, decode};
use super::known::KnownCampaigns;
use super::{endpoints, rights};

/// Campaigns in one call.
const IN_ONE_CALL: usize = 100;

/// The threshold of campaigns that name none, in seconds: the usual one of rules for abandoned calls.
const USUAL_THRESHOLD_S: u64 = 2;

/// The shortest span that is asked for.
const SHORTEST: Duration = Duration::from_secs(60);

const ABANDONED: &str = "CAMPAIGN_CONTACTS_ABANDONED_AFTER_X";
const ANSWERED: &str = "HUMAN_ANSWERED_CALLS";
const DIALS: &str = "DELIVERY_ATTEMPTS";

/// Outcomes of an instance's campaigns.
pub(super) struct Outcomes {
    pub(super) account: Arc<Account>,
    pub(super) known: Arc<KnownCampaigns>,
    pub(super) region: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    metric_results: Option<Vec<Row>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    #[serde(default)]
    dimensions: BTreeMap<String, String>,
    #[serde(default)]
    collections: Vec<Collection>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Collection {
    metric: MetricName,
    value: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetricName {
    name: String,
}

/// The counters of each campaign that is shown, or what is missing of them.
fn counters(body: &[u8]) -> Result<BTreeMap<String, Result<OutcomeCounters, String>>, String> {
    let answer: Answer = serde_json::from_slice(body)
        .map_err(|wrong| format!("the totals cannot be read: {wrong}"))?;
    let rows = answer.metric_results.ok_or("the answer has no totals")?;
    let mut found = BTreeMap::new();
    for row in rows {
        let Some(campaign) = row.dimensions.get("CAMPAIGN") else {
            continue;
        };
        let count = |wanted: &str| {
            let mut counts = row.collections.iter();
            let one = counts.find(|one| one.metric.name == wanted);
            let value = one.and_then(|one| one.value).filter(|value| *value >= 0.0);
            let whole = value.and_then(|value| format!("{value:.0}").parse::<u64>().ok());
            whole.ok_or_else(|| format!("{wanted} has no number"))
        };
        let counted = count(DIALS).and_then(|dials| {
            Ok(OutcomeCounters {
                dials,
                answered: count(ANSWERED).map_err(|why| {
                    format!("{why}, as where the detection of answering machines is off")
                })?,
                connected: None,
                abandoned: count(ABANDONED)?,
            })
        });
        found.insert(campaign.clone(), counted);
    }
    Ok(found)
}

impl Outcomes {
    /// The ARN of the instance: as it was given, or by the partition and the account in the ARN of one of its campaigns.
    fn instance(&self, campaigns: &[CampaignId]) -> Option<String> {
        let Instance { id, arn } = &self.account.instance;
        let now = self.account.now();
        arn.clone().or_else(|| {
            let mut arns = campaigns.iter().filter_map(|campaign| {
                let known = self.known.get(campaign, now)?;
                let arn = known.campaign.arn.clone()?;
                let mut parts = arn.split(':');
                let (partition, account) = (parts.nth(1)?, parts.nth(2)?);
                let region = &self.region;
                Some(format!(
                    "arn:{partition}:connect:{region}:{account}:instance/{id}"
                ))
            });
            arns.next()
        })
    }

    fn question(
        instance: &str,
        campaigns: &[&CampaignId],
        threshold: u64,
        (since, until): (Timestamp, Timestamp),
    ) -> Value {
        let ids: Vec<&str> = campaigns.iter().map(|id| id.as_str()).collect();
        json!({
            "ResourceArn": instance,
            "StartTime": since.as_unix_millis().div_euclid(1_000),
            "EndTime": until.as_unix_millis().div_euclid(1_000),
            "Interval": {"IntervalPeriod": "TOTAL"},
            "Filters": [{"FilterKey": "CAMPAIGN", "FilterValues": ids}],
            "Groupings": ["CAMPAIGN"],
            "Metrics": [
                {"Name": ABANDONED, "Threshold": [{"Comparison": "GT", "ThresholdValue": threshold}]},
                {"Name": ANSWERED},
                {"Name": DIALS},
            ],
            "MaxResults": IN_ONE_CALL,
        })
    }

    async fn read(
        &self,
        campaigns: &[CampaignId],
        since: Timestamp,
        deadline: Timestamp,
    ) -> Vec<OutcomeFinding> {
        let (_, faults) = self.known.refresh(campaigns, deadline).await;
        let now = self.account.now();
        let mut by_threshold: BTreeMap<u64, Vec<&CampaignId>> = BTreeMap::new();
        let mut findings: BTreeMap<&CampaignId, OutcomeFinding> = BTreeMap::new();
        for id in campaigns {
            let Some(known) = self.known.get(id, now) else {
                let fault = faults.get(id).cloned();
                let fault = fault.unwrap_or_else(|| decode(format!("campaign {id} was not read")));
                findings.insert(id, Err(fault));
                continue;
            };
            let threshold = known.campaign.abandoned_after_s;
            let threshold = threshold.unwrap_or(USUAL_THRESHOLD_S);
            by_threshold.entry(threshold).or_default().push(id);
        }
        // A day that has just begun has nothing to count yet.
        let since = since.min(now.minus(SHORTEST));
        let instance = self.instance(campaigns).unwrap_or_default();
        for (threshold, alike) in by_threshold {
            for together in alike.chunks(IN_ONE_CALL) {
                let until = self.account.now();
                let ask = Ask {
                    endpoint: endpoints::OUTCOMES,
                    path: &["metrics", "data"],
                    body: Some(Self::question(
                        &instance,
                        together,
                        threshold,
                        (since, until),
                    )),
                    right: rights::OUTCOMES,
                    share: RateShare::Readings,
                    deadline,
                };
                let counted = self.account.read_counts(ask, counters).await;
                for id in together {
                    let finding = match &counted {
                        Err(fault) => Err(fault.clone()),
                        Ok(counted) => match counted.get(id.as_str()) {
                            Some(Ok(counters)) => Ok(Some(OutcomeReading {
                                since,
                                until,
                                counters: *counters,
                                source: OutcomeSource::Platform,
                            })),
                            Some(Err(why)) => Err(decode(why.clone())),
                            // A campaign without calls in the span is left out, and so is one of which nothing is counted.
                            None => Ok(None),
                        },
                    };
                    findings.insert(id, finding);
                }
            }
        }
        let found = |id| {
            let missing = || Err(decode(format!("campaign {id} was not asked about")));
            findings.remove(id).unwrap_or_else(missing)
        };
        campaigns.iter().map(found).collect()
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

    fn totals(answered: &str) -> String {
        format!(
            r#"{{"MetricResults":[{{"Dimensions":{{"CAMPAIGN":"a"}},"MetricInterval":{{"Interval":"TOTAL"}},"Collections":[
                {{"Metric":{{"Name":"HUMAN_ANSWERED_CALLS"}}{answered}}},
                {{"Metric":{{"Name":"CAMPAIGN_CONTACTS_ABANDONED_AFTER_X","Threshold":[{{"Comparison":"GT","ThresholdValue":2.0}}]}},"Value":3.0}},
                {{"Metric":{{"Name":"DELIVERY_ATTEMPTS"}},"Value":400.0}}]}}]}}"#
        )
    }

    #[test]
    fn counts_are_read_by_name_and_an_absent_one_is_not_known() {
        let found = counters(totals(r#","Value":120.0"#).as_bytes()).unwrap();
        let expected = OutcomeCounters {
            dials: 400,
            answered: 120,
            connected: None,
            abandoned: 3,
        };
        assert_eq!(found["a"], Ok(expected));
        for unknown in ["", r#","Value":null"#, r#","Value":-1"#] {
            let found = counters(totals(unknown).as_bytes()).unwrap();
            let why = found["a"].as_ref().unwrap_err();
            assert!(why.contains("answering machines"), "{why}");
        }
        assert!(counters(br#"{"MetricResults":[]}"#).unwrap().is_empty());
        for wrong in ["", "{}", "[]"] {
            assert!(counters(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
