//! Commands on tables that lie on a server.

use std::path::Path;

use serde_json::Value;

use crate::centre::{Invocation, wait_until};

/// Runs a command that has to succeed; returns what it prints. A server that has no time for it at once is asked again.
pub(crate) fn command(address: &str, state_dir: &Path, words: &[&str]) -> String {
    let mut done = None;
    wait_until("the server answers", || {
        let ended = Invocation::bare()
            .env("AUTOPILOT_STORE", address)
            .env("AUTOPILOT_STATE_DIR", state_dir)
            .args(words)
            .output();
        let answered = ended.code() == 0 || !ended.stderr.contains("no answer within");
        done = Some(ended);
        answered
    });
    let done = done.unwrap();
    assert_eq!(done.code(), 0, "{}{}", done.stdout, done.stderr);
    done.stdout
}

/// Rows of the audit, whose chain has to hold; of a tenant where `whose` says so.
pub(crate) fn audit(address: &str, state_dir: &Path, whose: &[&str]) -> Vec<Value> {
    let verified = command(address, state_dir, &[&["audit", "verify"], whose].concat());
    assert!(verified.contains("the audit holds"), "{verified}");
    let exported = command(address, state_dir, &[&["audit", "export"], whose].concat());
    let rows = exported.lines().map(serde_json::from_str);
    rows.map(Result::unwrap).collect()
}
