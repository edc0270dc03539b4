//! What waiting is like with so many agents: the Erlang-A model, and Erlang-C where nobody gives up.
//!
//! Callers arrive at rate `lambda`, are served by `c` agents at rate `mu` each, and give up while waiting at rate `theta` each.
//! The number of callers `n` is a birth-death process with death rate `min(n, c) mu + max(n - c, 0) theta`, in its steady state
//! `p_n`:
//!
//! - `P(W > 0)` is the sum of `p_n` from `c` on, `P(Ab) = theta E[Lq] / lambda`, `E[W] = E[Lq] / lambda`;
//! - occupancy is `lambda (1 - P(Ab)) / (c mu)`;
//! - whoever finds `j` ahead waits for steps at rates `c mu + k theta`, `k = 0..=j`. Their sum is `-ln(B) / theta` with `B` of a
//!   beta distribution, so the chance to be served by `T` is `b / (b + j + 1) x (1 - I_x(b + 1, j + 1))` with `b = c mu / theta`,
//!   `x = e^(-theta T)`, and the chance still to wait at `T` is `x I_x(b, j + 1)`; both sums grow by one term with `j`.
//!
//! Reference values are in the tests; they agree with two independent programs.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::classic::to_u32;

/// Terms below this share of the sum are left away.
const NEGLIGIBLE: f64 = 1e-15;

/// Sums above this are scaled down by it.
const RESCALED_ABOVE: f64 = 1e200;

/// The most callers that are computed with; more only where next to nobody is served.
const MOST_STATES: u32 = 2_000_000;

/// The most agents that a staffing answer may come to.
const MOST_AGENTS: u32 = 100_000;

/// The longest time that an overflow wait may come to.
const LONGEST_WAIT_S: u32 = 24 * 3600;

/// The load offered to a queue.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Offered {
    /// Callers a second.
    pub arrivals_per_s: f64,
    /// The mean time that a call takes its agent, wrap-up included, in seconds.
    pub service_s: f64,
    /// The mean time after which a waiting caller gives up, in seconds; absent when nobody does.
    pub patience_s: Option<f64>,
}

/// What callers and agents experience.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Experience {
    /// The number of agents.
    pub agents: u32,
    /// The share of callers who wait at all.
    pub waiting: f64,
    /// The share who give up.
    pub abandoning: f64,
    /// The mean wait of all callers, in seconds.
    pub mean_wait_s: f64,
    /// The share served within the target's time.
    pub service_level: f64,
    /// The share of an agent's time that calls take.
    pub occupancy: f64,
}

/// The service that is aimed at.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServiceTargets {
    /// At least this share is served...
    pub service_level: f64,
    /// ...within this time.
    pub within: Duration,
    /// At most this share gives up.
    pub abandoning: f64,
    /// At most this mean wait, in seconds; not asked for when absent.
    pub mean_wait_s: Option<f64>,
    /// The overflow wait is the least time that at most this share outwaits.
    pub outwaiting: f64,
    /// The most waiters are the least number that is exceeded at most this share of the time.
    pub overfull: f64,
}

impl Default for ServiceTargets {
    /// 80% within 20 s, at most 5% giving up, 5% outwaiting, overfull 1% of the time.
    fn default() -> Self {
        Self {
            service_level: 0.80,
            within: Duration::from_secs(20),
            abandoning: 0.05,
            mean_wait_s: None,
            outwaiting: 0.05,
            overfull: 0.01,
        }
    }
}

/// A queue with so many agents in its steady state.
#[derive(Clone, Debug)]
pub struct SteadyState {
    offered: Offered,
    agents: u32,
    /// `p_n` from `n = c` on.
    waiting: Vec<f64>,
}

