//! The interface of the flow: a start, and the solution.

use super::column::Column;
use super::network::Network;
use super::residual::Residual;
use super::scaling::scale;
use super::state::State;

/// Where the search begins.
#[derive(Clone, Copy, Debug)]
pub enum Start<'a> {
    /// Without any earlier solution.
    Fresh,
    /// From an earlier solution, translated to the positions of this network.
    From {
        /// A price for each campaign; 0 for those that are new.
        prices: &'a [i64],
        /// For each edge whether it was used.
        used: &'a [bool],
    },
}

/// An optimal choice of pairs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Solution {
    /// For each edge whether it is used.
    pub used: Vec<bool>,
    /// For each campaign its price: what one more place on it would add (positive), or what it costs to reach its
    /// least (negative).
    pub prices: Vec<i64>,
    /// Agents that had to be sent along a path by the exact repair: a measure of its work.
    pub repairs: u64,
}

impl Solution {
    /// Returns the values of the used pairs, less the cost of agents short.
    #[must_use]
    pub fn worth(&self, network: &Network) -> i64 {
        let mut taken = Column::filled(network.bounds().len(), 0_i64);
        let mut worth = 0_i64;
        for (edge, used) in network.edges().iter().zip(&self.used) {
            if *used {
                worth = worth.saturating_add(edge.value);
                let more = taken.get(edge.campaign()).saturating_add(1);
                taken.set(edge.campaign(), more);
            }
        }
        for (bounds, taken) in network.bounds().iter().zip(taken.as_slice()) {
            let short = bounds.least.saturating_sub(*taken).max(0);
            worth = worth.saturating_sub(short.saturating_mul(network.shortfall()));
        }
        worth
    }
}

/// Finds the best pairs of `network`.
#[must_use]
pub fn solve(network: &Network, start: Start<'_>) -> Solution {
    let campaigns = network.bounds().len();
    let agents = network.places().len();
    // One more for the outside.
    let places = campaigns.saturating_add(1);
    let mut state = match start {
        Start::Fresh => {
            let mut state = State::new(network, Column::filled(places, 0));
            if !scale(&mut state) {
                let used = state.used.as_slice().to_vec();
                state.clear_pairs();
                for agent in 0..agents {
                    state.keep_or_respond(agent, &used);
                }
            }
            state
        }
        Start::From { prices, used } => {
            let mut all: Vec<i64> = prices.iter().copied().take(campaigns).collect();
            all.resize(places, 0);
            let mut state = State::new(network, all.into());
            for agent in 0..agents {
                state.keep_or_respond(agent, used);
            }
            state
        }
    };
    let repairs = Residual::new(&mut state).repair();
    let prices = state.prices.as_slice().iter();
    Solution {
        used: state.used.as_slice().to_vec(),
        prices: prices.take(campaigns).copied().collect(),
        repairs,
    }
}
