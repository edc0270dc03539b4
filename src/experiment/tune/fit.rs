//! What the record says of a centre: means and rates, each from sums.

use super::amounts::many;
use super::history::{History, HistoryDay, STEPS, STEPS_AN_HOUR};
use super::step::Step;

/// The smoothing of the answered share of an hour: so many dials as on average.
const AVERAGE_DIALS: f64 = 30.0;

/// How far mean talks of two kinds of calls are expected to differ from their common mean, as a share of it.
const TALKS_DIFFER: f64 = 0.4;

/// The mean square of a talk, in squares of its mean: that of a lognormal one with sigma 0.9.
const TALK_SQUARE: f64 = 2.25;

/// The shortest and longest mean talk that is believed, in seconds.
const TALKS: (f64, f64) = (10.0, 3_600.0);

/// A centre that was fitted to a record. Times in seconds, rates an hour.
#[derive(Clone, Debug, PartialEq)]
pub struct CentreFit {
    /// The mean talk of calls that are not the campaign's.
    pub talk_other: f64,
    /// The mean talk of the campaign's calls.
    pub talk_campaign: f64,
    /// The mean paperwork after a call.
    pub wrap_up: f64,
    /// The share of the dials that a person answers.
    pub answer_share: f64,
    /// The mean time that a phone rings until a person answers.
    pub ring: f64,
    /// What the model's abandoned calls are multiplied by.
    pub abandon_factor: f64,
    /// Factors on the answered share, by hour of the day that begins when the fewest agents work.
    pub(super) answer_by_hour: Vec<f64>,
    /// Calls an hour that are not the campaign's, by step of the day.
    pub(super) other_calls: Vec<f64>,
    /// How far an hour of one day is believed to differ from that of others, from 0 to 1.
    pub hours_differ: f64,
    /// The rival, where the record holds one.
    pub rival: Option<RivalFit>,
}

/// A rival that was fitted to its record. Times in seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct RivalFit {
    /// The mean talk of its calls.
    pub talk: f64,
    /// The share of its dials that a person answers.
    pub answer_share: f64,
    /// The mean time that a phone rings until a person answers.
    pub ring: f64,
    /// Factors on the answered share, as for the campaign.
    pub(super) answer_by_hour: Vec<f64>,
}

/// The mean time that a phone rings in the template of the model.
pub(super) const TEMPLATE_RING: f64 = 10.0;

impl CentreFit {
    /// Fits everything that needs no simulation; the ring time is the template's, and the factor on abandoned calls 1.
    pub(super) fn from_sums(history: &History) -> Self {
        let own = Answers::new(&history.days, |day| &day.steps);
        let wrap_up =
            3_600.0 * history.sum_pool(|step| step.wrap_up) / history.sum_pool(|step| step.starts);
        let [talk_other, talk_campaign, talk_rival] = talks(history);
        let rival = history.rival.as_ref().map(|_| {
            let theirs = Answers::new(&history.days, HistoryDay::rivals);
            RivalFit {
                talk: talk_rival,
                answer_share: theirs.share,
                ring: TEMPLATE_RING,
                answer_by_hour: theirs.by_hour,
            }
        });
        let mut fit = Self {
            talk_other,
            talk_campaign,
            wrap_up,
            answer_share: own.share,
            ring: TEMPLATE_RING,
            abandon_factor: 1.0,
            answer_by_hour: own.by_hour,
            other_calls: other_calls(history),
            hours_differ: 0.0,
            rival,
        };
        fit.hours_differ = hours_differ(history, &fit.other_calls);
        fit
    }

