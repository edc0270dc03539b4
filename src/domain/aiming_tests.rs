//! A campaign with an aim, from samples and readings of counters to commands: what its aim decides, and what stands around it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::aim::{AimBy, AimRule, AimState, AimVerdict, HalfAgents};
use super::outcomes::{OutcomeCounters, OutcomeReading, OutcomeSource};
use super::replay::{Input, replay};
use super::{
    Autopilot, CalendarRule, Calendars, CampaignActivity, CampaignId, CampaignState, CommandResult,
    Delivery, Direction, GroupCount, GroupPlace, HeadCount, Hold, HoldKind, Policy, Sample,
    StatusFinding, StatusReading, ThresholdOverride, Thresholds, Timestamp,
};

const START: Timestamp = Timestamp::from_unix_millis(1_700_000_000_000);
const LONGEST: Duration = Duration::from_secs(40);

fn id() -> CampaignId {
    "c".parse().unwrap()
}

fn aiming() -> Policy {
    Policy {
        aim: Some(AimRule::new("0.5%".parse().unwrap())),
        ..Policy::default()
    }
}

/// A daemon without a platform, and everything that it was told.
struct Aiming {
    pilot: Autopilot,
    now: Timestamp,
    counters: (u64, u64),
    since: Timestamp,
    told: Vec<(Timestamp, Input)>,
}

impl Aiming {
    fn with(policy: Policy) -> Self {
        Self::restored(policy, BTreeMap::new())
    }

    fn restored(policy: Policy, restored: BTreeMap<CampaignId, CampaignState>) -> Self {
        let policies = BTreeMap::from([(id(), policy)]);
        let started = Input::Start {
            run: 1,
            policies: policies.clone(),
            restored: restored.clone(),
            command_longest: LONGEST,
            traits: super::PlatformTraits::default(),
            calendars: Calendars::default(),
        };
        let mut aiming = Self {
            pilot: Autopilot::new(1, policies, restored, LONGEST, START),
            now: START,
            counters: (0, 0),
            since: START,
            told: vec![(START, started)],
        };
        aiming.status(CampaignActivity::Running);
        aiming.count(0, 0);
        aiming
    }

    fn tell(&mut self, input: Input) {
        self.told.push((self.now, input));
    }

    fn status(&mut self, activity: CampaignActivity) {
        let reading = StatusReading::without_evidence(activity, "X".to_owned(), self.now);
        let finding = StatusFinding::Found(reading);
        self.pilot.observe_status(&id(), &finding, self.now);
        self.tell(Input::Status {
            campaign: id(),
            finding,
        });
    }

    /// Reads counters ten seconds later, with so many more connected and abandoned calls.
    fn count(&mut self, connected: u64, abandoned: u64) {
        self.now = self.now.plus(Duration::from_secs(10));
        self.counters.0 = self.counters.0.saturating_add(connected);
        self.counters.1 = self.counters.1.saturating_add(abandoned);
        let (connected, abandoned) = self.counters;
        let answered = connected.saturating_add(abandoned);
        let reading = OutcomeReading {
            since: self.since,
            until: self.now,
            counters: OutcomeCounters {
                dials: answered,
                answered,
                connected: Some(connected),
                abandoned,
            },
            source: OutcomeSource::Platform,
        };
        self.pilot.observe_outcomes(&id(), reading);
        self.tell(Input::Outcomes {
            readings: vec![(id(), reading)],
        });
    }

    /// One poll with so many available agents and so many who finish a call; returns what is wanted.
    fn poll(&mut self, free: u32, wrap_up: u32) -> Option<Direction> {
        self.now = self.now.plus(Duration::from_secs(10));
        let count = HeadCount {
            free,
            serving: 0,
            wrap_up,
            staffed: 40,
        };
        let sample = Sample::Complete {
            taken_at: self.now,
            heads: vec![GroupCount::Known(count); self.pilot.groups().len()],
        };
        self.pilot.observe_sample(sample.clone(), self.now);
        self.tell(Input::Sample { sample });
        let plan = self.pilot.decide(self.now);
        let wanted = plan.commands.into_iter();
        let wanted: Vec<_> = wanted.map(|(id, wanted)| (id, wanted.direction)).collect();
        let own = wanted.iter().find(|(wanted, _)| *wanted == id());
        let own = own.map(|(_, direction)| *direction);
        self.tell(Input::Decide {
            wanted,
            paces: Vec::new(),
        });
        own
    }

