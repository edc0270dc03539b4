//! The record of one campaign as days of ten-minute steps.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::Timestamp;
use crate::domain::outcomes::OutcomeSlot;
use crate::domain::workload::{SLOT, WorkloadSlot};

use super::amounts::{hours, real};
use super::rival::{RivalDay, RivalRule};
use super::step::Step;

/// Steps in a day.
pub(super) const STEPS: usize = 144;

/// Steps in an hour.
pub(super) const STEPS_AN_HOUR: usize = 6;

/// A day on which less was covered says nothing about a day.
const LEAST_HOURS: f64 = 2.0;

/// A day is of use beside a rival where the rival is known for so much of the time.
const KNOWN_OF_RIVAL: f64 = 0.9;

/// One day; it begins when the fewest agents work.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct HistoryDay {
    /// When it begins.
    pub(super) begins: Timestamp,
    /// Its steps.
    pub(super) steps: Vec<Step>,
    /// What is known of a rival on that day.
    pub(super) beside: Option<RivalDay>,
}

/// The record of one campaign.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// Its days.
    pub(super) days: Vec<HistoryDay>,
    /// The thresholds that were in force most of the time, in whole agents; none where no campaign was ever compared with two.
    pub thresholds: Option<(u32, u32)>,
    /// For how much of the time in which thresholds are known these were in force, from 0 to 1.
    pub thresholds_share: f64,
    /// The time between two polls, on average.
    pub poll_interval: Duration,
    /// The rival beside which the campaign dials.
    pub(super) rival: Option<RivalRule>,
    /// The step of the day in UTC at which days are cut.
    begins: usize,
}

/// Why a record is of no use.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum HistoryFault {
    /// Nothing was recorded.
    #[error("nothing of its agents is recorded in that time")]
    NoRecord,
    /// Dials and calls are missing.
    #[error(
        "no dials and calls are counted in that time; the platform has to count them, or they have to be fed (see `outcomes`)"
    )]
    NoCounters,
    /// Call starts are missing.
    #[error(
        "the calls that its agents began are not recorded: the platform does not show single agents"
    )]
    NoCallStarts,
}

impl HistoryDay {
    /// All agents of whom something is known, and the calls of all campaigns that are.
    pub(super) fn pool(&self) -> &[Step] {
        self.beside
            .as_ref()
            .map_or(&self.steps, |beside| &beside.pool)
    }

    /// The rival's own steps; none where there is no rival.
    pub(super) fn rivals(&self) -> &[Step] {
        self.beside
            .as_ref()
            .map_or(&[], |beside| beside.steps.as_slice())
    }

    /// Sums a member over the day, of all agents.
    pub(super) fn sum_pool(&self, member: impl Fn(&Step) -> f64) -> f64 {
        self.pool().iter().map(member).sum()
    }

    /// Sums a member over the day.
    pub(super) fn sum(&self, member: impl Fn(&Step) -> f64) -> f64 {
        self.steps.iter().map(member).sum()
    }
}

impl History {
    /// Joins what was recorded of a campaign's agents and of its calls.
    ///
    /// # Errors
    /// When one of them is missing.
    pub fn new(workload: &[WorkloadSlot], outcomes: &[OutcomeSlot]) -> Result<Self, HistoryFault> {
        let mut history = Self::cut(workload, outcomes, boundary(workload))?;
        // A day of which no call was counted cannot be told from one on which nobody counted.
        history.days.retain(|day| day.sum(|step| step.dials) > 0.0);
        Ok(history)
    }

    /// Joins what was recorded of another campaign, its days cut as these are.
    ///
    /// # Errors
    /// When it lacks agents or calls.
    pub fn of_rival(
        &self,
        workload: &[WorkloadSlot],
        outcomes: &[OutcomeSlot],
    ) -> Result<Self, HistoryFault> {
        Self::cut(workload, outcomes, self.begins)
    }

