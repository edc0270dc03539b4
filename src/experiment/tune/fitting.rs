//! The part of the fit that needs simulation: the ring time, and the factor on abandoned calls.

use std::num::NonZero;

use super::fit::{CentreFit, TEMPLATE_RING};
use super::history::History;
use super::model::Model;
use super::trial::{Rule, Totals, Trial};

/// The ring times that are tried, in seconds. Beyond them the record's connects have another cause.
const RINGS: (f64, f64) = (2.0, 60.0);

/// Connects that differ by less are the same.
const CLOSE: f64 = 0.003;

/// The most ring times that are tried.
const MOST_TRIES: usize = 6;

/// Calls that are added to both sides of the factor on abandoned calls, so that few counted ones do not decide it.
const SMOOTHING: f64 = 5.0;

/// How much is simulated for a fit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    /// How often each day is simulated.
    pub(super) repeats: usize,
    /// The first seed.
    pub(super) seed: u64,
    pub(super) threads: NonZero<usize>,
}

/// A fitted centre, and what it makes of the record's own policy.
pub(super) struct Fitted {
    pub(super) fit: CentreFit,
    /// The model under the record's policy, before the factor on abandoned calls.
    pub(super) reproduced: Totals,
}

/// Fits a centre to a record that was made under `rule`. `ring` is where the search for the ring time begins.
pub(super) fn fit(
    model: &Model,
    history: &History,
    rule: &Rule,
    ring: Option<f64>,
    effort: Effort,
) -> Fitted {
    let mut fit = CentreFit::from_sums(history);
    let wanted = history.sum(|step| step.connected);
    let run = |fit: &CentreFit| {
        Trial::new(model, fit, history, effort.repeats, effort.seed).run(rule, effort.threads)
    };
    fit.ring = ring.unwrap_or(TEMPLATE_RING);
    let mut reproduced = run(&fit);
    let mut search = Search::default();
    for _ in 1..MOST_TRIES {
        let off = (reproduced.connected.max(1.0) / wanted.max(1.0)).ln();
        if off.abs() < CLOSE {
            break;
        }
        let next = search.next(fit.ring.ln(), off).exp();
        let next = next.clamp(RINGS.0, RINGS.1);
        if (next / fit.ring - 1.0).abs() < 0.001 {
            break;
        }
        fit.ring = next;
        reproduced = run(&fit);
    }
    fit.abandon_factor = factor(history, reproduced);
    Fitted { fit, reproduced }
}

/// A search for where a falling function is zero, on logarithms.
#[derive(Default)]
struct Search {
    /// The longest ring time with too many connects, and how many too many.
    above: Option<(f64, f64)>,
    /// The shortest ring time with too few.
    below: Option<(f64, f64)>,
}

/// By how much connects fall with the ring time where nothing is known yet.
const USUAL_SLOPE: f64 = -0.12;

impl Search {
    /// Takes in what was found at a ring time, and returns where to look next.
    fn next(&mut self, ring: f64, off: f64) -> f64 {
        if off > 0.0 {
            self.above = Some((ring, off));
        } else {
            self.below = Some((ring, off));
        }
        match (self.above, self.below) {
            (Some((low, over)), Some((high, under))) if low < high => {
                // Between both by the straight line, and never at one of the ends.
                let share = (over / (over - under)).clamp(0.1, 0.9);
                low + share * (high - low)
            }
            _ => ring + (-off / USUAL_SLOPE).clamp(-0.7, 0.7),
        }
    }
}

/// The factor on abandoned calls: `(counted + 5) / (modelled + 5)`.
pub(super) fn factor(history: &History, modelled: Totals) -> f64 {
    let counted = history.sum(|step| step.abandoned);
    (counted + SMOOTHING) / (modelled.abandoned + SMOOTHING)
}
