//! What holds of the aim whatever the counters say, and stories of single readings.
#![expect(clippy::arithmetic_side_effects, reason = "numbers of a few digits")]

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::domain::status::Direction;
use crate::domain::time::Timestamp;

use super::threshold::FineAgents;
use super::*;

const START: Timestamp = Timestamp::from_unix_millis(1_700_000_000_000);

fn rule(target: &str) -> AimRule {
    AimRule::new(target.parse().unwrap())
}

fn agents(text: &str) -> HalfAgents {
    text.parse().unwrap()
}

/// A platform that counts calls, and the aim that reads its counters.
struct Centre {
    rule: AimRule,
    aim: AimState,
    now: Timestamp,
    since: Timestamp,
    connected: u64,
    abandoned: u64,
    paused: bool,
}

impl Centre {
    fn new(rule: AimRule, staffed: u32) -> Self {
        let mut aim = AimState::new(&rule);
        aim.observe_staffed(staffed, START);
        let mut centre = Self {
            rule,
            aim,
            now: START,
            since: START,
            connected: 0,
            abandoned: 0,
            paused: false,
        };
        assert_eq!(centre.read(), CountersRead::First);
        centre
    }

    fn counters(&self) -> CallCounters {
        CallCounters {
            since: self.since,
            until: self.now,
            connected: self.connected,
            abandoned: self.abandoned,
        }
    }

    fn read(&mut self) -> CountersRead {
        let counters = self.counters();
        self.aim.observe_counters(&self.rule, counters, self.paused)
    }

    fn calls(&mut self, connected: u64, abandoned: u64) {
        self.now = self.now.plus(Duration::from_secs(10));
        self.connected += connected;
        self.abandoned += abandoned;
    }

    fn reading(&self) -> AimReading {
        self.aim.reading(&self.rule, None, self.now)
    }

    fn pause_below(&self) -> String {
        self.aim.pause_below(&self.rule).to_string()
    }
}

#[test]
fn abandoned_calls_raise_and_connected_ones_lower() {
    let mut centre = Centre::new(rule("0.5%"), 40);
    assert_eq!(centre.pause_below(), "3");
    centre.calls(0, 1);
    centre.read();
    // 3 + 0.3 * 0.995, in whole halves from there on up.
    assert_eq!(centre.aim.goal, FineAgents(32_985_000));
    assert_eq!(centre.pause_below(), "3.5");
    centre.calls(199, 0);
    centre.read();
    assert_eq!(
        centre.aim.goal,
        FineAgents(30_000_000),
        "one in two hundred"
    );
    assert_eq!(centre.pause_below(), "3");
}

#[test]
fn the_signal_is_compared_with_both_thresholds() {
    let centre = Centre::new(rule("0.5%"), 40);
    let wanted = |signal, running| centre.aim.wanted(&centre.rule, agents(signal), running);
    assert_eq!(wanted("2.5", true), Some(Direction::Pause));
    assert_eq!(wanted("3", true), None);
    assert_eq!(wanted("4.5", false), None);
    assert_eq!(wanted("5", false), Some(Direction::Resume));
}

#[test]
fn at_zero_nothing_is_paused() {
    let mut centre = Centre::new(rule("0.5%"), 40);
    for _ in 0..5 {
        centre.calls(1_000, 0);
        centre.read();
    }
    assert_eq!(centre.pause_below(), "0");
    let nobody = HalfAgents::default();
    assert_eq!(centre.aim.wanted(&centre.rule, nobody, true), None);
}

#[test]
fn one_reading_moves_it_by_one_agent_and_what_abandoned_calls_add_comes_later() {
    let mut centre = Centre::new(rule("0.5%"), 40);
    centre.calls(0, 10);
    centre.read();
    assert_eq!(centre.pause_below(), "4");
    centre.calls(0, 0);
    centre.read();
    assert_eq!(centre.pause_below(), "5");
    centre.calls(0, 0);
    centre.read();
    assert_eq!(centre.aim.threshold, FineAgents(59_850_000));
    centre.calls(1_000_000, 0);
    centre.read();
    assert_eq!(
        centre.aim.goal,
        FineAgents(49_850_000),
        "one agent, no more"
    );
}