impl Offered {
    /// Whether every rate is usable.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let good = |x: f64| x.is_finite() && x > 0.0;
        good(self.arrivals_per_s) && good(self.service_s) && self.patience_s.is_none_or(good)
    }

    /// Calls under way at once if nobody waited.
    #[must_use]
    pub fn load(&self) -> f64 {
        self.arrivals_per_s * self.service_s
    }

    /// The steady state with so many agents; none when the queue would grow for ever or to millions, or the rates are unusable.
    #[must_use]
    pub fn with_agents(self, agents: u32) -> Option<SteadyState> {
        if !self.is_sound() || agents == 0 {
            return None;
        }
        let capacity = f64::from(agents) / self.service_s;
        if self.patience_s.is_none() && self.arrivals_per_s >= capacity {
            return None;
        }
        let giving_up = self.patience_s.map_or(0.0, f64::recip);
        // Weights relative to p_c: downwards by death rate over arrivals, upwards by the reverse.
        let (mut weight, mut below) = (1.0_f64, 0.0_f64);
        for n in (1..=agents).rev() {
            weight *= f64::from(n) / self.service_s / self.arrivals_per_s;
            below += weight;
            if weight < NEGLIGIBLE * below || !below.is_finite() {
                break;
            }
        }
        let (mut weight, mut above) = (1.0_f64, 0.0_f64);
        let mut waiting = Vec::new();
        let (mut counts_from, mut scaled_at) = (0, 0);
        for k in 1..=MOST_STATES {
            waiting.push(weight);
            above += weight;
            weight *= self.arrivals_per_s / (capacity + f64::from(k) * giving_up);
            if above > RESCALED_ABOVE {
                // With far too few agents the weights outgrow a float before they fall; only their ratios matter.
                // What was scaled down twice is nothing, so that each weight is touched twice at most.
                for earlier in waiting.iter_mut().skip(counts_from) {
                    *earlier /= RESCALED_ABOVE;
                }
                (counts_from, scaled_at) = (scaled_at, waiting.len());
                weight /= RESCALED_ABOVE;
                above /= RESCALED_ABOVE;
                below /= RESCALED_ABOVE;
            }
            if weight < NEGLIGIBLE * above {
                break;
            }
            if k == MOST_STATES {
                // What was left away matters: a state that is cut off there would say nonsense.
                return None;
            }
        }
        let whole = below + above;
        for p in &mut waiting {
            *p /= whole;
        }
        Some(SteadyState {
            offered: self,
            agents,
            waiting,
        })
    }

    /// The least agents that meet every target; none when not even a hundred thousand do.
    #[must_use]
    pub fn least_agents(self, targets: &ServiceTargets) -> Option<Experience> {
        let meets = |agents: u32| {
            let met = self.with_agents(agents)?.experience(targets.within);
            let good = met.service_level >= targets.service_level
                && met.abandoning <= targets.abandoning
                && targets
                    .mean_wait_s
                    .is_none_or(|longest| met.mean_wait_s <= longest);
            good.then_some(met)
        };
        // Agents serve no more than they can, so that at least `1 - agents / load` give up, or wait for ever: with fewer than
        // this a target is missed whatever else holds, and the model computes longest where next to nobody is served.
        let least = (self.load() * (1.0 - targets.abandoning)).floor();
        let mut too_few = to_u32(least - 1.0).min(MOST_AGENTS);
        let mut enough = too_few.saturating_add(1);
        // More agents never make it worse, so the least number is found by halving.
        while meets(enough).is_none() {
            too_few = enough;
            enough = enough.checked_mul(2).filter(|many| *many <= MOST_AGENTS)?;
        }
        while enough.saturating_sub(too_few) > 1 {
            let middle = too_few.midpoint(enough);
            if meets(middle).is_some() {
                enough = middle;
            } else {
                too_few = middle;
            }
        }
        meets(enough)
    }
}

