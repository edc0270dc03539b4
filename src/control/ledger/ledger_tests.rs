//! What a ledger writes: of each fact, held against `facts.txt`, and in which batch.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tracing::Level;

use super::test_facts::{World, at};
use super::{CommandEnd, Fact, Ledger, LedgerStart};
use crate::control::hand_clock::HandClock;
use crate::control::operator::{AppliedChange, Author};
use crate::control::ports::{Batch, Journal, JournalFault};
use crate::control::start::CycleSettings;
use crate::control::status::ObservableState;
use crate::domain::{Cause, Conclusion, DecisionId, HoldKind};
use crate::telemetry::Metrics;

const EXPECTED: &str = include_str!("facts.txt");

const SOURCE: &str = include_str!("fact.rs");

/// A journal in memory, which keeps the last batch that it could write.
#[derive(Default)]
struct MemoryJournal {
    batch: Mutex<Option<Arc<Batch>>>,
    /// Whether the next commit fails.
    full: AtomicBool,
}

impl MemoryJournal {
    fn take(&self) -> Option<Arc<Batch>> {
        self.batch.lock().unwrap().take()
    }
}

impl Journal for MemoryJournal {
    fn commit(&self, batch: Arc<Batch>) -> BoxFuture<'_, Result<(), JournalFault>> {
        if self.full.swap(false, Ordering::Relaxed) {
            return Box::pin(async { Err(JournalFault("full".to_owned())) });
        }
        *self.batch.lock().unwrap() = Some(batch);
        Box::pin(async { Ok(()) })
    }
}

/// A ledger with metrics and a journal of its own.
struct Fixture {
    metrics: Arc<Metrics>,
    journal: Arc<MemoryJournal>,
    ledger: Ledger,
}

impl Fixture {
    fn new(world: &World, announces: bool) -> Self {
        let metrics = Arc::new(Metrics::new(15.0, false, "old", 0.0).unwrap());
        let journal = Arc::new(MemoryJournal::default());
        let settings = CycleSettings {
            announces,
            ..world.settings.clone()
        };
        let start = LedgerStart {
            clock: Arc::new(HandClock::default()),
            journal: Arc::<MemoryJournal>::clone(&journal),
            metrics: Arc::clone(&metrics),
            autopilot: &world.autopilot,
            assigns: true,
            first_shown: world.first_shown(),
            settings: &settings,
        };
        let ledger = Ledger::new(start).unwrap();
        Self {
            metrics,
            journal,
            ledger,
        }
    }
}

/// A log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut log = self.0.lock().map_err(|_| io::Error::other("poisoned"))?;
        log.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The series of the daemon, line by line.
fn series(metrics: &Metrics) -> BTreeSet<String> {
    let (_, text) = metrics.exposition().unwrap();
    let text = String::from_utf8(text).unwrap();
    let lines = text.lines().filter(|line| line.starts_with("autopilot_"));
    lines.map(str::to_owned).collect()
}

/// The names of the families of which a series came or changed.
fn changed_families(before: &BTreeSet<String>, after: &BTreeSet<String>) -> Vec<String> {
    let changed = after.difference(before);
    let name = |line: &String| {
        let name = line.split(['{', ' ']).next().unwrap();
        let histogram = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|part| name.strip_suffix(part));
        histogram.unwrap_or(name).to_owned()
    };
    let names: BTreeSet<String> = changed.map(name).collect();
    names.into_iter().collect()
}

/// The members of what is shown that differ.
fn changed_members(before: &ObservableState, after: &ObservableState) -> Vec<String> {
    let members = |state: &ObservableState| {
        let text = format!("{state:#?}");
        let mut found: Vec<String> = Vec::new();
        for line in text.lines() {
            let member = line.strip_prefix("    ").filter(|line| {
                line.starts_with(|c: char| c.is_ascii_lowercase()) && line.contains(": ")
            });
            match (member, found.last_mut()) {
                (Some(member), _) => found.push(member.to_owned()),
                (None, Some(last)) => last.push_str(line),
                (None, None) => {}
            }
        }
        found
    };
    let (before, after) = (members(before), members(after));
    let both = before.iter().zip(&after).filter(|(old, new)| old != new);
    both.map(|(_, new)| new.split(':').next().unwrap().to_owned())
        .collect()
}

/// The level and the message of each line of a log in JSON.
fn log_lines(log: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(log).unwrap();
    let lines = text.lines().map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        format!(
            "{} {}",
            text(&line["level"]),
            text(&line["fields"]["message"])
        )
    });
    lines.collect()
}

