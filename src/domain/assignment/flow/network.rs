//! The network of one planning problem, in positions instead of names.

use std::ops::Range;
use std::sync::OnceLock;

use super::column::{Column, long, short};

/// One possible pair of an agent and a campaign. There are tens of thousands, so that half the size is a good part of
/// the time: positions are kept short.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    agent: u32,
    campaign: u32,
    /// What the pair is worth; may be negative.
    pub value: i64,
}

impl Edge {
    /// Creates the pair at these positions. Positions from 2^32 on all count as the last one, which no network has.
    #[must_use]
    pub fn new(agent: usize, campaign: usize, value: i64) -> Self {
        Self {
            agent: short(agent),
            campaign: short(campaign),
            value,
        }
    }

    /// Returns the position of the agent.
    #[must_use]
    pub fn agent(&self) -> usize {
        long(self.agent)
    }

    /// Returns the position of the campaign.
    #[must_use]
    pub fn campaign(&self) -> usize {
        long(self.campaign)
    }
}

/// The fewest and the most agents of a campaign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Wanted at least: each agent short costs [`Network::shortfall`].
    pub least: i64,
    /// Taken at most.
    pub most: i64,
}

/// Edges campaign by campaign.
#[derive(Clone, Debug)]
struct Columns {
    edges: Vec<u32>,
    /// Where those of each campaign begin; one more than campaigns.
    begins: Column<usize>,
}

/// Agents with places, campaigns with bounds, and the pairs that are possible.
#[derive(Clone, Debug)]
pub struct Network {
    edges: Column<Edge>,
    /// Where the edges of each agent begin; one more than agents.
    rows: Column<usize>,
    places: Column<i64>,
    bounds: Column<Bounds>,
    /// Edges campaign by campaign, computed when they are needed first: a re-plan does not need them.
    columns: OnceLock<Columns>,
    shortfall: i64,
}

impl Network {
    /// Creates a network. `edges` are ordered by agent and then by campaign, each pair at most once; an agent has at
    /// most two places; `shortfall` is what each agent below a campaign's least costs.
    ///
    /// Sums along a path stay within `i64` as long as every value is below 2^44 and the shortfall below 2^60 in size,
    /// which the planning problem sees to.
    #[must_use]
    pub fn new(edges: Vec<Edge>, places: Vec<i64>, bounds: Vec<Bounds>, shortfall: i64) -> Self {
        let rows = starts(edges.iter().map(Edge::agent), places.len());
        Self {
            edges: edges.into(),
            rows,
            places: places.into(),
            bounds: bounds.into(),
            columns: OnceLock::new(),
            shortfall,
        }
    }

    /// Returns every possible pair, in the order given.
    #[must_use]
    pub fn edges(&self) -> &[Edge] {
        self.edges.as_slice()
    }

    /// Returns what each agent below a campaign's least costs.
    #[must_use]
    pub fn shortfall(&self) -> i64 {
        self.shortfall
    }

    /// Returns the bounds of every campaign.
    #[must_use]
    pub fn bounds(&self) -> &[Bounds] {
        self.bounds.as_slice()
    }

    /// Returns the places of every agent.
    #[must_use]
    pub fn places(&self) -> &[i64] {
        self.places.as_slice()
    }

    /// Returns the number of the edge between these two, if there is one.
    #[must_use]
    pub fn number(&self, agent: usize, campaign: usize) -> Option<usize> {
        let (first, row) = self.row(agent);
        let at = row.binary_search_by_key(&campaign, Edge::campaign).ok()?;
        Some(first.saturating_add(at))
    }

    pub(super) fn edge(&self, number: usize) -> Edge {
        self.edges.get(number)
    }

    pub(super) fn of_agent(&self, agent: usize) -> Range<usize> {
        self.rows.get(agent)..self.rows.get(agent.saturating_add(1))
    }

    /// Returns the edges of an agent in a row, and the number of the first of them.
    pub(super) fn row(&self, agent: usize) -> (usize, &[Edge]) {
        let range = self.of_agent(agent);
        let first = range.start;
        (first, self.edges().get(range).unwrap_or_default())
    }

    pub(super) fn of_campaign(&self, campaign: usize) -> impl ExactSizeIterator<Item = usize> {
        let columns = self.columns.get_or_init(|| self.by_campaign());
        let after = columns.begins.get(campaign.saturating_add(1));
        let range = columns.begins.get(campaign)..after;
        let numbers = columns.edges.get(range).unwrap_or_default();
        numbers.iter().map(|number| long(*number))
    }

    fn by_campaign(&self) -> Columns {
        let begins = starts(self.edges().iter().map(Edge::campaign), self.bounds().len());
        let mut next = begins.clone();
        let mut edges = vec![0; self.edges().len()];
        for (number, edge) in self.edges().iter().enumerate() {
            let slot = next.get(edge.campaign());
            if let Some(entry) = edges.get_mut(slot) {
                *entry = short(number);
            }
            next.set(edge.campaign(), slot.saturating_add(1));
        }
        Columns { edges, begins }
    }

    pub(super) fn places_of(&self, agent: usize) -> i64 {
        self.places.get(agent)
    }

    pub(super) fn bounds_of(&self, campaign: usize) -> Bounds {
        self.bounds.get(campaign)
    }
}

/// Where the entries of each owner begin when they are put in the order of their owners.
fn starts(owners: impl Iterator<Item = usize>, many: usize) -> Column<usize> {
    let mut begins = Column::filled(many.saturating_add(1), 0_usize);
    for owner in owners {
        let after = owner.saturating_add(1);
        begins.set(after, begins.get(after).saturating_add(1));
    }
    for owner in 0..many {
        let after = owner.saturating_add(1);
        begins.set(after, begins.get(after).saturating_add(begins.get(owner)));
    }
    begins
}