    /// The campaign's pause is ours from here on.
    fn paused_by_us(&mut self) {
        let command = self.pilot.authorise(&id(), Direction::Pause, self.now);
        self.tell(Input::Authorise {
            campaign: id(),
            direction: Direction::Pause,
            granted: command.is_some(),
        });
        assert!(command.is_some(), "it is wanted");
        let paused = CampaignActivity::Paused;
        let reading = StatusReading::without_evidence(paused, "X".to_owned(), self.now);
        let result = CommandResult {
            delivery: Delivery::Acknowledged { version: None },
            after: StatusFinding::Found(reading),
            before: None,
            ended_at: Some(self.now),
            lost: Vec::new(),
        };
        let (conclusion, _) = self.pilot.report(&id(), &result, self.now);
        self.tell(Input::Report {
            campaign: id(),
            result: Box::new(result),
            conclusion,
        });
        let belief = &self.pilot.campaign(&id()).unwrap().state().belief;
        assert!(belief.paused_by_us(), "{belief:?}");
    }

    fn threshold(&self) -> String {
        let campaign = self.pilot.campaign(&id()).unwrap();
        campaign
            .aim_reading(self.now)
            .unwrap()
            .pause_below
            .to_string()
    }

    fn aim(&self) -> Option<&AimState> {
        self.pilot.campaign(&id())?.state().aim.as_deref()
    }

    fn replayed(self) {
        let kept = self.told.into_iter().map(|(at, input)| {
            // As the store keeps it.
            let text = serde_json::to_string(&input).unwrap();
            (at, serde_json::from_str(&text).unwrap())
        });
        let end = Input::Checkpoint {
            autopilot: Box::new(self.pilot),
        };
        replay(kept.chain([(self.now, end)])).unwrap();
    }
}

#[test]
fn half_of_those_who_finish_a_call_count_in_half_agents() {
    let mut aiming = Aiming::with(aiming());
    assert!(aiming.pilot.needs_staffed(), "all agents are read");
    assert_eq!(aiming.poll(2, 2), None, "three are not below three");
    assert_eq!(aiming.poll(2, 1), Some(Direction::Pause));
    aiming.paused_by_us();
    assert_eq!(aiming.poll(4, 1), None, "4.5 of 5");
    assert_eq!(aiming.poll(4, 2), Some(Direction::Resume));
    aiming.replayed();
}

#[test]
fn abandoned_calls_raise_the_threshold_and_connected_ones_lower_it() {
    let mut aiming = Aiming::with(aiming());
    aiming.poll(9, 0);
    aiming.count(0, 1);
    assert_eq!(aiming.threshold(), "3.5");
    assert_eq!(
        aiming.poll(3, 0),
        Some(Direction::Pause),
        "three are below 3.5"
    );
    aiming.count(400, 0);
    assert_eq!(aiming.threshold(), "3");
    assert_eq!(aiming.poll(3, 0), None);
    aiming.replayed();
}

#[test]
fn at_zero_it_never_pauses() {
    let mut rule = AimRule::new("0.5%".parse().unwrap());
    rule.start = HalfAgents::default();
    let mut aiming = Aiming::with(Policy {
        aim: Some(rule),
        ..Policy::default()
    });
    assert_eq!(aiming.poll(0, 0), None);
    aiming.count(0, 2);
    assert_eq!(aiming.poll(0, 0), Some(Direction::Pause));
}

#[test]
fn counters_that_begin_anew_move_nothing() {
    let mut aiming = Aiming::with(aiming());
    aiming.poll(9, 0);
    aiming.count(0, 1);
    // Midnight, where counters are those of a day.
    aiming.since = aiming.now;
    aiming.counters = (0, 0);
    aiming.count(500, 40);
    assert_eq!(aiming.threshold(), "3.5");
    aiming.count(0, 2);
    assert_eq!(aiming.threshold(), "4");
    aiming.replayed();
}

