//! Whether the receiver was told everything, in order.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Bench, Invariant};

/// What was confirmed later than this before the end may still wait.
const MAY_WAIT: i64 = 60_000;

pub(super) fn judge(bench: &mut Bench<'_>) {
    let record = bench.record;
    let setup = &record.schedule.setup;
    let stepped = record
        .schedule
        .acts
        .iter()
        .any(|(_, act)| act.name() == "clock-step");
    if !setup.webhook || setup.dry_run || stepped {
        return;
    }
    let end = record.lives.last().map_or(0, |life| life.until);
    let mut confirmed: BTreeMap<String, u32> = BTreeMap::new();
    for row in &record.audit {
        let verdict = match row.kind.as_str() {
            "outcome" => row.event.get("conclusion"),
            "noticed" => row
                .event
                .get("notice")
                .and_then(|notice| notice.get("conclusion")),
            _ => None,
        };
        let at = row
            .at
            .parse::<jiff::Timestamp>()
            .map_or(i64::MAX, jiff::Timestamp::as_millisecond);
        if verdict.and_then(Value::as_str) == Some("confirmed")
            && at < end - MAY_WAIT
            && let Some(campaign) = &row.campaign
        {
            *confirmed.entry(campaign.clone()).or_default() += 1;
        }
    }
    let mut told: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut last: BTreeMap<String, String> = BTreeMap::new();
    for taken in &record.taken {
        if !matches!(taken.event.as_str(), "campaign.paused" | "campaign.resumed") {
            continue;
        }
        let campaign = taken.key.trim_start_matches("campaign/").to_owned();
        if !told
            .entry(campaign.clone())
            .or_default()
            .insert(taken.id.clone())
        {
            continue;
        }
        let body: Value = serde_json::from_str(&taken.body).unwrap_or_default();
        let timestamp = body
            .get("timestamp")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        bench.stake(Invariant::MessageOrder);
        let earlier = last.insert(campaign.clone(), timestamp.clone());
        if earlier.is_some_and(|earlier| earlier > timestamp) {
            bench.violated(
                Invariant::MessageOrder,
                taken.at,
                Some(&campaign),
                format!("{} of {timestamp} came behind a later one", taken.event),
            );
        }
    }
    for (campaign, many) in confirmed {
        bench.stake(Invariant::MessageLost);
        let heard = told.get(&campaign).map_or(0, BTreeSet::len);
        if heard < usize::try_from(many).unwrap_or(usize::MAX) {
            bench.violated(
                Invariant::MessageLost,
                end,
                Some(&campaign),
                format!("{many} changes were confirmed and {heard} told"),
            );
        }
    }
}
