//! What operators and other systems ask of the calibration of queues, and what a crash leaves of it.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use campaign_autopilot::simulator::{Endpoint, Fault, FaultRule, FaultTiming, Phase};
use serde_json::{Value, json};

use crate::api::Api;
use crate::calibration::{calibrating, measure, queue, wait_for_readings, wait_for_state};
use crate::centre::{Centre, Daemon, of_kind, wait_until};
use crate::described::{Described, description};
use crate::queues::{command, records};
use crate::receiver::{Answering, Receiver};

const RECALIBRATE: &str = "/api/v1/queues/queue-1/recalibrate";
const HOLD: &str = "/api/v1/queues/queue-1/hold";
const TRIGGER: &str = "/api/trigger-queue-update";
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Calibrates only when asked to.
fn when_asked(centre: &Centre, lines: &str) -> (Daemon, Api) {
    let lines = format!("{lines}window = \"30m\"\n");
    let daemon = calibrating(centre, "10m", &lines).start();
    let api = Api::of(&daemon);
    wait_until("it was read", || !queue(&api)["read_at"].is_null());
    (daemon, api)
}

/// A request that brings figures along.
fn trigger(active: f64) -> Value {
    json!({"queueId": "queue-1", "currentMetrics": {"activeInteractions": active, "maxCapacity": 50},
           "skillMatrix": {"coverageRatio": 0.75}})
}

#[test]
fn the_documents_trigger_moves_a_queue_by_the_figures_it_brings() {
    let centre = Centre::new();
    let (daemon, api) = when_asked(&centre, "");
    let path = format!("{TRIGGER}?author=wfm&reason=peak");
    let answer = api.change("POST", &path, &trigger(46.0));
    assert_eq!(answer.status, 200, "{}", answer.body);
    let told = answer.json();
    assert_eq!(
        (&told["status"], &told["queue"], &told["version"]),
        (&json!("updated"), &json!("queue-1"), &json!(2))
    );
    assert_eq!(told["written"]["max_wait"], "3m 40s");
    assert_eq!(told["detail"]["figures"]["service_level"]["percent"], 70);
    let now = centre.platform.queue("queue-1").unwrap();
    assert_eq!(now["maxWaitTime"], 220);
    assert_eq!(
        now["serviceLevelTarget"],
        json!({"threshold": 70, "time": 132})
    );
    let again = api.change("POST", TRIGGER, &trigger(46.0)).json();
    assert_eq!(
        (&again["status"], &again["written"]),
        (&json!("unchanged"), &json!({}))
    );
    daemon.stop();
    let records = records(&centre);
    assert_eq!(records[0]["by"], "wfm: peak");
    let audit = centre.audit();
    assert_eq!(of_kind(&audit, "queue")[0]["decision"], told["decision"]);
}

#[test]
fn credentials_and_addresses_are_refused_with_what_to_do_instead_and_never_shown() {
    let centre = Centre::new();
    let (daemon, api) = when_asked(&centre, "");
    let mut wrong = trigger(-1.0);
    wrong["queueId"] = json!("");
    wrong["authConfig"] =
        json!({"clientId": "x", "clientSecret": "hunter2", "baseUrl": "https://evil.example"});
    wrong["wfmWebhook"] = json!("https://evil.example/hunter2");
    let answer = api.change("POST", TRIGGER, &wrong);
    assert_eq!(answer.status, 400, "{}", answer.body);
    let faults = answer.json()["faults"].as_array().unwrap().clone();
    assert_eq!(faults.len(), 4, "{faults:?}");
    assert!(
        faults[0]
            .as_str()
            .unwrap()
            .contains("AUTOPILOT_CLIENT_SECRET")
    );
    assert!(faults[1].as_str().unwrap().contains("--webhook-url"));
    assert!(!answer.body.contains("hunter2"));
    assert_eq!(
        api.change("POST", TRIGGER, &json!({"queueId": "queue-1"}))
            .status,
        400
    );
    let mut other = trigger(1.0);
    other["queueId"] = json!("queue-2");
    let answer = api.change("POST", TRIGGER, &other);
    assert_eq!(answer.status, 404);
    assert!(
        answer.body.contains("add a [[queue]] table"),
        "{}",
        answer.body
    );
    let log = format!("{:?}", daemon.log());
    assert!(!log.contains("hunter2"));
    daemon.stop();
    assert!(records(&centre).is_empty());
}

