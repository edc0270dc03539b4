//! Several daemons over one PostgreSQL server: one steers, the others are ready to, and none commands what another one is to command.

use std::time::Duration;

use campaign_autopilot::simulator::{Endpoint, Fault, FaultRule, FaultTiming};
use serde_json::{Value, json};

use crate::api::Api;
use crate::centre::{CAMPAIGN, Centre, Daemon, Invocation, of_kind, wait_until};
use crate::cluster::Cluster;
use crate::server_store;

/// What is told where a process stands still for some seconds, also within a transaction that others wait for: what it had asked
/// has no answer.
pub(crate) const SLOW: [&str; 4] = [
    "store not written",
    "the lease is not renewed",
    "poll invalid",
    "not read",
];

/// One centre, and the tables of a test on the server.
pub(crate) struct Shared {
    pub(crate) centre: Centre,
    cluster: &'static Cluster,
    address: String,
}

impl Shared {
    /// `None` where there is no server; the test is skipped then.
    pub(crate) fn new() -> Option<Self> {
        let cluster = Cluster::of_tests()?;
        let address = cluster.address();
        let (_, schema) = address.split_once("schema=")?;
        let shared = Self {
            centre: Centre::new(),
            cluster,
            // So that the connections of this test can be told from those of others.
            address: format!("{address}&application_name={schema}"),
        };
        let made = shared.command(&["store", "migrate"]);
        assert!(made.contains("version 0 became"), "{made}");
        Some(shared)
    }

    /// A daemon of the machine with this name.
    pub(crate) fn invocation(&self, machine: &str) -> Invocation {
        let mut invocation = self.centre.daemon();
        invocation
            .env("AUTOPILOT_STORE", &self.address)
            .env("AUTOPILOT_STATE_DIR", self.centre.state_dir().join(machine))
            .env("AUTOPILOT_REQUEST_TIMEOUT", "1s")
            .env("AUTOPILOT_FLAP_LIMIT", "none")
            .env("AUTOPILOT_LISTEN", "127.0.0.1:0");
        invocation
    }

    pub(crate) fn start(&self, machine: &str) -> (Daemon, Api) {
        let daemon = self.invocation(machine).start().tolerate(&SLOW);
        let api = Api::of(&daemon);
        (daemon, api)
    }

    fn command(&self, words: &[&str]) -> String {
        server_store::command(&self.address, &self.commands_dir(), words)
    }

    /// The audit, whose chain has to hold.
    fn audit(&self) -> Vec<Value> {
        server_store::audit(&self.address, &self.commands_dir(), &[])
    }

    fn commands_dir(&self) -> std::path::PathBuf {
        self.centre.state_dir().join("commands")
    }

    /// Every command that the platform got has one intent, and one only.
    fn assert_commands_proven(&self) {
        let rows = self.audit();
        let intents = of_kind(&rows, "intent").len();
        assert_eq!(self.centre.commands().len(), intents, "{rows:#?}");
    }

    fn schema(&self) -> &str {
        let (_, schema) = self.address.rsplit_once('=').unwrap();
        schema
    }

    fn psql(&self, statement: &str) -> String {
        self.cluster.psql(self.schema(), statement)
    }
}

pub(crate) fn ready(api: &Api) -> bool {
    api.get("/readyz").status == 200
}

#[test]
fn a_second_daemon_stands_by_and_goes_on_where_the_first_ended_in_order() {
    let Some(shared) = Shared::new() else {
        return;
    };
    let (first, first_api) = shared.start("first");
    wait_until("the first steers", || ready(&first_api));
    let (second, second_api) = shared.start("second");
    second.wait_for_log("stands by");
    let told = second_api.get("/readyz");
    assert_eq!(told.status, 503);
    assert!(told.body.contains("standby of "), "{}", told.body);
    assert!(told.body.contains("(process "), "{}", told.body);

    let held = |api: &Api| api.series("autopilot_lease_held");
    assert_eq!(
        (held(&first_api), held(&second_api)),
        (Some(1.0), Some(0.0))
    );

    shared.centre.platform.set_available(2);
    shared.centre.wait_for_status(CAMPAIGN, "PAUSED");
    first.wait_for_log("paused");
    first.stop();
    wait_until("the second steers", || ready(&second_api));
    assert_eq!(held(&second_api), Some(1.0));
    let now = second_api.campaign(CAMPAIGN);
    assert_eq!(now["paused_by"], "autopilot", "the pause is known as ours");
    shared.centre.platform.set_available(20);
    shared.centre.wait_for_status(CAMPAIGN, "RUNNING");
    second.wait_for_log("resumed");
    second.stop();
    assert_eq!(shared.centre.commands().len(), 2);
    shared.assert_commands_proven();
}

