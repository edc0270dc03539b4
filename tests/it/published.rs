//! The head of the audit is published, signed, and proves later what the chain was.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};

use crate::api::Api;
use crate::centre::{Centre, Daemon, Finished, Invocation, message, wait_until};
use crate::receiver::{Answering, Receiver};

fn command(state_dir: &Path, words: &[&str]) -> Finished {
    let mut invocation = Invocation::bare();
    invocation.env("AUTOPILOT_STATE_DIR", state_dir);
    invocation.args(words).output()
}

fn verify(state_dir: &Path, head: &str, more: &[&str]) -> Finished {
    command(
        state_dir,
        &[&["audit", "verify", "--head", head], more].concat(),
    )
}

/// A centre whose daemon has published a head, and what was made of it.
struct Published {
    centre: Centre,
    key: String,
    public: String,
    /// The line of the log.
    logged: Value,
    /// The body of the message about the same head.
    sent: Value,
    /// A copy of the store from before that head.
    early: String,
}

/// A key that heads are signed with, and its public key.
fn signing_key(centre: &Centre) -> (String, String) {
    let key = centre.directory.path().join("audit.key");
    let key = key.to_str().unwrap().to_owned();
    let made = command(&centre.state_dir(), &["audit", "key", &key]);
    assert_eq!(made.code(), 0, "{}", made.stderr);
    let public = made.stdout.trim().to_owned();
    assert!(public.starts_with("audit-public-ed25519:"), "{public}");
    (key, public)
}

fn heads(daemon: &Daemon) -> Vec<Value> {
    let lines = daemon.log().into_iter();
    let published = |line: &Value| message(line) == "the head of the audit";
    lines.filter(published).collect()
}

fn published() -> Published {
    let centre = Centre::new();
    let (key, public) = signing_key(&centre);
    let receiver = Receiver::start(Answering::Status(200));
    let mut invocation = centre.daemon();
    let daemon = invocation
        .env("AUTOPILOT_PUBLISH_AUDIT_HEAD", "1s")
        .env("AUTOPILOT_AUDIT_KEY_FILE", &key)
        .env("AUTOPILOT_WEBHOOK_URL", receiver.url())
        .env(
            "AUTOPILOT_WEBHOOK_SECRET",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        )
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .start();
    let api = Api::of(&daemon);
    daemon.wait_for_log("the head of the audit");
    let row_of = |line: &Value| line["row"].as_i64().unwrap();
    let first = row_of(&heads(&daemon)[0]);
    let early = centre.directory.path().join("early.sqlite3");
    let early = early.to_str().unwrap().to_owned();
    let copied = command(&centre.state_dir(), &["store", "backup", &early]);
    assert_eq!(copied.code(), 0, "{}", copied.stderr);
    // Something more is recorded, and its head published.
    let words = [
        "hold", "--all", "--as-is", "--for", "1h", "--reason", "x", "--yes",
    ];
    let done = api.command(&words).output();
    assert_eq!(done.code(), 0, "{}", done.stderr);
    let later = || heads(&daemon).into_iter().find(|line| row_of(line) > first);
    wait_until("a later head is published", || later().is_some());
    let logged = later().unwrap();
    let message = || {
        let taken = receiver.taken().into_iter();
        let mut heads = taken.filter(|sent| sent.header("ce-type") == "audit.head");
        heads.find(|sent| sent.json()["row"] == logged["row"])
    };
    wait_until("it is delivered", || message().is_some());
    let sent = message().unwrap().json();
    // Twelve digits are a number that a sample keeps exactly.
    let digits = logged["hash"].as_str().unwrap().get(..12).unwrap();
    let number = i64::from_str_radix(digits, 16).unwrap().to_string();
    let shown = (logged["row"].as_f64(), number.parse::<f64>().ok());
    wait_until("the metrics show it", || {
        let row = api.series("autopilot_audit_head_row");
        (row, api.series("autopilot_audit_head_hash_prefix")) == shown
    });
    daemon.stop();
    Published {
        centre,
        key,
        public,
        logged,
        sent,
        early,
    }
}

