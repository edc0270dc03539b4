//! Whether the model may be believed: it has to reproduce days that it was not fitted to.

use std::fmt;

use serde::Serialize;

use super::amounts::many;
use super::fitting::{Effort, Rings, fit};
use super::history::History;
use super::model::Model;
use super::trial::{Rule, Totals, Trial};

/// How far the connected calls may be off.
const CONNECTS_WITHIN: f64 = 0.05;

/// How far those of a rival may be off, beside whom the campaign is tuned.
const RIVAL_WITHIN: f64 = 0.10;

/// How far the pauses and resumes may be off.
const TRANSITIONS_WITHIN: f64 = 0.30;

/// The factor on abandoned calls may lie between these.
const FACTOR_WITHIN: (f64, f64) = (0.5, 2.0);

/// So many parts of the days are held back, one after the other.
const PARTS: usize = 3;

/// The record's own policy on held-back days: as recorded, and as the model has it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct GateReport {
    /// Days that were held back; each is once.
    pub days: usize,
    /// Connected calls an hour.
    pub connects: Compared,
    /// Pauses and resumes an hour.
    pub transitions: Compared,
    /// What the model's abandoned calls have to be multiplied by.
    pub abandon_factor: f64,
    /// Connected calls an hour of the rival, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rival_connects: Option<Compared>,
    #[serde(skip)]
    transitions_counted: f64,
}

/// A figure of the record beside the model's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Compared {
    /// As recorded.
    pub recorded: f64,
    /// As the model has it.
    pub modelled: f64,
}

impl Compared {
    /// How far the model is off, as a share of the record.
    fn off(self) -> f64 {
        if self.recorded > 0.0 {
            self.modelled / self.recorded - 1.0
        } else if self.modelled > 0.0 {
            f64::INFINITY
        } else {
            0.0
        }
    }
}

/// What the model does not reproduce.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum GateFault {
    /// Too many or too few calls are connected.
    #[error("connected calls")]
    Connects,
    /// It switches too often or too seldom.
    #[error("pauses and resumes")]
    Transitions,
    /// Far more or fewer calls are abandoned.
    #[error("abandoned calls")]
    Abandons,
    /// Too many or too few calls of the rival are connected.
    #[error("the rival's connected calls")]
    RivalConnects,
}

impl GateReport {
    /// Returns what is not reproduced, in the order of what explains most.
    #[must_use]
    pub fn faults(&self) -> Vec<GateFault> {
        let mut faults = Vec::new();
        if self.connects.off().abs() > CONNECTS_WITHIN {
            faults.push(GateFault::Connects);
        }
        // Of few transitions, chance alone makes more or fewer.
        let chance = 3.0 / self.transitions_counted.max(1.0).sqrt();
        if self.transitions.off().abs() > TRANSITIONS_WITHIN.max(chance)
            && self.transitions.modelled.max(self.transitions.recorded) > 0.5
        {
            faults.push(GateFault::Transitions);
        }
        if !(FACTOR_WITHIN.0..=FACTOR_WITHIN.1).contains(&self.abandon_factor) {
            faults.push(GateFault::Abandons);
        }
        let rival = self.rival_connects.map_or(0.0, Compared::off);
        if rival.abs() > RIVAL_WITHIN {
            faults.push(GateFault::RivalConnects);
        }
        faults
    }
}

impl fmt::Display for GateReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "connects/h {:.1} recorded, {:.1} in the model; transitions/h {:.1} and {:.1}; abandoned calls times {:.2}",
            self.connects.recorded,
            self.connects.modelled,
            self.transitions.recorded,
            self.transitions.modelled,
            self.abandon_factor
        )?;
        self.rival_connects.map_or(Ok(()), |rival| {
            write!(
                f,
                "; the rival's connects/h {:.1} and {:.1}",
                rival.recorded, rival.modelled
            )
        })
    }
}

/// Holds parts of the days back, one after the other, and lets a model that was fitted to the others repeat them.
pub(super) fn gate(model: &Model, history: &History, rule: &Rule, effort: Effort) -> GateReport {
    let days = history.days();
    let parts = PARTS.min(days);
    let (mut recorded, mut modelled) = (Totals::default(), Totals::default());
    let (mut factors, mut rival) = (0.0, Compared::default());
    for part in 0..parts {
        let (held_back, others): (Vec<usize>, Vec<usize>) =
            (0..days).partition(|day| day % parts == part);
        let fitted = fit(model, &history.only(&others), rule, Rings::TEMPLATE, effort);
        let back = history.only(&held_back);
        let trial = Trial::new(model, &fitted.fit, &back, effort.repeats, effort.seed);
        let pool = trial.run(rule, effort.threads);
        rival.recorded += back.sum_rival(|step| step.connected);
        rival.modelled += pool.rival.connected;
        let run = pool.own;
        modelled = modelled.plus(run);
        recorded = recorded.plus(Totals {
            hours: run.hours,
            connected: back.sum(|step| step.connected),
            abandoned: back.sum(|step| step.abandoned),
            transitions: back.sum(|step| step.transitions),
        });
        factors += fitted.fit.abandon_factor;
    }
    let hours = modelled.hours.max(f64::MIN_POSITIVE);
    let compared = |member: fn(Totals) -> f64| Compared {
        recorded: member(recorded) / hours,
        modelled: member(modelled) / hours,
    };
    GateReport {
        days,
        connects: compared(|totals| totals.connected),
        transitions: compared(|totals| totals.transitions),
        abandon_factor: factors / many(parts.max(1)),
        rival_connects: model.has_rival().then_some(Compared {
            recorded: rival.recorded / hours,
            modelled: rival.modelled / hours,
        }),
        transitions_counted: recorded.transitions,
    }
}
