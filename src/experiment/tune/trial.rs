//! A policy on the days of a fitted centre.

use std::num::NonZero;
use std::time::Duration;

use crate::domain::{Limit, Policy, Thresholds};
use crate::experiment::batch::replicate;
use crate::experiment::day::run_policies;
use crate::simulator::Scenario;

use super::amounts::{many, real};
use super::fit::CentreFit;
use super::history::History;
use super::model::{Model, OWN, RIVAL};

/// What one policy came to, summed up over days.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Totals {
    pub(super) hours: f64,
    pub(super) connected: f64,
    pub(super) abandoned: f64,
    pub(super) transitions: f64,
}

impl Totals {
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            hours: self.hours + other.hours,
            connected: self.connected + other.connected,
            abandoned: self.abandoned + other.abandoned,
            transitions: self.transitions + other.transitions,
        }
    }

    pub(super) fn times(self, factor: f64) -> Self {
        Self {
            hours: self.hours * factor,
            connected: self.connected * factor,
            abandoned: self.abandoned * factor,
            transitions: self.transitions * factor,
        }
    }

    /// Abandoned calls as a share of those whose fate is known.
    pub(super) fn abandoned_share(self) -> f64 {
        let decided = self.abandoned + self.connected;
        if decided > 0.0 {
            self.abandoned / decided
        } else {
            0.0
        }
    }
}

/// What a policy came to for the campaign, and what its rival came to beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct PoolTotals {
    pub(super) own: Totals,
    /// Zero where there is no rival.
    pub(super) rival: Totals,
}

impl PoolTotals {
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            own: self.own.plus(other.own),
            rival: self.rival.plus(other.rival),
        }
    }
}

/// A policy as it is tried: thresholds in whole agents, and everything else as in the record.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) policy: Policy,
    /// The rival's, which stays what it was.
    pub(super) rival: Option<Policy>,
    pub(super) poll_interval: Duration,
}

impl Rule {
    /// The same rule with other thresholds.
    pub(super) fn with(&self, pause_below: u32, resume_at: u32) -> Self {
        let limits = (Limit::Agents(pause_below), Limit::Agents(resume_at));
        let thresholds = Thresholds::new(limits.0, limits.1).unwrap_or(self.policy.thresholds);
        Self {
            policy: Policy {
                thresholds,
                ..self.policy.clone()
            },
            ..self.clone()
        }
    }
}

/// Days of a fitted centre; a day of the record that was drawn several times is simulated as often, with other chance.
pub(super) struct Trial {
    scenarios: Vec<Scenario>,
    repeats: usize,
    seed: u64,
}

impl Trial {
    pub(super) fn new(
        model: &Model,
        fit: &CentreFit,
        history: &History,
        repeats: usize,
        seed: u64,
    ) -> Self {
        let days = history.days.iter();
        Self {
            scenarios: days.filter_map(|day| model.day(fit, day)).collect(),
            repeats,
            seed,
        }
    }

    /// Simulates every day under the rule; the sums are those of one repetition of all days.
    pub(super) fn run(&self, rule: &Rule, threads: NonZero<usize>) -> PoolTotals {
        let days = self.scenarios.len();
        let one = |number: usize| {
            let Some(scenario) = self.scenarios.get(number % days.max(1)) else {
                return PoolTotals::default();
            };
            let seed = self.seed.wrapping_add(real_seed(number));
            simulate(scenario, seed, rule)
        };
        let runs = days * self.repeats;
        let totals = replicate(runs, threads, one, || {});
        let sum = totals
            .into_iter()
            .fold(PoolTotals::default(), PoolTotals::plus);
        let share = 1.0 / many(self.repeats.max(1));
        PoolTotals {
            own: sum.own.times(share),
            rival: sum.rival.times(share),
        }
    }
}

/// Seeds of neighbouring days do not follow each other.
fn real_seed(number: usize) -> u64 {
    u64::try_from(number)
        .unwrap_or_default()
        .wrapping_mul(1_000_003)
}

fn simulate(scenario: &Scenario, seed: u64, rule: &Rule) -> PoolTotals {
    let policy_of = |id: &str| {
        let rivals = rule.rival.as_ref().filter(|_| id == RIVAL);
        rivals.unwrap_or(&rule.policy).clone()
    };
    let figures = run_policies(
        scenario,
        seed,
        rule.poll_interval,
        &policy_of,
        &mut |_, _| {},
    );
    let totals = |id: &str| {
        let campaign = figures.campaigns.iter().find(|own| own.id == id);
        campaign.map_or(Totals::default(), |campaign| Totals {
            hours: figures.hours,
            connected: real(campaign.connected),
            abandoned: real(campaign.abandoned),
            transitions: real(campaign.transitions),
        })
    };
    PoolTotals {
        own: totals(OWN),
        rival: totals(RIVAL),
    }
}
