//! What a campaign's pace remembers, and what a campaign is stepped down for, step by step.

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::domain::replay::{Input, replay};
use crate::domain::{
    Actuator, Autopilot, CampaignActivity, CampaignId, Conclusion, Delivery, Direction, GroupCount,
    HeadCount, Hold, HoldKind, Policy, Sample, StatusFinding, StatusReading, Timestamp,
};

const START: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);
const LONGEST: Duration = Duration::from_secs(40);

fn id() -> CampaignId {
    "c".parse().unwrap()
}

fn pace(dials: u32) -> PaceFinding {
    PaceFinding::Found(PaceReading::Dials {
        ratio: DialRatio::from_dials(dials),
        least: DialRatio::ONE,
    })
}

fn dials(dials: u32) -> PaceSetting {
    DialRatio::from_dials(dials).into()
}

fn idle(tenths: u32) -> PaceSetting {
    IdleReserve::from_tenths(tenths).into()
}

/// A reading of what is set.
fn reading(setting: PaceSetting) -> PaceFinding {
    PaceFinding::Found(match setting {
        PaceSetting::Dials(ratio) => PaceReading::Dials {
            ratio,
            least: DialRatio::ONE,
        },
        PaceSetting::KeptIdle(reserve) => PaceReading::KeptIdle { reserve },
    })
}

/// A campaign that dials three calls for each agent, and everything that was told of it, for the replay.
struct Story {
    pilot: Autopilot,
    now: Timestamp,
    told: Vec<(Timestamp, Input)>,
}

impl Story {
    fn new(actuator: Actuator) -> Self {
        Self::with(Policy {
            actuator,
            ..Policy::default()
        })
    }

    fn with(policy: Policy) -> Self {
        let policies = BTreeMap::from([(id(), policy)]);
        let pilot = Autopilot::new(1, policies.clone(), BTreeMap::new(), LONGEST, START);
        let start = Input::Start {
            run: 1,
            policies,
            restored: BTreeMap::new(),
            command_longest: LONGEST,
            traits: crate::domain::PlatformTraits::default(),
            calendars: crate::domain::Calendars::default(),
        };
        let mut story = Self {
            pilot,
            now: START,
            told: vec![(START, start)],
        };
        story.status(CampaignActivity::Running);
        let reserves = story.pilot.pace_lever(&id()) == Some(Lever::IdleReserve);
        let setting = if reserves { idle(10) } else { dials(3) };
        story.find(reading(setting));
        story
    }

    fn tell(&mut self, input: Input) {
        self.told.push((self.now, input));
    }

    fn status(&mut self, activity: CampaignActivity) {
        let reading = StatusReading::without_evidence(activity, "word".to_owned(), self.now);
        let finding = StatusFinding::Found(reading);
        self.pilot.observe_status(&id(), &finding, self.now);
        let campaign = id();
        self.tell(Input::Status { campaign, finding });
    }

    fn read(&mut self, dials: u32) -> Vec<PaceNotice> {
        self.find(pace(dials))
    }

    fn find(&mut self, finding: PaceFinding) -> Vec<PaceNotice> {
        let notices = self.pilot.observe_pace(&id(), finding, self.now);
        let campaign = id();
        self.tell(Input::Pace { campaign, finding });
        notices
    }

    /// A poll ten seconds later; gives the command and the change of the pace that are wanted.
    fn poll(&mut self, free: u32) -> (Option<Direction>, Option<PaceStep>) {
        self.now = self.now.plus(Duration::from_secs(10));
        let count = HeadCount {
            free,
            staffed: 20,
            ..HeadCount::default()
        };
        let sample = Sample::Complete {
            taken_at: self.now,
            heads: vec![GroupCount::Known(count)],
        };
        self.pilot.observe_sample(sample.clone(), self.now);
        self.tell(Input::Sample { sample });
        let plan = self.pilot.decide(self.now);
        let command = plan.commands.first().map(|(_, wanted)| wanted.direction);
        let step = plan.paces.first().map(|(_, step)| *step);
        self.tell(Input::Decide {
            wanted: command
                .map(|direction| (id(), direction))
                .into_iter()
                .collect(),
            paces: plan.paces,
        });
        (command, step)
    }

