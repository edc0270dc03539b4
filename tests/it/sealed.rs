//! Old rows of the audit in files of their own: by a command beside a running daemon, and by the daemon.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use campaign_autopilot::control::ports::{
    AuditEvent, AuditRow, Batch, Clock, Journal, SystemClock,
};
use campaign_autopilot::domain::DecisionId;
use campaign_autopilot::store::Store;
use serde_json::{Value, json};

use crate::centre::{CAMPAIGN, Centre, Finished, Invocation, of_kind, wait_until};

fn audit(state_dir: &Path, words: &[&str]) -> Finished {
    let mut invocation = Invocation::bare();
    invocation.env("AUTOPILOT_STATE_DIR", state_dir);
    invocation.arg("audit").args(words).output()
}

fn verified(state_dir: &Path, more: &[&str]) -> Value {
    let words = [&["verify", "-o", "json"], more].concat();
    let done = audit(state_dir, &words);
    assert_eq!(done.code(), 0, "{}", done.stderr);
    serde_json::from_str(&done.stdout).unwrap()
}

#[test]
fn rows_are_sealed_and_removed_beside_a_running_daemon() {
    let centre = Centre::new();
    // Whoever is slow beside it has the write lock for longer than it waits.
    let daemon = centre.daemon().start().tolerate(&["store not written"]);
    centre.platform.set_available(2);
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    let outcomes = || of_kind(&centre.audit(), "outcome").len();
    wait_until("the pause is recorded", || outcomes() == 1);
    let state = centre.state_dir();
    let before = verified(&state, &[]);
    let last = before["head"]["row"].as_i64().unwrap();

    let sealed = audit(&state, &["seal", "--before", "0s"]);
    assert_eq!(sealed.code(), 0, "{}", sealed.stderr);
    assert!(sealed.stdout.contains("are sealed in"), "{}", sealed.stdout);
    assert_eq!(verified(&state, &[])["removed_rows"], 0, "off by default");
    let removed = audit(&state, &["seal", "--before", "30d", "--remove"]);
    assert_eq!(removed.code(), 0, "{}", removed.stderr);
    assert!(removed.stdout.contains("are removed from the store"));
    let nothing = audit(&state, &["seal", "--before", "30d", "-o", "json"]);
    assert_eq!(nothing.code(), 0, "{}", nothing.stderr);
    let segments = state.join("segments");
    let told: Value = serde_json::from_str(&nothing.stdout).unwrap();
    assert_eq!(
        told,
        json!({"schema": "audit-seal/1", "directory": segments, "sealed": [], "removed": []})
    );
    let nothing = audit(&state, &["seal", "--before", "30d", "--remove"]);
    assert!(
        nothing.stderr.contains("nothing to seal"),
        "{}",
        nothing.stderr
    );

    // The daemon goes on with the chain.
    centre.platform.set_available(20);
    centre.wait_for_status(CAMPAIGN, "RUNNING");
    let resumed = || {
        let rows = centre.audit();
        let mut outcomes = of_kind(&rows, "outcome").into_iter();
        outcomes.any(|row| row["event"]["direction"] == "resume")
    };
    wait_until("the resume is recorded", resumed);
    daemon.stop();
    let segments = state.join("segments");
    let named = segments.to_str().unwrap();
    let after = verified(&state, &["--segments", named]);
    assert_eq!(after["removed_rows"], last - 1, "the last row stays");
    assert_eq!(after["first_at"], before["first_at"]);
    assert_eq!(after["files_read"], true);
    let rows = centre.audit();
    assert_eq!(rows[0]["seq"], last);
    for kind in ["sealed", "segment_removed", "stopped"] {
        assert_eq!(of_kind(&rows, kind).len(), 1, "{kind}");
    }

    // Nobody misses anything at the next start, and a file that was changed proves nothing.
    let again = centre.daemon().args(&["--once"]).output();
    assert_eq!(again.code(), 0, "{}", again.stderr);
    assert!(!again.stderr.contains("WARN"), "{}", again.stderr);
    let file = std::fs::read_dir(&segments)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("pause", "resume")).unwrap();
    let broken = audit(&state, &["verify", "--segments", named]);
    assert_eq!(broken.code(), 1, "{}", broken.stdout);
    assert!(broken.stderr.contains("was changed"), "{}", broken.stderr);
    std::fs::remove_file(&file).unwrap();
    let missing = audit(&state, &["verify", "--segments", named]);
    assert_eq!(missing.code(), 1);
    assert!(
        missing.stderr.contains("not among the files"),
        "{}",
        missing.stderr
    );
}

