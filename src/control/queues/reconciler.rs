//! Changes one queue at a time, with a record of each step in the audit.
//!
//! ```text
//! read ─▶ merge with base ─▶ validate ─▶ intent committed ─▶ write ─▶ read back ─▶ outcome committed with its messages
//!   ▲                                                          │
//!   └────────────── version no longer in force, at most three times more
//! ```
//!
//! A change is written whole or not at all: one member in conflict holds back the others too, so that nobody gets half of
//! what belongs together.

use std::sync::Arc;
use std::time::Duration;

use crate::control::ports::{
    AuditEvent, AuditRow, Batch, Clock, Journal, JournalFault, OpenOperation, OperationTarget,
};
use crate::domain::queue::{
    ChangeFault, ChangeSet, Compliance, DEEPEST_OVERFLOW, Member, Members, Merged, OnConflict,
    OverflowGraph, QueueMessage, QueueRecord, Surroundings, WriteForm, merge, overflow_targets,
    overlaid,
};
use crate::domain::{Conclusion, DecisionId, Delivery, Message, QueueId, Timestamp};
use crate::telemetry::QueueEvents;

use crate::control::operation::{Carried, QueueOperation, Seen, differing};
use crate::platform::port::{PlatformFault, QueueReader, QueueReading, QueueWriter};

/// How often a change is merged again after another change came first.
const MOST_MERGES: u32 = 3;

/// A change that is to be made to a queue.
#[derive(Clone, Debug)]
pub struct QueueRequest {
    /// The queue.
    pub queue: QueueId,
    /// The wanted members.
    pub change: ChangeSet,
    /// The queue as it was when the change was planned; as it is read first, when absent.
    pub base: Option<Members>,
    /// The form in which it is written.
    pub form: WriteForm,
    /// The rule for members that somebody changed meanwhile.
    pub on_conflict: OnConflict,
    /// Who asks for it; by default whoever the reconciler's settings name.
    pub by: Option<String>,
}

/// A change that was merged and validated, and not sent.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The queue as it is.
    pub reading: QueueReading,
    /// The change, merged.
    pub merged: Merged,
    /// Everything that forbids it.
    pub faults: Vec<ChangeFault>,
}

/// The outcome of a change.
#[derive(Clone, Debug)]
pub struct ReconcileOutcome {
    /// The conclusion.
    pub conclusion: Conclusion,
    /// The decision that its rows in the audit carry.
    pub decision: DecisionId,
    /// The merge that was written last.
    pub prepared: Prepared,
    /// The queue as it was read back, where it was.
    pub after: Option<QueueReading>,
    /// How many times it was merged again.
    pub merges: u32,
    /// What went wrong, in words; empty when nothing did.
    pub why: Vec<String>,
}

/// Why a change could not be carried out or recorded.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// The platform has no such queue.
    #[error("the platform has no queue {0}; check the id")]
    NoQueue(QueueId),
    /// The platform failed.
    #[error(transparent)]
    Platform(#[from] PlatformFault),
    /// The intent could not be committed, so nothing was sent.
    #[error("nothing was sent, since the intent cannot be recorded: {0}")]
    Unrecordable(JournalFault),
    /// The change was sent, and its outcome could not be committed.
    #[error("the change of the queue ended as {}, but that could not be recorded: {fault}", outcome.conclusion.queue_label())]
    Unrecorded {
        /// The outcome of a change.
        outcome: Box<ReconcileOutcome>,
        /// Why it could not be recorded.
        fault: JournalFault,
    },
    /// This is a dry run.
    #[error("a dry run changes nothing")]
    DryRun,
}

/// The settings of a reconciler.
#[derive(Clone, Debug)]
pub struct ReconcilerSettings {
    /// The run in decision ids.
    pub run: u64,
    /// Whether messages are written beside the audit.
    pub announces: bool,
    /// The longest that one exchange with the platform may take.
    pub longest: Duration,
    /// How long the platform usually takes to show a change.
    pub usually_settles: Duration,
    /// The user who asks, as the operating system names them, where that is known.
    pub by: Option<String>,
}

/// Brings queues into the state that is wanted.
pub struct Reconciler {
    platform: Arc<dyn QueueReader>,
    writer: Option<Arc<dyn QueueWriter>>,
    journal: Arc<dyn Journal>,
    pub(super) clock: Arc<dyn Clock>,
    events: QueueEvents,
    settings: ReconcilerSettings,
    tick: u64,
    finished: u32,
    applied: u32,
}

