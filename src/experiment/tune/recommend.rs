//! From a record to a threshold.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::time::Duration;

use serde::Serialize;

use crate::domain::Policy;
use crate::experiment::batch::replicate;

use super::amounts::{many, whole};
use super::dial::DialRule;
use super::fit::CentreFit;
use super::fitting::{Effort, Rings, fit};
use super::gate::{GateReport, gate};
use super::history::History;
use super::model::Model;
use super::trial::{Rule, Totals, Trial};

/// Refits to days that are drawn anew.
const REFITS: usize = 20;

/// The one-sided 95% quantile of Student's t with 19 degrees of freedom.
const T_95: f64 = 1.729;

/// The fewest days that a model is fitted to.
pub const FEWEST_DAYS: usize = 5;

/// The highest threshold that is tried, as a share of the agents.
const HIGHEST_SHARE: f64 = 0.5;

/// Thresholds that get an interval beside the first guess and the one that keeps the target with its bound.
const AROUND: u32 = 1;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct TuneRequest {
    /// The record.
    pub history: History,
    /// The policy under which it was made. Its thresholds are in whole agents.
    pub policy: Policy,
    /// The time between two polls.
    pub poll_interval: Duration,
    /// How the campaign dials.
    pub dial: DialRule,
    /// The share of the answered calls that may be abandoned.
    pub target: f64,
    /// What is added to the threshold for a resume.
    pub gap: u32,
    /// The first seed.
    pub seed: u64,
    /// Threads; the figures are the same for any number.
    pub threads: NonZero<usize>,
}

/// What one threshold is predicted to come to on days like those of the record.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Candidate {
    /// A running campaign is paused below so many agents; 0 never pauses.
    pub pause_below: u32,
    /// It is resumed at so many.
    pub resume_at: u32,
    /// Connected calls an hour.
    pub connects_per_hour: Interval,
    /// Abandoned calls as a share of those whose fate is known.
    pub abandoned_share: Interval,
    /// Pauses and resumes an hour.
    pub transitions_per_hour: f64,
    /// Whether the upper bound of the abandoned share keeps the target.
    pub keeps_target: bool,
}

/// A prediction with one-sided 95% bounds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The prediction.
    pub mean: f64,
    /// With 95% it is not below this.
    pub lower: f64,
    /// With 95% it is not above this.
    pub upper: f64,
}

/// A recommendation with everything that it rests on.
#[derive(Clone, Debug)]
pub struct TuneReport {
    /// The record's policy on held-back days.
    pub gate: GateReport,
    /// The fitted centre.
    pub fit: CentreFit,
    /// What was counted under the record's policy.
    pub recorded: Recorded,
    /// The thresholds that were tried, the lowest first.
    pub candidates: Vec<Candidate>,
    /// The one with the most connects whose upper bound keeps the target; none where no threshold does.
    pub recommended: Option<Candidate>,
    /// Where an aim would begin whose signal counts half of those who finish a call, in agents.
    pub aim_start: Option<f64>,
}

/// What was counted in the record.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Recorded {
    /// Days.
    pub days: usize,
    /// Hours in which somebody worked.
    pub hours: f64,
    /// Connected calls an hour.
    pub connects_per_hour: f64,
    /// Abandoned calls as a share of those whose fate is known.
    pub abandoned_share: f64,
    /// Pauses and resumes an hour.
    pub transitions_per_hour: f64,
}

/// Why nothing is recommended.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TuneFault {
    /// Too few days.
    #[error("{found} days with agents and calls are recorded; at least {FEWEST_DAYS} are needed")]
    TooFewDays {
        /// How many there are.
        found: usize,
    },
    /// The model does not reproduce the record.
    #[error("the model does not reproduce the record on days that were held back: {0}")]
    Gate(GateReport),
    /// The template of the model cannot be read, which a test rules out.
    #[error("the template of the model cannot be read")]
    Template,
}

/// How many pieces of work there are, for a progress bar.
pub const TUNE_PIECES: u64 = 22;

