//! Queues are changed under the version that was read, merged with what people do meanwhile, and proved.

use std::fs;
use std::path::{Path, PathBuf};

use campaign_autopilot::simulator::{Endpoint, Queue, example_queue};
use serde_json::{Value, json};

use crate::centre::{CAMPAIGN, Centre, Finished, Invocation, of_kind};

/// A `queue` command for this platform; no campaign is named.
pub(crate) fn command(centre: &Centre, line: &[&str]) -> Invocation {
    let mut invocation = Invocation::bare();
    invocation
        .env("CXONE_BASE_URL", &centre.base_url)
        .env("CXONE_CLIENT_ID", "autopilot")
        .env("CXONE_CLIENT_SECRET", "autopilot-secret")
        .env("AUTOPILOT_STATE_DIR", centre.state_dir())
        .env("AUTOPILOT_REQUESTS_PER_SECOND", "unlimited")
        .env("USER", "ops")
        .arg("queue")
        .args(line);
    invocation
}

pub(crate) fn queue(centre: &Centre, line: &[&str]) -> Finished {
    command(centre, line).output()
}

pub(crate) fn file(centre: &Centre, name: &str, text: &str) -> PathBuf {
    let path = centre.directory.path().join(name);
    fs::write(&path, text).unwrap();
    path
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

pub(crate) fn members(value: Value) -> Queue {
    serde_json::from_value(value).unwrap()
}

/// The records of the audit about queues.
pub(crate) fn records(centre: &Centre) -> Vec<Value> {
    let rows = centre.audit();
    of_kind(&rows, "queue")
        .iter()
        .map(|row| row["event"]["record"].clone())
        .collect()
}

#[test]
fn a_change_is_shown_written_read_back_and_proved() {
    let centre = Centre::new();
    let change = file(
        &centre,
        "change.toml",
        "max_waiters = 30\nwrap_up = \"45s\"\nstrategy = \"priority\"\npriority_levels = [1, 2, 3]\n\
         service_level = { percent = 80, within = \"20s\" }\n\
         load = { agents = 20, concurrent = 14, handle_time = \"180s\" }\n",
    );
    let line = ["queue-1", "--change", text(&change)];
    let planned = queue(&centre, &[&["plan"], &line[..]].concat());
    assert_eq!(planned.code(), 0, "{}", planned.stderr);
    assert_eq!(
        planned.stdout,
        "queue queue-1 at version 1, written whole\n\
         ~ strategy            longest_idle -> priority\n\
         ~ priority_levels     none         -> 1, 2, 3\n\
         ~ wrap_up             30s          -> 45s\n\
         ~ max_waiters         40           -> 30\n  \
           service_level       80% within 20s, as it is\n  \
           utilisation 0.88 = 14 calls x (3m + 45s wrap-up) / (3m x 20 agents)\n\
         nothing was written\n"
    );
    assert_eq!(centre.platform.queue("queue-1").unwrap()["version"], 1);
    let applied = queue(&centre, &[&["apply"], &line[..]].concat());
    assert_eq!(applied.code(), 0, "{}", applied.stderr);
    assert!(
        applied
            .stdout
            .contains("applied: version 2, read back as written [1-1]")
    );
    let now = centre.platform.queue("queue-1").unwrap();
    let mut expected = example_queue("queue-1", "Service", &["queue-2"]);
    expected.insert("version".to_owned(), json!(2));
    expected.insert("maxWaiters".to_owned(), json!(30));
    expected.insert("wrap_up_time_seconds".to_owned(), json!(45));
    expected.insert("wrapUpTimeout".to_owned(), json!(45_000));
    expected["routing"]["strategy"] = json!("priority");
    expected["routing"]["priority"] = json!({"enabled": true, "levels": [1, 2, 3]});
    assert_eq!(now, expected, "all else is as it was");
    let records = records(&centre);
    assert_eq!(records.len(), 2, "{records:?}");
    assert_eq!(records[0]["step"], "intent");
    assert_eq!(records[0]["by"], "ops");
    assert_eq!(records[0]["change"]["wrap_up"], "45s");
    let outcome = &records[1];
    assert_eq!(outcome["conclusion"], "applied");
    assert_eq!(
        (&outcome["version_before"], &outcome["version_after"]),
        (&json!(1), &json!(2))
    );
    let compliance = json!({
        "skillRequirementsValid": true, "slaConfigured": true, "overflowDefined": true
    });
    assert_eq!(outcome["compliance"], compliance);
    let hash = outcome["configuration_sha256"].as_str().unwrap();
    assert!(applied.stdout.contains(&format!("sha256 {hash}")));
    let again = queue(&centre, &[&["apply"], &line[..]].concat());
    assert_eq!(again.code(), 0);
    assert!(again.stdout.contains("unchanged"), "{}", again.stdout);
    assert_eq!(centre.platform.queue("queue-1").unwrap()["version"], 2);
}

#[test]
fn a_patch_carries_milliseconds_and_the_version() {
    let centre = Centre::new();
    let overflow = "overflow={action=\"routeToQueue\",target=\"queue-2\",after=\"90s\"}";
    let line = [
        "apply",
        "queue-1",
        "--by",
        "patch",
        "--set",
        overflow,
        "--set",
        "wrap_up=1500ms",
    ];
    let applied = queue(&centre, &line);
    assert_eq!(applied.code(), 0, "{}{}", applied.stdout, applied.stderr);
    let now = centre.platform.queue("queue-1").unwrap();
    assert_eq!(now["wrapUpTimeout"], 1_500);
    assert_eq!(
        now["overflow"],
        json!({"maxWaitTime": 90_000, "action": "routeToQueue", "targetQueueId": "queue-2"})
    );
    let not = queue(
        &centre,
        &[
            "apply",
            "queue-1",
            "--by",
            "members",
            "--set",
            "max_waiters=7",
        ],
    );
    assert_eq!(not.code(), 65);
    assert!(
        not.stdout
            .contains("max_waiters: cannot be written by itself; write the queue whole")
    );
}

#[test]
fn the_example_is_refused_with_its_numbers() {
    let centre = Centre::new();
    let told = "utilisation 1.33 = 12 calls x (3m + 2m wrap-up) / (3m x 15 agents)";
    let load = "load={agents=15,concurrent=12,handle_time=\"180s\"}";
    let line = ["apply", "queue-1", "--set", "wrap_up=120s", "--set", load];
    let refused = queue(&centre, &line);
    assert_eq!(refused.code(), 65);
    assert!(
        refused
            .stdout
            .contains(&format!("REFUSED  load: {told}, more than 0.90"))
    );
    assert_eq!(centre.platform.queue("queue-1").unwrap()["version"], 1);
    let check = ["check-utilisation", "--agents", "15", "--concurrent", "12"];
    let times = ["--handle-time", "180s", "--wrap-up", "120s"];
    let checked = Invocation::bare()
        .arg("queue")
        .args(&check)
        .args(&times)
        .output();
    assert_eq!(checked.code(), 65);
    assert!(checked.stdout.starts_with(told), "{}", checked.stdout);
    assert!(
        checked
            .stdout
            .contains("240.0 calls an hour expected, 180.0 can be served")
    );
    let wrong = [
        "check-utilisation",
        "--agents",
        "0",
        "--concurrent",
        "-1",
        "--handle-time",
        "0s",
    ];
    let wrong = Invocation::bare().arg("queue").args(&wrong).output();
    assert_eq!(wrong.code(), 65);
    assert!(
        wrong
            .stderr
            .contains("agents is 0, concurrent is -1, handle_time is 0")
    );
}

#[test]
fn a_circle_of_three_queues_is_refused_with_its_path() {
    let centre = Centre::new();
    for (id, into) in [("a", "b"), ("b", "c"), ("c", "d")] {
        centre
            .platform
            .put_queue(id, example_queue(id, id, &[into]));
    }
    centre.platform.put_queue("d", example_queue("d", "d", &[]));
    let refused = queue(
        &centre,
        &["apply", "c", "--set", "overflow_targets=[\"a\"]"],
    );
    assert_eq!(refused.code(), 65);
    let told = "REFUSED  overflow: callers would go in a circle (c -> a -> b -> c)";
    assert!(refused.stdout.contains(told), "{}", refused.stdout);
    for (targets, told) in [
        ("[\"c\"]", "cannot overflow into itself (c -> c)"),
        ("[\"nowhere\"]", "there is no queue nowhere"),
    ] {
        let refused = queue(
            &centre,
            &["plan", "c", "--set", &format!("overflow_targets={targets}")],
        );
        assert_eq!(refused.code(), 65);
        assert!(refused.stdout.contains(told), "{}", refused.stdout);
    }
    centre.platform.put_queue("e", example_queue("e", "e", &[]));
    let deep = queue(&centre, &["plan", "e", "--set", "overflow_targets=[\"a\"]"]);
    assert!(
        deep.stdout
            .contains("passed on more than 3 times (e -> a -> b -> c -> d)")
    );
    assert_eq!(centre.platform.queue("c").unwrap()["version"], 1);
}

#[test]
fn every_fault_of_a_change_is_told_with_its_place() {
    let centre = Centre::new();
    let change = file(
        &centre,
        "change.toml",
        "max_wait = 30\n\ncolour = \"red\"\nmax_waiters = 101\n",
    );
    let refused = queue(&centre, &["apply", "queue-1", "--change", text(&change)]);
    assert_eq!(refused.code(), 65);
    let name = change.display();
    for told in [
        format!("{name}:1: max_wait: 30 has no unit"),
        format!("{name}:3: colour: is not a member"),
        "max_waiters: is 101; give 1 to 100".to_owned(),
        "3 faults; nothing was written".to_owned(),
    ] {
        assert!(refused.stderr.contains(&told), "{told}\n{}", refused.stderr);
    }
    let skills = queue(
        &centre,
        &["plan", "queue-1", "--set", "skill_ids=[\"chess\"]"],
    );
    assert_eq!(skills.code(), 65);
    assert!(skills.stdout.contains("there is no skill chess"));
    let none = queue(&centre, &["show", "nowhere"]);
    assert_eq!(none.code(), 77);
    assert!(none.stderr.contains("has no queue nowhere"));
}

#[test]
fn a_dry_run_writes_nothing_anywhere() {
    let centre = Centre::new();
    let shown = queue(
        &centre,
        &["apply", "queue-1", "--set", "max_waiters=30", "--dry-run"],
    );
    assert_eq!(shown.code(), 0);
    assert!(shown.stdout.ends_with("nothing was written\n"));
    assert_eq!(centre.platform.request_count(Some(Endpoint::QueuePut)), 0);
    assert!(!centre.state_dir().exists());
}

const FIGURES: &str = r#"
active = 43
capacity = 50
agents = 22
earlier = { at = "2024-05-15T08:00:00Z", waiting = 4, arrived = 100, answered = 90, abandoned = 6, waited_s = 1080, served_s = 21600 }
later = { at = "2024-05-15T09:00:00Z", waiting = 3, arrived = 460, answered = 400, abandoned = 57, waited_s = 10260, served_s = 96000 }
"#;

#[test]
fn two_models_stand_side_by_side_and_one_is_written() {
    let centre = Centre::new();
    let figures = file(&centre, "figures.toml", FIGURES);
    let line = ["optimize", "queue-1", "--figures", text(&figures)];
    let shown = queue(&centre, &line);
    assert_eq!(shown.code(), 0, "{}", shown.stderr);
    for told in [
        "max_wait         2m                    3m 40s",
        "service_level    80% within 20s        85% within 2m 12s",
        "as it is  22 agents:",
        "drain     0.000 callers a second",
        "nothing was written",
    ] {
        assert!(shown.stdout.contains(told), "{told}\n{}", shown.stdout);
    }
    let hook = "https://127.0.0.1:1/hook";
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let written = command(&centre, &[&line[..], &["--apply"]].concat())
        .env("AUTOPILOT_WEBHOOK_URL", hook)
        .env("AUTOPILOT_WEBHOOK_SECRET", secret)
        .output();
    assert_eq!(written.code(), 0, "{}{}", written.stdout, written.stderr);
    let now = centre.platform.queue("queue-1").unwrap();
    assert_eq!(
        (&now["maxWaitTime"], &now["maxWaiters"]),
        (&json!(220), &json!(40))
    );
    assert_eq!(
        now["serviceLevelTarget"],
        json!({"threshold": 85, "time": 132})
    );
    let listed = Invocation::bare()
        .args(&[
            "outbox",
            "list",
            "--json",
            "--state-dir",
            text(&centre.state_dir()),
        ])
        .output();
    let events: Vec<Value> = listed
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let names: Vec<&str> = events
        .iter()
        .map(|event| event["event"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["queue.drain_rate", "queue.updated"]);
    assert_eq!(events[1]["body"]["configuration"]["maxWaitTime"], 220.0);
    let few = file(
        &centre,
        "few.toml",
        &FIGURES.replace("answered = 400", "answered = 110"),
    );
    let line = [
        "optimize",
        "queue-1",
        "--figures",
        text(&few),
        "--model",
        "erlang_a",
    ];
    let refused = queue(&centre, &line);
    assert_eq!(refused.code(), 65);
    assert!(
        refused.stderr.contains("only 20 calls were answered"),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_command_works_beside_a_running_daemon() {
    let centre = Centre::new();
    // A command that is slow has the write lock for longer than the daemon waits.
    let daemon = centre.daemon().start().tolerate(&["store not written"]);
    daemon.wait_for_log("first poll complete");
    let applied = queue(&centre, &["apply", "queue-1", "--set", "max_waiters=30"]);
    assert_eq!(applied.code(), 0, "{}{}", applied.stdout, applied.stderr);
    centre.platform.set_available(0);
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    daemon.wait_for_log("paused");
    daemon.stop();
    let rows = centre.audit();
    assert_eq!(of_kind(&rows, "queue").len(), 2);
    assert_eq!(of_kind(&rows, "intent").len(), 1);
}

/// The documented change set, and what plan and apply print for it, are as they really are.
#[test]
fn the_page_on_queues_shows_plan_and_apply_as_they_print() {
    let centre = Centre::new();
    let section = include_str!("../../docs/guide/queues.md");
    let block = |fence: &str, which: usize| {
        let block = section.split(fence).nth(which).unwrap();
        block.split("```").next().unwrap().trim_start()
    };
    let change = file(&centre, "change.toml", block("```toml", 1));
    let figures = file(&centre, "figures.toml", block("```toml", 2));
    let mut printed = String::new();
    for verb in ["plan", "apply"] {
        let done = queue(&centre, &[verb, "queue-1", "--change", text(&change)]);
        assert_eq!(done.code(), 0, "{}", done.stderr);
        let line = format!("$ campaign-autopilot queue {verb} queue-1 --change change.toml\n");
        printed += &(line + &done.stdout);
    }
    assert_eq!(block("```console", 1), printed);
    let done = queue(
        &centre,
        &["optimize", "queue-1", "--figures", text(&figures)],
    );
    let line = "$ campaign-autopilot queue optimize queue-1 --figures figures.toml\n";
    assert_eq!(block("```console", 2), line.to_owned() + &done.stdout);
}
