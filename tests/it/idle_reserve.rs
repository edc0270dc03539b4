//! A dialler that is told how many agents to keep idle, by the real daemon on the simulated platform, which has that as an extension.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use campaign_autopilot::simulator::{
    Actor, Effect, Endpoint, FIRST_CAMPAIGN, Fault, FaultRule, FaultTiming, Phase, RequestSeen,
    TenthsOfAgents,
};
use serde_json::{Value, json};

use crate::api::Api;
use crate::centre::{Centre, Daemon, Finished, Invocation, of_kind, wait_until};
use crate::restart::killer;

const READ: Endpoint = Endpoint::IdleReserveGet;
const WRITE: Endpoint = Endpoint::IdleReservePut;

/// A daemon that aims at 0.5% with a threshold of 4.5 agents, and has the dialler keep so many idle.
fn reserving(centre: &Centre) -> Invocation {
    let mut daemon = centre.daemon();
    daemon
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .env("AUTOPILOT_ABANDON_TARGET", "0.5%")
        .env("AUTOPILOT_AIM_START", "4.5")
        .env("AUTOPILOT_ACTUATOR", "idle-reserve");
    daemon
}

/// One of the commands that look, with the same configuration.
fn asked(centre: &Centre, arguments: &[&str]) -> Finished {
    let mut invocation = Invocation::bare();
    invocation
        .env("CXONE_BASE_URL", &centre.base_url)
        .env("CXONE_CLIENT_ID", "autopilot")
        .env("CXONE_CLIENT_SECRET", "autopilot-secret")
        .env("CXONE_CAMPAIGN_ID", FIRST_CAMPAIGN)
        .env("AUTOPILOT_STATE_DIR", centre.state_dir())
        .env("AUTOPILOT_ABANDON_TARGET", "0.5%")
        .env("AUTOPILOT_AIM_START", "4.5")
        .env("AUTOPILOT_ACTUATOR", "idle-reserve")
        .args(arguments)
        .output()
}

fn reserve(centre: &Centre) -> String {
    centre.platform.idle_reserve(FIRST_CAMPAIGN).to_string()
}

#[track_caller]
fn wait_for_reserve(centre: &Centre, agents: &str) {
    wait_until(&format!("{agents} agents are kept idle"), || {
        reserve(centre) == agents
    });
}

#[track_caller]
fn person_keeps(centre: &Centre, agents: u32) {
    let agents = TenthsOfAgents::from_agents(agents);
    assert!(centre.platform.person_keeps_idle(FIRST_CAMPAIGN, agents));
}

/// What was done to the campaign, by whom, in the order in which it was done.
fn deeds(centre: &Centre) -> Vec<String> {
    let deed = |effect: &Effect| {
        let by = match effect.actor() {
            Actor::Person => "person",
            Actor::Client { .. } => "daemon",
        };
        match effect {
            Effect::Status(entry) => Some(format!("{by}: {}", entry.to)),
            Effect::Reserved(entry) => Some(format!("{by}: {} -> {}", entry.from, entry.to)),
            Effect::Paced(_) | Effect::Assigned(_) | Effect::QueueWritten(_) | Effect::Moved(_) => {
                None
            }
        }
    };
    centre.platform.effects().iter().filter_map(deed).collect()
}

/// A daemon that runs, with the reserve in force.
fn reserved(centre: &Centre) -> Daemon {
    let daemon = reserving(centre).start();
    daemon.wait_for_log("the pace of the campaign was changed");
    daemon
}

