//! Ways to a server other than a socket of this machine: over TLS, through a pooler, and on to a follower when the server is lost.

mod cutter;
mod pooler;

use std::net::SocketAddr;
use std::path::{Display, Path, PathBuf};

use campaign_autopilot::simulator::{Actor, Endpoint};

use crate::api::Api;
use crate::centre::{
    CAMPAIGN, Centre, Daemon, Finished, Invocation, free_address, message, of_kind, wait_until,
};
use crate::cluster::Cluster;
use crate::server_store;
use crate::standby::ready;
use cutter::Cutter;
use pooler::Pooler;

/// One centre whose daemon keeps its tables at an address.
struct Kept {
    centre: Centre,
    address: String,
}

impl Kept {
    fn at(address: String) -> Self {
        let centre = Centre::new();
        Self { centre, address }
    }

    /// The tables of a schema, made through what stands before the server.
    fn behind(place: &Display<'_>, schema: &str) -> Self {
        let kept = Self::at(format!(
            "postgres://tester@/postgres?host={place}&schema={schema}"
        ));
        kept.command(&["store", "migrate"]);
        kept
    }

    fn start(&self) -> (Daemon, Api) {
        self.start_in("state")
    }

    /// A daemon with a state directory of its own.
    fn start_in(&self, directory: &str) -> (Daemon, Api) {
        self.run(|invocation| {
            let directory = self.centre.state_dir().join(directory);
            invocation.env("AUTOPILOT_STATE_DIR", directory);
        })
    }

    fn start_as(&self, password: &str) -> (Daemon, Api) {
        self.run(|invocation| {
            invocation.env("AUTOPILOT_STORE_PASSWORD", password);
        })
    }

    fn run(&self, change: impl FnOnce(&mut Invocation)) -> (Daemon, Api) {
        let mut invocation = self.centre.daemon();
        change(&mut invocation);
        invocation
            .env("AUTOPILOT_STORE", &self.address)
            .env("AUTOPILOT_REQUEST_TIMEOUT", "1s")
            .env("AUTOPILOT_FLAP_LIMIT", "none")
            .env("AUTOPILOT_LISTEN", "127.0.0.1:0");
        // A server that goes away is warned of.
        let daemon = invocation.start().tolerate(&[
            "store",
            "lease",
            "could not",
            "poll invalid",
            "not read",
            "cannot start; it is tried again",
        ]);
        let api = Api::of(&daemon);
        (daemon, api)
    }

    fn command(&self, words: &[&str]) -> String {
        server_store::command(&self.address, &self.commands_dir(), words)
    }

    fn commands_dir(&self) -> PathBuf {
        self.centre.state_dir().join("commands")
    }

    /// The campaign is paused, and resumed.
    fn there_and_back(&self) {
        self.centre.platform.set_available(2);
        self.centre.wait_for_status(CAMPAIGN, "PAUSED");
        self.centre.platform.set_available(20);
        self.centre.wait_for_status(CAMPAIGN, "RUNNING");
    }

    /// The chain holds, and so many commands reached the platform, each with an intent of its own. An intent of which nobody knew whether it
    /// was committed has no command.
    fn assert_proven(&self, commands: usize) {
        let rows = server_store::audit(&self.address, &self.commands_dir(), &[]);
        assert_eq!(self.centre.commands().len(), commands);
        let intents = of_kind(&rows, "intent");
        let mut intents: Vec<&str> = intents
            .iter()
            .map(|row| row["decision"].as_str().unwrap())
            .collect();
        for entry in self.centre.platform.journal() {
            let Actor::Client { request_id, .. } = &entry.by else {
                continue;
            };
            let decision = request_id.as_deref().unwrap();
            let found = intents.iter().position(|intent| *intent == decision);
            intents.swap_remove(found.unwrap_or_else(|| panic!("no intent of {entry:?}")));
        }
    }
}

const PASSWORD: &str = "p4ssword-of-the-store";

/// A port that nobody listens on.
fn free_port() -> u16 {
    let address: SocketAddr = free_address().parse().unwrap();
    address.port()
}

fn certificate(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/certificates");
    folder.join(name)
}

/// What becomes of a look at the audit, as a role that has a password.
fn looked_at(address: &str, password: &str) -> Finished {
    let place = tempfile::tempdir().unwrap();
    let mut invocation = Invocation::bare();
    invocation
        .env("AUTOPILOT_STORE", address)
        .env("AUTOPILOT_STORE_PASSWORD", password)
        .env("AUTOPILOT_STATE_DIR", place.path())
        .args(&["audit", "verify"]);
    invocation.output()
}

