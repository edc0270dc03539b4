//! Calibrates queues again and again, each at its own interval: a task beside the campaigns' loop, which waits for none
//! of it.
//!
//! ```text
//! read queue and counters ─▶ judge ─▶ what is about to be written remembered ─▶ the reconciler: intent, write, read back, outcome
//!                              └─▶ nothing to do, or held, somebody's, unmeasured, spent: shown with its reason
//! ```
//!
//! *One owner.* This task alone changes the memory of queues; operators send requests to its handle. *Ending:* readings under
//! way are given up, a write under way is finished and recorded. *After a crash* it first finds out the outcomes of writes
//! that an earlier run left open; until then their queue is not written.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::control::operation::Recovery;
use crate::control::operator::Author;
use crate::control::ports::{
    AuditRow, Batch, Clock, Journal, JournalFault, OpenOperation, OperationTarget,
};
use crate::control::status::ObservableState;
use crate::domain::queue::{
    CalibrationDecision, CalibrationInput, CalibrationPolicy, ChangeSet, ClassicInputs, Figures,
    Member, Members, OnConflict, QueueMemory, QueueStanding, QueueStatistics, Setting, WriteForm,
};
use crate::domain::{Conclusion, Message, QueueId};
use crate::telemetry::QueueEvents;

use super::blocking::run_blocking;
use super::handle::{CalibrationRequest, QueueHandle};
use super::reconciler::{QueueRequest, ReconcileError, ReconcileOutcome, Reconciler};
use super::recorded::RecordedCalibrator;
use super::view::QueueView;
use crate::platform::port::{QueueReader, QueueReading};

/// The inputs of a calibration at its start.
pub struct CalibrationStart {
    /// The rules of each queue.
    pub policies: BTreeMap<QueueId, CalibrationPolicy>,
    /// What the journal remembers of queues.
    pub restored: BTreeMap<QueueId, QueueMemory>,
    /// Operations whose outcome is not known, but those of campaigns and lists.
    pub open: Vec<OpenOperation>,
    /// Whether this is a dry run, which writes nothing.
    pub dry_run: bool,
    /// The longest that one exchange with the platform may take.
    pub longest: Duration,
}

/// The ports of a calibration.
pub struct CalibrationPorts {
    /// The source of time.
    pub clock: Arc<dyn Clock>,
    /// Reads queues.
    pub platform: Arc<dyn QueueReader>,
    /// Writes them; in a dry run it has no writer.
    pub reconciler: Reconciler,
    /// Finds out the outcomes of open operations.
    pub recovery: Recovery,
    /// Keeps what is remembered.
    pub journal: Arc<dyn Journal>,
    /// The snapshot in which the queues are shown.
    pub observed: watch::Sender<ObservableState>,
}

/// One queue under calibration.
pub(super) struct CalibratedQueue {
    pub(super) calibrator: RecordedCalibrator,
    pub(super) view: QueueView,
    due: Duration,
}

/// The task that calibrates queues.
pub struct Calibration {
    pub(super) clock: Arc<dyn Clock>,
    platform: Arc<dyn QueueReader>,
    pub(super) reconciler: Reconciler,
    journal: Arc<dyn Journal>,
    observed: watch::Sender<ObservableState>,
    pub(super) events: QueueEvents,
    pub(super) queues: BTreeMap<QueueId, CalibratedQueue>,
    open: Vec<OpenOperation>,
    recovery: Recovery,
    dry_run: bool,
    longest: Duration,
    shutdown: CancellationToken,
    /// How far the machine's clock was followed with what is remembered.
    followed: i64,
    handle: QueueHandle,
    requests: mpsc::Receiver<CalibrationRequest>,
}

/// The outcome of a calibration.
pub(super) struct CalibrationResult {
    pub(super) written: Members,
}

