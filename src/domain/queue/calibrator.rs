//! Calibrates one queue, cycle after cycle: observes what was read, decides whether its figures are to change, and remembers
//! who changed them last.
//!
//! ```text
//!            a figure is neither what we last saw nor what we wrote
//!   ours ────────────────────────────────────────────────────────▶ changed manually
//!     ▲                                                                │
//!     └──── it is again what it was, or an operator releases it ───────┘
//! ```
//!
//! *Never undo a person.* While one figure is changed manually, none is written: they belong together. What we may have
//! written is remembered before it is sent, so that a crash in between does not turn our write into a manual change.
//!
//! *Precedence:* a hold, then a manual change, then what cannot be measured, then the dead bands, then the budget.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::belief::Hold;
use crate::domain::conclusion::Conclusion;
use crate::domain::ids::DecisionId;
use crate::domain::time::Timestamp;

use super::advice::Advice;
use super::calibration::{CalibrationPolicy, Measured, QueueModel, QueueStatistics};
use super::change::ChangeSet;
use super::classic::ClassicInputs;
use super::figures::Figures;
use super::member::{Members, stored_members};
use super::merge::overlaid;
use super::readings::{CounterWindow, FEWEST_SAMPLES, QueueCounters, drifting};

/// The time over which changes are counted.
const HOUR: Duration = Duration::from_secs(3600);

/// A write whose answer was lost may still arrive within this time: its version lets it in as long as nobody else wrote.
const LATEST_ARRIVAL: Duration = Duration::from_secs(300);

/// The most readings that are kept of a window: more would be closer together and add nothing.
const MOST_READINGS: u32 = 120;

/// What is remembered of a queue, over restarts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct QueueMemory {
    /// Readings of the window, the oldest first.
    pub readings: Vec<QueueCounters>,
    /// The figures as they were last read; absent before the first reading.
    pub known: Option<Figures>,
    /// The figures that a write of ours with an unknown outcome was to set, and when it was sent.
    pub written: Option<(Figures, Timestamp)>,
    /// The manual change in force, if there is one. The stored member keeps the name of 0.1.0.
    #[serde(rename = "somebodys")]
    pub manual_change: Option<ManualChange>,
    /// The operator's hold.
    pub hold: Option<Hold>,
    /// When changes were sent, within the last hour.
    pub changes: Vec<Timestamp>,
    /// The last change that was made.
    pub last_change: Option<(Timestamp, DecisionId)>,
}

/// A change of the figures by somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManualChange {
    /// The figures before it.
    pub was: Figures,
    /// When it was first seen.
    pub since: Timestamp,
}

/// The standing of a queue after a calibration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueueStanding {
    /// Its figures are as they should be, or may not be changed yet.
    Steady,
    /// Its figures were changed.
    Changed,
    /// Its figures would be changed, but this is a dry run.
    Advising,
    /// Too little was measured for any advice.
    Unmeasured,
    /// Somebody else changed its figures: it is left alone.
    Conflict,
    /// An operator holds it.
    Held,
    /// It could not be read, or not be written.
    Unreachable,
}

impl QueueStanding {
    /// Every standing, for metrics.
    pub const ALL: [Self; 7] = [
        Self::Steady,
        Self::Changed,
        Self::Advising,
        Self::Unmeasured,
        Self::Conflict,
        Self::Held,
        Self::Unreachable,
    ];

    /// Returns the word for documents and metrics.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Steady => "steady",
            Self::Changed => "changed",
            Self::Advising => "advising",
            Self::Unmeasured => "unmeasured",
            Self::Conflict => "conflict",
            Self::Held => "held",
            Self::Unreachable => "unreachable",
        }
    }
}

/// What is to be done about a queue, and what the decision rests on. What could not be measured is absent.
#[derive(Clone, Debug, PartialEq)]
pub struct CalibrationDecision {
    /// The queue's standing; [`QueueStanding::Changed`] when `change` is to be written.
    pub standing: QueueStanding,
    /// What is to be written; absent under any other standing.
    pub change: Option<ChangeSet>,
    /// The figures that the model advises.
    pub advised: Option<Figures>,
    /// The reason, in one sentence.
    pub why: String,
}