#[test]
fn a_reset_is_a_new_base_and_no_flood_of_calls() {
    let mut centre = Centre::new(rule("0.5%"), 40);
    centre.calls(5_000, 3);
    centre.read();
    let before = centre.aim.threshold;
    centre.calls(100, 50);
    (centre.connected, centre.abandoned) = (4_000, 50);
    assert_eq!(centre.read(), CountersRead::Reset);
    assert_eq!(centre.aim.threshold, before);
    // Counters that go on from a higher number and count from another moment are others.
    centre.since = centre.now;
    (centre.connected, centre.abandoned) = (9_000, 500);
    assert_eq!(centre.read(), CountersRead::Reset);
    centre.calls(7, 1);
    let calls = CallDelta {
        connected: 7,
        abandoned: 1,
    };
    assert_eq!(centre.read(), CountersRead::Calls(calls));
}

#[test]
fn a_reading_that_comes_after_a_newer_one_counts_no_call_twice() {
    let mut centre = Centre::new(rule("0.5%"), 40);
    centre.calls(10, 0);
    let late = centre.counters();
    centre.calls(10, 1);
    centre.read();
    let before = centre.aim.clone();
    assert_eq!(
        centre.aim.observe_counters(&centre.rule, late, false),
        CountersRead::Older
    );
    assert_eq!(centre.aim, before);
}

#[test]
fn counters_that_come_an_hour_late_lead_to_the_same_threshold() {
    let (mut often, mut late) = (Centre::new(rule("0.5%"), 40), Centre::new(rule("0.5%"), 40));
    for tick in 0..3_600_u64 {
        let abandoned = u64::from(tick % 400 == 7);
        let connected = u64::from(tick % 2 == 0);
        for centre in [&mut often, &mut late] {
            centre.calls(connected, abandoned);
        }
        often.read();
        if tick % 360 == 359 {
            late.read();
        }
    }
    assert_eq!(often.aim.goal, late.aim.goal);
    assert_eq!(often.aim.threshold, late.aim.threshold);
}

#[test]
fn at_its_top_it_says_that_the_share_does_not_respond() {
    let mut centre = Centre::new(rule("0.5%"), 10);
    while centre.reading().verdict == AimVerdict::Steers {
        centre.calls(1, 1);
        centre.read();
        assert!(centre.abandoned < 100, "never at its top");
    }
    // 0.7 of ten agents, less a gap of two.
    assert_eq!(centre.pause_below(), "5");
    let said = centre.reading().to_string();
    assert!(said.ends_with("aimed at 0.5%; does not respond"), "{said}");
    centre.calls(3, 0);
    centre.read();
    assert_eq!(
        centre.reading().verdict,
        AimVerdict::DoesNotRespond,
        "still far above its target"
    );
    centre.calls(200 * centre.abandoned, 0);
    centre.read();
    assert_eq!(
        centre.reading().verdict,
        AimVerdict::Steers,
        "calls that reach agents lower it"
    );
}

#[test]
fn at_its_top_the_calls_of_two_hours_count() {
    let mut centre = Centre::new(rule("0.5%"), 10);
    while centre.reading().verdict == AimVerdict::Steers {
        centre.calls(1, 1);
        centre.read();
    }
    centre.now = centre.now.plus(Duration::from_secs(3 * 60 * 60));
    centre.calls(1, 0);
    centre.read();
    assert_eq!(centre.reading().verdict, AimVerdict::Steers);
}

#[test]
fn another_whole_agent_is_told_once() {
    let mut centre = Centre::new(rule("0.5%"), 40);
    let mut tell = |calls: (u64, u64)| {
        centre.calls(calls.0, calls.1);
        centre.read();
        let moved = centre.aim.tell(&centre.rule, centre.now);
        moved.map(|moved| (moved.from, moved.to.pause_below.to_string()))
    };
    assert_eq!(tell((0, 0)), None, "the first one is no change");
    assert_eq!(tell((0, 1)), None, "3.5 is no other whole agent than 3");
    assert_eq!(tell((0, 2)), Some((3, "4".to_owned())));
    assert_eq!(tell((100, 0)), None);
}