    fn start(&mut self, step: PaceStep) -> Option<PaceChange> {
        let change = self.pilot.authorise_pace(&id(), step, self.now);
        let granted = change.is_some();
        let campaign = id();
        self.tell(Input::PaceAuthorise {
            campaign,
            step,
            granted,
        });
        change
    }

    fn end(&mut self, delivery: Delivery, after: PaceFinding) -> Conclusion {
        let result = PaceResult { delivery, after };
        let (conclusion, _) = self.pilot.report_pace(&id(), &result, self.now);
        let campaign = id();
        self.tell(Input::PaceReport {
            campaign,
            result,
            conclusion,
        });
        conclusion
    }

    /// Carries a step out.
    fn carry_out(&mut self, step: PaceStep) {
        let change = self.start(step).unwrap();
        let acknowledged = Delivery::Acknowledged { version: None };
        let after = reading(change.to);
        assert_eq!(self.end(acknowledged, after), Conclusion::Confirmed);
    }

    /// Carries a command out.
    fn command(&mut self, direction: Direction) {
        let granted = self.pilot.authorise(&id(), direction, self.now).is_some();
        assert!(granted);
        self.tell(Input::Authorise {
            campaign: id(),
            direction,
            granted,
        });
        let reading =
            StatusReading::without_evidence(direction.target(), "word".to_owned(), self.now);
        let result = crate::domain::CommandResult {
            delivery: Delivery::Acknowledged { version: None },
            after: StatusFinding::Found(reading),
            before: None,
            ended_at: None,
            lost: Vec::new(),
        };
        let (conclusion, _) = self.pilot.report(&id(), &result, self.now);
        self.tell(Input::Report {
            campaign: id(),
            result: Box::new(result),
            conclusion,
        });
        assert_eq!(conclusion, Conclusion::Confirmed);
    }

    fn state(&self) -> &ThrottleState {
        let campaign = self.pilot.campaign(&id()).unwrap();
        campaign.state().throttle.as_deref().unwrap()
    }

    /// Everything that was told gives the same decisions again.
    fn replayed(self) {
        replay(self.told).unwrap();
    }
}

#[test]
fn a_campaign_steps_down_then_pauses_resumes_slowly_and_is_put_back() {
    let mut story = Story::new(Actuator::StepDownThenPause);
    assert_eq!(story.poll(20), (None, None));
    assert_eq!(story.poll(4), (None, Some(PaceStep::Down)), "no pause yet");
    story.carry_out(PaceStep::Down);
    assert_eq!(story.state().original(), Some(dials(3)));
    assert_eq!(story.poll(6), (None, None), "between the thresholds");
    assert_eq!(story.poll(4), (Some(Direction::Pause), None), "still below");
    story.command(Direction::Pause);
    assert_eq!(story.poll(9), (Some(Direction::Resume), None));
    story.command(Direction::Resume);
    assert_eq!(story.poll(7), (None, None), "not recovered");
    assert_eq!(story.poll(8), (None, Some(PaceStep::Back)));
    story.carry_out(PaceStep::Back);
    assert_eq!(story.state().original(), None);
    assert_eq!(story.poll(8), (None, None));
    story.replayed();
}

#[test]
fn one_that_only_steps_down_is_never_paused_for_its_threshold() {
    let mut story = Story::new(Actuator::StepDown);
    assert_eq!(story.poll(0), (None, Some(PaceStep::Down)));
    story.carry_out(PaceStep::Down);
    for _ in 0..20 {
        assert_eq!(story.poll(0), (None, None));
    }
    assert_eq!(story.poll(8), (None, Some(PaceStep::Back)));
    story.replayed();
}

