//! Prices that nearly fill every campaign.
//!
//! Coordinate descent on the dual problem: one campaign after the other gets a price at which, the others' prices
//! given, it is just filled. Joint shortages of several campaigns can be left over; the repair settles them.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "values and prices are bounded as Network::new says, so that sums of a few fit"
)]

use super::column::Column;
use super::network::Network;

/// Rounds over all campaigns. Each costs about the same as ten repairs; with 5,000 agents and 200 campaigns fewer
/// rounds leave more to repair than they save, and more rounds change little.
const ROUNDS: usize = 12;

/// A campaign is filled at any price between the bids of the last agent within and the first one without. The price is
/// put at this many sixteenths of the way up: high enough that other campaigns need not outbid it step by step, and
/// below the top so that the last agent within is not indifferent.
const SIXTEENTHS_UP: i64 = 15;

/// One price for each campaign and, behind them, 0 for the outside.
pub(super) fn approach(network: &Network) -> Column<i64> {
    let campaigns = network.bounds().len();
    let mut prices = Column::filled(campaigns.saturating_add(1), 0);
    let mut bids = Vec::new();
    for _ in 0..ROUNDS {
        let mut changed = false;
        for campaign in 0..campaigns {
            let price = clearing_price(network, &prices, campaign, &mut bids);
            changed |= price != prices.at(campaign);
            prices.set(campaign, price);
        }
        if !changed {
            break;
        }
    }
    prices
}

/// The price at which the campaign is just filled.
fn clearing_price(
    network: &Network,
    prices: &Column<i64>,
    campaign: usize,
    bids: &mut Vec<i64>,
) -> i64 {
    bids.clear();
    bids.extend(
        network
            .of_campaign(campaign)
            .iter()
            .filter_map(|edge| bid(network, prices, *edge)),
    );
    let bounds = network.bounds_of(campaign);
    let most = usize::try_from(bounds.most).unwrap_or(usize::MAX);
    if most < bids.len() {
        let (within, without, _) = bids.select_nth_unstable_by(most, |a, b| b.cmp(a));
        let without = *without;
        if without > 0 {
            let last_within = within.iter().copied().min().unwrap_or(without);
            return without + (last_within - without) / 16 * SIXTEENTHS_UP;
        }
    }
    let least = usize::try_from(bounds.least).unwrap_or(usize::MAX);
    let Some(rank) = least.checked_sub(1) else {
        return 0;
    };
    if rank >= bids.len() {
        return -network.shortfall();
    }
    let (_, last_needed, _) = bids.select_nth_unstable_by(rank, |a, b| b.cmp(a));
    (*last_needed).clamp(-network.shortfall(), 0)
}

/// The price up to which the agent of `edge` prefers it to everything else.
fn bid(network: &Network, prices: &Column<i64>, edge: usize) -> Option<i64> {
    let own = network.edge(edge);
    let places = network.places_of(own.agent);
    if places == 0 {
        return None;
    }
    let (mut first, mut second) = (0, 0);
    for other in network.of_agent(own.agent) {
        if other == edge {
            continue;
        }
        let other = network.edge(other);
        let left = other.value - prices.at(other.campaign);
        if left > first {
            (first, second) = (left, first);
        } else if left > second {
            second = left;
        }
    }
    Some(own.value - if places == 1 { first } else { second })
}