#[test]
fn a_step_of_the_clock_moves_what_is_kept() {
    let mut centre = Centre::new(rule("0.5%"), 40);
    centre.calls(200, 1);
    centre.read();
    let (before, moved_by) = (centre.reading(), 40 * 24 * 60 * 60 * 1_000);
    for direction in [moved_by, -2 * moved_by] {
        centre.aim.shift_clock(direction);
        centre.now.shift(direction);
        assert_eq!(centre.reading(), before);
        centre.aim.observe_staffed(3, centre.now);
        assert_eq!(centre.reading(), before, "40 were staffed today");
        centre.calls(0, 0);
        assert!(matches!(centre.read(), CountersRead::Calls(_)));
    }
}

#[test]
fn without_counters_it_says_so() {
    let mut centre = Centre::new(rule("0.5%"), 40);
    let said = "threshold 3: no calls counted in 2h, aimed at 0.5%";
    assert_eq!(centre.reading().to_string(), said);
    centre.calls(203, 1);
    centre.read();
    assert_ne!(centre.reading().to_string(), said);
    centre.now = centre.now.plus(Duration::from_secs(3 * 60 * 60));
    assert!(
        centre
            .reading()
            .to_string()
            .contains("no calls counted in 2h")
    );
}

#[test]
fn fewer_agents_hold_the_threshold_and_forget_nothing() {
    let mut centre = Centre::new(rule("0.5%"), 3);
    // 0.7 of three agents, less a gap of two, in whole halves.
    assert_eq!(centre.pause_below(), "0.5");
    centre.aim.observe_staffed(40, START);
    assert_eq!(centre.pause_below(), "3");
    let later = START.plus(Duration::from_secs(6 * 24 * 60 * 60));
    centre.aim.observe_staffed(4, later);
    assert_eq!(centre.pause_below(), "1");
}

#[test]
fn a_starved_campaign_is_let_run_again_after_a_day() {
    let mut centre = Centre::new(rule("0.5%"), 40);
    centre.paused = true;
    let hour = Duration::from_secs(60 * 60);
    let minutes_of = |centre: &mut Centre, minutes: u32| {
        for _ in 0..minutes {
            centre.now = centre.now.plus(Duration::from_secs(60));
            centre.read();
        }
    };
    minutes_of(&mut centre, 24 * 60);
    assert_eq!(centre.pause_below(), "3", "not before a day is over");
    centre.aim.observe_staffed(0, centre.now);
    minutes_of(&mut centre, 12 * 60);
    assert_eq!(
        centre.pause_below(),
        "3",
        "nobody is there to be called for"
    );
    centre.aim.observe_staffed(40, centre.now);
    minutes_of(&mut centre, 60);
    assert_eq!(centre.pause_below(), "2.5", "an agent an hour, rounded up");
    minutes_of(&mut centre, 59);
    assert_eq!(centre.pause_below(), "1.5");
    centre.calls(1, 0);
    centre.read();
    minutes_of(&mut centre, 60);
    assert_eq!(centre.pause_below(), "1.5", "a call was answered");
    // Hours that nobody counted are not hours without a call.
    centre.connected = 0;
    centre.now = centre.now.plus(hour * 48);
    assert_eq!(centre.read(), CountersRead::Reset);
    minutes_of(&mut centre, 60);
    assert_eq!(centre.pause_below(), "1.5");
}

#[test]
fn only_hours_in_which_its_threshold_pauses_it_count_as_starved() {
    let mut centre = Centre::new(rule("0.5%"), 40);
    let hours = |centre: &mut Centre, hours: u32, paused| {
        centre.paused = paused;
        for _ in 0..hours * 60 {
            centre.now = centre.now.plus(Duration::from_secs(60));
            centre.read();
        }
    };
    hours(&mut centre, 20, true);
    hours(&mut centre, 60, false);
    hours(&mut centre, 4, true);
    assert_eq!(centre.pause_below(), "3", "a closed weekend starves nobody");
    hours(&mut centre, 1, true);
    assert_eq!(centre.pause_below(), "2.5");
}

