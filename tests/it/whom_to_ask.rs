//! Operators' commands at a daemon that does not steer what they are about: it names the one that does, and the command line asks that.

use serde_json::{Value, json};

use crate::api::Api;
use crate::centre::{CAMPAIGN, Daemon, Invocation, free_address, wait_until, write_secret};
use crate::described::{Described, description};
use crate::members::{Member, Site, wait_for_shares};
use crate::standby::{SLOW, Shared, ready};

/// Starts a daemon that says where it can be reached.
fn start_at(invocation: &mut Invocation, address: &str) -> (Daemon, Api) {
    let daemon = invocation
        .env("AUTOPILOT_LISTEN", address)
        .env("AUTOPILOT_ADVERTISE_ADDRESS", format!("http://{address}/"))
        .start()
        .tolerate(&SLOW);
    let api = Api::of(&daemon);
    (daemon, api)
}

#[test]
fn a_standby_names_the_daemon_to_ask_and_a_command_asks_it() {
    let Some(shared) = Shared::new() else {
        return;
    };
    let address = free_address();
    let (first, first_api) = start_at(&mut shared.invocation("first"), &address);
    wait_until("the first steers", || ready(&first_api));
    let (second, second_api) = shared.start("second");
    second.wait_for_log("stands by");
    let elsewhere = |of: &Value| of["elsewhere"][0]["address"].clone();
    let mut described = Described::new(description());
    wait_until("the standby knows where", || {
        elsewhere(&second_api.get("/api/v1/status").json()) == format!("http://{address}")
    });
    let status = second_api.get("/api/v1/status").json();
    described.answer("/api/v1/status", "GET", 200, &status);

    let path = format!("/api/v1/campaigns/{CAMPAIGN}/hold");
    let hold = json!({"kind": "paused", "for": "1h", "reason": "trial"});
    let refused = second_api.change("PUT", &path, &hold);
    assert_eq!(refused.status, 421, "{}", refused.body);
    let fault = refused.json();
    described.answer("/api/v1/campaigns/{id}/hold", "PUT", 421, &fault);
    assert_eq!(fault["error"], "standby");
    assert_eq!(elsewhere(&fault), format!("http://{address}"));
    assert!(fault["faults"][0].as_str().unwrap().contains(&address));
    let all = json!({"all": true, "kind": "paused", "for": "1h", "reason": "trial"});
    let refused = second_api.change("PUT", "/api/v1/holds", &all);
    assert_eq!(refused.status, 421, "{}", refused.body);
    described.answer("/api/v1/holds", "PUT", 421, &refused.json());
    assert_eq!(shared.centre.commands(), [""; 0]);

    // The command line goes on to the daemon that it was told of.
    let run = |words: &[&str]| second_api.command(words).output();
    let done = run(&["hold", CAMPAIGN, "--paused", "--for", "1h", "--reason", "x"]);
    assert_eq!(done.code(), 0, "{}{}", done.stdout, done.stderr);
    assert!(done.stderr.contains(&address), "{}", done.stderr);
    shared.centre.wait_for_status(CAMPAIGN, "PAUSED");
    // Its own status names who steers, and what is asked of a campaign is asked there.
    let own = run(&["status"]);
    assert_eq!(own.code(), 1, "a standby is not ready: {}", own.stdout);
    assert!(
        own.stdout.contains(&format!("ask http://{address}")),
        "{}",
        own.stdout
    );
    for words in [&["status", CAMPAIGN][..], &["status", "--attention"]] {
        let asked = run(words);
        assert_eq!(asked.code(), 0, "{}{}", asked.stdout, asked.stderr);
        assert!(asked.stderr.contains(&address), "{}", asked.stderr);
        assert!(
            asked.stdout.starts_with("ready, agents read "),
            "{}",
            asked.stdout
        );
    }
    assert!(
        run(&["status", CAMPAIGN])
            .stdout
            .contains("held paused until")
    );
    let explained = run(&["explain", CAMPAIGN]);
    assert_eq!(explained.code(), 0, "{}", explained.stderr);
    assert!(explained.stdout.contains(CAMPAIGN));
    let told = run(&["history"]);
    assert!(
        told.stdout.contains("held paused"),
        "{}{}",
        told.stdout,
        told.stderr
    );
    let let_go = run(&["resume", "--all", "--yes"]);
    assert_eq!(let_go.code(), 0, "{}{}", let_go.stdout, let_go.stderr);
    shared.centre.wait_for_status(CAMPAIGN, "RUNNING");
    first.wait_for_log("resumed");
    first.stop();
    wait_until("the second steers", || ready(&second_api));
    second.stop();
}

