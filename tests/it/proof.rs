//! The store: what it refuses, and what its audit proves.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rusqlite::Connection;

use crate::centre::{CAMPAIGN, Centre, Invocation, PROGRAM, of_kind};

/// A store with a pause and a resume in it.
fn with_history() -> Centre {
    let centre = Centre::new();
    let daemon = centre.daemon().start();
    for (available, status) in [(0, "PAUSED"), (20, "RUNNING")] {
        centre.platform.set_available(available);
        centre.wait_for_status(CAMPAIGN, status);
    }
    daemon.wait_for_log("resumed");
    daemon.stop();
    centre
}

fn audit(centre: &Centre, what: &str) -> (i32, String) {
    let mut invocation = Invocation::bare();
    invocation
        .arg("audit")
        .arg(what)
        .arg("--state-dir")
        .arg(centre.state_dir());
    let done = invocation.output();
    (done.code(), done.stderr)
}

/// Changes the audit as somebody with a database shell would.
fn tamper(centre: &Centre, statements: &str) {
    let connection = Connection::open(centre.state_dir().join("autopilot.sqlite3")).unwrap();
    let drop = "DROP TRIGGER audit_is_never_changed; DROP TRIGGER audit_is_never_deleted;";
    connection
        .execute_batch(&format!("{drop}{statements}"))
        .unwrap();
}

#[test]
fn a_changed_row_is_named() {
    let centre = with_history();
    assert_eq!(audit(&centre, "verify").0, 0);
    tamper(
        &centre,
        "UPDATE audit SET body = replace(body, 'pause', 'resume') WHERE seq = 2",
    );
    let (code, said) = audit(&centre, "verify");
    assert_eq!(code, 1);
    assert!(said.contains("audit row 2 was changed"), "{said}");
}

#[test]
fn a_row_taken_out_is_named() {
    let centre = with_history();
    tamper(&centre, "DELETE FROM audit WHERE seq = 3");
    let (code, said) = audit(&centre, "verify");
    assert_eq!(code, 1);
    assert!(said.contains("audit row 3 is missing"), "{said}");
}

#[test]
fn rows_renumbered_after_one_was_taken_out_do_not_follow() {
    let centre = with_history();
    tamper(
        &centre,
        "DELETE FROM audit WHERE seq = 3; UPDATE audit SET seq = seq - 1 WHERE seq > 3",
    );
    let (_, said) = audit(&centre, "verify");
    assert!(said.contains("audit row 3 does not follow row 2"), "{said}");
}

#[test]
fn an_end_that_was_cut_off_shows() {
    let centre = with_history();
    tamper(
        &centre,
        "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)",
    );
    let (_, said) = audit(&centre, "verify");
    assert!(said.contains("the end was cut off"), "{said}");
}

#[test]
fn audit_rows_cannot_be_changed_by_accident() {
    let centre = with_history();
    let connection = Connection::open(centre.state_dir().join("autopilot.sqlite3")).unwrap();
    assert!(
        connection
            .execute("UPDATE audit SET kind = 'x'", [])
            .is_err()
    );
    assert!(connection.execute("DELETE FROM audit", []).is_err());
}

#[test]
fn what_was_decided_again_is_told_to_programs_too() {
    let centre = with_history();
    let mut replay = Invocation::bare();
    let words = ["audit", "replay", "--json", "--state-dir"];
    let done = replay.args(&words).arg(centre.state_dir()).output();
    assert_eq!(done.code(), 0, "{}", done.stderr);
    let found: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(found["schema"], "audit-replay/1");
    assert!(found["pauses"].as_u64().unwrap() >= 1, "{found}");
    assert!(
        found["compared"].as_u64() <= found["inputs"].as_u64(),
        "{found}"
    );
}

#[test]
fn recorded_inputs_that_were_changed_decide_otherwise() {
    let centre = with_history();
    tamper(
        &centre,
        r#"UPDATE input SET body = replace(body, '"free":0', '"free":30')"#,
    );
    let (code, said) = audit(&centre, "replay");
    assert_eq!(code, 1);
    assert!(
        said.contains("recorded:") && said.contains("decided again:"),
        "{said}"
    );
}