/// Fits a model, holds it against held-back days, and recommends a threshold. `done` is called for each piece that is finished.
///
/// # Errors
/// When the record is too short, or the model does not reproduce it.
pub fn tune(request: &TuneRequest, done: impl Fn() + Sync) -> Result<TuneReport, TuneFault> {
    let history = &request.history;
    let found = history.days();
    if found < FEWEST_DAYS {
        return Err(TuneFault::TooFewDays { found });
    }
    let rival = history.rival.as_ref();
    let model =
        Model::new(request.dial, rival.map(|rival| rival.dial)).ok_or(TuneFault::Template)?;
    let rule = Rule {
        policy: Policy {
            flap_limit: None,
            ..request.policy.clone()
        },
        rival: rival.map(|rival| Policy {
            flap_limit: None,
            ..rival.policy.clone()
        }),
        poll_interval: request.poll_interval,
    };
    let effort = Effort::of_history(history, request.seed, request.threads);
    let gate = gate(&model, history, &rule, effort);
    done();
    if !gate.faults().is_empty() {
        return Err(TuneFault::Gate(gate));
    }
    let effort = effort.thrice();
    let fitted = fit(&model, history, &rule, Rings::TEMPLATE, effort);
    done();
    let refits = refits(request, &model, &rule, Rings::of_fit(&fitted.fit), &done);
    let whole = Refit {
        trial: Trial::new(&model, &fitted.fit, history, effort.repeats, effort.seed),
        abandon_factor: fitted.fit.abandon_factor,
    };
    let candidates = candidates(request, &rule, &whole, &refits);
    let keeping = candidates.iter().filter(|candidate| candidate.keeps_target);
    let recommended = keeping.max_by(|a, b| {
        let connects = |candidate: &Candidate| candidate.connects_per_hour.mean;
        let by_connects = connects(a).total_cmp(&connects(b));
        by_connects.then(b.pause_below.cmp(&a.pause_below))
    });
    let recommended = recommended.copied();
    Ok(TuneReport {
        gate,
        recorded: Recorded::new(history, fitted.reproduced.hours),
        aim_start: recommended.map(|candidate| aim_start(history, candidate.pause_below)),
        fit: fitted.fit,
        candidates,
        recommended,
    })
}

impl Recorded {
    fn new(history: &History, hours: f64) -> Self {
        let hours = hours.max(f64::MIN_POSITIVE);
        let connected = history.sum(|step| step.connected);
        let abandoned = history.sum(|step| step.abandoned);
        Self {
            days: history.days(),
            hours,
            connects_per_hour: connected / hours,
            abandoned_share: abandoned / (abandoned + connected).max(1.0),
            transitions_per_hour: history.sum(|step| step.transitions) / hours,
        }
    }
}

/// Tries thresholds from the lowest on, and gives those around the first one that keeps the target bounds; more of them until one keeps
/// the target with its bound.
fn candidates(
    request: &TuneRequest,
    rule: &Rule,
    whole: &Refit,
    refits: &[Refit],
) -> Vec<Candidate> {
    let most = highest(&request.history);
    let tried = |pause_below: u32| rule.with(pause_below, pause_below.saturating_add(request.gap));
    let mut known: BTreeMap<u32, Totals> = BTreeMap::new();
    let mut mean = |pause_below: u32| {
        let run = || whole.run(&tried(pause_below), request.threads);
        *known.entry(pause_below).or_insert_with(run)
    };
    let keeps = |pause_below: &u32| mean(*pause_below).abandoned_share() <= request.target;
    let guess = (0..=most).find(keeps).unwrap_or(most);
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut last = most;
    for pause_below in guess.saturating_sub(AROUND)..=most {
        if pause_below > last {
            break;
        }
        let rule = tried(pause_below);
        let one = |number: usize| {
            let refit = refits.get(number);
            refit.map_or(Totals::default(), |refit| {
                refit.run(&rule, NonZero::<usize>::MIN)
            })
        };
        let drawn = replicate(refits.len(), request.threads, one, || {});
        let candidate = row(request, pause_below, mean(pause_below), &drawn);
        if candidate.keeps_target {
            last = last.min(pause_below.saturating_add(AROUND));
        }
        candidates.push(candidate);
    }
    candidates
}

