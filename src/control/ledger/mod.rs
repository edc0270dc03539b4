//! The record of what happens in the loop: one [`Fact`], written everywhere by [`Ledger::record`].
//!
//! ```text
//!                     ┌─▶ telemetry   log line and metric
//!                     ├─▶ view        health, status, page
//!  record(at, Fact) ──┼─▶ audit       ┐
//!                     ├─▶ messages    │
//!                     ├─▶ memory      ├─ one batch, written by commit
//!                     └─▶ inputs      ┘
//! ```
//!
//! Each sink is a file with one exhaustive match, so that a fact without a rendering does not compile.
//! Each part of the loop gets the ledger lent and writes to no sink itself. What is recorded gathers in the order in
//! which it happened and is written by [`Ledger::commit`] as one batch; a message to other systems joins that batch, so
//! that it is committed with what it reports or not at all.
//!
//! *A batch that cannot be written* is kept and tried again with what came after it. Only the row of an intent that was
//! given up for that is withdrawn: [`Ledger::commit_intent`].
//!
//! *Never here:* a decision, or a request to the platform.

mod audit;
mod fact;
mod inputs;
#[cfg(test)]
mod ledger_tests;
mod memory;
mod messages;
mod recorder;
mod telemetry;
#[cfg(test)]
mod test_facts;
mod view;
mod workload;

use std::sync::Arc;

use tokio::sync::watch;
use tracing::{Instrument, debug_span};

use crate::domain::assignment::Assigner;
use crate::domain::outcomes::OutcomesRead;
use crate::domain::{Autopilot, DecisionId, Timestamp};
use crate::telemetry::Metrics;

use super::ports::{Clock, Journal, JournalFault};
use super::start::CycleSettings;
use super::status::ObservableState;

pub(super) use fact::{CommandEnd, Fact, Standing};
use memory::Remembered;
use recorder::Recorder;
pub(super) use recorder::Waiting;
use telemetry::Telemetry;
use view::View;

/// The record of what happens in the loop.
pub(super) struct Ledger {
    clock: Arc<dyn Clock>,
    journal: Arc<dyn Journal>,
    telemetry: Telemetry,
    view: View,
    recorder: Recorder,
    /// The decision in force.
    decision: DecisionId,
    /// Whether messages are written to the outbox.
    announces: bool,
}

/// What a ledger writes to, and what it begins with.
pub(super) struct LedgerStart<'a> {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) journal: Arc<dyn Journal>,
    pub(super) metrics: Arc<Metrics>,
    /// The campaigns at the start, and the decision in force before the first one.
    pub(super) autopilot: &'a Autopilot,
    /// Whether agents are assigned to preview campaigns.
    pub(super) assigns: bool,
    /// What is shown before the first fact.
    pub(super) first_shown: ObservableState,
    /// Whether messages are written to the outbox, and the zones on whose clocks outcomes are counted by whole days.
    pub(super) settings: &'a CycleSettings,
}

impl Ledger {
    /// Begins a record.
    ///
    /// # Errors
    /// A fault of the metrics' names.
    pub(super) fn new(start: LedgerStart<'_>) -> prometheus::Result<Self> {
        let LedgerStart {
            clock,
            journal,
            metrics,
            autopilot,
            assigns,
            first_shown,
            settings,
        } = start;
        Ok(Self {
            clock,
            journal,
            telemetry: Telemetry::new(metrics, autopilot, assigns)?,
            view: View::new(first_shown),
            recorder: Recorder::new(settings.day_zones.clone()),
            decision: autopilot.decision(),
            announces: settings.announces,
        })
    }

    /// Returns the time of day.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Returns the decision in force.
    pub(super) fn decision(&self) -> DecisionId {
        self.decision
    }