#[test]
fn the_aims_threshold_is_written_and_nothing_is_paused() {
    let centre = Centre::new();
    person_keeps(&centre, 1);
    let daemon = reserved(&centre);
    let api = Api::of(&daemon);
    wait_until("the status shows it", || {
        let throttle = api.campaign(FIRST_CAMPAIGN)["throttle"].clone();
        throttle["idle_reserve"] == 4.5
            && throttle["idle_reserve_set_to"] == 4.5
            && throttle["original_idle_reserve"] == 1.0
            && throttle["original"] == Value::Null
    });
    assert_eq!(
        api.series("autopilot_campaigns_with_idle_reserve"),
        Some(1.0)
    );
    assert_eq!(api.series("autopilot_campaigns_stepped_down"), Some(0.0));
    centre.platform.set_available(0);
    centre.wait_for_polls(10);
    let explained = api.get(&format!("/api/v1/campaigns/{FIRST_CAMPAIGN}")).body;
    assert!(
        explained.contains("its dialler keeps 4.5 agents idle before each dial"),
        "{explained}"
    );
    daemon.stop();
    assert_eq!(deeds(&centre), ["person: 0 -> 1", "daemon: 1 -> 4.5"]);
    let rows = centre.audit();
    let intents = of_kind(&rows, "pace_intent");
    let event = &intents[0]["event"];
    assert_eq!(
        (&event["step"], &event["to"], &event["original"]),
        (&json!("set_reserve"), &json!("4.5 idle"), &json!("1 idle")),
        "{rows:#?}"
    );
    let outcomes = of_kind(&rows, "pace_outcome");
    assert_eq!((intents.len(), outcomes.len()), (1, 1), "{rows:#?}");
    assert_eq!(outcomes[0]["event"]["conclusion"], "confirmed", "{rows:#?}");
}

#[test]
fn a_persons_reserve_wins() {
    let centre = Centre::new();
    let daemon = reserved(&centre).tolerate(&["somebody else changed the pace"]);
    person_keeps(&centre, 2);
    let told = daemon.wait_for_log("somebody else changed the pace");
    assert_eq!(
        (&told["found"], &told["ours"], &told["original"]),
        (&json!("2 idle"), &json!("4.5 idle"), &json!("0 idle"))
    );
    centre.platform.set_available(0);
    centre.wait_for_polls(10);
    daemon.stop();
    assert_eq!(deeds(&centre), ["daemon: 0 -> 4.5", "person: 4.5 -> 2"]);
    let rows = centre.audit();
    let noticed = of_kind(&rows, "pace_noticed");
    assert_eq!(
        noticed[0]["event"]["notice"]["notice"], "person_changed",
        "{rows:#?}"
    );
}

/// Killed at `step` of its first write, the next daemon finds out what became of it.
fn killed_at(step: impl Fn(&RequestSeen, Phase) -> bool + Send + Sync + 'static) {
    let centre = Centre::new();
    // There is nothing to write yet.
    let aimed = TenthsOfAgents::from_tenths(45);
    assert!(centre.platform.person_keeps_idle(FIRST_CAMPAIGN, aimed));
    let mut first = reserving(&centre).start();
    centre.wait_for_polls(8);
    let target = Arc::new(AtomicU32::new(0));
    target.store(first.child.id(), Ordering::SeqCst);
    centre.platform.set_hook(Some(killer(&target, step)));
    person_keeps(&centre, 1);
    assert!(!first.end().success(), "it was killed");
    centre.platform.set_hook(None);
    let second = reserving(&centre).start();
    let api = Api::of(&second);
    wait_until("the outcome is known", || {
        let throttle = api.campaign(FIRST_CAMPAIGN)["throttle"].clone();
        throttle["original_idle_reserve"] == 1.0
            && throttle["idle_reserve_set_to"] == 4.5
            && throttle["change_open"] == false
    });
    second.stop();
    assert_eq!(
        deeds(&centre),
        ["person: 0 -> 4.5", "person: 4.5 -> 1", "daemon: 1 -> 4.5"]
    );
    let rows = centre.audit();
    let intents = of_kind(&rows, "pace_intent").len();
    let ended = of_kind(&rows, "pace_outcome").len() + of_kind(&rows, "pace_noticed").len();
    assert_eq!(intents, ended, "{rows:#?}");
}

#[test]
fn killed_when_the_write_took_effect() {
    killed_at(|seen, now| seen.endpoint == WRITE && now == Phase::Applied);
}