#[test]
fn counters_of_a_day_do_not_hide_that_a_campaign_starves() {
    let mut centre = Centre::new(rule("0.5%"), 40);
    centre.paused = true;
    for hour in 0..26 {
        for _ in 0..60 {
            centre.now = centre.now.plus(Duration::from_secs(60));
            centre.read();
        }
        if hour == 12 {
            centre.now = centre.now.plus(Duration::from_secs(60));
            centre.since = centre.now;
            assert_eq!(centre.read(), CountersRead::Reset);
        }
    }
    assert_eq!(centre.pause_below(), "1.5", "two hours of falling");
}

#[test]
fn explains_itself() {
    let mut centre = Centre::new(rule("0.5%"), 40);
    for _ in 0..3 {
        centre.calls(203, 1);
        centre.read();
    }
    assert_eq!(
        centre.reading().to_string(),
        "threshold 3: 3 of 612 calls abandoned in 2h, aimed at 0.5%"
    );
}

/// What can happen to counters.
#[derive(Clone, Debug)]
enum Happening {
    Calls {
        connected: u64,
        abandoned: u64,
    },
    Read,
    /// The counters begin anew, from a moment that the platform tells or not.
    Reset {
        told: bool,
    },
    /// A reading from before the last calls arrives.
    ReadLate,
    Staffed(u32),
    Hours(u64),
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let few = (0_u64..30, 0_u64..4);
    let many = (0_u64..1_000_000, 0_u64..1_000_000);
    let calls = prop_oneof![8 => few, 1 => many];
    let calls = calls.prop_map(|(connected, abandoned)| Happening::Calls {
        connected,
        abandoned,
    });
    vec(
        prop_oneof![
            6 => calls,
            8 => Just(Happening::Read),
            1 => any::<bool>().prop_map(|told| Happening::Reset { told }),
            1 => Just(Happening::ReadLate),
            1 => (0_u32..2_000_000).prop_map(Happening::Staffed),
            1 => (0_u64..200).prop_map(Happening::Hours),
        ],
        0..120,
    )
}

fn rules() -> impl Strategy<Value = AimRule> {
    (1_u32..=2_000, 0_u32..10, 0_u32..20).prop_map(|(target, gap, start)| AimRule {
        gap: HalfAgents::from_halves(gap),
        start: HalfAgents::from_halves(start),
        ..AimRule::new(AbandonTarget::try_from(target).unwrap())
    })
}

/// The calls that were counted, by books of the test's own.
#[derive(Default)]
struct Books {
    base: Option<(u64, u64)>,
    connected: u64,
    abandoned: u64,
    most_staffed: u32,
}

impl Books {
    fn read(&mut self, centre: &Centre) {
        if let Some((connected, abandoned)) = self.base {
            self.connected += centre.connected - connected;
            self.abandoned += centre.abandoned - abandoned;
        }
        self.base = Some((centre.connected, centre.abandoned));
    }
}

