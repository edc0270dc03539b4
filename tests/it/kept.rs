//! A store that can be backed up while it is written, and put back.

use serde_json::json;

use crate::api::Api;
use crate::centre::{CAMPAIGN, Centre, Finished, Invocation, audit, wait_until};

fn store(directory: &std::path::Path, words: &[&str]) -> Finished {
    let mut invocation = Invocation::bare();
    invocation.env("AUTOPILOT_STATE_DIR", directory);
    invocation.arg("store").args(words).output()
}

#[test]
fn a_backup_of_a_running_daemon_is_whole_and_goes_on_where_it_was() {
    let centre = Centre::new();
    let mut running = centre.daemon();
    let daemon = running.env("AUTOPILOT_LISTEN", "127.0.0.1:0").start();
    let api = Api::of(&daemon);
    wait_until("it is ready", || api.get("/readyz").status == 200);
    centre.platform.set_available(2);
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    daemon.wait_for_log("paused");
    // The outcome is committed with the tick's end.
    let outcome = || {
        let rows = audit(&centre.state_dir());
        rows.iter().any(|row| row["kind"] == "outcome")
    };
    wait_until("the pause is recorded", outcome);

    let copy = centre.state_dir().join("copy.sqlite3");
    let named = copy.to_str().unwrap();
    let done = store(&centre.state_dir(), &["backup", named]);
    assert_eq!(done.code(), 0, "{}", done.stderr);
    assert!(done.stdout.contains("the chain of the audit holds there"));
    let again = store(&centre.state_dir(), &["backup", named]);
    assert_eq!(again.code(), 74);
    assert!(
        again.stderr.contains("is there already"),
        "{}",
        again.stderr
    );
    let refused = store(&centre.state_dir(), &["restore", named]);
    assert_eq!(refused.code(), 74);
    assert!(refused.stderr.contains("in use"), "{}", refused.stderr);
    daemon.kill();

    let elsewhere = centre.state_dir().join("elsewhere");
    let done = store(&elsewhere, &["restore", named, "-o", "json"]);
    assert_eq!(done.code(), 0, "{}", done.stderr);
    let told: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    let rows = audit(&elsewhere).len();
    assert_eq!(
        told,
        json!({"schema": "store-restore/1", "file": named, "audit_rows": rows})
    );
    let refused = store(&elsewhere, &["restore", named]);
    assert_eq!(refused.code(), 74);
    assert!(refused.stderr.contains("is there already"));
    let mut next = centre.daemon();
    let next = next.env("AUTOPILOT_STATE_DIR", &elsewhere).start();
    centre.platform.set_available(20);
    centre.wait_for_status(CAMPAIGN, "RUNNING");
    next.wait_for_log("resumed");
    next.stop();
    assert!(audit(&elsewhere).len() > 4, "the chain goes on in the copy");
}

#[test]
fn a_copy_that_was_changed_is_not_put_back() {
    let centre = Centre::new();
    let done = centre.daemon().args(&["--once"]).output();
    assert_eq!(done.code(), 0, "{}", done.stderr);
    let copy = centre.state_dir().join("copy.sqlite3");
    let named = copy.to_str().unwrap();
    let done = store(&centre.state_dir(), &["backup", named, "--json"]);
    let told: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(
        (done.code(), &told["schema"]),
        (0, &json!("store-backup/1"))
    );
    let connection = rusqlite::Connection::open(&copy).unwrap();
    let changed = "DROP TRIGGER audit_is_never_changed; UPDATE audit SET body = '{}' WHERE seq = 1";
    connection.execute_batch(changed).unwrap();
    drop(connection);
    let elsewhere = centre.state_dir().join("elsewhere");
    let refused = store(&elsewhere, &["restore", named]);
    assert_eq!(refused.code(), 1, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("audit row 1 was changed"),
        "{}",
        refused.stderr
    );
    assert!(!elsewhere.join("autopilot.sqlite3").exists());
    let nothing = store(&elsewhere, &["backup", named]);
    assert_eq!(nothing.code(), 74);
    assert!(
        nothing.stderr.contains("does not exist"),
        "{}",
        nothing.stderr
    );
}

#[test]
fn an_orderly_end_leaves_everything_in_the_file_itself() {
    let centre = Centre::new();
    let daemon = centre.daemon().start();
    centre.platform.set_available(2);
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    daemon.wait_for_log("paused");
    let file = centre.state_dir().join("autopilot.sqlite3");
    // Somebody has the file open: then the engine by itself leaves its log where it is.
    let reader = rusqlite::Connection::open(&file).unwrap();
    let runs = "SELECT count(*) FROM run";
    let _: i64 = reader.query_row(runs, [], |row| row.get(0)).unwrap();
    daemon.stop();
    let elsewhere = centre.directory.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    std::fs::copy(&file, elsewhere.join("autopilot.sqlite3")).unwrap();
    let rows = audit(&elsewhere);
    assert_eq!(rows.last().unwrap()["kind"], "stopped");
    assert_eq!(rows, audit(&centre.state_dir()));
    drop(reader);
}
