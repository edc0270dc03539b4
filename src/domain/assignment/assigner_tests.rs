//! The assigner's stories, each told again from its record.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::*;
use crate::domain::replay::{Input, replay};
use crate::domain::{AgentState, CampaignId, Conclusion, OnManualChange, Timestamp};

const START: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);

/// An assigner whose every input is recorded, through JSON as the store does it.
struct Told {
    assigner: Assigner,
    record: Vec<(Timestamp, String)>,
    now: Timestamp,
}

fn preview(weight: &str, most: u32) -> Preview {
    Preview {
        skills: BTreeSet::from(["s".parse().unwrap()]),
        target: "10".parse().unwrap(),
        weight: weight.parse().unwrap(),
        least: 0,
        most,
        zones: BTreeSet::from(["UTC".parse().unwrap()]),
        concurrency: 2,
        on_manual_change: OnManualChange::Respect,
        manual_grace: Duration::from_secs(600),
    }
}

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

impl Told {
    /// Agents a, b with one place and c with two; campaign x is worth more than y.
    fn new() -> Self {
        Self::on(ListForm::Whole)
    }

    /// The same on a platform that keeps lists in this form.
    fn on(form: ListForm) -> Self {
        let agent = |concurrency| RosterAgent {
            skills: BTreeSet::from([id("s")]),
            window: AvailabilityWindow {
                start: id("00:00"),
                end: id("00:00"),
                zone: id("UTC"),
            },
            concurrency,
        };
        let agents = [("a", 1), ("b", 1), ("c", 2)];
        let roster = Roster::new(agents.map(|(name, many)| (id(name), agent(many))).into());
        let policy = AssignPolicy {
            previews: BTreeMap::from([(id("x"), preview("2", 2)), (id("y"), preview("1", 4))]),
            interval: Duration::from_secs(60),
            moved_agents: 1,
            horizon: Duration::from_secs(300),
            churn: 50,
            rate_window: Duration::from_secs(3_600),
            form,
        };
        let (given, restored) = (BTreeMap::new(), BTreeMap::new());
        let assigner = Assigner::new(policy.clone(), roster.clone(), &given, restored.clone());
        let mut told = Self {
            assigner,
            record: Vec::new(),
            now: START,
        };
        told.keep(AssignInput::Start {
            policy,
            roster,
            given,
            restored,
        });
        told
    }

    fn keep(&mut self, input: AssignInput) {
        let input = Input::Assign {
            assign: Box::new(input),
        };
        self.record
            .push((self.now, serde_json::to_string(&input).unwrap()));
    }

    fn later(&mut self, seconds: u64) {
        self.now = self.now.plus(Duration::from_secs(seconds));
    }

    fn agents(&mut self, states: [AgentState; 3]) {
        let changes = self.assigner.changed_states(&states);
        self.assigner.observe_agents(&changes, self.now);
        self.keep(AssignInput::Agents { changes });
    }

    fn running(&mut self, x: bool, y: bool) {
        let running = vec![Some(x), Some(y)];
        self.assigner.observe_running(&running);
        self.keep(AssignInput::Running { running });
    }

    fn list(&mut self, campaign: &str, finding: ListFinding) -> Option<ListNotice> {
        let campaign: CampaignId = id(campaign);
        let notice = self.assigner.observe_list(&campaign, &finding, self.now);
        self.keep(AssignInput::List { campaign, finding });
        notice
    }

    fn nothing_listed(&mut self) {
        for campaign in ["x", "y"] {
            let agents = List::new();
            assert_eq!(self.list(campaign, ListFinding::Found { agents }), None);
        }
    }

    fn propose(&mut self) -> BTreeMap<CampaignId, List> {
        let targets = self.assigner.propose(self.now).targets;
        self.keep(AssignInput::Propose {
            targets: targets.clone(),
        });
        targets
    }

    fn send(&mut self, dispatch: Dispatch, end: DispatchEnd) {
        self.assigner.depart(&dispatch, self.now);
        self.keep(AssignInput::Depart {
            dispatch: dispatch.clone(),
        });
        self.assigner.report(&dispatch, &end, self.now);
        self.keep(AssignInput::Report {
            sent: dispatch,
            end,
        });
    }

