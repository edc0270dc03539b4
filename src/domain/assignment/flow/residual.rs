//! The residual network over the campaigns: proof of an optimum, and exact repair.
//!
//! Its places are the campaigns and the outside. An arc from one campaign to another is the cheapest agent to move; to
//! the outside, the agent whose loss costs least; from the outside, the best agent with a free place. A campaign
//! **counts** as many agents as its bounds and its price allow; counting one more or fewer is an arc to or from the
//! outside, and what it has beyond its count is its surplus.
//!
//! *Repair.* While there is a surplus: find the shortest distances from all places with a surplus, move the prices by
//! them so that arcs on shortest paths cost nothing, and send agents along arcs that cost nothing to where they are
//! short. No arc's cost ever becomes negative, so that what remains in the end is optimal.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "values and prices are bounded as Network::new says, so that sums along a path fit"
)]

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::mem;

use super::column::{Column, long, short};
use super::state::{NONE, State};

/// Rounds in which prices are adjusted to prove an optimum. Some five are usual; pairs that are not optimal would need
/// rounds without end.
const PROOF_ROUNDS: usize = 30;

/// How to come from one place to another. Positions are kept short: there are tens of thousands of arcs, and all of them
/// are looked at again and again.
#[derive(Clone, Copy, Debug, Default)]
struct Arc {
    /// What is lost, prices apart.
    cost: i64,
    to: u32,
    /// The edge that is left, if one.
    off: u32,
    /// The edge that is taken, if one. An arc without edges counts one more or fewer.
    onto: u32,
}

impl Arc {
    fn counting(to: usize, cost: i64) -> Self {
        Self {
            cost,
            to: short(to),
            off: short(NONE),
            onto: short(NONE),
        }
    }

    fn target(self) -> usize {
        long(self.to)
    }
}

/// Room to gather one campaign's moves in: the cheapest to each other campaign.
struct Gathering {
    /// The greatest number where none is known.
    costs: Column<i64>,
    /// The edge that is left, and the one that is taken.
    edges: Column<(u32, u32)>,
    /// The campaigns in the order in which they were found.
    found: Column<u32>,
}

/// One step of a path, kept at the place that it leads to.
#[derive(Clone, Copy, Debug, Default)]
struct PathStep {
    from: usize,
    off: usize,
    onto: usize,
}

/// The residual network of a state.
pub(super) struct Residual<'s, 'n> {
    state: &'s mut State<'n>,
    outside: usize,
    counted: Column<i64>,
    /// What all campaigns have beyond their counts.
    total: i64,
    /// The cheapest moves out of each campaign, where they are known.
    moves: Vec<Vec<Arc>>,
    gathering: Gathering,
    stale: Column<bool>,
    /// The best edge of an agent with a free place, where it is known.
    idle: Column<usize>,
    idle_known: Column<bool>,
    /// Edges of agents that had a free place when last looked at, campaign by campaign; some cannot join any more.
    idle_edges: Vec<Vec<u32>>,
    /// Whether an edge is listed there.
    idle_listed: Column<bool>,
    /// The distance of each place, less its price.
    distance: Column<i64>,
    /// Places whose arcs are to be followed, by distance; one that was reached sooner meanwhile is listed again.
    waiting: BinaryHeap<Reverse<(i64, usize)>>,
    visited: Column<bool>,
    step: Column<PathStep>,
    /// The arc of each place that is looked at next between two changes of prices.
    current: Column<usize>,
}

