//! The part of the fit that needs simulation: the ring time, and the factor on abandoned calls.

use std::num::NonZero;

use super::amounts::whole;
use super::fit::{CentreFit, TEMPLATE_RING};
use super::history::History;
use super::model::Model;
use super::trial::{Rule, Totals, Trial};

/// The ring times that are tried, in seconds. Beyond them the record's connects have another cause.
const RINGS: (f64, f64) = (2.0, 60.0);

/// Connects that differ by less are the same.
const CLOSE: f64 = 0.005;

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

impl Effort {
    /// Returns the effort for one of many fits: few calls need more simulated days, so that chance does not decide the fit; and in a
    /// small centre a day is simulated sooner.
    pub(super) fn of_history(history: &History, seed: u64, threads: NonZero<usize>) -> Self {
        let connected = whole(history.sum(|step| step.connected)).max(1);
        let repeats = SIMULATED_CONNECTS.div_ceil(connected);
        Self {
            repeats: usize::try_from(repeats)
                .unwrap_or(REPEATS.1)
                .clamp(REPEATS.0, REPEATS.1),
            seed,
            threads,
        }
    }

    /// Returns the effort for a fit of which there is one.
    pub(super) fn thrice(self) -> Self {
        Self {
            repeats: self.repeats.saturating_mul(3),
            ..self
        }
    }
}

/// So many connects are simulated for one of many fits, within these numbers of repetitions.
const SIMULATED_CONNECTS: u32 = 20_000;
const REPEATS: (usize, usize) = (2, 6);

/// A fitted centre, and what it makes of the record's own policy.
pub(super) struct Fitted {
    pub(super) fit: CentreFit,
    /// The model under the record's policy, before the factor on abandoned calls.
    pub(super) reproduced: Totals,
}

/// Where the search for ring times begins, in seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rings {
    pub(super) own: f64,
    pub(super) rival: f64,
}

impl Rings {
    /// Those of the template.
    pub(super) const TEMPLATE: Self = Self {
        own: TEMPLATE_RING,
        rival: TEMPLATE_RING,
    };

    /// Those of a centre that was fitted.
    pub(super) fn of_fit(fit: &CentreFit) -> Self {
        Self {
            own: fit.ring,
            rival: fit.rival.as_ref().map_or(TEMPLATE_RING, |rival| rival.ring),
        }
    }
}

/// Fits a centre to a record that was made under `rule`. Both ring times are searched for at once: that of either campaign hardly
/// changes what the other one connects.
pub(super) fn fit(
    model: &Model,
    history: &History,
    rule: &Rule,
    rings: Rings,
    effort: Effort,
) -> Fitted {
    let mut fit = CentreFit::from_sums(history);
    let run = |fit: &CentreFit| {
        Trial::new(model, fit, history, effort.repeats, effort.seed).run(rule, effort.threads)
    };
    fit.ring = rings.own;
    if let Some(rival) = &mut fit.rival {
        rival.ring = rings.rival;
    }
    let mut own = Search::new(history.sum(|step| step.connected));
    let mut rival = Search::new(history.sum_rival(|step| step.connected));
    let mut best: Option<(f64, Fitted)> = None;
    for _ in 0..MOST_TRIES {
        let run = run(&fit);
        let mut off = own.off(run.own.connected).abs();
        if fit.rival.is_some() {
            off = off.max(rival.off(run.rival.connected).abs());
        }
        // Chance is in every run, so that the last one need not be the closest.
        if best.as_ref().is_none_or(|(least, _)| off < *least) {
            let reproduced = run.own;
            let fit = CentreFit {
                abandon_factor: factor(history, reproduced),
                ..fit.clone()
            };
            best = Some((off, Fitted { fit, reproduced }));
        }
        let mut moved = own.improve(&mut fit.ring, run.own.connected);
        if let Some(found) = &mut fit.rival {
            moved |= rival.improve(&mut found.ring, run.rival.connected);
        }
        if !moved {
            break;
        }
    }
    best.map_or_else(
        || Fitted {
            fit,
            reproduced: Totals::default(),
        },
        |(_, fitted)| fitted,
    )
}

/// A search for where a falling function is zero, on logarithms.
struct Search {
    /// The connects of the record.
    wanted: f64,
    /// The longest ring time with too many connects, and how many too many.
    above: Option<(f64, f64)>,
    /// The shortest ring time with too few.
    below: Option<(f64, f64)>,
}

/// By how much connects fall with the ring time where nothing is known yet.
const USUAL_SLOPE: f64 = -0.12;

impl Search {
    fn new(wanted: f64) -> Self {
        Self {
            wanted,
            above: None,
            below: None,
        }
    }

    /// How far connects are from those of the record, as a logarithm.
    fn off(&self, connected: f64) -> f64 {
        (connected.max(1.0) / self.wanted.max(1.0)).ln()
    }

    /// Moves a ring time to where the connects should be nearer to those of the record. Returns whether it moved: it stays where they
    /// are close, or where there is nothing more to try.
    fn improve(&mut self, ring: &mut f64, connected: f64) -> bool {
        let off = self.off(connected);
        if off.abs() < CLOSE {
            return false;
        }
        let next = self.next(ring.ln(), off).exp();
        let next = next.clamp(RINGS.0, RINGS.1);
        if (next / *ring - 1.0).abs() < 0.001 {
            return false;
        }
        *ring = next;
        true
    }

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
