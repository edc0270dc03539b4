//! Whether everything came right once it was healed.

use serde_json::Value;

use crate::whole::record::{Check, Checked};

use super::truth::By;
use super::{Bench, Invariant};

pub(super) fn judge(bench: &mut Bench<'_>) {
    if bench.record.schedule.setup.dry_run {
        return;
    }
    for checked in bench.record.checks.clone() {
        for (campaign, status) in &checked.statuses {
            let Some(status) = status else { continue };
            if given_up(bench, campaign, checked.at) {
                continue;
            }
            right(bench, &checked, campaign, status);
            shown(bench, &checked, campaign, status);
        }
    }
}

/// Whether strict ownership gives up the pause in force: no answer to its command was read and kept, and with that option such
/// a pause is nobody's that could be shown.
fn given_up(bench: &Bench<'_>, campaign: &str, at: i64) -> bool {
    let record = bench.record;
    let Some(By::Ours(decision)) = bench.truth.at(campaign, at).map(|change| &change.by) else {
        return false;
    };
    let confirmed = record.audit.iter().any(|row| {
        row.campaign.as_deref() == Some(campaign)
            && row.decision == *decision
            && row.event.get("conclusion").and_then(Value::as_str) == Some("confirmed")
    });
    record.schedule.setup.strict && !confirmed
}

fn right(bench: &mut Bench<'_>, checked: &Checked, campaign: &str, status: &str) {
    let by = bench
        .truth
        .at(campaign, checked.at)
        .map(|change| change.by.clone());
    let ours = matches!(by, Some(By::Ours(_)));
    match checked.check {
        Check::Healed | Check::AllResumed => {
            bench.stake(Invariant::LeftPaused);
            if status == "PAUSED" && ours {
                bench.violated(
                    Invariant::LeftPaused,
                    checked.at,
                    Some(campaign),
                    format!("our pause is still there ({:?})", checked.check),
                );
            }
        }
        Check::AllPaused => {
            bench.stake(Invariant::LeftRunning);
            if status == "RUNNING" {
                bench.violated(
                    Invariant::LeftRunning,
                    checked.at,
                    Some(campaign),
                    "runs though nobody was there for three polls",
                );
            }
        }
    }
}

fn shown(bench: &mut Bench<'_>, checked: &Checked, campaign: &str, status: &str) {
    bench.stake(Invariant::ViewFalse);
    let Some(document) = &checked.document else {
        bench.violated(
            Invariant::ViewFalse,
            checked.at,
            None,
            "nobody answers for the status",
        );
        return;
    };
    let campaigns = document.get("campaigns").and_then(Value::as_array);
    let view = campaigns
        .into_iter()
        .flatten()
        .find(|view| view.get("id").and_then(Value::as_str) == Some(campaign));
    let member = |name: &str| {
        view.and_then(|view| view.get(name))
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let by = bench
        .truth
        .at(campaign, checked.at)
        .map(|change| change.by.clone());
    let (state, owner) = (member("state"), member("paused_by"));
    let right = match (status, &by) {
        ("RUNNING", _) => state == "running",
        ("PAUSED", Some(By::Ours(_))) => state == "paused" && owner == "autopilot",
        ("PAUSED", _) => state == "paused" && owner != "autopilot",
        _ => state == "stopped",
    };
    if !right {
        bench.violated(
            Invariant::ViewFalse,
            checked.at,
            Some(campaign),
            format!(
                "{status} by {by:?} is shown as {state} {owner} ({:?})",
                checked.check
            ),
        );
    }
}
