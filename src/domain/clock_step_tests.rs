//! A step of the machine's clock ends and prolongs nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use super::belief::{Belief, Doubt, Hold, HoldKind, PauseOwner};
use super::replay::{Input, replay};
use super::{
    Autopilot, CampaignActivity, CampaignId, Direction, GroupCount, HeadCount, Policy, Sample,
    StatusFinding, StatusReading, ThresholdOverride, Thresholds, Timestamp,
};

const START: Timestamp = Timestamp::from_unix_millis(1_700_000_000_000);

const HOUR: Duration = Duration::from_secs(3600);

/// Steps of two hours forward, two hours back, and of years, as of a machine without a battery.
const STEPS: [i64; 4] = [
    2 * 3_600_000,
    -2 * 3_600_000,
    20 * 365 * 24 * 3_600_000,
    -20 * 365 * 24 * 3_600_000,
];

fn id() -> CampaignId {
    "a".parse().unwrap()
}

/// An autopilot whose clock can be set.
struct Clocked {
    pilot: Autopilot,
    now: Timestamp,
}

impl Clocked {
    fn new(policy: Policy) -> Self {
        let mut clocked = Self::unread(policy);
        clocked.read(CampaignActivity::Running);
        clocked
    }

    fn unread(policy: Policy) -> Self {
        let policies = BTreeMap::from([(id(), policy)]);
        let pilot = Autopilot::new(1, policies, BTreeMap::new(), Duration::from_secs(40), START);
        Self { pilot, now: START }
    }

    fn grace(&self) -> bool {
        let campaign = self.pilot.campaign(&id()).unwrap();
        campaign.state().grace_from.is_some()
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now.plus(time);
    }

    fn step(&mut self, milliseconds: i64) {
        self.pilot.shift_clock(milliseconds);
        self.now.shift(milliseconds);
    }

    fn read(&mut self, activity: CampaignActivity) {
        let word = "WORD".to_owned();
        let reading = StatusReading::without_evidence(activity, word, self.now);
        self.pilot
            .observe_status(&id(), &StatusFinding::Found(reading), self.now);
    }

    fn poll(&mut self, available: u32) -> Vec<Direction> {
        let count = HeadCount {
            free: available,
            serving: 0,
            wrap_up: 0,
            staffed: 20,
        };
        let sample = Sample::Complete {
            taken_at: self.now,
            heads: vec![GroupCount::Known(count)],
        };
        self.pilot.observe_sample(sample, self.now);
        let wanted = self.pilot.decide(self.now).commands.into_iter();
        wanted.map(|(_, wanted)| wanted.direction).collect()
    }

    fn hold(&mut self, kind: HoldKind, lasts: Duration) {
        let hold = Hold {
            kind,
            since: self.now,
            lasts,
            author: "anna".to_owned(),
            reason: "trial".to_owned(),
        };
        self.pilot.set_hold(&id(), Some(hold));
    }
}

#[test]
fn a_hold_lasts_as_long_as_it_was_given() {
    for step in STEPS {
        let mut clocked = Clocked::new(Policy::default());
        clocked.hold(HoldKind::AsIs, HOUR);
        clocked.pass(HOUR / 4);
        clocked.step(step);
        assert_eq!(clocked.poll(0), [], "{step}: held");
        clocked.pass(HOUR / 2);
        assert_eq!(clocked.poll(0), [], "{step}: still held");
        clocked.pass(HOUR / 4);
        assert_eq!(
            clocked.poll(0),
            [Direction::Pause],
            "{step}: its time is up"
        );
    }
}

