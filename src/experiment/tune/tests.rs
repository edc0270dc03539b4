//! A short history of a small centre whose truth is known.

use std::num::NonZero;
use std::time::Duration;

use super::*;
use crate::domain::{Limit, Policy, Thresholds};
use crate::simulator::{Mode, Scenario};

/// Small, so that its days are simulated fast; many of its calls are abandoned.
const SCENARIO: &str = r#"
name = "small"
about = "12 agents for five hours"
date = "2024-05-15"
opens = "09:00"
closes = "14:00"

[[team]]
name = "agents"
agents = 12
skills = ["voice"]

[[queue]]
name = "service"
skill = "voice"
calls_per_hour = 100
talk = { lognormal = { mean = "180s", sigma = 0.9 } }
wrap_up = "30s"
patience = { exponential = { mean = "375s" } }

[[campaign]]
id = "campaign-1"
name = "Renewals"
skill = "voice"
mode = { power = { dials_per_agent = 1.8 } }
answer_share = 0.4
ring = { uniform = { low = "5s", high = "15s" } }
no_answer_after = "20s"
talk = { lognormal = { mean = "200s", sigma = 0.9 } }
wrap_up = "30s"
"#;

const CAMPAIGN: &str = "campaign-1";
const POLL: Duration = Duration::from_secs(20);
const GAP: u32 = 2;
const TARGET: f64 = 0.055;
const RIGHT: Mode = Mode::Power {
    dials_per_agent: 1.8,
};

fn scenario() -> Scenario {
    Scenario::parse(SCENARIO, "small").unwrap()
}

fn policy(pause_below: u32) -> Policy {
    let resume_at = Limit::Agents(pause_below + GAP);
    Policy {
        thresholds: Thresholds::new(Limit::Agents(pause_below), resume_at).unwrap(),
        flap_limit: None,
        ..Policy::default()
    }
}

fn recorded(days: u32) -> History {
    let days = RecordedDays {
        count: days,
        first_seed: 1,
        poll_interval: POLL,
        breaks: BreaksShown::Apart,
    };
    let record = record_days(&scenario(), CAMPAIGN, &policy(2), days);
    History::new(&record.workload, &record.outcomes).unwrap()
}

fn request(history: History, mode: Mode, threads: usize) -> TuneRequest {
    TuneRequest {
        history,
        policy: policy(2),
        poll_interval: POLL,
        dial: DialRule { mode, lines: None },
        target: TARGET,
        gap: GAP,
        seed: 1,
        threads: NonZero::new(threads).unwrap(),
    }
}

fn truth(pause_below: u32) -> TrueFigures {
    let own = policy(pause_below);
    let policies = TruePolicies {
        campaign: CAMPAIGN,
        own: &own,
        others: &own,
        poll_interval: POLL,
    };
    true_figures(&scenario(), policies, 60, 1_000, NonZero::new(2).unwrap())
}

#[test]
fn a_record_says_what_happened() {
    let history = recorded(6);
    assert_eq!(history.days(), 6);
    assert_eq!(history.thresholds, Some((2, 4)));
    assert!(history.thresholds_share > 0.999);
    assert_eq!(history.poll_interval, POLL);
    let hours = history.sum(|step| step.covered);
    assert!((hours - 30.0).abs() < 0.2, "{hours} hours");
    let agents = history.sum(|step| step.working) / hours;
    assert!((agents - 12.0).abs() < 0.01, "{agents} agents");
    let fit = CentreFit::from_sums(&history);
    let close = |name: &str, found: f64, expected: f64| {
        let off = found / expected - 1.0;
        assert!(off.abs() < 0.15, "{name}: {found}, expected {expected}");
    };
    close("paperwork", fit.wrap_up, 30.0);
    close("answered", fit.answer_share, 0.4);
    let calls: f64 = history.sum(|step| step.starts - step.connected) / hours;
    close("other calls", calls, 100.0);
}

#[test]
fn a_short_history_gives_the_known_threshold() {
    let best = (0..8).find(|pause_below| truth(*pause_below).abandoned_share <= TARGET);
    let best = best.unwrap();
    assert!(best > 0, "pausing has to be worth something here");
    let report = tune(&request(recorded(6), RIGHT, 2), || {}).unwrap();
    let found = report.recommended.unwrap();
    assert!(
        found.pause_below.abs_diff(best) <= 1,
        "best is {best}: {report:#?}"
    );
    let really = truth(found.pause_below).abandoned_share;
    assert!(
        really <= found.abandoned_share.upper,
        "{really} abandoned: {found:?}"
    );
    assert!(found.abandoned_share.upper <= TARGET);
    // One agent less is not recommended, though more calls would be connected.
    let mut lower = report.candidates.iter();
    assert!(lower.all(|other| other.pause_below >= found.pause_below || !other.keeps_target));
}

