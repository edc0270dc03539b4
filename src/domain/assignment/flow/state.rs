//! The pairs and prices on the way to the optimum.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "values and prices are bounded as Network::new says, so that sums of a few fit"
)]

use super::column::{Column, long, short};
use super::network::Network;

/// No edge, no place.
pub(super) const NONE: usize = 0xFFFF_FFFF;

/// A choice of edges, with prices.
pub(super) struct State<'n> {
    pub(super) network: &'n Network,
    /// Position of the outside, behind the campaigns.
    pub(super) outside: usize,
    /// One for each campaign, and one for the outside.
    pub(super) prices: Column<i64>,
    pub(super) used: Column<bool>,
    /// The edges that each agent uses.
    holding: Column<[usize; 2]>,
    members: Vec<Vec<usize>>,
    /// The position of an edge among its campaign's members.
    seat: Column<u32>,
}

impl<'n> State<'n> {
    /// Creates a state in which no agent serves a campaign yet. `prices` has one for each campaign and one for the outside.
    pub(super) fn new(network: &'n Network, prices: Column<i64>) -> Self {
        let campaigns = network.bounds().len();
        // Room for as many as a campaign takes, so that the lists seldom grow.
        let agents = network.places().len();
        let members = network.bounds().iter().map(|bounds| {
            let most = usize::try_from(bounds.most).unwrap_or_default();
            Vec::with_capacity(most.min(agents))
        });
        Self {
            network,
            outside: campaigns,
            prices,
            used: Column::filled(network.edges().len(), false),
            holding: Column::filled(network.places().len(), [NONE; 2]),
            members: members.collect(),
            seat: Column::filled(network.edges().len(), 0),
        }
    }

    /// Takes every agent off every campaign; prices stay.
    pub(super) fn clear_pairs(&mut self) {
        let prices = std::mem::take(&mut self.prices);
        *self = Self::new(self.network, prices);
    }

    /// Returns what is left of an edge's value after the price.
    pub(super) fn margin(&self, edge: usize) -> i64 {
        let edge = self.network.edge(edge);
        edge.value - self.prices.get(edge.campaign())
    }

    /// Whether each edge is used, from this one on.
    pub(super) fn used_from(&self, first: usize) -> &[bool] {
        self.used.as_slice().get(first..).unwrap_or_default()
    }

    /// Returns the edges in use to a campaign.
    pub(super) fn members(&self, campaign: usize) -> &[usize] {
        self.members.get(campaign).map_or(&[], Vec::as_slice)
    }

    /// Returns how many agents a campaign has.
    pub(super) fn taken(&self, campaign: usize) -> i64 {
        i64::try_from(self.members(campaign).len()).unwrap_or(i64::MAX)
    }

    /// Returns the edges that an agent uses.
    pub(super) fn holds(&self, agent: usize) -> impl Iterator<Item = usize> {
        let holding = self.holding.get(agent);
        holding.into_iter().filter(|edge| *edge != NONE)
    }

    /// Whether an agent has a place left.
    pub(super) fn free(&self, agent: usize) -> bool {
        let held = i64::try_from(self.holds(agent).count()).unwrap_or(i64::MAX);
        held < self.network.places_of(agent)
    }

    pub(super) fn take(&mut self, edge: usize) {
        let own = self.network.edge(edge);
        self.used.set(edge, true);
        let [first, second] = self.holding.get(own.agent());
        let holding = if first == NONE {
            [edge, second]
        } else {
            [first, edge]
        };
        self.holding.set(own.agent(), holding);
        if let Some(members) = self.members.get_mut(own.campaign()) {
            self.seat.set(edge, short(members.len()));
            members.push(edge);
        }
    }

    pub(super) fn give_up(&mut self, edge: usize) {
        let own = self.network.edge(edge);
        self.used.set(edge, false);
        let [first, second] = self.holding.get(own.agent());
        let holding = if first == edge {
            [NONE, second]
        } else {
            [first, NONE]
        };
        self.holding.set(own.agent(), holding);
        let seat = long(self.seat.get(edge));
        if let Some(members) = self.members.get_mut(own.campaign())
            && seat < members.len()
        {
            members.swap_remove(seat);
            if let Some(moved) = members.get(seat) {
                self.seat.set(*moved, short(seat));
            }
        }
    }

    /// Lets an agent take what it wants most at the present prices; between equals the campaign with more room.
    pub(super) fn respond(&mut self, agent: usize) {
        for _ in 0..self.network.places_of(agent) {
            let (mut best, mut room, mut choice) = (0, 0, NONE);
            for edge in self.network.of_agent(agent) {
                let left = self.margin(edge);
                if left < best || self.used.get(edge) {
                    continue;
                }
                let here = self.room(self.network.edge(edge).campaign());
                if left > best || here > room {
                    (best, room, choice) = (left, here, edge);
                }
            }
            if choice == NONE {
                break;
            }
            self.take(choice);
        }
    }

    /// Lets an agent keep what it had if it could not gain by another choice, and choose anew otherwise.
    pub(super) fn keep_or_respond(&mut self, agent: usize, used: &[bool]) {
        let places = self.network.places_of(agent);
        let (mut held, mut worst_held, mut best_left) = (0, i64::MAX, 0);
        let (first, row) = self.network.row(agent);
        let was = used.get(first..).unwrap_or_default();
        for (edge, was_used) in row.iter().zip(was) {
            let left = edge.value - self.prices.get(edge.campaign());
            if *was_used {
                held += 1;
                worst_held = worst_held.min(left);
            } else {
                best_left = best_left.max(left);
            }
        }
        // With a place free, anything of worth that was left out would be a gain.
        let bar = if held == places { best_left } else { 0 };
        let fine = held <= places && worst_held >= bar && (held == places || best_left <= 0);
        if fine {
            for (edge, was_used) in (first..).zip(was.iter().take(row.len())) {
                if *was_used {
                    self.take(edge);
                }
            }
        } else {
            self.respond(agent);
        }
    }

    /// Returns how many agents a campaign may have at its price: at a positive price it has to be full, at a negative one it
    /// has no more than its least, and at the price of a shortfall it may have fewer.
    pub(super) fn wanted(&self, campaign: usize) -> (i64, i64) {
        let bounds = self.network.bounds_of(campaign);
        let price = self.prices.get(campaign) - self.prices.get(self.outside);
        if price > 0 {
            (bounds.most, bounds.most)
        } else if price == 0 {
            (bounds.least, bounds.most)
        } else if price > -self.network.shortfall() {
            (bounds.least, bounds.least)
        } else {
            (0, bounds.least)
        }
    }

    fn room(&self, campaign: usize) -> i64 {
        self.wanted(campaign).1 - self.taken(campaign)
    }
}
