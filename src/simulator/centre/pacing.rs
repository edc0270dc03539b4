//! How many dials a campaign has in flight.

use std::collections::BTreeMap;

use super::scenario::{Mode, OutboundCampaign};
use super::tenths::TenthsOfAgents;

/// Beyond this many free agents the limit is looked up for whole agents only.
const FINE_UNTIL: f64 = 50.0;

/// A probability below this is nothing.
const NEGLIGIBLE: f64 = 1e-12;

/// A campaign's rule for dials in flight.
#[derive(Clone, Debug)]
pub(super) struct Pacing {
    mode: Mode,
    answer_share: f64,
    /// Agents who are expected to come free while a phone rings.
    pub(super) expected_free: f64,
    /// The most dials for each idle agent, whatever the mode would dial.
    pub(super) limit: Option<TenthsOfAgents>,
    /// Limits of the predictive rule that were worked out, by tenths of free agents.
    known: BTreeMap<u32, u32>,
}

impl Pacing {
    pub(super) fn new(plan: &OutboundCampaign) -> Self {
        Self {
            mode: plan.mode,
            answer_share: plan.answer_share,
            expected_free: 0.0,
            limit: None,
            known: BTreeMap::new(),
        }
    }

    /// Whether the busy agents have to be looked at from time to time.
    pub(super) fn forecasts(&self) -> bool {
        matches!(self.mode, Mode::Predictive { .. })
    }

    /// The most dials in flight while so many agents are idle. Modes that do not dial ahead have none.
    pub(super) fn most_in_flight(&mut self, idle: u32) -> u32 {
        let most = self.most_of_mode(idle);
        self.limit.map_or(most, |limit| most.min(limit.times(idle)))
    }

    fn most_of_mode(&mut self, idle: u32) -> u32 {
        match self.mode {
            Mode::Preview { .. } | Mode::Instant { .. } => 0,
            Mode::Progressive => idle,
            Mode::Power { dials_per_agent } => whole(f64::from(idle) * dials_per_agent),
            Mode::Predictive { abandon_target } => {
                let free = f64::from(idle) + self.expected_free;
                let step = if free > FINE_UNTIL { 10.0 } else { 1.0 };
                let tenths = whole((free * 10.0 / step).floor() * step);
                let share = self.answer_share;
                *self
                    .known
                    .entry(tenths)
                    .or_insert_with(|| largest(f64::from(tenths) / 10.0, share, abandon_target))
            }
        }
    }
}

/// The largest n with `E[(X - free)+] <= target x n x p` for X binomial with n and p: expected calls without an agent
/// against expected answers. Never less than one dial for each whole free agent.
fn largest(free: f64, p: f64, target: f64) -> u32 {
    let floor = whole(free);
    if p <= 0.0 {
        return floor;
    }
    // The distribution of X from `low` on, and the expected excess; both for n, which grows by one each time.
    let (mut low, mut chances) = (0.0_f64, vec![1.0_f64]);
    let (mut n, mut excess) = (0_u32, 0.0_f64);
    loop {
        // One more dial adds to the excess where it is answered and X alone already needs every agent.
        let added: f64 = chances
            .iter()
            .scan(low, |x, chance| {
                let here = *x;
                *x += 1.0;
                Some((here + 1.0 - free).clamp(0.0, 1.0) * chance)
            })
            .sum();
        excess += p * added;
        n += 1;
        if excess > target * f64::from(n) * p {
            return (n - 1).max(floor);
        }
        let mut carried = 0.0;
        for chance in &mut chances {
            let here = *chance;
            *chance = here * (1.0 - p) + carried;
            carried = here * p;
        }
        chances.push(carried);
        let skip = chances
            .iter()
            .take_while(|chance| **chance < NEGLIGIBLE)
            .count();
        chances.drain(..skip);
        low += f64::from(u32::try_from(skip).unwrap_or(u32::MAX));
        while chances.last().is_some_and(|chance| *chance < NEGLIGIBLE) {
            chances.pop();
        }
    }
}

/// The whole part of a number that is not negative.
fn whole(number: f64) -> u32 {
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast cuts off the fraction and stays within the type's range"
    )]
    let whole = number as u32;
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `E[(X - free)+]` by its definition.
    fn excess(n: u32, p: f64, free: f64) -> f64 {
        let mut chance = (1.0 - p).powi(i32::try_from(n).unwrap());
        let mut sum = 0.0;
        for x in 0..=n {
            sum += (f64::from(x) - free).max(0.0) * chance;
            chance *= f64::from(n - x) / f64::from(x + 1) * p / (1.0 - p);
        }
        sum
    }

    #[test]
    fn the_predictive_limit_is_the_largest_that_keeps_the_target() {
        for free in [0.0, 0.4, 1.0, 2.5, 7.0, 40.0] {
            for p in [0.1, 0.3, 0.9] {
                for target in [0.005, 0.03, 0.2] {
                    let n = largest(free, p, target);
                    let keeps = |n: u32| excess(n, p, free) <= target * f64::from(n) * p + 1e-9;
                    assert!(!keeps(n + 1), "free {free}, p {p}, target {target}: {n}");
                    assert!(
                        keeps(n) || n == whole(free),
                        "free {free}, p {p}, target {target}: {n}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_large_pool_is_worked_out_as_well() {
        let n = largest(2_000.0, 0.3, 0.03);
        // Far from the edge the law of large numbers leaves little over: n p is a little above the free agents.
        assert!((6_500..7_000).contains(&n), "{n}");
        assert_eq!(largest(5.0, 0.0, 0.03), 5);
    }
}