#[test]
fn killed_before_the_answer_came() {
    killed_at(|seen, now| seen.endpoint == WRITE && now == Phase::Answering);
}

#[test]
fn another_actuator_puts_the_original_back() {
    let centre = Centre::new();
    person_keeps(&centre, 1);
    reserved(&centre).kill();
    let next = reserving(&centre)
        .env("AUTOPILOT_ACTUATOR", "pause")
        .start();
    wait_for_reserve(&centre, "1");
    next.wait_for_log("the pace of the campaign was changed");
    centre.platform.set_available(0);
    centre.wait_for_status(FIRST_CAMPAIGN, "PAUSED");
    next.wait_for_log("paused");
    next.stop();
    assert_eq!(
        deeds(&centre),
        [
            "person: 0 -> 1",
            "daemon: 1 -> 4.5",
            "daemon: 4.5 -> 1",
            "daemon: PAUSED"
        ]
    );
    centre.audit();
}

#[test]
fn a_hold_puts_the_original_back_and_its_end_sets_the_reserve_again() {
    let centre = Centre::new();
    let token = "a".repeat(32);
    let file = crate::cxone_acd::write(centre.directory.path(), "token", &token);
    let daemon = reserving(&centre)
        .env("AUTOPILOT_ADMIN_TOKEN_FILE", &file)
        .start();
    daemon.wait_for_log("the pace of the campaign was changed");
    let api = Api::of(&daemon);
    let run = |words: &[&str]| {
        let done = api.command(words).args(&["--token-file", &file]).output();
        assert_eq!(done.code(), 0, "{}", done.stderr);
    };
    let hold = ["hold", FIRST_CAMPAIGN, "--running", "--for", "1h"];
    run(&[&hold[..], &["--reason", "trial"]].concat());
    wait_for_reserve(&centre, "0");
    run(&["release", FIRST_CAMPAIGN]);
    wait_for_reserve(&centre, "4.5");
    let set = ["set", FIRST_CAMPAIGN, "--pause-below", "7"];
    let until = ["--resume-at", "9", "--for", "1h", "--reason", "trial"];
    run(&[&set[..], &until].concat());
    wait_for_reserve(&centre, "7");
    centre.wait_for_polls(3);
    daemon.stop();
    assert_eq!(
        deeds(&centre),
        [
            "daemon: 0 -> 4.5",
            "daemon: 4.5 -> 0",
            "daemon: 0 -> 4.5",
            "daemon: 4.5 -> 7"
        ]
    );
    centre.audit();
}

#[test]
fn restore_puts_the_original_back() {
    let centre = Centre::new();
    person_keeps(&centre, 2);
    reserved(&centre).stop();
    let unasked = asked(&centre, &["restore"]);
    let line = "4.5 -> 2 agents kept idle";
    assert!(unasked.stdout.contains(line), "{}", unasked.stdout);
    assert_eq!(
        reserve(&centre),
        "4.5",
        "nothing is written before it is confirmed"
    );
    let done = asked(&centre, &["restore", "--yes", "-o", "json"]);
    assert_eq!(done.code(), 0, "{}{}", done.stdout, done.stderr);
    let told: Value = serde_json::from_str(&done.stdout).unwrap();
    let [pace] = told["campaigns"].as_array().unwrap().as_slice() else {
        panic!("{told}");
    };
    assert_eq!(told["schema"], "restore/1");
    assert_eq!(
        [&pace["end"], &pace["found"], &pace["original"]],
        ["put_back", "4.5 agents kept idle", "2 agents kept idle"]
    );
    assert_eq!(reserve(&centre), "2");
    person_keeps(&centre, 3);
    let others = asked(&centre, &["restore", "--yes"]);
    assert!(
        others.stdout.contains("somebody set 3 agents kept idle"),
        "{}",
        others.stdout
    );
    assert_eq!(reserve(&centre), "3");
    centre.audit();
}