    /// Sends all that a proposal needs; gives the lists as `campaign: agents` in the order in which they were sent.
    fn settle(&mut self) -> Vec<String> {
        let targets = self.propose();
        let mut sent = Vec::new();
        for pass in DispatchPass::ORDER {
            while let Some(dispatch) = self.assigner.next_dispatch(&targets, pass) {
                let agents = dispatch.agents.iter();
                let agents = agents.map(|(agent, entry)| format!("{agent}{}", entry.calls));
                let agents: Vec<String> = agents.collect();
                sent.push(format!("{}: {}", dispatch.campaign, agents.join(" ")));
                self.send(dispatch, accepted());
            }
        }
        sent
    }

    /// Everything decided is decided again, and a replay may begin at any recorded state.
    fn replays(mut self) {
        self.keep(AssignInput::Checkpoint {
            assigner: Box::new(self.assigner.clone()),
        });
        let inputs = self.record.iter();
        let inputs = inputs.map(|(at, text)| (*at, serde_json::from_str(text).unwrap()));
        let found = replay(inputs).unwrap();
        assert!(found.compared > 0);
    }
}

fn accepted() -> DispatchEnd {
    DispatchEnd::confirmed(Some("assign-1".to_owned()), 1)
}

use AgentState::{Available, Busy, Offline};

#[test]
fn nothing_is_planned_before_agents_lists_and_statuses_are_known() {
    let mut told = Told::new();
    assert_eq!(told.assigner.due(START), None);
    told.agents([Available; 3]);
    assert_eq!(told.assigner.due(START), Some(Trigger::First));
    assert_eq!(told.propose(), BTreeMap::new());
    told.running(true, true);
    assert_eq!(told.propose(), BTreeMap::new(), "no list was read");
    told.nothing_listed();
    assert_eq!(told.assigner.due(START), Some(Trigger::Serving));
    assert!(!told.propose().is_empty());
    assert_eq!(told.assigner.due(START), None);
    told.later(60);
    assert_eq!(told.assigner.due(told.now), Some(Trigger::Interval));
    told.agents([Available, Available, Offline]);
    assert_eq!(told.assigner.due(told.now), Some(Trigger::Moved));
    told.replays();
}

#[test]
fn a_list_lets_go_before_the_other_takes() {
    let mut told = Told::new();
    told.agents([Available; 3]);
    told.running(true, true);
    told.nothing_listed();
    // c serves both with one call each.
    assert_eq!(told.settle(), ["x: a1 c1", "y: b1 c1"]);
    assert_eq!(told.settle(), [""; 0]);
    told.running(false, true);
    // x is emptied first; then c may hold both of its calls on y.
    assert_eq!(told.settle(), ["x: ", "y: a1 b1 c2"]);
    told.running(true, true);
    // c gives one call back before it joins x.
    let sent = told.settle();
    assert_eq!(sent.len(), 2, "{sent:?}");
    assert!(
        sent[0].starts_with("y: ") && sent[1].starts_with("x: "),
        "{sent:?}"
    );
    told.replays();
}

#[test]
fn somebody_who_was_not_let_go_does_not_join() {
    let mut told = Told::new();
    told.agents([Available, Offline, Offline]);
    told.running(false, true);
    told.nothing_listed();
    assert_eq!(told.settle(), ["y: a1"]);
    told.running(true, true);
    let targets = told.propose();
    let leave = told
        .assigner
        .next_dispatch(&targets, DispatchPass::Losing)
        .unwrap();
    assert_eq!((leave.campaign.as_str(), leave.agents.len()), ("y", 0));
    let why = "no route".to_owned();
    told.send(leave, DispatchEnd::failed(Conclusion::NotSent, why));
    let mut without_y = targets;
    without_y.remove(&id::<CampaignId>("y"));
    assert_eq!(
        told.assigner.next_dispatch(&without_y, DispatchPass::All),
        None
    );
    told.replays();
}