#[test]
fn a_daemon_seals_and_removes_what_is_old_where_it_is_told_to() {
    let centre = Centre::new();
    let clock = SystemClock::real_time();
    let long_ago = clock.now().minus(Duration::from_secs(40 * 24 * 3600));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (store, _) = Store::open(centre.state_dir(), long_ago).unwrap();
        let row = AuditRow {
            at: long_ago,
            campaign: None,
            decision: DecisionId { run: 1, tick: 0 },
            event: AuditEvent::Stopped,
        };
        let batch = Batch {
            audit: vec![row; 3],
            ..Batch::default()
        };
        store.commit(Arc::new(batch)).await.unwrap();
    });
    let daemon = centre
        .daemon()
        .env("AUTOPILOT_SEAL_AUDIT_AFTER", "30d")
        .env("AUTOPILOT_REMOVE_SEALED_AUDIT", "true")
        .start();
    daemon.wait_for_log("sealed rows of the audit are removed");
    daemon.stop();
    let segments = centre.state_dir().join("segments");
    let found = verified(
        &centre.state_dir(),
        &["--segments", segments.to_str().unwrap()],
    );
    // The last row stays: that is the third, or what the daemon has written by then.
    let removed = found["removed_rows"].as_i64();
    assert!(matches!(removed, Some(2 | 3)), "{removed:?}");
    let sealed = centre.audit();
    let sealed = of_kind(&sealed, "sealed");
    assert_eq!(sealed[0]["event"]["by"], Value::Null);
}

#[test]
fn verify_says_what_it_read_and_is_not_silent_about_nothing() {
    let centre = Centre::new();
    let state = centre.state_dir();
    let absent = audit(&state, &["verify"]);
    assert_eq!(absent.code(), 66, "{}", absent.stderr);
    assert!(
        absent.stderr.contains("does not exist"),
        "{}",
        absent.stderr
    );
    drop(Store::open(&state, SystemClock::real_time().now()).unwrap());
    let empty = audit(&state, &["verify"]);
    assert_eq!(empty.code(), 66, "{}", empty.stdout);
    assert!(
        empty.stderr.contains("no row of the audit"),
        "{}",
        empty.stderr
    );
    let done = centre.daemon().args(&["--once"]).output();
    assert_eq!(done.code(), 0, "{}", done.stderr);
    let told = audit(&state, &["verify"]);
    assert_eq!(told.code(), 0);
    for text in [
        "the audit holds: ",
        "autopilot.sqlite3",
        "from ",
        " to ",
        "last row",
    ] {
        assert!(told.stdout.contains(text), "{text}: {}", told.stdout);
    }
    let found = verified(&state, &[]);
    assert!(
        found["store"]
            .as_str()
            .unwrap()
            .ends_with("autopilot.sqlite3")
    );
    assert_eq!(found["rows"], found["head"]["row"]);
    assert!(found["last_at"].as_str() >= found["first_at"].as_str());
}

#[test]
fn times_of_keeping_that_make_no_sense_are_refused() {
    let centre = Centre::new();
    for (variable, text, wrong) in [
        ("AUTOPILOT_KEEP_INPUTS", "1h", "less than two days"),
        ("AUTOPILOT_KEEP_SERIES", "1m", "less than an hour"),
        ("AUTOPILOT_SEAL_AUDIT_AFTER", "1h", "less than a day"),
        ("AUTOPILOT_MAX_MESSAGES", "1", "100"),
    ] {
        let refused = centre.daemon().env(variable, text).output();
        assert_eq!(refused.code(), 78, "{variable}");
        assert!(
            refused.stderr.contains(wrong),
            "{variable}: {}",
            refused.stderr
        );
    }
}