#[test]
fn a_wrong_mode_is_refused_by_the_gate() {
    let history = recorded(6);
    let gate = |threads| {
        let refused = tune(&request(history.clone(), Mode::Progressive, threads), || {});
        match refused.unwrap_err() {
            TuneFault::Gate(report) => report,
            other @ (TuneFault::TooFewDays { .. } | TuneFault::Template) => panic!("{other}"),
        }
    };
    let report = gate(2);
    assert_eq!(gate(1), report, "threads change nothing");
    assert!(!report.faults().is_empty());
    assert!(report.abandon_factor > 2.0, "{report}");
}

#[test]
fn too_little_is_refused() {
    let history = recorded(3);
    let refused = tune(&request(history, RIGHT, 1), || {}).unwrap_err();
    assert!(matches!(refused, TuneFault::TooFewDays { found: 3 }));
    let days = RecordedDays {
        count: 1,
        first_seed: 1,
        poll_interval: POLL,
        breaks: BreaksShown::Apart,
    };
    let record = record_days(&scenario(), CAMPAIGN, &policy(2), days);
    assert_eq!(History::new(&[], &[]), Err(HistoryFault::NoRecord));
    assert_eq!(
        History::new(&record.workload, &[]),
        Err(HistoryFault::NoCounters)
    );
    let mut unseen = record.workload.clone();
    for slot in &mut unseen {
        (slot.call_starts, slot.counted) = (0, Duration::ZERO);
    }
    assert_eq!(
        History::new(&unseen, &record.outcomes),
        Err(HistoryFault::NoCallStarts)
    );
}

#[test]
fn a_person_s_pause_is_repeated() {
    let paused = SCENARIO.to_owned()
        + "\n[[event]]\nat = \"11:04\"\nperson_sets = { campaign = \"campaign-1\", status = \"PAUSED\" }\n\
           [[event]]\nat = \"11:38\"\nperson_sets = { campaign = \"campaign-1\", status = \"RUNNING\" }\n";
    let scenario = Scenario::parse(&paused, "paused").unwrap();
    let days = RecordedDays {
        count: 2,
        first_seed: 1,
        poll_interval: POLL,
        breaks: BreaksShown::Apart,
    };
    let record = record_days(&scenario, CAMPAIGN, &policy(0), days);
    let history = History::new(&record.workload, &record.outcomes).unwrap();
    let away = history.sum(|step| step.away) * 60.0;
    assert!((away - 68.0).abs() < 2.0, "{away} minutes");
    let dial = DialRule {
        mode: RIGHT,
        lines: None,
    };
    let fit = CentreFit::from_sums(&history);
    let model = model::Model::new(dial, None).unwrap();
    let day = model.day(&fit, &history.days[0]).unwrap();
    let figures = crate::experiment::run_day(&day, 1, &crate::experiment::Arm::always_run());
    let minutes = figures.campaigns[0].paused_hours * 60.0;
    assert!((minutes - 34.0).abs() < 3.0, "{minutes} minutes");
}

/// Steps of one hour, which are all alike.
fn hour(calls: f64, busy: f64, connected: f64) -> Vec<step::Step> {
    let step = step::Step {
        covered: 1.0 / 6.0,
        working: 5.0,
        busy: busy / 6.0,
        wrap_up: 0.1,
        starts: calls / 6.0,
        connected: connected / 6.0,
        dials: connected,
        answered: connected / 5.0,
        ..step::Step::default()
    };
    vec![step; 6]
}