impl Published {
    /// `ROW:HASH` of the line of the log.
    fn bare(&self) -> String {
        format!(
            "{}:{}",
            self.logged["row"],
            self.logged["hash"].as_str().unwrap()
        )
    }

    /// The file with a head.
    fn file(&self, head: &Value) -> String {
        let path = self.centre.directory.path().join("head.json");
        std::fs::write(&path, head.to_string()).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn verify(&self, head: &str, more: &[&str]) -> Finished {
        verify(&self.centre.state_dir(), head, more)
    }
}

#[test]
fn a_published_head_proves_the_chain_and_who_signed_it() {
    let published = published();
    let by_key = ["--public-key", published.public.as_str()];
    for head in [&published.logged, &published.sent] {
        let proven = published.verify(&published.file(head), &by_key);
        assert_eq!(proven.code(), 0, "{head}: {}", proven.stderr);
        assert!(
            proven.stdout.contains("signed by the key that is given"),
            "{}",
            proven.stdout
        );
    }
    let by_itself = published.verify(&published.file(&published.logged), &[]);
    assert!(
        by_itself.stdout.contains("give --public-key"),
        "{}",
        by_itself.stdout
    );
    let proven = published.verify(&published.bare(), &["-o", "json"]);
    let proven: Value = serde_json::from_str(&proven.stdout).unwrap();
    assert_eq!(proven["published"]["signature"], "unsigned");
    let unsigned = published.verify(&published.bare(), &by_key);
    assert_eq!(unsigned.code(), 1, "it is not signed");

    // A chain that was cut back to an earlier state holds, and the head shows it.
    let older = published.centre.directory.path().join("older");
    let back = command(&older, &["store", "restore", &published.early]);
    assert_eq!(back.code(), 0, "{}", back.stderr);
    assert_eq!(command(&older, &["audit", "verify"]).code(), 0);
    let found = verify(&older, &published.bare(), &[]);
    assert_eq!(found.code(), 1);
    assert!(
        found.stderr.contains("was published and is not there"),
        "{}",
        found.stderr
    );
}

#[test]
fn a_head_that_does_not_fit_proves_nothing() {
    let published = published();
    let by_key = ["--public-key", published.public.as_str()];
    let with = |member: &str, value: Value| {
        let mut head = published.logged.clone();
        head[member] = value;
        head
    };
    for (head, why) in [
        (
            with("hash", json!("0".repeat(64))),
            "its signature is not one of",
        ),
        (with("row", json!(1)), "its signature is not one of"),
        (with("signature", Value::Null), "is not signed"),
    ] {
        let found = published.verify(&published.file(&head), &by_key);
        assert_eq!(found.code(), 1, "{}", found.stdout);
        assert!(found.stderr.contains(why), "{}", found.stderr);
    }
    let other = format!("{}.other", published.key);
    let other = command(&published.centre.state_dir(), &["audit", "key", &other]);
    let foreign = ["--public-key", other.stdout.trim()];
    let foreign = published.verify(&published.file(&published.logged), &foreign);
    assert_eq!(foreign.code(), 1, "{}", foreign.stdout);
    let wrong = published.verify(&format!("1:{}", "0".repeat(64)), &[]);
    assert!(
        wrong.stderr.contains("another one than was published"),
        "{}",
        wrong.stderr
    );
}

#[test]
fn a_key_is_never_written_over_and_shows_its_public_part() {
    let centre = Centre::new();
    let (key, public) = signing_key(&centre);
    let state = centre.state_dir();
    assert_eq!(command(&state, &["audit", "key", &key]).code(), 74);
    let shown = command(&state, &["audit", "key", &key, "--public"]);
    assert_eq!(shown.stdout.trim(), public);
    let mode = std::fs::metadata(&key).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_key_that_cannot_be_read_keeps_the_daemon_from_starting() {
    let centre = Centre::new();
    let key = centre.directory.path().join("audit.key");
    std::fs::write(&key, "whsec_something").unwrap();
    let refused = centre
        .daemon()
        .env("AUTOPILOT_AUDIT_KEY_FILE", &key)
        .output();
    assert_eq!(refused.code(), 78, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("`audit key FILE` makes one"),
        "{}",
        refused.stderr
    );
    assert!(!refused.stderr.contains("whsec_something"));
}