#[test]
fn a_persons_pace_stays_and_is_left_alone_for_the_grace() {
    for found in [2, 3] {
        let mut story = Story::new(Actuator::StepDown);
        story.poll(0);
        story.carry_out(PaceStep::Down);
        let told = story.read(found);
        let changed = PaceNotice::PersonChanged {
            found: dials(found),
            ours: dials(1),
            original: dials(3),
        };
        assert_eq!(told, [changed]);
        assert_eq!(story.state().original(), None, "forgotten");
        assert_eq!(story.poll(20), (None, None), "nothing is put back");
        for _ in 0..80 {
            assert_eq!(story.poll(0), (None, None), "left alone");
        }
        story.now = story.now.plus(Duration::from_secs(120));
        assert_eq!(story.poll(0), (None, Some(PaceStep::Down)), "grace over");
        story.carry_out(PaceStep::Down);
        assert_eq!(story.state().original(), Some(dials(found)));
        story.replayed();
    }
}

#[test]
fn nothing_to_step_down_is_told_once_and_pauses_where_that_is_allowed() {
    let mut story = Story::new(Actuator::StepDownThenPause);
    let ratio = DialRatio::ONE;
    assert_eq!(story.read(1), [PaceNotice::NothingToStepDown { ratio }]);
    assert_eq!(story.read(1), []);
    assert_eq!(story.poll(0), (Some(Direction::Pause), None));
    let mut only = Story::new(Actuator::StepDown);
    only.read(1);
    assert_eq!(only.poll(0), (None, None));
    story.replayed();
    only.replayed();
}

#[test]
fn a_step_that_is_refused_or_cannot_be_read_holds_no_pause_back() {
    let refused = || Delivery::Refused {
        why: "no".to_owned(),
        wait: None,
    };
    let mut story = Story::new(Actuator::StepDownThenPause);
    story.poll(0);
    story.start(PaceStep::Down).unwrap();
    assert_eq!(story.end(refused(), pace(3)), Conclusion::Refused);
    assert_eq!(story.poll(0), (Some(Direction::Pause), None));
    story.replayed();

    let mut story = Story::new(Actuator::StepDownThenPause);
    story.find(PaceFinding::Unreadable);
    assert_eq!(story.poll(0), (Some(Direction::Pause), None));
    story.replayed();
}

#[test]
fn an_open_change_is_found_out_by_a_reading() {
    let lost = || Delivery::Lost {
        why: "reset".to_owned(),
    };
    let open = || {
        let mut story = Story::new(Actuator::StepDownThenPause);
        story.poll(0);
        story.start(PaceStep::Down).unwrap();
        let ended = story.end(lost(), PaceFinding::Unreadable);
        assert_eq!(ended, Conclusion::Unknown);
        assert_eq!(story.poll(0), (None, None), "it may arrive yet");
        story
    };
    let resolved = |told: &[PaceNotice]| match told {
        [PaceNotice::Resolved { conclusion, .. }, ..] => Some(*conclusion),
        []
        | [
            PaceNotice::PersonChanged { .. } | PaceNotice::NothingToStepDown { .. },
            ..,
        ] => None,
    };
    let mut story = open();
    assert_eq!(resolved(&story.read(1)), Some(Conclusion::Confirmed));
    assert_eq!(story.state().original(), Some(dials(3)));
    story.replayed();

    let mut story = open();
    assert_eq!(resolved(&story.read(3)), None, "it may arrive yet");
    story.now = story.now.plus(LONGEST);
    assert_eq!(
        story.poll(0),
        (Some(Direction::Pause), None),
        "waits no more"
    );
    assert_eq!(resolved(&story.read(3)), Some(Conclusion::NotApplied));
    assert_eq!(story.state().original(), None);
    story.replayed();

    let mut story = open();
    assert_eq!(resolved(&story.read(2)), Some(Conclusion::NotOurs));
    assert_eq!(story.state().original(), None);
    story.replayed();
}

