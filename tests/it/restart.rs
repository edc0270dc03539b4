//! Killed at every step around intent, command and outcome; and a hundred times at random.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use campaign_autopilot::simulator::{
    Actor, Endpoint, Fault, FaultPlan, FaultRule, Hook, Phase, RequestSeen, When,
};

use serde_json::Value;

use crate::centre::{CAMPAIGN, Centre, Daemon, of_kind};

/// Kills the process in `target` the first time that `step` says so.
fn killer(
    target: &Arc<AtomicU32>,
    step: impl Fn(&RequestSeen, Phase) -> bool + Send + Sync + 'static,
) -> Hook {
    let target = Arc::clone(target);
    Arc::new(move |seen, phase| {
        if step(seen, phase) {
            let pid = target.swap(0, Ordering::SeqCst);
            if pid != 0 {
                assert!(
                    Command::new("kill")
                        .args(["-KILL", &pid.to_string()])
                        .status()
                        .unwrap()
                        .success()
                );
            }
        }
    })
}

/// A daemon that wants to pause is killed at `step`; the next one has to find out what became of the pause, and to
/// resume it if it was made.
fn killed_at(
    step: impl Fn(&RequestSeen, Phase) -> bool + Send + Sync + 'static,
    fault: Option<Fault>,
) {
    let centre = Centre::new();
    let target = Arc::new(AtomicU32::new(0));
    if let Some(fault) = fault {
        let rule = FaultRule {
            fault,
            endpoint: Some(Endpoint::CampaignPut),
            when: When::Next(1),
        };
        centre.platform.inject(rule);
    }
    let mut daemon = centre.daemon().start();
    centre.wait_for_polls(3);
    target.store(daemon.child.id(), Ordering::SeqCst);
    centre.platform.set_hook(Some(killer(&target, step)));
    centre.platform.set_available(0);
    assert!(!daemon.end().success(), "it was killed");
    centre.platform.set_hook(None);
    let daemon = centre
        .daemon()
        .start()
        .tolerate(&["command whose outcome was unknown"]);
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    centre.wait_for_polls(3);
    centre.platform.set_available(20);
    centre.wait_for_status(CAMPAIGN, "RUNNING");
    daemon.wait_for_log("resumed");
    daemon.stop();
    every_applied_command_is_in_the_audit_once(&centre);
}

fn every_applied_command_is_in_the_audit_once(centre: &Centre) {
    let audit = centre.audit();
    let mut intents: BTreeMap<&str, usize> = BTreeMap::new();
    for row in of_kind(&audit, "intent") {
        *intents
            .entry(row["decision"].as_str().unwrap())
            .or_default() += 1;
    }
    assert!(intents.values().all(|times| *times == 1), "{intents:?}");
    for entry in centre.platform.journal() {
        if let Actor::Client { request_id, .. } = &entry.by {
            let id = request_id.as_deref().unwrap();
            assert_eq!(intents.get(id), Some(&1), "{entry:?} is not in the audit");
        }
    }
}

fn at(endpoint: Endpoint, phase: Phase) -> impl Fn(&RequestSeen, Phase) -> bool {
    move |seen, now| seen.endpoint == endpoint && now == phase
}

#[test]
fn killed_while_the_status_is_read_before() {
    killed_at(at(Endpoint::CampaignGet, Phase::Arrived), None);
}

#[test]
fn killed_when_the_command_was_sent_and_did_not_arrive() {
    killed_at(
        at(Endpoint::CampaignPut, Phase::Arrived),
        Some(Fault::Reset),
    );
}

#[test]
fn killed_when_the_command_arrived() {
    killed_at(at(Endpoint::CampaignPut, Phase::Arrived), None);
}

#[test]
fn killed_when_the_command_took_effect() {
    killed_at(at(Endpoint::CampaignPut, Phase::Applied), None);
}

#[test]
fn killed_before_the_answer_came() {
    killed_at(at(Endpoint::CampaignPut, Phase::Answering), None);
}

#[test]
fn killed_while_the_status_is_read_back() {
    let sent = Mutex::new(false);
    killed_at(
        move |seen, phase| {
            let mut sent = sent.lock().unwrap();
            *sent |= seen.endpoint == Endpoint::CampaignPut;
            *sent && seen.endpoint == Endpoint::CampaignGet && phase == Phase::Arrived
        },
        None,
    );
}

#[test]
fn killed_after_the_outcome_was_committed() {
    let centre = Centre::new();
    centre.platform.set_available(0);
    let daemon = centre.daemon().start();
    daemon.wait_for_log("paused");
    centre.wait_for_polls(1);
    daemon.kill();
    centre.platform.set_available(20);
    let daemon = centre.daemon().start();
    centre.wait_for_status(CAMPAIGN, "RUNNING");
    daemon.wait_for_log("resumed");
    daemon.stop();
    every_applied_command_is_in_the_audit_once(&centre);
}

const SEED: u64 = 20_240_515;

/// Four times the request time-out of these daemons.
const LONGEST_COMMAND_MS: i64 = 2_000;