    /// Returns the calls an hour of a day that are not the campaign's, by step: those of an average day, as many more or fewer as the
    /// day had, and each hour as far as hours are believed to differ.
    pub(super) fn calls_of(&self, day: &HistoryDay) -> Vec<f64> {
        let usual: f64 = expected(&self.other_calls, day).sum();
        let own = day.sum_pool(|step| step.starts - step.connected).max(0.0);
        let whole_day = if usual > 0.0 { own / usual } else { 0.0 };
        let factors: Vec<f64> = day
            .pool()
            .chunks(STEPS_AN_HOUR)
            .zip(self.other_calls.chunks(STEPS_AN_HOUR))
            .map(|(steps, usual)| {
                let own: f64 = steps.iter().map(|step| step.starts - step.connected).sum();
                let expected: f64 = steps
                    .iter()
                    .zip(usual)
                    .map(|(step, rate)| step.covered * rate * whole_day)
                    .sum();
                if expected > 0.0 {
                    (1.0 + self.hours_differ * (own / expected - 1.0)).max(0.0)
                } else {
                    1.0
                }
            })
            .collect();
        let factor = |step: usize| factors.get(step / STEPS_AN_HOUR).copied().unwrap_or(1.0);
        let rates = self.other_calls.iter().enumerate();
        rates
            .map(|(step, rate)| rate * whole_day * factor(step))
            .collect()
    }
}

/// The calls of each step of a day at these rates.
fn expected<'a>(rates: &'a [f64], day: &'a HistoryDay) -> impl Iterator<Item = f64> + 'a {
    let steps = day.pool().iter().zip(rates);
    steps.map(|(step, rate)| step.covered * rate)
}

/// Little's law for all kinds of calls at once: agent-hours in calls are the calls of each kind times their mean talk. The kinds are
/// those that are no known campaign's, the campaign's, and the rival's. Least squares over the hours of the record, whose mix differs;
/// where it hardly does, the means are drawn towards each other.
fn talks(history: &History) -> [f64; KINDS] {
    let mut squares = [[0.0; KINDS]; KINDS];
    let mut products = [0.0; KINDS];
    let (mut calls, mut busy_sum) = ([0.0; KINDS], 0.0);
    for day in &history.days {
        let mut rivals = day.rivals().chunks(STEPS_AN_HOUR);
        let hours = day.steps.chunks(STEPS_AN_HOUR);
        for (own, pool) in hours.zip(day.pool().chunks(STEPS_AN_HOUR)) {
            let sum = |steps: &[Step], member: fn(&Step) -> f64| -> f64 {
                steps.iter().map(member).sum()
            };
            let rival = sum(rivals.next().unwrap_or_default(), |step| step.connected);
            let connected = sum(own, |step| step.connected);
            let starts = sum(pool, |step| step.starts);
            let busy = sum(pool, |step| step.busy);
            let other = (starts - connected - rival).max(0.0);
            let kinds = [other, connected, rival];
            let weight = 1.0 / (starts + 1.0);
            for ((row, product), one) in squares.iter_mut().zip(&mut products).zip(kinds) {
                *product += weight * busy * one;
                for (square, another) in row.iter_mut().zip(kinds) {
                    *square += weight * one * another;
                }
            }
            for (sum, one) in calls.iter_mut().zip(kinds) {
                *sum += one;
            }
            busy_sum += busy;
        }
    }
    let common = busy_sum / calls.iter().sum::<f64>().max(1.0);
    // The ridge of a normal prior around the common mean, beside the chance of single talks.
    let ridge = TALK_SQUARE / TALKS_DIFFER.powi(2);
    for (at, (row, product)) in squares.iter_mut().zip(&mut products).enumerate() {
        if let Some(square) = row.get_mut(at) {
            *square += ridge;
        }
        *product += ridge * common;
    }
    let solved = solve(squares, products).unwrap_or([common; KINDS]);
    let (shortest, longest) = (TALKS.0 / 3_600.0, TALKS.1 / 3_600.0);
    let talks = solved.map(|talk| talk.clamp(shortest, longest));
    // Together they keep the agents as busy as they were.
    let modelled: f64 = talks
        .iter()
        .zip(calls)
        .map(|(talk, calls)| talk * calls)
        .sum();
    let scale = busy_sum / modelled.max(f64::MIN_POSITIVE);
    talks.map(|talk| (3_600.0 * talk * scale).clamp(TALKS.0, TALKS.1))
}

/// Calls that are no known campaign's, the campaign's, and the rival's.
const KINDS: usize = 3;