#[test]
fn what_stands_around_thresholds_stands_around_an_aim() {
    let hold = Hold {
        kind: HoldKind::AsIs,
        since: START,
        lasts: Duration::from_secs(3_600),
        author: "anna".to_owned(),
        reason: "trial".to_owned(),
    };
    let mut kept = Aiming::with(aiming());
    kept.pilot.set_hold(&id(), Some(hold));
    assert_eq!(kept.poll(0, 0), None, "held as it is");

    let mut confirmed = Aiming::with(Policy {
        confirm_pause: "2/2".parse().unwrap(),
        min_paused: Duration::from_secs(60),
        ..aiming()
    });
    assert_eq!(confirmed.poll(2, 1), None, "one sample of two");
    assert_eq!(confirmed.poll(2, 1), Some(Direction::Pause));
    confirmed.paused_by_us();
    assert_eq!(confirmed.poll(20, 0), None, "the dwell");
    confirmed.now = confirmed.now.plus(Duration::from_secs(60));
    assert_eq!(confirmed.poll(20, 0), Some(Direction::Resume));

    let mut budget = Aiming::with(Policy {
        max_resumes_per_hour: Some(0),
        ..aiming()
    });
    budget.poll(0, 0);
    budget.paused_by_us();
    assert_eq!(budget.poll(20, 0), None, "no resume is left");

    let mut persons = Aiming::with(aiming());
    persons.status(CampaignActivity::Paused);
    assert_eq!(persons.poll(20, 0), None, "a person's pause");
}

#[test]
fn an_operators_thresholds_win_until_they_end() {
    let mut aiming = Aiming::with(aiming());
    let thresholds = Thresholds::new("1".parse().unwrap(), "2".parse().unwrap()).unwrap();
    let set = ThresholdOverride {
        thresholds,
        abandon_target: None,
        since: aiming.now,
        lasts: Duration::from_secs(60),
        author: "anna".to_owned(),
        reason: "trial".to_owned(),
    };
    aiming.pilot.set_thresholds(&id(), Some(set.clone()));
    aiming.tell(Input::Thresholds {
        campaign: id(),
        thresholds: Some(set),
    });
    assert_eq!(aiming.poll(2, 0), None, "two are not below one");
    aiming.count(0, 2);
    assert_eq!(aiming.threshold(), "4", "it goes on learning");
    aiming.now = aiming.now.plus(Duration::from_secs(60));
    assert_eq!(aiming.poll(3, 0), Some(Direction::Pause));
    aiming.replayed();
}

#[test]
fn an_operators_target_is_aimed_at_until_it_ends() {
    let mut aiming = Aiming::with(aiming());
    aiming.poll(9, 0);
    let set = ThresholdOverride {
        thresholds: Thresholds::default(),
        abandon_target: Some("10%".parse().unwrap()),
        since: aiming.now,
        lasts: Duration::from_secs(60),
        author: "anna".to_owned(),
        reason: "trial".to_owned(),
    };
    aiming.pilot.set_thresholds(&id(), Some(set.clone()));
    aiming.tell(Input::Thresholds {
        campaign: id(),
        thresholds: Some(set),
    });
    let target = |aiming: &Aiming| {
        let campaign = aiming.pilot.campaign(&id()).unwrap();
        campaign.aim_reading(aiming.now).unwrap().target.to_string()
    };
    assert_eq!(target(&aiming), "10%");
    aiming.count(0, 1);
    assert_eq!(
        aiming.threshold(),
        "3.5",
        "3.09, by the gain of a high target"
    );
    aiming.count(9, 0);
    assert_eq!(aiming.threshold(), "3", "nine to one are what is aimed at");
    assert_eq!(aiming.poll(3, 0), None, "the aim's threshold is in force");
    aiming.now = aiming.now.plus(Duration::from_secs(60));
    assert_eq!(target(&aiming), "0.5%");
    aiming.replayed();
}