fn tag(value: &impl serde::Serialize, name: &str) -> Option<String> {
    let value = serde_json::to_value(value).unwrap();
    value[name].as_str().map(str::to_owned)
}

/// What the batch of a fact holds, by sink.
fn batched(batch: &Batch) -> Vec<(&'static str, Vec<String>)> {
    let audit = batch.audit.iter().map(|row| row.event.kind().to_owned());
    let messages = batch.outbox.iter().map(|message| message.kind().name());
    let campaigns = batch.states.iter().map(|(id, _)| format!("campaign {id}"));
    let lists = batch.lists.iter().map(|(id, _)| format!("list {id}"));
    let outcomes = batch.outcomes.iter();
    let outcomes = outcomes.map(|(id, _)| format!("outcomes {id}"));
    let days = batch.outcome_days.iter();
    let days = days.map(|(id, zone, day)| format!("outcome day {id} {} {}", zone.name(), day.day));
    let points = batch.frame.iter().map(|_| "points".to_owned());
    let inputs = batch.inputs.iter().map(|(_, input)| {
        let input = serde_json::to_value(input).unwrap();
        let assign = tag(&input["told"], "assign");
        let words = [tag(&input, "input"), assign];
        words.into_iter().flatten().collect::<Vec<_>>().join(" ")
    });
    vec![
        ("audit", audit.collect()),
        ("message", messages.map(str::to_owned).collect()),
        (
            "memory",
            campaigns
                .chain(lists)
                .chain(outcomes)
                .chain(days)
                .chain(points)
                .collect(),
        ),
        ("input", inputs.collect()),
    ]
}

/// Records one fact by a ledger of its own, and writes down what each sink made of it.
async fn rendered(world: &World, fact: Fact<'_>) -> String {
    let Fixture {
        metrics,
        journal,
        mut ledger,
    } = Fixture::new(world, true);
    let (before, shown) = (series(&metrics), ledger.shown().clone());
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(Level::DEBUG)
        .with_writer(move || writer.clone())
        .finish();
    let mut text = format!("{}\n", title(&fact));
    tracing::subscriber::with_default(subscriber, || ledger.record(at(), fact));
    let mut sinks = vec![
        ("log", log_lines(&log.0.lock().unwrap())),
        ("metric", changed_families(&before, &series(&metrics))),
        ("view", changed_members(&shown, &ledger.shown())),
    ];
    ledger.commit().await.unwrap();
    sinks.extend(batched(&journal.take().unwrap_or_default()));
    for (sink, lines) in sinks {
        for line in lines {
            writeln!(text, "  {sink:<8} {line}").unwrap();
        }
    }
    text
}

/// The name of a fact, and which example of it where there are several.
fn title(fact: &Fact<'_>) -> String {
    let (name, text) = (name(fact), format!("{fact:?}"));
    let member = match &*name {
        "Alerted" => "alert: ",
        "ChangeInForce" => "campaign: ",
        "CommandEnded" => "end: ",
        "CommitEnded" => "written: ",
        "Noticed" => "notice: ",
        "SampleTaken" => "sample: ",
        _ => return name,
    };
    let rest = text.split(member).nth(1).unwrap();
    let case = rest.chars().take_while(char::is_ascii_alphanumeric);
    format!("{name} {}", case.collect::<String>())
}

fn name(fact: &Fact<'_>) -> String {
    let text = format!("{fact:?}");
    let word = text.chars().take_while(char::is_ascii_alphanumeric);
    word.collect()
}

#[tokio::test]
async fn each_sink_renders_each_fact_as_the_table_says() {
    let world = World::new();
    let mut blocks = Vec::new();
    for fact in world.facts() {
        blocks.push(rendered(&world, fact).await);
    }
    let found = blocks.join("\n");
    assert!(found == EXPECTED, "facts.txt says otherwise:\n{found}");
}

#[test]
fn the_table_has_every_fact() {
    let variants = SOURCE
        .split("pub(in crate::control) enum Fact<'a> {")
        .nth(1)
        .and_then(|rest| rest.split("\n}").next())
        .unwrap();
    let variants = variants.lines().filter_map(|line| {
        let line = line.strip_prefix("    ")?;
        let name: String = line
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect();
        name.starts_with(|c: char| c.is_ascii_uppercase())
            .then_some(name)
    });
    let variants: BTreeSet<String> = variants.collect();
    assert!(variants.len() > 30, "{variants:?}");
    let world = World::new();
    let shown: BTreeSet<String> = world.facts().iter().map(name).collect();
    assert_eq!(shown, variants);
}