/// The highest threshold that is tried.
fn highest(history: &History) -> u32 {
    let steps = history.days.iter().flat_map(|day| &day.steps);
    let staffed = steps
        .filter(|step| step.covered > 0.0)
        .map(|step| step.working / step.covered)
        .fold(0.0, f64::max);
    whole(staffed * HIGHEST_SHARE).max(1)
}

/// The same threshold for an aim, which also counts half of those who finish a call: with half of them on average, in whole halves.
fn aim_start(history: &History, pause_below: u32) -> f64 {
    if pause_below == 0 {
        return 0.0;
    }
    let wrap_up = history.sum(|step| step.wrap_up);
    let covered = history.sum(|step| {
        if step.working > 0.0 {
            step.covered
        } else {
            0.0
        }
    });
    let halves = f64::from(pause_below) * 2.0 + wrap_up / covered.max(f64::MIN_POSITIVE);
    halves.floor() / 2.0
}

/// A fitted centre on the days that it was fitted to.
struct Refit {
    trial: Trial,
    abandon_factor: f64,
}

impl Refit {
    /// Tries a rule, with the factor on abandoned calls.
    fn run(&self, rule: &Rule, threads: NonZero<usize>) -> Totals {
        let totals = self.trial.run(rule, threads).own;
        Totals {
            abandoned: totals.abandoned * self.abandon_factor,
            ..totals
        }
    }
}

/// Fits anew to days that are drawn with replacement: what the record's days have from chance.
fn refits(
    request: &TuneRequest,
    model: &Model,
    rule: &Rule,
    rings: Rings,
    done: &(impl Fn() + Sync),
) -> Vec<Refit> {
    let days = request.history.days();
    let one = |number: usize| {
        let number = u64::try_from(number).unwrap_or_default().wrapping_add(1);
        let seed = request
            .seed
            .wrapping_add(number.wrapping_mul(7_919_000_003));
        let mut chance = fastrand::Rng::with_seed(seed);
        let drawn: Vec<usize> = (0..days).map(|_| chance.usize(0..days)).collect();
        let history = request.history.only(&drawn);
        let effort = Effort::of_history(&request.history, seed, NonZero::<usize>::MIN);
        let fitted = fit(model, &history, rule, rings, effort);
        Refit {
            trial: Trial::new(model, &fitted.fit, &history, effort.repeats, seed),
            abandon_factor: fitted.fit.abandon_factor,
        }
    };
    replicate(REFITS, request.threads, one, done)
}

fn row(request: &TuneRequest, pause_below: u32, mean: Totals, drawn: &[Totals]) -> Candidate {
    let connects: Vec<f64> = drawn
        .iter()
        .map(|totals| totals.connected / totals.hours.max(f64::MIN_POSITIVE))
        .collect();
    let own = mean.connected / mean.hours.max(f64::MIN_POSITIVE);
    let (_, spread) = mean_and_spread(&connects);
    // Shares are spread by factors. Half a call keeps the logarithm of none.
    let log_share = |totals: &Totals| {
        ((totals.abandoned + 0.5) / (totals.abandoned + totals.connected + 1.0)).ln()
    };
    let logs: Vec<f64> = drawn.iter().map(log_share).collect();
    let (_, log_spread) = mean_and_spread(&logs);
    let share = mean.abandoned_share();
    let smoothed = log_share(&mean).exp();
    let abandoned_share = Interval {
        mean: share,
        lower: (smoothed * (-T_95 * log_spread).exp()).min(share),
        upper: (smoothed * (T_95 * log_spread).exp()).max(share),
    };
    Candidate {
        pause_below,
        resume_at: pause_below.saturating_add(request.gap),
        connects_per_hour: Interval {
            mean: own,
            lower: own - T_95 * spread,
            upper: own + T_95 * spread,
        },
        abandoned_share,
        transitions_per_hour: mean.transitions / mean.hours.max(f64::MIN_POSITIVE),
        keeps_target: abandoned_share.upper <= request.target,
    }
}

fn mean_and_spread(values: &[f64]) -> (f64, f64) {
    let n = many(values.len()).max(1.0);
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (squares / (n - 1.0).max(1.0)).sqrt())
}
