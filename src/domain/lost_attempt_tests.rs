//! Changes held against the attempts of commands that had no usable answer.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{
    Autopilot, Belief, CampaignActivity, CampaignId, CommandResult, Conclusion, Delivery,
    Direction, Doubt, Evidence, GroupCount, HeadCount, LostTry, Notice, PauseOwner, PlatformTraits,
    Policy, Sample, Settling, StatusFinding, StatusReading, Timestamp,
};

const START: Timestamp = Timestamp::from_unix_millis(1_715_783_530_000);

fn id() -> CampaignId {
    "c".parse().unwrap()
}

/// So many milliseconds after the start, on both clocks.
fn at(ms: u64) -> Timestamp {
    START.plus(Duration::from_millis(ms))
}

/// A reading at `ms` of a campaign that was changed last at `changed`.
fn reading(activity: CampaignActivity, changed: u64, ms: u64) -> StatusReading {
    StatusReading {
        version: Some(format!("{changed}")),
        updated_at: Some(at(changed)),
        platform_now: Some(at(ms)),
        platform_error: Some(Duration::from_millis(50)),
        ..StatusReading::without_evidence(activity, String::new(), at(ms))
    }
}

fn running(ms: u64) -> StatusReading {
    reading(CampaignActivity::Running, 0, ms)
}

/// In milliseconds.
const DAY: u64 = 86_400_000;

struct Scene {
    pilot: Autopilot,
    notices: Vec<Notice>,
}

impl Scene {
    fn new(policy: Policy) -> Self {
        let traits = PlatformTraits {
            evidence: Evidence::ChangedAt,
            settling: Settling {
                usual: Duration::from_secs(1),
                longest: Duration::from_secs(60),
                longest_resume: None,
            },
            restores: false,
            staged_resume: None,
            bars_log_in: false,
        };
        let longest = Duration::from_secs(30);
        let policies = BTreeMap::from([(id(), policy)]);
        let pilot = Autopilot::new(1, policies, BTreeMap::new(), longest, START);
        let mut scene = Self {
            pilot: pilot.on_platform(traits),
            notices: Vec::new(),
        };
        scene.read(&running(0));
        scene
    }

    fn read(&mut self, reading: &StatusReading) {
        let finding = StatusFinding::Found(reading.clone());
        let notices = self.pilot.observe_status(&id(), &finding, reading.read_at);
        self.notices.extend(notices);
    }

    fn agents(&mut self, free: u32, ms: u64) {
        let heads = vec![GroupCount::Known(HeadCount {
            free,
            serving: 0,
            wrap_up: 0,
            staffed: free,
        })];
        let taken_at = at(ms);
        self.pilot
            .observe_sample(Sample::Complete { taken_at, heads }, taken_at);
    }

    /// Pauses at `ms` by attempts without an answer: when each was sent, on a reading just before, and when it broke off.
    fn lose(&mut self, ms: u64, attempts: &[(u64, u64)], after: StatusReading) -> Conclusion {
        self.agents(0, ms);
        self.pilot.decide(at(ms));
        let asked = self.pilot.authorise(&id(), Direction::Pause, at(ms));
        asked.expect("wanted");
        let lost = attempts.iter().map(|(sent, ended)| LostTry {
            before: running(*sent),
            ended_at: at(*ended),
        });
        let (sent, ended) = *attempts.last().expect("an attempt");
        let read_at = after.read_at;
        let result = CommandResult {
            delivery: Delivery::Lost { why: String::new() },
            after: StatusFinding::Found(after),
            before: Some(running(sent)),
            ended_at: Some(at(ended)),
            lost: lost.collect(),
        };
        let (conclusion, notices) = self.pilot.report(&id(), &result, read_at);
        self.notices.extend(notices);
        conclusion
    }

    /// A command that is accepted at `ms`, in the version of 50 ms later.
    fn accept(&mut self, ms: u64, to: Direction, after: StatusReading) -> Conclusion {
        self.agents(if to == Direction::Pause { 0 } else { 50 }, ms);
        self.pilot.decide(at(ms));
        self.pilot.authorise(&id(), to, at(ms)).expect("wanted");
        let read_at = after.read_at;
        let result = CommandResult {
            delivery: Delivery::Acknowledged {
                version: Some(format!("{}", ms.saturating_add(50))),
            },
            after: StatusFinding::Found(after),
            before: None,
            ended_at: Some(at(ms.saturating_add(100))),
            lost: Vec::new(),
        };
        self.pilot.report(&id(), &result, read_at).0
    }

