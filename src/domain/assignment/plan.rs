//! One plan: who serves what, and why each agent moves.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::eligibility::Barred;
use super::flow::{Solution, Start, solve};
use super::problem::Problem;
use super::rate::Score;
use super::situation::{Pair, Serving, Situation};
use crate::domain::{AgentId, CampaignId};

/// What the next plan starts from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prior {
    prices: Vec<i64>,
    /// Ascending.
    pairs: Vec<Pair>,
}

/// Why an agent leaves a campaign or joins one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoveReason {
    /// The agent may not stay where it is.
    Barred(Barred),
    /// A place was free, or worth more with this agent.
    BestUse,
    /// The campaign had fewer agents than it wants at least.
    FillsLeast,
    /// The place is worth more with another agent, or there are fewer places.
    Outdone,
}

impl fmt::Display for MoveReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Barred(why) => why.fmt(f),
            Self::BestUse => f.write_str("best use of the agent"),
            Self::FillsLeast => f.write_str("the campaign is short of agents"),
            Self::Outdone => f.write_str("other agents fill the places better"),
        }
    }
}

/// One agent that leaves a campaign, joins one, or both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// The agent that moves.
    pub agent: AgentId,
    /// The campaign that the agent leaves, if any.
    pub from: Option<CampaignId>,
    /// The campaign that the agent joins, if any.
    pub to: Option<CampaignId>,
    /// The score there, or where it leaves if it joins none.
    pub score: Score,
    /// The reason for the move.
    pub why: MoveReason,
}

impl Move {
    /// Returns where the agent comes from and goes to, for people: a dash where it is on no list.
    #[must_use]
    pub fn ends(&self) -> [&str; 2] {
        [&self.from, &self.to].map(|end| end.as_ref().map_or("-", CampaignId::as_str))
    }
}

/// The result of one plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssignPlan {
    /// The pairs that are to be in force, ascending; agents outside the roster apart.
    pub pairs: Vec<Pair>,
    /// Agents that change places.
    pub moves: Vec<Move>,
    /// Where the next plan starts.
    pub prior: Prior,
    /// Shortest paths needed: a measure of the work.
    pub repairs: u64,
}

/// How one agent was considered for one campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Placement {
    /// The campaign.
    pub campaign: CampaignId,
    /// The score there.
    pub score: Score,
    /// Whether the agent is planned there.
    pub planned: bool,
    /// Whether the agent is on the list in force.
    pub in_force: bool,
    /// Whether the agent has to stay there.
    pub frozen: bool,
    /// Why it cannot be planned there, if so.
    pub barred: Option<Barred>,
    /// What the pair is worth at the margin, in thousandths of a score at weight 1: its worth less the campaign's
    /// price. Among the campaigns open to an agent, those worth most are planned.
    pub margin: Option<i64>,
}

/// Returns the best plan for a situation.
#[must_use]
pub fn plan(situation: &Situation<'_>, prior: Option<&Prior>) -> AssignPlan {
    let problem = Problem::new(situation);
    let solution = match prior {
        None => solve(&problem.network, Start::Fresh),
        Some(prior) => {
            let used = used(&problem, &prior.pairs);
            let start = Start::From {
                prices: &prior.prices,
                used: &used,
            };
            solve(&problem.network, start)
        }
    };
    let mut chosen: Vec<Pair> = Vec::with_capacity(situation.in_force.len());
    for (edge, used) in problem.network.edges().iter().zip(&solution.used) {
        if *used {
            chosen.push((edge.agent(), edge.campaign()));
        }
    }
    let mut pairs = problem.frozen.clone();
    pairs.extend(chosen.iter().copied());
    pairs.sort_unstable();
    let moves = moves(situation, &problem, &solution, &pairs);
    AssignPlan {
        pairs,
        moves,
        prior: Prior {
            prices: solution.prices,
            pairs: chosen,
        },
        repairs: solution.repairs,
    }
}

