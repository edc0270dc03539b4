//! The batch that is not committed yet.
//!
//! Inputs, changed states, audit rows and messages gather here in the order in which they happened, and go to the journal as one
//! batch. A batch that cannot be written is kept and tried again with what came after it, up to a bound. Only the series that
//! plots are drawn from is not kept: a frame that cannot be written becomes a gap.

use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;

use super::workload::WorkloadRecorders;
use crate::control::ports::{AuditRow, Batch, Journal, JournalFault};
use crate::control::series::{Frame, SeriesEncoder};
use crate::domain::assignment::ListMemory;
use crate::domain::guard::DayCounts;
use crate::domain::outcomes::{OutcomeIncrement, OutcomeSlot};
use crate::domain::replay::Input;
use crate::domain::workload::WorkloadSample;
use crate::domain::{Autopilot, CampaignId, CampaignState, Message, Reason, Timestamp, Zone};

/// Inputs kept while the store cannot be written: more than a week of one campaign at the default interval.
const MOST_INPUTS: usize = 100_000;

/// How much waits for a commit.
#[derive(Clone, Copy, Debug)]
pub(in crate::control) struct Waiting {
    rows: usize,
    messages: usize,
}

impl Waiting {
    /// The same without the last row.
    pub(super) fn without_last_row(self) -> Self {
        Self {
            rows: self.rows.saturating_sub(1),
            ..self
        }
    }
}

#[derive(Default)]
pub(super) struct Recorder {
    inputs: Vec<(Timestamp, Input)>,
    states: BTreeMap<CampaignId, CampaignState>,
    lists: BTreeMap<CampaignId, ListMemory>,
    audit: Vec<AuditRow>,
    outbox: Vec<Message>,
    outcomes: BTreeMap<(CampaignId, Timestamp), OutcomeSlot>,
    outcome_days: BTreeMap<(CampaignId, Zone, Date), DayCounts>,
    /// The zones on whose clocks days are counted.
    day_zones: Vec<Zone>,
    workload: WorkloadRecorders,
    frame: Option<Frame>,
    clock_step: i64,
    encoder: SeriesEncoder,
}

impl Recorder {
    /// An empty batch. Outcomes are counted by days on the clocks of these zones.
    pub(super) fn new(day_zones: Vec<Zone>) -> Self {
        Self {
            day_zones,
            ..Self::default()
        }
    }

    pub(super) fn input(&mut self, at: Timestamp, input: Option<Input>) {
        let Some(input) = input else { return };
        if self.inputs.len() >= MOST_INPUTS {
            self.inputs.clear();
            self.inputs.push((at, Input::Gap));
        }
        self.inputs.push((at, input));
    }

    pub(super) fn state(&mut self, id: &CampaignId, state: &CampaignState) {
        self.states.insert(id.clone(), state.clone());
    }

    /// What was counted of a campaign in a slot of time; the newest word on it is written.
    pub(super) fn outcomes(&mut self, id: &CampaignId, slot: &OutcomeSlot) {
        self.outcomes.insert((id.clone(), slot.from), *slot);
    }

    /// What was counted of a campaign more; days add up.
    pub(super) fn counted(&mut self, id: &CampaignId, increment: &OutcomeIncrement) {
        for zone in &self.day_zones {
            if let Some(counted) = DayCounts::new(increment, zone) {
                let key = (id.clone(), zone.clone(), counted.day);
                let day = self.outcome_days.entry(key);
                day.and_modify(|day| *day = day.plus(counted))
                    .or_insert(counted);
            }
        }
    }

    pub(super) fn list(&mut self, id: &CampaignId, memory: &ListMemory) {
        self.lists.insert(id.clone(), memory.clone());
    }

    pub(super) fn audit(&mut self, row: Option<AuditRow>) {
        self.audit.extend(row);
    }

    pub(super) fn message(&mut self, message: Option<Message>) {
        self.outbox.extend(message);
    }

    /// What waits in the store is due as much later or earlier as the clock was set.
    pub(super) fn clock_stepped(&mut self, milliseconds: i64) {
        self.clock_step = self.clock_step.saturating_add(milliseconds);
    }

