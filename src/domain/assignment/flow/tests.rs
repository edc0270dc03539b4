//! The flow against brute force, against golden instances, and against itself.
#![expect(clippy::arithmetic_side_effects, reason = "numbers of a few digits")]

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const SHORTFALL: i64 = 100_000;

fn network(edges: &[(usize, usize, i64)], places: &[i64], bounds: &[(i64, i64)]) -> Network {
    let edges = edges
        .iter()
        .map(|(agent, campaign, value)| Edge::new(*agent, *campaign, *value));
    let bounds = bounds.iter().map(|(least, most)| Bounds {
        least: *least,
        most: *most,
    });
    Network::new(
        edges.collect(),
        places.to_vec(),
        bounds.collect(),
        SHORTFALL,
    )
}

/// The worth of the best of all choices.
fn brute_force(network: &Network) -> i64 {
    let edges = network.edges();
    let mut best = i64::MIN;
    for choice in 0_u32..1 << edges.len() {
        let used: Vec<bool> = (0..edges.len())
            .map(|edge| choice >> edge & 1 == 1)
            .collect();
        let solution = Solution {
            used,
            prices: Vec::new(),
            repairs: 0,
        };
        if fits(network, &solution) {
            best = best.max(solution.worth(network));
        }
    }
    best
}

fn fits(network: &Network, solution: &Solution) -> bool {
    let chosen: Vec<&Edge> = network
        .edges()
        .iter()
        .zip(&solution.used)
        .filter(|(_, used)| **used)
        .map(|(edge, _)| edge)
        .collect();
    let many = |of: &dyn Fn(&Edge) -> bool| chosen.iter().filter(|edge| of(edge)).count();
    let agents = network.places().iter().enumerate();
    let campaigns = network.bounds().iter().enumerate();
    agents
        .map(|(agent, places)| (many(&|edge: &Edge| edge.agent() == agent), *places))
        .chain(
            campaigns.map(|(at, bounds)| (many(&|edge: &Edge| edge.campaign() == at), bounds.most)),
        )
        .all(|(taken, most)| i64::try_from(taken).unwrap() <= most)
}

/// No agent gains by another choice at the prices, and every campaign is as full as its price says: together these
/// prove that nothing is worth more, without a second solver.
fn prices_prove_it(network: &Network, solution: &Solution) {
    let left = |edge: &Edge| edge.value - solution.prices[edge.campaign()];
    for (agent, places) in network.places().iter().enumerate() {
        let own = network
            .edges()
            .iter()
            .zip(&solution.used)
            .filter(|(edge, _)| edge.agent() == agent);
        let (held, others): (Vec<_>, Vec<_>) = own.partition(|(_, used)| **used);
        let worst = held
            .iter()
            .map(|(edge, _)| left(edge))
            .min()
            .unwrap_or(i64::MAX);
        let best = others
            .iter()
            .map(|(edge, _)| left(edge))
            .max()
            .unwrap_or(i64::MIN);
        assert!(worst >= 0 && worst >= best, "agent {agent} would gain");
        assert!(
            i64::try_from(held.len()).unwrap() == *places || best <= 0,
            "agent {agent} idles"
        );
    }
    for (campaign, bounds) in network.bounds().iter().enumerate() {
        let edges = network.edges().iter().zip(&solution.used);
        let taken = edges
            .filter(|(edge, used)| **used && edge.campaign() == campaign)
            .count();
        let taken = i64::try_from(taken).unwrap();
        let price = solution.prices[campaign];
        let (fewest, most) = match price {
            1.. => (bounds.most, bounds.most),
            0 => (bounds.least, bounds.most),
            _ if price > -SHORTFALL => (bounds.least, bounds.least),
            _ => (0, bounds.least),
        };
        assert!(
            (fewest..=most).contains(&taken),
            "campaign {campaign}: {taken} at price {price}"
        );
    }
}

#[test]
fn the_better_agent_gets_the_one_place() {
    let network = network(&[(0, 0, 5), (1, 0, 7)], &[1, 1], &[(0, 1)]);
    assert_eq!(solve(&network, Start::Fresh).used, [false, true]);
}

