//! What campaigns do by their calendars: pauses that are marked, charge nothing, and end by themselves.

use std::collections::BTreeMap;
use std::time::Duration;

use super::calendar::{Calendar, WeeklyHours};
use super::replay::{Input, replay};
use super::{
    Autopilot, CalendarRule, Calendars, CampaignActivity, CampaignId, CampaignState, Cause,
    CommandResult, Delivery, Direction, GroupCount, HeadCount, Hold, HoldKind, OnStale, Outcome,
    Policy, Reason, Sample, StatusFinding, StatusReading, Suppression, Timestamp, explain,
};

const LONGEST: Duration = Duration::from_secs(40);

fn id() -> CampaignId {
    "c".parse().unwrap()
}

/// A time of Friday, 27 November 2026, or of the days after it, in Berlin.
fn berlin(day: u64, clock: &str) -> Timestamp {
    let text = format!("2026-11-{}T{clock}:00+01:00", 27_u64.saturating_add(day));
    Timestamp::parse_rfc3339(&text).unwrap()
}

fn calendars() -> Calendars {
    let calendar = Calendar {
        zone: "Europe/Berlin".parse().unwrap(),
        hours: WeeklyHours::parse(["mon-sun 09:00-18:00"], &[]).unwrap(),
        holidays: Vec::new(),
        closures: Vec::new(),
    };
    [("office".parse().unwrap(), calendar)]
        .into_iter()
        .collect()
}

fn rule(alone: bool) -> CalendarRule {
    CalendarRule {
        calendar: "office".parse().unwrap(),
        alone,
    }
}

fn with_calendar() -> Policy {
    Policy {
        calendar: Some(rule(false)),
        ..Policy::default()
    }
}

fn alone() -> Policy {
    Policy {
        calendar: Some(rule(true)),
        ..Policy::default()
    }
}

struct Story {
    pilot: Autopilot,
    status: CampaignActivity,
    /// The version that the platform shows, where it shows one.
    stamp: Option<&'static str>,
    now: Timestamp,
}

impl Story {
    /// One running campaign, on Friday at ten.
    fn of(policy: Policy) -> Self {
        let now = berlin(0, "10:00");
        let policies = BTreeMap::from([(id(), policy)]);
        let pilot = Autopilot::new(1, policies, BTreeMap::new(), LONGEST, now);
        let mut story = Self {
            pilot: pilot.with_calendars(calendars()),
            status: CampaignActivity::Running,
            stamp: None,
            now,
        };
        story.read();
        story
    }

    fn reading(&self) -> StatusFinding {
        let reading = StatusReading::without_evidence(self.status.clone(), String::new(), self.now);
        StatusFinding::Found(StatusReading {
            version: self.stamp.map(str::to_owned),
            ..reading
        })
    }

    fn read(&mut self) {
        let finding = self.reading();
        self.pilot.observe_status(&id(), &finding, self.now);
    }

    /// The daemon is started again with what it remembers; its first poll is at `now`.
    fn restart(&mut self, now: Timestamp) {
        let state = serde_json::to_value(self.state()).unwrap();
        let restored = BTreeMap::from([(id(), serde_json::from_value(state).unwrap())]);
        let policy = self.pilot.campaign(&id()).unwrap().policy().clone();
        let policies = BTreeMap::from([(id(), policy)]);
        let calendars = self.pilot.calendars().clone();
        self.pilot = Autopilot::new(2, policies, restored, LONGEST, now).with_calendars(calendars);
        self.now = now;
    }

    /// Polls at each half minute until then, through which nothing happens.
    fn quiet_until(&mut self, then: Timestamp) {
        while self.now < then {
            let reason = self.poll(self.now.plus(Duration::from_secs(30)), Some(9));
            assert!(
                !matches!(reason.outcome, Outcome::Command { .. }),
                "{reason:?}"
            );
        }
    }

    /// A person gives it this status, and that is read.
    fn person(&mut self, status: CampaignActivity) {
        self.status = status;
        self.read();
    }