/// Explains how the plan came to place one agent as it does, campaign by campaign.
#[must_use]
pub fn explain(situation: &Situation<'_>, plan: &AssignPlan, agent: usize) -> Vec<Placement> {
    let problem = Problem::new(situation);
    let Some(rostered) = situation.roster.agents().get(agent) else {
        return Vec::new();
    };
    let open = problem.open.get(rostered.kind).copied().unwrap_or_default();
    let previews = situation.policy.previews.iter().enumerate();
    let placement = |(position, (campaign, preview)): (usize, (&CampaignId, _))| {
        let pair = (agent, position);
        let in_force = situation.in_force.binary_search(&pair).is_ok();
        let edge = problem.network.number(agent, position);
        let edge = edge.and_then(|number| problem.network.edges().get(number));
        let price = plan.prior.prices.get(position).copied().unwrap_or_default();
        // Units of the network are thousandths of thousandths, times the scale.
        let unit = problem.scale.unit.saturating_mul(1_000).max(1);
        Placement {
            campaign: campaign.clone(),
            score: situation.score(agent, preview),
            planned: plan.pairs.binary_search(&pair).is_ok(),
            in_force,
            frozen: in_force && situation.frozen(pair, open),
            barred: situation.barred(rostered, pair, preview, &problem.open),
            margin: edge.map(|edge| edge.value.saturating_sub(price).div_euclid(unit)),
        }
    };
    previews.map(placement).collect()
}

/// Returns for each edge whether the prior plan used it.
fn used(problem: &Problem, prior: &[Pair]) -> Vec<bool> {
    let mut used = vec![false; problem.network.edges().len()];
    for (agent, campaign) in prior {
        if let Some(used) = problem
            .network
            .number(*agent, *campaign)
            .and_then(|number| used.get_mut(number))
        {
            *used = true;
        }
    }
    used
}

fn moves(
    situation: &Situation<'_>,
    problem: &Problem,
    solution: &Solution,
    pairs: &[Pair],
) -> Vec<Move> {
    let left = difference(situation.in_force, pairs);
    let joined = difference(pairs, situation.in_force);
    let mut agents: Vec<usize> = left.iter().chain(&joined).map(|pair| pair.0).collect();
    agents.sort_unstable();
    agents.dedup();
    let campaigns: Vec<_> = situation.policy.previews.iter().collect();
    let mut moves = Vec::new();
    let campaigns_of = |pairs: &[Pair], agent: usize| -> Vec<usize> {
        let from = pairs.partition_point(|pair| pair.0 < agent);
        let own = pairs.get(from..).unwrap_or_default().iter();
        own.take_while(|pair| pair.0 == agent)
            .map(|pair| pair.1)
            .collect()
    };
    for agent in agents {
        let Some(rostered) = situation.roster.agents().get(agent) else {
            continue;
        };
        let (from, to) = (campaigns_of(&left, agent), campaigns_of(&joined, agent));
        for number in 0..from.len().max(to.len()) {
            let named = |list: &[usize]| {
                let position = *list.get(number)?;
                campaigns
                    .get(position)
                    .map(|(id, preview)| (position, *id, *preview))
            };
            let (from, to) = (named(&from), named(&to));
            let barred = from.and_then(|(position, _, preview)| {
                situation.barred(rostered, (agent, position), preview, &problem.open)
            });
            let short = to.is_some_and(|(position, _, _)| {
                solution
                    .prices
                    .get(position)
                    .is_some_and(|price| *price < 0)
            });
            let why = match (barred, to) {
                (Some(barred), _) => MoveReason::Barred(barred),
                (None, Some(_)) if short => MoveReason::FillsLeast,
                (None, Some(_)) => MoveReason::BestUse,
                (None, None) => MoveReason::Outdone,
            };
            let Some((_, _, preview)) = to.or(from) else {
                continue;
            };
            moves.push(Move {
                agent: rostered.id.clone(),
                from: from.map(|(_, id, _)| id.clone()),
                to: to.map(|(_, id, _)| id.clone()),
                score: situation.score(agent, preview),
                why,
            });
        }
    }
    moves
}

/// Returns what is in `a` and not in `b`; both are ascending.
fn difference(a: &[Pair], b: &[Pair]) -> Vec<Pair> {
    let mut b = b.iter().peekable();
    let missing = |pair: &&Pair| {
        while b.next_if(|other| other < pair).is_some() {}
        b.next_if_eq(pair).is_none()
    };
    a.iter().filter(missing).copied().collect()
}

impl Serving {
    /// Returns the word for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::NotRunning => "not running",
            Self::Fixed => "left alone",
        }
    }
}
