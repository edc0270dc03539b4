//! What may never happen, whoever steers.

use std::collections::BTreeSet;

use campaign_autopilot::simulator::{Actor, JournalEntry, SimTime};
use serde_json::Value;

use crate::centre::of_kind;

/// From here on nobody commands who had the lease before.
pub(super) struct Takeover {
    /// When the new one was ready.
    pub(super) at: SimTime,
    /// The number of its run.
    pub(super) run: u64,
}

/// Holds the platform's journal against the audit, whose chain was verified.
pub(super) fn judge(journal: &[JournalEntry], audit: &[Value], takeovers: &[Takeover]) {
    let intents = of_kind(audit, "intent");
    let intents: Vec<&str> = intents
        .iter()
        .map(|row| row["decision"].as_str().unwrap())
        .collect();
    let mut carried_out = BTreeSet::new();
    let mut newest = 0;
    for entry in journal {
        let Actor::Client { request_id, .. } = &entry.by else {
            continue;
        };
        let decision = request_id.as_deref().unwrap();
        assert!(
            intents.contains(&decision),
            "a command without an intent: {entry:?}"
        );
        assert!(
            carried_out.insert((&entry.campaign, decision)),
            "a command twice: {entry:?}"
        );
        let run = run_of(decision);
        assert!(
            run >= newest,
            "run {newest} had commanded already: {entry:?}"
        );
        newest = run;
        let before = takeovers.iter().rfind(|one| one.at < entry.at);
        if let Some(before) = before {
            assert!(
                run >= before.run,
                "run {} steered already: {entry:?}",
                before.run
            );
        }
    }
    assert_nobody_undone(journal);
}

/// A pause that a person made ends by a person.
fn assert_nobody_undone(journal: &[JournalEntry]) {
    for (at, entry) in journal.iter().enumerate() {
        let by_us = matches!(entry.by, Actor::Client { .. }) && entry.to == "RUNNING";
        let before = journal[..at]
            .iter()
            .rfind(|one| one.campaign == entry.campaign);
        let persons = before.is_some_and(|one| one.by == Actor::Person && one.to == "PAUSED");
        assert!(
            !(by_us && persons),
            "a person's pause was undone: {entry:?}"
        );
    }
}

/// The run that a decision was made in.
pub(super) fn run_of(decision: &str) -> u64 {
    let (run, _) = decision.split_once('-').unwrap();
    run.parse().unwrap()
}
