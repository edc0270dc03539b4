//! Limits on abandoned calls: what was counted of a period, kept over restarts, shown and printed, and never guessed.

use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::api::Api;
use crate::centre::{CAMPAIGN, Daemon, Finished, Invocation, wait_until};
use crate::configured::Configured;

const TWO: &str = r#"
[[campaign]]
id = "cmp-884291"
team = "Sales"

[[guard]]
name = "day"
limit = "3%"
denominator = "answered"
period = "day"
zone = "UTC"

[[guard]]
name = "week"
limit = "6%"
period = "rolling 7 days"
zone = "Asia/Kathmandu"
teams = ["Sales"]
"#;

fn settings() -> String {
    TWO.replace("cmp-884291", CAMPAIGN)
}

/// The daemon's day, some days ago.
fn day_before(api: &Api, days: i64) -> Date {
    let now = api.get("/api/v1/status").json()["now"].clone();
    let now: jiff::Timestamp = now.as_str().unwrap().parse().unwrap();
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    today.checked_sub(days.days()).unwrap()
}

/// Feeds counters of an hour of a day: connected and abandoned calls.
fn feed(api: &Api, day: Date, hour: u8, connected: u64, abandoned: u64) {
    let answered = connected + abandoned;
    let row = json!({"campaign": CAMPAIGN,
        "since": format!("{day}T{hour:02}:00:00Z"), "until": format!("{day}T{:02}:00:00Z", hour + 1),
        "dials": 2 * answered, "answered": answered, "connected": connected, "abandoned": abandoned});
    let fed = api.change("POST", "/api/v1/outcomes", &json!({ "outcomes": [row] }));
    assert_eq!(fed.status, 200, "{}", fed.body);
}

fn compliance(centre: &Configured, arguments: &[&str]) -> Finished {
    let done = Invocation::bare()
        .env("CXONE_BASE_URL", &centre.centre.base_url)
        .env("CXONE_CLIENT_ID", "autopilot")
        .env("CXONE_CLIENT_SECRET", "autopilot-secret")
        .env("AUTOPILOT_CONFIG", &centre.file)
        .env("AUTOPILOT_STATE_DIR", centre.centre.state_dir())
        .arg("compliance")
        .args(arguments)
        .output();
    assert_eq!(done.code(), 0, "{}{}", done.stdout, done.stderr);
    done
}

fn row(centre: &Configured, guard: &str, period: &str) -> Value {
    let done = compliance(centre, &["--period", period, "-o", "json"]);
    let report: Value = serde_json::from_str(&done.stdout).unwrap();
    assert!(report["informs"].as_str().unwrap().contains("informs"));
    let rows = report["rows"].as_array().unwrap().iter();
    let found = rows.clone().find(|row| row["name"] == guard);
    found.unwrap_or_else(|| panic!("{report}")).clone()
}

const ABOVE: &str = "abandoned calls are above the limit of a guard";

fn stopped(daemon: Daemon) {
    daemon.tolerate(&[ABOVE]).stop();
}

#[test]
fn calls_are_counted_by_days_over_restarts_late_and_with_their_gaps() {
    let centre = Configured::new(&settings());
    let (daemon, api) = centre.start();
    let (late, later) = (day_before(&api, 3), day_before(&api, 2));
    feed(&api, late, 9, 5, 0);
    feed(&api, late, 10, 90, 10);
    let shown = row(&centre, "day", &late.to_string());
    assert_eq!(
        (&shown["counted"], &shown["calls"]),
        (&json!(10), &json!(100))
    );
    assert_eq!(shown["state"], "above");
    assert_eq!(shown["budget"], -7);
    assert_eq!(
        shown["unknown_s"],
        23 * 3600,
        "only an hour of it was counted"
    );
    assert_eq!(row(&centre, "day", &later.to_string())["state"], "no_calls");
    // Without an orderly end nothing is lost, and nothing that is sent again counts again.
    daemon.tolerate(&[ABOVE]).kill();
    let (daemon, api) = centre.start();
    feed(&api, late, 10, 90, 10);
    feed(&api, later, 10, 400, 2);
    let shown = row(&centre, "week", "current");
    assert_eq!(
        (&shown["counted"], &shown["calls"]),
        (&json!(12), &json!(502))
    );
    assert_eq!(shown["state"], "within");
    assert_eq!(shown["budget"], 18);
    // Of a reset nothing is known but what follows it.
    let reset = json!({"campaign": CAMPAIGN, "since": format!("{later}T10:00:00Z"), "until": format!("{later}T12:00:00Z"),
        "dials": 1, "answered": 1, "connected": 1, "abandoned": 0});
    let fed = api.change("POST", "/api/v1/outcomes", &json!({ "outcomes": [reset] }));
    assert_eq!(fed.status, 200, "{}", fed.body);
    let after = row(&centre, "day", &later.to_string());
    assert_eq!(
        (&after["calls"], &after["unknown_s"]),
        (&json!(402), &json!(23 * 3600))
    );
    stopped(daemon);
    centre.centre.audit();
    let flat = compliance(&centre, &["--period", &late.to_string(), "-o", "csv"]).stdout;
    let mut lines = flat.lines();
    assert_eq!(
        lines.next(),
        Some(
            "guard,preset,campaign,period_from,period_to,zone,numerator,denominator,counted,calls,share,share_upper,limit,budget,known_s,unknown_s,carried_s,state"
        )
    );
    let first = format!("day,,{CAMPAIGN},{late},{late},UTC,abandoned,answered,10,100,0.1,0.");
    assert!(lines.next().unwrap().starts_with(&first), "{flat}");
    let table = compliance(&centre, &["--period", &late.to_string()]).stdout;
    assert!(
        table.contains("10.00%") && table.contains("above"),
        "{table}"
    );
    assert!(
        table.contains("nothing here says that one is kept"),
        "{table}"
    );
}