impl<'s, 'n> Residual<'s, 'n> {
    pub(super) fn new(state: &'s mut State<'n>) -> Self {
        let campaigns = state.outside;
        let places = campaigns + 1;
        let edges = state.network.edges().len();
        let mut residual = Self {
            state,
            outside: campaigns,
            counted: Column::filled(campaigns, 0),
            total: 0,
            moves: vec![Vec::new(); campaigns],
            gathering: Gathering {
                costs: Column::filled(campaigns, i64::MAX),
                edges: Column::filled(campaigns, (0, 0)),
                // One more, for what is written and then not counted.
                found: Column::filled(places, 0),
            },
            stale: Column::filled(campaigns, true),
            idle: Column::filled(campaigns, NONE),
            idle_known: Column::filled(campaigns, false),
            idle_edges: vec![Vec::new(); campaigns],
            idle_listed: Column::filled(edges, false),
            distance: Column::filled(places, 0),
            waiting: BinaryHeap::with_capacity(places),
            visited: Column::filled(places, false),
            step: Column::filled(places, PathStep::default()),
            current: Column::filled(places, 0),
        };
        residual.list_all_idle();
        residual
    }

    fn list_all_idle(&mut self) {
        let network = self.state.network;
        let idle = (0..network.places().len()).filter(|agent| self.state.free(*agent));
        let idle: Vec<usize> = idle.collect();
        // Counted first, so that no list has to grow.
        let mut many = Column::filled(self.outside, 0_usize);
        for edge in idle.iter().flat_map(|agent| network.row(*agent).1) {
            many.set(edge.campaign(), many.get(edge.campaign()) + 1);
        }
        for (listed, many) in self.idle_edges.iter_mut().zip(many.as_slice()) {
            listed.reserve_exact(*many);
        }
        for agent in idle {
            self.list_idle(agent);
        }
    }

    /// Lists the edges over which an agent with a free place can join.
    fn list_idle(&mut self, agent: usize) {
        let network = self.state.network;
        let (first, row) = network.row(agent);
        for (number, edge) in (first..).zip(row) {
            if !self.state.used.get(number)
                && !self.idle_listed.get(number)
                && let Some(listed) = self.idle_edges.get_mut(edge.campaign())
            {
                listed.push(short(number));
                self.idle_listed.set(number, true);
            }
        }
    }

    /// Whether the pairs are optimal as they are. If so, the prices prove it afterwards; if not, or if that takes too
    /// long to find out, they are as before.
    pub(super) fn certify(&mut self) -> bool {
        for campaign in 0..self.outside {
            let taken = self.state.taken(campaign);
            if taken > self.state.network.bounds_of(campaign).most {
                return false;
            }
            self.counted.set(campaign, taken);
        }
        let before = self.state.prices.clone();
        for _ in 0..PROOF_ROUNDS {
            let mut changed = false;
            for place in 0..=self.outside {
                let here = self.state.prices.get(place);
                self.each_arc(place, |residual, arc| {
                    let needed = here - arc.cost;
                    if needed > residual.state.prices.get(arc.target()) {
                        residual.state.prices.set(arc.target(), needed);
                        changed = true;
                    }
                });
            }
            if !changed {
                self.pin_outside();
                return true;
            }
        }
        self.state.prices = before;
        false
    }

    /// Repairs until everything fits; returns how many agents had to be sent along how many paths.
    pub(super) fn repair(&mut self) -> u64 {
        for campaign in 0..self.outside {
            let (fewest, most) = self.state.wanted(campaign);
            let counted = self.state.taken(campaign).clamp(fewest, most);
            self.counted.set(campaign, counted);
        }
        let surpluses = (0..self.outside).map(|campaign| self.excess(campaign));
        self.total = surpluses.sum();
        let mut paths = 0;
        while self.approach() {
            for place in 0..=self.outside {
                self.visited.set(place, false);
                self.current.set(place, 0);
            }
            for source in 0..=self.outside {
                while self.surplus(source) > 0
                    && let Some(goal) = self.find(source)
                {
                    self.send(source, goal);
                    paths += 1;
                }
            }
        }
        self.pin_outside();
        paths
    }

    /// Prices are relative to that of the outside.
    fn pin_outside(&mut self) {
        let outside = self.state.prices.get(self.outside);
        for place in 0..=self.outside {
            let price = self.state.prices.get(place) - outside;
            self.state.prices.set(place, price);
        }
    }