    /// Records what happened at `at`. Nothing here waits: the store is written by the next commit.
    pub(super) fn record(&mut self, at: Timestamp, fact: Fact<'_>) {
        if let Fact::Decided { decision, .. } = &fact {
            self.decision = *decision;
        }
        let decision = self.decision;
        // Whoever reads a change in the log finds it in the status.
        self.view.show(&fact, at, decision);
        self.telemetry.report(&fact, at, decision);
        self.recorder.audit(audit::row(&fact, at, decision));
        if self.announces {
            let mut message = messages::message(&fact, at, decision, &self.view);
            if let Some(message) = &mut message {
                message.name = self.view.name_of(message.key.campaign());
            }
            self.recorder.message(message);
        }
        match memory::remembered(&fact) {
            Remembered::Nothing => {}
            Remembered::Campaign(id, state) => self.recorder.state(id, state),
            Remembered::List(id, memory) => self.recorder.list(id, memory),
            Remembered::Outcomes {
                verdicts,
                autopilot,
            } => {
                for (id, verdict) in verdicts {
                    if let OutcomesRead::Counted(increment) = verdict {
                        self.recorder.counted(id, increment);
                    }
                    if let Some(campaign) = autopilot.campaign(id) {
                        self.recorder.state(id, campaign.state());
                        let outcomes = campaign.state().outcomes.as_ref();
                        if let Some(slot) = outcomes.and_then(|known| known.newest_slot()) {
                            self.recorder.outcomes(id, slot);
                        }
                    }
                }
            }
            Remembered::Shifted {
                milliseconds,
                autopilot,
                assigner,
            } => {
                for (id, state) in autopilot.remembered() {
                    self.recorder.state(id, state);
                }
                for (id, memory) in assigner.into_iter().flat_map(Assigner::lists) {
                    self.recorder.list(id, memory);
                }
                self.recorder.clock_stepped(milliseconds);
            }
            Remembered::Points {
                autopilot,
                reasons,
                workload,
                poll_interval,
            } => {
                self.recorder.points(autopilot, reasons, poll_interval, at);
                self.recorder
                    .workload(autopilot, workload, poll_interval, at);
            }
        }
        self.recorder.input(at, inputs::input(fact));
    }

    /// Writes what was recorded since the last commit. A failure is recorded itself, and the batch is kept.
    pub(super) async fn commit(&mut self) -> Result<(), JournalFault> {
        if self.recorder.is_empty() {
            return Ok(());
        }
        let started = self.clock.monotonic();
        let commit = self.recorder.commit(&*self.journal);
        let written = commit.instrument(debug_span!("journal.commit")).await;
        let ended = Fact::CommitEnded {
            took: self.clock.monotonic().saturating_sub(started),
            size_bytes: self.journal.size_bytes(),
            written: written.as_ref().copied(),
        };
        self.record(self.now(), ended);
        written
    }

    /// Writes what was recorded, of which the last is what is about to be done. After a failure that is not done, and its
    /// row must not reach the audit with a later batch either.
    pub(super) async fn commit_intent(&mut self) -> Result<(), JournalFault> {
        let before = self.recorder.waiting().without_last_row();
        self.commit_since(before).await
    }

    /// Returns how much waits for a commit, for [`Ledger::commit_since`].
    pub(super) fn waiting(&self) -> Waiting {
        self.recorder.waiting()
    }

    /// The same where what is about to be done has several rows, or messages: those behind what waited `before`.
    pub(super) async fn commit_since(&mut self, before: Waiting) -> Result<(), JournalFault> {
        let written = self.commit().await;
        if written.is_err() {
            self.recorder.withdraw(before);
        }
        written
    }

    /// Records the end of the run and writes what is left.
    pub(super) async fn close(&mut self) -> Result<(), JournalFault> {
        self.record(self.now(), Fact::RunEnded);
        self.commit().await
    }

    /// Returns what is shown.
    pub(super) fn shown(&self) -> watch::Ref<'_, ObservableState> {
        self.view.sender().borrow()
    }

    /// Returns where it is shown, for tasks beside the loop that show a part of their own, and for whoever watches.
    pub(super) fn sender(&self) -> &watch::Sender<ObservableState> {
        self.view.sender()
    }
}