impl Calibration {
    /// Creates the task; every queue shows as not read yet.
    ///
    /// # Errors
    /// A fault of the metrics' names.
    pub fn new(
        ports: CalibrationPorts,
        mut events: QueueEvents,
        start: CalibrationStart,
        shutdown: CancellationToken,
    ) -> prometheus::Result<Self> {
        let CalibrationStart {
            policies,
            mut restored,
            open,
            dry_run,
            longest,
        } = start;
        let CalibrationPorts {
            clock,
            platform,
            reconciler,
            recovery,
            journal,
            observed,
        } = ports;
        let mut queues = BTreeMap::new();
        let due = clock.monotonic();
        for (id, policy) in policies {
            let memory = restored.remove(&id).unwrap_or_default();
            let mut view = QueueView::unread(id.clone());
            let last = memory.last_change;
            (view.last_change_at, view.decision) = last.unzip();
            events.watch(&id, view.last_change_at, clock.now())?;
            let entry = CalibratedQueue {
                calibrator: RecordedCalibrator::start(policy, memory, clock.now()),
                view,
                due,
            };
            queues.insert(id, entry);
        }
        let (handle, requests) = QueueHandle::new();
        let calibration = Self {
            followed: clock.followed(),
            clock,
            platform,
            reconciler,
            journal,
            observed,
            events,
            queues,
            open,
            recovery,
            dry_run,
            longest,
            shutdown,
            handle,
            requests,
        };
        calibration.publish();
        Ok(calibration)
    }

    /// Returns the handle for operators' requests.
    #[must_use]
    pub fn handle(&self) -> QueueHandle {
        self.handle.clone()
    }

    /// Calibrates until a shutdown is asked for.
    pub async fn run(mut self) {
        while !self.shutdown.is_cancelled() {
            let next = self.queues.iter().min_by_key(|(_, entry)| entry.due);
            let Some((id, due)) = next.map(|(id, entry)| (id.clone(), entry.due)) else {
                return;
            };
            let pause = due.saturating_sub(self.clock.monotonic());
            tokio::select! {
                biased;
                () = self.shutdown.cancelled() => return,
                Some(request) = self.requests.recv() => {
                    self.follow_clock();
                    self.serve(request).await;
                }
                () = self.clock.sleep(pause) => {
                    self.follow_clock();
                    self.resolve().await;
                    self.calibrate(&id, None, None).await;
                    self.schedule(&id, due);
                }
            }
        }
    }

    /// Moves what is remembered with the machine's clock, where the loop has followed a step of it. The memory of a queue is
    /// committed with its next reading or change.
    fn follow_clock(&mut self) {
        let followed = self.clock.followed();
        let step = followed.saturating_sub(self.followed);
        self.followed = followed;
        if step == 0 {
            return;
        }
        let now = self.clock.now();
        let stepped = CalibrationInput::ClockStepped { milliseconds: step };
        for entry in self.queues.values_mut() {
            entry.calibrator.tell(stepped.clone(), now);
        }
        for open in &mut self.open {
            open.at.shift(step);
        }
    }

    /// Sets when a queue is due next; a missed calibration is not made up for.
    fn schedule(&mut self, id: &QueueId, due: Duration) {
        let now = self.clock.monotonic();
        if let Some(entry) = self.queues.get_mut(id) {
            let next = due.saturating_add(entry.calibrator.get().policy().interval);
            entry.due = next.max(now);
        }
    }

    /// Finds out the outcomes of open operations; those that cannot be known yet stay open.
    async fn resolve(&mut self) {
        let open = &mut self.open;
        self.recovery.resolve_all(open, &self.shutdown).await;
    }