    /// A pause, and a resume a day later: the version in each answer is the one that is read then.
    fn pause_and_resume(&mut self) {
        let paused = reading(CampaignActivity::Paused, 1_050, 1_200);
        let confirmed = self.accept(1_000, Direction::Pause, paused);
        assert_eq!(confirmed, Conclusion::Confirmed, "the answer's version");
        let resumed = reading(CampaignActivity::Running, DAY + 50, DAY + 200);
        self.accept(DAY, Direction::Resume, resumed);
    }

    fn belief(&self) -> &Belief {
        &self.pilot.campaign(&id()).unwrap().state().belief
    }

    fn resolved(&self) -> Vec<Conclusion> {
        let mut resolved = Vec::new();
        for notice in &self.notices {
            if let Notice::Resolved { conclusion, .. } = notice {
                resolved.push(*conclusion);
            }
        }
        resolved
    }
}

const UNPROVEN: Belief = Belief::Paused(PauseOwner::Unproven {
    doubt: Doubt::Outcome,
});

#[test]
fn a_change_is_ours_within_an_attempt_and_in_doubt_between_two() {
    let attempts = [(1_000, 1_100), (1_600, 1_700), (4_000, 4_100)];
    for (changed, ours) in [
        (1_050, true),
        // The next reading, which shows the campaign untouched, ends the window.
        (1_300, true),
        (1_650, true),
        (3_000, false),
        (4_050, true),
        (4_600, false),
    ] {
        let mut scene = Scene::new(Policy::default());
        let conclusion = scene.lose(1_000, &attempts, running(4_200));
        assert_eq!(conclusion, Conclusion::Unknown);
        scene.read(&reading(CampaignActivity::Paused, changed, 20_000));
        if ours {
            assert!(scene.belief().paused_by_us(), "changed at {changed}");
            assert_eq!(scene.resolved(), [Conclusion::Confirmed]);
        } else {
            assert_eq!(scene.belief(), &UNPROVEN, "changed at {changed}");
            assert_eq!(scene.resolved(), [Conclusion::NotOurs]);
        }
    }
}

#[test]
fn nothing_is_said_of_an_attempt_before_it_cannot_take_effect_any_more() {
    let mut scene = Scene::new(Policy::default());
    scene.lose(1_000, &[(1_000, 1_100)], running(1_200));
    for minute in 1..=4 {
        scene.read(&running(minute * 60_000));
    }
    assert_eq!(scene.resolved(), []);
    // It may wait for five minutes on its way, and show a minute after that.
    scene.read(&running(6 * 60_000));
    assert_eq!(scene.resolved(), []);
    scene.read(&running(7 * 60_000));
    assert_eq!(scene.resolved(), [Conclusion::NotApplied]);
    scene.read(&reading(CampaignActivity::Paused, 430_000, 440_000));
    assert_eq!(scene.belief(), &Belief::Paused(PauseOwner::Person));
}

#[test]
fn a_person_who_was_there_first_hides_what_an_attempt_did() {
    let mut scene = Scene::new(Policy::default());
    scene.lose(1_000, &[(1_000, 1_100)], running(1_200));
    scene.read(&reading(CampaignActivity::Running, 8_000, 10_000));
    scene.read(&reading(CampaignActivity::Running, 8_000, 400_000));
    assert_eq!(scene.resolved(), [], "nobody can say that it had no effect");
}

#[test]
fn an_attempt_is_remembered_over_a_later_command() {
    let mut scene = Scene::new(Policy::default());
    scene.lose(1_000, &[(1_000, 1_100)], running(1_200));
    // The second attempt is confirmed, and agents come back.
    scene.lose(
        11_000,
        &[(11_000, 11_100)],
        reading(CampaignActivity::Paused, 11_050, 11_200),
    );
    assert!(scene.belief().paused_by_us());
    // The first comes upon it: another version of the same pause, and no touch of anybody's.
    scene.read(&reading(CampaignActivity::Paused, 1_050, 20_000));
    assert!(scene.belief().paused_by_us());
    // Much later it comes once more, outside of every window.
    scene.read(&reading(CampaignActivity::Paused, 30_000, 40_000));
    assert!(!scene.belief().paused_by_us());
    assert!(!scene.notices.contains(&Notice::PersonPaused));
}