/// What the last two readings show of a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct QueueFlow {
    /// Interactions under way, divided by the most that can be.
    pub utilisation: Option<f64>,
    /// Callers a second by which the queue shrinks; negative while it grows.
    pub drain_per_s: Option<f64>,
    /// How long until it is empty; absent also when it does not shrink.
    pub time_to_drain: Option<Duration>,
    /// Callers waiting.
    pub waiting: Option<u64>,
    /// Agents who serve it.
    pub agents: Option<u64>,
}

/// Calibrates one queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QueueCalibrator {
    policy: CalibrationPolicy,
    memory: QueueMemory,
    /// Those that show its figures.
    #[serde(with = "stored_members")]
    members: Members,
    statistics: Option<QueueStatistics>,
    before: Option<QueueCounters>,
}

impl QueueCalibrator {
    /// Creates the calibrator of a queue with these rules and what is remembered of it.
    #[must_use]
    pub fn new(policy: CalibrationPolicy, memory: QueueMemory) -> Self {
        let before = memory.readings.last().copied();
        Self {
            policy,
            memory,
            members: Members::new(),
            statistics: None,
            before,
        }
    }

    /// Returns the rules.
    #[must_use]
    pub fn policy(&self) -> &CalibrationPolicy {
        &self.policy
    }

    /// Returns what has to be remembered.
    #[must_use]
    pub fn memory(&self) -> &QueueMemory {
        &self.memory
    }

    /// Moves every remembered time of our clock, which was set by so many milliseconds: holds and the budget of changes go on as
    /// if it had not been.
    pub fn shift_clock(&mut self, milliseconds: i64) {
        let QueueMemory {
            readings,
            known: _,
            written,
            manual_change,
            hold,
            changes,
            last_change,
        } = &mut self.memory;
        let readings = readings.iter_mut().chain(&mut self.before);
        let statistics = self.statistics.iter_mut();
        let counters = readings.chain(statistics.map(|statistics| &mut statistics.counters));
        let counted = counters.map(|counters| &mut counters.at);
        let written = written.iter_mut().map(|(_, at)| at);
        let since = manual_change.iter_mut().map(|change| &mut change.since);
        let held = hold.iter_mut().map(|hold| &mut hold.since);
        let last = last_change.iter_mut().map(|(at, _)| at);
        let times = counted.chain(written).chain(since).chain(held);
        let times = times.chain(changes).chain(last);
        times.for_each(|at| at.shift(milliseconds));
    }

    /// Returns the queue's figures as they were last read.
    #[must_use]
    pub fn figures(&self) -> Figures {
        Figures::from_members(&self.members)
    }

    /// Sets or ends the operator's hold.
    pub fn set_hold(&mut self, hold: Option<Hold>) {
        self.memory.hold = hold;
    }

    /// Returns the hold in force.
    #[must_use]
    pub fn hold(&self, now: Timestamp) -> Option<&Hold> {
        self.memory.hold.as_ref().filter(|hold| hold.active(now))
    }

    /// Whether a manual change is in force.
    #[must_use]
    pub fn has_manual_change(&self) -> bool {
        self.memory.manual_change.is_some()
    }

    /// Releases the figures from a manual change, as an operator asked; returns whether there was one.
    pub fn release_manual_change(&mut self) -> bool {
        self.memory.manual_change.take().is_some()
    }

    /// Restores the memory, because its change could not be committed.
    pub fn restore(&mut self, memory: QueueMemory) {
        self.memory = memory;
    }

    /// Observes a reading of the queue.
    pub fn observe(&mut self, members: &Members, now: Timestamp) {
        let found = Figures::from_members(members);
        self.members = Figures::members_among(members);
        let memory = &mut self.memory;
        let known = *memory.known.get_or_insert(found);
        let on_its_way = memory
            .written
            .filter(|(_, sent)| now.since(*sent) < LATEST_ARRIVAL);
        let ours = on_its_way.map_or(known, |(figures, _)| figures);
        if !found.combines(known, ours) {
            let was = memory.manual_change.map_or(known, |theirs| theirs.was);
            memory.manual_change = Some(ManualChange { was, since: now });
        }
        if memory
            .manual_change
            .is_some_and(|theirs| theirs.was == found)
        {
            memory.manual_change = None;
        }
        memory.known = Some(found);
        memory.written = on_its_way.filter(|(figures, _)| *figures != found);
    }