/// Solves a system whose matrix is symmetric and positive, by elimination; none where it is not.
fn solve(mut matrix: [[f64; KINDS]; KINDS], mut right: [f64; KINDS]) -> Option<[f64; KINDS]> {
    for pivot in 0..KINDS {
        let (row, value) = (*matrix.get(pivot)?, *right.get(pivot)?);
        let divisor = *row.get(pivot)?;
        if divisor <= 0.0 {
            return None;
        }
        for (number, (other, target)) in matrix.iter_mut().zip(&mut right).enumerate() {
            if number == pivot {
                continue;
            }
            let factor = *other.get(pivot)? / divisor;
            for (own, pivots) in other.iter_mut().zip(row) {
                *own -= factor * pivots;
            }
            *target -= factor * value;
        }
    }
    let mut solved = [0.0; KINDS];
    for (number, value) in solved.iter_mut().enumerate() {
        *value = right.get(number)? / matrix.get(number)?.get(number)?;
    }
    Some(solved)
}

/// The share of a campaign's dials that a person answers, and the factors on it by hour.
struct Answers {
    share: f64,
    by_hour: Vec<f64>,
}

impl Answers {
    fn new(days: &[HistoryDay], steps_of: impl Fn(&HistoryDay) -> &[Step]) -> Self {
        let counts = |steps: &[Step]| -> (f64, f64) {
            let dials = steps.iter().map(|step| step.dials).sum();
            (dials, steps.iter().map(|step| step.answered).sum())
        };
        let sum = |all: (f64, f64), one: (f64, f64)| (all.0 + one.0, all.1 + one.1);
        let (dials, answered) = days
            .iter()
            .map(|day| counts(steps_of(day)))
            .fold((0.0, 0.0), sum);
        let share = (answered / dials.max(f64::MIN_POSITIVE)).clamp(0.001, 1.0);
        let by_hour = (0..STEPS / STEPS_AN_HOUR).map(|hour| {
            let hours = days
                .iter()
                .filter_map(|day| steps_of(day).chunks(STEPS_AN_HOUR).nth(hour));
            let (dials, answered) = hours.map(counts).fold((0.0, 0.0), sum);
            let smoothed = (answered + AVERAGE_DIALS * share) / (dials + AVERAGE_DIALS);
            smoothed / share
        });
        Self {
            by_hour: by_hour.collect(),
            share,
        }
    }
}

fn other_calls(history: &History) -> Vec<f64> {
    (0..STEPS)
        .map(|number| {
            let steps = || {
                history
                    .days
                    .iter()
                    .filter_map(move |day| day.pool().get(number))
            };
            let covered: f64 = steps().map(|step| step.covered).sum();
            let calls: f64 = steps().map(|step| step.starts - step.connected).sum();
            if covered > 0.0 {
                (calls / covered).max(0.0)
            } else {
                0.0
            }
        })
        .collect()
}

/// How much of the differences between the hours of a day and the average day is more than the chance of counts: one less the inverse
/// of their dispersion (empirical Bayes for Poisson counts).
fn hours_differ(history: &History, rates: &[f64]) -> f64 {
    let (mut squares, mut hours) = (0.0, 0_usize);
    for day in &history.days {
        let usual: f64 = expected(rates, day).sum();
        let own = day.sum_pool(|step| step.starts - step.connected);
        let whole_day = if usual > 0.0 { own / usual } else { continue };
        let expected: Vec<f64> = expected(rates, day)
            .map(|calls| calls * whole_day)
            .collect();
        for (steps, expected) in day
            .pool()
            .chunks(STEPS_AN_HOUR)
            .zip(expected.chunks(STEPS_AN_HOUR))
        {
            let expected: f64 = expected.iter().sum();
            let own: f64 = steps.iter().map(|step| step.starts - step.connected).sum();
            if expected >= 5.0 {
                squares += (own - expected).powi(2) / expected;
                hours += 1;
            }
        }
    }
    // The average day was made of these days, and each day's total fitted.
    let days = many(history.days.len());
    if hours == 0 || days < 2.0 {
        return 0.0;
    }
    let free = many(hours) * (1.0 - 1.0 / days);
    let dispersion = squares / free;
    (1.0 - 1.0 / dispersion.max(1.0)).clamp(0.0, 1.0)
}
