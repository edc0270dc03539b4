//! Plans as a person would check them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::*;
use crate::domain::{CampaignId, OnManualChange, Timestamp};

const NOON: &str = "2026-01-15T12:00:00Z";

/// A small centre, spelled out.
struct Centre {
    roster: Roster,
    policy: AssignPolicy,
    campaigns: Vec<CampaignNow>,
    agents: Vec<AgentNow>,
    in_force: Vec<Pair>,
    refused: BTreeSet<Pair>,
}

fn preview(skills: &[&str], least: u32, most: u32) -> Preview {
    Preview {
        skills: skills.iter().map(|skill| skill.parse().unwrap()).collect(),
        target: "10".parse().unwrap(),
        weight: Weight::default(),
        least,
        most,
        zones: BTreeSet::from(["UTC".parse().unwrap()]),
        concurrency: 1,
        on_manual_change: OnManualChange::Respect,
        manual_grace: Duration::from_secs(900),
    }
}

fn agent(skills: &[&str], window: &str, concurrency: u8) -> RosterAgent {
    let mut parts = window.split([' ', '-']);
    let mut next = || parts.next().unwrap();
    RosterAgent {
        skills: skills.iter().map(|skill| skill.parse().unwrap()).collect(),
        window: AvailabilityWindow {
            start: next().parse().unwrap(),
            end: next().parse().unwrap(),
            zone: next().parse().unwrap(),
        },
        concurrency,
    }
}

fn centre(agents: Vec<RosterAgent>, previews: Vec<Preview>) -> Centre {
    let many = agents.len();
    let ids = (0..).map(|n| format!("a{n}").parse().unwrap());
    let campaigns = vec![
        CampaignNow {
            serving: Serving::Running,
            ..CampaignNow::default()
        };
        previews.len()
    ];
    let names = (0..).map(|n| format!("c{n}").parse::<CampaignId>().unwrap());
    let here = AgentNow {
        present: true,
        ..AgentNow::default()
    };
    Centre {
        roster: Roster::new(ids.zip(agents).collect()),
        policy: AssignPolicy {
            previews: names.zip(previews).collect(),
            interval: Duration::from_secs(60),
            moved_agents: 1,
            horizon: Duration::from_secs(900),
            churn: 50,
            rate_window: Duration::from_secs(3600),
            form: ListForm::Whole,
        },
        campaigns,
        agents: vec![here; many],
        in_force: Vec::new(),
        refused: BTreeSet::new(),
    }
}