#[test]
fn a_closed_calendar_a_hold_and_a_person_starve_nobody() {
    let starved = |change: &dyn Fn(&mut Aiming)| {
        let mut aiming = Aiming::with(aiming());
        aiming.poll(0, 0);
        aiming.paused_by_us();
        change(&mut aiming);
        for _ in 0..30 {
            aiming.now = aiming.now.plus(Duration::from_secs(3_590));
            aiming.count(0, 0);
        }
        aiming.threshold()
    };
    assert_eq!(starved(&|_| {}), "0", "paused for its threshold");
    let by_operator = starved(&|aiming| {
        let hold = Hold {
            kind: HoldKind::Paused,
            since: aiming.now,
            lasts: Duration::from_secs(7 * 24 * 3_600),
            author: "anna".to_owned(),
            reason: "trial".to_owned(),
        };
        aiming.pilot.set_hold(&id(), Some(hold));
    });
    assert_eq!(by_operator, "3", "held paused");
    let persons = starved(&|aiming| aiming.status(CampaignActivity::Running));
    assert_eq!(persons, "3", "a person resumed it");
    let closed = starved(&|aiming| {
        // A calendar that is not known counts as closed.
        let policy = Policy {
            calendar: Some(CalendarRule {
                calendar: "office".parse().unwrap(),
                alone: false,
            }),
            ..super::aiming_tests::aiming()
        };
        let policies = BTreeMap::from([(id(), policy)]);
        let now = aiming.now;
        aiming
            .pilot
            .reconfigure(policies, Calendars::default(), now);
    });
    assert_eq!(closed, "3", "closed");
}

#[test]
fn campaigns_before_it_in_its_group_are_left_their_agents() {
    let in_group = |rank| Policy {
        place: Some(GroupPlace {
            group: "pool".to_owned(),
            rank,
            claim: None,
        }),
        ..aiming()
    };
    let mut pilot = Autopilot::new(
        1,
        BTreeMap::from([("b".parse().unwrap(), in_group(0)), (id(), in_group(1))]),
        BTreeMap::new(),
        LONGEST,
        START,
    );
    let running = StatusReading::without_evidence(CampaignActivity::Running, "X".to_owned(), START);
    let running = StatusFinding::Found(running);
    for campaign in ["b", "c"] {
        pilot.observe_status(&campaign.parse().unwrap(), &running, START);
    }
    let mut wanted = |free, wrap_up| {
        let count = HeadCount {
            free,
            serving: 0,
            wrap_up,
            staffed: 40,
        };
        let sample = Sample::Complete {
            taken_at: START,
            heads: vec![GroupCount::Known(count)],
        };
        pilot.observe_sample(sample, START);
        let commands = pilot.decide(START).commands.into_iter();
        let ids: Vec<String> = commands.map(|(id, _)| id.to_string()).collect();
        ids
    };
    assert_eq!(
        wanted(5, 2),
        ["b"; 0],
        "six less three are enough for the second"
    );
    assert_eq!(wanted(5, 1), ["c"], "5.5 less the three of the first");
    assert_eq!(wanted(2, 1), ["b", "c"]);
}

#[test]
fn a_restart_goes_on_where_it_was() {
    let mut before = Aiming::with(aiming());
    before.poll(9, 0);
    before.count(0, 2);
    let state = before.pilot.campaign(&id()).unwrap().state();
    let stored = serde_json::to_string(state).unwrap();
    let read: CampaignState = serde_json::from_str(&stored).unwrap();
    assert_eq!(&read, state);
    let after = Aiming::restored(aiming(), BTreeMap::from([(id(), read)]));
    assert_eq!(after.threshold(), before.threshold());
    after.replayed();
}

#[test]
fn another_target_keeps_the_threshold_and_none_forgets_it() {
    let mut aiming_now = Aiming::with(aiming());
    aiming_now.poll(9, 0);
    aiming_now.count(0, 2);
    let (now, learned) = (aiming_now.now, aiming_now.threshold());
    let mut reload = |aim: Option<&str>| {
        let aim = aim.map(|target| AimRule::new(target.parse().unwrap()));
        let policy = Policy {
            aim,
            ..Policy::default()
        };
        let policies = BTreeMap::from([(id(), policy)]);
        aiming_now
            .pilot
            .reconfigure(policies, Calendars::default(), now);
        aiming_now.aim().is_some().then(|| aiming_now.threshold())
    };
    assert_eq!(reload(Some("3%")), Some(learned));
    assert_eq!(reload(None), None);
    assert_eq!(reload(Some("3%")), Some("3".to_owned()));
}