impl SteadyState {
    /// Returns what callers and agents experience; the service level is the share served by `within`.
    #[must_use]
    pub fn experience(&self, within: Duration) -> Experience {
        let Offered {
            arrivals_per_s,
            service_s,
            patience_s,
        } = self.offered;
        let waiting: f64 = self.waiting.iter().sum();
        let queue: f64 = self
            .waiting
            .iter()
            .zip(0_u32..)
            .map(|(p, k)| p * f64::from(k))
            .sum();
        let mean_wait_s = queue / arrivals_per_s;
        let abandoning = patience_s.map_or(0.0, |patience| mean_wait_s / patience);
        let served_late: f64 = self.sum_over_ahead(within, Ahead::ServedBy);
        Experience {
            agents: self.agents,
            waiting,
            abandoning,
            mean_wait_s,
            service_level: (1.0 - waiting) + served_late,
            occupancy: arrivals_per_s * (1.0 - abandoning) * service_s / f64::from(self.agents),
        }
    }

    /// The share of callers who still wait after `time`.
    #[must_use]
    pub fn outwaiting(&self, time: Duration) -> f64 {
        self.sum_over_ahead(time, Ahead::StillThere)
    }

    /// The least whole seconds that at most `share` of the callers outwait; none within a day.
    #[must_use]
    pub fn overflow_wait_s(&self, share: f64) -> Option<u32> {
        let few = |seconds: u32| self.outwaiting(Duration::from_secs(u64::from(seconds))) <= share;
        if few(0) {
            return Some(0);
        }
        let (mut too_short, mut enough) = (0, 1);
        while !few(enough) {
            too_short = enough;
            enough = enough
                .checked_mul(2)
                .filter(|long| *long <= LONGEST_WAIT_S)?;
        }
        while enough.saturating_sub(too_short) > 1 {
            let middle = too_short.midpoint(enough);
            if few(middle) {
                enough = middle;
            } else {
                too_short = middle;
            }
        }
        Some(enough)
    }

    /// The least number of waiters that is exceeded at most `share` of the time.
    #[must_use]
    pub fn most_waiters(&self, share: f64) -> u32 {
        // From the far end, so that small terms are added first.
        let mut exceeding = 0.0;
        let mut least = u32::try_from(self.waiting.len()).unwrap_or(u32::MAX);
        for p in self.waiting.iter().rev() {
            exceeding += p;
            if exceeding > share {
                break;
            }
            least = least.saturating_sub(1);
        }
        // The entry at k is for k waiting: exceeding `least - 1` would be too often.
        least.saturating_sub(1)
    }

    /// The sum over how many are ahead of the chance of that times the chance of `what` by `time`.
    fn sum_over_ahead(&self, time: Duration, what: Ahead) -> f64 {
        let seconds = time.as_secs_f64();
        let capacity = f64::from(self.agents) / self.offered.service_s;
        let giving_up = self.offered.patience_s.map_or(0.0, f64::recip);
        let chances = Chances::new(capacity, giving_up, seconds, what);
        self.waiting
            .iter()
            .zip(chances)
            .map(|(p, chance)| p * chance)
            .sum()
    }
}

/// What may have become of a caller by a time.
#[derive(Clone, Copy)]
enum Ahead {
    ServedBy,
    StillThere,
}

/// The chance of it with 0, 1, 2, ... ahead.
struct Chances {
    what: Ahead,
    /// Who is ahead in the next answer.
    ahead: u32,
    /// The logarithm of the next term, and the sum of those so far.
    log_term: f64,
    sum: f64,
    capacity: f64,
    giving_up: f64,
    seconds: f64,
}

impl Chances {
    fn new(capacity: f64, giving_up: f64, seconds: f64, what: Ahead) -> Self {
        // Both sums start with the chance that nobody has moved; for the served, giving up counts as a step of its own.
        let rate = match what {
            Ahead::ServedBy => capacity + giving_up,
            Ahead::StillThere => capacity,
        };
        Self {
            what,
            ahead: 0,
            log_term: -rate * seconds,
            sum: 0.0,
            capacity,
            giving_up,
            seconds,
        }
    }
}

impl Iterator for Chances {
    type Item = f64;