    fn cut(
        workload: &[WorkloadSlot],
        outcomes: &[OutcomeSlot],
        begins: usize,
    ) -> Result<Self, HistoryFault> {
        let mut days: BTreeMap<i64, Vec<Step>> = BTreeMap::new();
        observe_all(&mut days, workload, begins);
        for slot in outcomes {
            spread(&mut days, slot, begins);
        }
        let days: Vec<HistoryDay> = days
            .into_iter()
            .map(|(day, steps)| HistoryDay {
                begins: start_of(day, begins),
                steps,
                beside: None,
            })
            .filter(|day| day.sum(|step| step.covered) >= LEAST_HOURS)
            .collect();
        let total = |member: fn(&Step) -> f64| days.iter().map(|day| day.sum(member)).sum::<f64>();
        if days.is_empty() {
            return Err(HistoryFault::NoRecord);
        }
        if total(|step| step.starts) <= 0.0 {
            return Err(HistoryFault::NoCallStarts);
        }
        if total(|step| step.dials) <= 0.0 || total(|step| step.connected) <= 0.0 {
            return Err(HistoryFault::NoCounters);
        }
        let (thresholds, thresholds_share) = thresholds(workload);
        Ok(Self {
            days,
            thresholds,
            thresholds_share,
            poll_interval: poll_interval(workload),
            rival: None,
            begins,
        })
    }

    /// Returns the history beside a rival: of the days on which both are known. `shared` is what the agents did who work for both.
    ///
    /// # Errors
    /// When there is no such day.
    pub fn beside(
        self,
        rival: &Self,
        shared: &[WorkloadSlot],
        rule: RivalRule,
    ) -> Result<Self, HistoryFault> {
        let mut both: BTreeMap<i64, Vec<Step>> = BTreeMap::new();
        observe_all(&mut both, shared, self.begins);
        let days = self.days.into_iter().filter_map(|day| {
            let (number, _) = place(day.begins, self.begins);
            let theirs = rival.days.iter().find(|other| other.begins == day.begins)?;
            let shared = both.remove(&number)?;
            let covered = |day: &HistoryDay| day.sum(|step| step.covered);
            if covered(theirs) < KNOWN_OF_RIVAL * covered(&day) {
                return None;
            }
            let beside = RivalDay::new(&day.steps, theirs.steps.clone(), shared);
            Some(HistoryDay {
                beside: Some(beside),
                ..day
            })
        });
        let days: Vec<HistoryDay> = days.collect();
        if days.is_empty() {
            return Err(HistoryFault::NoRecord);
        }
        Ok(Self {
            days,
            rival: Some(rule),
            ..self
        })
    }

    /// How many days there are.
    #[must_use]
    pub fn days(&self) -> usize {
        self.days.len()
    }

    /// Returns the history of some of its days; a day may be among them several times.
    pub(super) fn only(&self, chosen: &[usize]) -> Self {
        let days = chosen.iter().filter_map(|number| self.days.get(*number));
        Self {
            days: days.cloned().collect(),
            ..self.clone()
        }
    }

    /// Sums a member over all days.
    pub(super) fn sum(&self, member: impl Fn(&Step) -> f64) -> f64 {
        self.days.iter().map(|day| day.sum(&member)).sum()
    }

    /// Sums a member over all days, of all agents.
    pub(super) fn sum_pool(&self, member: impl Fn(&Step) -> f64) -> f64 {
        self.days.iter().map(|day| day.sum_pool(&member)).sum()
    }

    /// Sums a member of the rival's over all days.
    pub(super) fn sum_rival(&self, member: impl Fn(&Step) -> f64) -> f64 {
        let steps = self.days.iter().flat_map(HistoryDay::rivals);
        steps.map(member).sum()
    }
}

fn observe_all(days: &mut BTreeMap<i64, Vec<Step>>, workload: &[WorkloadSlot], begins: usize) {
    for slot in workload {
        let (day, step) = place(slot.from, begins);
        let steps = days
            .entry(day)
            .or_insert_with(|| vec![Step::default(); STEPS]);
        if let Some(own) = steps.get_mut(step) {
            observe(own, slot);
        }
    }
}