    /// Makes the series' frame of a poll; it joins the next commit or becomes a gap.
    pub(super) fn points(
        &mut self,
        autopilot: &Autopilot,
        reasons: &[(CampaignId, Reason)],
        poll_interval: Duration,
        at: Timestamp,
    ) {
        self.frame = self.encoder.frame(autopilot, reasons, poll_interval, at);
    }

    /// Sums what a poll showed of the agents up; slots that are over join the next commit.
    pub(super) fn workload(
        &mut self,
        autopilot: &Autopilot,
        sample: &WorkloadSample,
        poll_interval: Duration,
        at: Timestamp,
    ) {
        self.workload.observe(autopilot, sample, poll_interval, at);
    }

    /// Returns how much waits for a commit.
    pub(super) fn waiting(&self) -> Waiting {
        Waiting {
            rows: self.audit.len(),
            messages: self.outbox.len(),
        }
    }

    /// Takes back the audit rows behind those that waited before, and their messages: what they are of was given up because it could
    /// not be committed.
    pub(super) fn withdraw(&mut self, before: Waiting) {
        self.audit.truncate(before.rows);
        self.outbox.truncate(before.messages);
    }

    /// Whether there is nothing to commit.
    pub(super) fn is_empty(&self) -> bool {
        let Self {
            inputs,
            states,
            lists,
            audit,
            outbox,
            outcomes,
            outcome_days,
            day_zones: _,
            workload,
            frame,
            // Never without an input.
            clock_step: _,
            encoder: _,
        } = self;
        inputs.is_empty()
            && states.is_empty()
            && lists.is_empty()
            && audit.is_empty()
            && outbox.is_empty()
            && outcomes.is_empty()
            && outcome_days.is_empty()
            && workload.slots.is_empty()
            && workload.shared.is_empty()
            && frame.is_none()
    }

    /// Commits everything gathered. After a failure everything is still here.
    pub(super) async fn commit(&mut self, journal: &dyn Journal) -> Result<(), JournalFault> {
        if self.is_empty() {
            return Ok(());
        }
        let batch = Arc::new(Batch {
            inputs: mem::take(&mut self.inputs),
            states: mem::take(&mut self.states).into_iter().collect(),
            lists: mem::take(&mut self.lists).into_iter().collect(),
            audit: mem::take(&mut self.audit),
            outbox: mem::take(&mut self.outbox),
            outcomes: mem::take(&mut self.outcomes)
                .into_iter()
                .map(|((id, _), slot)| (id, slot))
                .collect(),
            outcome_days: mem::take(&mut self.outcome_days)
                .into_iter()
                .map(|((id, zone, _), day)| (id, zone, day))
                .collect(),
            workload: mem::take(&mut self.workload.slots),
            shared_workload: mem::take(&mut self.workload.shared),
            frame: self.frame.take(),
            clock_step: mem::take(&mut self.clock_step),
            ..Batch::default()
        });
        let written = journal.commit(Arc::clone(&batch)).await;
        if written.is_err() {
            let Batch {
                inputs,
                states,
                lists,
                audit,
                outbox,
                queues: _,
                outcomes,
                outcome_days,
                workload,
                shared_workload,
                frame,
                clock_step,
            } = Arc::unwrap_or_clone(batch);
            self.inputs = inputs;
            self.states = states.into_iter().collect();
            self.lists = lists.into_iter().collect();
            self.audit = audit;
            self.outbox = outbox;
            let slots = outcomes.into_iter();
            self.outcomes = slots.map(|(id, slot)| ((id, slot.from), slot)).collect();
            let days = outcome_days.into_iter();
            self.outcome_days = days
                .map(|(id, zone, day)| ((id, zone, day.day), day))
                .collect();
            self.workload.slots = workload;
            self.workload.shared = shared_workload;
            self.clock_step = clock_step;
            if frame.is_some() {
                self.encoder.mark_gap();
            }
        }
        written
    }
}