    fn next(&mut self) -> Option<f64> {
        let k = f64::from(self.ahead);
        self.sum += self.log_term.exp();
        // The terms of a regularised incomplete beta function; without giving up, those of a Poisson distribution.
        let first = match self.what {
            Ahead::ServedBy => self.capacity + self.giving_up,
            Ahead::StillThere => self.capacity,
        };
        let step = if self.giving_up > 0.0 {
            let gone = -(-self.giving_up * self.seconds).exp_m1();
            (first / self.giving_up + k) / (k + 1.0) * gone
        } else {
            first * self.seconds / (k + 1.0)
        };
        self.log_term += step.ln();
        self.ahead = self.ahead.saturating_add(1);
        let not_moved = self.sum.min(1.0);
        Some(match self.what {
            Ahead::ServedBy => {
                let ever = self.capacity / (self.capacity + (k + 1.0) * self.giving_up);
                ever * (1.0 - not_moved)
            }
            Ahead::StillThere => (-self.giving_up * self.seconds).exp() * not_moved,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(arrivals_per_s: f64, service_s: f64, patience_s: Option<f64>) -> Offered {
        Offered {
            arrivals_per_s,
            service_s,
            patience_s,
        }
    }

    fn near(found: f64, expected: f64, digits: u8) {
        let off = (found - expected).abs();
        assert!(
            off * 10_f64.powf(f64::from(digits)) <= 0.51,
            "{found}, not {expected}"
        );
    }

    #[test]
    fn erlang_a_agrees_with_the_references() {
        for (offer, agents, within, expected) in [
            (
                offered(100.0 / 1800.0, 180.0, Some(300.0)),
                12,
                20,
                (0.331_802_04, 0.042_711_11, 12.813_332, 0.772_279_31),
            ),
            (
                offered(100.0 / 1800.0, 180.0, Some(300.0)),
                10,
                20,
                (0.599_433_32, 0.109_438_00, 32.831_400, 0.516_810_17),
            ),
            (
                offered(48.0 / 60.0, 60.0, Some(120.0)),
                50,
                6,
                (0.467_774_07, 0.030_912_25, 3.709_470, 0.738_621_72),
            ),
            (
                offered(0.1, 240.0, Some(180.0)),
                22,
                20,
                (0.644_342_70, 0.134_460_79, 24.202_942, 0.515_883_61),
            ),
        ] {
            let state = offer.with_agents(agents).unwrap();
            let found = state.experience(Duration::from_secs(within));
            near(found.waiting, expected.0, 8);
            near(found.abandoning, expected.1, 8);
            near(found.mean_wait_s, expected.2, 6);
            near(found.service_level, expected.3, 8);
        }
    }

    #[test]
    fn without_giving_up_it_is_erlang_c() {
        for (offer, agents, within, waiting, level) in [
            (
                offered(100.0 / 1800.0, 180.0, None),
                12,
                20,
                0.449_388_224_3,
                0.640_158_040_4,
            ),
            (
                offered(100.0 / 1800.0, 180.0, None),
                14,
                20,
                0.174_131_933_6,
                0.888_350_019_2,
            ),
            (
                offered(0.1, 240.0, None),
                30,
                20,
                0.172_862_055_5,
                0.895_153_863_4,
            ),
            (
                offered(0.2, 240.0, None),
                55,
                15,
                0.238_700_936_4,
                0.845_883_092_2,
            ),
        ] {
            let state = offer.with_agents(agents).unwrap();
            let found = state.experience(Duration::from_secs(within));
            near(found.waiting, waiting, 10);
            near(found.service_level, level, 10);
        }
        let asa = offered(0.2, 240.0, None).with_agents(55).unwrap();
        near(asa.experience(Duration::ZERO).mean_wait_s, 8.184_032, 6);
        assert!(offered(0.2, 240.0, None).with_agents(48).is_none());
    }

    #[test]
    fn impatience_next_to_none_comes_close_to_none() {
        let (some, none) = (
            offered(0.2, 240.0, Some(1e9)).with_agents(55).unwrap(),
            offered(0.2, 240.0, None).with_agents(55).unwrap(),
        );
        let twenty = Duration::from_secs(20);
        near(
            some.experience(twenty).service_level,
            none.experience(twenty).service_level,
            6,
        );
        near(some.outwaiting(twenty), none.outwaiting(twenty), 6);
    }

    #[test]
    fn whoever_waits_was_served_gave_up_or_is_still_there() {
        let state = offered(0.1, 240.0, Some(180.0)).with_agents(22).unwrap();
        let found = state.experience(Duration::from_secs(36_000));
        near(found.service_level, 1.0 - found.abandoning, 9);
        near(state.outwaiting(Duration::ZERO), found.waiting, 12);
        assert!(state.outwaiting(Duration::from_secs(36_000)) < 1e-12);
    }

    #[test]
    fn staffing_is_the_least_that_meets_every_target() {
        let offer = offered(0.1, 240.0, Some(180.0));
        let targets = ServiceTargets::default();
        let least = offer.least_agents(&targets).unwrap();
        assert!(least.service_level >= 0.80 && least.abandoning <= 0.05);
        let fewer = offer.with_agents(least.agents - 1).unwrap();
        let fewer = fewer.experience(targets.within);
        assert!(fewer.service_level < 0.80 || fewer.abandoning > 0.05);
        let quick = ServiceTargets {
            mean_wait_s: Some(0.5),
            ..targets
        };
        assert!(offer.least_agents(&quick).unwrap().agents > least.agents);
    }

    #[test]
    fn waits_and_waiters_are_the_least_that_suffice() {
        let state = offered(0.1, 240.0, Some(180.0)).with_agents(22).unwrap();
        let wait = state.overflow_wait_s(0.05).unwrap();
        let outwaiting = |s: u32| state.outwaiting(Duration::from_secs(u64::from(s)));
        assert!(outwaiting(wait) <= 0.05 && outwaiting(wait - 1) > 0.05);
        let most = state.most_waiters(0.01);
        let exceeding = |k: u32| -> f64 {
            state.waiting[usize::try_from(k).unwrap() + 1..]
                .iter()
                .sum()
        };
        assert!(exceeding(most) <= 0.01 && exceeding(most - 1) > 0.01);
    }

    #[test]
    fn large_centres_are_no_trouble() {
        let offer = offered(25.0, 180.0, Some(375.0));
        let found = offer.with_agents(5_000).unwrap();
        let found = found.experience(Duration::from_secs(20));
        assert!(found.service_level > 0.99 && found.waiting < 1e-6);
        let short = offer.with_agents(4_000).unwrap();
        let short = short.experience(Duration::from_secs(20));
        near(short.occupancy, 1.0, 3);
        near(short.abandoning, 1.0 - 4_000.0 / 4_500.0, 3);
        // At most 5% may give up, so that no fewer than 95% of the load's 4500 agents will do.
        let least = offer.least_agents(&ServiceTargets::default()).unwrap();
        assert!((4_275..4_400).contains(&least.agents), "{least:?}");
    }

    /// It came to no end when every weight was scaled at every step.
    #[test]
    fn far_too_few_agents_and_next_to_endless_patience_come_to_an_end() {
        let offer = offered(3.0, 180.0, Some(1e6));
        let short = offer.with_agents(300).unwrap();
        let found = short.experience(Duration::from_secs(20));
        near(found.abandoning, 1.0 - 300.0 / 540.0, 3);
        let for_ever = offer.with_agents(1);
        assert!(
            for_ever.is_none(),
            "three million callers wait for one agent"
        );
        assert!(
            offer
                .least_agents(&ServiceTargets::default())
                .unwrap()
                .agents
                > 510
        );
    }

    #[test]
    fn what_are_no_rates_gives_nothing() {
        for offer in [
            offered(0.0, 1.0, None),
            offered(f64::NAN, 1.0, None),
            offered(1.0, -1.0, None),
            offered(1.0, 1.0, Some(0.0)),
        ] {
            assert!(offer.with_agents(5).is_none());
        }
        assert!(offered(0.1, 10.0, None).with_agents(0).is_none());
    }
}
