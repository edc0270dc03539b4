//! Operators see and steer a running daemon: by its API and by the commands that use it.

use std::io::Write;
use std::net::TcpStream;

use campaign_autopilot::simulator::Endpoint;
use serde_json::{Value, json};

use crate::api::Api;
use crate::centre::{CAMPAIGN, Centre, Daemon, of_kind, wait_until};
use crate::described::{Described, description};

const PAUSED: &str = "campaign-1: RUNNING -> PAUSED";
const RESUMED: &str = "campaign-1: PAUSED -> RUNNING";

const THRESHOLDS: &str = "/api/v1/campaigns/campaign-1/thresholds";
const HOLD: &str = "/api/v1/campaigns/campaign-1/hold";

fn start(centre: &Centre) -> (Daemon, Api) {
    let daemon = centre
        .daemon()
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .start();
    let api = Api::of(&daemon);
    (daemon, api)
}

#[test]
fn a_campaign_is_held_over_a_restart_and_released_and_all_of_it_is_told() {
    let centre = Centre::new();
    let (daemon, api) = start(&centre);
    centre.wait_for_polls(2);
    let hold = json!({"kind": "paused", "for": "1h", "reason": "wrong list", "author": "anna"});
    let answer = api.change("PUT", HOLD, &hold);
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.json()["made"]["change"], "held");
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    let line = daemon.wait_for_log("held paused until");
    assert_eq!(
        (
            line["by"].as_str(),
            line["reason"].as_str(),
            line["campaign"].as_str()
        ),
        (Some("anna"), Some("wrong list"), Some(CAMPAIGN))
    );
    wait_until("the decision shows it", || {
        api.campaign(CAMPAIGN)["why"]
            .as_str()
            .unwrap()
            .contains("as it should be")
    });
    assert_eq!(
        api.series("autopilot_operator_changes_total{change=\"hold\"}"),
        Some(1.0)
    );
    let gauge = "autopilot_campaign_override_active{campaign=\"campaign-1\"}";
    assert_eq!(api.series(gauge), Some(1.0));
    daemon.stop();

    let (daemon, api) = start(&centre);
    centre.wait_for_polls(4);
    assert_eq!(
        centre.commands(),
        [PAUSED],
        "ten agents are available, and it is held"
    );
    wait_until("the hold shows", || {
        !api.campaign(CAMPAIGN)["hold"].is_null()
    });
    let found = api.campaign(CAMPAIGN);
    assert_eq!(found["hold"]["author"], "anna");
    let released = api.change(
        "DELETE",
        &format!("{HOLD}?reason=list%20fixed&author=ben"),
        &Value::Null,
    );
    assert_eq!(released.status, 200, "{}", released.body);
    centre.wait_for_status(CAMPAIGN, "RUNNING");
    daemon.wait_for_log("resumed");
    let again = api.change("DELETE", &format!("{HOLD}?reason=again"), &Value::Null);
    assert_eq!(again.status, 409, "{}", again.body);
    let history = api
        .get("/api/v1/history?since=1h&campaign=campaign-1")
        .json();
    let told: Vec<&str> = history["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["kind"] == "operator")
        .map(|entry| entry["event"]["made"]["change"].as_str().unwrap())
        .collect();
    assert_eq!(told, ["released", "held"]);
    daemon.stop();
    let audit = centre.audit();
    let operator = of_kind(&audit, "operator");
    assert_eq!(operator.len(), 2);
    assert_eq!(operator[1]["event"]["by"], "ben");
    assert_eq!(operator[1]["event"]["reason"], "list fixed");
    assert_eq!(centre.commands(), [PAUSED, RESUMED]);
}

