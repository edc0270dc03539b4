//! Readings that stay away are the first thing that is told, with the platform's own error and what goes on dialling.

use campaign_autopilot::simulator::{Endpoint, Fault, FaultRule, FaultTiming};
use serde_json::Value;

use crate::api::Api;
use crate::centre::{CAMPAIGN, Centre, Daemon, wait_until};
use crate::described::{Described, description};
use crate::tenants::Two;

fn start(centre: &Centre, on_stale: &str) -> (Daemon, Api) {
    let daemon = centre
        .daemon()
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .env("AUTOPILOT_ON_STALE", on_stale)
        .env("AUTOPILOT_STALE_AFTER", "3")
        .env("AUTOPILOT_TIME_ZONE", "UTC")
        .start()
        .tolerate(&["poll invalid", "no valid poll for too long"]);
    let api = Api::of(&daemon);
    wait_until("it is ready", || api.get("/readyz").status == 200);
    (daemon, api)
}

fn break_readings(centre: &Centre) {
    centre.platform.inject(FaultRule {
        fault: Fault::Forbidden,
        endpoint: Some(Endpoint::Agents),
        when: FaultTiming::Always,
    });
}

#[test]
fn an_outage_is_the_first_line_and_no_readiness() {
    let centre = Centre::new();
    let (daemon, api) = start(&centre, "hold");
    let mut described = Described::new(description());
    let status = || api.get("/api/v1/status").json();
    assert_eq!(status()["outage"], Value::Null);
    let ready = || api.command(&["healthcheck", "--ready"]).output();
    assert_eq!(ready().code(), 0);
    break_readings(&centre);
    wait_until("the data is stale", || status()["outage"]["stale"] == true);
    let shown = status();
    described.answer("/api/v1/status", "GET", 200, &shown);
    let outage = &shown["outage"];
    assert!(outage["polls"].as_u64().unwrap() >= 3, "{outage}");
    assert_eq!(
        (&outage["keep_dialling"], &outage["paused"]),
        (&1.into(), &0.into())
    );
    let error = outage["error"].as_str().unwrap();
    assert!(error.contains("interactions:agents:read"), "{error}");
    assert_eq!(shown["ready"], false);
    let since = outage["since"].as_str().unwrap();
    let (_, time) = since.split_once('T').unwrap();
    let (time, _) = time.split_once('.').unwrap();

    let probe = api.get("/readyz");
    assert_eq!(probe.status, 503);
    for says in ["data is stale", since] {
        assert!(probe.body.contains(says), "{says}: {}", probe.body);
    }
    assert!(!probe.body.contains("interactions"), "anybody may ask");
    assert_eq!(api.get("/healthz").status, 200, "the loop itself is well");
    let unready = ready();
    assert_eq!(unready.code(), 1, "{}", unready.stdout);
    assert!(format!("{}{}", unready.stdout, unready.stderr).contains("data is stale"));

    for words in [&["status"][..], &["explain", CAMPAIGN]] {
        let told = api.command(words).output();
        let first = told.stdout.lines().next().unwrap();
        assert!(
            first.starts_with("OUTAGE since ") && first.contains(&format!("{time} (")),
            "{first}"
        );
        for says in [
            "polls in a row",
            "interactions:agents:read",
            "one running campaign keeps dialling",
        ] {
            assert!(first.contains(says), "{says}: {first}");
        }
    }
    let detail = api.get("/api/v1/campaigns/campaign-1").json();
    described.answer("/api/v1/campaigns/{id}", "GET", 200, &detail);
    assert_eq!(detail["outage"]["since"], since);

    centre.platform.clear_faults();
    wait_until("it is over", || api.get("/readyz").status == 200);
    wait_until("that is shown", || status()["outage"] == Value::Null);
    let told = api.command(&["status"]).output();
    assert!(told.stdout.starts_with("ready"), "{}", told.stdout);
    daemon.stop();
}

#[test]
fn what_on_stale_pauses_is_told() {
    let centre = Centre::new();
    let (daemon, api) = start(&centre, "pause");
    break_readings(&centre);
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    daemon.wait_for_log("paused");
    let told = api.command(&["status"]).output();
    let first = told.stdout.lines().next().unwrap();
    assert!(
        first.contains("one campaign is paused by on_stale"),
        "{first}"
    );
    assert!(!first.contains("dialling"), "{first}");
    daemon.stop();
}

#[test]
fn a_tenant_whose_readings_stay_away_is_named_and_the_other_one_is_not() {
    let two = Two::new();
    let (daemon, api) = two.started();
    let daemon = daemon.tolerate(&["poll invalid", "no valid poll for too long"]);
    break_readings(&two.eu);
    let status = || api.get("/api/v1/status").json();
    wait_until("the data is stale", || status()["outage"]["stale"] == true);
    let shown = status();
    let says = shown["outage"]["says"].as_str().unwrap();
    assert!(says.starts_with("tenant eu: since "), "{says}");
    assert_eq!(shown["tenants"][0]["outage"]["stale"], true);
    assert_eq!(shown["tenants"][1]["outage"], Value::Null);
    let probe = api.get("/readyz");
    assert!(
        probe.body.contains("tenant eu: data is stale"),
        "{}",
        probe.body
    );
    assert!(!probe.body.contains("tenant us"), "{}", probe.body);
    let other = api.command(&["status", "--tenant", "us"]).output();
    assert!(other.stdout.starts_with("ready"), "{}", other.stdout);
    daemon.stop();
}