    fn excess(&self, campaign: usize) -> i64 {
        self.state.taken(campaign) - self.counted.get(campaign)
    }

    /// Returns what a place has beyond its count; negative when it is short.
    fn surplus(&self, place: usize) -> i64 {
        if place == self.outside {
            -self.total
        } else {
            self.excess(place)
        }
    }

    fn arc_cost(&self, from: usize, arc: Arc) -> i64 {
        arc.cost - self.state.prices.get(from) + self.state.prices.get(arc.target())
    }

    /// Moves the prices so that arcs that cost nothing lead from the surpluses to places that are short.
    fn approach(&mut self) -> bool {
        let mut lacking = 0_usize;
        self.waiting.clear();
        for place in 0..=self.outside {
            let surplus = self.surplus(place);
            self.distance.set(place, i64::MAX);
            if surplus > 0 {
                self.distance.set(place, -self.state.prices.get(place));
                self.waiting.push(Reverse((0, place)));
            }
            lacking += usize::from(surplus < 0);
        }
        if self.waiting.is_empty() {
            return false;
        }
        let mut farthest = None;
        while lacking > 0
            && let Some(Reverse((distance, nearest))) = self.waiting.pop()
        {
            let here = distance - self.state.prices.get(nearest);
            if here > self.distance.get(nearest) {
                continue;
            }
            if self.surplus(nearest) < 0 {
                lacking -= 1;
                farthest = Some(distance);
            }
            self.follow(nearest, here);
        }
        let Some(farthest) = farthest else {
            // Cannot be: the outside takes everybody, and every count can be lowered.
            debug_assert!(false, "no way out for a surplus");
            return false;
        };
        for place in 0..=self.outside {
            // Further by as much as the place is nearer than the farthest.
            let price = self.state.prices.get(place);
            let distance = self.distance.get(place).saturating_add(price);
            let nearer = farthest - distance.min(farthest);
            self.state.prices.set(place, price + nearer);
        }
        true
    }

    /// Notes where the arcs of a place lead sooner than what was known. `here` is its distance less its price.
    fn follow(&mut self, place: usize, here: i64) {
        if place == self.outside {
            self.each_arc(place, |residual, arc| residual.reach(here, arc));
            return;
        }
        if let Some(arc) = self.counting_more(place) {
            self.reach(here, arc);
        }
        self.gather(place);
        for arc in self.moves.get(place).map_or(&[][..], Vec::as_slice) {
            if here + arc.cost < self.distance.get(arc.target()) {
                self.distance.set(arc.target(), here + arc.cost);
                let reached = here + arc.cost + self.state.prices.get(arc.target());
                self.waiting.push(Reverse((reached, arc.target())));
            }
        }
    }

    fn reach(&mut self, here: i64, arc: Arc) {
        if here + arc.cost < self.distance.get(arc.target()) {
            self.distance.set(arc.target(), here + arc.cost);
            let reached = here + arc.cost + self.state.prices.get(arc.target());
            self.waiting.push(Reverse((reached, arc.target())));
        }
    }

    /// Looks along arcs that cost nothing for a place that is short. Places from where none can be reached stay marked,
    /// and arcs that led nowhere are passed over, so that little is looked at twice between two changes of prices. What
    /// is missed by that is found after the next change.
    fn find(&mut self, source: usize) -> Option<usize> {
        let mut path = vec![source];
        self.visited.set(source, true);
        while let Some(from) = path.last().copied() {
            let Some(arc) = self.open_arc(from) else {
                path.pop();
                continue;
            };
            let to = arc.target();
            let (off, onto) = (long(arc.off), long(arc.onto));
            self.step.set(to, PathStep { from, off, onto });
            if self.surplus(to) < 0 {
                for place in path {
                    self.visited.set(place, false);
                }
                return Some(to);
            }
            self.visited.set(to, true);
            path.push(to);
        }
        None
    }

