//! Calling hours: a closed calendar pauses and marks its pauses, an open one ends them, and neither is charged to anything.

use campaign_autopilot::simulator::Endpoint;
use serde_json::Value;

use crate::api::Api;
use crate::centre::{CAMPAIGN, Daemon, Invocation, wait_until};
use crate::configured::Configured;

/// A calendar that is open at all hours but those of a closure, for a campaign that may hardly be resumed.
fn settings(closures: &str, agents: &str) -> String {
    format!(
        "max_resumes_per_hour = 1\nmin_paused = \"12h\"\n\
         [[campaign]]\nid = \"{CAMPAIGN}\"\ncalendar = \"office\"\n{agents}\n\
         [[calendar]]\nname = \"office\"\nzone = \"Europe/Berlin\"\nhours = [\"00:00-00:00\"]\nclosures = [{closures}]\n"
    )
}

/// A closure that began a day ago and lasts for days: no test is as slow as that.
fn closure() -> String {
    let now = jiff::Timestamp::now();
    let hours = jiff::SignedDuration::from_hours;
    let (from, to) = (now - hours(24), now + hours(240));
    format!("\"{from:.0}/{to:.0} Works\"")
}

/// Puts other settings in force.
fn rewrite(configured: &Configured, text: &str, daemon: &Daemon) {
    configured.write(text);
    daemon.signal("HUP");
}

fn calendar(api: &Api) -> Value {
    api.campaign(CAMPAIGN)["calendar"].clone()
}

#[test]
fn a_closed_calendar_pauses_over_a_restart_and_an_open_one_resumes_without_a_charge() {
    let hours = Configured::new(&settings("", ""));
    let centre = &hours.centre;
    let (daemon, api) = hours.start();
    wait_until("it shows", || calendar(&api)["open"] == true);
    let open = format!("autopilot_campaign_calendar_open{{campaign=\"{CAMPAIGN}\"}}");
    assert_eq!(api.series(&open), Some(1.0));

    rewrite(&hours, &settings(&closure(), ""), &daemon);
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    wait_until("the mark shows", || calendar(&api)["paused"] == true);
    let says = calendar(&api)["says"].as_str().unwrap().to_owned();
    assert!(
        says.starts_with("closed until ") && says.ends_with(" Europe/Berlin (closure Works)"),
        "{says}"
    );
    assert!(calendar(&api)["until"].is_string());
    assert_eq!(api.series(&open), Some(0.0));
    let paused = format!(
        "autopilot_transitions_total{{campaign=\"{CAMPAIGN}\",reason=\"calendar\",to=\"paused\"}}"
    );
    assert_eq!(api.series(&paused), Some(1.0));
    // The decision that paused it is shown until the next one.
    wait_until("the decision of the next poll is explained", || {
        let explained = api.command(&["explain", CAMPAIGN]).output().stdout;
        let texts = [
            "calendar       DECIDED closed: closure Works, until ",
            "paused by the calendar",
            "changes when the calendar opens at ",
        ];
        texts.iter().all(|text| explained.contains(text))
    });
    let status = api.command(&["status"]).output().stdout;
    assert!(
        status.contains(&format!("calendar office: {says}")),
        "{status}"
    );

    // A hold asks for what the calendar forbids, and waits.
    let held = [
        "hold",
        CAMPAIGN,
        "--running",
        "--for",
        "30m",
        "--reason",
        "launch",
    ];
    assert_eq!(api.command(&held).output().code(), 0);
    centre.wait_for_polls(3);
    assert_eq!(
        centre.platform.campaign_status(CAMPAIGN).as_deref(),
        Some("PAUSED")
    );
    assert_eq!(api.command(&["release", CAMPAIGN]).output().code(), 0);

    daemon.kill();
    let (daemon, api) = hours.start();
    wait_until("the mark is back", || calendar(&api)["paused"] == true);
    centre.wait_for_polls(3);
    assert_eq!(
        centre.platform.campaign_status(CAMPAIGN).as_deref(),
        Some("PAUSED")
    );

    rewrite(&hours, &settings("", ""), &daemon);
    centre.wait_for_status(CAMPAIGN, "RUNNING");
    wait_until("it shows", || calendar(&api)["paused"] == false);
    // Were the first resume charged, there would be none left.
    rewrite(&hours, &settings(&closure(), ""), &daemon);
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    rewrite(&hours, &settings("", ""), &daemon);
    centre.wait_for_status(CAMPAIGN, "RUNNING");
    daemon.stop();
    let change = |from: &str, to: &str| format!("{CAMPAIGN}: {from} -> {to}");
    let swing = [change("RUNNING", "PAUSED"), change("PAUSED", "RUNNING")];
    assert_eq!(centre.commands(), [swing.clone(), swing].concat());
    let audit = centre.audit();
    let causes = |row: &&Value| row["event"].to_string().contains("\"by\":\"closure\"");
    assert!(audit.iter().any(|row| causes(&row)), "{audit:?}");
}

#[test]
fn a_calendar_alone_needs_no_agents_and_resumes_at_once() {
    let alone = "agents = \"none\"";
    let hours = Configured::new(&settings(&closure(), alone));
    let centre = &hours.centre;
    centre.platform.set_available(0);
    let (daemon, api) = hours.start();
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    wait_until("the mark shows", || calendar(&api)["alone"] == true);
    rewrite(&hours, &settings("", alone), &daemon);
    centre.wait_for_status(CAMPAIGN, "RUNNING");
    daemon.stop();
    let polls = centre.platform.request_count(Some(Endpoint::Agents));
    assert_eq!(polls, 0, "nothing counts");
    centre.audit();
}

#[test]
fn the_example_is_accepted_and_a_calendar_that_never_opens_is_not() {
    let check = |file: &std::path::Path| {
        let mut invocation = Invocation::bare();
        invocation
            .env("CXONE_BASE_URL", "https://127.0.0.1:1")
            .env("CXONE_CLIENT_ID", "autopilot")
            .env("CXONE_CLIENT_SECRET", "autopilot-secret")
            .env("HOME", "/nonexistent")
            .args(&["check", "--config"])
            .arg(file);
        invocation.output()
    };
    let done = check("examples/calendar.toml".as_ref());
    assert_eq!(done.code(), 0, "{}{}", done.stdout, done.stderr);
    for campaign in ["spring-renewals", "reminders"] {
        let line = format!("campaign {campaign}: calendar ");
        assert!(done.stdout.contains(&line), "{line} in\n{}", done.stdout);
    }
    let hours = Configured::new(&settings("\"2000-01-01/2999-12-31\"", ""));
    let refused = check(&hours.file);
    assert_eq!(refused.code(), 78, "{}{}", refused.stdout, refused.stderr);
    assert!(
        refused.stderr.contains(
            "calendar.office: does not open within a year; shorten its closures, or check its holidays"
        ),
        "{}",
        refused.stderr
    );
    let closed = Configured::new(&settings(&closure(), ""));
    let warned = check(&closed.file);
    assert_eq!(warned.code(), 0, "{}{}", warned.stdout, warned.stderr);
    assert!(
        warned
            .stderr
            .contains("warning: calendar office is closed until "),
        "{}",
        warned.stderr
    );
}
