//! What the parts of the loop tell: to the log and the metrics, to the journal, to whoever looks on.
//!
//! Each part gets the ledger lent and keeps none of this itself. What is recorded gathers in the order in which it was told
//! and is written by [`Ledger::commit`] as one batch; a message to other systems joins that batch, so that it is committed
//! with what it reports or not at all.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tracing::{Instrument, debug_span};

use crate::domain::assignment::ListMemory;
use crate::domain::replay::Input;
use crate::domain::{Autopilot, CampaignId, CampaignState, DecisionId, Message, Reason, Timestamp};
use crate::telemetry::Events;

use super::ports::{AuditEvent, Clock, Journal, JournalFault};
use super::recorder::Recorder;
use super::status::{AssignmentView, CampaignView, ObservableState, ReloadView};

/// What the loop tells, and to whom.
pub(super) struct Ledger {
    /// The log and the metrics.
    pub(super) events: Events,
    clock: Arc<dyn Clock>,
    journal: Arc<dyn Journal>,
    recorder: Recorder,
    observed: watch::Sender<ObservableState>,
    /// The decision in force: the one of what happens now.
    decision: DecisionId,
    /// Whether other systems are told.
    announces: bool,
}

impl Ledger {
    pub(super) fn new(
        clock: &Arc<dyn Clock>,
        journal: Arc<dyn Journal>,
        events: Events,
        first: ObservableState,
        decision: DecisionId,
        announces: bool,
    ) -> (Self, watch::Receiver<ObservableState>) {
        let (observed, watcher) = watch::channel(first);
        let ledger = Self {
            events,
            clock: Arc::clone(clock),
            journal,
            recorder: Recorder::default(),
            observed,
            decision,
            announces,
        };
        (ledger, watcher)
    }

    /// Our clock.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The decision in force.
    pub(super) fn decision(&self) -> DecisionId {
        self.decision
    }

    /// What is told from here on belongs to this decision.
    pub(super) fn decided(&mut self, decision: DecisionId) {
        self.decision = decision;
    }

    /// Records what the domain was told, for a replay.
    pub(super) fn input(&mut self, at: Timestamp, input: Input) {
        self.recorder.input(at, input);
    }

    /// Records what is remembered of a campaign over a restart.
    pub(super) fn state(&mut self, id: &CampaignId, state: &CampaignState) {
        self.recorder.state(id, state);
    }

    /// Records what is remembered of a list over a restart.
    pub(super) fn list(&mut self, id: &CampaignId, memory: &ListMemory) {
        self.recorder.list(id, memory);
    }

    /// Adds a row to the audit under the decision in force.
    pub(super) fn audit(
        &mut self,
        at: Timestamp,
        campaign: Option<&CampaignId>,
        event: AuditEvent,
    ) {
        self.audit_of(self.decision, at, campaign, event);
    }

    /// Adds a row to the audit under the decision that led to it.
    pub(super) fn audit_of(
        &mut self,
        decision: DecisionId,
        at: Timestamp,
        campaign: Option<&CampaignId>,
        event: AuditEvent,
    ) {
        self.recorder.audit(at, campaign, decision, event);
    }

    /// Takes back the newest row: what it announces was given up because it could not be committed.
    pub(super) fn withdraw_audit(&mut self) {
        self.recorder.withdraw_audit();
    }

    /// Puts a message beside what is recorded next. Nothing here waits for a receiver; without one nothing is written.
    pub(super) fn announce(&mut self, message: Message) {
        if self.announces {
            self.recorder.message(message);
        }
    }

    /// Notes what plots are drawn from.
    pub(super) fn note_points(
        &mut self,
        autopilot: &Autopilot,
        reasons: &[(CampaignId, Reason)],
        interval: Duration,
    ) {
        let now = self.now();
        let frame = self
            .recorder
            .encoder
            .frame(autopilot, reasons, interval, now);
        self.recorder.frame(frame);
    }

    /// Writes what was recorded since the last commit. A failure is told here, and the batch is kept.
    pub(super) async fn commit(&mut self) -> Result<(), JournalFault> {
        if self.recorder.is_empty() {
            return Ok(());
        }
        let started = self.clock.monotonic();
        let commit = self.recorder.commit(&*self.journal);
        let written = commit.instrument(debug_span!("journal.commit")).await;
        let took = self.clock.monotonic().saturating_sub(started);
        self.events.committed(took, self.journal.size_bytes());
        if let Err(fault) = &written {
            self.events
                .journal_failed(&fault.to_string(), self.decision);
        }
        self.observed
            .send_modify(|observed| observed.journal_writable = written.is_ok());
        written
    }

    /// Records the end of the run and writes what is left.
    pub(super) async fn close(&mut self) -> Result<(), JournalFault> {
        self.audit(self.now(), None, AuditEvent::Stopped);
        self.commit().await
    }

    /// Shows that the loop turns.
    pub(super) fn show_life(&self) {
        let now = self.now();
        self.observed
            .send_modify(|observed| observed.alive_at = now);
    }

    /// Shows when the last valid sample was taken.
    pub(super) fn show_sample(&self, taken_at: Timestamp) {
        self.observed
            .send_modify(|observed| observed.sample_at = Some(taken_at));
    }

    /// Shows everything as it stands; `poll_valid` says whether the last poll gave a valid sample.
    pub(super) fn publish(
        &self,
        campaigns: Vec<CampaignView>,
        assignments: Vec<AssignmentView>,
        poll_valid: bool,
    ) {
        let now = self.now();
        self.observed.send_modify(|observed| {
            observed.alive_at = now;
            observed.poll_valid = poll_valid;
            observed.ticks = self.decision.tick;
            observed.decision = Some(self.decision);
            observed.version = observed.version.saturating_add(1);
            observed.campaigns = Arc::new(campaigns);
            observed.assignments = Arc::new(assignments);
        });
    }

    /// Shows one campaign as it is, its last decision untouched.
    pub(super) fn show_campaign(&self, id: &CampaignId, state: &CampaignState) {
        self.observed.send_modify(|observed| {
            observed.version = observed.version.saturating_add(1);
            let at = observed.campaigns.binary_search_by(|view| view.id.cmp(id));
            if let Some(view) = at
                .ok()
                .and_then(|at| Arc::make_mut(&mut observed.campaigns).get_mut(at))
            {
                view.state = state.clone();
            }
        });
    }

    /// Shows how the configuration was last read anew, and which is in force.
    pub(super) fn show_reload(&self, last_reload: ReloadView, config: Option<String>) {
        self.observed.send_modify(|observed| {
            observed.last_reload = Some(last_reload);
            if let Some(config) = config {
                observed.config = config;
            }
        });
    }

    /// Shows that the loop has ended.
    pub(super) fn show_end(&self) {
        self.observed.send_modify(|observed| {
            observed.ended = true;
            observed.version = observed.version.saturating_add(1);
        });
    }

    /// What is shown, for whoever shows a part of its own there.
    pub(super) fn shown(&self) -> &watch::Sender<ObservableState> {
        &self.observed
    }
}