fn observe(step: &mut Step, slot: &WorkloadSlot) {
    let covered = hours(slot.covered);
    let counted = hours(slot.counted);
    step.covered += covered;
    step.working += hours(slot.available) + hours(slot.wrap_up) + hours(slot.busy);
    step.busy += hours(slot.busy);
    step.wrap_up += hours(slot.wrap_up);
    if counted > 0.0 {
        step.starts += f64::from(slot.call_starts) * covered / counted;
    }
    step.away += (covered - hours(slot.running) - hours(slot.paused)).max(0.0);
    step.transitions += f64::from(slot.transitions);
}

/// Spreads what was counted evenly over the time for which it is known: counters of a whole hour may come at its end.
fn spread(days: &mut BTreeMap<i64, Vec<Step>>, slot: &OutcomeSlot, begins: usize) {
    let known = Duration::from_millis(slot.known_millis);
    if known.is_zero() {
        return;
    }
    let mut from = slot.until.minus(known);
    let end = slot.until;
    while from < end {
        let until = WorkloadSlot::begin(from).plus(SLOT).min(end);
        let share = until.since(from).as_secs_f64() / known.as_secs_f64();
        let (day, step) = place(from, begins);
        if let Some(step) = days.get_mut(&day).and_then(|steps| steps.get_mut(step)) {
            step.dials += real(slot.counts.dials) * share;
            step.answered += real(slot.counts.answered) * share;
            step.connected += real(slot.counts.connected) * share;
            step.abandoned += real(slot.counts.abandoned) * share;
        }
        from = until;
    }
}

const DAY_MILLIS: i64 = 86_400_000;

fn step_millis() -> i64 {
    i64::try_from(SLOT.as_millis()).unwrap_or(i64::MAX)
}

/// The step of the day, in UTC, at which days are cut: in the middle of the two hours with the least work. No zone has to be known for it.
fn boundary(workload: &[WorkloadSlot]) -> usize {
    const AROUND: usize = 6;
    let mut staffed = vec![0.0; STEPS];
    for slot in workload {
        if let Some(own) = staffed.get_mut(place(slot.from, 0).1) {
            *own += hours(slot.staffed);
        }
    }
    let around = |step: usize| -> f64 {
        let window = (step + STEPS - AROUND)..=(step + STEPS + AROUND);
        window.filter_map(|at| staffed.get(at % STEPS)).sum()
    };
    let least = |a: &usize, b: &usize| around(*a).total_cmp(&around(*b));
    (0..STEPS).min_by(least).unwrap_or_default()
}

/// The number of the day that begins at a step, and the step in it.
fn place(at: Timestamp, begins: usize) -> (i64, usize) {
    let shift = i64::try_from(begins).unwrap_or_default() * step_millis();
    let millis = at.as_unix_millis() - shift;
    let step = millis.rem_euclid(DAY_MILLIS) / step_millis();
    (
        millis.div_euclid(DAY_MILLIS),
        usize::try_from(step).unwrap_or_default(),
    )
}

fn start_of(day: i64, begins: usize) -> Timestamp {
    let shift = i64::try_from(begins).unwrap_or_default() * step_millis();
    Timestamp::from_unix_millis(day * DAY_MILLIS + shift)
}

fn thresholds(workload: &[WorkloadSlot]) -> (Option<(u32, u32)>, f64) {
    let mut times: BTreeMap<(u32, u32), f64> = BTreeMap::new();
    for slot in workload {
        if let Some(thresholds) = slot.thresholds {
            *times.entry(thresholds).or_default() += hours(slot.covered);
        }
    }
    let all: f64 = times.values().sum();
    let most = times.into_iter().max_by(|a, b| a.1.total_cmp(&b.1));
    most.map_or((None, 0.0), |(thresholds, time)| {
        (Some(thresholds), time / all.max(f64::MIN_POSITIVE))
    })
}

fn poll_interval(workload: &[WorkloadSlot]) -> Duration {
    let covered: Duration = workload.iter().map(|slot| slot.covered).sum();
    let polls: u32 = workload.iter().map(|slot| slot.polls).sum();
    let mean = covered.checked_div(polls).unwrap_or(SLOT);
    // Polls are never exactly an interval apart.
    let seconds = mean.as_millis().saturating_add(500) / 1_000;
    Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX).max(1))
}