#[test]
fn a_second_daemon_on_the_same_directory_is_refused() {
    let centre = Centre::new();
    let daemon = centre.daemon().start();
    centre.wait_for_polls(1);
    let second = centre.daemon().output();
    assert_eq!(second.code(), 74);
    let expected = format!(
        "is in use by another daemon (process {})",
        daemon.child.id()
    );
    assert!(second.stderr.contains(&expected), "{}", second.stderr);
    daemon.stop();
}

#[test]
fn a_damaged_file_is_refused_with_what_to_do() {
    let centre = with_history();
    let file = centre.state_dir().join("autopilot.sqlite3");
    fs::write(
        &file,
        "this is no database, and long enough to be read as one".repeat(100),
    )
    .unwrap();
    let done = centre.daemon().output();
    assert_eq!(done.code(), 74);
    assert!(
        done.stderr.contains("is damaged") && done.stderr.contains("move it aside"),
        "{}",
        done.stderr
    );
}

#[test]
fn a_file_of_a_newer_version_is_refused() {
    let centre = with_history();
    let connection = Connection::open(centre.state_dir().join("autopilot.sqlite3")).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let done = centre.daemon().output();
    assert_eq!(done.code(), 74);
    assert!(
        done.stderr.contains("run the newer program"),
        "{}",
        done.stderr
    );
}

#[test]
fn a_directory_that_cannot_be_made_is_refused() {
    let centre = Centre::new();
    // A file in the way stops even a user to whom permissions mean nothing.
    fs::write(centre.directory.path().join("file"), "").unwrap();
    let done = centre
        .daemon()
        .env(
            "AUTOPILOT_STATE_DIR",
            centre.directory.path().join("file/state"),
        )
        .output();
    assert_eq!(done.code(), 74);
    assert!(done.stderr.contains("--state-dir"), "{}", done.stderr);
}

#[test]
fn the_store_is_readable_by_its_owner_only() {
    let centre = with_history();
    let mode = fs::metadata(centre.state_dir())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
}

#[test]
fn the_file_is_its_owners_also_in_a_directory_that_is_not() {
    let centre = Centre::new();
    fs::create_dir(centre.state_dir()).unwrap();
    fs::set_permissions(centre.state_dir(), fs::Permissions::from_mode(0o755)).unwrap();
    let daemon = centre.daemon().start();
    centre.wait_for_polls(2);
    for name in [
        "autopilot.sqlite3",
        "autopilot.sqlite3-wal",
        "autopilot.sqlite3-shm",
    ] {
        let mode = fs::metadata(centre.state_dir().join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o077, 0, "{name}: {mode:o}");
    }
    daemon.stop();
}

#[test]
fn an_export_that_cannot_be_written_is_no_success() {
    let centre = with_history();
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let status = std::process::Command::new(PROGRAM)
        .args(["audit", "export", "--state-dir"])
        .arg(centre.state_dir())
        .stdout(full)
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(74));
}

/// A database shell holds the write lock: nothing is commanded, readiness says why, and it goes on by itself.
#[test]
fn a_locked_store_stops_commands_until_it_is_free_again() {
    let centre = Centre::new();
    let daemon = centre
        .daemon()
        .start()
        .tolerate(&["store not written", "could not pause"]);
    centre.wait_for_polls(3);
    let shell = Connection::open(centre.state_dir().join("autopilot.sqlite3")).unwrap();
    shell.execute_batch("BEGIN IMMEDIATE").unwrap();
    centre.platform.set_available(0);
    let line = daemon.wait_for_log("store not written");
    assert!(
        line["why"]
            .as_str()
            .unwrap()
            .contains("locked by another program"),
        "{line}"
    );
    assert_eq!(centre.commands(), [""; 0], "no intent, no command");
    shell.execute_batch("ROLLBACK").unwrap();
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    daemon.wait_for_log("paused");
    daemon.stop();
    assert_eq!(
        of_kind(&centre.audit(), "intent").len(),
        1,
        "the intent that could not be written is nowhere"
    );
}

#[test]
fn without_a_store_there_is_nothing_to_audit() {
    let centre = Centre::new();
    let (code, said) = audit(&centre, "verify");
    assert_eq!(code, 66);
    assert!(said.contains("does not exist"), "{said}");
    assert_eq!(audit(&centre, "export").0, 74);
}