#[test]
fn writes_are_bounded_and_the_way_back_is_always_left() {
    let mut story = Story::with(Policy {
        actuator: Actuator::StepDown,
        pace_changes_per_hour: 5,
        ..Policy::default()
    });
    let mut writes = 0;
    for round in 0..200 {
        let (_, step) = story.poll(if round % 2 == 0 { 0 } else { 20 });
        if let Some(step) = step {
            story.carry_out(step);
            writes += 1;
        }
    }
    assert_eq!(writes, 4, "two steps and their ways back");
    assert_eq!(story.state().original(), None);
    story.now = story.now.plus(Duration::from_secs(3_600));
    assert_eq!(story.poll(0), (None, Some(PaceStep::Down)));
    story.replayed();
}

#[test]
fn a_pace_is_put_back_when_the_pause_is_not_the_rules_any_more() {
    let stepped = |policy: Policy| {
        let mut story = Story::with(policy);
        story.poll(0);
        story.carry_out(PaceStep::Down);
        story
    };
    let policy = || Policy {
        actuator: Actuator::StepDown,
        ..Policy::default()
    };
    let mut story = stepped(policy());
    story.status(CampaignActivity::Paused);
    assert_eq!(
        story.poll(0),
        (None, Some(PaceStep::Back)),
        "a person paused"
    );
    story.replayed();

    let mut story = stepped(policy());
    let hold_at = |kind| Hold {
        kind,
        since: START,
        lasts: Duration::from_secs(3_600),
        author: "anna".to_owned(),
        reason: "trial".to_owned(),
    };
    for (kind, back) in [
        (HoldKind::AsIs, None),
        (HoldKind::Running, Some(PaceStep::Back)),
    ] {
        let hold = Some(hold_at(kind));
        story.pilot.set_hold(&id(), hold.clone());
        let campaign = id();
        story.tell(Input::Hold { campaign, hold });
        assert_eq!(story.poll(0), (None, back), "{kind:?}");
    }
    story.replayed();

    let mut story = stepped(policy());
    let policies = BTreeMap::from([(id(), Policy::default())]);
    let calendars = crate::domain::Calendars::default();
    let now = story.now;
    story
        .pilot
        .reconfigure(policies.clone(), calendars.clone(), now);
    story.tell(Input::Reconfigure {
        policies,
        calendars,
    });
    let both = (Some(Direction::Pause), Some(PaceStep::Back));
    assert_eq!(story.poll(0), both, "the settings step it down no more");
    story.replayed();
}

#[test]
fn the_memory_moves_with_the_clock_and_is_stored() {
    let mut story = Story::new(Actuator::StepDown);
    story.poll(0);
    story.carry_out(PaceStep::Down);
    let mut state = story.state().clone();
    state.shift_clock(5_000);
    let before = story.state().stepped.unwrap().at;
    assert_eq!(
        state.stepped.unwrap().at,
        before.plus(Duration::from_secs(5))
    );
    let stored = serde_json::to_string(&state).unwrap();
    assert_eq!(
        serde_json::from_str::<ThrottleState>(&stored).unwrap(),
        state
    );
    let read: ThrottleState = serde_json::from_str("{}").unwrap();
    assert_eq!(read, ThrottleState::default());
}

#[test]
fn ratios_are_read_and_printed() {
    for (text, hundredths) in [("1", 100), ("1.8", 180), ("2.05", 205), ("3.0", 300)] {
        let read: DialRatio = text.parse().unwrap();
        assert_eq!(read, DialRatio::from_hundredths(hundredths), "{text}");
        assert_eq!(read.to_string().parse(), Ok(read));
    }
    assert_eq!(DialRatio::from_hundredths(205).to_string(), "2.05");
    for wrong in ["", ".5", "1.", "1.255", "-1", "x", "99999999999"] {
        assert!(wrong.parse::<DialRatio>().is_err(), "{wrong}");
    }
}