#[test]
fn status_page_and_metrics_show_how_a_campaign_stands_and_nothing_is_paused() {
    let centre = Configured::new(&settings());
    centre.centre.platform.set_available(20);
    let (daemon, api) = centre.start();
    let day = day_before(&api, 1);
    feed(&api, day, 9, 5, 0);
    feed(&api, day, 10, 90, 10);
    stopped(daemon);
    let (daemon, api) = centre.start();
    let week = |name: &str| {
        api.series(&format!(
            "autopilot_guard_{name}{{campaign=\"{CAMPAIGN}\",guard=\"week\"}}"
        ))
    };
    wait_until("the guards were compared", || week("above") == Some(1.0));
    assert_eq!(week("calls"), Some(100.0));
    assert_eq!(week("budget_calls"), Some(-4.0));
    assert_eq!(
        api.series("autopilot_guard_limit{guard=\"week\"}"),
        Some(0.06)
    );
    let guards = api.campaign(CAMPAIGN)["guards"].clone();
    assert_eq!(
        (&guards[0]["name"], &guards[1]["state"]),
        (&json!("day"), &json!("above"))
    );
    let status = api.command(&["status"]).output().stdout;
    assert!(
        status.contains("guard week: 10 of 100 calls (10.00%, up to 16.04%) of 6% allowed: above the limit, 4 too many"),
        "{status}"
    );
    daemon.wait_for_log(ABOVE);
    assert_eq!(api.campaign(CAMPAIGN)["state"], "running", "it informs");
    stopped(daemon);
    assert!(centre.centre.commands().is_empty(), "it informs");
}

#[test]
fn a_guard_that_is_changed_acts_after_a_restart_and_says_so() {
    let centre = Configured::new(&settings());
    let (daemon, api) = centre.start();
    centre.write(&settings().replace("limit = \"3%\"", "limit = \"2%\""));
    let mut waits = String::new();
    wait_until("the change is named", || {
        waits = api.get("/api/v1/history").body;
        waits.contains("guard.day.limit: 3% -> 2%")
    });
    daemon.stop();
}

#[test]
fn the_example_is_accepted_and_says_where_its_data_come_from() {
    let mut check = Invocation::bare();
    check
        .env("CXONE_BASE_URL", "https://127.0.0.1:1")
        .env("CXONE_CLIENT_ID", "autopilot")
        .env("CXONE_CLIENT_SECRET", "autopilot-secret")
        .env("HOME", "/nonexistent")
        .args(&["check", "--config", "examples/guard.toml"]);
    let done = check.output();
    assert_eq!(done.code(), 0, "{}{}", done.stdout, done.stderr);
    for line in [
        "guard us-renewals: 3% of answered calls may be abandoned, successive 30 days from 2026-11-01, on the clock of America/New_York, from 88 calls on",
        "guard us-renewals: preset us-ftc, US FTC Telemarketing Sales Rule, 16 CFR 310.4(b)(1)(iv), safe harbour (b)(4), as of November 2026; limit, denominator, period read in an excerpt of the published text;",
        "guard uk-surveys: 1% of abandoned+connected calls may be abandoned, day, on the clock of Europe/London, from 268 calls on",
        "guards inform and pause nothing; none claims that a law is kept",
    ] {
        assert!(done.stdout.contains(line), "{line} in\n{}", done.stdout);
    }
}

#[test]
fn without_a_guard_or_a_store_the_command_says_what_is_missing() {
    let run = |text: &str| {
        let centre = Configured::new(text);
        Invocation::bare()
            .env("CXONE_BASE_URL", "https://127.0.0.1:1")
            .env("CXONE_CLIENT_ID", "autopilot")
            .env("CXONE_CLIENT_SECRET", "autopilot-secret")
            .env("AUTOPILOT_CONFIG", &centre.file)
            .env("AUTOPILOT_STATE_DIR", centre.centre.state_dir())
            .arg("compliance")
            .output()
    };
    let none = run(&format!("[[campaign]]\nid = \"{CAMPAIGN}\"\n"));
    assert_eq!(none.code(), 1, "{}", none.stderr);
    assert!(none.stderr.contains("there is no guard"), "{}", none.stderr);
    let empty = run(&settings());
    assert_eq!(empty.code(), 74, "{}", empty.stderr);
}