    /// Observes the platform's statistics of the queue; none where it has none.
    pub fn measure(&mut self, statistics: Option<QueueStatistics>) {
        self.statistics = statistics;
        let Some(QueueStatistics { counters: at, .. }) = statistics else {
            return;
        };
        let readings = &mut self.memory.readings;
        self.before = readings.last().copied();
        // A clock that was set back, or counters that began anew, part what was before from what comes.
        if readings
            .last()
            .is_some_and(|last| CounterWindow::between(last, &at).is_none())
        {
            readings.clear();
        }
        let spacing = self
            .policy
            .window
            .checked_div(MOST_READINGS)
            .unwrap_or_default();
        // The newest one is replaced while it is close to the one before it.
        if let [.., older, newest] = readings.as_slice()
            && newest.at.since(older.at) < spacing
        {
            readings.pop();
        }
        readings.push(at);
        let from = at.at.minus(self.policy.window);
        // The last one that is as old as the window is where it begins.
        let begins = readings.iter().rposition(|reading| reading.at <= from);
        readings.drain(..begins.unwrap_or(0));
    }

    /// Returns what the last two readings show.
    #[must_use]
    pub fn flow(&self) -> QueueFlow {
        let Some(statistics) = self.statistics else {
            return QueueFlow::default();
        };
        let between = self
            .before
            .and_then(|before| CounterWindow::between(&before, &statistics.counters));
        let inputs = self.inputs().ok();
        let utilisation = inputs.map(|inputs| inputs.utilisation());
        QueueFlow {
            utilisation: utilisation.filter(|ratio| ratio.is_finite()),
            drain_per_s: between.map(|window| window.drain_per_s()),
            time_to_drain: between.and_then(|window| window.time_to_drain()),
            waiting: Some(statistics.counters.waiting),
            agents: statistics.agents.or(self.policy.agents.map(u64::from)),
        }
    }

    /// Decides by what was measured.
    #[must_use]
    pub fn decide(&self, now: Timestamp) -> CalibrationDecision {
        self.decide_by_advice(&self.advice(self.policy.model, &self.measured()), now)
    }

    /// Decides by the inputs that an operator gives, or else by what was measured.
    #[must_use]
    pub fn decide_with(
        &self,
        given: Option<&ClassicInputs>,
        now: Timestamp,
    ) -> CalibrationDecision {
        match given {
            Some(inputs) => self.decide_by_inputs(inputs, now),
            None => self.decide(now),
        }
    }

    /// Decides by inputs that an operator gives.
    #[must_use]
    pub fn decide_by_inputs(&self, inputs: &ClassicInputs, now: Timestamp) -> CalibrationDecision {
        let measured = Measured {
            classic: Ok(*inputs),
            window: Err(String::new()),
            agents: Err(String::new()),
        };
        self.decide_by_advice(&self.advice(QueueModel::Classic, &measured), now)
    }

    /// A change is about to be sent: what it would make of the figures is remembered, and counts as a change.
    pub fn sending(&mut self, change: &Members, now: Timestamp) {
        let after = Figures::from_members(&overlaid(&self.members, change));
        self.memory.written = Some((after, now));
        self.memory.changes = self.recent_changes(now);
        self.memory.changes.push(now);
    }

    /// What was about to be sent was not.
    pub fn sent_nothing(&mut self) {
        self.memory.written = None;
    }

    /// What became of it. `found` is the queue as it was read last.
    pub fn report(
        &mut self,
        conclusion: Conclusion,
        found: &Members,
        decision: DecisionId,
        now: Timestamp,
    ) {
        match conclusion {
            Conclusion::Confirmed | Conclusion::Differs => {
                self.members = Figures::members_among(found);
                self.memory.known = Some(self.figures());
                self.memory.written = None;
                self.memory.last_change = Some((now, decision));
            }
            Conclusion::Unchanged
            | Conclusion::Conflict
            | Conclusion::Invalid
            | Conclusion::Refused
            | Conclusion::NotSent
            | Conclusion::NotApplied
            | Conclusion::NotOurs
            | Conclusion::Stale => {
                self.memory.written = None;
                self.observe(found, now);
            }
            // It may still arrive: the next reading shows whether it did.
            Conclusion::Unknown => {}
        }
    }

    fn advice(&self, model: QueueModel, measured: &Measured) -> Result<Advice, String> {
        measured.advice(model, &self.policy.targets, &self.members)
    }