#[test]
fn other_lines_act_at_the_next_poll_survive_a_restart_and_end_by_themselves() {
    let centre = Centre::new();
    centre.platform.set_available(6);
    let (daemon, api) = start(&centre);
    centre.wait_for_polls(2);
    let lines = |p: &str, r: &str, lasts: &str| json!({"pause_below": p, "resume_at": r, "for": lasts, "reason": "trial"});
    assert_eq!(
        api.change("PUT", THRESHOLDS, &lines("7", "9", "1h")).status,
        200
    );
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    daemon.wait_for_log("pause_below 5 -> 7, resume_at 8 -> 9");
    daemon.stop();
    let (daemon, api) = start(&centre);
    centre.platform.set_available(8);
    centre.wait_for_polls(4);
    assert_eq!(
        centre.commands(),
        [PAUSED],
        "8 is at the configured line, not at 9"
    );
    let found = api.campaign(CAMPAIGN);
    assert_eq!(found["set"]["resume_at"], "9");
    assert_eq!(found["configured"]["resume_at"], "8");
    let path = format!("{THRESHOLDS}?reason=done");
    assert_eq!(api.change("DELETE", &path, &Value::Null).status, 200);
    centre.wait_for_status(CAMPAIGN, "RUNNING");
    // A second may be over before a slow machine has paused.
    for lasts in ["1h", "1s"] {
        let asked = api.change("PUT", THRESHOLDS, &lines("20", "30", lasts));
        assert_eq!(asked.status, 200);
        if lasts == "1h" {
            centre.wait_for_status(CAMPAIGN, "PAUSED");
        }
    }
    centre.wait_for_status(CAMPAIGN, "RUNNING");
    wait_until("it is over", || api.campaign(CAMPAIGN)["set"].is_null());
    daemon.wait_for_log("resumed");
    daemon.stop();
    // Replayed as well.
    assert_eq!(of_kind(&centre.audit(), "operator").len(), 4);
}

#[test]
fn a_change_that_makes_no_sense_is_refused_with_every_fault_and_changes_nothing() {
    let centre = Centre::new();
    let (daemon, api) = start(&centre);
    centre.wait_for_polls(2);
    let faults = |method: &str, path: &str, body: Value| {
        let answer = api.change(method, path, &body);
        let faults = answer.json()["faults"].as_array().unwrap().len();
        (answer.status, faults)
    };
    let crossed = json!({"pause_below": "9", "resume_at": "2", "for": "soon", "reason": ""});
    assert_eq!(faults("PUT", THRESHOLDS, crossed), (400, 3));
    let wrong = json!({"kind": "sideways", "for": "1", "reason": "a\nb"});
    assert_eq!(faults("PUT", HOLD, wrong), (400, 3));
    let long = json!({"kind": "paused", "for": "30days", "reason": "x"});
    assert_eq!(faults("PUT", HOLD, long), (400, 1));
    let unknown = json!({"kind": "paused", "for": "1h", "reason": "x", "who": "anna"});
    assert_eq!(faults("PUT", HOLD, unknown), (400, 1));
    let hold = json!({"kind": "paused", "for": "1h", "reason": "x"});
    assert_eq!(
        faults("PUT", "/api/v1/campaigns/nowhere/hold", hold),
        (404, 1)
    );
    assert_eq!(
        faults("DELETE", HOLD, Value::Null),
        (400, 1),
        "without a reason"
    );
    let history = "/api/v1/history?since=long%20ago&limit=0&campaign=..";
    assert_eq!(faults("GET", history, Value::Null), (400, 3));
    centre.wait_for_polls(2);
    daemon.stop();
    assert!(of_kind(&centre.audit(), "operator").is_empty());
    assert_eq!(centre.commands(), [""; 0]);
}

/// An hour's counters of the campaign.
fn counters() -> Value {
    json!({"outcomes": [{"campaign": CAMPAIGN, "since": "2024-05-15T08:00:00Z",
        "until": "2024-05-15T09:00:00Z", "dials": 9, "answered": 2, "abandoned": 1}], "reason": "trial", "author": "anna"})
}