#[test]
fn an_attempt_with_which_a_person_was_quicker_may_come_later() {
    let mut scene = Scene::new(Policy::default());
    // A pause within the attempt's window: nobody can tell whose it is, and it counts as ours.
    let there = reading(CampaignActivity::Paused, 1_050, 1_200);
    let confirmed = scene.lose(1_000, &[(1_000, 1_100)], there);
    assert_eq!(confirmed, Conclusion::Confirmed);
    scene.read(&reading(CampaignActivity::Running, 10_000, 20_000));
    // What was sent comes after all, and nobody is accused of it.
    scene.read(&reading(CampaignActivity::Paused, 50_000, 60_000));
    assert_eq!(scene.belief(), &UNPROVEN);
    assert!(!scene.notices.contains(&Notice::PersonPaused));
    assert_eq!(scene.resolved(), [], "it was told to be confirmed already");
    // It comes no more, and what is paused now a person has paused.
    scene.read(&reading(CampaignActivity::Running, 70_000, 80_000));
    scene.read(&reading(CampaignActivity::Paused, 500_000, 500_100));
    assert_eq!(scene.belief(), &Belief::Paused(PauseOwner::Person));
}

#[test]
fn an_attempt_that_was_seen_on_its_way_and_confirmed_claims_no_later_change() {
    let changing = reading(CampaignActivity::Changing { to: None }, 1_050, 1_200);
    let mut scene = Scene::new(Policy::default());
    scene.lose(1_000, &[(1_000, 1_100)], changing);
    scene.read(&reading(CampaignActivity::Paused, 5_000, 10_000));
    assert!(scene.belief().paused_by_us());
    // Somebody resumes it and pauses it again between two readings.
    scene.read(&reading(CampaignActivity::Paused, 18_000, 20_000));
    assert!(!scene.belief().paused_by_us());
}

#[test]
fn a_pause_that_was_last_seen_on_its_way_is_not_told_to_be_confirmed() {
    let mut scene = Scene::new(Policy::default());
    scene.pause_and_resume();
    let changing = CampaignActivity::Changing { to: None };
    let changing = reading(changing, 2 * DAY + 50, 2 * DAY + 200);
    let open = scene.accept(2 * DAY, Direction::Pause, changing);
    assert_eq!(open, Conclusion::Unknown);
    // Somebody deletes the campaign meanwhile, and makes it anew.
    let missing = StatusFinding::Missing;
    let away = at(2 * DAY + 10_000);
    scene.pilot.observe_status(&id(), &missing, away);
    let anew = (2 * DAY + 60_000, 2 * DAY + 70_000);
    scene.read(&reading(CampaignActivity::Running, anew.0, anew.1));
    assert_eq!(scene.resolved(), [Conclusion::Unknown]);
    assert_eq!(scene.belief(), &Belief::Running);
}

#[test]
fn a_time_in_whole_seconds_may_have_been_cut() {
    let mut scene = Scene::new(Policy::default());
    scene.lose(1_700, &[(1_700, 1_800)], running(1_900));
    scene.read(&reading(CampaignActivity::Paused, 1_000, 10_000));
    assert!(scene.belief().paused_by_us());
}

#[test]
fn strict_ownership_claims_nothing_of_a_lost_attempt() {
    let strict = Policy {
        strict_ownership: true,
        ..Policy::default()
    };
    let mut scene = Scene::new(strict);
    scene.lose(1_000, &[(1_000, 1_100)], running(1_200));
    scene.read(&reading(CampaignActivity::Paused, 1_050, 10_000));
    assert_eq!(scene.belief(), &UNPROVEN);
}

#[test]
fn another_version_than_the_answer_told_is_not_shown_to_be_ours() {
    let mut scene = Scene::new(Policy::default());
    let day = DAY;
    scene.pause_and_resume();
    // The next pause is accepted and does not show; somebody pauses half a minute later.
    let shown = reading(CampaignActivity::Running, day + 50, 2 * day + 200);
    scene.accept(2 * day, Direction::Pause, shown);
    let theirs = reading(CampaignActivity::Paused, 2 * day + 30_000, 2 * day + 40_000);
    scene.read(&theirs);
    assert_eq!(
        scene.belief(),
        &Belief::Paused(PauseOwner::Unproven {
            doubt: Doubt::Unmatched
        })
    );
    // They resume it, and ours comes after all: nobody is accused of it.
    scene.read(&reading(
        CampaignActivity::Running,
        2 * day + 60_000,
        2 * day + 70_000,
    ));
    let ours = reading(
        CampaignActivity::Paused,
        2 * day + 200_000,
        2 * day + 210_000,
    );
    scene.read(&ours);
    assert_eq!(scene.belief(), &UNPROVEN);
    assert!(!scene.notices.contains(&Notice::PersonPaused));
}

