//! The daemon calibrates queues from what it measures, leaves alone what people changed, and proves it.

use std::fs;

use campaign_autopilot::simulator::{Endpoint, Fault, FaultRule, FaultTiming, QueueStatistics};
use serde_json::{Value, json};

use crate::api::Api;
use crate::centre::{Centre, Daemon, Invocation, of_kind, wait_until};
use crate::queues::{members, records};

/// What a calm hour looks like: so many calls more each time.
pub(crate) fn counted(times: u64, active: u64) -> QueueStatistics {
    QueueStatistics {
        waiting: 6,
        arrived: times * 60,
        answered: times * 60,
        abandoned: times,
        overflowed: 0,
        waited_seconds: times * 300,
        // Minutes pass within milliseconds here, and calls with them.
        served_seconds: times * 3,
        active_interactions: Some(active),
        max_capacity: Some(50),
        agents: Some(36),
    }
}

/// A daemon that calibrates queue-1 so often by this table's further lines.
pub(crate) fn calibrating(centre: &Centre, interval: &str, lines: &str) -> Invocation {
    let text = format!(
        "[[queue]]\nid = \"queue-1\"\ninterval = \"{interval}\"\nmax_changes_per_hour = \"none\"\n{lines}"
    );
    let path = centre.directory.path().join("settings.toml");
    fs::write(&path, text).unwrap();
    let mut daemon = centre.daemon();
    daemon
        .env("AUTOPILOT_CONFIG", &path)
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .env("AUTOPILOT_REQUEST_TIMEOUT", "5s");
    daemon
}

fn start(centre: &Centre, lines: &str) -> (Daemon, Api) {
    let daemon = calibrating(centre, "50ms", lines).start();
    let api = Api::of(&daemon);
    (daemon, api)
}

/// Waits until the daemon has read the queue so often again.
pub(crate) fn wait_for_readings(centre: &Centre, readings: u64) {
    let seen = centre
        .platform
        .request_count(Some(Endpoint::QueueStatistics));
    wait_until("readings go on", || {
        let now = centre
            .platform
            .request_count(Some(Endpoint::QueueStatistics));
        now >= seen + readings
    });
}

/// Shows counters of a calm queue, then of one with so many interactions under way.
pub(crate) fn measure(centre: &Centre, active: u64) {
    for times in [1, 2] {
        let shown = counted(times, active);
        assert!(centre.platform.set_queue_statistics("queue-1", Some(shown)));
        wait_for_readings(centre, 2);
    }
}

pub(crate) fn queue(api: &Api) -> Value {
    api.get("/api/v1/status").json()["queues"][0].clone()
}

pub(crate) fn wait_for_state(api: &Api, state: &str) -> Value {
    let mut found = Value::Null;
    wait_until(&format!("the queue is {state}"), || {
        found = queue(api);
        found["state"] == state
    });
    found
}

fn version(centre: &Centre) -> i64 {
    centre.platform.queue("queue-1").unwrap()["version"]
        .as_i64()
        .unwrap()
}

#[test]
fn a_queue_is_measured_moved_once_and_then_steady() {
    let centre = Centre::new();
    let (daemon, api) = start(&centre, "");
    let unmeasured = wait_for_state(&api, "unmeasured");
    assert_eq!(unmeasured["advised"], Value::Null);
    wait_until("it says why", || {
        queue(&api)["why"] == "the platform shows no statistics of this queue"
    });
    for number in [
        "utilisation",
        "drain_per_s",
        "time_to_drain_s",
        "waiting",
        "agents",
    ] {
        assert_eq!(queue(&api)[number], Value::Null, "{number}");
    }
    measure(&centre, 20);
    let steady = wait_for_state(&api, "steady");
    wait_for_readings(&centre, 3);
    assert_eq!(version(&centre), 2, "moved once");
    let now = centre.platform.queue("queue-1").unwrap();
    assert_eq!(
        (
            &now["maxWaitTime"],
            &now["maxWaiters"],
            &now["serviceLevelTarget"]
        ),
        (
            &json!(160),
            &json!(40),
            &json!({"threshold": 85, "time": 96})
        )
    );
    assert_eq!(steady["name"], "Service");
    assert_eq!(steady["utilisation"], 0.4);
    assert_eq!(
        (&steady["waiting"], &steady["agents"]),
        (&json!(6), &json!(36))
    );
    let level = json!({"percent": 85, "within_s": 96});
    let figures = json!({"max_wait_s": 160, "max_waiters": 40, "service_level": level});
    assert_eq!(
        (&steady["figures"], &steady["advised"]),
        (&figures, &figures)
    );
    assert!(steady["drain_per_s"].is_number(), "{steady}");
    assert!(steady["last_change_at"].is_string() && steady["read_at"].is_string());
    let applied = "autopilot_queue_operations_total{outcome=\"applied\"}";
    assert_eq!(api.series(applied), Some(1.0));
    let utilisation = "autopilot_queue_utilisation_ratio{queue=\"queue-1\"}";
    assert_eq!(api.series(utilisation), Some(0.4));
    let series = api.get("/metrics").body;
    let of_queue = series
        .lines()
        .filter(|line| line.contains("{queue=\"queue-1\""));
    assert!(of_queue.count() <= 40);
    daemon.stop();
    let records = records(&centre);
    assert_eq!(records.len(), 2, "{records:?}");
    assert_eq!(records[0]["step"], "intent");
    assert_eq!(records[0]["change"]["max_wait"], "2m 40s");
    assert_eq!(records[0]["by"], Value::Null);
    assert_eq!(records[1]["conclusion"], "applied");
}