#[tokio::test]
async fn without_receivers_no_message_is_written() {
    let world = World::new();
    let Fixture {
        journal,
        mut ledger,
        ..
    } = Fixture::new(&world, false);
    for fact in world.facts() {
        ledger.record(at(), fact);
    }
    ledger.commit().await.unwrap();
    let batch = journal.take().unwrap();
    assert!(batch.outbox.is_empty());
    assert!(batch.audit.len() > 5, "{:?}", batch.audit);
}

/// What was noticed before it is written with the next batch, and so is what the domain was asked.
#[tokio::test]
async fn an_intent_that_cannot_be_committed_never_reaches_the_audit() {
    let world = World::new();
    let Fixture {
        journal,
        mut ledger,
        ..
    } = Fixture::new(&world, true);
    let noticed = Fact::Noticed {
        campaign: &world.campaign,
        notice: &world.notices[1],
        decision: ledger.decision(),
        last: None,
        by: None,
    };
    ledger.record(at(), noticed);
    let intended = Fact::CommandIntended {
        command: &world.command,
        state: Some(world.state()),
    };
    ledger.record(at(), intended);
    journal.full.store(true, Ordering::Relaxed);
    ledger.commit_intent().await.unwrap_err();
    assert!(journal.take().is_none());
    assert!(!ledger.shown().journal_writable);
    ledger.commit().await.unwrap();
    let batch = journal.take().unwrap();
    let expected = [
        ("audit", "noticed"),
        ("message", "campaign.flapping"),
        ("memory", "campaign c"),
        ("input", "authorise"),
    ];
    let expected = expected.map(|(sink, line)| (sink, vec![line.to_owned()]));
    assert_eq!(batched(&batch), expected);
    assert!(ledger.shown().journal_writable);
}

#[tokio::test]
async fn nothing_of_a_change_that_cannot_be_committed_is_in_the_audit_or_told() {
    let world = World::new();
    let Fixture {
        journal,
        mut ledger,
        ..
    } = Fixture::new(&world, true);
    let author = Author::new("anna", "wrong list").unwrap();
    let held = AppliedChange::Held {
        hold: HoldKind::Paused,
        until: at(),
        was_until: None,
    };
    let made = || Fact::ChangeMade {
        campaign: Some(&world.campaign),
        author: &author,
        change: &held,
    };
    ledger.record(at(), made());
    let rows = ledger.waiting();
    ledger.record(at(), made());
    ledger.record(at(), made());
    journal.full.store(true, Ordering::Relaxed);
    ledger.commit_since(rows).await.unwrap_err();
    ledger.commit().await.unwrap();
    let batch = journal.take().unwrap();
    assert_eq!(batch.audit.len(), 1, "that of before");
    assert_eq!(batch.outbox.len(), 1, "that of before");
}

/// The messages of a batch belong to its rows, whatever the decision in force.
#[tokio::test]
async fn a_command_is_recorded_under_the_decision_that_wanted_it() {
    let world = World::new();
    let Fixture {
        journal,
        mut ledger,
        ..
    } = Fixture::new(&world, true);
    let later = DecisionId { run: 1, tick: 99 };
    let decided = Fact::Decided {
        decision: later,
        plan: &world.plan,
        autopilot: &world.autopilot,
        about: None,
    };
    ledger.record(at(), decided);
    let ended = Fact::CommandEnded {
        command: &world.command,
        result: &world.result,
        conclusion: Conclusion::Confirmed,
        end: CommandEnd::Confirmed {
            cause: Cause::Threshold,
            since_sample: Duration::ZERO,
        },
        state: None,
    };
    ledger.record(at(), ended);
    ledger.record(at(), Fact::RunEnded);
    ledger.commit().await.unwrap();
    let batch = journal.take().unwrap();
    let wanted_by = world.reason().decision;
    assert_ne!(wanted_by, later);
    let rows: Vec<DecisionId> = batch.audit.iter().map(|row| row.decision).collect();
    assert_eq!(rows, [wanted_by, later]);
    let messages: Vec<DecisionId> = batch.outbox.iter().map(|sent| sent.decision).collect();
    assert_eq!(messages, [wanted_by]);
}