#[test]
fn an_unknown_word_in_our_commands_version_is_that_command_on_its_way() {
    let word = || CampaignActivity::Unknown {
        word: "PENDING".to_owned(),
    };
    for (shown, ours) in [(1_050, true), (8_000, false)] {
        let mut scene = Scene::new(Policy::default());
        scene.agents(0, 1_000);
        scene.pilot.decide(at(1_000));
        let asked = scene.pilot.authorise(&id(), Direction::Pause, at(1_000));
        asked.expect("wanted");
        let result = CommandResult {
            delivery: Delivery::Acknowledged {
                version: Some("1050".to_owned()),
            },
            after: StatusFinding::Found(reading(word(), shown, 10_000)),
            before: None,
            ended_at: Some(at(1_100)),
            lost: Vec::new(),
        };
        scene.pilot.report(&id(), &result, at(10_000));
        let other = matches!(scene.belief(), Belief::Other { .. });
        assert_eq!(other, !ours, "somebody else has changed it");
        scene.read(&reading(CampaignActivity::Paused, 31_000, 40_000));
        assert_eq!(scene.belief().paused_by_us(), ours, "{shown}");
    }
}

#[test]
fn a_change_from_before_an_attempt_hides_nothing_of_it() {
    let mut scene = Scene::new(Policy::default());
    scene.lose(60_000, &[(60_000, 60_100)], running(60_200));
    // Shown late: somebody saved the running campaign before the attempt.
    let saved = reading(CampaignActivity::Running, 55_000, 70_000);
    scene.read(&saved);
    scene.read(&reading(CampaignActivity::Paused, 60_050, 80_000));
    assert!(scene.belief().paused_by_us(), "{:?}", scene.belief());
    // One since then may have been made after the attempt had come and gone.
    let mut scene = Scene::new(Policy::default());
    scene.lose(60_000, &[(60_000, 60_100)], running(60_200));
    scene.read(&reading(CampaignActivity::Running, 60_080, 70_000));
    scene.read(&reading(CampaignActivity::Paused, 60_095, 80_000));
    assert_eq!(scene.belief(), &UNPROVEN);
}

#[test]
fn without_stamps_nobody_can_say_that_an_attempt_had_no_effect() {
    let mut scene = Scene::new(Policy::default());
    let unstamped = |ms: u64| StatusReading {
        version: None,
        updated_at: None,
        ..running(ms)
    };
    scene.read(&unstamped(500));
    scene.lose(1_000, &[(1_000, 1_100)], unstamped(1_200));
    for minute in 1..=8 {
        scene.read(&unstamped(minute * 60_000));
    }
    assert_eq!(
        scene.resolved(),
        [],
        "a change and its reversal between two readings leave no trace"
    );
}

#[test]
fn a_stamp_that_turns_out_worthless_gives_back_what_it_alone_had_doubted() {
    let mut scene = Scene::new(Policy::default());
    scene.agents(0, 1_000);
    scene.pilot.decide(at(1_000));
    let asked = scene.pilot.authorise(&id(), Direction::Pause, at(1_000));
    asked.expect("wanted");
    // Accepted, and shown ten seconds later; the stamp moves with each reading.
    let moving = |activity, ms: u64| reading(activity, ms, ms);
    let result = CommandResult {
        delivery: Delivery::Acknowledged { version: None },
        after: StatusFinding::Found(moving(CampaignActivity::Running, 1_200)),
        before: Some(moving(CampaignActivity::Running, 1_000)),
        ended_at: Some(at(1_100)),
        lost: Vec::new(),
    };
    scene.pilot.report(&id(), &result, at(1_200));
    scene.read(&moving(CampaignActivity::Running, 5_000));
    scene.read(&moving(CampaignActivity::Paused, 12_000));
    assert_eq!(scene.belief(), &UNPROVEN, "it was changed in between");
    let mut hidden = scene.pilot.clone();
    for second in 20..26 {
        scene.read(&moving(CampaignActivity::Paused, second * 1_000));
    }
    assert!(scene.notices.contains(&Notice::StampWorthless));
    assert!(scene.belief().paused_by_us());
    // A wrong answer in between changes nothing of that.
    std::mem::swap(&mut scene.pilot, &mut hidden);
    scene
        .pilot
        .observe_status(&id(), &StatusFinding::Missing, at(15_000));
    for second in 20..26 {
        scene.read(&moving(CampaignActivity::Paused, second * 1_000));
    }
    assert!(scene.belief().paused_by_us());
}

