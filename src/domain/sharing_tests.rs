//! Campaigns of one group: who is paused first, who is resumed first, and what is left to those behind.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::{
    Autopilot, CalendarRule, Calendars, CampaignActivity, CampaignId, CommandResult, Delivery,
    Direction, GroupCount, GroupPlace, HeadCount, Outcome, Policy, Sample, StatusFinding,
    StatusReading, Suppression, Thresholds, Timestamp,
};

const START: Timestamp = Timestamp::from_unix_millis(1_000_000);
const POLL: Duration = Duration::from_secs(30);

fn id(text: &str) -> CampaignId {
    text.parse().unwrap()
}

fn policy(rank: u32, (pause_below, resume_at): (u32, u32), claim: Option<u32>) -> Policy {
    let limit = |agents: u32| agents.to_string().parse().unwrap();
    Policy {
        thresholds: Thresholds::new(limit(pause_below), limit(resume_at)).unwrap(),
        place: Some(GroupPlace {
            group: "sales".to_owned(),
            rank,
            claim,
        }),
        max_sample_age: Duration::from_secs(3_600),
        ..Policy::default()
    }
}

/// An autopilot with a platform that does at once what it is told.
struct Floor {
    pilot: Autopilot,
    now: Timestamp,
    running: BTreeMap<CampaignId, bool>,
}

impl Floor {
    fn new(policies: BTreeMap<CampaignId, Policy>) -> Self {
        let running = policies.keys().map(|id| (id.clone(), true)).collect();
        let longest = Duration::from_secs(40);
        let pilot = Autopilot::new(1, policies, BTreeMap::new(), longest, START);
        Self {
            pilot,
            now: START,
            running,
        }
    }

    fn three(claim: Option<u32>) -> Self {
        // The ids are in another order than the ranks.
        let ranked = [("c", 0), ("a", 1), ("b", 2)];
        let policies = ranked.map(|(name, rank)| (id(name), policy(rank, (3, 5), claim)));
        Self::new(policies.into())
    }

    fn reading(&self, id: &CampaignId) -> StatusFinding {
        let (activity, word) = if self.running[id] {
            (CampaignActivity::Running, "RUNNING")
        } else {
            (CampaignActivity::Paused, "PAUSED")
        };
        let reading = StatusReading::without_evidence(activity, word.to_owned(), self.now);
        StatusFinding::Found(reading)
    }

    fn read(&mut self) {
        for id in self.running.keys() {
            let found = self.reading(id);
            self.pilot.observe_status(id, &found, self.now);
        }
    }

    fn observe(&mut self, available: u32) -> Vec<(String, Direction)> {
        self.now = self.now.plus(POLL);
        self.read();
        let count = HeadCount {
            free: available,
            serving: 0,
            wrap_up: 0,
            staffed: 40,
        };
        let sample = Sample::Complete {
            taken_at: self.now,
            heads: vec![GroupCount::Known(count); self.pilot.groups().len()],
        };
        self.pilot.observe_sample(sample, self.now);
        let plan = self.pilot.decide(self.now);
        let commands = plan.commands.into_iter();
        commands
            .map(|(id, wanted)| (id.to_string(), wanted.direction))
            .collect()
    }

    /// One poll, with everything done that it asks for.
    fn poll(&mut self, available: u32) -> Vec<(String, Direction)> {
        let asked = self.observe(available);
        for (name, direction) in &asked {
            let id = id(name);
            self.pilot
                .authorise(&id, *direction, self.now)
                .expect("what is planned is still wanted");
            self.running
                .insert(id.clone(), *direction == Direction::Resume);
            let done = CommandResult {
                delivery: Delivery::Acknowledged { version: None },
                after: self.reading(&id),
                before: None,
                ended_at: None,
                lost: Vec::new(),
            };
            self.pilot.report(&id, &done, self.now);
        }
        asked
    }

    fn suppression(&mut self, name: &str) -> Option<Suppression> {
        let plan = self.pilot.decide(self.now);
        let mut reasons = plan.reasons.into_iter();
        let (_, reason) = reasons.find(|(known, _)| *known == id(name))?;
        match reason.outcome {
            Outcome::Suppressed { by, .. } => Some(by),
            Outcome::Command { .. } | Outcome::NothingToDo => None,
        }
    }
}

fn pauses(names: &[&str]) -> Vec<(String, Direction)> {
    let pause = |name: &&str| ((*name).to_owned(), Direction::Pause);
    names.iter().map(pause).collect()
}

fn resumes(name: &str) -> Vec<(String, Direction)> {
    vec![(name.to_owned(), Direction::Resume)]
}

#[test]
fn the_last_one_is_paused_first() {
    let mut floor = Floor::three(None);
    // c claims 3, a claims 3: b has what is left of 9.
    assert_eq!(floor.poll(9), []);
    assert_eq!(floor.poll(8), pauses(&["b"]));
    assert_eq!(floor.poll(5), pauses(&["a"]));
    assert_eq!(floor.poll(3), []);
    assert_eq!(floor.poll(2), pauses(&["c"]));
}

