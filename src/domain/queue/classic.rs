//! The classic formulas, to the last digit, also where they are naive.
//!
//! With `u = active / capacity` and `c` the skill coverage (0.75 when 0 or absent):
//!
//! - `base = round(120 / c)`; `max_wait = min(base + 60, 300)` when `u > 0.85`, else `base`;
//! - `max_waiters = round(0.8 x capacity)`;
//! - service level: 70% when `u > 0.90`, else 85%, within `round(0.6 x max_wait)` seconds.
//!
//! Rounding is half-up. No capacity gives an infinite `u`, or none that is a number (nothing active either), which takes the
//! calm branch. When it is written, each figure is clamped: wait 10 to 600 s, waiters 1 to 100, percent 0 to 100, time 1 to
//! 300 s; a 0 falls back to the value in force (wait, waiters) or to 80% and 20 s.
//!
//! Naive are: at a coverage of 0.3 the wait is 400 s when calm and 300 s when busy; the target is relaxed when load rises; the
//! time of the service level follows the wait. `erlang_a` does not share that. The steps at 0.85 and 0.90 flap, which
//! [`Bands`] prevents.

use serde::{Deserialize, Serialize};

use super::fault::ChangeFault;

/// Above it the wait is that of a busy queue.
const BUSY: f64 = 0.85;

/// Above it the service level is relaxed.
const RELAXED: f64 = 0.90;

/// A band is left only this far below the threshold at which it is entered.
const BAND_HYSTERESIS: f64 = 0.05;

/// The coverage when none is given.
const DEFAULT_COVERAGE: f64 = 0.75;

/// What the classic formulas start from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassicInputs {
    /// Interactions under way.
    pub active: f64,
    /// The most that can be under way.
    pub capacity: f64,
    /// The share of needed skills that agents have; 0.75 when absent or 0.
    pub coverage: Option<f64>,
}

/// The figures as the classic formulas give them, whole numbers throughout (infinite at a coverage next to nothing).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ClassicFigures {
    /// Seconds.
    pub max_wait: f64,
    /// Callers.
    pub max_waiters: f64,
    /// Percent.
    pub percent: f64,
    /// Seconds.
    pub within: f64,
}

/// In which bands the utilisation is; kept from one calibration to the next, so that it does not flap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Bands {
    /// The wait is that of a busy queue.
    pub busy: bool,
    /// The service level is relaxed.
    pub relaxed: bool,
}

impl ClassicInputs {
    /// Returns what is wrong with them.
    #[must_use]
    pub fn faults(&self) -> Vec<ChangeFault> {
        let named = [
            ("active", Some(self.active)),
            ("capacity", Some(self.capacity)),
            ("coverage", self.coverage),
        ];
        let wrong = named.into_iter().filter_map(|(name, value)| {
            let value = value.filter(|value| !(value.is_finite() && *value >= 0.0))?;
            Some(ChangeFault::new(
                name,
                format!("is {value}"),
                "give 0 or more",
            ))
        });
        wrong.collect()
    }

    /// `active / capacity`; infinite or not a number without capacity.
    #[must_use]
    pub fn utilisation(&self) -> f64 {
        self.active / self.capacity
    }

    /// The wait of a calm queue, in seconds.
    #[must_use]
    pub fn base_wait(&self) -> f64 {
        let coverage = match self.coverage {
            Some(coverage) if coverage != 0.0 && !coverage.is_nan() => coverage,
            Some(_) | None => DEFAULT_COVERAGE,
        };
        half_up(120.0 / coverage)
    }

    /// Returns the figures of the classic formulas.
    #[must_use]
    pub fn figures(&self) -> ClassicFigures {
        let utilisation = self.utilisation();
        self.figures_in(Bands {
            busy: utilisation > BUSY,
            relaxed: utilisation > RELAXED,
        })
    }

    /// Returns the figures of these bands.
    #[must_use]
    pub fn figures_in(&self, bands: Bands) -> ClassicFigures {
        let base = self.base_wait();
        let max_wait = if bands.busy {
            (base + 60.0).min(300.0)
        } else {
            base
        };
        ClassicFigures {
            max_wait,
            max_waiters: half_up(self.capacity * 0.8),
            percent: if bands.relaxed { 70.0 } else { 85.0 },
            within: half_up(max_wait * 0.6),
        }
    }
}

impl Bands {
    /// The bands at this utilisation: entered above a threshold, left only some way below it. A utilisation that is not a number
    /// is calm, as with the classic formulas alone.
    #[must_use]
    pub fn next(self, utilisation: f64) -> Self {
        let step = |inside: bool, line: f64| {
            let line = if inside { line - BAND_HYSTERESIS } else { line };
            utilisation > line
        };
        Self {
            busy: step(self.busy, BUSY),
            relaxed: step(self.relaxed, RELAXED),
        }
    }
}

/// A figure as it may be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Clamped {
    /// What is written.
    pub value: u32,
    /// What was done to it, for people; absent when nothing was.
    pub clamp: Option<String>,
}

impl ClassicFigures {
    /// The wait as it may be written; `current` is the one in force.
    #[must_use]
    pub fn clamped_wait(&self, current: Option<u32>) -> Option<Clamped> {
        clamped(self.max_wait, current, 10, 600)
    }

    /// The waiters as they may be written; `current` are those in force.
    #[must_use]
    pub fn clamped_waiters(&self, current: Option<u32>) -> Option<Clamped> {
        clamped(self.max_waiters, current, 1, 100)
    }

    /// The percent as they may be written.
    #[must_use]
    pub fn clamped_percent(&self) -> Option<Clamped> {
        clamped(self.percent, Some(80), 0, 100)
    }