#[test]
fn equal_stamps_within_a_second_do_not_say_that_they_stand_still() {
    let mut scene = Scene::new(Policy::default());
    // In whole seconds, and read twice in each poll.
    for poll in 1..=6 {
        let ms = poll * 10_000;
        scene.read(&reading(CampaignActivity::Running, ms, ms + 100));
        scene.read(&reading(CampaignActivity::Running, ms, ms + 400));
    }
    assert!(scene.notices.contains(&Notice::StampWorthless));
}

#[test]
fn a_person_between_a_lost_attempt_and_the_refusal_of_the_next_keeps_the_pause() {
    let mut scene = Scene::new(Policy::default());
    scene.agents(0, 1_000);
    scene.pilot.decide(at(1_000));
    let asked = scene.pilot.authorise(&id(), Direction::Pause, at(1_000));
    asked.expect("wanted");
    // The first broke off at 1.1 s; the second rested on an untouched reading at 1.4 s and was refused.
    let result = CommandResult {
        delivery: Delivery::Lost { why: String::new() },
        after: StatusFinding::Found(reading(CampaignActivity::Paused, 1_800, 2_100)),
        before: Some(running(1_400)),
        ended_at: Some(at(2_000)),
        lost: vec![LostTry {
            before: running(1_000),
            ended_at: at(1_100),
        }],
    };
    scene.pilot.report(&id(), &result, at(2_100));
    assert_eq!(scene.belief(), &UNPROVEN);
}

#[test]
fn a_pause_that_may_be_ours_stays_unproven_over_a_404() {
    let mut scene = Scene::new(Policy::default());
    scene.lose(1_000, &[(1_000, 1_100)], running(1_200));
    let missing = StatusFinding::Missing;
    scene.pilot.observe_status(&id(), &missing, at(10_000));
    scene.read(&reading(CampaignActivity::Paused, 5_000, 20_000));
    assert_eq!(scene.belief(), &UNPROVEN);
    assert!(!scene.notices.contains(&Notice::FoundPaused));
}

#[test]
fn an_attempt_that_was_seen_on_its_way_is_ours_when_it_is_through() {
    let changing = || CampaignActivity::Changing { to: None };
    let mut scene = Scene::new(Policy::default());
    scene.lose(1_000, &[(1_000, 1_100)], reading(changing(), 1_050, 1_200));
    scene.read(&reading(changing(), 1_050, 10_000));
    // The platform stamps it anew when it is through.
    scene.read(&reading(CampaignActivity::Paused, 15_000, 20_000));
    assert!(scene.belief().paused_by_us());
    assert_eq!(scene.resolved(), [Conclusion::Confirmed]);
    // One that turned back on its way is no evidence any more.
    let mut scene = Scene::new(Policy::default());
    scene.lose(1_000, &[(1_000, 1_100)], reading(changing(), 1_050, 1_200));
    scene.read(&reading(CampaignActivity::Running, 8_000, 10_000));
    scene.read(&reading(CampaignActivity::Paused, 15_000, 20_000));
    assert_eq!(scene.belief(), &UNPROVEN);
}

#[test]
fn a_command_is_resolved_once_by_whichever_attempt_took_effect() {
    let mut scene = Scene::new(Policy::default());
    scene.agents(0, 1_000);
    scene.pilot.decide(at(1_000));
    let asked = scene.pilot.authorise(&id(), Direction::Pause, at(1_000));
    asked.expect("wanted");
    // The first took effect and showed late; the second was accepted and changed nothing.
    let result = CommandResult {
        delivery: Delivery::Acknowledged { version: None },
        after: StatusFinding::Unreadable,
        before: Some(running(1_600)),
        ended_at: Some(at(1_700)),
        lost: vec![LostTry {
            before: running(1_000),
            ended_at: at(1_100),
        }],
    };
    scene.pilot.report(&id(), &result, at(1_800));
    scene.read(&reading(CampaignActivity::Paused, 1_050, 10_000));
    assert!(scene.belief().paused_by_us());
    assert_eq!(scene.resolved(), [Conclusion::Confirmed]);
}