impl Reconciler {
    /// Creates a reconciler; without a writer it can only prepare.
    #[must_use]
    pub fn new(
        platform: Arc<dyn QueueReader>,
        writer: Option<Arc<dyn QueueWriter>>,
        journal: Arc<dyn Journal>,
        clock: Arc<dyn Clock>,
        events: QueueEvents,
        settings: ReconcilerSettings,
    ) -> Self {
        Self {
            platform,
            writer,
            journal,
            clock,
            events,
            settings,
            tick: 0,
            finished: 0,
            applied: 0,
        }
    }

    /// Reads, merges and validates; sends nothing.
    ///
    /// # Errors
    /// When the queue, or what it refers to, cannot be read.
    pub async fn prepare(&self, request: &QueueRequest) -> Result<Prepared, ReconcileError> {
        prepare(&*self.platform, request, || self.deadline()).await
    }

    /// Writes a change, if nothing forbids it.
    ///
    /// # Errors
    /// When the queue cannot be read or nothing can be recorded; whatever else happens is in [`ReconcileOutcome`].
    pub async fn apply(
        &mut self,
        mut request: QueueRequest,
    ) -> Result<ReconcileOutcome, ReconcileError> {
        let Some(writer) = self.writer.clone() else {
            return Err(ReconcileError::DryRun);
        };
        let started = self.clock.monotonic();
        let mut rows = Vec::new();
        let mut merges = 0;
        loop {
            let decision = self.next_decision();
            let prepared = self.prepare(&request).await?;
            if request.base.is_none() {
                request.base = Some(prepared.reading.members.clone());
            }
            let mut outcome = ReconcileOutcome {
                conclusion: Conclusion::Unchanged,
                decision,
                prepared,
                after: None,
                merges,
                why: Vec::new(),
            };
            if let Some((conclusion, why)) = held_back(&outcome.prepared, request.on_conflict) {
                (outcome.conclusion, outcome.why) = (conclusion, why);
                return self.finish(&request, outcome, rows, started).await;
            }
            let prepared = &outcome.prepared;
            rows.push(self.row(decision, self.intent(&request, prepared)));
            let batch = Batch {
                audit: std::mem::take(&mut rows),
                ..Batch::default()
            };
            self.commit(batch)
                .await
                .map_err(ReconcileError::Unrecordable)?;
            let operation = QueueOperation {
                reader: &*self.platform,
                writer: &*writer,
                clock: &*self.clock,
                queue: &request.queue,
                change: &prepared.merged.write,
                form: request.form,
                decision,
                longest: self.settings.longest,
                usually_settles: self.settings.usually_settles,
            };
            let carried = operation.write(prepared.reading.clone()).await;
            if matches!(carried.delivery, Delivery::Conflict { .. }) && merges < MOST_MERGES {
                merges = merges.saturating_add(1);
                let version = &prepared.reading.version;
                self.events.stale(&request.queue, decision, version);
                outcome.conclusion = Conclusion::Stale;
                let took = self.clock.monotonic().saturating_sub(started);
                rows.push(self.row(decision, outcome_record(&request.queue, &outcome, took)));
                continue;
            }
            conclude(&mut outcome, carried);
            return self.finish(&request, outcome, rows, started).await;
        }
    }

    /// Returns whether other systems are notified.
    pub(super) fn announces(&self) -> bool {
        self.settings.announces
    }

    /// Returns the id of the next decision, also for those that others make.
    pub fn next_decision(&mut self) -> DecisionId {
        self.tick = self.tick.saturating_add(1);
        DecisionId {
            run: self.settings.run,
            tick: self.tick,
        }
    }

    /// Writes a message with the drain rate of a queue, measured `latency` ago, where other systems are notified.
    ///
    /// # Errors
    /// When the message cannot be committed.
    pub async fn report_drain(
        &mut self,
        queue: &QueueId,
        drain_per_s: f64,
        latency: Duration,
    ) -> Result<(), JournalFault> {
        if !self.settings.announces {
            return Ok(());
        }
        let decision = self.next_decision();
        let now = self.clock.now();
        let drain = QueueMessage::of_drain(queue, drain_per_s, latency, decision, now);
        let outbox = vec![Message::of_queue(queue, drain, decision, now)];
        let batch = Batch {
            outbox,
            ..Batch::default()
        };
        self.commit(batch).await
    }