#[test]
fn an_agent_gives_way_where_somebody_else_can_follow() {
    // Greedy by value would take (0, 0) and leave agent 1 without a place.
    let network = network(
        &[(0, 0, 10), (0, 1, 9), (1, 0, 8)],
        &[1, 1],
        &[(0, 1), (0, 1)],
    );
    let found = solve(&network, Start::Fresh);
    assert_eq!(
        (found.used.as_slice(), found.worth(&network)),
        ([false, true, true].as_slice(), 17)
    );
}

#[test]
fn a_least_is_filled_even_at_a_loss_and_missed_where_nobody_can() {
    let network = network(&[(0, 0, 10), (0, 1, -3)], &[1], &[(0, 1), (2, 4)]);
    let found = solve(&network, Start::Fresh);
    assert_eq!(found.used, [false, true]);
    assert_eq!(found.worth(&network), -3 - SHORTFALL);
}

#[test]
fn two_places_serve_two_campaigns_and_never_one_twice() {
    let network = network(&[(0, 0, 10), (0, 1, 1)], &[2], &[(0, 5), (0, 5)]);
    assert_eq!(solve(&network, Start::Fresh).used, [true, true]);
}

#[test]
fn what_is_worth_nothing_or_less_is_left() {
    let network = network(&[(0, 0, -1), (1, 0, 1)], &[1, 1], &[(0, 5)]);
    assert_eq!(solve(&network, Start::Fresh).used, [false, true]);
}

fn small() -> impl Strategy<Value = Network> {
    (1_usize..5, 1_usize..4).prop_flat_map(|(agents, campaigns)| {
        let pairs = agents * campaigns;
        (
            // Few different values, so that there are many ties.
            vec(proptest::option::weighted(0.8, -3_i64..8), pairs),
            vec(0_i64..3, agents),
            vec((0_i64..3, 0_i64..3), campaigns),
        )
            .prop_map(move |(values, places, bounds)| {
                let edges: Vec<_> = values
                    .iter()
                    .enumerate()
                    .filter_map(|(at, value)| Some((at / campaigns, at % campaigns, (*value)?)))
                    .collect();
                let bounds: Vec<_> = bounds.iter().map(|(a, b)| (*a.min(b), *a.max(b))).collect();
                network(&edges, &places, &bounds)
            })
    })
}

/// Networks too large to try everything: the prices prove the end.
fn larger() -> impl Strategy<Value = (Network, Vec<i64>, Vec<bool>)> {
    (5_usize..60, 2_usize..12, 1_i64..2_000).prop_flat_map(|(agents, campaigns, spread)| {
        let pairs = agents * campaigns;
        (
            vec(proptest::option::weighted(0.5, -spread / 4..spread), pairs),
            vec(0_i64..3, agents),
            vec((0_i64..6, 0_i64..12), campaigns),
            vec(-200_i64..500, campaigns),
            vec(any::<bool>(), pairs),
        )
            .prop_map(move |(values, places, bounds, prices, used)| {
                let edges: Vec<_> = values
                    .iter()
                    .enumerate()
                    .filter_map(|(at, value)| Some((at / campaigns, at % campaigns, (*value)?)))
                    .collect();
                let bounds: Vec<_> = bounds.iter().map(|(a, b)| (*a.min(b), *a.max(b))).collect();
                (network(&edges, &places, &bounds), prices, used)
            })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn nothing_is_worth_more(network in small()) {
        let found = solve(&network, Start::Fresh);
        prop_assert!(fits(&network, &found));
        prop_assert_eq!(found.worth(&network), brute_force(&network));
        prices_prove_it(&network, &found);
    }

    #[test]
    fn prices_prove_every_end_whatever_it_started_from((network, prices, used) in larger()) {
        let fresh = solve(&network, Start::Fresh);
        prop_assert!(fits(&network, &fresh));
        prices_prove_it(&network, &fresh);
        let start = Start::From { prices: &prices, used: &used };
        let again = solve(&network, start);
        prop_assert!(fits(&network, &again));
        prices_prove_it(&network, &again);
        prop_assert_eq!(again.worth(&network), fresh.worth(&network));
        // An optimum stays as it is.
        let start = Start::From { prices: &fresh.prices, used: &fresh.used };
        let kept = solve(&network, start);
        prop_assert_eq!((&kept.used, kept.repairs), (&fresh.used, 0));
    }
}