#[test]
fn a_daemon_that_says_no_address_is_named_all_the_same() {
    let Some(shared) = Shared::new() else {
        return;
    };
    let (first, first_api) = shared.start("first");
    wait_until("the first steers", || ready(&first_api));
    let (second, second_api) = shared.start("second");
    second.wait_for_log("stands by");
    let words = ["hold", CAMPAIGN, "--paused", "--for", "1h", "--reason", "x"];
    let refused = second_api.command(&words).output();
    assert_eq!(refused.code(), 69, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("advertise_address"),
        "{}",
        refused.stderr
    );
    assert!(refused.stderr.contains("(process "), "{}", refused.stderr);
    // Nor is one asked that names the standby itself: once is enough.
    second.stop();
    first.stop();
    assert_eq!(shared.centre.commands(), [""; 0]);
}

#[test]
fn one_word_stops_the_campaigns_of_every_member() {
    let Some(site) = Site::new() else {
        return;
    };
    write_secret(&site.path("token"), "operators-token-of-this-test");
    let start = |machine: &str| {
        let address = free_address();
        let mut invocation = site.invocation(machine);
        invocation.env("AUTOPILOT_ADMIN_TOKEN_FILE", site.path("token"));
        let (daemon, api) = start_at(&mut invocation, &address);
        Member { daemon, api }
    };
    let first = start("first");
    wait_for_shares(&[&first], &[6]);
    let second = start("second");
    wait_for_shares(&[&first, &second], &[3, 3]);
    let run = |words: &[&str]| {
        let mut command = second.api.command(words);
        command.env("AUTOPILOT_ADMIN_TOKEN_FILE", site.path("token"));
        command.output()
    };
    let all = ["pause", "--all", "--for", "1h", "--reason", "x", "--yes"];
    let held = run(&all);
    assert_eq!(held.code(), 0, "{}{}", held.stdout, held.stderr);
    assert_eq!(
        held.stdout.matches("3 campaigns held paused").count(),
        2,
        "{}",
        held.stdout
    );
    for tenant in crate::members::TENANTS {
        site.centre.wait_for_status(tenant, "PAUSED");
    }
    // The status of everything that wants attention is every member's; that of one tenant is its own member's.
    let held = ["status", "--attention", "-o", "json"];
    let attention: Value = serde_json::from_str(&run(&held).stdout).unwrap();
    assert_eq!(attention["tenants"].as_array().unwrap().len(), 6);
    assert_eq!(attention["elsewhere"], Value::Null, "each was asked");
    for tenant in crate::members::TENANTS {
        let of_tenant: Value =
            serde_json::from_str(&run(&["status", "--tenant", tenant, "-o", "json"]).stdout)
                .unwrap();
        assert_eq!(of_tenant["campaigns"][0]["id"], tenant);
        let id = format!("{tenant}/{tenant}");
        let of_campaign = run(&["status", &id]);
        assert!(
            of_campaign.stdout.contains("held paused until"),
            "{}{}",
            of_campaign.stdout,
            of_campaign.stderr
        );
    }
    let unknown = run(&["status", "--team", "nobody"]);
    assert_eq!(unknown.code(), 1, "{}", unknown.stderr);
    // A stranger to the token is told nothing more at the other daemon.
    let mut bare = second.api.command(&all);
    assert_eq!(bare.output().code(), 77);

    // One of the other's is let go of by the same way.
    let elsewhere = first.steers()[0];
    let campaign = format!("{elsewhere}/{elsewhere}");
    let let_go = run(&["release", &campaign]);
    assert_eq!(let_go.code(), 0, "{}{}", let_go.stdout, let_go.stderr);
    site.centre.wait_for_status(elsewhere, "RUNNING");
    let outcomes = || site.psql("SELECT count(*) FROM audit WHERE kind = 'outcome'");
    wait_until("everything is recorded", || outcomes() == "7");
    first.daemon.stop();
    second.daemon.stop();
}