#[test]
fn every_operation_of_queues_answers_as_it_is_described() {
    let centre = Centre::new();
    let (daemon, api) = when_asked(&centre, "");
    let mut described = Described::new(description());
    let hold = json!({"for": "1h", "reason": "trial", "author": "anna"});
    for (template, method, path, body, status) in [
        ("/api/v1/queues", "GET", "/api/v1/queues", Value::Null, 200),
        (
            "/api/v1/queues/{id}/recalibrate",
            "POST",
            RECALIBRATE,
            Value::Null,
            200,
        ),
        (TRIGGER, "POST", TRIGGER, trigger(20.0), 200),
        ("/api/v1/queues/{id}/hold", "PUT", HOLD, hold, 200),
        (TRIGGER, "POST", TRIGGER, trigger(49.0), 409),
        (
            "/api/v1/queues/{id}/recalibrate",
            "POST",
            RECALIBRATE,
            Value::Null,
            409,
        ),
        (
            "/api/v1/queues/{id}/hold",
            "DELETE",
            "/api/v1/queues/queue-1/hold?reason=done",
            Value::Null,
            200,
        ),
        (
            "/api/v1/queues/{id}/hold",
            "DELETE",
            "/api/v1/queues/queue-1/hold?reason=done",
            Value::Null,
            409,
        ),
        (
            "/api/v1/queues/{id}/recalibrate",
            "POST",
            "/api/v1/queues/nowhere/recalibrate",
            Value::Null,
            404,
        ),
    ] {
        described.request(template, method, &body);
        let answer = api.change(method, path, &body);
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.body);
        described.answer(template, method, answer.status, &answer.json());
    }
    let status = api.get("/api/v1/status");
    described.answer("/api/v1/status", "GET", 200, &status.json());
    let left = described.not_called();
    assert!(left.iter().all(|one| !one.contains("queue")), "{left:?}");
    centre.platform.inject(FaultRule {
        fault: Fault::NotFound,
        endpoint: Some(Endpoint::QueueGet),
        when: FaultTiming::Always,
    });
    let gone = api.change("POST", RECALIBRATE, &Value::Null);
    assert_eq!(gone.status, 502, "{}", gone.body);
    described.answer("/api/v1/queues/{id}/recalibrate", "POST", 502, &gone.json());
    daemon.tolerate(&["queue not calibrated"]).stop();
    let audit = centre.audit();
    let made: Vec<&Value> = of_kind(&audit, "operator")
        .iter()
        .map(|row| &row["event"]["made"]["change"])
        .collect();
    assert_eq!(made, [&json!("queue_held"), &json!("queue_released")]);
}

#[test]
fn a_hold_of_a_queue_and_its_end_are_told_with_their_author() {
    let centre = Centre::new();
    let receiver = Receiver::start(Answering::Status(204));
    let daemon = calibrating(&centre, "10m", "window = \"30m\"\n")
        .env("AUTOPILOT_WEBHOOK_URL", receiver.url())
        .env("AUTOPILOT_WEBHOOK_SECRET", SECRET)
        .start();
    let api = Api::of(&daemon);
    wait_until("it was read", || !queue(&api)["read_at"].is_null());
    let hold = json!({"for": "1h", "reason": "wrong list", "author": "anna"});
    assert_eq!(api.change("PUT", HOLD, &hold).status, 200);
    let end = format!("{HOLD}?reason=done&author=ben");
    assert_eq!(api.change("DELETE", &end, &Value::Null).status, 200);
    let taken = receiver.wait_for(2);
    let events: Vec<&str> = taken
        .iter()
        .map(|message| message.header("x-autopilot-event"))
        .collect();
    assert_eq!(events, ["queue.held", "queue.released"]);
    let bodies = [taken[0].json(), taken[1].json()];
    for (told, by, why) in [
        (&bodies[0], "anna", "wrong list"),
        (&bodies[1], "ben", "done"),
    ] {
        assert_eq!(told["queueId"], "queue-1", "{told}");
        assert_eq!(
            (&told["author"], &told["reason"]),
            (&json!(by), &json!(why))
        );
    }
    assert!(bodies[0]["until"].is_string(), "{bodies:?}");
    assert!(bodies[1].get("until").is_none(), "{bodies:?}");
    daemon.stop();
}