impl Centre {
    fn ask<T>(&self, at: &str, question: impl FnOnce(&Situation<'_>) -> T) -> T {
        let eligibility = Eligibility::new(&self.roster, &self.policy);
        question(&Situation {
            roster: &self.roster,
            policy: &self.policy,
            eligibility: &eligibility,
            campaigns: &self.campaigns,
            agents: &self.agents,
            in_force: &self.in_force,
            refused: &self.refused,
            kept: &BTreeSet::new(),
            now: Timestamp::parse_rfc3339(at).unwrap(),
        })
    }

    fn plan(&self) -> AssignPlan {
        self.ask(NOON, |situation| plan(situation, None))
    }
}

fn anyone() -> RosterAgent {
    agent(&["s"], "09:00-17:00 UTC", 1)
}

#[test]
fn skills_windows_zones_and_presence_decide_who_may_serve() {
    let berlin = agent(&["s"], "09:00-17:00 Europe/Berlin", 1);
    let agents = vec![
        anyone(),
        agent(&["other"], "09:00-17:00 UTC", 1),
        agent(&["s"], "13:00-17:00 UTC", 1),
        berlin,
        anyone(),
    ];
    let mut centre = centre(agents, vec![preview(&["s"], 0, 9)]);
    centre.agents[4].present = false;
    assert_eq!(centre.plan().pairs, [(0, 0)]);
    let barred: Vec<_> = (0..5)
        .map(|agent| {
            centre.ask(NOON, |situation| {
                let made = plan(situation, None);
                explain(situation, &made, agent)[0].barred
            })
        })
        .collect();
    let expected = [
        None,
        Some(Barred::Skills),
        Some(Barred::Window),
        Some(Barred::Zone),
        Some(Barred::Absent),
    ];
    assert_eq!(barred, expected);
}

#[test]
fn a_window_that_closes_takes_the_agent_off_the_list() {
    let mut centre = centre(vec![anyone()], vec![preview(&["s"], 0, 9)]);
    centre.in_force = vec![(0, 0)];
    let made = centre.ask("2026-01-15T16:50:00Z", |situation| plan(situation, None));
    assert_eq!(made.pairs, []);
    assert_eq!(made.moves[0].why, MoveReason::Barred(Barred::Window));
}

#[test]
fn agents_of_a_standing_campaign_serve_the_running_one_and_come_back() {
    let previews = vec![preview(&["s"], 2, 2), preview(&["s"], 0, 4)];
    let mut centre = centre(vec![anyone(), anyone(), anyone()], previews);
    let first = centre.plan();
    let on =
        |plan: &AssignPlan, campaign| plan.pairs.iter().filter(|pair| pair.1 == campaign).count();
    assert_eq!((on(&first, 0), on(&first, 1)), (2, 1));
    centre.in_force = first.pairs;
    centre.campaigns[0].serving = Serving::NotRunning;
    let paused = centre.ask(NOON, |situation| plan(situation, Some(&first.prior)));
    assert_eq!((on(&paused, 0), on(&paused, 1)), (0, 3));
    assert!(paused.moves.iter().all(|moved| {
        moved.why == MoveReason::Barred(Barred::NotRunning)
            && moved.to == Some("c1".parse().unwrap())
    }));
    centre.in_force = paused.pairs;
    centre.campaigns[0].serving = Serving::Running;
    let back = centre.ask(NOON, |situation| plan(situation, Some(&paused.prior)));
    assert_eq!((on(&back, 0), on(&back, 1)), (2, 1));
    assert!(
        back.moves
            .iter()
            .all(|moved| moved.why == MoveReason::FillsLeast)
    );
}

#[test]
fn an_agent_on_a_call_stays_even_where_the_campaign_stands() {
    let previews = vec![preview(&["s"], 0, 2), preview(&["s"], 0, 4)];
    let mut centre = centre(vec![anyone(), anyone()], previews);
    centre.in_force = vec![(0, 0), (1, 0)];
    centre.campaigns[0].serving = Serving::NotRunning;
    centre.agents[0].on_call = true;
    let made = centre.plan();
    assert_eq!(made.pairs, [(0, 0), (1, 1)]);
}

#[test]
fn a_gain_smaller_than_the_churn_moves_nobody() {
    let mut heavier = preview(&["s"], 0, 1);
    heavier.weight = "1.05".parse().unwrap();
    let mut centre = centre(vec![anyone()], vec![preview(&["s"], 0, 1), heavier]);
    centre.in_force = vec![(0, 0)];
    // A move changes two pairs at 0.05 each and gains 0.05.
    assert_eq!(centre.plan().moves, []);
    centre.policy.churn = 20;
    assert_eq!(centre.plan().pairs, [(0, 1)]);
}

#[test]
fn plans_of_equal_worth_change_nothing() {
    let agents = vec![anyone(), anyone(), anyone()];
    let mut centre = centre(agents, vec![preview(&["s"], 0, 1), preview(&["s"], 0, 1)]);
    centre.policy.churn = 0;
    for in_force in [
        vec![(1, 1), (2, 0)],
        vec![(0, 1), (2, 0)],
        vec![(0, 0), (1, 1)],
    ] {
        centre.in_force = in_force;
        assert_eq!(centre.plan().moves, []);
    }
}

#[test]
fn a_busy_agent_is_kept_below_the_line_for_new_pairs_but_not_taken_on() {
    let mut centre = centre(vec![anyone(), anyone()], vec![preview(&["s"], 0, 2)]);
    centre.agents[0].recent = "7".parse().unwrap();
    centre.agents[1].recent = "6.9".parse().unwrap();
    assert_eq!(centre.plan().pairs, [(1, 0)]);
    centre.in_force = vec![(0, 0)];
    assert_eq!(centre.plan().pairs, [(0, 0), (1, 0)]);
}

#[test]
fn a_lower_cap_and_foreign_entries_leave_fewer_places() {
    let mut centre = centre(
        vec![anyone(), anyone(), anyone()],
        vec![preview(&["s"], 0, 3)],
    );
    centre.campaigns[0].cap = Some(2);
    assert_eq!(centre.plan().pairs.len(), 2);
    centre.campaigns[0].foreign = 1;
    assert_eq!(centre.plan().pairs.len(), 1);
    centre.refused = BTreeSet::from([(0, 0)]);
    assert_eq!(centre.plan().pairs, [(1, 0)]);
}

#[test]
fn a_list_that_is_left_alone_keeps_its_agents_and_their_places() {
    let mut centre = centre(
        vec![anyone(), anyone()],
        vec![preview(&["s"], 0, 2), preview(&["s"], 0, 2)],
    );
    centre.in_force = vec![(0, 0)];
    centre.campaigns[0].serving = Serving::Fixed;
    assert_eq!(centre.plan().pairs, [(0, 0), (1, 1)]);
}

#[test]
fn the_margin_tells_why_an_agent_is_where_it_is() {
    let previews = vec![preview(&["s"], 0, 1), preview(&["s"], 0, 1)];
    let mut centre = centre(vec![anyone(), anyone(), anyone()], previews);
    centre.policy.churn = 0;
    centre.agents[2].recent = "5".parse().unwrap();
    let made = centre.plan();
    assert_eq!(made.pairs.len(), 2);
    let standings = centre.ask(NOON, |situation| explain(situation, &made, 2));
    assert!(
        standings
            .iter()
            .all(|standing| !standing.planned && standing.margin <= Some(0))
    );
}

#[test]
fn kinds_are_shared_and_found_again() {
    let roster = Roster::new(BTreeMap::from([
        ("b".parse().unwrap(), anyone()),
        ("a".parse().unwrap(), anyone()),
        ("c".parse().unwrap(), agent(&["x"], "09:00-17:00 UTC", 2)),
    ]));
    assert_eq!((roster.kinds().len(), roster.places()), (2, 4));
    assert_eq!(roster.position(&"b".parse().unwrap()), Some(1));
    assert_eq!(roster.position(&"d".parse().unwrap()), None);
}
