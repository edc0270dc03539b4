//! What a threshold really comes to in a simulated centre, to hold a recommendation against.

use std::num::NonZero;
use std::time::Duration;

use crate::domain::Policy;
use crate::experiment::batch::replicate;
use crate::experiment::day::run_policies;
use crate::simulator::Scenario;

use super::amounts::real;
use super::trial::Totals;

/// A policy of one campaign on many simulated days.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrueFigures {
    /// Connected calls an hour.
    pub connects_per_hour: f64,
    /// Abandoned calls as a share of those whose fate is known.
    pub abandoned_share: f64,
    /// Pauses and resumes an hour.
    pub transitions_per_hour: f64,
}

/// The policies of a simulated centre: that of one campaign, and that of the others.
#[derive(Clone, Copy, Debug)]
pub struct TruePolicies<'a> {
    /// The campaign.
    pub campaign: &'a str,
    /// Its policy.
    pub own: &'a Policy,
    /// That of every other campaign.
    pub others: &'a Policy,
    /// The time between two polls.
    pub poll_interval: Duration,
}

/// Simulates days, the seeds counting up from `first_seed`.
#[must_use]
pub fn true_figures(
    scenario: &Scenario,
    policies: TruePolicies<'_>,
    days: usize,
    first_seed: u64,
    threads: NonZero<usize>,
) -> TrueFigures {
    let policy_of = |id: &str| {
        let own = id == policies.campaign;
        if own { policies.own } else { policies.others }.clone()
    };
    let one = |number: usize| {
        let seed = first_seed.wrapping_add(u64::try_from(number).unwrap_or_default());
        let interval = policies.poll_interval;
        let figures = run_policies(scenario, seed, interval, &policy_of, &mut |_, _| {});
        let mut campaigns = figures.campaigns.iter();
        let own = campaigns.find(|campaign| campaign.id == policies.campaign);
        own.map_or(Totals::default(), |own| Totals {
            hours: figures.hours,
            connected: real(own.connected),
            abandoned: real(own.abandoned),
            transitions: real(own.transitions),
        })
    };
    let totals = replicate(days, threads, one, || {});
    let sum = totals.into_iter().fold(Totals::default(), Totals::plus);
    let hours = sum.hours.max(f64::MIN_POSITIVE);
    TrueFigures {
        connects_per_hour: sum.connected / hours,
        abandoned_share: sum.abandoned_share(),
        transitions_per_hour: sum.transitions / hours,
    }
}