#[test]
fn what_a_person_changed_is_left_alone_over_a_restart_until_an_operator_releases_it() {
    let centre = Centre::new();
    let (daemon, api) = start(&centre, "");
    measure(&centre, 20);
    wait_for_state(&api, "steady");
    centre
        .platform
        .person_changes_queue("queue-1", members(json!({"maxWaiters": 7})));
    let conflict = wait_for_state(&api, "conflict");
    assert_eq!(
        conflict["why"],
        "somebody changed max_waiters from 40 to 7: left alone until an operator releases it"
    );
    assert_eq!(conflict["advised"]["max_waiters"], 40);
    daemon.tolerate(&["somebody changed its figures"]).stop();
    let (daemon, api) = start(&centre, "");
    let daemon = daemon.tolerate(&["somebody changed its figures"]);
    wait_for_state(&api, "conflict");
    wait_for_readings(&centre, 3);
    assert_eq!(version(&centre), 3, "nobody wrote since");
    let release = "/api/v1/queues/queue-1/hold?reason=seen&author=anna";
    let released = api.change("DELETE", release, &Value::Null);
    assert_eq!(released.status, 200, "{}", released.body);
    assert_eq!(released.json()["made"]["given_back"], true);
    wait_until("it is moved back", || {
        centre.platform.queue("queue-1").unwrap()["maxWaiters"] == 40
    });
    wait_for_state(&api, "steady");
    daemon.stop();
    let rows = centre.audit();
    let operator = of_kind(&rows, "operator");
    assert_eq!(operator[0]["event"]["made"]["change"], "queue_released");
    assert_eq!(operator[0]["event"]["by"], "anna");
    // The audit was replayed above; were a recorded decision another one, that would show.
    let store = centre.state_dir().join("autopilot.sqlite3");
    let changed = rusqlite::Connection::open(store).unwrap().execute(
        "UPDATE input SET body = replace(body, '\"conflict\"', '\"steady\"')
         WHERE body LIKE '%\"calibrate\"%' AND body LIKE '%\"conflict\"%'",
        [],
    );
    assert!(changed.unwrap() > 0);
    let mut replay = Invocation::bare();
    replay.arg("audit").arg("replay").arg("--state-dir");
    let again = replay.arg(centre.state_dir().to_str().unwrap()).output();
    assert_eq!(again.code(), 1, "{}", again.stderr);
    let said = "recorded: steady; decided again: conflict";
    assert!(again.stderr.contains(said), "{}", again.stderr);
}

