//! What happened in a run, for people: acts, requests that matter, effects and the audit, in the order of time.

use std::fmt::Write as _;

use campaign_autopilot::simulator::Actor;
use serde_json::Value;

use super::dialect::{Dialect, Purpose};
use super::judge::{Verdict, Violation};
use super::record::Record;
use super::schedule::clock;
use super::time::{START, millis_of};

/// The story of one run up to `until`, as far as it concerns `target`.
pub(crate) fn story(record: &Record, target: Option<&str>, from: i64, until: i64) -> String {
    let mut lines: Vec<(i64, String)> = Vec::new();
    let concerns = |id: Option<&str>| target.is_none() || id.is_none() || id == target;
    for (at, act) in &record.schedule.acts {
        lines.push((START + at, format!("       {act}")));
    }
    for life in &record.lives {
        lines.push((life.from, "life   begins".to_owned()));
        lines.push((life.until, format!("life   ends: {}", life.ended)));
    }
    for request in &record.requests {
        let id = request.target.as_deref();
        let dull = matches!(request.purpose, Purpose::Agents | Purpose::Token);
        if dull && request.fault.is_none() || !dull && !concerns(id) {
            continue;
        }
        let answer = match request.status {
            Some(status) => {
                let shown = request.shown.iter();
                let shown = shown.filter(|(campaign, _)| concerns(Some(campaign)));
                let words: Vec<&str> = shown.map(|(_, word)| word.as_str()).collect();
                format!("{status} {}", words.join(" "))
            }
            None => "no answer".to_owned(),
        };
        let ended = request
            .ended
            .map_or("never".to_owned(), |at| clock(at - START));
        lines.push((
            request.sent,
            format!(
                "  http {} {} {} -> {answer} at {ended}{}",
                request.endpoint.name(),
                id.unwrap_or_default(),
                request.asks.as_deref().unwrap_or_default(),
                request
                    .fault
                    .map_or(String::new(), |fault| format!(" [{fault}]")),
            ),
        ));
    }
    for dialled in &record.dialled {
        if concerns(Some(dialled.campaign)) {
            let set = &dialled.set;
            let active = if set.active { "" } else { "inactive " };
            let by = format!("{active}{} {}", set.method, set.level);
            lines.push((dialled.at, format!(" dials {} by {by}", dialled.campaign)));
        }
    }
    for entry in &record.journal {
        if concerns(Some(&entry.campaign)) {
            let by = match &entry.by {
                Actor::Person => "a person".to_owned(),
                Actor::Client { request_id, .. } => {
                    format!("us, {}", request_id.as_deref().unwrap_or("?"))
                }
            };
            lines.push((
                millis_of(entry.at),
                format!(
                    " truth {} {} -> {} by {by}",
                    entry.campaign, entry.from, entry.to
                ),
            ));
        }
    }
    for row in &record.audit {
        if concerns(row.campaign.as_deref()) {
            let at = row
                .at
                .parse::<jiff::Timestamp>()
                .map_or(START, jiff::Timestamp::as_millisecond);
            let mut event = row.event.clone();
            without_digests(&mut event);
            let event: String = event.to_string().chars().take(180).collect();
            lines.push((at, format!(" audit {} {}", row.decision, event)));
        }
    }
    lines.retain(|(at, _)| from <= *at && *at <= until);
    lines.sort_by_key(|(at, _)| *at);
    let mut text = String::new();
    for (at, line) in lines {
        writeln!(text, "{} {line}", clock(at - START)).unwrap();
    }
    text
}

/// Leaves out the digest of the settings, in which the directory of the run stands.
fn without_digests(event: &mut Value) {
    match event {
        Value::Object(members) => {
            members.remove("config");
            members.values_mut().for_each(without_digests);
        }
        Value::Array(items) => items.iter_mut().for_each(without_digests),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A violation with what led to it.
pub(crate) fn explained(record: &Record, violation: &Violation) -> String {
    let from = violation.at - 240_000;
    let until = violation.at + 30_000;
    format!(
        "{}\n{}",
        violation.line(),
        story(record, violation.target.as_deref(), from, until)
    )
}

/// The one command that replays a seed.
pub(crate) fn replay_command(dialect: Dialect, seed: u64) -> String {
    let platform = match dialect {
        Dialect::CxoneV2 => String::new(),
        Dialect::CxoneAcd | Dialect::Vicidial => format!(" --platform {}", dialect.name()),
    };
    format!("cargo run --release --example simulation --{platform} --seed {seed}")
}

/// Everything about one run.
pub(crate) fn whole(record: &Record, verdict: &Verdict) -> String {
    let mut text = record.schedule.story();
    text.push_str(&story(record, None, i64::MIN, i64::MAX));
    for violation in &verdict.violations {
        text.push_str(&violation.line());
        text.push('\n');
    }
    text
}