#[test]
fn a_step_of_the_clock_changes_nothing_of_it() {
    let mut aiming = Aiming::with(aiming());
    aiming.poll(9, 0);
    aiming.count(0, 1);
    for milliseconds in [-7 * 3_600_000, 400 * 24 * 3_600_000] {
        let before = aiming.threshold();
        aiming.pilot.shift_clock(milliseconds);
        aiming.tell(Input::ClockStepped { milliseconds });
        aiming.now.shift(milliseconds);
        aiming.poll(9, 0);
        assert_eq!(aiming.threshold(), before);
        aiming.count(0, 2);
        assert_ne!(aiming.threshold(), before, "the counters go on");
    }
    aiming.replayed();
}

#[test]
fn another_whole_agent_is_told_with_the_decision() {
    let mut aiming = Aiming::with(aiming());
    let mut told = |abandoned| {
        aiming.count(0, abandoned);
        aiming.poll(9, 0);
        let plan = aiming.pilot.decide(aiming.now);
        assert_eq!(plan.aims, [], "told once");
        let state = aiming.aim().unwrap().clone();
        (aiming.threshold(), state)
    };
    assert_eq!(told(0).0, "3");
    assert_eq!(told(1).0, "3.5");
    assert_eq!(told(2).0, "4");
    let mut aiming = Aiming::with(super::aiming_tests::aiming());
    aiming.poll(9, 0);
    aiming.count(0, 4);
    let sample = Sample::Invalid {
        why: "timeout".to_owned(),
    };
    aiming.pilot.observe_sample(sample, aiming.now);
    let plan = aiming.pilot.decide(aiming.now);
    let [(campaign, moved)] = plan.aims.as_slice() else {
        panic!("one aim has moved: {:?}", plan.aims)
    };
    assert_eq!((campaign, moved.from), (&id(), 3));
    assert_eq!(moved.to.verdict, AimVerdict::Steers);
    assert_eq!(
        moved.to.to_string(),
        "threshold 4: 4 of 4 calls abandoned in 2h, aimed at 0.5%"
    );
}

#[test]
fn the_reason_has_what_was_compared() {
    let mut aiming = Aiming::with(aiming());
    aiming.poll(9, 0);
    aiming.count(203, 1);
    aiming.poll(3, 1);
    let reasons = aiming.pilot.decide(aiming.now).reasons;
    assert_eq!(
        reasons[0].1.to_string(),
        "3 available (threshold 3: 1 of 204 calls abandoned in 2h, aimed at 0.5%; signal 3.5, resume at 5)"
    );
    let state = aiming.pilot.campaign(&id()).unwrap().state();
    let explained = super::explain(state, Some(&reasons[0].1));
    assert!(explained.summary.contains("aimed at 0.5%"), "{explained:?}");
    let thresholds = explained.stages.iter().map(|stage| &stage.says);
    let said: Vec<&String> = thresholds
        .filter(|says| says.contains("signal 3.5"))
        .collect();
    assert_eq!(said.len(), 1, "{explained:?}");
    assert_eq!(explained.would_change, ["a signal below 3"]);
}

/// Where nobody counts calls, polls at which the running campaign has just run out of available agents stand for them.
#[test]
fn by_shortage_an_aim_learns_from_polls_and_from_no_counter() {
    let mut policy = aiming();
    if let Some(rule) = &mut policy.aim {
        rule.by = AimBy::Shortage;
        rule.start = "0".parse().unwrap();
    }
    let mut story = Aiming::with(policy);
    let threshold = |story: &Aiming| {
        let campaign = story.pilot.campaign(&id()).unwrap();
        campaign.aim_reading(story.now).unwrap()
    };
    // Calls that somebody counts say nothing here.
    story.count(0, 50);
    assert_eq!(threshold(&story).pause_below, HalfAgents::default());
    for _ in 0..20 {
        story.poll(6, 0);
        story.poll(0, 0);
    }
    let reading = threshold(&story);
    assert!(
        reading.pause_below > HalfAgents::from_agents(1),
        "{reading}"
    );
    assert_eq!(reading.calls.abandoned, 20);
    assert!(
        reading
            .to_string()
            .contains("out of agents at 20 of 39 polls in 2h, aimed at 0.5% abandoned by proxy"),
        "{reading}"
    );
    story.replayed();
}
