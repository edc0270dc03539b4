//! Several daemons over one PostgreSQL server and several tenants: each tenant is steered by one of them, evenly, whoever comes and goes.

use std::collections::BTreeMap;

use crate::api::Api;
use crate::centre::{Centre, Daemon, Invocation, message, of_kind, wait_until, write_secret};
use crate::cluster::Cluster;
use crate::configured::replace;
use crate::server_store;

/// The tenants, each with a campaign of its own name on one platform.
pub(crate) const TENANTS: [&str; 6] = ["t1", "t2", "t3", "t4", "t5", "t6"];

/// One platform, and the tables of a test on the server.
pub(crate) struct Site {
    pub(crate) centre: Centre,
    cluster: &'static Cluster,
    address: String,
}

/// A daemon of one machine.
pub(crate) struct Member {
    pub(crate) daemon: Daemon,
    pub(crate) api: Api,
}

impl Site {
    /// `None` where there is no server; the test is skipped then.
    pub(crate) fn new() -> Option<Self> {
        let cluster = Cluster::of_tests()?;
        let centre = Centre::with(|platform| {
            let start = platform.clock.now();
            for id in TENANTS {
                platform.world.put_campaign(id, id, "RUNNING", start);
            }
        });
        let site = Self {
            centre,
            cluster,
            address: cluster.address(),
        };
        write_secret(&site.path("secret"), "autopilot-secret");
        site.write(&TENANTS);
        let made = site.command(&["store", "migrate"]);
        assert!(made.contains("version 0 became"), "{made}");
        Some(site)
    }

    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.centre.directory.path().join(name)
    }

    fn write(&self, tenants: &[&str]) {
        let tables = tenants.iter().map(|name| {
            format!(
                "[[tenant]]\nname = \"{name}\"\nbase_url = \"{}\"\nclient_id = \"autopilot\"\n\
                 client_secret_file = \"{}\"\n\n[[campaign]]\ntenant = \"{name}\"\nid = \"{name}\"\n",
                self.centre.base_url,
                self.path("secret").display()
            )
        });
        let tables: Vec<String> = tables.collect();
        let top = "poll_interval = \"100ms\"\nrequests_per_second = \"unlimited\"\n\
                   request_timeout = \"5s\"\nflap_limit = \"none\"\n";
        let text = format!("{top}\n{}", tables.join("\n"));
        replace(&self.path("autopilot.toml"), &text);
    }

    /// A daemon of the machine with this name.
    pub(crate) fn invocation(&self, machine: &str) -> Invocation {
        let mut invocation = Invocation::bare();
        invocation
            .env("AUTOPILOT_CONFIG", self.path("autopilot.toml"))
            .env("AUTOPILOT_STORE", &self.address)
            .env("AUTOPILOT_STATE_DIR", self.path(machine))
            .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
            .env("AUTOPILOT_LOG_FORMAT", "json")
            .arg("run");
        invocation
    }

    fn start(&self, machine: &str) -> Member {
        let daemon = self.invocation(machine).start();
        let api = Api::of(&daemon);
        Member { daemon, api }
    }

    pub(crate) fn command(&self, words: &[&str]) -> String {
        server_store::command(&self.address, &self.path("commands"), words)
    }

    pub(crate) fn psql(&self, statement: &str) -> String {
        let (_, schema) = self.address.rsplit_once('=').unwrap();
        self.cluster.psql(schema, statement)
    }

    /// Every chain holds, and every command that the platform got has one intent in one of them.
    fn assert_commands_proven(&self) {
        let mut intents = 0;
        for tenant in TENANTS {
            let whose = ["--tenant", tenant];
            let rows = server_store::audit(&self.address, &self.path("commands"), &whose);
            intents += of_kind(&rows, "intent").len();
        }
        assert_eq!(self.centre.commands().len(), intents);
    }
}

impl Member {
    /// The tenants that it steers.
    pub(crate) fn steers(&self) -> Vec<&'static str> {
        let page = self.api.get("/metrics").body;
        let held = |tenant: &&str| {
            let line = format!("autopilot_lease_held{{tenant=\"{tenant}\"}} 1");
            page.lines().any(|found| found == line)
        };
        TENANTS.into_iter().filter(held).collect()
    }

    fn handed_over(&self) -> usize {
        let log = self.daemon.log();
        let lines = log.iter().map(message);
        lines
            .filter(|line| line.contains("hands a tenant over"))
            .count()
    }
}

/// Waits until each of the members steers as many, and every tenant is steered by one.
#[track_caller]
pub(crate) fn wait_for_shares(members: &[&Member], shares: &[usize]) {
    let mut last = Vec::new();
    wait_until(&format!("the shares are {shares:?}"), || {
        let steered: Vec<Vec<&str>> = members.iter().map(|member| member.steers()).collect();
        let mut by: BTreeMap<&str, usize> = BTreeMap::new();
        for tenant in steered.iter().flatten() {
            *by.entry(tenant).or_default() += 1;
        }
        let mut counts: Vec<usize> = steered.iter().map(Vec::len).collect();
        last.clone_from(&counts);
        counts.sort_unstable();
        let once = by.len() == TENANTS.len() && by.values().all(|many| *many == 1);
        once && counts == shares
    });
    assert!(!last.is_empty());
}