#[test]
fn every_operation_answers_as_it_is_described() {
    let centre = Centre::new();
    let (daemon, api) = start(&centre);
    wait_until("it is ready", || api.get("/readyz").status == 200);
    assert_eq!(api.get("/api/v1/openapi.json").json(), description());
    let mut described = Described::new(description());
    let lines = json!({"pause_below": "4", "resume_at": "6", "reason": "trial"});
    let hold = json!({"kind": "as-is", "for": "1h", "reason": "trial"});
    let claim = json!({"owner": "person", "reason": "trial"});
    let reason = |path: &str| format!("{path}?reason=done");
    let get = |template, path: &str| (template, "GET", path.to_owned(), Value::Null);
    for (template, method, path, body) in [
        get("/api/v1/openapi.json", "/api/v1/openapi.json"),
        get("/api/v1/me", "/api/v1/me"),
        get("/api/v1/config", "/api/v1/config"),
        (
            "/api/v1/campaigns/{id}/thresholds",
            "PUT",
            THRESHOLDS.to_owned(),
            lines,
        ),
        ("/api/v1/campaigns/{id}/hold", "PUT", HOLD.to_owned(), hold),
        get("/api/v1/status", "/api/v1/status"),
        get("/api/v1/campaigns", "/api/v1/campaigns"),
        get("/api/v1/campaigns/{id}", "/api/v1/campaigns/campaign-1"),
        get(
            "/api/v1/campaigns/{id}/series",
            "/api/v1/campaigns/campaign-1/series?since=2h",
        ),
        get(
            "/api/v1/campaigns/{id}/series",
            "/api/v1/campaigns/campaign-1/series?since=soon",
        ),
        get(
            "/api/v1/campaigns/{id}/outcomes",
            "/api/v1/campaigns/campaign-1/outcomes?since=2h",
        ),
        get(
            "/api/v1/campaigns/{id}/outcomes",
            "/api/v1/campaigns/campaign-1/outcomes?since=soon&format=xml",
        ),
        (
            "/api/v1/campaigns/{id}/thresholds",
            "DELETE",
            reason(THRESHOLDS),
            Value::Null,
        ),
        (
            "/api/v1/campaigns/{id}/hold",
            "DELETE",
            reason(HOLD),
            Value::Null,
        ),
        (
            "/api/v1/campaigns/{id}/hold",
            "DELETE",
            reason(HOLD),
            Value::Null,
        ),
        (
            "/api/v1/holds",
            "PUT",
            "/api/v1/holds".to_owned(),
            json!({"all": true, "kind": "as-is", "for": "1h", "reason": "trial"}),
        ),
        (
            "/api/v1/holds",
            "DELETE",
            "/api/v1/holds?campaign=campaign-1&reason=done".to_owned(),
            Value::Null,
        ),
        (
            "/api/v1/campaigns/{id}/pause-owner",
            "PUT",
            "/api/v1/campaigns/campaign-1/pause-owner".to_owned(),
            claim,
        ),
        get("/api/v1/campaigns/{id}", "/api/v1/campaigns/nowhere"),
        get("/api/v1/pauses", "/api/v1/pauses?since=1h&until=0s"),
        get("/api/v1/history", "/api/v1/history"),
        (
            "/api/v1/outcomes",
            "POST",
            "/api/v1/outcomes".to_owned(),
            counters(),
        ),
        get("/api/v1/status", "/api/v1/status"),
        ("/-/reload", "POST", "/-/reload".to_owned(), Value::Null),
    ] {
        described.request(template, method, &body);
        let answer = api.change(method, &path, &body);
        described.answer(template, method, answer.status, &answer.json());
    }
    let mut events = api.follow();
    described.event("/api/v1/events", "GET", events.status, &events.next());
    let left = described.not_called();
    // Those of queues are called where there are queues.
    assert!(left.iter().all(|one| one.contains("queue")), "{left:?}");
    let wrong = api.change("POST", "/api/v1/status", &Value::Null);
    assert_eq!(wrong.status, 405);
    assert_eq!(api.get("/api/v1/nothing").status, 404);
    daemon.stop();
}

#[test]
fn events_tell_every_change_and_a_few_clients_may_follow() {
    let centre = Centre::new();
    let (daemon, api) = start(&centre);
    let mut events = api.follow();
    let first = events.next();
    assert_eq!(first["schema"], 1);
    let hold = json!({"kind": "as-is", "for": "1h", "reason": "trial", "author": "anna"});
    assert_eq!(api.change("PUT", HOLD, &hold).status, 200);
    let mut version = first["version"].as_u64().unwrap();
    loop {
        let event = events.next();
        let next = event["version"].as_u64().unwrap();
        assert!(next > version, "{next} after {version}");
        version = next;
        if event["campaigns"][0]["hold"]["author"] == "anna" {
            break;
        }
    }
    let more: Vec<_> = (0..15).map(|_| api.follow()).collect();
    assert!(more.iter().all(|events| events.status == 200));
    assert_eq!(api.series("autopilot_ui_event_streams"), Some(16.0));
    assert_eq!(api.follow().status, 503, "the seventeenth");
    drop(more);
    wait_until("places are free again", || api.follow().status == 200);
    daemon.stop();
}