    fn state(&self) -> &CampaignState {
        self.pilot.campaign(&id()).unwrap().state()
    }

    fn hold(&mut self, kind: HoldKind) {
        let hold = Hold {
            kind,
            since: self.now,
            lasts: Duration::from_secs(7 * 24 * 3600),
            author: "anna".to_owned(),
            reason: "trial".to_owned(),
        };
        self.pilot.set_hold(&id(), Some(hold));
    }

    /// A poll with so many agents; none where it fails. What is wanted is carried out at once.
    fn poll(&mut self, now: Timestamp, available: Option<u32>) -> Reason {
        self.now = now;
        let sample = match available {
            Some(free) => {
                let count = HeadCount {
                    free,
                    serving: 0,
                    wrap_up: 0,
                    staffed: 20,
                };
                Sample::Complete {
                    taken_at: now,
                    heads: vec![GroupCount::Known(count); self.pilot.groups().len()],
                }
            }
            None => Sample::Invalid { why: String::new() },
        };
        self.pilot.observe_sample(sample, now);
        self.read();
        let reason = self.pilot.decide(now).reasons.pop().unwrap().1;
        if let Outcome::Command { direction, .. } = reason.outcome {
            assert!(self.pilot.authorise(&id(), direction, now).is_some());
            self.status = match direction {
                Direction::Pause => CampaignActivity::Paused,
                Direction::Resume => CampaignActivity::Running,
            };
            let result = CommandResult {
                delivery: Delivery::Acknowledged { version: None },
                after: self.reading(),
                before: None,
                ended_at: Some(now),
                lost: Vec::new(),
            };
            self.pilot.report(&id(), &result, now);
        }
        reason
    }

    fn outcome(&mut self, now: Timestamp, available: Option<u32>) -> Outcome {
        self.poll(now, available).outcome
    }
}

fn command(direction: Direction, cause: Cause) -> Outcome {
    Outcome::Command { direction, cause }
}

fn closed(direction: Option<Direction>) -> Outcome {
    Outcome::Suppressed {
        direction,
        by: Suppression::Calendar,
    }
}

const PAUSED: Outcome = Outcome::Command {
    direction: Direction::Pause,
    cause: Cause::Calendar,
};

#[test]
fn what_runs_is_paused_at_the_close_and_goes_on_by_the_rule() {
    let mut story = Story::of(with_calendar());
    assert_eq!(
        story.outcome(berlin(0, "17:59"), Some(9)),
        Outcome::NothingToDo
    );
    assert_eq!(story.outcome(berlin(0, "18:00"), Some(9)), PAUSED);
    assert!(story.state().paused_by_calendar());
    let night = story.poll(berlin(1, "03:00"), Some(9));
    assert_eq!(night.outcome, closed(Some(Direction::Resume)));
    assert_eq!(
        explain(story.state(), Some(&night)).summary,
        "paused by the calendar, resume held back by the calendar; 9 available, pause below 5, resume at 8"
    );
    // Open, and too few agents: the pause ends when there are enough.
    assert_eq!(
        story.outcome(berlin(1, "09:00"), Some(7)),
        Outcome::NothingToDo
    );
    assert!(story.state().paused_by_calendar());
    let resumed = command(Direction::Resume, Cause::Threshold);
    assert_eq!(story.outcome(berlin(1, "09:01"), Some(8)), resumed);
    assert!(!story.state().paused_by_calendar());
}

#[test]
fn a_late_tick_still_pauses_also_without_any_reading_of_the_agents() {
    let mut story = Story::of(with_calendar());
    assert_eq!(story.outcome(berlin(0, "22:47"), None), PAUSED);
    let mut never = Story::of(with_calendar());
    never.now = berlin(0, "23:00");
    let plan = never.pilot.decide(never.now);
    assert_eq!(plan.reasons[0].1.outcome, PAUSED, "before the first sample");
}