#[test]
fn talks_of_three_kinds_of_calls_are_told_apart() {
    // In hours: others, the campaign's and the rival's.
    let talks = [0.05, 0.07, 0.03];
    let (mut own, mut theirs, mut shared) = (Vec::new(), Vec::new(), Vec::new());
    for hours in 0..24_u32 {
        // Mixes that differ from hour to hour; everybody who takes a call works for both.
        let kinds = [
            f64::from(60 + 90 * (hours % 2)),
            f64::from(30 + 50 * (hours % 3)),
            f64::from(40 + 40 * (hours % 4)),
        ];
        let calls = kinds.iter().sum();
        let busy = kinds
            .iter()
            .zip(talks)
            .map(|(calls, talk)| calls * talk)
            .sum();
        own.extend(hour(calls, busy, kinds[1]));
        theirs.extend(hour(calls, busy, kinds[2]));
        shared.extend(hour(calls, busy, 0.0));
    }
    let rule = RivalRule {
        dial: DialRule {
            mode: Mode::Progressive,
            lines: None,
        },
        policy: policy(2),
    };
    let mut history = recorded(1);
    let beside = rival::RivalDay::new(&own, theirs, shared);
    assert!(
        beside
            .pool
            .iter()
            .all(|step| (step.working - 5.0).abs() < 1e-9)
    );
    history.rival = Some(rule);
    let day = history::HistoryDay {
        steps: own,
        beside: Some(beside),
        ..history.days.remove(0)
    };
    history.days = vec![day; 10];
    let fit = CentreFit::from_sums(&history);
    let rival = fit.rival.unwrap();
    for (found, talk) in [fit.talk_other, fit.talk_campaign, rival.talk]
        .into_iter()
        .zip(talks)
    {
        let off = found / (talk * 3_600.0) - 1.0;
        assert!(off.abs() < 0.03, "{found} s, expected {}", talk * 3_600.0);
    }
    assert!((rival.answer_share - 0.2).abs() < 1e-9);
}

#[test]
fn a_pool_is_the_agents_of_either_campaign() {
    let text = include_str!("../../../tests/it/shared-pool.toml");
    let scenario = Scenario::parse(text, "shared").unwrap();
    let days = RecordedDays {
        count: 2,
        first_seed: 1,
        poll_interval: POLL,
        breaks: BreaksShown::Apart,
    };
    let pool = record_pool(&scenario, ("campaign-1", "campaign-2"), &policy(2), days);
    let own = History::new(&pool.own.workload, &pool.own.outcomes).unwrap();
    let theirs = own
        .of_rival(&pool.rival.workload, &pool.rival.outcomes)
        .unwrap();
    let rule = RivalRule {
        dial: DialRule {
            mode: RIGHT,
            lines: None,
        },
        policy: policy(2),
    };
    let history = own
        .clone()
        .beside(&theirs, &pool.shared, rule.clone())
        .unwrap();
    assert_eq!(history.days(), 2);
    let hours = history.sum(|step| step.covered);
    let agents = |sum: f64| sum / hours;
    let expected = [
        (agents(history.sum(|step| step.working)), 12.0),
        (agents(history.sum_rival(|step| step.working)), 12.0),
        (agents(history.sum_pool(|step| step.working)), 16.0),
    ];
    for (found, expected) in expected {
        assert!(
            (found - expected).abs() < 0.05,
            "{found}, expected {expected}"
        );
    }
    let calls = history.sum_pool(|step| step.starts - step.connected);
    assert!((calls / hours - 110.0).abs() < 15.0, "{calls} in {hours} h");
    // One day of the model has the three teams, and both campaigns.
    let model = model::Model::new(rule.dial, Some(rule.dial)).unwrap();
    let fit = CentreFit::from_sums(&history);
    let day = model.day(&fit, &history.days[0]).unwrap();
    let agents = |skills: &[&str]| -> u32 {
        let able = |team: &&crate::simulator::Team| {
            skills
                .iter()
                .all(|skill| team.skills.iter().any(|own| own == skill))
        };
        let noon = "11:30".parse().unwrap();
        let there = day.teams.iter().filter(|team| {
            team.shift
                .as_ref()
                .is_some_and(|shift| shift.from <= noon && noon < shift.to)
        });
        there.filter(able).map(|team| team.agents).sum()
    };
    assert_eq!(
        (
            agents(&["own"]),
            agents(&["rival"]),
            agents(&["own", "rival"])
        ),
        (12, 12, 8)
    );
    assert_eq!(day.campaigns.len(), 2);
    // Days on which the rival is not known are of no use.
    let unknown = own.beside(&theirs.only(&[]), &pool.shared, rule);
    assert_eq!(unknown, Err(HistoryFault::NoRecord));
}

#[test]
fn agents_in_whole_numbers_are_as_many_as_their_fractions() {
    let agents = model::in_whole_agents(&[0.0, 9.6, 9.6, 9.6, 9.6, 9.6, 0.0, 0.4, 0.4, 0.4]);
    assert_eq!(agents, [0, 10, 9, 10, 9, 10, 0, 0, 1, 0]);
}