#[test]
fn strangers_are_turned_away() {
    let centre = Centre::new();
    let open = centre
        .daemon()
        .env("AUTOPILOT_LISTEN", "0.0.0.0:0")
        .output();
    assert_eq!(open.code(), 78, "{}", open.stderr);
    assert!(
        open.stderr.contains("AUTOPILOT_ADMIN_TOKEN"),
        "{}",
        open.stderr
    );
    let short = centre
        .daemon()
        .env("AUTOPILOT_ADMIN_TOKEN", "hunter2")
        .output();
    assert_eq!(short.code(), 78);
    assert!(!short.stderr.contains("hunter2"), "{}", short.stderr);

    let token = "0123456789abcdef-operators";
    let file = centre.directory.path().join("token");
    std::fs::write(&file, format!("{token}\n")).unwrap();
    let daemon = centre
        .daemon()
        .env("AUTOPILOT_LISTEN", "0.0.0.0:0")
        .env("AUTOPILOT_ADMIN_TOKEN_FILE", &file)
        .env("AUTOPILOT_ALLOWED_HOST", "autopilot.example.com")
        .env("AUTOPILOT_LOG", "trace,hyper=info,reqwest=info")
        .start();
    let api = Api::of(&daemon);
    let with = |headers: &str| api.send("GET", "/api/v1/status", headers, "").status;
    let bearer = format!("Authorization: Bearer {token}\r\n");
    let host = api.host();
    assert_eq!(with(&format!("{host}{bearer}")), 200);
    assert_eq!(
        with(&format!("Host: autopilot.example.com\r\n{bearer}")),
        200
    );
    assert_eq!(with(&host), 401);
    assert_eq!(
        with(&format!("{host}Authorization: Bearer {token}x\r\n")),
        401
    );
    assert_eq!(with(&format!("Host: evil.example.com\r\n{bearer}")), 421);
    assert_eq!(
        with(&format!(
            "{host}{bearer}Origin: https://evil.example.com\r\n"
        )),
        403
    );
    let refused = api.send("GET", "/api/v1/status", &host, "");
    assert!(
        refused.head.contains("www-authenticate: bearer"),
        "{}",
        refused.head
    );
    for path in ["/metrics", "/healthz"] {
        assert_eq!(api.get(path).status, 200, "{path} is open as it was");
    }
    let form = format!("{host}{bearer}Content-Type: text/plain\r\n");
    assert_eq!(api.send("PUT", HOLD, &form, "{}").status, 415);
    let json = format!("{host}{bearer}Content-Type: application/json\r\n");
    let large = format!("{{\"reason\": \"{}\"}}", "x".repeat(20_000));
    assert_eq!(api.send("PUT", HOLD, &json, &large).status, 413);
    let done = api.command(&["status"]).output();
    assert_eq!(done.code(), 77, "{}", done.stderr);
    let done = api.command(&["status", "--token-file"]).arg(&file).output();
    assert_eq!(done.code(), 0, "{}", done.stderr);
    daemon.signal("TERM");
    let told = format!("{:?}", daemon.log());
    assert!(!told.contains(token), "the token was logged");
    let mut daemon = daemon.tolerate(&[""]);
    daemon.end();
}

#[test]
fn slow_clients_keep_nobody_out() {
    let centre = Centre::new();
    let (daemon, api) = start(&centre);
    let slow: Vec<TcpStream> = (0..300)
        .map(|_| {
            let mut stream = TcpStream::connect(&api.address).unwrap();
            stream.write_all(b"G").unwrap();
            stream
        })
        .collect();
    assert_eq!(api.get("/healthz").status, 200);
    let hold = json!({"kind": "as-is", "for": "1h", "reason": "trial"});
    assert_eq!(api.change("PUT", HOLD, &hold).status, 200);
    centre.wait_for_polls(3);
    drop(slow);
    daemon.stop();
}

#[test]
fn a_change_that_cannot_be_written_is_not_made() {
    let centre = Centre::new();
    let (daemon, api) = start(&centre);
    centre.wait_for_polls(2);
    let other = centre.lock_store();
    let daemon = daemon.tolerate(&["store not written"]);
    let hold = json!({"kind": "paused", "for": "1h", "reason": "trial"});
    let answer = api.change("PUT", HOLD, &hold);
    assert_eq!(answer.status, 503, "{}", answer.body);
    drop(other);
    wait_until("the store is written again", || {
        api.get("/readyz").status == 200
    });
    centre.wait_for_polls(3);
    assert_eq!(
        centre.platform.request_count(Some(Endpoint::CampaignPut)),
        0
    );
    assert!(api.campaign(CAMPAIGN)["hold"].is_null());
    daemon.stop();
    assert!(of_kind(&centre.audit(), "operator").is_empty());
}