    /// The service level's time as it may be written.
    #[must_use]
    pub fn clamped_within(&self) -> Option<Clamped> {
        clamped(self.within, Some(20), 1, 300)
    }
}

/// Nothing when there is neither a figure nor one in force.
fn clamped(figure: f64, fallback: Option<u32>, least: u32, most: u32) -> Option<Clamped> {
    let falls_back = figure == 0.0 || figure.is_nan();
    let wanted = if falls_back {
        f64::from(fallback?)
    } else {
        figure
    };
    let value = to_u32(wanted.clamp(f64::from(least), f64::from(most)));
    let clamp = if falls_back {
        Some(format!("{figure} falls back to {value}"))
    } else {
        let moved = f64::from(value).total_cmp(&figure).is_ne();
        moved.then(|| format!("{figure} clamped to {value} (from {least} to {most})"))
    };
    Some(Clamped { value, clamp })
}

/// Rounds halves up, as JavaScript's `Math.round` does for numbers that are not negative.
fn half_up(x: f64) -> f64 {
    let floor = x.floor();
    if x - floor >= 0.5 { floor + 1.0 } else { floor }
}

/// A whole number that is known to fit.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float becomes an integer in no other way; the cast saturates"
)]
pub(super) fn to_u32(x: f64) -> u32 {
    x as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(active: f64, capacity: f64, coverage: Option<f64>) -> ClassicInputs {
        ClassicInputs {
            active,
            capacity,
            coverage,
        }
    }

    /// An implementation of the formulas in JavaScript, run by Node, gave these figures.
    #[test]
    fn the_classic_figures_to_the_last_digit() {
        for (active, capacity, coverage, expected) in [
            (0.0, 50.0, None, (160.0, 40.0, 85.0, 96.0)),
            (42.5, 50.0, None, (160.0, 40.0, 85.0, 96.0)),
            (43.0, 50.0, None, (220.0, 40.0, 85.0, 132.0)),
            (45.0, 50.0, None, (220.0, 40.0, 85.0, 132.0)),
            (46.0, 50.0, None, (220.0, 40.0, 70.0, 132.0)),
            (10.0, 50.0, Some(0.0), (160.0, 40.0, 85.0, 96.0)),
            (10.0, 50.0, Some(1.0), (120.0, 40.0, 85.0, 72.0)),
            (10.0, 50.0, Some(0.9), (133.0, 40.0, 85.0, 80.0)),
            (10.0, 50.0, Some(0.3), (400.0, 40.0, 85.0, 240.0)),
            (49.0, 50.0, Some(0.3), (300.0, 40.0, 70.0, 180.0)),
            (10.0, 50.0, Some(0.64), (188.0, 40.0, 85.0, 113.0)),
            (1.0, 2.0, Some(0.5), (240.0, 2.0, 85.0, 144.0)),
            (1.0, 3.0, Some(0.8), (150.0, 2.0, 85.0, 90.0)),
            (3.0, 0.625, Some(0.75), (220.0, 1.0, 70.0, 132.0)),
            (5.0, 0.0, None, (220.0, 0.0, 70.0, 132.0)),
            (0.0, 0.0, None, (160.0, 0.0, 85.0, 96.0)),
        ] {
            let found = inputs(active, capacity, coverage).figures();
            let (max_wait, max_waiters, percent, within) = expected;
            let expected = ClassicFigures {
                max_wait,
                max_waiters,
                percent,
                within,
            };
            assert_eq!(found, expected, "{active}/{capacity} at {coverage:?}");
        }
    }

    #[test]
    fn halves_round_up() {
        assert_eq!(half_up(187.5).to_string(), "188");
        assert_eq!(half_up(2.5).to_string(), "3");
        assert_eq!(half_up(0.499_999_999_999_999_94).to_string(), "0");
    }

    #[test]
    fn clamps_say_so_and_nothing_falls_back() {
        let none = inputs(0.0, 0.0, None).figures();
        let waiters = none.clamped_waiters(Some(37)).unwrap();
        assert_eq!(waiters.value, 37);
        assert_eq!(waiters.clamp.unwrap(), "0 falls back to 37");
        assert_eq!(none.clamped_waiters(None), None);
        let large = inputs(1.0, 1000.0, Some(0.01)).figures();
        assert_eq!(large.clamped_wait(None).unwrap().value, 600);
        assert_eq!(large.clamped_waiters(None).unwrap().value, 100);
        assert_eq!(large.clamped_within().unwrap().value, 300);
        assert_eq!(
            large.clamped_wait(None).unwrap().clamp.unwrap(),
            "12000 clamped to 600 (from 10 to 600)"
        );
        let usual = inputs(10.0, 50.0, None).figures();
        assert_eq!(usual.clamped_wait(None).unwrap().clamp, None);
        assert_eq!(usual.clamped_percent().unwrap().value, 85);
    }

    #[test]
    fn bands_do_not_flap() {
        let calm = Bands::default();
        let busy = calm.next(0.86);
        assert!(busy.busy && !busy.relaxed);
        assert!(busy.next(0.84).busy, "held within the hysteresis");
        assert!(!calm.next(0.84).busy);
        assert!(!busy.next(0.79).busy);
        let both = calm.next(f64::INFINITY);
        assert!(both.busy && both.relaxed);
        assert_eq!(both.next(f64::NAN), calm);
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        assert_eq!(inputs(-1.0, f64::NAN, Some(-0.5)).faults().len(), 3);
        assert_eq!(inputs(0.0, 0.0, None).faults(), []);
    }
}
