//! Killed at every step around intent, command and outcome; and a hundred times at random.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use campaign_autopilot::simulator::{
    Actor, Endpoint, Fault, FaultPlan, FaultRule, FaultTiming, Hook, Phase, RequestSeen, SimHandle,
};

use serde_json::Value;

use crate::centre::{CAMPAIGN, Centre, Daemon, of_kind};

/// Kills the process in `target` the first time that `step` says so.
pub(crate) fn killer(
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
            when: FaultTiming::Next(1),
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

/// Four times the request time-out of these daemons, an attempt that began just before that, and the second within which what
/// was sent usually takes effect.
const LONGEST_COMMAND_MS: i64 = 3_500;

/// The `Date` header counts whole seconds.
const DATE_RESOLUTION_MS: i64 = 1_000;

/// What may be logged on a platform with faults.
const TROUBLE: [&str; 8] = [
    "poll invalid",
    "too long",
    "status not read",
    "could not",
    "outcome was unknown",
    "found paused",
    "not to be shown to be ours",
    "nobody can say whose pause it is",
];

/// What happens while a daemon lives: at every step of every request agents may come and go, a person may pause what
/// runs, and at one of them the daemon is killed. Steps, not times: a busy machine tries as much as an idle one.
struct Life {
    chance: fastrand::Rng,
    platform: SimHandle,
    pid: u32,
    steps: u32,
    persons_pauses: u32,
}

impl Life {
    fn step(&mut self) {
        let Some(left) = self.steps.checked_sub(1) else {
            return;
        };
        self.steps = left;
        if left == 0 && self.pid != 0 {
            let pid = std::mem::take(&mut self.pid).to_string();
            let killed = Command::new("kill").args(["-KILL", &pid]).status();
            assert!(killed.unwrap().success());
            return;
        }
        if self.chance.u8(0..6) == 0 {
            self.platform.set_available(self.chance.usize(0..16));
        }
        let runs = self.platform.campaign_status(CAMPAIGN).as_deref() == Some("RUNNING");
        if runs && self.chance.u8(0..24) == 0 && self.platform.person_sets(CAMPAIGN, "PAUSED") {
            self.persons_pauses += 1;
        }
    }
}

/// Daemons one after the other on a platform with faults, each killed at a random step of some request, while agents
/// come and go and a person pauses what runs: a hundred, and as many more as it takes until something was tried. How
/// many requests a daemon has made at its first command depends on the machine.
fn a_hundred_random_kills(arguments: &[&str]) -> Centre {
    let centre = Centre::with(|settings| settings.seed = SEED);
    for rule in
        FaultPlan::parse("500=0.06,reset=0.04,truncate=0.03,lost-reply:campaign-put=0.25").unwrap()
    {
        centre.platform.inject(rule);
    }
    let life = Arc::new(Mutex::new(Life {
        chance: fastrand::Rng::with_seed(SEED),
        platform: centre.platform.clone(),
        pid: 0,
        steps: 0,
        persons_pauses: 0,
    }));
    let of_hook = Arc::clone(&life);
    centre
        .platform
        .set_hook(Some(Arc::new(move |_, _| of_hook.lock().unwrap().step())));
    let enough = || {
        let persons_pauses = life.lock().unwrap().persons_pauses;
        centre.commands().len() >= 10 && persons_pauses >= 3
    };
    let mut lives = 0;
    while lives < 100 || !enough() {
        lives += 1;
        assert!(lives <= 400, "{lives} lives, and too little was tried");
        let mut daemon = {
            // Held until the daemon's pid is known: its first step waits for that.
            let mut life = life.lock().unwrap();
            let daemon = start(&centre, arguments);
            life.steps = life.chance.u32(2..60);
            life.pid = daemon.child.id();
            daemon
        };
        assert!(!daemon.end().success(), "it was killed");
        // Whoever paused it, now and then a person sees to it that it runs again.
        let resumes = life.lock().unwrap().chance.bool();
        if resumes && centre.platform.campaign_status(CAMPAIGN).as_deref() == Some("PAUSED") {
            centre.platform.person_sets(CAMPAIGN, "RUNNING");
        }
    }
    centre.platform.set_hook(None);
    centre.platform.clear_faults();
    let daemon = start(&centre, arguments);
    centre.wait_for_polls(5);
    daemon.stop();
    every_applied_command_is_in_the_audit_once(&centre);
    centre
}

/// A person's pause that we then resumed.
#[derive(Debug)]
struct Undone {
    /// When they paused.
    at: i64,
    /// The pause of ours that arrived on top of theirs, by its decision.
    on_top: Option<String>,
}

/// The pauses of persons that we resumed, in their order.
fn undone(centre: &Centre) -> Vec<Undone> {
    let mut persons_pause = None;
    let mut undone = Vec::new();
    for entry in centre.platform.journal() {
        match (&entry.by, entry.to.as_str()) {
            (Actor::Person, "PAUSED") => {
                persons_pause = Some(Undone {
                    at: entry.at.as_unix_millis(),
                    on_top: None,
                });
            }
            (Actor::Client { request_id, .. }, "PAUSED") => {
                if let Some(pause) = &mut persons_pause {
                    pause.on_top.clone_from(request_id);
                }
            }
            (Actor::Client { .. }, _) => undone.extend(persons_pause.take()),
            (Actor::Person, _) => persons_pause = None,
        }
    }
    undone
}

/// A pause of ours that may have been on its way.
struct PauseOnItsWay {
    decision: String,
    settled: bool,
    from: i64,
}

impl PauseOnItsWay {
    fn all(centre: &Centre) -> Vec<Self> {
        let audit = centre.audit();
        let outcomes = of_kind(&audit, "outcome");
        let settled = |decision: &Value| {
            let of_this = outcomes.iter().find(|row| row["decision"] == *decision);
            of_this.is_some_and(|row| row["event"]["delivery"]["delivery"] != "lost")
        };
        of_kind(&audit, "intent")
            .into_iter()
            .filter(|row| row["event"]["direction"] == "pause")
            .map(|row| Self {
                decision: row["decision"].as_str().unwrap().to_owned(),
                settled: settled(&row["decision"]),
                from: row["event"]["before"]["platform_now"].as_i64().unwrap(),
            })
            .collect()
    }

    /// Whether the person paused after the status was read for this pause, so that nothing could show it.
    fn crossed(&self, pause: &Undone, longest_command_ms: i64) -> bool {
        let until = self.from + longest_command_ms + DATE_RESOLUTION_MS;
        (self.from..=until).contains(&pause.at)
    }

    fn arrived_on_top_of(&self, pause: &Undone) -> bool {
        pause.on_top.as_ref() == Some(&self.decision)
    }
}

/// With strict ownership what cannot be shown to be ours is not resumed. What remains is a person who pauses between
/// our reading of the status and our own pause, which the platform then acknowledges: the race that is stated.
#[test]
fn a_hundred_random_kills_lose_no_command_and_undo_no_person() {
    let centre = a_hundred_random_kills(&["--strict-ownership"]);
    let ours = PauseOnItsWay::all(&centre);
    for pause in undone(&centre) {
        let in_race = ours.iter().any(|command| {
            command.settled
                && command.crossed(&pause, LONGEST_COMMAND_MS)
                && command.arrived_on_top_of(&pause)
        });
        assert!(
            in_race,
            "a person's pause was undone: {pause:?} (seed {SEED})"
        );
    }
}

/// Without it, a person's pause may also be taken for ours when it was made while a pause of ours, whose outcome never
/// became known, can have been on its way; that one is stated too.
#[test]
fn a_hundred_random_kills_undo_a_person_only_in_the_race_that_is_stated() {
    let centre = a_hundred_random_kills(&[]);
    let ours = PauseOnItsWay::all(&centre);
    for pause in undone(&centre) {
        let in_race = ours.iter().any(|command| {
            command.crossed(&pause, LONGEST_COMMAND_MS)
                && (!command.settled || command.arrived_on_top_of(&pause))
        });
        assert!(
            in_race,
            "a person's pause was undone outside of every race: {pause:?} (seed {SEED})"
        );
    }
}

/// A person who pauses between our reading and our command is overruled, as is stated: the acknowledged pause
/// counts as ours. This is the whole of what strict ownership leaves open.
#[test]
fn a_person_who_pauses_between_our_reading_and_our_pause_is_the_race_that_remains() {
    let centre = Centre::new();
    let platform = centre.platform.clone();
    centre.platform.set_hook(Some(Arc::new(move |seen, phase| {
        if seen.body_status.as_deref() == Some("PAUSED") && phase == Phase::Arrived {
            platform.person_sets(CAMPAIGN, "PAUSED");
        }
    })));
    let daemon = centre.daemon().arg("--strict-ownership").start();
    centre.wait_for_polls(2);
    centre.platform.set_available(0);
    daemon.wait_for_log("paused");
    centre.platform.set_hook(None);
    centre.platform.set_available(20);
    centre.wait_for_status(CAMPAIGN, "RUNNING");
    daemon.wait_for_log("resumed");
    daemon.stop();
    let undone = undone(&centre);
    assert_eq!(undone.len(), 1);
    let ours = PauseOnItsWay::all(&centre);
    assert!(ours.iter().any(|command| command.settled
        && command.crossed(&undone[0], 4 * 10_000)
        && command.arrived_on_top_of(&undone[0])));
}

fn start(centre: &Centre, arguments: &[&str]) -> Daemon {
    centre
        .daemon()
        .args(&[
            "--poll-interval",
            "15ms",
            "--request-timeout",
            "500ms",
            // Shorter than most lives: who resumes a pause of unknown origin is left alone for it.
            "--manual-grace",
            "50ms",
        ])
        .args(arguments)
        .start()
        .tolerate(&TROUBLE)
}