#[test]
fn a_lost_answer_counts_both_ways_until_the_list_is_read() {
    let mut told = Told::new();
    told.agents([Available, Offline, Offline]);
    told.running(true, true);
    told.nothing_listed();
    let targets = told.propose();
    let dispatch = told
        .assigner
        .next_dispatch(&targets, DispatchPass::All)
        .unwrap();
    let why = "cut off".to_owned();
    told.send(
        dispatch.clone(),
        DispatchEnd::failed(Conclusion::Unknown, why),
    );
    assert_eq!(told.assigner.unread_lists(), [id::<CampaignId>("x")]);
    let notice = told.list(
        "x",
        ListFinding::Found {
            agents: dispatch.agents,
        },
    );
    assert_eq!(notice, Some(ListNotice::Resolved));
    assert_eq!(told.settle(), [""; 0], "it had arrived");
    told.replays();
}

#[test]
fn who_may_come_onto_a_list_late_joins_no_other_until_then() {
    let mut told = Told::new();
    told.agents([Available; 3]);
    told.running(false, true);
    told.nothing_listed();
    let targets = told.propose();
    let dispatch = told
        .assigner
        .next_dispatch(&targets, DispatchPass::All)
        .unwrap();
    let lost = DispatchEnd::failed(Conclusion::Unknown, "no answer".to_owned());
    told.send(dispatch.clone(), lost);
    let nobody = || ListFinding::Found {
        agents: List::new(),
    };
    assert_eq!(told.list("y", nobody()), Some(ListNotice::Resolved));
    told.later(60);
    told.running(true, false);
    assert_eq!(told.settle(), [""; 0], "they may be on the other list yet");
    let mut late = told.assigner.clone();
    let came = ListFinding::Found {
        agents: dispatch.agents,
    };
    assert_eq!(
        late.observe_list(&id("y"), &came, told.now),
        Some(ListNotice::Resolved),
        "it came late, and is nobody else's"
    );
    told.later(300);
    assert_eq!(told.list("y", nobody()), None);
    assert_eq!(told.settle(), ["x: b1 c2"]);
    told.replays();
}

#[test]
fn a_list_that_was_confirmed_after_a_lost_attempt_may_come_once_more() {
    let mut told = Told::new();
    told.agents([Available; 3]);
    told.running(false, true);
    told.nothing_listed();
    let targets = told.propose();
    let dispatch = told
        .assigner
        .next_dispatch(&targets, DispatchPass::All)
        .unwrap();
    let confirmed = DispatchEnd {
        may_come_late: true,
        ..accepted()
    };
    told.send(dispatch, confirmed);
    told.running(true, false);
    assert_eq!(told.settle(), ["y: "], "they leave, and join later");
    told.later(301);
    assert_eq!(told.settle(), ["x: b1 c2"]);
    told.replays();
}

#[test]
fn without_capacity_fewer_are_planned_for_a_while() {
    let mut told = Told::new();
    told.agents([Available; 3]);
    told.running(false, true);
    told.nothing_listed();
    let targets = told.propose();
    let dispatch = told
        .assigner
        .next_dispatch(&targets, DispatchPass::All)
        .unwrap();
    assert_eq!(dispatch.agents.len(), 3);
    let why = "409".to_owned();
    told.send(dispatch, DispatchEnd::failed(Conclusion::Conflict, why));
    assert_eq!(told.propose()[&id::<CampaignId>("y")].len(), 2);
    told.later(601);
    assert_eq!(told.propose()[&id::<CampaignId>("y")].len(), 3);
    told.replays();
}

#[test]
fn a_refused_agent_is_left_out_for_a_while_and_what_was_in_force_stays() {
    let mut told = Told::new();
    told.agents([Available; 3]);
    told.running(false, true);
    told.nothing_listed();
    let targets = told.propose();
    let dispatch = told
        .assigner
        .next_dispatch(&targets, DispatchPass::All)
        .unwrap();
    let (why, agents) = ("422".to_owned(), vec![id("b")]);
    told.send(dispatch, DispatchEnd::refused(why, agents));
    assert!(told.assigner.list(&id("y")).unwrap().in_force.is_empty());
    assert_eq!(told.settle(), ["y: a1 c2"]);
    told.later(901);
    assert_eq!(told.settle(), ["y: a1 b1 c2"]);
    told.replays();
}

