//! Exact repair along shortest paths over the campaigns.
//!
//! What holds all the time: no agent could gain by another choice at the present prices, and no campaign counts more
//! or fewer agents than its bounds and its price allow; only what agents take and what campaigns count may differ.
//! Each path carries one difference to where it cancels out.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "values and prices are bounded as Network::new says, so that sums along a path fit"
)]

use std::mem;

use super::column::Column;
use super::network::Network;
use super::solution::Solution;

/// No edge, no place.
const NONE: usize = usize::MAX;

/// The cheapest agent to move from one campaign to a place.
#[derive(Clone, Copy, Debug)]
struct Move {
    /// To which campaign, or to the outside.
    to: usize,
    /// What is lost, prices apart.
    cost: i64,
    /// The edge that is left.
    off: usize,
    /// The edge that is taken, if it is not the outside.
    onto: usize,
}

/// One step of a path, kept at the place where it arrives.
#[derive(Clone, Copy, Debug, Default)]
struct Step {
    from: usize,
    off: usize,
    onto: usize,
}

/// A flow on its way to being optimal.
pub(super) struct Repair<'n> {
    network: &'n Network,
    /// Position of the outside, behind the campaigns.
    outside: usize,
    prices: Column<i64>,
    used: Column<bool>,
    /// Places that each agent has filled.
    held: Column<i64>,
    /// Agents that each campaign counts; those it really has are its members.
    counted: Column<i64>,
    members: Vec<Vec<usize>>,
    /// Where an edge stands among its campaign's members.
    seat: Column<usize>,
    /// The cheapest moves out of each campaign, where they are known.
    moves: Vec<Vec<Move>>,
    stale: Column<bool>,
    /// The best edge of an agent with a free place, where it is known.
    idle: Column<usize>,
    idle_known: Column<bool>,
    distance: Column<i64>,
    visited: Column<bool>,
    step: Column<Step>,
    goal: usize,
    goal_distance: i64,
    outside_short: bool,
    scratch: Column<usize>,
    repairs: u64,
}

impl<'n> Repair<'n> {
    /// Nobody serves anything yet. `prices` has one for each campaign and one for the outside.
    pub(super) fn new(network: &'n Network, prices: Column<i64>) -> Self {
        let campaigns = network.bounds().len();
        let (agents, edges) = (network.places().len(), network.edges().len());
        Self {
            network,
            outside: campaigns,
            prices,
            used: Column::filled(edges, false),
            held: Column::filled(agents, 0),
            counted: Column::filled(campaigns, 0),
            members: vec![Vec::new(); campaigns],
            seat: Column::filled(edges, 0),
            moves: vec![Vec::new(); campaigns],
            stale: Column::filled(campaigns, true),
            idle: Column::filled(campaigns, NONE),
            idle_known: Column::filled(campaigns, false),
            distance: Column::filled(campaigns + 1, 0),
            visited: Column::filled(campaigns + 1, false),
            step: Column::filled(campaigns + 1, Step::default()),
            goal: NONE,
            goal_distance: i64::MAX,
            outside_short: false,
            scratch: Column::filled(campaigns + 1, NONE),
            repairs: 0,
        }
    }