    /// Reads a queue, evaluates it and writes the change that is due; `given` are figures that a request brings along.
    pub(super) async fn calibrate(
        &mut self,
        id: &QueueId,
        given: Option<&ClassicInputs>,
        by: Option<&Author>,
    ) -> CalibrationResult {
        let nothing = CalibrationResult {
            written: Members::new(),
        };
        let read = tokio::select! {
            biased;
            read = self.read(id) => read,
            () = self.shutdown.cancelled() => return nothing,
        };
        let (reading, statistics) = match read {
            Ok(read) => read,
            Err(why) => {
                let now = self.clock.now();
                if let Some(entry) = self.queues.get_mut(id) {
                    entry.calibrator.tell(CalibrationInput::Unread, now);
                }
                self.events.unmeasured(id);
                self.set_standing(id, QueueStanding::Unreachable, why, None);
                return nothing;
            }
        };
        let now = self.clock.now();
        let Some(entry) = self.queues.get_mut(id) else {
            return nothing;
        };
        let read = CalibrationInput::Read {
            members: Figures::members_among(&reading.members),
            statistics,
        };
        entry.calibrator.tell(read, now);
        entry.view.name = name(&reading.members);
        entry.view.version = Some(reading.version.clone());
        entry.view.read_at = Some(now);
        let calibrator = entry.calibrator.get().clone();
        let flow = calibrator.flow();
        let given = given.copied();
        // The queueing model may compute for longer than the campaigns' loop may be delayed.
        let judging = run_blocking(move || calibrator.decide_with(given.as_ref(), now));
        // It fails only when the runtime ends.
        let Ok(judged) = judging.await else {
            return nothing;
        };
        if let Some(entry) = self.queues.get_mut(id) {
            entry.calibrator.record_decision(given, &judged, now);
        }
        self.events.measured(id, &flow, now);
        let kept = self.keep(id).await;
        if let (Ok(()), Some(drain)) = (&kept, flow.drain_per_s) {
            let latency = self.clock.now().since(now);
            if let Err(fault) = self.reconciler.report_drain(id, drain, latency).await {
                self.events.not_kept(&fault.to_string());
            }
        }
        let CalibrationDecision {
            standing,
            change,
            advised,
            why,
        } = judged;
        match (change, kept) {
            (Some(_), Err(fault)) => {
                let why = format!("nothing was sent, since the store cannot be written: {fault}");
                self.set_standing(id, QueueStanding::Unreachable, why, advised);
                nothing
            }
            (Some(_), Ok(())) if self.is_open(id) => {
                let why = format!("waits for what became of the last change, and would move {why}");
                self.set_standing(id, QueueStanding::Steady, why, advised);
                nothing
            }
            (Some(_), Ok(())) if self.dry_run => {
                let why = format!("dry run, would move {why}");
                self.set_standing(id, QueueStanding::Advising, why, advised);
                nothing
            }
            (Some(change), Ok(())) => {
                let (standing, outcome, written) = self.write(id, reading, change, by).await;
                let why = outcome.unwrap_or(why);
                self.set_standing(id, standing, why, advised);
                CalibrationResult { written }
            }
            (None, _) => {
                self.set_standing(id, standing, why, advised);
                nothing
            }
        }
    }

    /// Whether the outcome of a write is not known yet.
    fn is_open(&self, id: &QueueId) -> bool {
        self.open
            .iter()
            .any(|open| matches!(&open.target, OperationTarget::Queue(queue) if queue == id))
    }

    async fn read(&self, id: &QueueId) -> Result<(QueueReading, Option<QueueStatistics>), String> {
        let deadline = self.clock.now().plus(self.longest);
        let queue = self.platform.read_queue(id, deadline);
        let statistics = self.platform.read_statistics(id, deadline);
        let (queue, statistics) = join(queue, statistics).await;
        let queue = queue.map_err(|fault| fault.to_string())?;
        let queue = queue.ok_or_else(|| "the platform has no such queue; check the id".to_owned());
        let statistics = statistics.map_err(|fault| format!("its statistics: {fault}"))?;
        Ok((queue?, statistics))
    }

    /// Writes a change. The figures that it leads to are remembered before the first byte leaves.
    async fn write(
        &mut self,
        id: &QueueId,
        reading: QueueReading,
        change: ChangeSet,
        by: Option<&Author>,
    ) -> (QueueStanding, Option<String>, Members) {
        let now = self.clock.now();
        let before = self.memory(id);
        if let Some(entry) = self.queues.get_mut(id) {
            let change = change.members.clone();
            entry
                .calibrator
                .tell(CalibrationInput::Sending { change }, now);
        }
        if let Err(fault) = self.keep(id).await {
            if let (Some(entry), Some(before)) = (self.queues.get_mut(id), before) {
                let taken_back = CalibrationInput::Restored { memory: before };
                entry.calibrator.tell(taken_back, now);
            }
            let why = format!("nothing was sent, since the store cannot be written: {fault}");
            return (QueueStanding::Unreachable, Some(why), Members::new());
        }
        let request = QueueRequest {
            queue: id.clone(),
            change,
            base: Some(reading.members),
            // The only form that carries these figures.
            form: WriteForm::Whole,
            on_conflict: OnConflict::Keep,
            by: by.map(|author| {
                let (name, reason) = author.parts();
                format!("{name}: {reason}")
            }),
        };
        let ended = self.reconciler.apply(request).await;
        let (outcome, fault) = match ended {
            Ok(outcome) => (outcome, None),
            Err(ReconcileError::Unrecorded { outcome, fault }) => (*outcome, Some(fault)),
            Err(fault) => {
                if let Some(entry) = self.queues.get_mut(id) {
                    let now = self.clock.now();
                    entry.calibrator.tell(CalibrationInput::SentNothing, now);
                }
                self.keep_or_report(id).await;
                let why = Some(fault.to_string());
                return (QueueStanding::Unreachable, why, Members::new());
            }
        };
        if let Some(fault) = fault {
            self.events.not_kept(&fault.to_string());
        }
        self.apply_outcome(id, &outcome);
        self.keep_or_report(id).await;
        let why = (!outcome.why.is_empty()).then(|| outcome.why.join("; "));
        match outcome.conclusion {
            Conclusion::Confirmed => {
                let written = outcome.prepared.merged.write;
                (QueueStanding::Changed, why, written)
            }
            Conclusion::Unchanged => (QueueStanding::Steady, why, Members::new()),
            Conclusion::Conflict => (QueueStanding::Conflict, why, Members::new()),
            Conclusion::Stale
            | Conclusion::Invalid
            | Conclusion::Refused
            | Conclusion::NotSent
            | Conclusion::NotApplied
            | Conclusion::NotOurs
            | Conclusion::Unknown
            | Conclusion::Differs => {
                let label = outcome.conclusion.queue_label();
                let why = why.map_or(label.to_owned(), |why| format!("{label}: {why}"));
                (QueueStanding::Unreachable, Some(why), Members::new())
            }
        }
    }

