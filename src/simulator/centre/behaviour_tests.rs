//! What the centre does step by step, where closed forms do not reach.

use std::time::Duration;

use super::figures::ratio;
use super::*;

fn scenario(change: impl FnOnce(&mut Scenario)) -> Scenario {
    let text = Scenario::text("blended-40").unwrap();
    let mut scenario = Scenario::parse(text, "blended-40").unwrap();
    change(&mut scenario);
    scenario
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

#[test]
fn a_pause_stops_new_dials_and_lets_those_in_flight_finish() {
    let scenario = scenario(|scenario| scenario.campaigns[0].answer_share = 1.0);
    let mut centre = Centre::new(&scenario, 3);
    centre.advance(scenario.start().plus(Duration::from_secs(2)));
    let before = centre.figures().campaigns[0].clone();
    assert!(
        before.dials > 0 && before.answered == 0,
        "it rings: {before:?}"
    );
    centre.allow("campaign-1", false, centre.now());
    centre.advance(scenario.start().plus(minutes(30)));
    let after = centre.figures().campaigns[0].clone();
    assert_eq!(after.dials, before.dials, "nothing new");
    assert_eq!(after.answered, before.dials, "what rang was answered");
    assert_eq!(after.connected + after.abandoned, after.answered);
    assert_eq!(after.transitions, 1);
    assert!(after.paused_hours > 0.49 && after.idle_hours_while_paused > 1.0);
}

#[test]
fn pausing_fills_up_the_available_agents_and_running_uses_them_up() {
    let scenario = scenario(|_| {});
    let mut sums = [0.0, 0.0];
    for seed in 0..20 {
        let mut centre = Centre::new(&scenario, seed);
        centre.advance(scenario.start().plus(minutes(60)));
        sums[0] += f64::from(centre.available());
        centre.allow("campaign-1", false, centre.now());
        centre.advance(scenario.start().plus(minutes(70)));
        sums[1] += f64::from(centre.available());
    }
    assert!(
        sums[1] > sums[0] + 20.0 * 5.0,
        "running {}, paused {}",
        sums[0],
        sums[1]
    );
}

#[test]
fn two_policies_meet_the_same_customers() {
    let scenario = scenario(|_| {});
    let (mut one, mut other) = (Centre::new(&scenario, 9), Centre::new(&scenario, 9));
    other.advance(scenario.start().plus(minutes(10)));
    other.allow("campaign-1", false, other.now());
    for centre in [&mut one, &mut other] {
        centre.advance(scenario.end());
    }
    let (one, other) = (one.figures(), other.figures());
    assert_eq!(one.queues[0].offered, other.queues[0].offered);
    assert!(one.campaigns[0].connected > 5 * other.campaigns[0].connected);
    let again = {
        let mut centre = Centre::new(&scenario, 9);
        centre.advance(scenario.end());
        centre.figures()
    };
    assert_eq!(one, again, "the same seed gives the same day");
    let mut third = Centre::new(&scenario, 10);
    third.advance(scenario.end());
    assert_ne!(one, third.figures());
}

#[test]
fn how_often_it_is_looked_at_changes_nothing() {
    let scenario = scenario(|_| {});
    let mut whole = Centre::new(&scenario, 4);
    whole.advance(scenario.end());
    let mut steps = Centre::new(&scenario, 4);
    while steps.now() < scenario.end() {
        steps.advance(
            steps
                .now()
                .plus(Duration::from_millis(7_919))
                .min(scenario.end()),
        );
    }
    // Sums of the same times in another grouping.
    let (whole, steps) = (whole.figures(), steps.figures());
    assert_eq!(whole.campaigns, steps.campaigns);
    assert_eq!(whole.queues, steps.queues);
    let bits = |hours: [f64; 7]| hours.map(f64::to_bits);
    assert_eq!(bits(whole.agent_hours), bits(steps.agent_hours));
}

#[test]
fn an_answered_call_waits_two_seconds_and_no_longer() {
    // Everybody is on a break from the first ringing on, so nobody is there for those who answer.
    let scenario = scenario(|scenario| {
        scenario.queues.clear();
        scenario.campaigns[0].answer_share = 1.0;
        scenario.teams[0].random_breaks = None;
    });
    let mut centre = Centre::new(&scenario, 1);
    centre.advance(scenario.start().plus(Duration::from_secs(1)));
    let rings = centre.figures().campaigns[0].dials;
    assert_eq!(rings, 40, "one dial for each available agent");
    centre.send_on_break(40, minutes(5));
    centre.advance(scenario.start().plus(Duration::from_secs(22)));
    let nobody = centre.figures().campaigns[0].clone();
    assert_eq!((nobody.answered, nobody.connected), (40, 0));
    centre.advance(scenario.start().plus(Duration::from_secs(23)));
    assert_eq!(centre.figures().campaigns[0].abandoned, 40);
    assert_eq!(centre.count(Activity::Break), 40);
    centre.advance(scenario.start().plus(minutes(6)));
    assert_eq!(centre.count(Activity::Break), 0);
    assert!(centre.figures().campaigns[0].connected > 0);
}

#[test]
fn busy_agents_go_on_their_break_after_the_call() {
    let scenario = scenario(|scenario| scenario.teams[0].random_breaks = None);
    let mut centre = Centre::new(&scenario, 2);
    centre.advance(scenario.start().plus(minutes(60)));
    let busy = 40 - centre.available();
    assert!(busy > 20);
    centre.send_on_break(40, minutes(120));
    assert_eq!(centre.count(Activity::Break), 40 - busy);
    centre.advance(scenario.start().plus(minutes(150)));
    let away = centre.count(Activity::Break);
    assert!(away >= 38, "all but the longest calls have ended: {away}");
    assert_eq!(centre.available(), 0);
}

#[test]
fn shifts_and_planned_breaks_are_kept() {
    let text = Scenario::text("lunch-dip").unwrap();
    let scenario = Scenario::parse(text, "lunch-dip").unwrap();
    let mut centre = Centre::new(&scenario, 6);
    let at = |time: &str, centre: &mut Centre| {
        centre.advance(scenario.time_of_day(time.parse().unwrap()));
        (
            centre.count(Activity::Offline),
            centre.count(Activity::Break),
        )
    };
    let (offline, _) = at("08:00", &mut centre);
    assert!(
        (1..38).contains(&offline),
        "some are still to come: {offline}"
    );
    assert_eq!(at("10:00", &mut centre).0, 0);
    let (_, lunch) = at("12:45", &mut centre);
    assert!(lunch >= 10, "{lunch} at lunch");
    let (_, later) = at("15:00", &mut centre);
    assert!(later <= 6, "{later} away in the afternoon");
    assert!(at("18:05", &mut centre).0 > 20, "most have left");
    assert!(at("19:30", &mut centre).0 >= 37, "all but a long call");
}

#[test]
fn previewed_records_never_wait_for_an_agent() {
    let scenario = scenario(|scenario| {
        scenario.campaigns[0].mode = Mode::Preview {
            offer_after: Duration::from_secs(10),
            read: Distribution::Fixed(Duration::from_secs(20)),
        };
    });
    let mut centre = Centre::new(&scenario, 8);
    centre.advance(scenario.start().plus(minutes(120)));
    let before = centre.figures().campaigns[0].clone();
    assert!(before.connected > 50, "{before:?}");
    assert_eq!(before.abandoned, 0);
    assert_eq!(before.answered, before.connected);
    // Paused, the agents who read finish their record, and no other is offered.
    centre.allow("campaign-1", false, centre.now());
    centre.advance(centre.now().plus(minutes(30)));
    let paused = centre.figures().campaigns[0].dials;
    assert_eq!(centre.count(Activity::Preview), 0);
    assert_eq!(paused, before.dials);
    // Only two agents are assigned from here on.
    centre.assign("campaign-1", Some(&[3, 4]));
    centre.allow("campaign-1", true, centre.now());
    for _ in 0..60 {
        centre.advance(centre.now().plus(minutes(1)));
        let previewing = (0..40)
            .filter(|agent| centre.activity(*agent) == Some(Activity::Preview))
            .collect::<Vec<u32>>();
        assert!(previewing.iter().all(|agent| [3, 4].contains(agent)));
    }
    assert!(centre.figures().campaigns[0].dials > paused);
}

#[test]
fn faster_modes_connect_more_and_the_predictive_one_keeps_its_target() {
    let outcome = |mode: Mode| {
        let scenario = scenario(|scenario| {
            scenario.queues.clear();
            scenario.campaigns[0].mode = mode;
        });
        let (mut connected, mut abandoned) = (0, 0);
        for seed in 0..4 {
            let mut centre = Centre::new(&scenario, seed);
            // The diallers begin with everybody idle, which says nothing of how they keep them busy.
            centre.advance(scenario.start().plus(minutes(30)));
            centre.reset_figures();
            centre.advance(scenario.end());
            let figures = centre.figures().campaigns[0].clone();
            connected += figures.connected;
            abandoned += figures.abandoned;
        }
        (connected, ratio(abandoned, connected + abandoned))
    };
    let (progressive, none) = outcome(Mode::Progressive);
    let (predictive, kept) = outcome(Mode::Predictive {
        abandon_target: 0.03,
    });
    let (power, many) = outcome(Mode::Power {
        dials_per_agent: 4.5,
    });
    let (instant, never) = outcome(Mode::Instant { keep_available: 0 });
    assert!(none < 0.01, "only breaks take an agent away: {none}");
    assert!(predictive > progressive && instant >= predictive.max(power));
    assert!((0.001..0.05).contains(&kept), "near its target: {kept}");
    assert!(many > kept, "four and a half dials an agent: {many}");
    assert!(never < f64::MIN_POSITIVE);
}

/// The same centre with a campaign that dials ahead.
fn dialling_ahead(mode: Mode) -> Scenario {
    scenario(|scenario| scenario.campaigns[0].mode = mode)
}

#[test]
fn at_one_call_for_each_idle_agent_every_mode_is_progressive() {
    let power = dialling_ahead(Mode::Power {
        dials_per_agent: 1.8,
    });
    let predictive = dialling_ahead(Mode::Predictive {
        abandon_target: 0.03,
    });
    let progressive = scenario(|_| {});
    let day = |scenario: &Scenario, limit| {
        let mut centre = Centre::new(scenario, 5);
        centre.limit_pace("campaign-1", limit, centre.now());
        centre.advance(scenario.end());
        let mut figures = centre.figures().campaigns[0].clone();
        figures.pace_changes = 0;
        figures
    };
    let expected = day(&progressive, None);
    for ahead in [power, predictive] {
        // The day of the opening's first moment differs: what rang before the limit was there is finished.
        let limited = day(&ahead, Some(TenthsOfAgents::ONE));
        let free = day(&ahead, None);
        let close = |one: u64, other: u64| one.abs_diff(other) * 50 < other;
        assert!(
            close(limited.dials, expected.dials),
            "{limited:?} {expected:?}"
        );
        assert!(free.abandoned > limited.abandoned, "{free:?} {limited:?}");
        if matches!(ahead.campaigns[0].mode, Mode::Power { .. }) {
            let above = Some(TenthsOfAgents::from_tenths(20));
            assert_eq!(day(&ahead, above), free, "a limit above the mode's own");
        }
    }
}

#[test]
fn a_limit_is_lifted_again() {
    let power = dialling_ahead(Mode::Power {
        dials_per_agent: 3.0,
    });
    let mut centre = Centre::new(&power, 2);
    let start = power.start();
    let mut free = centre.clone();
    centre.limit_pace("campaign-1", Some(TenthsOfAgents::ONE), centre.now());
    centre.advance(start.plus(minutes(120)));
    free.advance(start.plus(minutes(120)));
    let dials = |centre: &Centre| centre.calls("campaign-1").map_or(0, |calls| calls.dials);
    assert!(dials(&centre) < dials(&free));
    let mut limited = centre.clone();
    centre.limit_pace("campaign-1", None, centre.now());
    centre.advance(start.plus(minutes(240)));
    limited.advance(start.plus(minutes(240)));
    assert!(dials(&centre) > dials(&limited));
    let figures = centre.figures().campaigns[0].clone();
    assert_eq!((figures.pace_changes, figures.transitions), (2, 0));
    centre.limit_pace("campaign-1", None, centre.now());
    centre.advance(start.plus(minutes(241)));
    assert_eq!(centre.figures().campaigns[0].pace_changes, 2, "it was so");
}

#[test]
fn a_dial_begins_only_beyond_the_reserve() {
    let scenario = scenario(|_| {});
    let dials = |reserve: u32| -> u64 {
        let days = 0..8;
        days.map(|seed| {
            let mut centre = Centre::new(&scenario, seed);
            let reserve = TenthsOfAgents::from_tenths(reserve);
            centre.keep_idle("campaign-1", reserve, centre.now());
            centre.advance(scenario.end());
            centre.figures().campaigns[0].dials
        })
        .sum()
    };
    let [none, three, between, four, all] = [0, 30, 35, 40, 400].map(dials);
    assert!(
        none > three && three > between && between > four && four > all,
        "{none} {three} {between} {four} {all}"
    );
    // All agents were idle at the opening, so that its first dials had begun before the reserve.
    let mut centre = Centre::new(&scenario, 1);
    let before = centre.figures().campaigns[0].dials;
    centre.keep_idle("campaign-1", TenthsOfAgents::from_tenths(400), centre.now());
    centre.advance(scenario.end());
    assert_eq!(centre.figures().campaigns[0].dials, before);
}

#[test]
fn a_record_has_one_reserve_however_often_it_is_looked_at() {
    let scenario = scenario(|_| {});
    let day = |step: Duration| {
        let mut centre = Centre::new(&scenario, 4);
        let reserve = TenthsOfAgents::from_tenths(45);
        centre.keep_idle("campaign-1", reserve, centre.now());
        while centre.now() < scenario.end() {
            centre.advance(centre.now().plus(step).min(scenario.end()));
        }
        centre.figures().campaigns
    };
    assert_eq!(day(minutes(600)), day(Duration::from_secs(7)));
}