#[test]
fn a_persons_list_is_left_alone_for_the_grace_and_strangers_stay() {
    let mut told = Told::new();
    told.agents([Available; 3]);
    told.running(false, true);
    told.nothing_listed();
    assert_eq!(told.settle(), ["y: a1 b1 c2"]);
    let mut agents = told.assigner.list(&id("y")).unwrap().in_force.clone();
    let entry = agents.remove(&id("a")).unwrap();
    agents.insert(id("stranger"), entry);
    let notice = told.list("y", ListFinding::Found { agents });
    let grace_until = Some(told.now.plus(Duration::from_secs(600)));
    let expected = ListNotice::PersonChanged {
        joined: 1,
        left: 1,
        altered: 0,
        grace_until,
    };
    assert_eq!(notice, Some(expected));
    assert_eq!(told.settle(), [""; 0]);
    told.later(600);
    assert_eq!(told.settle(), ["y: a1 b1 c2 stranger1"]);
    told.replays();
}

#[test]
fn who_is_on_a_call_keeps_the_campaign() {
    let mut told = Told::new();
    told.agents([Available, Offline, Offline]);
    told.running(true, true);
    told.nothing_listed();
    assert_eq!(told.settle(), ["x: a1"]);
    told.agents([Busy, Offline, Offline]);
    told.running(false, true);
    assert_eq!(told.settle(), [""; 0]);
    told.agents([Available, Offline, Offline]);
    assert_eq!(told.settle(), ["x: ", "y: a1"]);
    told.replays();
}

#[test]
fn a_membership_is_one_call_and_says_nothing_else() {
    let mut told = Told::on(ListForm::Membership);
    told.agents([Available; 3]);
    told.running(false, true);
    told.nothing_listed();
    assert_eq!(told.settle(), ["y: a1 b1 c1"], "c alone on it has one call");
    let in_force = &told.assigner.list(&id("y")).unwrap().in_force;
    assert!(in_force.values().all(|entry| *entry == Entry::member()));
    told.running(true, true);
    let sent = told.settle();
    assert!(sent.iter().all(|list| list.contains("c1")), "{sent:?}");
    assert_eq!(told.settle(), [""; 0]);
    told.replays();
}

#[test]
fn of_a_list_that_is_taken_in_part_the_refused_are_held_and_the_others_in_force() {
    let mut told = Told::on(ListForm::Membership);
    told.agents([Available; 3]);
    told.running(false, true);
    told.nothing_listed();
    let targets = told.propose();
    let dispatch = told
        .assigner
        .next_dispatch(&targets, DispatchPass::All)
        .unwrap();
    let mut agents = dispatch.agents.clone();
    agents.remove(&id("b"));
    let why = "agent b: restricted".to_owned();
    told.send(dispatch, DispatchEnd::in_part(why, vec![id("b")]));
    assert_eq!(told.assigner.unread_lists(), [id::<CampaignId>("y")]);
    let notice = told.list("y", ListFinding::Found { agents });
    assert_eq!(notice, Some(ListNotice::Resolved), "and nobody's doing");
    assert_eq!(told.settle(), [""; 0]);
    told.later(901);
    assert_eq!(told.settle(), ["y: a1 b1 c1"]);
    told.replays();
}

#[test]
fn an_agent_whom_the_platform_does_not_let_go_stays_for_a_while() {
    let mut told = Told::on(ListForm::Membership);
    told.agents([Available, Offline, Offline]);
    told.running(false, true);
    told.nothing_listed();
    assert_eq!(told.settle(), ["y: a1"]);
    told.running(true, false);
    let targets = told.propose();
    let leave = told
        .assigner
        .next_dispatch(&targets, DispatchPass::Losing)
        .unwrap();
    assert_eq!(leave.leaving, [id("a")]);
    let why = "agent a: restricted".to_owned();
    told.send(leave, DispatchEnd::refused(why, vec![id("a")]));
    assert_eq!(told.settle(), [""; 0], "it joins nothing else");
    told.later(901);
    assert_eq!(told.settle(), ["y: ", "x: a1"]);
    told.replays();
}
