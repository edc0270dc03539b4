//! A nearly optimal start: prices and pairs that come nearer in steps.
//!
//! Within a **step** everything holds up to a slack: no agent could gain more than the slack by another choice. First
//! all agents take what they want most. Then campaigns with too many raise their prices and send away those who lose
//! least by it, until none has too many (**up**). Then campaigns that are not full at a positive price, or below their
//! least, lower their prices and draw agents, until none is short (**down**). Each stage moves prices one way only,
//! and each change by at least the slack: so campaigns that are alike cannot outbid each other in tiny steps, and the
//! stage comes to an end. The next step has a smaller slack. Once the slack is small against the differences of
//! values, the pairs are optimal; the residual network shows when.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "values and prices are bounded as Network::new says, so that sums of a few fit"
)]

use std::collections::VecDeque;

use super::residual::Residual;
use super::state::{NONE, State};

/// The first slack is this share of the greatest value, as numerator and denominator. Measured with 5,000 agents and
/// 200 campaigns: between a tenth and a half of the greatest value make little difference.
const FIRST_SLACK: (i64, i64) = (3, 10);

/// Each slack is this part of the one before. Smaller factors take more steps, larger ones more work in each; 5 to 10
/// are about the same.
const FACTOR: i64 = 8;

/// Pairs are not tried for optimality before the slack is this part of the greatest value: it would be in vain.
const COARSE: i64 = 1_000;

/// A stage gives up after as many changes of a price for each campaign; a few tens are usual. What is left is for the
/// exact repair, which needs no good start.
const MOST_CHANGES: usize = 500;

/// One way to change a campaign's agents by one.
#[derive(Clone, Copy)]
struct Choice {
    /// What is lost by it at the present prices.
    loss: i64,
    /// The edge that is left, if one.
    off: usize,
    /// The edge that is taken, if one.
    onto: usize,
}

/// Campaigns that may have something to do, each at most once.
struct WorkQueue {
    waiting: VecDeque<usize>,
    queued: Vec<bool>,
}

impl WorkQueue {
    fn with_all(campaigns: usize) -> Self {
        Self {
            waiting: (0..campaigns).collect(),
            queued: vec![true; campaigns],
        }
    }

    fn push(&mut self, campaign: usize) {
        if let Some(queued) = self.queued.get_mut(campaign)
            && !*queued
        {
            *queued = true;
            self.waiting.push_back(campaign);
        }
    }

    fn pop(&mut self) -> Option<usize> {
        let campaign = self.waiting.pop_front()?;
        if let Some(queued) = self.queued.get_mut(campaign) {
            *queued = false;
        }
        Some(campaign)
    }
}

/// Leaves pairs in `state` that are optimal, with prices that prove it, and returns true; or pairs that are nearly so.
pub(super) fn scale(state: &mut State<'_>) -> bool {
    let values = state.network.edges().iter().map(|edge| edge.value.abs());
    let greatest = values.max().unwrap_or_default();
    let mut slack = (greatest / FIRST_SLACK.1 * FIRST_SLACK.0).max(1);
    loop {
        state.clear_pairs();
        for agent in 0..state.network.places().len() {
            state.respond(agent);
        }
        stage(state, slack, raise);
        stage(state, slack, lower);
        if slack <= greatest / COARSE && Residual::new(state).certify() {
            return true;
        }
        if slack == 1 {
            return false;
        }
        slack = (slack / FACTOR).max(1);
    }
}