#[test]
fn a_reading_of_outcomes_does_not_grow_old() {
    use super::outcomes::{OutcomeCounters, OutcomeReading, OutcomeSource, OutcomesRead};
    for step in STEPS {
        let mut clocked = Clocked::new(Policy::default());
        let read = |clocked: &mut Clocked| {
            let reading = OutcomeReading {
                since: START,
                until: clocked.now,
                counters: OutcomeCounters::default(),
                source: OutcomeSource::Platform,
            };
            clocked.pilot.observe_outcomes(&id(), reading).unwrap()
        };
        read(&mut clocked);
        clocked.step(step);
        clocked.pass(Duration::from_secs(60));
        let again = read(&mut clocked);
        assert!(
            matches!(again, OutcomesRead::Counted(_)),
            "{step}: {again:?}"
        );
    }
}

#[test]
fn temporary_thresholds_last_as_long_as_they_were_given() {
    for step in STEPS {
        let mut clocked = Clocked::new(Policy::default());
        let thresholds = Thresholds::new("1".parse().unwrap(), "2".parse().unwrap()).unwrap();
        let set = ThresholdOverride {
            thresholds,
            abandon_target: None,
            since: clocked.now,
            lasts: HOUR,
            author: "anna".to_owned(),
            reason: "trial".to_owned(),
        };
        clocked.pilot.set_thresholds(&id(), Some(set));
        clocked.pass(HOUR / 2);
        clocked.step(step);
        assert_eq!(clocked.poll(3), [], "{step}: 3 is not below 1");
        clocked.pass(HOUR / 2);
        assert_eq!(clocked.poll(3), [Direction::Pause], "{step}: but below 5");
    }
}

#[test]
fn a_persons_resume_is_left_alone_for_the_whole_grace() {
    for step in STEPS {
        let policy = Policy {
            manual_grace: HOUR,
            adopt_paused: true,
            ..Policy::default()
        };
        let mut clocked = Clocked::unread(policy);
        clocked.read(CampaignActivity::Paused);
        clocked.read(CampaignActivity::Running);
        assert!(clocked.grace(), "a person has resumed our pause");
        clocked.pass(HOUR / 2);
        clocked.step(step);
        assert_eq!(clocked.poll(0), [], "{step}: within the grace");
        clocked.pass(HOUR / 2);
        assert_eq!(
            clocked.poll(0),
            [Direction::Pause],
            "{step}: the grace is over"
        );
    }
}

#[test]
fn a_sample_is_as_old_after_a_step_as_before() {
    for step in STEPS {
        let mut clocked = Clocked::new(Policy::default());
        assert_eq!(clocked.poll(0), [Direction::Pause]);
        let wants = |clocked: &Clocked| {
            let wanted = clocked
                .pilot
                .still_wants(&id(), Direction::Pause, clocked.now);
            wanted.is_some()
        };
        clocked.step(step);
        assert!(wants(&clocked), "{step}: no older");
        clocked.pass(HOUR);
        assert!(!wants(&clocked), "{step}: no younger");
    }
}

/// Every time that is stored of a campaign moves, but for those of the platform's clock: a member that is added and
/// forgotten shows here.
#[test]
fn every_remembered_time_moves_and_none_of_the_platforms() {
    let mut clocked = Clocked::new(Policy::default());
    clocked.hold(HoldKind::AsIs, HOUR);
    clocked.poll(3);
    let before = serde_json::to_value(&clocked.pilot).unwrap();
    clocked.pilot.shift_clock(7);
    let after = serde_json::to_value(&clocked.pilot).unwrap();
    let mut moved = Vec::new();
    differences(&before, &after, "", &mut moved);
    for (place, by) in &moved {
        assert_eq!(*by, 7, "{place}");
    }
    let places: Vec<&str> = moved.iter().map(|(place, _)| place.as_str()).collect();
    assert_eq!(
        places,
        [
            "/campaigns/a/asked_at",
            "/campaigns/a/state/hold/since",
            "/campaigns/a/state/last_reading/read_at",
            "/campaigns/a/state/since",
            "/sample/0",
        ]
    );
}