#[test]
fn a_hold_survives_a_restart_and_figures_of_another_model_are_refused() {
    let centre = Centre::new();
    let (daemon, api) = when_asked(&centre, "");
    let hold = json!({"for": "1h", "reason": "wrong list", "author": "anna"});
    assert_eq!(api.change("PUT", HOLD, &hold).status, 200);
    let long = json!({"for": "30days", "reason": "x"});
    assert_eq!(api.change("PUT", HOLD, &long).status, 400);
    let shown = api.command(&["status"]).output();
    assert!(
        shown.stdout.contains("queue-1  queue held: held until "),
        "{}",
        shown.stdout
    );
    daemon.stop();
    let (daemon, api) = when_asked(&centre, "model = \"erlang_a\"\n");
    let found = wait_for_state(&api, "held");
    assert!(found["held_until"].is_string(), "{found}");
    assert!(
        found["why"]
            .as_str()
            .unwrap()
            .ends_with("by anna: wrong list")
    );
    let refused = api.change("POST", TRIGGER, &trigger(20.0));
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert_eq!(refused.json()["error"], "other_model");
    let released = api.command(&["release", "queue-1", "--queue"]).output();
    assert_eq!(released.code(), 0, "{}", released.stderr);
    assert_eq!(released.stdout, "queue queue-1 released\n");
    let line = [
        "hold", "queue-1", "--queue", "--as-is", "--for", "1h", "--reason", "x",
    ];
    let again = api.command(&line).output();
    assert!(
        again.stdout.starts_with("queue queue-1 held until "),
        "{}",
        again.stdout
    );
    let wrong = [
        "hold", "queue-1", "--queue", "--paused", "--for", "1h", "--reason", "x",
    ];
    assert_eq!(api.command(&wrong).output().code(), 65);
    daemon.stop();
    assert_eq!(centre.platform.request_count(Some(Endpoint::QueuePut)), 0);
}

/// Kills the daemon at this phase of its first write, and tells what the next one found out.
fn killed_at(phase: Phase, fault: Option<Fault>) -> (Centre, Value) {
    let centre = Centre::new();
    if let Some(fault) = fault {
        centre.platform.inject(FaultRule {
            fault,
            endpoint: Some(Endpoint::QueuePut),
            when: FaultTiming::Next(1),
        });
    }
    let target = Arc::new(AtomicU32::new(0));
    let of_hook = Arc::clone(&target);
    centre.platform.set_hook(Some(Arc::new(move |seen, now| {
        if seen.endpoint == Endpoint::QueuePut && now == phase {
            let pid = of_hook.swap(0, Ordering::SeqCst);
            if pid != 0 {
                let killed = Command::new("kill")
                    .args(["-KILL", &pid.to_string()])
                    .status();
                assert!(killed.unwrap().success());
            }
        }
    })));
    let mut daemon = calibrating(&centre, "50ms", "").start();
    target.store(daemon.child.id(), Ordering::SeqCst);
    measure_until_it_ends(&centre, &mut daemon);
    centre.platform.set_hook(None);
    let daemon = calibrating(&centre, "50ms", "").start();
    let daemon = daemon.tolerate(&["outcome was unknown"]);
    let api = Api::of(&daemon);
    daemon.wait_for_log("outcome was unknown");
    wait_until("its figures are as advised", || {
        queue(&api)["figures"]["max_wait_s"] == 160
    });
    wait_for_state(&api, "steady");
    wait_for_readings(&centre, 3);
    daemon.stop();
    let rows = centre.audit();
    let resolved: Vec<&Value> = of_kind(&rows, "queue")
        .into_iter()
        .filter(|row| row["event"]["record"]["step"] == "resolved")
        .collect();
    assert_eq!(resolved.len(), 1, "{resolved:?}");
    let first = of_kind(&rows, "queue")[0];
    assert_eq!(first["event"]["record"]["step"], "intent");
    assert_eq!(resolved[0]["decision"], first["decision"]);
    let resolved = resolved[0]["event"]["record"].clone();
    (centre, resolved)
}

fn measure_until_it_ends(centre: &Centre, daemon: &mut Daemon) {
    use crate::calibration::counted;
    let mut times = 1;
    wait_until("it is killed", || {
        times += 1;
        let shown = counted(times, 20);
        centre.platform.set_queue_statistics("queue-1", Some(shown));
        daemon.child.try_wait().unwrap().is_some()
    });
    assert!(!daemon.end().success());
}