#[test]
fn a_resume_that_was_decided_before_the_close_is_not_sent_after_it() {
    let mut story = Story::of(with_calendar());
    story.poll(berlin(0, "17:00"), Some(1));
    let now = berlin(0, "17:59");
    let heads = vec![GroupCount::Known(HeadCount {
        free: 9,
        serving: 0,
        wrap_up: 0,
        staffed: 20,
    })];
    let taken_at = now;
    story
        .pilot
        .observe_sample(Sample::Complete { taken_at, heads }, now);
    let wanted = command(Direction::Resume, Cause::Threshold);
    assert_eq!(story.pilot.decide(now).reasons[0].1.outcome, wanted);
    let late = berlin(0, "18:00");
    assert!(
        story
            .pilot
            .authorise(&id(), Direction::Resume, late)
            .is_none()
    );
}

#[test]
fn neither_dwell_nor_budget_is_charged() {
    let mut story = Story::of(Policy {
        max_resumes_per_hour: Some(0),
        min_running: Duration::from_secs(12 * 3600),
        min_paused: Duration::from_secs(48 * 3600),
        confirm_pause: "3/3".parse().unwrap(),
        ..with_calendar()
    });
    assert_eq!(story.outcome(berlin(0, "18:00"), Some(9)), PAUSED);
    let resumed = command(Direction::Resume, Cause::Threshold);
    let morning = story.poll(berlin(1, "09:00"), Some(9));
    assert_eq!(morning.outcome, resumed, "{morning:?}");
    assert_eq!(morning.stages.resume_budget.found, None);
    assert_eq!(story.state().resumes, []);
    // Paused again within the dwell of that resume.
    assert_eq!(story.outcome(berlin(1, "18:00"), Some(9)), PAUSED);
}

#[test]
fn a_pause_by_the_thresholds_stays_theirs_and_is_charged() {
    let mut story = Story::of(Policy {
        max_resumes_per_hour: Some(1),
        ..with_calendar()
    });
    story.poll(berlin(0, "17:59"), Some(1));
    assert_eq!(
        story.outcome(berlin(0, "18:00"), Some(9)),
        closed(Some(Direction::Resume))
    );
    assert!(!story.state().paused_by_calendar());
    let resumed = command(Direction::Resume, Cause::Threshold);
    assert_eq!(story.outcome(berlin(1, "09:00"), Some(9)), resumed);
    assert_eq!(story.state().resumes.len(), 1);
}

#[test]
fn a_persons_pause_stays_a_persons_and_a_resume_outside_the_hours_is_paused_again() {
    let mut story = Story::of(with_calendar());
    story.person(CampaignActivity::Paused);
    assert_eq!(
        story.outcome(berlin(0, "18:00"), Some(9)),
        closed(Some(Direction::Resume))
    );
    let kept = Outcome::Suppressed {
        direction: Some(Direction::Resume),
        by: Suppression::PersonsPause,
    };
    assert_eq!(story.outcome(berlin(1, "09:00"), Some(9)), kept);
    story.person(CampaignActivity::Running);
    assert_eq!(story.outcome(berlin(1, "18:00"), Some(9)), PAUSED);
    story.person(CampaignActivity::Running);
    assert_eq!(
        story.outcome(berlin(1, "18:01"), Some(9)),
        PAUSED,
        "no grace"
    );
}

#[test]
fn the_calendar_comes_before_every_hold() {
    for kind in [HoldKind::Running, HoldKind::AsIs] {
        let mut story = Story::of(with_calendar());
        story.hold(kind);
        assert_eq!(
            story.outcome(berlin(0, "18:00"), Some(9)),
            PAUSED,
            "{kind:?}"
        );
        let wanted = (kind == HoldKind::Running).then_some(Direction::Resume);
        assert_eq!(story.outcome(berlin(0, "18:01"), Some(9)), closed(wanted));
    }
    let mut story = Story::of(with_calendar());
    story.poll(berlin(0, "18:00"), Some(9));
    story.hold(HoldKind::Running);
    let resumed = command(Direction::Resume, Cause::Hold);
    assert_eq!(story.outcome(berlin(1, "09:00"), None), resumed);
}