#[test]
fn a_server_proves_its_name_by_a_certificate_and_a_daemon_itself_by_a_password() {
    if !Cluster::is_installed() {
        return;
    }
    let port = free_port();
    let cluster = Cluster::start_on(port, &certificate(""));
    let role = format!("CREATE ROLE pilot LOGIN PASSWORD '{PASSWORD}'");
    cluster.psql("public", &role);
    let place = cluster.place();
    let socket = format!("postgres://tester@/postgres?host={place}&port={port}&schema=secured");
    let state = tempfile::tempdir().unwrap();
    server_store::command(
        &socket,
        state.path(),
        &["store", "migrate", "--grant-to", "pilot"],
    );

    let authority = certificate("authority.pem");
    let over_tls = |host: &str, query: &str| {
        format!("postgres://pilot@{host}:{port}/postgres?schema=secured&sslmode=verify-full{query}")
    };
    let known = format!("&sslrootcert={}", authority.display());
    let kept = Kept::at(over_tls("localhost", &known));
    let (daemon, api) = kept.start_as(PASSWORD);
    wait_until("it steers", || ready(&api));
    kept.there_and_back();
    let encrypted = "SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'pilot'";
    assert_eq!(cluster.psql("public", encrypted), "t");
    daemon.stop();

    // What has to be refused, and what is said of it.
    for (address, password, said) in [
        (kept.address.as_str(), "another", "AUTOPILOT_STORE_PASSWORD"),
        (&over_tls("localhost", ""), PASSWORD, "sslrootcert"),
        (&over_tls("127.0.0.2", &known), PASSWORD, "check the "),
    ] {
        let refused = looked_at(address, password);
        assert_ne!(refused.code(), 0, "{address}: {}", refused.stdout);
        assert!(
            refused.stderr.contains(said),
            "{address}: {}",
            refused.stderr
        );
        assert!(!refused.stderr.contains(password), "{}", refused.stderr);
    }
    let held = looked_at(&kept.address, PASSWORD);
    assert!(held.stdout.contains("the audit holds"), "{}", held.stderr);
}

#[test]
fn a_pooler_that_lends_connections_by_the_transaction_may_stand_between() {
    if !Cluster::is_installed() || !Pooler::is_installed() {
        return;
    }
    let cluster = Cluster::start();
    let mut pooler = Pooler::start(cluster.place());
    let kept = Kept::behind(&pooler.place(), "pooled");
    let (first, first_api) = kept.start();
    wait_until("it steers", || ready(&first_api));
    kept.there_and_back();
    // Two connections are lent to all that ask, and one of those is a second daemon.
    let (second, second_api) = kept.start_in("second");
    second.wait_for_log("stands by");
    kept.there_and_back();
    let lent = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
    let lent: u32 = cluster.psql("public", lent).parse().unwrap();
    assert!((1..=2).contains(&lent), "{lent} connections");

    pooler.restart();
    kept.there_and_back();
    first.stop();
    wait_until("the second steers", || ready(&second_api));
    kept.there_and_back();
    second.stop();
    kept.assert_proven(8);
}

/// Nobody knows of a batch whether it was written, and it was: the daemon begins anew, and writes it no second time.
#[test]
fn a_commit_whose_answer_was_lost_is_written_once() {
    if !Cluster::is_installed() {
        return;
    }
    let cluster = Cluster::start();
    let cutter = Cutter::start(cluster.place());
    let kept = Kept::behind(&cutter.place(), "cut");
    let (daemon, api) = kept.start();
    wait_until("it steers", || ready(&api));
    kept.there_and_back();
    wait_until("the answer to a batch is lost", || {
        // That of a lease's renewal may be the next one as well.
        cutter.cut_the_next();
        daemon.log().iter().any(|line| {
            message(line).starts_with("store not written")
                && line.to_string().contains("did not say whether")
        })
    });
    cutter.cut_no_more();
    daemon.wait_for_log("the lease is lost");
    wait_until("it steers again", || ready(&api));
    kept.there_and_back();
    daemon.stop();
    kept.assert_proven(4);
    let doubled = "SELECT count(*) - count(DISTINCT (at_ms, body)) FROM input";
    assert_eq!(cluster.psql("cut", doubled), "0");
}

#[test]
fn a_follower_takes_the_place_of_a_server_that_is_lost() {
    if !Cluster::is_installed() {
        return;
    }
    let server = Cluster::start();
    let follower = server.follower();
    // A commit is confirmed once the follower has it too.
    for statement in [
        "ALTER SYSTEM SET synchronous_standby_names = '*'",
        "SELECT pg_reload_conf()",
    ] {
        server.psql("public", statement);
    }
    let [first, second] = [&server, &follower].map(|one| one.place().replace('/', "%2F"));
    let kept = Kept::at(format!(
        "postgres://tester@{first},{second}/postgres?target_session_attrs=read-write&schema=followed"
    ));
    kept.command(&["store", "migrate"]);
    let (daemon, api) = kept.start();
    wait_until("it steers", || ready(&api));
    kept.there_and_back();
    kept.centre.platform.set_available(2);
    kept.centre.wait_for_status(CAMPAIGN, "PAUSED");
    daemon.wait_for_log("paused");

    server.end();
    wait_until("nobody steers", || !ready(&api));
    // Agents are free again, and nothing is sent while there is no server that it could be written to.
    kept.centre.platform.set_available(20);
    let polls = || kept.centre.platform.request_count(Some(Endpoint::Agents));
    let before = polls();
    wait_until("it polls and sends nothing, or has stopped", || {
        // One whose commit was cut short does not know what is written, and begins anew where it can write.
        daemon.logged("the lease is lost").is_some() || polls() >= before + 5
    });
    assert_eq!(kept.centre.commands().len(), 3);
    follower.psql("public", "SELECT pg_promote()");
    wait_until("it steers again", || ready(&api));
    kept.centre.wait_for_status(CAMPAIGN, "RUNNING");
    daemon.wait_for_log("resumed");
    daemon.stop();
    kept.assert_proven(4);
}