/// A campaign that aims at 0.5% from a threshold of 4.5 agents, whose dialler keeps one agent idle at first.
fn aimed(pace_changes_per_hour: u32) -> Policy {
    let mut rule = crate::domain::aim::AimRule::new("0.5%".parse().unwrap());
    rule.start = crate::domain::aim::HalfAgents::from_halves(9);
    Policy {
        actuator: Actuator::IdleReserve,
        aim: Some(rule),
        pace_changes_per_hour,
        ..Policy::default()
    }
}

impl Story {
    /// Counters are read: so many calls were abandoned and connected since the opening.
    fn counted(&mut self, abandoned: u64, connected: u64) {
        let reading = crate::domain::outcomes::OutcomeReading {
            since: START,
            until: self.now,
            counters: crate::domain::outcomes::OutcomeCounters {
                dials: connected.saturating_mul(10),
                answered: connected.saturating_add(abandoned),
                connected: Some(connected),
                abandoned,
            },
            source: crate::domain::outcomes::OutcomeSource::Platform,
        };
        self.pilot.observe_outcomes(&id(), reading);
        self.tell(Input::Outcomes {
            readings: vec![(id(), reading)],
        });
    }

    /// An operator's thresholds for a while, or their end.
    fn set(&mut self, thresholds: Option<(u32, u32)>) {
        let set = thresholds.map(|(pause_below, resume_at)| {
            let agents = crate::domain::Limit::Agents;
            let thresholds =
                crate::domain::Thresholds::new(agents(pause_below), agents(resume_at)).unwrap();
            crate::domain::ThresholdOverride {
                thresholds,
                abandon_target: None,
                since: START,
                lasts: Duration::from_secs(36_000),
                author: "anna".to_owned(),
                reason: "trial".to_owned(),
            }
        });
        self.pilot.set_thresholds(&id(), set.clone());
        let campaign = id();
        self.tell(Input::Thresholds {
            campaign,
            thresholds: set,
        });
    }

    fn now_set(&self) -> Option<(PaceSetting, PaceSetting)> {
        let stepped = self.state().stepped;
        stepped.map(|stepped| (stepped.ours, stepped.original))
    }
}

#[test]
fn the_aims_threshold_is_given_to_the_dialler_and_nothing_is_paused() {
    let mut story = Story::with(aimed(20));
    assert_eq!(story.poll(20), (None, Some(PaceStep::SetReserve)));
    story.carry_out(PaceStep::SetReserve);
    assert_eq!(story.now_set(), Some((idle(45), idle(10))));
    for _ in 0..20 {
        assert_eq!(
            story.poll(0),
            (None, None),
            "never paused for its threshold"
        );
    }
    assert_eq!(
        story.poll(20),
        (None, None),
        "nothing is put back on recovery"
    );
    story.counted(0, 0);
    story.counted(4, 100);
    assert_eq!(
        story.poll(9),
        (None, Some(PaceStep::SetReserve)),
        "it has moved"
    );
    story.carry_out(PaceStep::SetReserve);
    let (ours, original) = story.now_set().unwrap();
    assert!(
        ours != idle(45) && original == idle(10),
        "{ours} {original}"
    );
    story.replayed();
}

#[test]
fn an_operators_thresholds_are_the_reserve_for_a_while() {
    let mut story = Story::with(aimed(20));
    story.set(Some((8, 12)));
    assert_eq!(story.poll(20), (None, Some(PaceStep::SetReserve)));
    story.carry_out(PaceStep::SetReserve);
    assert_eq!(story.now_set(), Some((idle(80), idle(10))));
    story.set(Some((1, 2)));
    assert_eq!(
        story.poll(20),
        (None, Some(PaceStep::Back)),
        "it is the original"
    );
    story.carry_out(PaceStep::Back);
    assert_eq!(story.now_set(), None);
    assert_eq!(story.poll(20), (None, None));
    story.set(None);
    assert_eq!(story.poll(20), (None, Some(PaceStep::SetReserve)));
    story.replayed();
}

