//! What the record says of a centre: means and rates, each from sums.

use super::amounts::many;
use super::history::{History, HistoryDay, STEPS, STEPS_AN_HOUR};

/// The smoothing of the answered share of an hour: so many dials as on average.
const AVERAGE_DIALS: f64 = 30.0;

/// How much the two talk times are drawn towards each other, as a share of what the record says of them.
const DRAWN_TOGETHER: f64 = 0.02;

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
}

/// The mean time that a phone rings in the template of the model.
pub(super) const TEMPLATE_RING: f64 = 10.0;

impl CentreFit {
    /// Fits everything that needs no simulation; the ring time is the template's, and the factor on abandoned calls 1.
    pub(super) fn from_sums(history: &History) -> Self {
        let dials = history.sum(|step| step.dials);
        let answer_share = (history.sum(|step| step.answered) / dials).clamp(0.001, 1.0);
        let wrap_up = 3_600.0 * history.sum(|step| step.wrap_up) / history.sum(|step| step.starts);
        let (talk_other, talk_campaign) = talks(history);
        let mut fit = Self {
            talk_other,
            talk_campaign,
            wrap_up,
            answer_share,
            ring: TEMPLATE_RING,
            abandon_factor: 1.0,
            answer_by_hour: answer_by_hour(history, answer_share),
            other_calls: other_calls(history),
            hours_differ: 0.0,
        };
        fit.hours_differ = hours_differ(history, &fit.other_calls);
        fit
    }

    /// Returns the calls an hour of a day that are not the campaign's, by step: those of an average day, as many more or fewer as the
    /// day had, and each hour as far as hours are believed to differ.
    pub(super) fn calls_of(&self, day: &HistoryDay) -> Vec<f64> {
        let usual: f64 = expected(&self.other_calls, day).sum();
        let own = day.sum(|step| step.starts - step.connected).max(0.0);
        let whole_day = if usual > 0.0 { own / usual } else { 0.0 };
        let factors: Vec<f64> = day
            .steps
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
    let steps = day.steps.iter().zip(rates);
    steps.map(|(step, rate)| step.covered * rate)
}

/// Little's law for both kinds of calls at once: agent-hours in calls are the calls of either kind times their mean talk. Least squares
/// over the hours of the record, whose mix of both kinds differs; where it hardly does, the two are drawn towards each other.
fn talks(history: &History) -> (f64, f64) {
    let (mut other, mut own) = (0.0, 0.0);
    let (mut oo, mut oc, mut cc, mut bo, mut bc, mut busy_sum) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    for day in &history.days {
        for hour in day.steps.chunks(STEPS_AN_HOUR) {
            let busy: f64 = hour.iter().map(|step| step.busy).sum();
            let connected: f64 = hour.iter().map(|step| step.connected).sum();
            let starts: f64 = hour.iter().map(|step| step.starts).sum();
            let others = (starts - connected).max(0.0);
            let weight = 1.0 / (starts + 1.0);
            oo += weight * others * others;
            oc += weight * others * connected;
            cc += weight * connected * connected;
            bo += weight * busy * others;
            bc += weight * busy * connected;
            other += others;
            own += connected;
            busy_sum += busy;
        }
    }
    let common = busy_sum / (other + own).max(1.0);
    let ridge = DRAWN_TOGETHER * (oo + cc) / 2.0;
    let (a, d) = (oo + ridge, cc + ridge);
    let (x, y) = (bo + ridge * common, bc + ridge * common);
    let determinant = a * d - oc * oc;
    let solved = if determinant > 0.0 {
        (
            (x * d - y * oc) / determinant,
            (a * y - oc * x) / determinant,
        )
    } else {
        (common, common)
    };
    let (shortest, longest) = (TALKS.0 / 3_600.0, TALKS.1 / 3_600.0);
    let talk_other = solved.0.clamp(shortest, longest);
    let talk_own = solved.1.clamp(shortest, longest);
    // Both together keep the agents as busy as they were.
    let scale = busy_sum / (other * talk_other + own * talk_own).max(f64::MIN_POSITIVE);
    (
        (3_600.0 * talk_other * scale).clamp(TALKS.0, TALKS.1),
        (3_600.0 * talk_own * scale).clamp(TALKS.0, TALKS.1),
    )
}

fn answer_by_hour(history: &History, answer_share: f64) -> Vec<f64> {
    (0..STEPS / STEPS_AN_HOUR)
        .map(|hour| {
            let (mut dials, mut answered) = (0.0, 0.0);
            for day in &history.days {
                let steps = day
                    .steps
                    .chunks(STEPS_AN_HOUR)
                    .nth(hour)
                    .unwrap_or_default();
                dials += steps.iter().map(|step| step.dials).sum::<f64>();
                answered += steps.iter().map(|step| step.answered).sum::<f64>();
            }
            let share = (answered + AVERAGE_DIALS * answer_share) / (dials + AVERAGE_DIALS);
            share / answer_share
        })
        .collect()
}

fn other_calls(history: &History) -> Vec<f64> {
    (0..STEPS)
        .map(|number| {
            let steps = || {
                history
                    .days
                    .iter()
                    .filter_map(move |day| day.steps.get(number))
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
        let own = day.sum(|step| step.starts - step.connected);
        let whole_day = if usual > 0.0 { own / usual } else { continue };
        let expected: Vec<f64> = expected(rates, day)
            .map(|calls| calls * whole_day)
            .collect();
        for (steps, expected) in day
            .steps
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
