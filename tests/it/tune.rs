//! A threshold recommended from a store, by the program itself.

use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use campaign_autopilot::control::ports::{Batch, Journal};
use campaign_autopilot::domain::outcomes::OutcomeSlot;
use campaign_autopilot::domain::workload::WorkloadSlot;
use campaign_autopilot::domain::{CampaignId, Limit, Policy, Thresholds, Timestamp};
use campaign_autopilot::experiment::tune::{
    BreaksShown, RecordedDays, SimulatedRecord, TruePolicies, record_days, record_pool,
    true_figures,
};
use campaign_autopilot::simulator::Scenario;
use campaign_autopilot::store::Store;
use serde_json::Value;

use crate::centre::{Centre, Finished, Invocation};

const CAMPAIGN: &str = "campaign-1";
const RIVAL: &str = "campaign-2";

/// Small and busy: its days are simulated fast, and say much.
fn scenario() -> Scenario {
    let text = Scenario::text("blended-40").unwrap();
    let small = text
        .replace("agents = 40", "agents = 10")
        .replace("calls_per_hour = 320", "calls_per_hour = 75")
        .replace("closes = \"16:00\"", "closes = \"11:00\"")
        .replace(
            "    { from = \"13:30\", to = \"13:45\", factor = 1.8 },\n",
            "",
        );
    Scenario::parse(&small, "small").unwrap()
}

/// A store with days of it as a daemon would have left them, up to today.
fn recorded(directory: &Path, days: u32) {
    let record = record_days(&scenario(), CAMPAIGN, &policy(), of_days(days, 30));
    keep(directory, &[(CAMPAIGN, record)], &[]);
}

fn policy() -> Policy {
    let limits = (Limit::Agents(2), Limit::Agents(4));
    Policy {
        thresholds: Thresholds::new(limits.0, limits.1).unwrap(),
        ..Policy::default()
    }
}

fn of_days(count: u32, poll_seconds: u64) -> RecordedDays {
    RecordedDays {
        count,
        first_seed: 1,
        poll_interval: Duration::from_secs(poll_seconds),
        breaks: BreaksShown::Apart,
    }
}

/// Writes records as a daemon would have, so that the last of their days is today or yesterday.
fn keep(directory: &Path, records: &[(&str, SimulatedRecord)], shared: &[WorkloadSlot]) {
    let today = Timestamp::from_unix_millis(jiff::Timestamp::now().as_millisecond());
    let slots = records.iter().flat_map(|(_, record)| &record.workload);
    let last = slots.map(|slot| slot.from).max().unwrap();
    let day = Duration::from_secs(24 * 60 * 60);
    let later = day * u32::try_from(today.since(last).as_secs() / day.as_secs()).unwrap();
    let moved = |slot: &WorkloadSlot| WorkloadSlot {
        from: slot.from.plus(later),
        ..*slot
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (store, _) = Store::open(directory, today).unwrap();
        for (id, record) in records {
            let id: CampaignId = id.parse().unwrap();
            let mut outcomes: Vec<OutcomeSlot> = record
                .outcomes
                .iter()
                .map(|slot| OutcomeSlot {
                    from: slot.from.plus(later),
                    until: slot.until.plus(later),
                    ..*slot
                })
                .collect();
            for slot in record.workload.iter().map(moved) {
                // Counters come in before the ten minutes are over, and go after a day unless they belong to a record.
                let (own, rest) = outcomes.into_iter().partition(|one| one.from <= slot.from);
                outcomes = rest;
                let own: Vec<OutcomeSlot> = own;
                let batch = Batch {
                    outcomes: own.into_iter().map(|one| (id.clone(), one)).collect(),
                    workload: vec![(id.clone(), slot)],
                    ..Batch::default()
                };
                store.commit(Arc::new(batch)).await.unwrap();
            }
        }
        let pair = || [CAMPAIGN.parse().unwrap(), RIVAL.parse().unwrap()];
        let batch = Batch {
            shared_workload: shared.iter().map(|slot| (pair(), moved(slot))).collect(),
            ..Batch::default()
        };
        store.commit(Arc::new(batch)).await.unwrap();
    });
}

fn tune(directory: &Path, more: &[&str]) -> Finished {
    let mut invocation = Invocation::bare();
    invocation
        .args(&["tune", "--state-dir"])
        .arg(directory.to_str().unwrap())
        .args(more);
    invocation.output()
}

fn refused(directory: &Path, more: &[&str], code: i32, words: &str) {
    let done = tune(directory, more);
    assert_eq!(done.code(), code, "{}{}", done.stdout, done.stderr);
    assert!(done.stderr.contains(words), "{words} in\n{}", done.stderr);
    assert!(done.stdout.is_empty(), "{}", done.stdout);
}