    /// Returns the next arc from a place that costs nothing and leads where the search has not been.
    fn open_arc(&mut self, from: usize) -> Option<Arc> {
        if from == self.outside {
            return self.open_arc_from_outside();
        }
        self.gather(from);
        if self.current.get(from) == 0 {
            let more = self.counting_more(from);
            if let Some(arc) = more.filter(|arc| self.is_open(from, *arc)) {
                return Some(arc);
            }
            self.current.set(from, 1);
        }
        // Number 0 counts one more, the moves follow.
        let passed = self.current.get(from) - 1;
        let moves = self.moves.get(from)?.get(passed..)?;
        let next = moves.iter().position(|arc| self.is_open(from, *arc));
        self.current
            .set(from, 1 + passed + next.unwrap_or(moves.len()));
        next.and_then(|next| moves.get(next)).copied()
    }

    /// Its arcs are two for each campaign: one that counts fewer, one that joins.
    fn open_arc_from_outside(&mut self) -> Option<Arc> {
        loop {
            let number = self.current.get(self.outside);
            let campaign = number / 2;
            if campaign >= self.outside {
                return None;
            }
            let arc = if number.is_multiple_of(2) {
                self.counting_fewer(campaign)
            } else {
                self.joining(campaign)
            };
            if let Some(arc) = arc.filter(|arc| self.is_open(self.outside, *arc)) {
                return Some(arc);
            }
            self.current.set(self.outside, number + 1);
        }
    }

    fn is_open(&self, from: usize, arc: Arc) -> bool {
        self.arc_cost(from, arc) == 0 && !self.visited.get(arc.target())
    }

    fn each_arc(&mut self, place: usize, mut each: impl FnMut(&mut Self, Arc)) {
        if place == self.outside {
            for campaign in 0..self.outside {
                for arc in [self.counting_fewer(campaign), self.joining(campaign)]
                    .into_iter()
                    .flatten()
                {
                    each(self, arc);
                }
            }
            return;
        }
        if let Some(arc) = self.counting_more(place) {
            each(self, arc);
        }
        self.gather(place);
        let Some(moves) = self.moves.get_mut(place).map(mem::take) else {
            return;
        };
        for arc in &moves {
            each(self, *arc);
        }
        if let Some(slot) = self.moves.get_mut(place) {
            *slot = moves;
        }
    }

    fn counting_more(&self, campaign: usize) -> Option<Arc> {
        let counted = self.counted.get(campaign);
        (counted < self.state.network.bounds_of(campaign).most)
            .then(|| Arc::counting(self.outside, self.counting_cost(campaign, counted)))
    }

    fn counting_fewer(&self, campaign: usize) -> Option<Arc> {
        let counted = self.counted.get(campaign);
        (counted > 0).then(|| Arc::counting(campaign, -self.counting_cost(campaign, counted - 1)))
    }

    /// What it costs to count one more than `counted`: below the least it saves a shortfall.
    fn counting_cost(&self, campaign: usize, counted: i64) -> i64 {
        if counted < self.state.network.bounds_of(campaign).least {
            -self.state.network.shortfall()
        } else {
            0
        }
    }

    /// Returns the arc of the best agent with a free place.
    fn joining(&mut self, campaign: usize) -> Option<Arc> {
        if !self.idle_known.get(campaign) {
            let mut best = NONE;
            let listed = self.idle_edges.get_mut(campaign).map(mem::take);
            let mut listed = listed.unwrap_or_default();
            listed.retain(|edge| {
                let edge = long(*edge);
                let agent = self.state.network.edge(edge).agent();
                let can = self.state.free(agent) && !self.state.used.get(edge);
                if !can {
                    self.idle_listed.set(edge, false);
                } else if best == NONE || self.better(edge, best) {
                    best = edge;
                }
                can
            });
            if let Some(slot) = self.idle_edges.get_mut(campaign) {
                *slot = listed;
            }
            self.idle.set(campaign, best);
            self.idle_known.set(campaign, true);
        }
        let edge = self.idle.get(campaign);
        (edge != NONE).then(|| Arc {
            cost: -self.state.network.edge(edge).value,
            to: short(campaign),
            off: short(NONE),
            onto: short(edge),
        })
    }

