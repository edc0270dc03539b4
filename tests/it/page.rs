//! The page as a browser asks for it, and the past that its plots are drawn from. What it looks like is checked in a real
//! browser, by `tests/page`.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::api::Api;
use crate::centre::{CAMPAIGN, Centre, Daemon, Invocation, wait_until};

const SERIES: &str = "/api/v1/campaigns/campaign-1/series";
const HOLD: &str = "/api/v1/campaigns/campaign-1/hold";

fn start(centre: &Centre, actions: &str) -> (Daemon, Api) {
    let daemon = centre
        .daemon()
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .env("AUTOPILOT_ALLOW_ACTIONS", actions)
        .start();
    let api = Api::of(&daemon);
    (daemon, api)
}

/// What a series says of the agents, gaps as null.
fn available(series: &Value) -> Vec<Option<u64>> {
    let column = series["steps"]["available"].as_array();
    column.into_iter().flatten().map(Value::as_u64).collect()
}

#[test]
fn the_page_is_there_for_everybody_and_says_what_a_browser_may_do() {
    let centre = Centre::new();
    let daemon = centre
        .daemon()
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .env("AUTOPILOT_ADMIN_TOKEN", "0123456789abcdef-operators")
        .start();
    let api = Api::of(&daemon);
    let page = api.get("/");
    assert_eq!(page.status, 200);
    assert!(page.body.starts_with("<!doctype html>"), "{}", page.body);
    let policy = "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; \
                  connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; \
                  frame-ancestors 'none'\r\n";
    assert!(page.head.contains(policy), "{}", page.head);
    assert!(page.head.contains("text/html; charset=utf-8"));
    assert!(page.head.contains("x-content-type-options: nosniff"));
    let tag = page.head.split("etag: ").nth(1).unwrap();
    let tag = tag.split("\r\n").next().unwrap();
    let again = format!("{}If-None-Match: {tag}\r\n", api.host());
    let again = api.send("GET", "/", &again, "");
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    let script = api.get("/page/main.js");
    assert!(script.head.contains("text/javascript; charset=utf-8"));
    assert_eq!(api.get("/page/nothing.js").status, 404);
    let runbook = api.get("/page/docs/runbooks/AutopilotDown.md");
    assert_eq!(runbook.status, 200);
    assert!(runbook.head.contains(policy), "{}", runbook.head);
    assert!(runbook.head.contains("text/html; charset=utf-8"));
    assert!(
        runbook
            .body
            .contains("<title>AutopilotDown – Campaign autopilot</title>")
    );
    assert_eq!(api.send("POST", "/", &api.host(), "").status, 405);
    assert_eq!(
        api.get("/api/v1/status").status,
        401,
        "what it shows is not"
    );
    daemon.stop();
}

#[test]
fn a_browser_changes_something_only_where_actions_are_allowed() {
    let centre = Centre::new();
    let hold = json!({"kind": "as-is", "for": "1h", "reason": "trial"}).to_string();
    for (actions, expected) in [("false", 403), ("true", 200)] {
        let (daemon, api) = start(&centre, actions);
        let (host, address) = (api.host(), &api.address);
        let browser =
            format!("{host}Origin: http://{address}\r\nContent-Type: application/json\r\n");
        let answer = api.send("PUT", HOLD, &browser, &hold);
        assert_eq!(answer.status, expected, "{}", answer.body);
        assert_eq!(answer.body.contains("--allow-actions"), expected == 403);
        let status = api.send("GET", "/api/v1/status", &browser, "").json();
        assert_eq!(status["actions"], actions == "true");
        daemon.stop();
    }
}

#[test]
fn the_past_survives_a_restart_and_what_is_not_known_is_a_gap() {
    let centre = Centre::new();
    let (daemon, api) = start(&centre, "false");
    wait_until("ten are seen", || {
        available(&api.get(SERIES).json()).contains(&Some(10))
    });
    centre.platform.set_available(3);
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    wait_until("the pause is seen", || {
        let series = api.get(SERIES).json();
        available(&series).last() == Some(&Some(3))
            && series["paused"][0]["by"] == "autopilot"
            && series["transitions"][0]["to"] == "paused"
    });
    daemon.stop();
    let (daemon, api) = start(&centre, "false");
    assert_eq!(api.get(SERIES).status, 200, "before its first poll");
    centre.platform.set_available(9);
    centre.wait_for_status(CAMPAIGN, "RUNNING");
    wait_until("both runs are seen, and the time between is a gap", || {
        let series = api.get(SERIES).json();
        let seen = available(&series);
        let gap = seen.iter().position(Option::is_none);
        let times = series["steps"]["times_ms"].as_array().unwrap();
        assert!(times.is_sorted_by_key(Value::as_i64));
        seen.first() == Some(&Some(10)) && gap.is_some() && seen.last() == Some(&Some(9))
    });
    let series = api.get(SERIES).json();
    let marks = series["transitions"].as_array().unwrap();
    let marks: Vec<(&Value, &Value)> = marks
        .iter()
        .map(|mark| (&mark["to"], &mark["by"]))
        .collect();
    let [paused, running, by] = [json!("paused"), json!("running"), json!("autopilot")];
    assert_eq!(marks, [(&paused, &by), (&running, &by)]);
    let decision = series["transitions"][1]["decision"].as_str().unwrap();
    assert!(decision.starts_with("2-"), "{decision}");
    let spans = series["paused"].as_array().unwrap();
    assert!(
        spans.iter().all(|span| span["until_ms"].is_i64()),
        "{spans:?}"
    );
    assert_eq!(api.get("/api/v1/campaigns/nowhere/series").status, 404);
    daemon.stop();
}

#[test]
fn the_demonstration_leaves_its_page_until_somebody_ends_it() {
    let mut demo = Invocation::bare()
        .args(&["demo", "--for", "2s", "--keep-serving"])
        .env("TMPDIR", std::env::temp_dir())
        .spawn(Stdio::piped());
    let said = BufReader::new(demo.stdout.take().unwrap()).lines();
    let told = BufReader::new(demo.stderr.take().unwrap()).lines();
    let mut said = said.map_while(Result::ok);
    let mut told = told.map_while(Result::ok);
    let address = told
        .find_map(|line| line.split_once("http://").map(|(_, rest)| rest.to_owned()))
        .unwrap();
    let api = Api {
        address: address.trim_end_matches('/').to_owned(),
    };
    assert_eq!(api.get("/").status, 200, "while the day goes on");
    let mut over = told.filter(|line| line.contains("The day is over. Its page stays at"));
    assert!(over.next().is_some());
    let status = api.get("/api/v1/status").json();
    assert_eq!(status["ended"], true);
    assert_eq!(status["actions"], false, "nothing can be changed any more");
    assert_eq!(status["not_ready"], "the loop has ended");
    let day = api.get(SERIES).json();
    assert!(available(&day).len() > 10, "{day}");
    assert_eq!(
        api.get(SERIES).json()["now"],
        day["now"],
        "time stands still"
    );
    let pid = demo.id().to_string();
    let ended = Command::new("kill").args(["-INT", &pid]).status().unwrap();
    assert!(ended.success());
    assert_eq!(demo.wait().unwrap().code(), Some(0));
    assert!(said.any(|line| line.contains("the hash chain holds")));
}