#[test]
fn a_threshold_is_recommended_from_the_store() {
    let directory = tempfile::tempdir().unwrap();
    recorded(directory.path(), 6);
    let flags = ["--target", "3%", "-o", "json"];
    let done = tune(directory.path(), &flags);
    assert_eq!(done.code(), 0, "{}", done.stderr);
    let report: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(
        (&report["schema"], &report["campaign"]),
        (&1.into(), &CAMPAIGN.into())
    );
    assert_eq!(report["recorded"]["days"], 6);
    let number = |value: &Value| value.as_f64().unwrap();
    let best = &report["recommended"];
    assert!(number(&best["abandoned_share"]["upper"]) <= 0.03, "{best}");
    assert!(number(&report["aim_start"]) >= number(&best["pause_below"]));
    // The recorded threshold is predicted as it was counted.
    let mut candidates = report["candidates"].as_array().unwrap().iter();
    let own = candidates.find(|candidate| candidate["pause_below"] == 2);
    let predicted = number(&own.unwrap()["connects_per_hour"]["mean"]);
    let counted = number(&report["recorded"]["connects_per_hour"]);
    assert!(
        (predicted / counted - 1.0).abs() < 0.1,
        "{predicted} an hour, and {counted} were counted"
    );
    // A dialler of another kind does not explain these days.
    refused(
        directory.path(),
        &["--target", "3%", "--mode", "power=4"],
        1,
        "does not reproduce the record",
    );
}

#[test]
fn what_cannot_be_tuned_from_is_said() {
    let nowhere = tempfile::tempdir().unwrap();
    refused(nowhere.path(), &[], 74, "autopilot.sqlite3");
    let centre = Centre::new();
    let daemon = centre.daemon().start();
    centre.wait_for_polls(3);
    daemon.stop();
    let unrecorded = centre.state_dir();
    refused(&unrecorded, &[], 1, "record_workload = true");
    let short = tempfile::tempdir().unwrap();
    recorded(short.path(), 3);
    refused(short.path(), &[], 1, "3 days");
    let several = tempfile::tempdir().unwrap();
    for (tenant, days) in [("eu", 2), ("us", 3)] {
        recorded(&several.path().join("tenants").join(tenant), days);
    }
    refused(several.path(), &["--tenant", "eu"], 1, "2 days");
    refused(several.path(), &["--tenant", "us"], 1, "3 days");
    refused(several.path(), &[], 78, "--tenant with one of eu, us");
    let other = ["--campaign", "nowhere"];
    refused(short.path(), &other, 1, "recorded are campaign-1");
    refused(
        short.path(),
        &["--history", "aim=0.5%"],
        2,
        "fixed thresholds",
    );
    refused(short.path(), &["--mode", "preview"], 2, "power=1.8");
}

#[test]
fn a_pool_that_is_shared_is_tuned_beside_its_rival() {
    const TARGET: f64 = 0.03;
    let scenario = Scenario::parse(include_str!("shared-pool.toml"), "shared").unwrap();
    let pool = record_pool(&scenario, (CAMPAIGN, RIVAL), &policy(), of_days(6, 20));
    let directory = tempfile::tempdir().unwrap();
    let records = [(CAMPAIGN, pool.own), (RIVAL, pool.rival)];
    keep(directory.path(), &records, &pool.shared);
    let given = |rival: &'static str| {
        [
            "--campaign",
            CAMPAIGN,
            "--target",
            "3%",
            "-o",
            "json",
            "--rival",
            rival,
        ]
    };
    // What the rival's dials do to these agents, no other calls explain.
    refused(
        directory.path(),
        &given("none"),
        1,
        "does not reproduce the record",
    );
    refused(
        directory.path(),
        &given("nowhere"),
        1,
        "recorded are campaign-2",
    );
    refused(
        directory.path(),
        &given("campaign-2:preview"),
        2,
        "power=1.8",
    );

    let done = tune(directory.path(), &given("campaign-2:power=1.8"));
    assert_eq!(done.code(), 0, "{}", done.stderr);
    let report: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(report["rival"]["campaign"], RIVAL);
    let really = |pause_below: u64| {
        let pause_below = u32::try_from(pause_below).unwrap();
        let limits = (Limit::Agents(pause_below), Limit::Agents(pause_below + 2));
        let own = Policy {
            thresholds: Thresholds::new(limits.0, limits.1).unwrap(),
            ..policy()
        };
        let policies = TruePolicies {
            campaign: CAMPAIGN,
            own: &own,
            others: &policy(),
            poll_interval: Duration::from_secs(20),
        };
        let threads = NonZero::new(2).unwrap();
        true_figures(&scenario, policies, 60, 1_000, threads).abandoned_share
    };
    let best = (0..8).find(|pause_below| really(*pause_below) <= TARGET);
    let found = &report["recommended"];
    let pause_below = found["pause_below"].as_u64().unwrap();
    assert!(
        pause_below.abs_diff(best.unwrap()) <= 1,
        "{best:?}: {report}"
    );
    let upper = found["abandoned_share"]["upper"].as_f64().unwrap();
    assert!(really(pause_below) <= upper, "{report}");
    assert!(upper <= TARGET, "{report}");
}
