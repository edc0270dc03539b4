//! From a situation to a network and back.
//!
//! A pair is worth its campaign's weight times its score, more the churn when it is in force and less the churn when
//! it is new: the same as the formula of a gain less the churn of every pair that changes, but for a constant. All of
//! it is multiplied by more than there are places, and a pair in force gets 1 on top: of plans that are worth the same
//! the one with the fewest changes is the best.

use super::eligibility::Eligibility;
use super::flow::{Bounds, Edge, Network};
use super::preview::Preview;
use super::rate::{CallRate, Score};
use super::situation::{Pair, Serving, Situation};

/// The largest shortfall that the network takes.
const LARGEST_SHORTFALL: i64 = 1 << 60;

/// How worth is counted. The same for all plans of a run, so that prices carry over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scale {
    /// One thousandth of a score times one thousandth of a weight.
    pub(super) unit: i64,
    churn: i64,
    shortfall: i64,
}

impl Scale {
    pub(super) fn new(situation: &Situation<'_>) -> Self {
        let places = situation.roster.places().saturating_add(1);
        let unit = i64::try_from(places.next_power_of_two()).unwrap_or(i64::MAX);
        // Churn is in thousandths of a full score, which is a thousand thousandths, at weight 1.
        let churn = i64::from(situation.policy.churn).saturating_mul(1_000);
        let heaviest = situation
            .policy
            .previews
            .values()
            .map(|preview| preview.weight.milli());
        let heaviest = i64::try_from(heaviest.max().unwrap_or_default()).unwrap_or(i64::MAX);
        let greatest = heaviest.saturating_mul(1_000).saturating_add(churn);
        // A path visits each campaign once and gains at most twice the greatest value at each: no gain is worth an
        // agent short of a least.
        let campaigns = i64::try_from(situation.policy.previews.len()).unwrap_or(i64::MAX);
        let shortfall = greatest
            .saturating_add(1)
            .saturating_mul(unit)
            .saturating_mul(campaigns.saturating_add(1))
            .saturating_mul(2)
            .min(LARGEST_SHORTFALL);
        Self {
            unit,
            churn,
            shortfall,
        }
    }

    fn worth(self, weight: u64, score: Score, in_force: bool) -> i64 {
        let gain = i64::try_from(weight.saturating_mul(score.milli())).unwrap_or(i64::MAX);
        let (worth, kept) = if in_force {
            (gain.saturating_add(self.churn), 1)
        } else {
            (gain.saturating_sub(self.churn), 0)
        };
        worth.saturating_mul(self.unit).saturating_add(kept)
    }
}

/// What the worth of a pair needs of a campaign, side by side for all of them.
#[derive(Clone, Copy, Debug)]
struct CampaignWorth {
    target: CallRate,
    weight: u64,
}

impl CampaignWorth {
    fn new(preview: &Preview) -> Self {
        Self {
            target: preview.target,
            weight: preview.weight.milli(),
        }
    }
}

/// The network, and the pairs that are not asked about because they have to stay.
pub(super) struct Problem {
    pub(super) network: Network,
    /// Ascending.
    pub(super) frozen: Vec<Pair>,
    /// For each kind whether its window is open.
    pub(super) open: Vec<bool>,
    pub(super) scale: Scale,
}

impl Problem {
    pub(super) fn new(situation: &Situation<'_>) -> Self {
        let scale = Scale::new(situation);
        let open = Eligibility::open(situation.roster, situation.now, situation.policy.horizon);
        let previews = situation.previews();
        let mut taken = vec![0_i64; previews.len()];
        let agents = situation.roster.agents();
        let running: Vec<Option<CampaignWorth>> = previews
            .iter()
            .enumerate()
            .map(|(at, preview)| {
                (situation.campaign(at).serving == Serving::Running)
                    .then(|| CampaignWorth::new(preview))
            })
            .collect();
        let possible = agents
            .iter()
            .map(|agent| situation.eligibility.of_kind(agent.kind).len());
        let mut edges = Vec::with_capacity(possible.sum());
        let mut places = Vec::with_capacity(agents.len());
        let mut frozen = Vec::new();
        let mut in_force = situation.in_force;
        let refusals = !situation.refused.is_empty();
        for (agent, rostered) in agents.iter().enumerate() {
            // Both are ascending, and an agent has few pairs: a few steps instead of a search.
            let many = in_force.iter().take_while(|pair| pair.0 <= agent).count();
            let (held, rest) = in_force.split_at_checked(many).unwrap_or_default();
            in_force = rest;
            let mut free = i64::from(rostered.concurrency);
            let open_here = open.get(rostered.kind).copied().unwrap_or_default();
            for pair in held
                .iter()
                .filter(|pair| situation.frozen(**pair, open_here))
            {
                free = free.saturating_sub(1);
                frozen.push(*pair);
                if let Some(taken) = taken.get_mut(pair.1) {
                    *taken = taken.saturating_add(1);
                }
            }
            let free = free.max(0);
            places.push(free);
            let now = situation.agent(agent);
            let can = now.present && open_here;
            if !can || free == 0 {
                continue;
            }
            for campaign in situation.eligibility.of_kind(rostered.kind) {
                let Some(Some(wanting)) = running.get(*campaign) else {
                    continue;
                };
                let pair = (agent, *campaign);
                if refusals && situation.refused.contains(&pair) {
                    continue;
                }
                let kept = held.iter().any(|(_, held)| held == campaign);
                // The campaign runs, so that only a call can hold the agent there.
                if kept && now.on_call {
                    continue;
                }
                if !kept && !Score::enough_for_new(wanting.target, now.recent) {
                    continue;
                }
                let score = Score::new(wanting.target, now.recent);
                let value = scale.worth(wanting.weight, score, kept);
                edges.push(Edge::new(agent, *campaign, value));
            }
        }
        let bounds = previews.iter().enumerate().zip(&taken);
        let bounds = bounds.map(|((campaign, preview), frozen)| {
            let now = situation.campaign(campaign);
            let cap = now.cap.map_or(preview.most, |cap| cap.min(preview.most));
            let gone = i64::from(now.foreign).saturating_add(*frozen);
            let most = i64::from(cap).saturating_sub(gone).max(0);
            let least = i64::from(preview.least).saturating_sub(gone).clamp(0, most);
            Bounds { least, most }
        });
        let bounds = bounds.collect();
        Self {
            network: Network::new(edges, places, bounds, scale.shortfall),
            frozen,
            open,
            scale,
        }
    }
}
