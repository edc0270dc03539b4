//! Commands that are about one of several tenants: they work on that one's state, and need its secrets alone.

use serde_json::Value;

use crate::centre::{CAMPAIGN, Finished, wait_until};
use crate::tenants::Two;

#[track_caller]
fn code(done: &Finished, expected: i32) -> &Finished {
    assert_eq!(done.code(), expected, "{}{}", done.stdout, done.stderr);
    done
}

#[test]
fn a_command_for_one_tenant_needs_the_secrets_of_no_other() {
    let two = Two::new();
    two.eu.platform.set_available(2);
    std::fs::remove_file(two.path("us")).unwrap();
    let run = |words: &[&str]| two.command(words).output();
    for (words, expected) in [
        (&["eval", "--tenant", "eu"][..], 10),
        (&["restore", "--tenant", "eu"], 0),
        (&["queue", "show", "queue-1", "--tenant", "eu"], 0),
        // Nobody wrote a guard for it, which is told only once its settings are read.
        (&["compliance", "--tenant", "eu"], 1),
    ] {
        code(&run(words), expected);
    }
    let shown = run(&["queue", "show", "queue-1", "--tenant", "eu"]);
    assert!(shown.stdout.contains("queue-1"), "{}", shown.stdout);

    // The tenant whose secret is missing, and one that there is not, are told as such.
    for words in [
        &["eval", "--tenant", "us"][..],
        &["restore", "--tenant", "us"],
    ] {
        let refused = run(words);
        assert!(
            code(&refused, 78).stderr.contains("client_secret"),
            "{}",
            refused.stderr
        );
    }
    let unknown = run(&["eval", "--tenant", "uk"]);
    let told = &code(&unknown, 78).stderr;
    assert!(
        told.contains("is none of eu, us") && !told.contains("client_secret"),
        "{told}"
    );
    // What is about all of them needs all of them.
    assert!(code(&run(&["check"]), 78).stderr.contains("client_secret"));
}

#[test]
fn the_record_of_one_tenant_is_looked_at_by_its_name() {
    let two = Two::new();
    let (daemon, _) = two.started();
    two.eu.wait_for_polls(3);
    two.eu.platform.set_available(2);
    two.eu.wait_for_status(CAMPAIGN, "PAUSED");
    two.eu.wait_for_polls(3);
    wait_until("it is recorded", || {
        daemon.log().iter().any(|line| line["message"] == "paused")
    });
    daemon.stop();
    let run = |words: &[&str]| two.command(words).output();
    let tried = |tenant: &str| -> Value {
        let words = [
            "backtest", "--tenant", tenant, "--policy", "always", "-o", "json",
        ];
        let done = run(&words);
        serde_json::from_str(&code(&done, 0).stdout).unwrap()
    };
    let history = |of: &Value| of["campaigns"][CAMPAIGN][0]["transitions"].clone();
    assert_eq!(history(&tried("eu")), 1);
    assert_eq!(history(&tried("us")), 0);
    for command in ["backtest", "tune"] {
        let unnamed = run(&[command]);
        assert!(
            code(&unnamed, 78)
                .stderr
                .contains("--tenant with one of eu, us")
        );
        let unknown = run(&[command, "--tenant", "uk"]);
        assert!(code(&unknown, 78).stderr.contains("there are eu, us"));
    }
    // Its record is read, and what that lacks is said.
    let untuned = run(&["tune", "--tenant", "us"]);
    assert!(code(&untuned, 1).stderr.contains("record_workload = true"));
}