fn stage(
    state: &mut State<'_>,
    slack: i64,
    change: fn(&mut State<'_>, usize, i64, &mut Vec<Choice>, &mut WorkQueue) -> bool,
) {
    let mut queue = WorkQueue::with_all(state.outside);
    let mut choices = Vec::new();
    let mut left = state.outside.saturating_mul(MOST_CHANGES);
    while left > 0
        && let Some(campaign) = queue.pop()
    {
        if change(state, campaign, slack, &mut choices, &mut queue) {
            left -= 1;
        }
    }
}

/// Raises the price of a campaign with too many agents until enough have left.
fn raise(
    state: &mut State<'_>,
    campaign: usize,
    slack: i64,
    choices: &mut Vec<Choice>,
    queue: &mut WorkQueue,
) -> bool {
    let surplus = state.taken(campaign) - state.wanted(campaign).1;
    let Some(last) = usize::try_from(surplus)
        .ok()
        .and_then(|many| many.checked_sub(1))
    else {
        return false;
    };
    choices.clear();
    choices.extend(
        state
            .members(campaign)
            .iter()
            .map(|off| leaving(state, *off)),
    );
    if last >= choices.len() {
        return false;
    }
    let (_, worst, _) = choices.select_nth_unstable_by_key(last, |choice| choice.loss);
    let before = state.prices.get(campaign);
    let raised = before + worst.loss.max(0) + slack;
    // At a price of 0 more are wanted.
    let price = if before < 0 { raised.min(0) } else { raised };
    state.prices.set(campaign, price);
    for choice in choices.iter().take(last + 1) {
        if choice.loss > price - before {
            continue;
        }
        state.give_up(choice.off);
        if choice.onto != NONE {
            state.take(choice.onto);
            queue.push(state.network.edge(choice.onto).campaign());
        }
    }
    queue.push(campaign);
    true
}

/// Returns what the agent of an edge in use would do without it.
fn leaving(state: &State<'_>, off: usize) -> Choice {
    let agent = state.network.edge(off).agent();
    let (mut best, mut onto) = (0, NONE);
    for edge in state.network.of_agent(agent) {
        let left = state.margin(edge);
        if left > best && !state.used.get(edge) {
            (best, onto) = (left, edge);
        }
    }
    Choice {
        loss: state.margin(off) - best,
        off,
        onto,
    }
}

/// Lowers the price of a campaign that is short until enough agents have come.
fn lower(
    state: &mut State<'_>,
    campaign: usize,
    slack: i64,
    choices: &mut Vec<Choice>,
    queue: &mut WorkQueue,
) -> bool {
    let short = state.wanted(campaign).0 - state.taken(campaign);
    let Some(last) = usize::try_from(short)
        .ok()
        .and_then(|many| many.checked_sub(1))
    else {
        return false;
    };
    choices.clear();
    let network = state.network;
    let joining = network.of_campaign(campaign);
    choices.extend(joining.filter_map(|onto| joining_by(state, onto)));
    let before = state.prices.get(campaign);
    // At 0 fewer are wanted, and nothing is lower than the price of a shortfall.
    let floor = if before > 0 { 0 } else { -network.shortfall() };
    let price = if last < choices.len() {
        let (_, worst, _) = choices.select_nth_unstable_by_key(last, |choice| choice.loss);
        (before - worst.loss.max(0) - slack).max(floor)
    } else {
        floor
    };
    state.prices.set(campaign, price);
    for choice in choices.iter().take(last + 1) {
        if choice.loss > before - price {
            continue;
        }
        if choice.off != NONE {
            state.give_up(choice.off);
            queue.push(network.edge(choice.off).campaign());
        }
        state.take(choice.onto);
    }
    queue.push(campaign);
    true
}

/// Returns what the agent of an edge would give up for it.
fn joining_by(state: &State<'_>, onto: usize) -> Option<Choice> {
    let agent = state.network.edge(onto).agent();
    if state.used.get(onto) || state.network.places_of(agent) == 0 {
        return None;
    }
    let (mut worst, mut off) = (0, NONE);
    if !state.free(agent) {
        for edge in state.holds(agent) {
            let left = state.margin(edge);
            if off == NONE || left < worst {
                (worst, off) = (left, edge);
            }
        }
    }
    Some(Choice {
        loss: worst - state.margin(onto),
        off,
        onto,
    })
}
