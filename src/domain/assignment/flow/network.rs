//! The network of one planning problem, in positions instead of names.

use std::ops::Range;

use super::column::Column;

/// One possible pair of an agent and a campaign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    /// Position of the agent.
    pub agent: usize,
    /// Position of the campaign.
    pub campaign: usize,
    /// What the pair is worth; may be negative.
    pub value: i64,
}

/// How many agents a campaign takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Wanted at least: each agent short costs [`Network::shortfall`].
    pub least: i64,
    /// Taken at most.
    pub most: i64,
}

/// Agents with places, campaigns with bounds, and the pairs that are possible.
#[derive(Clone, Debug)]
pub struct Network {
    edges: Column<Edge>,
    /// Where the edges of each agent begin; one more than agents.
    rows: Column<usize>,
    places: Column<i64>,
    bounds: Column<Bounds>,
    /// Edges campaign by campaign.
    by_campaign: Vec<usize>,
    /// Where those of each campaign begin; one more than campaigns.
    columns: Column<usize>,
    shortfall: i64,
}

impl Network {
    /// A network. `edges` are ordered by agent and then by campaign, each pair at most once; an agent has at
    /// most two places; `shortfall` is what each agent below a campaign's least costs.
    ///
    /// Sums along a path stay within `i64` as long as every value is below 2^44 and the shortfall below 2^60 in size,
    /// which the planning problem sees to.
    #[must_use]
    pub fn new(edges: Vec<Edge>, places: Vec<i64>, bounds: Vec<Bounds>, shortfall: i64) -> Self {
        let rows = starts(edges.iter().map(|edge| edge.agent), places.len());
        let columns = starts(edges.iter().map(|edge| edge.campaign), bounds.len());
        let mut next = columns.clone();
        let mut by_campaign = vec![0; edges.len()];
        for (number, edge) in edges.iter().enumerate() {
            let slot = next.at(edge.campaign);
            if let Some(entry) = by_campaign.get_mut(slot) {
                *entry = number;
            }
            next.set(edge.campaign, slot.saturating_add(1));
        }
        Self {
            edges: edges.into(),
            rows,
            places: places.into(),
            bounds: bounds.into(),
            by_campaign,
            columns,
            shortfall,
        }
    }

    /// Every possible pair, in the order given.
    #[must_use]
    pub fn edges(&self) -> &[Edge] {
        self.edges.as_slice()
    }

    /// What each agent below a campaign's least costs.
    #[must_use]
    pub fn shortfall(&self) -> i64 {
        self.shortfall
    }

    /// The bounds of every campaign.
    #[must_use]
    pub fn bounds(&self) -> &[Bounds] {
        self.bounds.as_slice()
    }

    /// The places of every agent.
    #[must_use]
    pub fn places(&self) -> &[i64] {
        self.places.as_slice()
    }

    pub(super) fn edge(&self, number: usize) -> Edge {
        self.edges.at(number)
    }

    pub(super) fn of_agent(&self, agent: usize) -> Range<usize> {
        self.rows.at(agent)..self.rows.at(agent.saturating_add(1))
    }

    pub(super) fn of_campaign(&self, campaign: usize) -> &[usize] {
        let range = self.columns.at(campaign)..self.columns.at(campaign.saturating_add(1));
        self.by_campaign.get(range).unwrap_or_default()
    }

    pub(super) fn places_of(&self, agent: usize) -> i64 {
        self.places.at(agent)
    }

    pub(super) fn bounds_of(&self, campaign: usize) -> Bounds {
        self.bounds.at(campaign)
    }
}

/// Where the entries of each owner begin when they are put in the order of their owners.
fn starts(owners: impl Iterator<Item = usize>, many: usize) -> Column<usize> {
    let mut begins = Column::filled(many.saturating_add(1), 0_usize);
    for owner in owners {
        let after = owner.saturating_add(1);
        begins.set(after, begins.at(after).saturating_add(1));
    }
    for owner in 0..many {
        let after = owner.saturating_add(1);
        begins.set(after, begins.at(after).saturating_add(begins.at(owner)));
    }
    begins
}