#[test]
fn alone_it_resumes_at_once_and_asks_for_no_agents() {
    let mut story = Story::of(Policy {
        on_stale: OnStale::Pause,
        ..alone()
    });
    assert_eq!(story.pilot.groups(), [], "nothing is polled for it");
    for minute in 1..9 {
        let reason = story.poll(berlin(0, &format!("12:0{minute}")), Some(0));
        assert_eq!(reason.outcome, Outcome::NothingToDo, "{reason:?}");
    }
    assert!(
        story.pilot.decide(story.now).alerts.is_empty(),
        "nobody is blind"
    );
    assert_eq!(story.outcome(berlin(0, "18:00"), None), PAUSED);
    assert_eq!(
        story.outcome(berlin(0, "18:01"), None),
        closed(Some(Direction::Resume))
    );
    let resumed = command(Direction::Resume, Cause::Calendar);
    assert_eq!(story.outcome(berlin(1, "09:00"), None), resumed);
    story.person(CampaignActivity::Paused);
    let kept = Outcome::Suppressed {
        direction: Some(Direction::Resume),
        by: Suppression::PersonsPause,
    };
    assert_eq!(story.outcome(berlin(1, "09:01"), None), kept);
}

#[test]
fn the_mark_outlives_a_restart_and_states_without_it_are_read() {
    let mut story = Story::of(with_calendar());
    story.poll(berlin(0, "18:00"), Some(9));
    let stored = serde_json::to_value(story.state()).unwrap();
    let again: CampaignState = serde_json::from_value(stored.clone()).unwrap();
    assert!(again.paused_by_calendar());
    let mut old = stored;
    old.as_object_mut().unwrap().remove("calendar_pause");
    let old: CampaignState = serde_json::from_value(old).unwrap();
    assert!(!old.paused_by_calendar());
}

#[test]
fn a_night_of_readings_and_one_without_a_daemon_end_alike() {
    let resumed = command(Direction::Resume, Cause::Threshold);
    for policy in [with_calendar(), alone()] {
        let mut watched = Story::of(policy.clone());
        watched.poll(berlin(0, "18:00"), Some(9));
        watched.quiet_until(berlin(1, "08:59"));
        let mut down = Story::of(policy.clone());
        down.poll(berlin(0, "18:00"), Some(9));
        down.restart(berlin(1, "08:30"));
        let wanted = Some(Direction::Resume);
        assert_eq!(down.outcome(berlin(1, "08:30"), Some(9)), closed(wanted));
        // One that is down until after the opening, but for no longer than a pause may go unread.
        let mut late = Story::of(policy.clone());
        late.poll(berlin(0, "18:00"), Some(9));
        late.restart(berlin(1, "09:14"));
        for story in [&mut watched, &mut down, &mut late] {
            assert!(story.state().paused_by_calendar());
            let outcome = story.outcome(berlin(1, "09:14"), Some(9));
            let by_calendar = command(Direction::Resume, Cause::Calendar);
            assert!([resumed, by_calendar].contains(&outcome), "{outcome:?}");
            assert_eq!(story.state().resumes, []);
        }
    }
}

#[test]
fn a_pause_by_the_thresholds_outlives_a_night_without_a_daemon_too() {
    let mut story = Story::of(with_calendar());
    story.poll(berlin(0, "17:59"), Some(1));
    story.poll(berlin(0, "18:00"), Some(1));
    story.restart(berlin(1, "09:05"));
    let resumed = command(Direction::Resume, Cause::Threshold);
    assert_eq!(story.outcome(berlin(1, "09:05"), Some(9)), resumed);
}

#[test]
fn who_could_have_paused_it_in_calling_hours_while_nobody_looked_is_not_undone() {
    let kept = Outcome::Suppressed {
        direction: Some(Direction::Resume),
        by: Suppression::Unproven,
    };
    for policy in [with_calendar(), alone()] {
        let mut story = Story::of(policy);
        story.poll(berlin(0, "18:00"), Some(9));
        // In the hour since nine a person may have resumed it, and paused it again.
        story.restart(berlin(1, "10:00"));
        assert_eq!(story.outcome(berlin(1, "10:00"), Some(9)), kept);
        assert!(!story.state().paused_by_calendar());
    }
}