    async fn finish(
        &mut self,
        request: &QueueRequest,
        outcome: ReconcileOutcome,
        mut rows: Vec<AuditRow>,
        started: Duration,
    ) -> Result<ReconcileOutcome, ReconcileError> {
        let took = self.clock.monotonic().saturating_sub(started);
        let decision = outcome.decision;
        let applied = outcome.conclusion == Conclusion::Confirmed;
        self.finished = self.finished.saturating_add(1);
        self.applied = self.applied.saturating_add(u32::from(applied));
        let mut outbox: Vec<Message> = Vec::new();
        if let (true, true, Some(after)) = (applied, self.settings.announces, &outcome.after) {
            let success_rate = f64::from(self.applied) / f64::from(self.finished);
            let (queue, now) = (&request.queue, self.clock.now());
            let bodies = QueueMessage::of_change(
                queue,
                (after.version.clone(), &after.members),
                &outcome.prepared.merged.write,
                (took, success_rate),
                decision,
                now,
            );
            outbox = bodies
                .into_iter()
                .map(|body| Message::of_queue(queue, body, decision, now))
                .collect();
        }
        if outcome.conclusion != Conclusion::Unchanged {
            rows.push(self.row(decision, outcome_record(&request.queue, &outcome, took)));
        }
        self.events.finished(
            &request.queue,
            decision,
            outcome.conclusion,
            &outcome.why,
            took,
        );
        let batch = Batch {
            audit: rows,
            outbox,
            ..Batch::default()
        };
        match self.commit(batch).await {
            Ok(()) => Ok(outcome),
            Err(fault) => Err(ReconcileError::Unrecorded {
                outcome: Box::new(outcome),
                fault,
            }),
        }
    }

    pub(super) async fn commit(&self, batch: Batch) -> Result<(), JournalFault> {
        if batch.is_empty() {
            return Ok(());
        }
        self.journal.commit(Arc::new(batch)).await
    }

    fn intent(&self, request: &QueueRequest, prepared: &Prepared) -> QueueRecord {
        QueueRecord::Intent {
            queue: request.queue.clone(),
            form: request.form,
            version_before: prepared.reading.version.clone(),
            change: in_json(&prepared.merged.write),
            overridden: in_json(&prepared.merged.conflicts),
            by: request.by.clone().or_else(|| self.settings.by.clone()),
        }
    }

    pub(super) fn row(&self, decision: DecisionId, record: QueueRecord) -> AuditRow {
        AuditRow::of_queue(self.clock.now(), decision, record)
    }

    pub(super) fn deadline(&self) -> Timestamp {
        self.clock.now().plus(self.settings.longest)
    }
}

impl ReconcileOutcome {
    /// Returns the write as an operation whose outcome is not known at `now`.
    pub(super) fn left_open(&self, now: Timestamp) -> OpenOperation {
        let Prepared {
            reading, merged, ..
        } = &self.prepared;
        let record = QueueRecord::Intent {
            queue: reading.queue.clone(),
            form: WriteForm::Whole,
            version_before: reading.version.clone(),
            change: in_json(&merged.write),
            overridden: in_json(&merged.conflicts),
            by: None,
        };
        OpenOperation {
            target: OperationTarget::Queue(reading.queue.clone()),
            decision: self.decision,
            at: now,
            intent: AuditEvent::Queue {
                record: Box::new(record),
            },
        }
    }
}

/// Concludes from what a write was answered and what was read back.
fn conclude(outcome: &mut ReconcileOutcome, carried: Carried<QueueReading>) {
    let Carried {
        delivery, after, ..
    } = carried;
    let lost = match delivery {
        Delivery::Conflict { why } => {
            let times = outcome.merges.saturating_add(1);
            outcome.conclusion = Conclusion::Conflict;
            outcome.why = vec![format!("somebody was quicker {times} times in a row"), why];
            return;
        }
        Delivery::Refused { why, wait: None } => {
            outcome.conclusion = Conclusion::Refused;
            outcome.why = vec![why];
            return;
        }
        Delivery::NotSent { why }
        | Delivery::Refused {
            why, wait: Some(_), ..
        } => {
            outcome.conclusion = Conclusion::NotSent;
            outcome.why = vec![why];
            return;
        }
        Delivery::Acknowledged { .. } => None,
        Delivery::Lost { why } => Some(why),
    };
    let after = match after {
        Seen::Found(after) => after,
        Seen::Missing => {
            outcome.conclusion = Conclusion::Unknown;
            outcome.why.extend(lost);
            outcome.why.push("the queue is gone".to_owned());
            return;
        }
        Seen::Unreadable { why } => {
            outcome.conclusion = Conclusion::Unknown;
            outcome.why.extend(lost);
            outcome
                .why
                .push(format!("it could not be read back: {why}"));
            return;
        }
    };
    let wanted = &outcome.prepared.merged.write;
    let differing: Vec<String> = wanted
        .iter()
        .filter_map(|(member, wanted)| differing(*member, wanted, &after))
        .collect();
    let moved = after.version != outcome.prepared.reading.version;
    outcome.conclusion = match (&lost, differing.is_empty()) {
        (_, true) if moved => Conclusion::Confirmed,
        (None, _) => Conclusion::Differs,
        // It may still arrive; the version that it names keeps it from undoing anything.
        (Some(_), _) => Conclusion::Unknown,
    };
    if outcome.conclusion != Conclusion::Confirmed {
        outcome.why.extend(lost);
        outcome.why.extend(differing);
    }
    outcome.after = Some(after);
}