/// Lets everything happen, and calls `after` behind each.
fn live(
    rule: AimRule,
    happenings: &[Happening],
    mut after: impl FnMut(&Centre, &Books, &Happening) -> Result<(), TestCaseError>,
) -> Result<AimState, TestCaseError> {
    let mut centre = Centre::new(rule, 40);
    let mut books = Books {
        base: Some((0, 0)),
        most_staffed: 40,
        ..Books::default()
    };
    for happening in happenings {
        match happening {
            Happening::Calls {
                connected,
                abandoned,
            } => centre.calls(*connected, *abandoned),
            Happening::Read => {
                centre.read();
                books.read(&centre);
            }
            Happening::Reset { told } => {
                // A platform that does not tell is found out by a counter that fell.
                if *told || centre.connected + centre.abandoned > 0 {
                    books.base = None;
                }
                if *told {
                    centre.now = centre.now.plus(Duration::from_secs(1));
                    centre.since = centre.now;
                }
                (centre.connected, centre.abandoned) = (0, 0);
                if !*told {
                    centre.read();
                    books.base = Some((0, 0));
                }
            }
            Happening::ReadLate => {
                let late = CallCounters {
                    until: centre.now.minus(Duration::from_secs(10_000_000)),
                    connected: centre.connected / 2,
                    abandoned: centre.abandoned / 2,
                    ..centre.counters()
                };
                centre
                    .aim
                    .observe_counters(&centre.rule, late, centre.paused);
            }
            Happening::Staffed(staffed) => {
                books.most_staffed = books.most_staffed.max(*staffed);
                centre.aim.observe_staffed(*staffed, centre.now);
            }
            Happening::Hours(hours) => {
                centre.now = centre.now.plus(Duration::from_secs(hours * 3_600));
            }
        }
        after(&centre, &books, happening)?;
    }
    Ok(centre.aim)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// abandoned <= target * answered + (top - start) / gain, for all calls that were counted, while the threshold is not held
    /// at its top.
    #[test]
    fn no_more_calls_are_abandoned_than_is_guaranteed(rule in rules(), happenings in happenings()) {
        let start = FineAgents::from_half_agents(rule.start);
        let mut held = false;
        live(rule, &happenings, |centre, books, _| {
            held |= centre.reading().verdict == AimVerdict::DoesNotRespond;
            let target = i128::from(rule.target.hundredths_of_percent());
            let answered = i128::from(books.connected + books.abandoned);
            let beyond = 10_000 * i128::from(books.abandoned) - target * answered;
            let top = rule.top(books.most_staffed).max(start);
            let allowed = i128::from(top.0 - start.0);
            prop_assert!(
                held || beyond * i128::from(rule.gain_thousandths()) <= allowed,
                "{} of {answered}", books.abandoned
            );
            Ok(())
        })?;
    }

    #[test]
    fn the_threshold_stays_within_its_bounds(rule in rules(), happenings in happenings()) {
        let mut before = rule.start;
        live(rule, &happenings, |centre, books, happening| {
            let top = rule.top(books.most_staffed).in_half_agents();
            let pause_below = centre.aim.pause_below(&rule);
            prop_assert!(pause_below <= top, "{pause_below} of {top}");
            prop_assert!(centre.aim.goal >= FineAgents::ZERO);
            let moved = pause_below.halves().abs_diff(before.halves());
            let staffing = matches!(happening, Happening::Staffed(_));
            prop_assert!(staffing || moved <= 2, "from {before} to {pause_below}");
            before = pause_below;
            Ok(())
        })?;
    }

    #[test]
    fn calls_and_hours_that_are_not_read_move_nothing(rule in rules(), happenings in happenings()) {
        let mut before = None;
        live(rule, &happenings, |centre, _, happening| {
            let unread = matches!(
                happening,
                Happening::Calls { .. } | Happening::Hours(_) | Happening::ReadLate
            );
            if let Some(before) = before.replace(centre.aim.clone()) && unread {
                prop_assert_eq!(&before, &centre.aim);
            }
            Ok(())
        })?;
    }

    /// A state that is stored after each step leads to the same as one that is kept.
    #[test]
    fn a_restart_at_any_moment_changes_nothing(rule in rules(), happenings in happenings()) {
        let kept = live(rule, &happenings, |_, _, _| Ok(()))?;
        let again = live(rule, &happenings, |centre, _, _| {
            let stored = serde_json::to_string(&centre.aim).unwrap();
            prop_assert_eq!(&serde_json::from_str::<AimState>(&stored).unwrap(), &centre.aim);
            prop_assert!(stored.len() < 2_000, "{stored}");
            Ok(())
        })?;
        prop_assert_eq!(kept, again);
    }

    /// With a start that no calls have to be read for, a paused campaign keeps its threshold for a day.
    #[test]
    fn nothing_falls_by_itself_before_a_day(minutes in vec(1_u64..120, 0..40)) {
        let mut centre = Centre::new(rule("0.5%"), 40);
        centre.paused = true;
        let before = centre.aim.goal;
        for passed in minutes {
            centre.now = centre.now.plus(Duration::from_secs(passed * 60));
            centre.read();
            let quiet = centre.now.since(START);
            prop_assert!(quiet > Duration::from_secs(24 * 3_600) || centre.aim.goal == before);
        }
    }
}