#[test]
fn a_pause_that_a_person_touched_in_the_night_is_not_ended_by_the_opening() {
    let mut story = Story::of(with_calendar());
    story.stamp = Some("1");
    story.poll(berlin(0, "17:59"), Some(9));
    story.poll(berlin(0, "18:00"), Some(9));
    assert!(story.state().paused_by_calendar());
    story.stamp = Some("2");
    story.restart(berlin(1, "08:30"));
    story.poll(berlin(1, "08:30"), Some(9));
    let kept = Outcome::Suppressed {
        direction: Some(Direction::Resume),
        by: Suppression::Unproven,
    };
    assert_eq!(story.outcome(berlin(1, "09:00"), Some(9)), kept);
}

#[test]
fn a_reason_comes_back_from_the_audit_with_its_calendar() {
    let mut story = Story::of(alone());
    for at in [berlin(0, "17:00"), berlin(0, "18:00"), berlin(0, "18:01")] {
        let reason = story.poll(at, None);
        let text = serde_json::to_string(&reason).unwrap();
        let again: Reason = serde_json::from_str(&text).unwrap();
        assert_eq!(again, reason, "{text}");
    }
}

#[test]
fn a_calendar_that_nobody_knows_dials_nothing() {
    let mut story = Story::of(with_calendar());
    story.pilot = story.pilot.clone().with_calendars(Calendars::default());
    assert_eq!(story.outcome(berlin(0, "12:00"), Some(9)), PAUSED);
}

#[test]
fn a_replay_decides_alike_and_by_the_calendar_that_was_recorded() {
    let start = |calendars| Input::Start {
        run: 1,
        policies: BTreeMap::from([(id(), with_calendar())]),
        restored: BTreeMap::new(),
        command_longest: LONGEST,
        traits: super::PlatformTraits::default(),
        calendars,
    };
    let now = berlin(0, "18:00");
    let reading = StatusReading::without_evidence(CampaignActivity::Running, String::new(), now);
    let inputs = |calendars| {
        let finding = StatusFinding::Found(reading.clone());
        let status = Input::Status {
            campaign: id(),
            finding,
        };
        let wanted = vec![(id(), Direction::Pause)];
        let before = Input::Decide {
            wanted: Vec::new(),
            paces: Vec::new(),
        };
        [
            (berlin(0, "17:58"), start(calendars)),
            (berlin(0, "17:58"), status),
            (berlin(0, "17:59"), before),
            (
                now,
                Input::Decide {
                    wanted,
                    paces: Vec::new(),
                },
            ),
        ]
    };
    let text = serde_json::to_string(&inputs(calendars())).unwrap();
    let read: Vec<(Timestamp, Input)> = serde_json::from_str(&text).unwrap();
    assert_eq!(replay(read).unwrap().compared, 2);
    assert!(replay(inputs(Calendars::default())).is_err());
}

#[test]
fn new_rules_bring_their_calendars() {
    let mut story = Story::of(Policy::default());
    assert_eq!(
        story.outcome(berlin(0, "18:00"), Some(9)),
        Outcome::NothingToDo
    );
    let policies = BTreeMap::from([(id(), with_calendar())]);
    story.pilot.reconfigure(policies, calendars(), story.now);
    assert_eq!(story.outcome(berlin(0, "18:01"), Some(9)), PAUSED);
    // Taken out again, its pause ends by the thresholds.
    let policies = BTreeMap::from([(id(), Policy::default())]);
    story
        .pilot
        .reconfigure(policies, Calendars::default(), story.now);
    let resumed = command(Direction::Resume, Cause::Threshold);
    assert_eq!(story.outcome(berlin(0, "18:02"), Some(9)), resumed);
}