/// Returns why nothing is to be written, if so.
fn held_back(prepared: &Prepared, on_conflict: OnConflict) -> Option<(Conclusion, Vec<String>)> {
    let Prepared { merged, faults, .. } = prepared;
    if !faults.is_empty() {
        let why = faults.iter().map(ToString::to_string).collect();
        return Some((Conclusion::Invalid, why));
    }
    if !merged.conflicts.is_empty() && on_conflict == OnConflict::Keep {
        let why = merged.conflicts.iter().map(ToString::to_string).collect();
        return Some((Conclusion::Conflict, why));
    }
    merged
        .write
        .is_empty()
        .then_some((Conclusion::Unchanged, Vec::new()))
}

fn outcome_record(queue: &QueueId, outcome: &ReconcileOutcome, took: Duration) -> QueueRecord {
    let ReconcileOutcome {
        conclusion,
        prepared,
        after,
        why,
        ..
    } = outcome;
    let after = after.as_ref();
    QueueRecord::Outcome {
        queue: queue.clone(),
        conclusion: *conclusion,
        version_before: Some(prepared.reading.version.clone()),
        version_after: after.map(|after| after.version.clone()),
        configuration_sha256: after.map(|after| after.sha256.clone()),
        compliance: after.map(|after| Compliance::from_members(&after.members)),
        latency_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        why: why.clone(),
    }
}

/// Returns a value as JSON. It cannot fail: these types have only text for keys.
fn in_json(value: &impl serde::Serialize) -> serde_json::Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// Reads, merges and validates; sends nothing.
///
/// # Errors
/// When the queue, or what it refers to, cannot be read.
async fn prepare(
    platform: &dyn QueueReader,
    request: &QueueRequest,
    deadline: impl Fn() -> Timestamp,
) -> Result<Prepared, ReconcileError> {
    let read = platform.read_queue(&request.queue, deadline()).await?;
    let reading = read.ok_or_else(|| ReconcileError::NoQueue(request.queue.clone()))?;
    let base = request.base.as_ref().unwrap_or(&reading.members);
    let change = &request.change;
    let merged = merge(base, &change.members, &reading.members, request.on_conflict);
    let after = overlaid(&reading.members, &merged.write);
    let names = |member| change.members.contains_key(&member);
    let mut surroundings = Surroundings::default();
    if names(Member::Skills) || names(Member::SkillIds) {
        surroundings.skills = Some(platform.read_skills(deadline()).await?);
    }
    if names(Member::OverflowTargets) || names(Member::Overflow) {
        let graph = overflows(platform, &request.queue, &after, &deadline).await?;
        surroundings.overflows = Some(graph);
    }
    let mut faults = platform.form_faults(&reading, &change.members, request.form);
    faults.extend(change.faults_in_place(&request.queue, &after, &surroundings));
    Ok(Prepared {
        reading,
        merged,
        faults,
    })
}

/// Reads the overflows that can be reached from `queue`, which has the members `after`, as deep as they may go and one hop more.
async fn overflows(
    platform: &dyn QueueReader,
    queue: &QueueId,
    after: &Members,
    deadline: &impl Fn() -> Timestamp,
) -> Result<OverflowGraph, ReconcileError> {
    let mut graph = OverflowGraph::default();
    let mut next = overflow_targets(after);
    graph.insert(queue.clone(), next.clone());
    let mut seen = std::collections::BTreeSet::from([queue.clone()]);
    for _ in 0..=DEEPEST_OVERFLOW {
        let mut further = std::collections::BTreeSet::new();
        for target in next {
            if !seen.insert(target.clone()) {
                continue;
            }
            if let Some(read) = platform.read_queue(&target, deadline()).await? {
                let targets = overflow_targets(&read.members);
                further.extend(targets.iter().cloned());
                graph.insert(target, targets);
            }
        }
        next = further;
    }
    Ok(graph)
}