#[test]
fn a_standby_takes_over_from_a_daemon_that_was_killed() {
    let Some(shared) = Shared::new() else {
        return;
    };
    let (first, first_api) = shared.start("first");
    wait_until("the first steers", || ready(&first_api));
    shared.centre.platform.set_available(2);
    shared.centre.wait_for_status(CAMPAIGN, "PAUSED");
    first.wait_for_log("paused");
    let (second, second_api) = shared.start("second");
    second.wait_for_log("stands by");
    first.kill();
    second.wait_for_log("takes over from a daemon that did not let go");
    wait_until("the second steers", || ready(&second_api));
    shared.centre.platform.set_available(20);
    shared.centre.wait_for_status(CAMPAIGN, "RUNNING");
    second.wait_for_log("resumed");
    second.stop();
    shared.assert_commands_proven();
}

#[test]
fn a_daemon_that_was_frozen_commands_nothing_when_it_goes_on() {
    let Some(shared) = Shared::new() else {
        return;
    };
    let (first, first_api) = shared.start("first");
    wait_until("the first steers", || ready(&first_api));
    let (second, second_api) = shared.start("second");
    second.wait_for_log("stands by");
    first.signal("STOP");
    wait_until("the second steers", || ready(&second_api));
    shared.centre.platform.set_available(2);
    shared.centre.wait_for_status(CAMPAIGN, "PAUSED");
    second.wait_for_log("paused");
    let epoch = || shared.psql("SELECT epoch FROM lease");
    assert_eq!(epoch(), "2");
    first.signal("CONT");
    first.wait_for_log("the lease is lost");
    first.wait_for_log("stands by");
    assert_eq!(epoch(), "2", "nobody takes the lease from who has it");
    // It may have been frozen within a transaction, and the row is locked until the server ends that.
    second.tolerate(&["cannot start"]).stop();
    wait_until("the first steers again", || ready(&first_api));
    first.stop();
    assert_eq!(shared.centre.commands().len(), 1);
    shared.assert_commands_proven();
}

#[test]
fn a_server_that_cuts_connections_stops_nothing() {
    let Some(shared) = Shared::new() else {
        return;
    };
    let (daemon, api) = shared.start("first");
    wait_until("it steers", || ready(&api));
    for (available, status) in [(2, "PAUSED"), (20, "RUNNING"), (2, "PAUSED")] {
        shared.psql(&format!(
            "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity
             WHERE application_name = '{}' AND state = 'idle'",
            shared.schema()
        ));
        shared.centre.platform.set_available(available);
        shared.centre.wait_for_status(CAMPAIGN, status);
    }
    wait_until("the last is recorded", || {
        of_kind(&shared.audit(), "outcome").len() == 3
    });
    // The chain is looked at once after a start, over a connection of its own that may be among those that were cut. One that was
    // idle may be cut when a commit has just begun on it: that is told, and the next poll commits.
    daemon.tolerate(&["the chain of the audit"]).stop();
    shared.assert_commands_proven();
}

#[test]
fn a_store_is_copied_to_a_server_and_back_with_its_chain() {
    let Some(shared) = Shared::new() else {
        return;
    };
    let mut on_file = shared.centre.daemon();
    let on_file = on_file.env("AUTOPILOT_LISTEN", "127.0.0.1:0").start();
    let api = Api::of(&on_file);
    wait_until("it steers", || ready(&api));
    shared.centre.platform.set_available(2);
    shared.centre.wait_for_status(CAMPAIGN, "PAUSED");
    on_file.wait_for_log("paused");
    let copy = |from: &std::path::Path, store: Option<&str>, to: &str| {
        let mut invocation = Invocation::bare();
        invocation.env("AUTOPILOT_STATE_DIR", from);
        if let Some(store) = store {
            invocation.env("AUTOPILOT_STORE", store);
        }
        invocation.args(&["store", "copy", "--to", to]).output()
    };
    let state = shared.centre.state_dir();
    let refused = copy(&state, None, &shared.address);
    assert_eq!(refused.code(), 74, "{}", refused.stderr);
    assert!(refused.stderr.contains("in use"), "{}", refused.stderr);
    on_file.stop();
    let before = shared.centre.audit();

    let copied = copy(&state, None, &shared.address);
    assert_eq!(copied.code(), 0, "{}", copied.stderr);
    assert!(copied.stdout.contains("the chain of the audit holds"));
    assert_eq!(shared.audit(), before);
    let again = copy(&state, None, &shared.address);
    assert_eq!(again.code(), 74);
    assert!(again.stderr.contains("has rows of this tenant already"));

    // What is on the server goes on: the pause is ours, and it ends.
    let (daemon, api) = shared.start("server");
    wait_until("it steers", || ready(&api));
    assert_eq!(api.campaign(CAMPAIGN)["paused_by"], "autopilot");
    shared.centre.platform.set_available(20);
    shared.centre.wait_for_status(CAMPAIGN, "RUNNING");
    daemon.stop();
    let on_server = shared.audit();
    assert!(on_server.len() > before.len());

    let back = state.join("back");
    let words = ["store", "copy", "--to", back.to_str().unwrap()];
    let copied = shared.command(&[&words[..], &["-o", "json"]].concat());
    let copied: Value = serde_json::from_str(&copied).unwrap();
    assert_eq!(
        (&copied["schema"], &copied["to"], &copied["audit_rows"]),
        (
            &json!("store-copy/1"),
            &json!(back),
            &json!(on_server.len())
        )
    );
    assert!(copied["rows"].as_u64() > copied["audit_rows"].as_u64());
    assert_eq!(crate::centre::audit(&back), on_server);

    let migrated = shared.command(&["store", "migrate", "-o", "json"]);
    let migrated: Value = serde_json::from_str(&migrated).unwrap();
    assert_eq!(migrated["schema"], "store-migrate/1");
    assert!(
        migrated["server"]
            .as_str()
            .unwrap()
            .contains(shared.schema())
    );
    assert!(migrated["version"].as_u64() > Some(0));
    assert_eq!(migrated["version"], migrated["version_before"]);
}