#[test]
fn a_persons_reserve_stays_for_the_grace() {
    let mut story = Story::with(aimed(20));
    story.poll(20);
    story.carry_out(PaceStep::SetReserve);
    let told = story.find(reading(idle(20)));
    let changed = PaceNotice::PersonChanged {
        found: idle(20),
        ours: idle(45),
        original: idle(10),
    };
    assert_eq!(told, [changed]);
    for _ in 0..80 {
        assert_eq!(story.poll(0), (None, None), "left alone, and not paused");
    }
    story.now = story.now.plus(Duration::from_secs(120));
    assert_eq!(
        story.poll(0),
        (None, Some(PaceStep::SetReserve)),
        "grace over"
    );
    story.carry_out(PaceStep::SetReserve);
    assert_eq!(story.now_set(), Some((idle(45), idle(20))));
    story.replayed();
}

#[test]
fn reserves_are_written_within_the_bound_and_the_way_back_is_left() {
    let mut story = Story::with(aimed(4));
    let mut writes = 0;
    for round in 0..100 {
        story.set(Some(if round % 2 == 0 { (8, 12) } else { (6, 9) }));
        if let (_, Some(step)) = story.poll(20) {
            story.carry_out(step);
            writes += 1;
        }
    }
    assert_eq!(writes, 3);
    story.status(CampaignActivity::Paused);
    assert_eq!(
        story.poll(20),
        (None, Some(PaceStep::Back)),
        "a person paused"
    );
    story.carry_out(PaceStep::Back);
    assert_eq!(story.poll(20), (None, None));
    story.replayed();
}

#[test]
fn a_reserve_that_was_never_read_leaves_the_pauses_to_the_rule() {
    let mut story = Story::with(aimed(20));
    story.pilot = Autopilot::new(
        2,
        BTreeMap::from([(id(), aimed(20))]),
        BTreeMap::new(),
        LONGEST,
        START,
    );
    story.status(CampaignActivity::Running);
    assert_eq!(
        story.poll(0),
        (None, Some(PaceStep::SetReserve)),
        "asked first"
    );
    story.find(PaceFinding::Unreadable);
    assert_eq!(story.poll(0), (Some(Direction::Pause), None));
    story.command(Direction::Pause);
    story.find(reading(idle(0)));
    assert_eq!(story.poll(0), (None, Some(PaceStep::SetReserve)));
    story.carry_out(PaceStep::SetReserve);
    assert_eq!(story.poll(20), (Some(Direction::Resume), None));
    story.command(Direction::Resume);
    story.find(PaceFinding::Unreadable);
    assert_eq!(story.poll(0), (None, None), "it is in force");
}

#[test]
fn what_the_other_lever_has_set_is_put_back_first() {
    let mut story = Story::new(Actuator::StepDown);
    story.poll(0);
    story.carry_out(PaceStep::Down);
    let lever = |story: &Story| story.pilot.pace_lever(&id());
    let reconfigure = |story: &mut Story, policy: Policy| {
        let policies = BTreeMap::from([(id(), policy)]);
        let calendars = crate::domain::Calendars::default();
        let now = story.now;
        story
            .pilot
            .reconfigure(policies.clone(), calendars.clone(), now);
        story.tell(Input::Reconfigure {
            policies,
            calendars,
        });
    };
    reconfigure(&mut story, aimed(20));
    assert_eq!(lever(&story), Some(Lever::DialRatio));
    assert_eq!(story.poll(0), (None, Some(PaceStep::Back)));
    story.carry_out(PaceStep::Back);
    assert_eq!(lever(&story), Some(Lever::IdleReserve));
    story.find(reading(idle(0)));
    assert_eq!(story.poll(20), (None, Some(PaceStep::SetReserve)));
    story.carry_out(PaceStep::SetReserve);
    reconfigure(
        &mut story,
        Policy {
            actuator: Actuator::StepDown,
            ..aimed(20)
        },
    );
    assert_eq!(story.poll(0), (None, Some(PaceStep::Back)));
    story.carry_out(PaceStep::Back);
    story.find(reading(dials(3)));
    assert_eq!(story.poll(0), (None, Some(PaceStep::Down)));
    story.replayed();
}