/// The numbers that differ, with their places and by how much.
fn differences(
    before: &serde_json::Value,
    after: &serde_json::Value,
    place: &str,
    found: &mut Vec<(String, i64)>,
) {
    use serde_json::Value;
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            for (member, value) in before {
                differences(value, &after[member], &format!("{place}/{member}"), found);
            }
        }
        (Value::Array(before), Value::Array(after)) => {
            for (index, (before, after)) in before.iter().zip(after).enumerate() {
                differences(before, after, &format!("{place}/{index}"), found);
            }
        }
        (before, after) if before != after => {
            let by = after
                .as_i64()
                .unwrap()
                .saturating_sub(before.as_i64().unwrap());
            found.push((place.to_owned(), by));
        }
        (_, _) => {}
    }
}

#[test]
fn a_replay_follows_the_clock() {
    let mut clocked = Clocked::new(Policy::default());
    clocked.hold(HoldKind::AsIs, HOUR);
    let checkpoint = Input::Checkpoint {
        autopilot: Box::new(clocked.pilot.clone()),
    };
    let begun = clocked.now;
    let milliseconds = STEPS[0];
    clocked.step(milliseconds);
    let stepped = (clocked.now, Input::ClockStepped { milliseconds });
    let count = HeadCount {
        free: 0,
        serving: 0,
        wrap_up: 0,
        staffed: 20,
    };
    let sample = Sample::Complete {
        taken_at: clocked.now,
        heads: vec![GroupCount::Known(count)],
    };
    let decided = |wanted| {
        vec![
            (begun, checkpoint.clone()),
            stepped.clone(),
            (
                clocked.now,
                Input::Sample {
                    sample: sample.clone(),
                },
            ),
            (
                clocked.now,
                Input::Decide {
                    wanted,
                    paces: Vec::new(),
                },
            ),
        ]
    };
    assert_eq!(replay(decided(Vec::new())).unwrap().compared, 1);
    let paused = decided(vec![(id(), Direction::Pause)]);
    assert_eq!(replay(paused).unwrap_err().number, 4, "it is still held");
}

/// The same campaign in the next run, which begins at `now`.
fn restarted(before: &Autopilot, now: Timestamp) -> Clocked {
    let remembered = before.remembered();
    let remembered = remembered.map(|(id, state)| (id.clone(), state.clone()));
    let policies = BTreeMap::from([(id(), Policy::default())]);
    let longest = Duration::from_secs(40);
    let pilot = Autopilot::new(2, policies, remembered.collect(), longest, now);
    Clocked { pilot, now }
}

#[test]
fn a_command_on_its_way_is_neither_claimed_nor_waited_for_when_the_clock_was_set_back() {
    let mut clocked = Clocked::new(Policy::default());
    assert_eq!(clocked.poll(0), [Direction::Pause]);
    let now = clocked.now;
    let asked = clocked.pilot.authorise(&id(), Direction::Pause, now);
    asked.expect("wanted");
    // The daemon dies, and nobody knows for how long: the clock stands an hour before what was stored.
    let mut set_back = now;
    set_back.shift(-3_600_000);
    let mut paused = restarted(&clocked.pilot, set_back);
    paused.read(CampaignActivity::Paused);
    let doubt = Doubt::Outcome;
    let unproven = Belief::Paused(PauseOwner::Unproven { doubt });
    assert_eq!(
        paused.pilot.campaign(&id()).unwrap().state().belief,
        unproven
    );
    // Nor is it a person's after one restart more.
    let mut again = restarted(&restarted(&clocked.pilot, set_back).pilot, set_back);
    again.read(CampaignActivity::Paused);
    let belief = &again.pilot.campaign(&id()).unwrap().state().belief;
    assert_eq!(belief, &unproven);
    // Where it had no effect, the next poll asks for it again.
    let mut running = restarted(&clocked.pilot, set_back);
    running.read(CampaignActivity::Running);
    assert_eq!(running.poll(0), [Direction::Pause]);
}
