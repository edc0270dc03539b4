//! Whether what the daemon counts was there, and whether it believes what it was told.

use serde_json::Value;

use crate::whole::dialect::Purpose;
use crate::whole::draw::index_of;
use crate::whole::record::Look;
use crate::whole::schedule::{POLL_S, Pool};

use super::{Bench, Invariant};

/// A reading of the agents is over after this: its requests have three tries of two seconds, and wait for their turn.
const LONGEST_POLL: i64 = 35_000;

pub(super) fn judge(bench: &mut Bench<'_>) {
    let stepped = bench
        .record
        .schedule
        .acts
        .iter()
        .any(|(_, act)| act.name() == "clock-step");
    if stepped {
        return;
    }
    for look in bench.record.looks.clone() {
        counted(bench, &look);
        believed(bench, &look);
    }
}

fn sample_at(document: &Value) -> Option<i64> {
    let text = document.get("sample_at")?.as_str()?;
    let at: jiff::Timestamp = text.parse().ok()?;
    Some(at.as_millisecond())
}

fn counted(bench: &mut Bench<'_>, look: &Look) {
    let record = bench.record;
    let Some(taken_at) = sample_at(&look.document) else {
        return;
    };
    let pools = record.schedule.setup.pools();
    let campaigns = look.document.get("campaigns").and_then(Value::as_array);
    for campaign in campaigns.into_iter().flatten() {
        let (Some(id), Some(available)) = (
            campaign.get("id").and_then(Value::as_str),
            campaign.get("available").and_then(Value::as_u64),
        ) else {
            continue;
        };
        let Some(index) = index_of(id) else { continue };
        // What is shown may be of the sample before, if the look came within a tick.
        let from = taken_at - POLL_S * 1_000 - LONGEST_POLL;
        let until = look.at.min(taken_at + LONGEST_POLL);
        let samples = record.looks.iter();
        let samples = samples.filter_map(|look| sample_at(&look.document));
        let before = samples.filter(|sample| *sample < taken_at).max();
        // Ticks are as long as this where the rate limit makes their requests wait.
        let long = |sample: &i64| taken_at - sample > POLL_S * 1_500;
        let before = before.filter(|sample| long(sample) && look.at <= taken_at + LONGEST_POLL);
        // Pages are cut from the list as it is at each request: who leaves in between makes others be skipped.
        let moved = record.free.iter().any(|(at, ..)| {
            let within = |taken: i64| taken < *at && *at <= (taken + LONGEST_POLL).min(until);
            within(taken_at) || before.is_some_and(within)
        });
        if moved {
            bench.race();
            continue;
        }
        let [alpha, beta] = record.free_between(from, until);
        let (least, most) = match pools[index] {
            Pool::Everyone => (alpha.0 + beta.0, alpha.1 + beta.1),
            Pool::Alpha => alpha,
            Pool::Beta => beta,
        };
        bench.stake(Invariant::CountFalse);
        let available = u32::try_from(available).unwrap_or(u32::MAX);
        if available < least || available > most {
            bench.violated(
                Invariant::CountFalse,
                look.at,
                Some(id),
                format!("{available} counted where {least} to {most} were free"),
            );
        }
    }
}

fn believed(bench: &mut Bench<'_>, look: &Look) {
    let record = bench.record;
    let from = look.at - 32_000;
    let lived = record
        .lives
        .iter()
        .any(|life| life.from < from - 15_000 && life.until >= look.at);
    let troubled = record.marks.iter().any(|mark| {
        matches!(mark.name, "disk-slow" | "disk-full" | "low-rate")
            && mark.from <= look.at
            && mark.until >= from - 10_000
    });
    let asked: Vec<_> = record
        .requests
        .iter()
        .filter(|request| {
            matches!(request.purpose, Purpose::Agents | Purpose::Token)
                && from - 10_000 <= request.sent
                && request.sent <= look.at
        })
        .collect();
    let whole = asked.len() >= 3
        && asked.iter().all(|request| {
            let answered = request.status;
            request.fault.is_none()
                && answered.is_some_and(|status| [200, 204, 304].contains(&status))
        });
    // A command that hangs holds up the next poll.
    let held_up = record.requests.iter().any(|request| {
        request.fault.is_some() && from - 10_000 <= request.sent && request.sent <= look.at
    });
    if !lived || troubled || held_up || !whole {
        return;
    }
    bench.stake(Invariant::CountRefused);
    let age = sample_at(&look.document).map_or(i64::MAX, |taken_at| look.at - taken_at);
    if age > 30_000 {
        bench.violated(
            Invariant::CountRefused,
            look.at,
            None,
            format!(
                "whole answers were not believed for {} s",
                age.min(999_000) / 1_000
            ),
        );
    }
}