#[test]
fn tenants_are_spread_evenly_and_move_when_a_member_comes_or_goes() {
    let Some(site) = Site::new() else {
        return;
    };
    let first = site.start("first");
    wait_for_shares(&[&first], &[6]);
    let second = site.start("second");
    wait_for_shares(&[&first, &second], &[3, 3]);
    assert!(first.handed_over() >= 3 && second.handed_over() == 0);
    let third = site.start("third");
    wait_for_shares(&[&first, &second, &third], &[2, 2, 2]);
    for member in [&first, &second, &third] {
        // A tenant that has just moved has not polled yet.
        wait_until("it is ready", || member.api.get("/readyz").status == 200);
        let told = member.api.get("/readyz");
        assert!(
            told.body.contains("steer 4 of the tenants"),
            "{}",
            told.body
        );
    }

    // What one paused is the autopilot's to whoever has it next.
    site.centre.platform.set_available(2);
    for tenant in TENANTS {
        site.centre.wait_for_status(tenant, "PAUSED");
    }
    let outcomes = || site.psql("SELECT count(*) FROM audit WHERE kind = 'outcome'");
    wait_until("every pause is recorded", || outcomes() == "6");

    // One is lost without a word: the others take what it had, evenly.
    third.daemon.kill();
    wait_for_shares(&[&first, &second], &[3, 3]);
    let lost = site.psql("SELECT count(*) FROM member");
    assert_eq!(
        lost, "3",
        "the row of one that was killed is too old, and not gone"
    );

    // One ends in order: its tenants are the other's at once, and nobody waits for what may be under way of it.
    second.daemon.stop();
    wait_for_shares(&[&first], &[6]);
    assert_eq!(site.psql("SELECT count(*) FROM member"), "2");
    let took_over = first.daemon.log();
    let took_over = took_over.iter().map(message);
    let took_over = took_over
        .filter(|line| line.contains("takes over from a daemon"))
        .count();
    assert!(
        took_over <= 2,
        "only from the one that was killed: {took_over}"
    );

    site.centre.platform.set_available(20);
    for tenant in TENANTS {
        site.centre.wait_for_status(tenant, "RUNNING");
    }
    wait_until("every resume is recorded", || outcomes() == "12");
    first.daemon.stop();
    assert_eq!(site.centre.commands().len(), 12);
    site.assert_commands_proven();
}

#[test]
fn an_even_spread_stays_as_it_is() {
    let Some(site) = Site::new() else {
        return;
    };
    let (first, second) = (site.start("first"), site.start("second"));
    wait_for_shares(&[&first, &second], &[3, 3]);
    let epochs = || site.psql("SELECT string_agg(tenant || epoch, ',' ORDER BY tenant) FROM lease");
    let before = (epochs(), first.handed_over() + second.handed_over());
    // Longer than members have to settle: six looks of each.
    let row = || site.psql("SELECT count(*) FROM member WHERE seen > now() - INTERVAL '10 s'");
    for look in 0..6 {
        let seen = site.psql("SELECT min(seen) FROM member");
        wait_until(&format!("look {look} of both"), || {
            site.psql("SELECT min(seen) FROM member") > seen
        });
    }
    assert_eq!(row(), "2");
    assert_eq!(
        (epochs(), first.handed_over() + second.handed_over()),
        before
    );
    first.daemon.stop();
    second.daemon.stop();
}

#[test]
fn members_of_other_tenants_are_left_alone_and_a_free_tenant_finds_one_that_knows_it() {
    let Some(site) = Site::new() else {
        return;
    };
    let first = site.start("first");
    wait_for_shares(&[&first], &[6]);
    // The settings of the second machine have two of the tenants, as in the midst of a change of the settings.
    site.write(&["t1", "t2"]);
    let second = site.start("second");
    second.daemon.wait_for_log("stands by");
    assert_eq!(second.api.get("/readyz").status, 503);
    first.daemon.stop();
    wait_until("it has those that it knows", || {
        second.steers() == ["t1", "t2"]
    });
    wait_until("it is ready", || second.api.get("/readyz").status == 200);
    second.daemon.stop();
}

#[test]
fn the_example_of_three_members_is_accepted() {
    let mut check = Invocation::bare();
    check
        .env("AUTOPILOT_STATE_DIR", "/var/lib/campaign-autopilot")
        .env("AUTOPILOT_STORE_PASSWORD", "a password")
        .env("AUTOPILOT_ADMIN_TOKEN", "0123456789abcdef0123456789abcdef")
        .args(&["check", "--config", "examples/three-members.toml"]);
    for tenant in ["ACME", "BOREALIS", "CUMULUS", "DELTA"] {
        check.env(&format!("AUTOPILOT_CLIENT_SECRET_{tenant}"), "a secret");
    }
    let done = check.output();
    assert_eq!(done.code(), 0, "{}{}", done.stdout, done.stderr);
}

#[test]
fn a_command_reads_the_record_of_one_tenant_on_the_server() {
    let Some(site) = Site::new() else {
        return;
    };
    let member = site.start("first");
    wait_for_shares(&[&member], &[6]);
    site.centre.platform.set_available(2);
    site.centre.wait_for_status("t1", "PAUSED");
    let outcomes = || site.psql("SELECT count(*) FROM audit WHERE kind = 'outcome'");
    wait_until("every pause is recorded", || outcomes() == "6");
    // What was done shows in the readings after it.
    site.centre.wait_for_polls(60);
    let words = [
        "backtest", "--tenant", "t1", "--policy", "always", "-o", "json",
    ];
    let report: serde_json::Value = serde_json::from_str(&site.command(&words)).unwrap();
    let campaigns: Vec<&String> = report["campaigns"].as_object().unwrap().keys().collect();
    assert_eq!(campaigns, ["t1"]);
    assert_eq!(report["campaigns"]["t1"][0]["transitions"], 1);
    member.daemon.stop();
}