    fn inputs(&self) -> Result<ClassicInputs, String> {
        let statistics = self.statistics.ok_or(UNSHOWN)?;
        let active = statistics
            .active
            .ok_or("the platform does not show how many interactions are under way")?;
        let capacity = self.policy.capacity.map(u64::from);
        let capacity = capacity.or(statistics.capacity).or(statistics.agents);
        let capacity = capacity
            .filter(|capacity| *capacity > 0)
            .ok_or("nobody serves the queue, or the platform does not show its capacity")?;
        Ok(ClassicInputs {
            active: float(active),
            capacity: float(capacity),
            coverage: self.policy.coverage,
        })
    }

    fn measured(&self) -> Measured {
        let statistics = self.statistics.ok_or_else(|| UNSHOWN.to_owned());
        let window = statistics.and_then(|_| self.window());
        let sampled = window.clone().and_then(|window| {
            let enough = window.answered() >= FEWEST_SAMPLES;
            let few = || super::readings::NoAdvice::TooFew(window.answered()).to_string();
            enough.then_some(()).ok_or_else(few)
        });
        let agents = self.policy.agents.map(u64::from);
        let shown = self.statistics.and_then(|statistics| statistics.agents);
        let agents = agents.or(shown).and_then(|many| u32::try_from(many).ok());
        let steady = drifting(&self.memory.readings).map_or(Ok(()), Err);
        Measured {
            classic: sampled.and_then(|()| self.inputs()),
            window: window.and_then(|window| {
                steady.map_err(|drift| drift.to_string())?;
                Ok(window)
            }),
            agents: agents
                .filter(|agents| *agents > 0)
                .ok_or_else(|| "no agent serves the queue, or the platform shows none".to_owned()),
        }
    }

    fn window(&self) -> Result<CounterWindow, String> {
        let [first, .., last] = self.memory.readings.as_slice() else {
            return Err("it was read once; two readings are needed to measure anything".to_owned());
        };
        CounterWindow::between(first, last).ok_or_else(|| "its counters began anew".to_owned())
    }

    fn decide_by_advice(
        &self,
        advice: &Result<Advice, String>,
        now: Timestamp,
    ) -> CalibrationDecision {
        let advised = advice.as_ref().ok().map(Figures::from);
        let decision = |standing, why: String| CalibrationDecision {
            standing,
            change: None,
            advised,
            why,
        };
        if let Some(hold) = self.hold(now) {
            let (until, author, reason) = (hold.until(now), &hold.author, &hold.reason);
            return decision(
                QueueStanding::Held,
                format!("held until {until} by {author}: {reason}"),
            );
        }
        if let Some(theirs) = self.memory.manual_change {
            let differences = self.figures().differences_from(theirs.was).join(", ");
            return decision(
                QueueStanding::Conflict,
                format!("somebody changed {differences}: left alone until an operator releases it"),
            );
        }
        let advice = match advice {
            Ok(advice) => advice,
            Err(why) => return decision(QueueStanding::Unmeasured, why.clone()),
        };
        let (change, held) = advice.change(&self.members, &self.policy.dead_bands);
        if change.is_empty() {
            let why = if held.is_empty() {
                "its figures are as advised".to_owned()
            } else {
                held.join(", ")
            };
            return decision(QueueStanding::Steady, why);
        }
        let after = Figures::from_members(&overlaid(&self.members, &change.members));
        let differences = after.differences_from(self.figures()).join(", ");
        let recent = self.recent_changes(now);
        let spent = u32::try_from(recent.len()).unwrap_or(u32::MAX);
        if let Some(most) = self.policy.max_changes_per_hour
            && spent >= most
        {
            let over = spent.saturating_sub(most);
            let next = recent.get(usize::try_from(over).unwrap_or(0));
            let next = next.copied().unwrap_or(now).plus(HOUR);
            let why =
                format!("{most} changes within an hour are enough until {next}: {differences}");
            return decision(QueueStanding::Steady, why);
        }
        CalibrationDecision {
            standing: QueueStanding::Changed,
            change: Some(change),
            advised,
            why: differences,
        }
    }

    /// Changes of the last hour. One that lies in the future, after a jump of the clock, counts as now.
    fn recent_changes(&self, now: Timestamp) -> Vec<Timestamp> {
        let changes = self.memory.changes.iter().map(|at| (*at).min(now));
        changes.filter(|at| now.since(*at) < HOUR).collect()
    }
}

/// Why nothing is measured on a platform without statistics.
const UNSHOWN: &str = "the platform shows no statistics of this queue";

/// A count of people or calls as a float; exact as far as they go.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "counts of people and calls are exact in a float"
)]
fn float(count: u64) -> f64 {
    count as f64
}