    fn better(&self, edge: usize, than: usize) -> bool {
        let value = |edge| self.state.network.edge(edge).value;
        value(edge) > value(than) || (value(edge) == value(than) && edge < than)
    }

    /// Finds the cheapest agent to move from the campaign to each other place, unless they are known.
    fn gather(&mut self, campaign: usize) {
        if !self.stale.get(campaign) {
            return;
        }
        self.current.set(campaign, 0);
        let network = self.state.network;
        let gathering = &mut self.gathering;
        let mut found = 0;
        let mut out: Option<Arc> = None;
        for off in self.state.members(campaign) {
            let own = network.edge(*off);
            if out.is_none_or(|out| own.value < out.cost) {
                out = Some(Arc {
                    cost: own.value,
                    to: short(self.outside),
                    off: short(*off),
                    onto: short(NONE),
                });
            }
            let (first, row) = network.row(own.agent());
            let used = self.state.used_from(first);
            for (number, (other, used)) in row.iter().zip(used).enumerate() {
                let to = other.campaign();
                let cost = own.value - other.value;
                let known = gathering.costs.get(to);
                let edges = gathering.edges.get(to);
                // What is cheaper is chance, so that a branch would often be mispredicted: written in any case.
                gathering.found.set(found, short(to));
                found += usize::from(known == i64::MAX && !*used);
                let better = !*used && cost < known;
                let own = (short(*off), short(first + number));
                gathering.costs.set(to, if better { cost } else { known });
                gathering.edges.set(to, if better { own } else { edges });
            }
        }
        if let Some(moves) = self.moves.get_mut(campaign) {
            moves.clear();
            moves.reserve_exact(found + 1);
            moves.extend(gathering.found.as_slice().iter().take(found).map(|to| {
                let (off, onto) = gathering.edges.get(long(*to));
                Arc {
                    cost: gathering.costs.get(long(*to)),
                    to: *to,
                    off,
                    onto,
                }
            }));
            moves.extend(out);
        }
        for to in gathering.found.as_slice().iter().take(found) {
            gathering.costs.set(long(*to), i64::MAX);
        }
        self.stale.set(campaign, false);
    }

    /// Sends one agent along the path that was found.
    fn send(&mut self, source: usize, goal: usize) {
        if source == self.outside {
            self.total += 1;
        }
        if goal == self.outside {
            self.total -= 1;
        }
        let mut place = goal;
        while place != source {
            let PathStep { from, off, onto } = self.step.get(place);
            if off == NONE && onto == NONE {
                if place == self.outside {
                    self.counted.set(from, self.counted.get(from) + 1);
                } else {
                    self.counted.set(place, self.counted.get(place) - 1);
                }
            }
            if off != NONE {
                self.forget(off);
                self.state.give_up(off);
                self.forget(off);
            }
            if onto != NONE {
                self.state.take(onto);
                self.forget(onto);
            }
            place = from;
        }
    }

    /// Forgets what is known about the agent of an edge: it may be wrong from here on.
    fn forget(&mut self, edge: usize) {
        let network = self.state.network;
        let agent = network.edge(edge).agent();
        for held in self.state.holds(agent) {
            self.stale.set(network.edge(held).campaign(), true);
        }
        let free = self.state.free(agent);
        if free {
            self.list_idle(agent);
        }
        for other in network.of_agent(agent) {
            let campaign = network.edge(other).campaign();
            if !self.idle_known.get(campaign) {
                continue;
            }
            let best = self.idle.get(campaign);
            let can = free && !self.state.used.get(other);
            if best == other && !can {
                self.idle_known.set(campaign, false);
            } else if can && (best == NONE || self.better(other, best)) {
                self.idle.set(campaign, other);
            }
        }
    }
}