#[test]
fn a_change_between_our_reading_and_our_write_is_a_conflict_and_stays() {
    let centre = Centre::new();
    let platform = centre.platform.clone();
    // When our write arrives, a person has just been there.
    let once = std::sync::Once::new();
    centre
        .platform
        .set_hook(Some(std::sync::Arc::new(move |seen, phase| {
            if seen.endpoint == Endpoint::QueuePut
                && phase == campaign_autopilot::simulator::Phase::Arrived
            {
                once.call_once(|| {
                    let theirs = members(json!({"maxWaitTime": 333}));
                    platform.person_changes_queue("queue-1", theirs);
                });
            }
        })));
    let (daemon, api) = start(&centre, "");
    let daemon = daemon.tolerate(&["somebody changed its figures", "queue not changed as asked"]);
    measure(&centre, 20);
    wait_for_state(&api, "conflict");
    wait_for_readings(&centre, 3);
    let now = centre.platform.queue("queue-1").unwrap();
    assert_eq!(
        (&now["maxWaitTime"], &now["version"]),
        (&json!(333), &json!(2))
    );
    daemon.stop();
    let records = records(&centre);
    let told: Vec<&Value> = records.iter().map(|record| &record["conclusion"]).collect();
    assert_eq!(told, [&Value::Null, &json!("stale"), &json!("conflict")]);
}

#[test]
fn a_dry_run_advises_and_writes_nothing() {
    let centre = Centre::new();
    let daemon = calibrating(&centre, "50ms", "").arg("--dry-run").start();
    let api = Api::of(&daemon);
    measure(&centre, 20);
    let advising = wait_for_state(&api, "advising");
    assert_eq!(advising["advised"]["max_wait_s"], 160);
    assert_eq!(advising["figures"]["max_wait_s"], 120);
    assert!(
        advising["why"]
            .as_str()
            .unwrap()
            .starts_with("dry run, would move max_wait"),
        "{advising}"
    );
    wait_for_readings(&centre, 2);
    daemon.stop();
    assert_eq!(version(&centre), 1);
    assert_eq!(centre.platform.request_count(Some(Endpoint::QueuePut)), 0);
    assert!(records(&centre).is_empty());
}

#[test]
fn the_budget_holds_back_and_says_until_when() {
    let centre = Centre::new();
    let text = "[[queue]]\nid = \"queue-1\"\ninterval = \"50ms\"\nmax_changes_per_hour = 1\n";
    let path = centre.directory.path().join("settings.toml");
    fs::write(&path, text).unwrap();
    let daemon = centre
        .daemon()
        .env("AUTOPILOT_CONFIG", &path)
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .start();
    let api = Api::of(&daemon);
    measure(&centre, 20);
    wait_for_state(&api, "steady");
    centre
        .platform
        .set_queue_statistics("queue-1", Some(counted(3, 44)));
    wait_until("it is busy and may not be moved", || {
        let why = queue(&api)["why"].as_str().unwrap().to_owned();
        why.starts_with("1 changes within an hour are enough until ")
    });
    assert_eq!(queue(&api)["advised"]["max_wait_s"], 220);
    wait_for_readings(&centre, 2);
    daemon.stop();
    assert_eq!(version(&centre), 2);
}

#[test]
fn a_platform_in_trouble_leaves_numbers_out_and_campaigns_alone() {
    let centre = Centre::new();
    let (daemon, api) = start(&centre, "");
    let daemon = daemon.tolerate(&["queue not calibrated"]);
    measure(&centre, 20);
    wait_for_state(&api, "steady");
    centre.platform.inject(FaultRule {
        fault: Fault::Status500,
        endpoint: Some(Endpoint::QueueStatistics),
        when: FaultTiming::Always,
    });
    let gone = wait_for_state(&api, "unreachable");
    assert_eq!(
        (&gone["drain_per_s"], &gone["waiting"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(gone["figures"]["max_wait_s"], 160, "as last read");
    centre.wait_for_polls(3);
    centre.platform.clear_faults();
    wait_for_state(&api, "steady");
    daemon.stop();
}

#[test]
fn the_queueing_model_takes_agents_and_rates_from_the_platform() {
    let centre = Centre::new();
    let (daemon, api) = start(&centre, "model = \"erlang_a\"\n");
    measure(&centre, 20);
    wait_until("it is judged", || queue(&api)["advised"].is_object());
    let found = queue(&api);
    assert_eq!(
        found["advised"]["service_level"],
        Value::Null,
        "its target stays"
    );
    daemon.stop();
}

#[test]
fn without_tables_nothing_of_queues_is_there() {
    let centre = Centre::new();
    let daemon = centre
        .daemon()
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .start();
    let api = Api::of(&daemon);
    centre.wait_for_polls(2);
    assert_eq!(api.get("/api/v1/status").json()["queues"], json!([]));
    assert!(!api.get("/metrics").body.contains("autopilot_queue"));
    daemon.stop();
    assert_eq!(centre.platform.request_count(Some(Endpoint::QueueGet)), 0);
}