    fn apply_outcome(&mut self, id: &QueueId, outcome: &ReconcileOutcome) {
        let now = self.clock.now();
        let read = outcome.after.as_ref().unwrap_or(&outcome.prepared.reading);
        if let Some(entry) = self.queues.get_mut(id) {
            let report = CalibrationInput::Report {
                conclusion: outcome.conclusion,
                found: Figures::members_among(&read.members),
                decision: outcome.decision,
            };
            entry.calibrator.tell(report, now);
            entry.view.version = Some(read.version.clone());
            entry.view.decision = Some(outcome.decision);
        }
        if outcome.conclusion == Conclusion::Confirmed {
            self.events.changed(id, now);
        }
        if outcome.conclusion == Conclusion::Unknown {
            self.open.push(outcome.left_open(now));
        }
    }

    /// Sets the state of a queue's calibration, and shows it.
    pub(super) fn set_standing(
        &mut self,
        id: &QueueId,
        standing: QueueStanding,
        why: String,
        advised: Option<Figures>,
    ) {
        let now = self.clock.now();
        let Some(CalibratedQueue {
            calibrator, view, ..
        }) = self.queues.get_mut(id)
        else {
            return;
        };
        self.events.report_standing(id, standing, &why);
        view.standing = standing;
        view.why = why;
        view.advised = advised;
        let calibrator = calibrator.get();
        view.held_until = calibrator.hold(now).map(|hold| hold.until(now));
        view.flow = calibrator.flow();
        view.figures = calibrator.figures();
        view.last_change_at = calibrator.memory().last_change.map(|(at, _)| at);
        self.publish();
    }

    fn publish(&self) {
        let views: Vec<QueueView> = self
            .queues
            .values()
            .map(|entry| entry.view.clone())
            .collect();
        self.observed.send_modify(|observed| {
            observed.version = observed.version.saturating_add(1);
            observed.queues = Arc::new(views);
        });
    }

    pub(super) fn memory(&self, id: &QueueId) -> Option<QueueMemory> {
        let entry = self.queues.get(id);
        entry.map(|entry| entry.calibrator.get().memory().clone())
    }

    /// Commits the memory of a queue, with the inputs that led to it.
    async fn keep(&mut self, id: &QueueId) -> Result<(), JournalFault> {
        self.keep_with(id, None, None).await
    }

    pub(super) async fn keep_with(
        &mut self,
        id: &QueueId,
        row: Option<AuditRow>,
        message: Option<Message>,
    ) -> Result<(), JournalFault> {
        let now = self.clock.now();
        let memory = self.memory(id).map(|memory| (id.clone(), memory));
        let entry = self.queues.get_mut(id);
        let batch = Arc::new(Batch {
            inputs: entry.map_or_else(Vec::new, |entry| entry.calibrator.take(id, now)),
            queues: memory.into_iter().collect(),
            audit: row.into_iter().collect(),
            outbox: message.into_iter().collect(),
            ..Batch::default()
        });
        let kept = self.journal.commit(Arc::clone(&batch)).await;
        if let (Err(_), Some(entry)) = (&kept, self.queues.get_mut(id)) {
            entry.calibrator.put_back(batch.inputs.clone());
        }
        kept
    }

    async fn keep_or_report(&mut self, id: &QueueId) {
        if let Err(fault) = self.keep(id).await {
            self.events.not_kept(&fault.to_string());
        }
    }
}

fn name(members: &Members) -> Option<String> {
    match members.get(&Member::Name) {
        Some(Setting::Text(name)) => Some(name.clone()),
        Some(_) | None => None,
    }
}