    /// The agent takes what it wants most at the present prices; between equals the campaign with more room.
    pub(super) fn respond(&mut self, agent: usize) {
        for _ in 0..self.network.places_of(agent) {
            let (mut best, mut room, mut choice) = (0, 0, NONE);
            for edge in self.network.of_agent(agent) {
                let left = self.left(edge);
                if left < best || self.used.at(edge) {
                    continue;
                }
                let here = self.room(self.network.edge(edge).campaign);
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

    /// The agent keeps what it had if it could not gain by another choice, and chooses anew otherwise.
    pub(super) fn keep_or_respond(&mut self, agent: usize, used: &[bool]) {
        let was_used = |edge: usize| used.get(edge).copied().unwrap_or_default();
        let places = self.network.places_of(agent);
        let (mut held, mut worst_held, mut best_left) = (0, i64::MAX, 0);
        for edge in self.network.of_agent(agent) {
            let left = self.left(edge);
            if was_used(edge) {
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
            for edge in self.network.of_agent(agent).filter(|edge| was_used(*edge)) {
                self.take(edge);
            }
        } else {
            self.respond(agent);
        }
    }

    /// Repairs until everything fits.
    pub(super) fn finish(&mut self) {
        for campaign in 0..self.outside {
            self.count(campaign);
        }
        loop {
            let (mut source, mut total) = (NONE, 0);
            for campaign in 0..self.outside {
                let excess = self.excess(campaign);
                if excess > 0 && source == NONE {
                    source = campaign;
                }
                total += excess;
            }
            if source == NONE {
                if total == 0 {
                    break;
                }
                source = self.outside;
            }
            if !self.carry(source, total) {
                // Cannot be: the outside takes everybody and every count can be lowered.
                debug_assert!(false, "no way out for an excess");
                break;
            }
        }
    }

    pub(super) fn into_solution(self) -> Solution {
        let outside = self.prices.at(self.outside);
        let prices = self.prices.as_slice().iter();
        Solution {
            used: self.used.as_slice().to_vec(),
            prices: prices
                .take(self.outside)
                .map(|price| price - outside)
                .collect(),
            repairs: self.repairs,
        }
    }

    fn left(&self, edge: usize) -> i64 {
        let edge = self.network.edge(edge);
        edge.value - self.prices.at(edge.campaign)
    }

    fn room(&self, campaign: usize) -> i64 {
        let bounds = self.network.bounds_of(campaign);
        let target = if self.prices.at(campaign) >= 0 {
            bounds.most
        } else {
            bounds.least
        };
        target - self.taken(campaign)
    }

    fn taken(&self, campaign: usize) -> i64 {
        let taken = self.members.get(campaign).map_or(0, Vec::len);
        i64::try_from(taken).unwrap_or(i64::MAX)
    }

    fn excess(&self, campaign: usize) -> i64 {
        self.taken(campaign) - self.counted.at(campaign)
    }

    /// Counts as many of the campaign's agents as its bounds and its price allow, and at least as many as they force.
    fn count(&mut self, campaign: usize) {
        let bounds = self.network.bounds_of(campaign);
        let price = self.prices.at(campaign) - self.prices.at(self.outside);
        let shortfall = self.network.shortfall();
        let (fewest, most) = if price > 0 {
            (bounds.most, bounds.most)
        } else if price == 0 {
            (bounds.least, bounds.most)
        } else if price > -shortfall {
            (bounds.least, bounds.least)
        } else {
            (0, bounds.least)
        };
        let counted = self.taken(campaign).clamp(fewest, most);
        self.counted.set(campaign, counted);
    }

    fn take(&mut self, edge: usize) {
        let network = self.network;
        let own = network.edge(edge);
        self.used.set(edge, true);
        self.unsettle(own.agent);
        self.held.set(own.agent, self.held.at(own.agent) + 1);
        if let Some(members) = self.members.get_mut(own.campaign) {
            self.seat.set(edge, members.len());
            members.push(edge);
        }
        let full = self.held.at(own.agent) >= network.places_of(own.agent);
        for other in network.of_agent(own.agent) {
            let campaign = network.edge(other).campaign;
            if (full || other == edge) && self.idle.at(campaign) == other {
                self.idle_known.set(campaign, false);
            }
        }
    }

    fn give_up(&mut self, edge: usize) {
        let network = self.network;
        let own = network.edge(edge);
        self.unsettle(own.agent);
        self.used.set(edge, false);
        self.held.set(own.agent, self.held.at(own.agent) - 1);
        let seat = self.seat.at(edge);
        if let Some(members) = self.members.get_mut(own.campaign)
            && seat < members.len()
        {
            members.swap_remove(seat);
            if let Some(moved) = members.get(seat) {
                self.seat.set(*moved, seat);
            }
        }
        for other in network
            .of_agent(own.agent)
            .filter(|other| !self.used.at(*other))
        {
            let campaign = network.edge(other).campaign;
            let best = self.idle.at(campaign);
            if self.idle_known.at(campaign) && (best == NONE || self.better_idle(other, best)) {
                self.idle.set(campaign, other);
            }
        }
    }

    /// The moves of every campaign that the agent serves may be others from here on.
    fn unsettle(&mut self, agent: usize) {
        for edge in self.network.of_agent(agent) {
            if self.used.at(edge) {
                self.stale.set(self.network.edge(edge).campaign, true);
            }
        }
    }

    fn better_idle(&self, edge: usize, than: usize) -> bool {
        let (edge_value, than_value) =
            (self.network.edge(edge).value, self.network.edge(than).value);
        edge_value > than_value || (edge_value == than_value && edge < than)
    }

    /// The best edge to the campaign of an agent with a free place.
    fn best_idle(&mut self, campaign: usize) -> usize {
        if !self.idle_known.at(campaign) {
            let mut best = NONE;
            for edge in self.network.of_campaign(campaign) {
                let agent = self.network.edge(*edge).agent;
                let free = self.held.at(agent) < self.network.places_of(agent);
                if free && !self.used.at(*edge) && (best == NONE || self.better_idle(*edge, best)) {
                    best = *edge;
                }
            }
            self.idle.set(campaign, best);
            self.idle_known.set(campaign, true);
        }
        self.idle.at(campaign)
    }

    /// Finds the cheapest agent to move from the campaign to each other place.
    fn gather(&mut self, campaign: usize) {
        let network = self.network;
        let Some(mut moves) = self.moves.get_mut(campaign).map(mem::take) else {
            return;
        };
        let Some(members) = self.members.get(campaign) else {
            return;
        };
        moves.clear();
        let mut out = Move {
            to: self.outside,
            cost: i64::MAX,
            off: NONE,
            onto: NONE,
        };
        for off in members {
            let own = network.edge(*off);
            if own.value < out.cost {
                (out.cost, out.off) = (own.value, *off);
            }
            for onto in network.of_agent(own.agent) {
                if self.used.at(onto) {
                    continue;
                }
                let other = network.edge(onto);
                let candidate = Move {
                    to: other.campaign,
                    cost: own.value - other.value,
                    off: *off,
                    onto,
                };
                let known = self.scratch.at(other.campaign);
                if known == NONE {
                    self.scratch.set(other.campaign, moves.len());
                    moves.push(candidate);
                } else if let Some(known) = moves.get_mut(known)
                    && candidate.cost < known.cost
                {
                    *known = candidate;
                }
            }
        }
        for known in &moves {
            self.scratch.set(known.to, NONE);
        }
        if out.off != NONE {
            moves.push(out);
        }
        if let Some(slot) = self.moves.get_mut(campaign) {
            *slot = moves;
        }
        self.stale.set(campaign, false);
    }

    fn reach(&mut self, to: usize, distance: i64, step: Step) {
        if distance >= self.distance.at(to) {
            return;
        }
        self.distance.set(to, distance);
        self.step.set(to, step);
        let short = if to == self.outside {
            self.outside_short
        } else {
            self.excess(to) < 0
        };
        if short && distance < self.goal_distance {
            (self.goal, self.goal_distance) = (to, distance);
        }
    }

    /// Carries one unit from `source` to the nearest place that is short; `total` is the excess of all campaigns.
    fn carry(&mut self, source: usize, total: i64) -> bool {
        for place in 0..=self.outside {
            self.distance.set(place, i64::MAX);
            self.visited.set(place, false);
        }
        self.distance.set(source, 0);
        (self.goal, self.goal_distance) = (NONE, i64::MAX);
        self.outside_short = total > 0;
        self.repairs += 1;
        loop {
            let (mut nearest, mut distance) = (NONE, i64::MAX);
            for place in 0..=self.outside {
                let here = self.distance.at(place);
                if here < distance && !self.visited.at(place) {
                    (nearest, distance) = (place, here);
                }
            }
            if self.goal_distance <= distance {
                break;
            }
            if nearest == NONE {
                return false;
            }
            self.visited.set(nearest, true);
            if nearest == self.outside {
                self.leave_outside(distance);
            } else {
                self.leave(nearest, distance);
            }
        }
        if self.goal == NONE {
            return false;
        }
        for place in 0..=self.outside {
            if self.visited.at(place) {
                let nearer = self.goal_distance - self.distance.at(place);
                self.prices.set(place, self.prices.at(place) + nearer);
            }
        }
        self.walk_back(source);
        true
    }

    fn leave_outside(&mut self, distance: i64) {
        let outside = self.outside;
        let base = distance - self.prices.at(outside);
        for campaign in 0..outside {
            if self.visited.at(campaign) {
                continue;
            }
            let price = self.prices.at(campaign);
            let edge = self.best_idle(campaign);
            if edge != NONE {
                let step = Step {
                    from: outside,
                    off: NONE,
                    onto: edge,
                };
                let value = self.network.edge(edge).value;
                self.reach(campaign, base + price - value, step);
            }
            let counted = self.counted.at(campaign);
            if counted > 0 {
                let step = Step {
                    from: outside,
                    off: NONE,
                    onto: NONE,
                };
                let cost = self.counting_cost(campaign, counted - 1);
                self.reach(campaign, base + price - cost, step);
            }
        }
    }

    fn leave(&mut self, campaign: usize, distance: i64) {
        let base = distance - self.prices.at(campaign);
        let counted = self.counted.at(campaign);
        if counted < self.network.bounds_of(campaign).most {
            let step = Step {
                from: campaign,
                off: NONE,
                onto: NONE,
            };
            let cost = self.counting_cost(campaign, counted);
            let outside = self.outside;
            self.reach(outside, base + cost + self.prices.at(outside), step);
        }
        if self.stale.at(campaign) {
            self.gather(campaign);
        }
        let Some(moves) = self.moves.get_mut(campaign).map(mem::take) else {
            return;
        };
        for Move {
            to,
            cost,
            off,
            onto,
        } in &moves
        {
            let step = Step {
                from: campaign,
                off: *off,
                onto: *onto,
            };
            self.reach(*to, base + cost + self.prices.at(*to), step);
        }
        if let Some(slot) = self.moves.get_mut(campaign) {
            *slot = moves;
        }
    }

    /// What it costs to count one more than `counted`: below the least it saves a shortfall.
    fn counting_cost(&self, campaign: usize, counted: i64) -> i64 {
        if counted < self.network.bounds_of(campaign).least {
            -self.network.shortfall()
        } else {
            0
        }
    }

    fn walk_back(&mut self, source: usize) {
        let mut place = self.goal;
        while place != source {
            let Step { from, off, onto } = self.step.at(place);
            if off == NONE && onto == NONE {
                if place == self.outside {
                    self.counted.set(from, self.counted.at(from) + 1);
                } else {
                    self.counted.set(place, self.counted.at(place) - 1);
                }
            }
            if off != NONE {
                self.give_up(off);
            }
            if onto != NONE {
                self.take(onto);
            }
            place = from;
        }
    }
}
