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
    let model = model::Model::new(dial).unwrap();
    let day = model.day(&fit, &history.days[0]).unwrap();
    let figures = crate::experiment::run_day(&day, 1, &crate::experiment::Arm::always_run());
    let minutes = figures.campaigns[0].paused_hours * 60.0;
    assert!((minutes - 34.0).abs() < 3.0, "{minutes} minutes");
}