/// The `Date` header counts whole seconds.
const DATE_RESOLUTION_MS: i64 = 1_000;

/// What may be logged on a platform with faults.
const TROUBLE: [&str; 6] = [
    "poll invalid",
    "too long",
    "status not read",
    "could not",
    "outcome was unknown",
    "found paused",
];

/// A hundred daemons one after the other on a platform with faults, each killed at a random moment, while agents come
/// and go and a person pauses what we resumed.
#[expect(
    clippy::disallowed_methods,
    reason = "the moment of the kill is left to chance; nothing waits for it"
)]
fn a_hundred_random_kills(arguments: &[&str]) -> Centre {
    let mut chance = fastrand::Rng::with_seed(SEED);
    let centre = Centre::with(|settings| settings.seed = SEED);
    for rule in
        FaultPlan::parse("500=0.06,reset=0.04,truncate=0.03,lost-reply:campaign-put=0.25").unwrap()
    {
        centre.platform.inject(rule);
    }
    let mut persons_pauses = 0;
    for _ in 0..100 {
        centre.platform.set_available(chance.usize(0..16));
        let daemon = start(&centre, arguments);
        for _ in 0..chance.u32(1..5) {
            // Chance, not synchronisation: the kill may come at any step.
            std::thread::sleep(Duration::from_millis(chance.u64(5..90)));
            centre.platform.set_available(chance.usize(0..16));
            persons_pauses += u32::from(chance.u8(0..4) == 0 && person_pauses_what_runs(&centre));
        }
        daemon.kill();
        // Whoever paused it, now and then a person sees to it that it runs again.
        if chance.bool() && centre.platform.campaign_status(CAMPAIGN).as_deref() == Some("PAUSED") {
            centre.platform.person_sets(CAMPAIGN, "RUNNING");
        }
    }
    centre.platform.clear_faults();
    let daemon = start(&centre, arguments);
    centre.wait_for_polls(5);
    daemon.stop();
    let commands = centre.commands().len();
    assert!(
        commands >= 10,
        "only {commands} commands: nothing was tried"
    );
    assert!(
        persons_pauses >= 3,
        "only {persons_pauses} pauses by a person: nothing was tried"
    );
    every_applied_command_is_in_the_audit_once(&centre);
    centre
}

/// When persons paused what we then resumed.
fn undone(centre: &Centre) -> Vec<i64> {
    let mut persons_pause = None;
    let mut undone = Vec::new();
    for entry in centre
        .platform
        .journal()
        .iter()
        .filter(|entry| entry.from != entry.to)
    {
        let by_person = entry.by == Actor::Person;
        if entry.to == "PAUSED" {
            persons_pause = by_person.then(|| entry.at.as_unix_millis());
        } else if let Some(at) = persons_pause.take()
            && !by_person
        {
            undone.push(at);
        }
    }
    undone
}

/// With strict ownership there is no exception: what cannot be shown to be ours is not resumed.
#[test]
fn a_hundred_random_kills_lose_no_command_and_undo_no_person() {
    let centre = a_hundred_random_kills(&["--strict-ownership"]);
    assert_eq!(
        undone(&centre),
        [0_i64; 0],
        "a person's pause was undone (seed {SEED})"
    );
}

/// Without it, the only pauses of a person that are taken for ours are those of the race that the README states: made
/// while a pause of ours, whose outcome never became known, can have been on its way.
#[test]
fn a_hundred_random_kills_undo_a_person_only_in_the_race_that_is_stated() {
    let centre = a_hundred_random_kills(&[]);
    let audit = centre.audit();
    let settled = |decision: &Value| {
        let outcomes = of_kind(&audit, "outcome");
        let of_this = outcomes.iter().find(|row| row["decision"] == *decision);
        of_this.is_some_and(|row| row["event"]["delivery"]["delivery"] != "lost")
    };
    let windows: Vec<(i64, i64)> = of_kind(&audit, "intent")
        .into_iter()
        .filter(|row| row["event"]["direction"] == "pause" && !settled(&row["decision"]))
        .map(|row| row["event"]["before"]["platform_now"].as_i64().unwrap())
        .map(|from| (from, from + LONGEST_COMMAND_MS + DATE_RESOLUTION_MS))
        .collect();
    for at in undone(&centre) {
        let in_race = windows
            .iter()
            .any(|(from, until)| (*from..=*until).contains(&at));
        assert!(
            in_race,
            "a person's pause at {at} was undone outside of {windows:?} (seed {SEED})"
        );
    }
}

fn start(centre: &Centre, arguments: &[&str]) -> Daemon {
    centre
        .daemon()
        .args(&["--request-timeout", "500ms", "--manual-grace", "300ms"])
        .args(arguments)
        .start()
        .tolerate(&TROUBLE)
}

fn person_pauses_what_runs(centre: &Centre) -> bool {
    let runs = centre.platform.campaign_status(CAMPAIGN).as_deref() == Some("RUNNING");
    runs && centre.platform.person_sets(CAMPAIGN, "PAUSED")
}