#[test]
fn a_write_that_took_effect_before_a_crash_is_found_and_is_ours() {
    let (centre, resolved) = killed_at(Phase::Applied, None);
    assert_eq!(resolved["conclusion"], "applied");
    assert_eq!(
        (&resolved["version_before"], &resolved["version_after"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(centre.platform.queue("queue-1").unwrap()["version"], 2);
}

#[test]
fn a_write_that_never_arrived_before_a_crash_is_found_and_made_again() {
    let (centre, resolved) = killed_at(Phase::Arrived, Some(Fault::Reset));
    assert_eq!(resolved["conclusion"], "not_sent");
    assert_eq!(resolved["why"], json!(["the queue is still at version 1"]));
    assert_eq!(centre.platform.queue("queue-1").unwrap()["version"], 2);
}

#[test]
fn the_drain_rate_and_a_change_are_told_through_the_outbox() {
    let centre = Centre::new();
    let receiver = Receiver::start(Answering::Status(204));
    let daemon = calibrating(&centre, "50ms", "")
        .env("AUTOPILOT_WEBHOOK_URL", receiver.url())
        .env(
            "AUTOPILOT_WEBHOOK_SECRET",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        )
        .start();
    let api = Api::of(&daemon);
    measure(&centre, 20);
    wait_for_state(&api, "steady");
    wait_until("both are told", || {
        let told = receiver.received();
        let has = |member: &str, value: Option<&str>| {
            told.iter().any(|one| {
                let body = one.json();
                body.get("queueId") == Some(&json!("queue-1"))
                    && body
                        .get(member)
                        .is_some_and(|found| value.is_none_or(|value| found == value))
            })
        };
        has("event", Some("queue.updated")) && has("drainRate", None)
    });
    daemon.stop();
}

#[test]
fn a_change_of_the_tables_is_taken_up_by_a_reload_which_says_so() {
    let centre = Centre::new();
    let (daemon, api) = when_asked(&centre, "");
    let run = || {
        let status = api.get("/api/v1/status").json();
        let decision = status["decision"].as_str().unwrap_or_default().to_owned();
        decision.split('-').next().unwrap().to_owned()
    };
    let before = run();
    let text =
        "pause_below = 6\n[[queue]]\nid = \"queue-1\"\nmodel = \"erlang_a\"\ninterval = \"10m\"\n";
    std::fs::write(centre.directory.path().join("settings.toml"), text).unwrap();
    daemon.signal("HUP");
    let line = daemon.wait_for_log("pause_below: 5 -> 6");
    let told = line["message"].as_str().unwrap();
    assert!(told.contains("queue.queue-1.max_changes_per_hour: none -> 4, queue.queue-1.model: classic -> erlang_a"), "{told}");
    assert!(!told.contains("after a restart"), "{told}");
    daemon.wait_for_log("begins anew");
    wait_until("it is in a run of its own", || {
        let now = run();
        !now.is_empty() && now != before
    });
    let reload = api.get("/api/v1/status").json()["config"]["last_reload"].clone();
    assert_eq!(reload["by"], "SIGHUP", "what was asked for is still shown");
    daemon.stop();
}

#[test]
fn check_tells_each_queues_settings_with_their_origin() {
    let centre = Centre::new();
    drop(calibrating(&centre, "50ms", ""));
    let path = centre.directory.path().join("settings.toml");
    let done = crate::centre::Invocation::bare()
        .env("CXONE_BASE_URL", &centre.base_url)
        .env("CXONE_CLIENT_ID", "autopilot")
        .env("CXONE_CLIENT_SECRET", "autopilot-secret")
        .env("CXONE_CAMPAIGN_ID", "campaign-1")
        .env("AUTOPILOT_STATE_DIR", centre.state_dir())
        .env("AUTOPILOT_CONFIG", &path)
        .args(&["check", "--online"])
        .output();
    assert_eq!(done.code(), 0, "{}{}", done.stdout, done.stderr);
    let line = |start: &str| {
        let found = done.stdout.lines().find(|line| line.starts_with(start));
        found
            .unwrap_or_else(|| panic!("no {start} in {}", done.stdout))
            .to_owned()
    };
    assert!(line("queue.queue-1.interval = 50ms").ends_with("settings.toml:3"));
    assert!(line("queue.queue-1.model = classic").ends_with("default"));
    assert!(
        line("ok      queue queue-1").contains("Service"),
        "{}",
        done.stdout
    );
    assert!(
        done.stderr.contains("shows no statistics"),
        "{}",
        done.stderr
    );
    let shown = command(&centre, &["show", "queue-1"]).output();
    assert_eq!(shown.code(), 0);
}