#[test]
fn a_single_tick_that_outlasts_a_lease_is_recorded() {
    let Some(shared) = Shared::new() else {
        return;
    };
    shared.centre.platform.set_available(2);
    // The answer takes longer than a lease lasts that nobody renews.
    shared.centre.platform.inject(FaultRule {
        fault: Fault::Slow(Duration::from_secs(17)),
        endpoint: Some(Endpoint::Agents),
        when: FaultTiming::Always,
    });
    let mut once = shared.invocation("only");
    once.env("AUTOPILOT_REQUEST_TIMEOUT", "30s")
        .env("AUTOPILOT_MAX_SAMPLE_AGE", "60s")
        .arg("--once");
    let done = once.output();
    assert_eq!(done.code(), 0, "{}", done.stderr);
    assert_eq!(shared.centre.commands().len(), 1);
    let rows = shared.audit();
    assert_eq!(of_kind(&rows, "outcome").len(), 1, "{rows:#?}");
    let lease = shared.psql("SELECT epoch || holder FROM lease");
    assert_eq!(
        lease, "1",
        "one lease from the beginning to the end, and let go of"
    );
}

/// What is asserted is the order of what happened: nobody waits for a lease to run out, nor for the poll that was due.
#[test]
fn a_stop_hands_over_before_the_next_poll_is_due() {
    let Some(shared) = Shared::new() else {
        return;
    };
    let start = |machine: &str| {
        let mut invocation = shared.invocation(machine);
        let daemon = invocation.env("AUTOPILOT_POLL_INTERVAL", "10m").start();
        let api = Api::of(&daemon);
        (daemon, api)
    };
    let (first, first_api) = start("first");
    wait_until("the first steers", || ready(&first_api));
    let (second, second_api) = start("second");
    second.wait_for_log("stands by");
    let last_poll = first_api.get("/api/v1/status").json()["sample_at"].clone();
    let epochs = || shared.psql("SELECT epoch FROM lease");
    assert_eq!(epochs(), "1");
    first.stop();
    wait_until("the second steers", || ready(&second_api));
    let next_poll = second_api.get("/api/v1/status").json()["sample_at"].clone();
    assert_eq!(epochs(), "2");
    let took_over = second.logged("takes over from");
    assert_eq!(
        took_over, None,
        "nothing is waited out after a stop in order"
    );
    let started = "SELECT count(*) FROM audit WHERE kind = 'started'";
    wait_until("the start is recorded", || shared.psql(started) == "2");
    let rows = shared.audit();
    let order = rows.iter().filter_map(|row| row["kind"].as_str());
    let order: Vec<&str> = order.filter(|kind| kind.starts_with("st")).collect();
    assert_eq!(order, ["started", "stopped", "started"]);
    let at = |of: &Value| of.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let gap = at(&next_poll).duration_since(at(&last_poll));
    assert!(
        gap.as_secs() < 600,
        "the first one's next poll was due by then: {gap:?}"
    );
    second.stop();
}

#[test]
fn a_server_that_cannot_be_used_is_told_with_the_remedy() {
    let centre = Centre::new();
    for (address, code, expected) in [
        ("postgres://x@127.0.0.1:1/none", 74, "check the address"),
        (
            "postgres://x:secret====@db/none",
            78,
            "AUTOPILOT_STORE_PASSWORD",
        ),
        ("mysql://x@db/none", 78, "postgres://USER@HOST"),
    ] {
        let done = centre
            .daemon()
            .env("AUTOPILOT_STORE", address)
            .args(&["--once"])
            .output();
        assert_eq!(done.code(), code, "{}", done.stderr);
        assert!(done.stderr.contains(expected), "{}", done.stderr);
        assert!(!done.stderr.contains("secret===="), "{}", done.stderr);
    }
}