#[test]
fn writes_are_bounded_in_an_hour() {
    let centre = Centre::new();
    let daemon = reserving(&centre)
        .args(&["--max-pace-changes-per-hour", "2"])
        .start();
    daemon.wait_for_log("the pace of the campaign was changed");
    // Its way back is the last write that is left.
    assert!(centre.platform.person_sets(FIRST_CAMPAIGN, "PAUSED"));
    wait_for_reserve(&centre, "0");
    assert!(centre.platform.person_sets(FIRST_CAMPAIGN, "RUNNING"));
    centre.wait_for_polls(10);
    daemon.stop();
    assert_eq!(
        deeds(&centre),
        [
            "daemon: 0 -> 4.5",
            "person: PAUSED",
            "daemon: 4.5 -> 0",
            "person: RUNNING"
        ]
    );
    centre.audit();
}

#[test]
fn a_platform_without_it_is_refused_at_the_start_and_by_check() {
    let centre = Centre::new();
    let offers = |fault: Option<Fault>| {
        centre.platform.clear_faults();
        if let Some(fault) = fault {
            centre.platform.inject(FaultRule {
                fault,
                endpoint: Some(READ),
                when: FaultTiming::Always,
            });
        }
    };
    let check = || asked(&centre, &["check", "--online"]);
    let checked = check();
    assert_eq!(checked.code(), 0, "{}{}", checked.stdout, checked.stderr);
    let line = "its dialler keeps 0 agents idle, and can be told how many";
    assert!(checked.stdout.contains(line), "{}", checked.stdout);
    for fault in [Fault::NotFound, Fault::Forbidden] {
        offers(Some(fault));
        let checked = check();
        assert_eq!(checked.code(), 78, "{}{}", checked.stdout, checked.stderr);
        let line = "as no real platform does; write actuator = \"pause\"";
        assert!(checked.stdout.contains(line), "{}", checked.stdout);
        let refused = reserving(&centre).output();
        assert_eq!(refused.code(), 78, "{}", refused.stderr);
        assert!(refused.stderr.contains(line), "{}", refused.stderr);
        assert!(
            refused.stderr.contains("compare --policy aim=0.5%,reserve"),
            "{}",
            refused.stderr
        );
    }
    let without = centre
        .daemon()
        .args(&["--actuator", "idle-reserve"])
        .output();
    assert_eq!(without.code(), 78, "{}", without.stderr);
    let line = "has no effect without abandon_target";
    assert!(without.stderr.contains(line), "{}", without.stderr);
}

#[test]
fn until_the_reserve_was_read_the_rule_pauses() {
    let centre = Centre::new();
    centre.platform.inject(FaultRule {
        fault: Fault::WrongJson,
        endpoint: Some(READ),
        when: FaultTiming::Always,
    });
    let daemon = reserving(&centre)
        .start()
        .tolerate(&["cannot be read, so that", "idle_reserve_get"]);
    daemon.wait_for_log("cannot be read, so that");
    centre.platform.set_available(1);
    centre.wait_for_status(FIRST_CAMPAIGN, "PAUSED");
    daemon.wait_for_log("paused");
    centre.platform.clear_faults();
    wait_for_reserve(&centre, "4.5");
    centre.platform.set_available(20);
    centre.wait_for_status(FIRST_CAMPAIGN, "RUNNING");
    daemon.wait_for_log("resumed");
    centre.platform.set_available(0);
    centre.wait_for_polls(10);
    daemon.stop();
    assert_eq!(
        deeds(&centre),
        ["daemon: PAUSED", "daemon: 0 -> 4.5", "daemon: RUNNING"]
    );
    centre.audit();
}

#[test]
fn a_dry_run_sets_no_reserve() {
    let centre = Centre::new();
    let daemon = reserving(&centre).args(&["--dry-run"]).start();
    daemon.wait_for_log("dry run: the pace of the campaign would be changed");
    centre.wait_for_polls(5);
    daemon.stop();
    assert_eq!(deeds(&centre), [""; 0]);
    assert_eq!(centre.platform.request_count(Some(WRITE)), 0);
}
