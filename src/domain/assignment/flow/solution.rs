//! The way in and the way out of the flow.

use super::column::Column;
use super::network::Network;
use super::paths::Repair;
use super::prices;

/// Where to begin.
#[derive(Clone, Copy, Debug)]
pub enum Start<'a> {
    /// Nothing is known.
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
    /// Shortest paths that the repair needed: a measure of its work.
    pub repairs: u64,
}

impl Solution {
    /// The values of the used pairs, less the cost of agents short.
    #[must_use]
    pub fn worth(&self, network: &Network) -> i64 {
        let mut taken = Column::filled(network.bounds().len(), 0_i64);
        let mut worth = 0_i64;
        for (edge, used) in network.edges().iter().zip(&self.used) {
            if *used {
                worth = worth.saturating_add(edge.value);
                let more = taken.at(edge.campaign).saturating_add(1);
                taken.set(edge.campaign, more);
            }
        }
        for (bounds, taken) in network.bounds().iter().zip(taken.as_slice()) {
            let short = bounds.least.saturating_sub(*taken).max(0);
            worth = worth.saturating_sub(short.saturating_mul(network.shortfall()));
        }
        worth
    }
}

/// The best pairs of `network`.
#[must_use]
pub fn solve(network: &Network, start: Start<'_>) -> Solution {
    let mut repair = match start {
        Start::Fresh => {
            let mut repair = Repair::new(network, prices::approach(network));
            for agent in 0..network.places().len() {
                repair.respond(agent);
            }
            repair
        }
        Start::From { prices, used } => {
            let campaigns = network.bounds().len();
            let mut all: Vec<i64> = prices.iter().copied().take(campaigns).collect();
            // One more for the outside.
            all.resize(campaigns.saturating_add(1), 0);
            let mut repair = Repair::new(network, all.into());
            for agent in 0..network.places().len() {
                repair.keep_or_respond(agent, used);
            }
            repair
        }
    };
    repair.finish();
    repair.into_solution()
}
