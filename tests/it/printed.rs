//! What the commands print and take: times in every form, answers for programs, and addresses that lead nowhere.

use campaign_autopilot::domain::{Timestamp, Zone};
use serde_json::{Value, json};

use crate::api::Api;
use crate::centre::{CAMPAIGN, Centre, Daemon, Finished, wait_until};
use crate::described::{Described, description};

/// A quarter of an hour off the zones that a test machine may be in, and without summer time.
const ZONE: &str = "Asia/Kathmandu";

fn started(centre: &Centre, args: &[&str]) -> (Daemon, Api) {
    let daemon = centre
        .daemon()
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .env("AUTOPILOT_TIME_ZONE", ZONE)
        .args(args)
        .start();
    let api = Api::of(&daemon);
    centre.wait_for_polls(2);
    (daemon, api)
}

fn good(done: &Finished) -> &str {
    assert_eq!(done.code(), 0, "{}{}", done.stdout, done.stderr);
    &done.stdout
}

fn document(done: &Finished) -> Value {
    serde_json::from_str(good(done)).unwrap()
}

const SET: [&str; 6] = ["set", CAMPAIGN, "--pause-below", "5", "--reason", "trial"];

#[test]
fn history_takes_a_campaign_and_every_time_that_it_prints() {
    let centre = Centre::new();
    let (daemon, api) = started(&centre, &[]);
    let run = |words: &[&str]| api.command(words).env("TZ", "America/New_York").output();
    let hold = [
        "hold", CAMPAIGN, "--as-is", "--for", "1h", "--reason", "trial",
    ];
    good(&run(&hold));
    good(&run(&hold));
    let told = run(&["history", CAMPAIGN]);
    let row = good(&told).lines().next().unwrap().to_owned();
    assert!(row.contains("held as-is until ") && row.contains(", instead of until "));
    assert!(
        !row.contains('('),
        "how far times are away is not told of a record: {row}"
    );
    assert_eq!(
        good(&run(&["history", "--campaign", CAMPAIGN]))
            .lines()
            .count(),
        good(&told).lines().count()
    );

    let head = row.split_once(&format!("  {CAMPAIGN}  ")).unwrap().0;
    let words: Vec<&str> = head.split_whitespace().collect();
    let (day, time) = (words[0], words[1]);
    let zone: Zone = ZONE.parse().unwrap();
    let to_the_minute = time.rsplit_once(':').unwrap().0;
    for (since, whole) in [
        (head, time),
        (&format!("{day} {time}"), time),
        (time, time),
        (
            &format!("{day} {to_the_minute}"),
            &format!("{to_the_minute}:00"),
        ),
    ] {
        let since = document(&run(&["history", CAMPAIGN, "--since", since, "-o", "json"]));
        let entries = since["entries"].as_array().unwrap();
        assert!(!entries.is_empty(), "{since}");
        let since = Timestamp::parse_rfc3339(since["since"].as_str().unwrap()).unwrap();
        let shown = zone.day_and_time(since).unwrap();
        assert_eq!(shown, (day.to_owned(), whole.to_owned()));
    }
    good(&run(&["history", "--since", "2026-01-01T00:00:00Z"]));
    good(&run(&["history", "--since", "yesterday"]));
    let wrong = run(&["history", "--since", "teatime"]);
    assert_eq!(wrong.code(), 2);
    for form in ["2h", "03:10", "2026-11-28 03:10", "yesterday", "RFC 3339"] {
        assert!(wrong.stderr.contains(form), "{form}: {}", wrong.stderr);
    }
    daemon.stop();
}

#[test]
fn a_change_is_answered_with_times_of_rfc_3339_and_needs_no_reason_to_be_taken_back() {
    let centre = Centre::new();
    let (daemon, api) = started(&centre, &[]);
    let resume = ["--resume-at", "8"];
    let set = api
        .command(&SET)
        .args(&resume)
        .args(&["-o", "json"])
        .output();
    let set = document(&set);
    Described::new(description()).answer("/api/v1/campaigns/{id}/thresholds", "PUT", 200, &set);
    let until = set["made"]["until"].as_str().unwrap();
    let until = Timestamp::parse_rfc3339(until).unwrap();
    let path = format!("/api/v1/campaigns/{CAMPAIGN}/thresholds");
    let back = api.change("DELETE", &format!("{path}?author=anna"), &Value::Null);
    assert_eq!(back.status, 200, "{}", back.body);
    let again = api.command(&SET).args(&resume).output();
    assert_eq!(
        again.stderr.matches("warning").count(),
        0,
        "{}",
        again.stderr
    );
    let back = api.command(&["set", CAMPAIGN, "--as-configured"]).output();
    assert!(good(&back).contains("as configured"), "{}", back.stdout);
    let unexplained = ["set", CAMPAIGN, "--pause-below", "5", "--resume-at", "8"];
    let unexplained = api.command(&unexplained).output();
    assert_eq!(unexplained.code(), 2);
    assert!(unexplained.stderr.contains("--reason"));
    daemon.stop();
    let rows = centre.audit();
    let made = rows.iter().filter(|row| row["kind"] == "operator");
    let made: Vec<&Value> = made.map(|row| &row["event"]).collect();
    assert_eq!(made[0]["made"]["until"], json!(until.as_unix_millis()));
    for back in [made[1], made[3]] {
        assert_eq!(back["reason"], "as configured");
    }
}

#[test]
fn a_threshold_beyond_all_agents_is_told_where_they_are_counted() {
    let centre = Centre::new();
    let shares = ["--pause-below", "10%", "--resume-at", "20%"];
    let (daemon, api) = started(&centre, &shares);
    // The first decision is made without the agents, and one that is not of shares does not count them.
    let counted = || {
        wait_until("all agents are counted", || {
            api.campaign(CAMPAIGN)["staffed"].is_number()
        });
    };
    counted();
    let set = |resume_at: &str| {
        let resume = ["--resume-at", resume_at];
        api.command(&SET).args(&resume).output()
    };
    let beyond = set("8000");
    good(&beyond);
    assert!(
        beyond
            .stderr
            .contains("warning: resume_at 8000 is more than the ")
            && beyond.stderr.contains("once paused, the campaign stays so"),
        "{}",
        beyond.stderr
    );
    good(&api.command(&["set", CAMPAIGN, "--as-configured"]).output());
    counted();
    let within = set("8");
    good(&within);
    assert!(!within.stderr.contains("warning"), "{}", within.stderr);
    daemon.stop();
}

#[test]
fn an_address_with_a_path_is_told_with_the_flag_the_variable_and_the_remedy() {
    let centre = Centre::new();
    let (daemon, api) = started(&centre, &[]);
    good(&api.command(&["status"]).output());
    let address = format!("http://{}", api.address);
    for words in [
        &["status"][..],
        &["healthcheck"],
        &["set", CAMPAIGN, "--as-configured"],
    ] {
        let below = format!("{address}/api");
        let by_flag = api.command(words).args(&["--server", &below]).output();
        let by_variable = api.command(words).env("AUTOPILOT_SERVER", &below).output();
        for done in [by_flag, by_variable] {
            assert_eq!(done.code(), 78, "{words:?}: {}{}", done.stdout, done.stderr);
            for text in [
                "--server (or AUTOPILOT_SERVER)",
                &below,
                &format!("give {address} without a path"),
            ] {
                assert!(done.stderr.contains(text), "{text}: {}", done.stderr);
            }
        }
    }
    daemon.stop();
}
