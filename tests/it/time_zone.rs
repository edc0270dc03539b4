//! The page and the commands show times on the clock of one zone, and programs read RFC 3339 in UTC.

use campaign_autopilot::domain::{Timestamp, Zone};
use serde_json::json;

use crate::api::Api;
use crate::centre::{CAMPAIGN, Centre, Invocation};

/// A quarter of an hour off the zones that a test machine may be in, and without summer time.
const ZONE: &str = "Asia/Kathmandu";

/// A time of RFC 3339 on the clock of the zone, without the day.
fn local(rfc3339: &serde_json::Value) -> String {
    let at = Timestamp::parse_rfc3339(rfc3339.as_str().unwrap()).unwrap();
    let zone: Zone = ZONE.parse().unwrap();
    zone.day_and_time(at).unwrap().1
}

fn in_zone(centre: &Centre) -> Invocation {
    let mut invocation = centre.daemon();
    invocation.env("AUTOPILOT_LISTEN", "127.0.0.1:0");
    invocation.env("AUTOPILOT_TIME_ZONE", ZONE);
    invocation
}

#[test]
fn commands_show_times_on_the_daemons_clock_and_json_stays_as_it_is() {
    let centre = Centre::new();
    let daemon = in_zone(&centre).start();
    let api = Api::of(&daemon);
    centre.wait_for_polls(2);
    let hold = [
        "hold",
        CAMPAIGN,
        "--paused",
        "--for",
        "90m",
        "--reason",
        "wrong list",
    ];
    // The command's own machine is in another zone.
    let run = |words: &[&str]| api.command(words).env("TZ", "America/New_York").output();
    let made = run(&hold);
    assert_eq!(made.code(), 0, "{}", made.stderr);
    let document = api.get("/api/v1/status").json();
    assert_eq!(document["time_zone"], ZONE);
    let until = &document["campaigns"][0]["hold"]["until"];
    assert!(until.as_str().unwrap().ends_with('Z'), "{until}");
    // The day stands before it where it is tomorrow there, and the command took a moment.
    let told = format!(" {} (in 1 h ", local(until));
    assert!(made.stdout.contains(&told), "{}", made.stdout);
    assert!(
        made.stderr.contains(&format!("in {ZONE}")),
        "{}",
        made.stderr
    );

    let status = run(&["status"]);
    let head = status.stdout.lines().next().unwrap();
    assert!(head.ends_with(&format!(" in {ZONE}")), "{head}");
    assert!(head.contains(" s ago)"), "{head}");
    assert!(
        status.stdout.contains(&format!(" {} (in ", local(until))),
        "{}",
        status.stdout
    );

    let history = run(&["history"]);
    let entries = api.get("/api/v1/history?since=1h").json();
    let newest = &entries["entries"][0]["at"];
    let of_newest = history
        .stdout
        .lines()
        .find(|line| line.contains(&local(newest)));
    assert!(
        of_newest.is_some_and(|line| line.contains(" ago  ")),
        "{}",
        history.stdout
    );
    assert!(
        history.stderr.contains(&format!("in {ZONE}")),
        "{}",
        history.stderr
    );

    for words in [
        &["status", "-o", "json"][..],
        &["history", "-o", "json"],
        &["explain", CAMPAIGN, "-o", "json"],
    ] {
        let done = run(words);
        let document: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
        let text = document.to_string();
        assert!(
            !text.contains(" ago)") && text.contains("Z\""),
            "{words:?}: {text}"
        );
    }
    daemon.stop();
}

#[test]
fn every_answer_says_what_time_it_is() {
    let centre = Centre::new();
    let daemon = in_zone(&centre).start();
    let api = Api::of(&daemon);
    let hold = json!({"kind": "paused", "for": "1h", "reason": "trial"});
    for answer in [
        api.get("/api/v1/status"),
        api.get("/healthz"),
        api.get("/nowhere"),
        api.change("PUT", "/api/v1/campaigns/nowhere/hold", &hold),
    ] {
        let of_clock = |line: &&str| line.starts_with("autopilot-clock: 20");
        let clock = answer.head.lines().find(of_clock).unwrap();
        assert!(clock.ends_with("+05:45[asia/kathmandu]"), "{clock}");
    }
    daemon.stop();
}

#[test]
fn the_machines_zone_is_the_default_and_a_name_that_is_none_is_refused() {
    let centre = Centre::new();
    let mut invocation = centre.daemon();
    invocation.env("AUTOPILOT_LISTEN", "127.0.0.1:0");
    let daemon = invocation.env("TZ", "Pacific/Auckland").start();
    let api = Api::of(&daemon);
    assert_eq!(
        api.get("/api/v1/status").json()["time_zone"],
        "Pacific/Auckland"
    );
    daemon.stop();
    let refused = in_zone(&centre)
        .env("AUTOPILOT_TIME_ZONE", "Mars/Olympus")
        .output();
    assert_eq!(refused.code(), 78, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("AUTOPILOT_TIME_ZONE: time_zone: `Mars/Olympus` is not an IANA time zone; name one such as Europe/Berlin"),
        "{}",
        refused.stderr
    );
}
