//! Several accounts in one daemon: each is steered by itself, and nothing of one reaches another.

use std::path::{Path, PathBuf};

use campaign_autopilot::simulator::{
    CloudOperation, CloudSettings, Dialect, Endpoint, Fault, FaultRule, FaultTiming, StopLasts,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::api::Api;
use crate::centre::{
    CAMPAIGN, Centre, Daemon, Finished, Invocation, audit, message, of_kind, wait_until,
    write_secret,
};
use crate::configured::replace;
use crate::described::{Described, description};
use crate::receiver::{Answering, Receiver};
use crate::supervised::Manager;

/// The client secrets of the two accounts.
const SECRETS: [&str; 2] = ["autopilot-secret-of-eu", "autopilot-secret-of-us"];

/// Two accounts on platforms of different dialects, with campaigns of one id.
pub(crate) struct Two {
    pub(crate) eu: Centre,
    pub(crate) us: Centre,
    directory: TempDir,
}

impl Two {
    pub(crate) fn new() -> Self {
        let eu = Centre::with(|platform| {
            platform.credentials.client_secret = SECRETS[0].to_owned();
        });
        let us = Centre::with(|platform| {
            platform.credentials.client_secret = SECRETS[1].to_owned();
            platform.dialect = Dialect::GenesysCloud(Box::new(CloudSettings {
                stop: StopLasts::NoTime,
                ..CloudSettings::default()
            }));
        });
        let two = Self {
            eu,
            us,
            directory: TempDir::new().unwrap(),
        };
        for (name, secret) in ["eu", "us"].into_iter().zip(SECRETS) {
            write_secret(&two.path(name), secret);
        }
        two.write(&[&two.table_of_eu(), &two.table_of_us()]);
        two
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn state_of(&self, tenant: &str) -> PathBuf {
        self.path("state").join("tenants").join(tenant)
    }

    fn table_of_eu(&self) -> String {
        tenant("eu", &self.eu.base_url, &self.path("eu"), "")
    }

    fn table_of_us(&self) -> String {
        let url = &self.us.base_url;
        let further = format!(
            "platform = \"genesys-cloud\"\ntoken_url = \"{url}/oauth/token\"\nnotifications = \"off\"\n"
        );
        tenant("us", url, &self.path("us"), &further)
    }

    fn write(&self, tenants: &[&str]) {
        let top = "poll_interval = \"40ms\"\nrequests_per_second = \"unlimited\"\nrequest_timeout = \"2s\"\nflap_limit = \"none\"\n";
        let text = [&[top], tenants].concat().join("\n");
        replace(&self.path("autopilot.toml"), &text);
    }

    pub(crate) fn command(&self, words: &[&str]) -> Invocation {
        let mut invocation = Invocation::bare();
        invocation
            .env("AUTOPILOT_STATE_DIR", self.path("state"))
            .env("AUTOPILOT_CONFIG", self.path("autopilot.toml"))
            .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
            .env("AUTOPILOT_LOG_FORMAT", "json")
            .args(words);
        invocation
    }

    fn start(&self) -> (Daemon, Api) {
        let daemon = self.command(&["run"]).start();
        let api = Api::of(&daemon);
        (daemon, api)
    }

    pub(crate) fn started(&self) -> (Daemon, Api) {
        let (daemon, api) = self.start();
        wait_until("both are ready", || api.get("/readyz").status == 200);
        (daemon, api)
    }
}

/// A `[[tenant]]` table with one campaign.
fn tenant(name: &str, url: &str, secret: &Path, further: &str) -> String {
    let secret = secret.display();
    format!(
        "[[tenant]]\nname = \"{name}\"\nbase_url = \"{url}\"\nclient_id = \"autopilot\"\nclient_secret_file = \"{secret}\"\n{further}\n\
         [[campaign]]\ntenant = \"{name}\"\nid = \"{CAMPAIGN}\"\n"
    )
}

/// The tenant that a log line is about.
fn of(line: &Value) -> Option<&str> {
    line["spans"].as_array()?.first()?["tenant"].as_str()
}

fn wait_for_log_of(daemon: &Daemon, tenant: &str, text: &str) {
    wait_until(&format!("{tenant} says {text:?}"), || {
        let log = daemon.log();
        let mut lines = log.iter().filter(|line| of(line) == Some(tenant));
        lines.any(|line| message(line).contains(text))
    });
}

fn stalled() -> FaultRule {
    FaultRule {
        fault: Fault::Stall,
        endpoint: None,
        when: FaultTiming::Always,
    }
}

fn campaign_of(api: &Api, tenant: &str) -> Value {
    api.campaign(&format!("{tenant}%2F{CAMPAIGN}"))
}

#[track_caller]
fn good(done: &Finished) -> &str {
    assert_eq!(done.code(), 0, "{}{}", done.stdout, done.stderr);
    done.stdout.trim_end()
}

#[test]
fn campaigns_of_one_id_are_steered_apart_and_told_apart() {
    let two = Two::new();
    let (daemon, api) = two.started();
    two.eu.platform.set_available(2);
    two.eu.wait_for_status(CAMPAIGN, "PAUSED");
    wait_for_log_of(&daemon, "eu", "paused");
    two.eu.wait_for_polls(3);
    assert_eq!(
        two.us.platform.campaign_status(CAMPAIGN).as_deref(),
        Some("RUNNING")
    );
    assert_eq!(campaign_of(&api, "eu")["paused_by"], "autopilot");
    assert_eq!(campaign_of(&api, "us")["state"], "running");

    // Documents say both, requests need both.
    let status = api.get("/api/v1/status").json();
    let named = |of: &Value, key: &str| -> Vec<String> {
        let all = of.as_array().unwrap().iter();
        all.map(|one| one[key].as_str().unwrap().to_owned())
            .collect()
    };
    let mut described = Described::new(description());
    described.answer("/api/v1/status", "GET", 200, &status);
    assert_eq!(named(&status["tenants"], "name"), ["eu", "us"]);
    assert_eq!(named(&status["campaigns"], "tenant"), ["eu", "us"]);
    assert_eq!(named(&status["campaigns"], "id"), [CAMPAIGN, CAMPAIGN]);
    let bare = api.get(&format!("/api/v1/campaigns/{CAMPAIGN}"));
    assert_eq!(bare.status, 404);
    assert_eq!(bare.json()["error"], "unknown_tenant");
    assert!(bare.body.contains("eu, us"), "{}", bare.body);

    // So do the commands.
    let run = |words: &[&str]| api.command(words).output();
    let shown = run(&["status"]);
    let shown = good(&shown);
    for part in ["tenant eu: ready", "tenant us: ready"] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    let shown = run(&["status", "--tenant", "us", "-o", "json"]);
    let shown: Value = serde_json::from_str(good(&shown)).unwrap();
    assert_eq!(named(&shown["campaigns"], "tenant"), ["us"]);
    let written = format!("eu/{CAMPAIGN}");
    let explained = run(&["explain", &written]);
    assert!(good(&explained).contains(&written), "{}", explained.stdout);
    let told = run(&["history", "--campaign", &written]);
    assert!(good(&told).contains(&written), "{}", told.stdout);

    // A hold of one is not one of the other.
    let us = format!("us/{CAMPAIGN}");
    let held = run(&["hold", &us, "--paused", "--for", "1h", "--reason", "trial"]);
    good(&held);
    two.us.wait_for_status(CAMPAIGN, "PAUSED");
    assert_eq!(campaign_of(&api, "eu")["hold"], Value::Null);
    let history = api.get("/api/v1/history?tenant=us").json();
    described.answer("/api/v1/history", "GET", 200, &history);
    let wrong = api.get("/api/v1/history?tenant=uk");
    described.answer("/api/v1/history", "GET", wrong.status, &wrong.json());
    let entries = history["entries"].as_array().unwrap();
    assert!(!entries.is_empty() && entries.iter().all(|entry| entry["tenant"] == "us"));
    wait_for_log_of(&daemon, "us", "paused");
    daemon.stop();
    assert_eq!(two.eu.commands().len(), 1);
    assert_eq!(two.us.commands().len(), 1);

    // Each has a chain and a record of its own.
    for name in ["eu", "us"] {
        let rows = audit(&two.state_of(name));
        assert_eq!(of_kind(&rows, "intent").len(), 1, "{name}");
    }
    let unnamed = two.command(&["audit", "verify"]).output();
    assert_eq!(unnamed.code(), 78, "{}", unnamed.stdout);
    assert!(unnamed.stderr.contains("--tenant with one of eu, us"));
    let verified = two.command(&["audit", "verify", "--tenant", "us"]).output();
    assert!(good(&verified).contains("the audit holds"));
}

#[test]
fn one_hold_of_all_is_one_of_every_tenant() {
    let two = Two::new();
    let (daemon, api) = two.started();
    let pause = ["pause", "--all", "--for", "1h", "--reason", "x", "--yes"];
    let told = api.command(&pause).output();
    assert!(
        good(&told).starts_with("2 campaigns held paused until "),
        "{}",
        told.stdout
    );
    two.eu.wait_for_status(CAMPAIGN, "PAUSED");
    two.us.wait_for_status(CAMPAIGN, "PAUSED");
    let release = ["resume", "--tenant", "us", "--yes"];
    good(&api.command(&release).output());
    two.us.wait_for_status(CAMPAIGN, "RUNNING");
    wait_for_log_of(&daemon, "us", "resumed");
    assert_ne!(campaign_of(&api, "eu")["hold"], Value::Null);
    daemon.stop();
}

#[test]
fn a_platform_that_hangs_delays_no_other_account() {
    let two = Two::new();
    let (daemon, api) = two.started();
    let daemon = daemon.tolerate(&["poll invalid", "no valid poll", "not read"]);
    two.us.platform.inject(stalled());
    two.us.platform.set_available(0);
    wait_until("the reading of one has failed", || {
        let log = daemon.log();
        let mut lines = log.iter().filter(|line| of(line) == Some("us"));
        lines.any(|line| message(line).contains("poll invalid"))
    });
    // It goes on hanging while the other account is paused, asked about and resumed.
    two.eu.platform.set_available(0);
    two.eu.wait_for_status(CAMPAIGN, "PAUSED");
    wait_for_log_of(&daemon, "eu", "paused");
    let written = format!("eu/{CAMPAIGN}");
    good(&api.command(&["explain", &written]).output());
    two.eu.platform.set_available(20);
    two.eu.wait_for_status(CAMPAIGN, "RUNNING");
    wait_for_log_of(&daemon, "eu", "resumed");
    assert_eq!(two.us.commands(), [""; 0], "it was hanging all the while");
    // It is let go, and does what it should have done.
    two.us.platform.clear_faults();
    two.us.wait_for_status(CAMPAIGN, "PAUSED");
    wait_for_log_of(&daemon, "us", "paused");
    daemon.stop();
    assert_eq!(two.eu.commands().len(), 2);
    assert_eq!(two.us.commands().len(), 1);
}

#[test]
fn tenants_that_start_together_do_not_poll_together() {
    let two = Two::new();
    let file = two.path("autopilot.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen("40ms", "8s", 1)).unwrap();
    let (daemon, api) = two.started();
    // Their places in the interval, which their names give, are 1.4 s apart; both begin at once.
    wait_until("their polls are apart", || {
        let status = api.get("/api/v1/status").json();
        let sampled = status["tenants"].as_array().unwrap().iter();
        let sampled = sampled.map(|tenant| {
            let at = tenant["sample_at"].as_str().unwrap();
            at.parse::<jiff::Timestamp>().unwrap()
        });
        let sampled: Vec<jiff::Timestamp> = sampled.collect();
        sampled[0]
            .duration_since(sampled[1])
            .unsigned_abs()
            .as_millis()
            > 1_000
    });
    daemon.stop();
}

#[test]
fn every_series_of_a_tenant_names_it() {
    let two = Two::new();
    let (daemon, api) = two.started();
    let text = api.get("/metrics").body;
    for name in ["eu", "us"] {
        for series in [
            format!("autopilot_campaign_info{{campaign=\"{CAMPAIGN}\",tenant=\"{name}\"}} 1"),
            format!("autopilot_poll_interval_seconds{{tenant=\"{name}\"}} 0.04"),
            format!("autopilot_tenant_running{{tenant=\"{name}\"}} 1"),
        ] {
            assert!(text.lines().any(|line| line == series), "{series}");
        }
    }
    let of_process = [
        "autopilot_build_info",
        "autopilot_log_lines_lost_total",
        "autopilot_ui_event_streams",
    ];
    for line in text.lines().filter(|line| line.starts_with("autopilot_")) {
        let once = of_process.iter().any(|prefix| line.starts_with(prefix));
        assert_eq!(line.contains("tenant=\""), !once, "{line}");
    }
    let mut families: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("# TYPE"))
        .collect();
    let many = families.len();
    families.sort_unstable();
    families.dedup();
    assert_eq!(families.len(), many, "each family once");
    daemon.stop();
}

#[test]
fn a_restart_finds_each_tenants_pauses() {
    let two = Two::new();
    let (daemon, _) = two.started();
    two.eu.platform.set_available(0);
    two.us.platform.set_available(0);
    two.eu.wait_for_status(CAMPAIGN, "PAUSED");
    two.us.wait_for_status(CAMPAIGN, "PAUSED");
    wait_for_log_of(&daemon, "eu", "paused");
    wait_for_log_of(&daemon, "us", "paused");
    daemon.stop();
    let (daemon, api) = two.started();
    assert_eq!(campaign_of(&api, "us")["paused_by"], "autopilot");
    two.us.platform.set_available(20);
    two.us.wait_for_status(CAMPAIGN, "RUNNING");
    wait_for_log_of(&daemon, "us", "resumed");
    assert_eq!(campaign_of(&api, "eu")["paused_by"], "autopilot");
    daemon.stop();
}

#[test]
fn a_reload_takes_a_tenant_out_and_puts_it_back() {
    let two = Two::new();
    let (daemon, api) = two.started();
    let daemon = daemon.tolerate(&["no longer in the configuration"]);
    two.us.platform.set_available(0);
    two.us.wait_for_status(CAMPAIGN, "PAUSED");
    wait_for_log_of(&daemon, "us", "paused");
    let mut events = api.follow();
    let named = |status: &Value| -> Vec<String> {
        let tenants = status["tenants"].as_array().unwrap().iter();
        tenants
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(named(&events.next()), ["eu", "us"]);

    two.write(&[&two.table_of_eu()]);
    let made = api.change("POST", "/-/reload", &Value::Null);
    assert_eq!(made.status, 200, "{}", made.body);
    let told = made.json()["made"]["changes"].clone();
    assert_eq!(told, json!(["tenant us: taken out"]));
    // It has ended in order, and what it left is told as at a start.
    wait_for_log_of(&daemon, "us", "ended in order");
    wait_for_log_of(
        &daemon,
        "us",
        "paused by us, but no longer in the configuration",
    );
    wait_until("it is shown no more", || {
        named(&api.get("/api/v1/status").json()) == ["eu"]
    });
    assert_eq!(
        api.get(&format!("/api/v1/campaigns/us%2F{CAMPAIGN}"))
            .status,
        404
    );
    let series = format!("autopilot_campaign_info{{campaign=\"{CAMPAIGN}\",tenant=\"us\"}}");
    assert_eq!(api.series(&series), None);
    two.us.platform.set_available(20);
    two.eu.wait_for_polls(5);
    assert_eq!(
        two.us.platform.campaign_status(CAMPAIGN).as_deref(),
        Some("PAUSED"),
        "nobody steers it"
    );
    let mut seen = named(&events.next());
    while seen != ["eu"] {
        seen = named(&events.next());
    }

    // It comes back to its state: the pause is still ours.
    two.write(&[&two.table_of_eu(), &two.table_of_us()]);
    let made = api.change("POST", "/-/reload", &Value::Null);
    assert_eq!(made.status, 200, "{}", made.body);
    two.us.wait_for_status(CAMPAIGN, "RUNNING");
    wait_for_log_of(&daemon, "us", "resumed");
    // The other one has never been touched.
    assert_eq!(two.eu.commands(), [""; 0]);
    daemon.stop();
}

#[test]
fn a_tenant_that_is_put_back_at_once_begins_when_its_end_is_over() {
    let two = Two::new();
    let (daemon, api) = two.started();
    let reload = || {
        let made = api.change("POST", "/-/reload", &Value::Null);
        assert_eq!(made.status, 200, "{}", made.body);
    };
    for _ in 0..10 {
        two.write(&[&two.table_of_eu()]);
        reload();
        two.write(&[&two.table_of_eu(), &two.table_of_us()]);
        reload();
    }
    two.us.platform.set_available(0);
    two.us.wait_for_status(CAMPAIGN, "PAUSED");
    wait_for_log_of(&daemon, "us", "paused");
    // It expects that nothing was warned of.
    daemon.stop();
}

#[test]
fn a_reload_is_of_those_tenants_that_it_changes() {
    let two = Two::new();
    let (daemon, api) = two.started();
    two.us.platform.set_available(0);
    two.us.wait_for_status(CAMPAIGN, "PAUSED");
    wait_for_log_of(&daemon, "us", "paused");
    let run_of = |api: &Api, name: &str| {
        let status = api.get("/api/v1/status").json();
        let tenants = status["tenants"].as_array().unwrap().clone();
        let found = tenants.into_iter().find(|one| one["name"] == name).unwrap();
        let decision = found["decision"].as_str().unwrap_or_default().to_owned();
        decision.split('-').next().unwrap().to_owned()
    };
    let (eu, us) = (run_of(&api, "eu"), run_of(&api, "us"));
    let slower = two
        .table_of_us()
        .replace("notifications", "poll_interval = \"80ms\"\nnotifications");
    two.write(&[&two.table_of_eu(), &slower]);
    let made = api.change("POST", "/-/reload?reason=trial&author=anna", &Value::Null);
    assert_eq!(made.status, 200, "{}", made.body);
    assert_eq!(
        made.json()["made"]["changes"],
        json!(["tenant us: poll_interval: 40ms -> 80ms"])
    );
    let interval = "autopilot_poll_interval_seconds{tenant=\"us\"}";
    wait_until("it polls at the new interval", || {
        api.series(interval) == Some(0.08)
    });
    wait_until("in a run of its own", || {
        let run = run_of(&api, "us");
        !run.is_empty() && run != us
    });
    assert_eq!(run_of(&api, "eu"), eu, "the other one runs on");
    wait_until("the pause is still ours", || {
        campaign_of(&api, "us")["paused_by"] == "autopilot"
    });
    two.us.platform.set_available(20);
    two.us.wait_for_status(CAMPAIGN, "RUNNING");
    wait_for_log_of(&daemon, "us", "resumed");
    daemon.stop();
    let rows = audit(&two.state_of("us"));
    let told = of_kind(&rows, "operator");
    assert_eq!(
        told[0]["event"]["made"]["changes"],
        json!(["poll_interval: 40ms -> 80ms"])
    );
    assert_eq!(of_kind(&audit(&two.state_of("eu")), "operator").len(), 0);
}

#[test]
fn no_secret_of_one_account_is_sent_to_another() {
    let two = Two::new();
    // A third platform, which keeps what it is sent.
    let listener = Receiver::start(Answering::Status(500));
    let secret = "autopilot-secret-of-another";
    write_secret(&two.path("other"), secret);
    let url = listener.url();
    let other = tenant("other", &url, &two.path("other"), "");
    two.write(&[&two.table_of_eu(), &two.table_of_us(), &other]);
    let (daemon, api) = two.start();
    let daemon = daemon.tolerate(&["poll invalid", "no valid poll", "not read"]);
    wait_until("the two others are steered", || {
        let status = api.get("/api/v1/status").json();
        let tenants = status["tenants"].as_array().unwrap();
        tenants.iter().filter(|one| one["ready"] == true).count() == 2
    });
    wait_until("the third was asked", || !listener.received().is_empty());
    let ready = api.get("/readyz");
    assert_eq!(ready.status, 503);
    assert_eq!(ready.body, "not ready: tenant other: no valid poll yet\n");
    assert_eq!(api.get("/healthz").status, 200);
    two.eu.wait_for_polls(3);
    let mut own = false;
    for received in listener.received() {
        let sent = format!("{:?} {}", received.headers, received.body);
        own |= sent.contains(secret);
        for foreign in SECRETS {
            assert!(!sent.contains(foreign), "{sent}");
        }
    }
    assert!(own, "its own was sent");
    let log = format!("{:?}", daemon.log());
    for secret in [SECRETS[0], SECRETS[1], secret] {
        assert!(!log.contains(secret));
    }
    daemon.stop();
}

#[test]
fn a_store_in_use_keeps_its_tenant_alone_from_starting() {
    let two = Two::new();
    let mut holder = two.eu.daemon();
    let holder = holder
        .env("CXONE_CLIENT_SECRET", SECRETS[0])
        .env("AUTOPILOT_STATE_DIR", two.state_of("eu"))
        .start();
    two.eu.wait_for_polls(2);
    let (daemon, api) = two.start();
    let daemon = daemon.tolerate(&["cannot start"]);
    wait_for_log_of(&daemon, "eu", "cannot start");
    wait_until("the other one runs", || {
        campaign_of(&api, "us")["state"] == "running"
    });
    let ready = api.get("/readyz");
    assert_eq!(ready.status, 503);
    assert!(
        ready
            .body
            .starts_with("not ready: tenant eu: does not run: "),
        "{}",
        ready.body
    );
    assert_eq!(
        api.get("/healthz").status,
        200,
        "to start anew would not help"
    );
    let refused = api.get(&format!("/api/v1/campaigns/eu%2F{CAMPAIGN}"));
    assert_eq!(refused.json()["error"], "not_running");
    let running =
        |name: &str| api.series(&format!("autopilot_tenant_running{{tenant=\"{name}\"}}"));
    assert_eq!((running("eu"), running("us")), (Some(0.0), Some(1.0)));
    // Whoever stops everything hears of what is not reached, and the rest is stopped.
    let all = json!({"all": true, "kind": "paused", "for": "1h", "reason": "x"});
    let told = api.change("PUT", "/api/v1/holds", &all);
    assert_eq!(told.status, 503, "{}", told.body);
    let faults = told.json()["faults"].clone();
    assert!(
        faults[0]
            .as_str()
            .unwrap()
            .starts_with("tenant eu: does not run")
    );
    assert_eq!(faults[1], "the other tenants have done it");
    two.us.wait_for_status(CAMPAIGN, "PAUSED");
    wait_for_log_of(&daemon, "us", "paused");
    // It starts by itself once the store is free.
    holder.stop();
    wait_until("both are ready", || api.get("/readyz").status == 200);
    daemon.stop();
}

#[test]
fn where_no_tenant_can_start_the_process_ends() {
    let two = Two::new();
    let (daemon, _) = two.started();
    let second = two.command(&["run"]).output();
    assert_eq!(second.code(), 74, "{}", second.stderr);
    assert!(second.stderr.contains("no tenant can start"));
    daemon.stop();
}

#[test]
fn the_state_of_other_settings_is_not_passed_over() {
    let two = Two::new();
    // A run without tables has left its state.
    let alone = two
        .eu
        .daemon()
        .env("CXONE_CLIENT_SECRET", SECRETS[0])
        .env("AUTOPILOT_STATE_DIR", two.path("state"))
        .start();
    two.eu.wait_for_polls(2);
    alone.stop();
    let refused = two.command(&["run"]).output();
    assert_eq!(refused.code(), 74, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("without [[tenant]] tables") && refused.stderr.contains("move"),
        "{}",
        refused.stderr
    );
    // It is moved, as the message says, and goes on where it was.
    std::fs::create_dir_all(two.state_of("eu")).unwrap();
    for entry in std::fs::read_dir(two.path("state")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            std::fs::rename(&path, two.state_of("eu").join(path.file_name().unwrap())).unwrap();
        }
    }
    let (daemon, api) = two.started();
    wait_until("it is in its second run", || {
        let status = api.get("/api/v1/status").json();
        let decision = status["tenants"][0]["decision"].as_str();
        decision.is_some_and(|decision| decision.starts_with("2-"))
    });
    daemon.stop();
    // And back: tables that are taken out leave tenants behind.
    let back = two
        .eu
        .daemon()
        .env("CXONE_CLIENT_SECRET", SECRETS[0])
        .env("AUTOPILOT_STATE_DIR", two.path("state"))
        .output();
    assert_eq!(back.code(), 74, "{}", back.stderr);
    assert!(
        back.stderr.contains("has the state of tenants"),
        "{}",
        back.stderr
    );
}

#[test]
fn a_check_asks_every_platform() {
    let two = Two::new();
    let done = two.command(&["check", "--online"]).output();
    let told = good(&done);
    for part in [
        "configuration: ok, 2 tenants",
        "tenant eu: 1 campaign",
        "tenant us: 1 campaign",
        "tenant.us.platform = genesys-cloud",
    ] {
        assert!(told.contains(part), "{part} in {told}");
    }
    assert!(two.eu.platform.request_count(Some(Endpoint::Token)) > 0);
    let asked = Endpoint::Cloud(CloudOperation::Observations);
    assert!(two.us.platform.request_count(Some(asked)) > 0);
    let unnamed = two.command(&["eval"]).output();
    assert_eq!(unnamed.code(), 78);
    assert!(unnamed.stderr.contains("--tenant with one of eu, us"));
    let one = two.command(&["eval", "--tenant", "us"]).output();
    assert_eq!(one.code(), 0, "{}{}", one.stdout, one.stderr);
}

#[test]
fn the_example_holds() {
    let example = "examples/several-tenants.toml";
    let mut check = Invocation::bare();
    check
        .env("AUTOPILOT_CLIENT_SECRET_ACME", "x")
        .env("HOME", "/home/ops")
        .args(&["check", "--config", example]);
    let lacking = check.output();
    assert_eq!(lacking.code(), 78);
    assert!(
        lacking.stderr.contains("AUTOPILOT_CLIENT_SECRET_NORTH_EU"),
        "{}",
        lacking.stderr
    );
    let done = check.env("AUTOPILOT_CLIENT_SECRET_NORTH_EU", "x").output();
    let told = good(&done);
    assert!(told.contains("tenant acme: 2 campaigns"), "{told}");
    assert!(told.contains("tenant.north-eu.pause_below = 2"), "{told}");
    assert_eq!(done.stderr, "", "without a warning");
}

#[test]
fn messages_name_their_tenant() {
    let two = Two::new();
    let receiver = Receiver::start(Answering::Status(204));
    let mut daemon = two.command(&["run"]);
    let daemon = daemon
        .env("AUTOPILOT_WEBHOOK_URL", receiver.url())
        .env(
            "AUTOPILOT_WEBHOOK_SECRET",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        )
        .start();
    let api = Api::of(&daemon);
    wait_until("both are ready", || api.get("/readyz").status == 200);
    two.us.platform.set_available(0);
    let first = receiver.wait_for(1).remove(0);
    let body = first.json();
    assert_eq!(
        (&body["tenant"], &body["campaignId"]),
        (&json!("us"), &json!(CAMPAIGN))
    );
    daemon.stop();
}

#[test]
fn systemd_gets_one_sign_of_life_of_all() {
    let two = Two::new();
    let manager = Manager::of(&two.eu);
    // One poll each, and then none for ten minutes.
    let text = std::fs::read_to_string(two.path("autopilot.toml")).unwrap();
    let rare = text.replace("\"40ms\"", "\"10m\"");
    std::fs::write(two.path("autopilot.toml"), rare).unwrap();
    let mut daemon = manager.supervise(&mut two.command(&["run"])).start();
    manager.wait_for("READY=1");
    manager.wait_for("STATUS=eu: 1 campaign: 1 running | us: 1 campaign: 1 running");
    for _ in 0..5 {
        manager.wait_for("WATCHDOG=1");
    }
    daemon.signal("TERM");
    manager.wait_for("STOPPING=1");
    assert_eq!(daemon.end().code(), Some(0));
}
