//! Variables of the environment that mean nothing are refused: a misspelt one would command for real.

use crate::centre::Centre;

/// What a misspelt variable has to be answered with.
const TOLD: &str = "AUTOPILOT_DRYRUN: environment: is not a variable of this program; did you mean AUTOPILOT_DRY_RUN?";

#[test]
fn a_misspelt_dry_run_commands_nothing() {
    let centre = Centre::new();
    centre.platform.set_available(0);
    let ended = centre
        .daemon()
        .arg("--once")
        .env("AUTOPILOT_DRYRUN", "true")
        .output();
    assert_eq!(ended.code(), 78, "{}", ended.stderr);
    assert!(ended.stderr.contains(TOLD), "{}", ended.stderr);
    assert_eq!(centre.platform.request_count(None), 0);
    assert_eq!(centre.commands(), [""; 0]);
}

#[test]
fn every_command_that_reads_variables_refuses_what_it_does_not_know() {
    for command in [
        &["check"][..],
        &["config", "show"],
        &["eval"],
        &["assign", "plan"],
        &["webhook", "test"],
        &["audit", "verify"],
        &["outbox", "list"],
        &["queue", "show", "q"],
        &["status"],
        &["hold", "c", "--paused", "--for", "1m", "--reason", "r"],
    ] {
        let mut invocation = crate::centre::Invocation::bare();
        let ended = invocation
            .args(command)
            .env("AUTOPILOT_DRYRUN", "true")
            .output();
        assert_eq!(ended.code(), 78, "{command:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(TOLD), "{command:?}: {}", ended.stderr);
    }
}

#[test]
fn variables_of_kubernetes_services_are_let_through() {
    let centre = Centre::new();
    centre.platform.set_available(0);
    let ended = centre
        .daemon()
        .arg("--once")
        .env("AUTOPILOT_SERVICE_HOST", "10.0.0.7")
        .env("AUTOPILOT_SERVICE_PORT", "9464")
        .env("AUTOPILOT_PORT", "tcp://10.0.0.7:9464")
        .env("AUTOPILOT_EU_WEST_PORT_9464_TCP_ADDR", "10.0.0.7")
        .output();
    assert_eq!(ended.code(), 0, "{}", ended.stderr);
    assert_eq!(centre.commands().len(), 1);
}
