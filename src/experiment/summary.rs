//! The results of each arm over all days, with standard errors.

use std::num::NonZero;

use serde::Serialize;

use crate::simulator::{CentreFigures, Scenario};

use super::arm::Arm;
use super::batch::replicate;
use super::days::Days;

/// A mean over independent days, with its standard error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Its standard error; zero for a single day, which has none.
    pub standard_error: f64,
}

impl Estimate {
    /// Returns the mean of the values and its standard error.
    #[must_use]
    pub fn mean_of(values: &[f64]) -> Self {
        let n = f64::from(u32::try_from(values.len()).unwrap_or(u32::MAX));
        let mean = values.iter().sum::<f64>() / n.max(1.0);
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let standard_error = if n > 1.0 {
            (squares / (n - 1.0) / n).sqrt()
        } else {
            0.0
        };
        Self {
            mean,
            standard_error,
        }
    }

    /// Returns a ratio of sums, with the standard error of the ratio estimator (the delta method).
    #[must_use]
    pub fn ratio(parts: &[f64], wholes: &[f64]) -> Self {
        let whole = wholes.iter().sum::<f64>();
        if whole <= 0.0 {
            return Self {
                mean: 0.0,
                standard_error: 0.0,
            };
        }
        let ratio = parts.iter().sum::<f64>() / whole;
        let n = f64::from(u32::try_from(wholes.len()).unwrap_or(u32::MAX));
        let residuals: Vec<f64> = parts
            .iter()
            .zip(wholes)
            .map(|(part, own)| (part - ratio * own) * n / whole)
            .collect();
        Self {
            mean: ratio,
            standard_error: Self::mean_of(&residuals).standard_error,
        }
    }
}

/// One arm's results: all campaigns of the scenario together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ArmRow {
    /// The arm's name.
    pub arm: String,
    /// Answered calls that reached an agent, per hour.
    pub connects_per_hour: Estimate,
    /// Abandoned calls as a share of the answered ones.
    pub abandoned_share: Estimate,
    /// Pauses and resumes per hour.
    pub transitions_per_hour: Estimate,
    /// Changes of a campaign's pace or idle reserve per hour.
    pub pace_changes_per_hour: Estimate,
    /// The share of those gaps between transitions that lasted less than two minutes.
    pub short_gap_share: Estimate,
    /// The share of the time in which a campaign was paused.
    pub paused_share: Estimate,
    /// Agents who were idle while a campaign that they work for was paused: agent-hours per hour.
    pub idle_while_paused: Estimate,
    /// Inbound callers who hung up as a share of all.
    pub inbound_abandoned_share: Estimate,
    /// Inbound calls answered within the service level's wait, as a share of all.
    pub service_level: Estimate,
}

/// Simulates the same days for every arm, and sums them up. `done` is called for each finished day of an arm.
///
/// The standard errors take the days for independent. Consecutive days of an aim are nearly so: a day with many abandoned
/// calls is followed by one with fewer, which makes the true errors smaller.
pub fn compare(
    scenario: &Scenario,
    arms: &[Arm],
    days: Days,
    threads: NonZero<usize>,
    done: impl Fn() + Sync,
) -> Vec<ArmRow> {
    let lived = lived(scenario, arms, days, threads, done);
    let rows = arms.iter().zip(&lived);
    rows.map(|(arm, days)| ArmRow::of_days(&arm.name, days))
        .collect()
}

/// Simulates the same days for every arm, and returns them for each.
pub fn lived(
    scenario: &Scenario,
    arms: &[Arm],
    days: Days,
    threads: NonZero<usize>,
    done: impl Fn() + Sync,
) -> Vec<Vec<CentreFigures>> {
    // The longest work comes first: days that depend on each other are one piece of it.
    let (chained, apart): (Vec<usize>, Vec<usize>) =
        (0..arms.len()).partition(|number| arms.get(*number).is_some_and(|arm| days.chained(arm)));
    let mut pieces: Vec<(usize, Option<u32>)> = chained.iter().map(|arm| (*arm, None)).collect();
    pieces.extend(
        apart
            .iter()
            .flat_map(|arm| (0..days.count).map(|day| (*arm, Some(day)))),
    );
    let run = |piece: usize| -> Vec<CentreFigures> {
        let Some((arm, day)) = pieces.get(piece) else {
            return Vec::new();
        };
        let Some(arm) = arms.get(*arm) else {
            return Vec::new();
        };
        match day {
            None => days.run_chained(scenario, arm, &done),
            Some(day) => {
                let figures = days.run_one(scenario, arm, *day);
                done();
                vec![figures]
            }
        }
    };
    let figures = replicate(pieces.len(), threads, run, || {});
    (0..arms.len())
        .map(|number| {
            let own = pieces.iter().zip(&figures);
            let own = own.filter(|((of, _), _)| *of == number);
            own.flat_map(|(_, days)| days.clone()).collect()
        })
        .collect()
}

impl ArmRow {
    /// Sums the days of one arm up.
    #[must_use]
    pub fn of_days(arm: &str, days: &[CentreFigures]) -> Self {
        let each =
            |value: &dyn Fn(&CentreFigures) -> f64| days.iter().map(value).collect::<Vec<f64>>();
        let campaigns = |value: fn(&crate::simulator::CampaignFigures) -> f64| {
            each(&|day| day.campaigns.iter().map(value).sum())
        };
        let queues = |value: fn(&crate::simulator::QueueFigures) -> f64| {
            each(&|day| day.queues.iter().map(value).sum())
        };
        let hours = each(&|day| day.hours);
        let connected = campaigns(|campaign| count(campaign.connected));
        let abandoned = campaigns(|campaign| count(campaign.abandoned));
        let transitions = campaigns(|campaign| count(campaign.transitions));
        let pace_changes = campaigns(|campaign| count(campaign.pace_changes));
        let short_gaps = campaigns(|campaign| count(campaign.short_gaps));
        // Each campaign's first transition ends no gap.
        let gaps = campaigns(|campaign| count(campaign.transitions.saturating_sub(1)));
        let paused = campaigns(|campaign| campaign.paused_hours);
        let open = each(&|day| day.campaigns.iter().map(|_| day.hours).sum());
        let idle = campaigns(|campaign| campaign.idle_hours_while_paused);
        let fates: Vec<f64> = connected
            .iter()
            .zip(&abandoned)
            .map(|(connected, abandoned)| connected + abandoned)
            .collect();
        let hung_up = queues(|queue| count(queue.abandoned));
        let in_time = queues(|queue| count(queue.answered_in_time));
        let callers = queues(|queue| count(queue.abandoned + queue.served));
        Self {
            arm: arm.to_owned(),
            connects_per_hour: Estimate::ratio(&connected, &hours),
            abandoned_share: Estimate::ratio(&abandoned, &fates),
            transitions_per_hour: Estimate::ratio(&transitions, &hours),
            pace_changes_per_hour: Estimate::ratio(&pace_changes, &hours),
            short_gap_share: Estimate::ratio(&short_gaps, &gaps),
            paused_share: Estimate::ratio(&paused, &open),
            idle_while_paused: Estimate::ratio(&idle, &hours),
            inbound_abandoned_share: Estimate::ratio(&hung_up, &callers),
            service_level: Estimate::ratio(&in_time, &callers),
        }
    }
}

fn count(count: u64) -> f64 {
    // A simulated day has far fewer.
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