#[test]
fn the_first_one_is_resumed_first_and_one_at_each_poll() {
    let mut floor = Floor::three(None);
    assert_eq!(floor.poll(0), pauses(&["a", "b", "c"]));
    assert_eq!(floor.poll(40), resumes("c"));
    assert_eq!(floor.poll(40), resumes("a"));
    assert_eq!(floor.poll(40), resumes("b"));
    assert_eq!(floor.poll(40), []);
}

#[test]
fn none_is_resumed_on_agents_whom_another_one_claims() {
    let mut floor = Floor::three(None);
    floor.poll(0);
    assert_eq!(floor.poll(5), resumes("c"));
    // c claims 3 of them, and a needs 5 that are left.
    assert_eq!(floor.poll(7), []);
    assert_eq!(floor.poll(8), resumes("a"));
}

#[test]
fn a_group_may_say_how_many_are_claimed() {
    let mut floor = Floor::three(Some(0));
    floor.poll(0);
    assert_eq!(floor.poll(5), resumes("c"));
    assert_eq!(floor.poll(5), resumes("a"));
    assert_eq!(floor.poll(5), resumes("b"));
}

#[test]
fn while_a_resume_is_on_its_way_the_others_wait() {
    let mut floor = Floor::three(None);
    floor.poll(0);
    assert_eq!(floor.observe(40), resumes("c"));
    let first = id("c");
    floor.pilot.authorise(&first, Direction::Resume, floor.now);
    assert_eq!(floor.suppression("a"), Some(Suppression::GroupTurn));
    assert_eq!(floor.suppression("b"), Some(Suppression::GroupTurn));
    let wanted = floor
        .pilot
        .still_wants(&id("a"), Direction::Resume, floor.now);
    assert!(
        wanted.is_none(),
        "nor is one authorised that was planned before"
    );
}

#[test]
fn one_that_cannot_be_resumed_leaves_its_turn() {
    let mut floor = Floor::three(None);
    floor.poll(0);
    // A person pauses the first one: its pause is not ours.
    floor.running.insert(id("c"), true);
    floor.read();
    floor.running.insert(id("c"), false);
    floor.read();
    assert_eq!(floor.poll(40), resumes("a"));
}

#[test]
fn a_campaign_in_no_group_is_left_alone_by_it() {
    let mut policies: BTreeMap<CampaignId, Policy> = Floor::three(None)
        .pilot
        .campaigns()
        .map(|(id, campaign)| (id.clone(), campaign.policy().clone()))
        .collect();
    let alone = Policy {
        place: None,
        ..policy(0, (3, 5), None)
    };
    policies.insert(id("z"), alone);
    let mut floor = Floor::new(policies);
    assert_eq!(floor.poll(4), pauses(&["a", "b"]));
    floor.poll(0);
    let both = [resumes("c"), resumes("z")].concat();
    assert_eq!(floor.poll(5), both);
}

#[test]
fn one_whose_calendar_is_closed_claims_nothing_and_takes_no_turn() {
    let ranked = [("c", 0), ("a", 1), ("b", 2)];
    let policies = ranked.map(|(name, rank)| {
        // A calendar that nobody knows is closed.
        let calendar = (name == "c").then(|| CalendarRule {
            calendar: "office".parse().unwrap(),
            alone: false,
        });
        let policy = Policy {
            calendar,
            ..policy(rank, (3, 5), None)
        };
        (id(name), policy)
    });
    let mut floor = Floor::new(policies.into());
    assert_eq!(floor.poll(40), pauses(&["c"]));
    // a claims 3 of them, and b has what is left.
    assert_eq!(floor.poll(6), []);
    assert_eq!(floor.poll(5), pauses(&["b"]));
    assert_eq!(floor.poll(40), resumes("b"));
    assert_eq!(floor.suppression("c"), Some(Suppression::Calendar));
}

#[test]
fn new_ranks_are_taken_up() {
    let mut floor = Floor::three(None);
    let ranked = [("b", 0), ("a", 1), ("c", 2)];
    let policies = ranked.map(|(name, rank)| (id(name), policy(rank, (3, 5), None)));
    floor
        .pilot
        .reconfigure(policies.into(), Calendars::default(), floor.now);
    assert_eq!(floor.poll(8), pauses(&["c"]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// With equal thresholds what runs is always the first ones, whatever the agents do, and no poll resumes two.
    #[test]
    fn those_that_run_come_before_those_that_are_paused(counts in prop::collection::vec(0_u32..20, 1..40)) {
        let mut floor = Floor::three(None);
        for available in counts {
            let asked = floor.poll(available);
            let resumed = asked.iter().filter(|(_, to)| *to == Direction::Resume);
            prop_assert!(resumed.count() <= 1, "{asked:?}");
            let runs = ["c", "a", "b"].map(|name| floor.running[&id(name)]);
            prop_assert!(runs.is_sorted_by(|before, after| before >= after), "{runs:?} with {available}");
        }
    }
}
