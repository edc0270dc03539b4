//! The configuration is read anew while the daemon runs: whole, at once, and with the old one kept on a fault.

use serde_json::{Value, json};

use crate::api::Api;
use crate::centre::{CAMPAIGN, Daemon, of_kind, wait_until};
use crate::configured::Configured;

const SUCCESSFUL: &str = "autopilot_config_last_reload_successful";

fn started(configured: &Configured) -> (Daemon, Api) {
    let (daemon, api) = configured.start();
    configured.centre.wait_for_polls(2);
    (daemon, api)
}

#[test]
fn a_signal_puts_new_lines_in_force_at_the_next_poll() {
    let configured = Configured::new("pause_below = 5\n");
    let centre = &configured.centre;
    centre.platform.set_available(6);
    let (daemon, api) = started(&configured);
    let hash = api.get("/api/v1/status").json()["config"]["hash"].clone();
    configured.write("pause_below = 7\nresume_at = 9\nwebhook_timeout = \"7s\"\n");
    daemon.signal("HUP");
    let line = daemon.wait_for_log("pause_below: 5 -> 7");
    assert!(
        line["message"]
            .as_str()
            .unwrap()
            .contains("resume_at: 8 -> 9"),
        "{line}"
    );
    assert!(
        line["message"]
            .as_str()
            .unwrap()
            .contains("after a restart: webhook_timeout: 10s -> 7s"),
        "{line}"
    );
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    daemon.wait_for_log("paused");
    // Where the daemon finds the change by itself first, the signal's reload comes after that.
    wait_until("the signal was taken up", || {
        let config = api.get("/api/v1/status").json()["config"].clone();
        assert_ne!(config["hash"], hash);
        assert_eq!(config["last_reload"]["ok"], true);
        config["last_reload"]["by"] == "SIGHUP"
    });
    daemon.stop();
    let audit = centre.audit();
    let told = of_kind(&audit, "operator");
    assert_eq!(
        told[0]["event"]["made"]["changes"],
        json!(["pause_below: 5 -> 7", "resume_at: 8 -> 9"])
    );
}

#[test]
fn a_changed_file_is_taken_up_by_itself() {
    let configured = Configured::new("pause_below = 5\n");
    let (daemon, api) = started(&configured);
    configured.write("pause_below = 4\n");
    daemon.wait_for_log("pause_below: 5 -> 4");
    assert_eq!(
        api.get("/api/v1/status").json()["config"]["last_reload"]["by"],
        "settings file"
    );
    wait_until("it shows", || api.campaign(CAMPAIGN)["pause_below"] == 4);
    daemon.stop();
    assert_eq!(
        of_kind(&configured.centre.audit(), "operator").len(),
        1,
        "once"
    );
}

#[test]
fn what_a_loop_cannot_take_up_begins_it_anew_and_loses_nothing() {
    let configured = Configured::new("pause_below = 5\n");
    let centre = &configured.centre;
    let (daemon, api) = started(&configured);
    centre.platform.set_available(2);
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    daemon.wait_for_log("paused");
    let hold = format!("/api/v1/campaigns/{CAMPAIGN}/hold");
    let asked = json!({"kind": "as-is", "for": "1h", "reason": "trial"});
    assert_eq!(api.change("PUT", &hold, &asked).status, 200);
    let run = |api: &Api| {
        let decision = api.get("/api/v1/status").json()["decision"].clone();
        let decision = decision.as_str().unwrap_or_default().to_owned();
        decision.split('-').next().unwrap().to_owned()
    };
    assert_eq!(run(&api), "1");
    configured.write("pause_below = 5\npage_size = 50\nrequest_timeout = \"9s\"\n");
    let made = api.change("POST", "/-/reload", &Value::Null);
    assert_eq!(made.status, 200, "{}", made.body);
    let made = made.json()["made"].clone();
    assert_eq!(
        made["changes"],
        json!(["page_size: 100 -> 50", "request_timeout: 10s -> 9s"])
    );
    assert_eq!(made["after_restart"], json!([]));
    // The new loop takes commands as soon as the reload is answered.
    assert_eq!(
        api.change("DELETE", &format!("{hold}?reason=over"), &Value::Null)
            .status,
        200,
        "the hold is still there to be ended"
    );
    wait_until("it is in its second run", || run(&api) == "2");
    assert_eq!(api.campaign(CAMPAIGN)["paused_by"], "autopilot");
    centre.platform.set_available(20);
    centre.wait_for_status(CAMPAIGN, "RUNNING");
    daemon.wait_for_log("resumed");
    daemon.stop();
    assert_eq!(centre.commands().len(), 2);
    centre.audit();
}

#[test]
fn a_loop_that_begins_anew_finds_its_store_closed() {
    let configured = Configured::new("page_size = 100\n");
    let (daemon, api) = started(&configured);
    for page_size in 50..70 {
        configured.write(&format!("page_size = {page_size}\n"));
        let made = api.change("POST", "/-/reload", &Value::Null);
        assert_eq!(made.status, 200, "{}", made.body);
    }
    wait_until("the last loop runs", || {
        let decision = api.get("/api/v1/status").json()["decision"].clone();
        decision.as_str().is_some_and(|id| id.starts_with("21-"))
    });
    // It expects that nothing was warned of.
    daemon.stop();
    // The daemon may find a change by itself first: then the reload that was asked for has none.
    let audit = configured.centre.audit();
    let begun_anew = of_kind(&audit, "operator").into_iter().filter(|row| {
        let changes = row["event"]["made"]["changes"].to_string();
        changes.contains("page_size")
    });
    assert_eq!(begun_anew.count(), 20);
}

#[test]
fn a_fault_keeps_the_old_configuration_and_is_seen_everywhere() {
    let configured = Configured::new("pause_below = 5\n");
    let (daemon, api) = started(&configured);
    assert_eq!(api.series(SUCCESSFUL), Some(1.0));
    let since = "autopilot_config_last_reload_success_timestamp_seconds";
    let good = api.series(since);
    configured.write("pause_below = 9\nresume_at = 2\npause_bellow = 1\n");
    let answer = api.change("POST", "/-/reload?reason=trial&author=anna", &Value::Null);
    assert_eq!(answer.status, 422, "{}", answer.body);
    assert_eq!(answer.json()["made"]["faults"].as_array().unwrap().len(), 2);
    let daemon = daemon.tolerate(&["not reloaded"]);
    assert_eq!(
        (api.series(SUCCESSFUL), api.series(since)),
        (Some(0.0), good)
    );
    let status = api.get("/api/v1/status").json();
    let last = &status["config"]["last_reload"];
    assert_eq!(last["ok"], false);
    assert!(
        last["faults"][0]
            .as_str()
            .unwrap()
            .contains("autopilot.toml:"),
        "{last}"
    );
    let told = api.command(&["status"]).output();
    assert!(
        told.stdout.contains("was refused, the old one is in force"),
        "{}",
        told.stdout
    );
    configured.centre.wait_for_polls(3);
    assert_eq!(api.campaign(CAMPAIGN)["pause_below"], 5);
    let refused = api.command(&["reload"]).output();
    assert_eq!(refused.code(), 78, "{}", refused.stderr);
    assert!(refused.stderr.contains("pause_below"), "{}", refused.stderr);
    configured.write("pause_below = 5\nresume_at = 9\n");
    let fixed = api.command(&["reload", "--reason", "fixed"]).output();
    assert_eq!(fixed.code(), 0, "{}", fixed.stderr);
    // The daemon may have found the change by itself meanwhile.
    daemon.wait_for_log("resume_at: 8 -> 9");
    assert_eq!(api.series(SUCCESSFUL), Some(1.0));
    daemon.stop();
    configured.centre.audit();
}

#[test]
fn campaigns_come_and_go_with_their_series() {
    let configured = Configured::new("");
    let centre = &configured.centre;
    centre.platform.put_campaign("second", "RUNNING");
    let (daemon, api) = started(&configured);
    let series = |id: &str| api.series(&format!("autopilot_campaign_info{{campaign=\"{id}\"}}"));
    assert_eq!(series("second"), None);
    let second = "[[campaign]]\nid = \"second\"\npause_below = 20\nresume_at = 30\n";
    configured.write(second);
    assert_eq!(api.change("POST", "/-/reload", &Value::Null).status, 200);
    centre.wait_for_status("second", "PAUSED");
    wait_until("the pause is ours", || {
        api.campaign("second")["paused_by"] == "autopilot"
    });
    assert_eq!(series("second"), Some(1.0));
    configured.write("");
    assert_eq!(api.change("POST", "/-/reload", &Value::Null).status, 200);
    let daemon = daemon.tolerate(&["no longer in the configuration"]);
    assert_eq!(
        daemon.wait_for_log("no longer in the configuration")["campaign"],
        "second"
    );
    assert_eq!(series("second"), None);
    assert_eq!(api.get("/api/v1/campaigns/second").status, 404);
    let text = api.get("/metrics").body;
    assert!(!text.contains("\"second\""), "{text}");
    // It comes back to its state: the pause is still ours.
    configured.write("[[campaign]]\nid = \"second\"\n");
    assert_eq!(api.change("POST", "/-/reload", &Value::Null).status, 200);
    centre.wait_for_status("second", "RUNNING");
    assert_eq!(series(CAMPAIGN), Some(1.0));
    daemon.wait_for_log("resumed");
    daemon.stop();
    centre.audit();
}

#[test]
fn what_is_in_force_is_shown_with_its_origin_and_without_secrets() {
    let configured = Configured::new("pause_below = 5\n");
    let (daemon, api) = started(&configured);
    let shown = |words: &[&str]| {
        let mut all = vec!["config", "show", "--running"];
        all.extend(words);
        let done = api.command(&all).output();
        assert_eq!(done.code(), 0, "{}", done.stderr);
        done.stdout
    };
    let line = |text: &str, key: &str| {
        let of_key = |line: &&str| line.starts_with(&format!("{key} = "));
        text.lines().find(of_key).map(str::to_owned).unwrap()
    };
    assert_eq!(line(&shown(&[]), "pause_below"), "pause_below = 5");
    let with_origin = shown(&["--origin"]);
    let place = line(&with_origin, "pause_below");
    assert!(place.ends_with("autopilot.toml:1"), "{place}");
    let secret = line(&with_origin, "client_secret");
    assert!(
        secret.contains("(set)") && secret.contains("CXONE_CLIENT_SECRET"),
        "{secret}"
    );
    assert!(!with_origin.contains("autopilot-secret"));

    // What a reload takes up at once is in force, what waits for a restart is not, and what it refuses is not either.
    configured.write("# moved\n\npause_below = 4\nwebhook_timeout = \"7s\"\n");
    daemon.wait_for_log("pause_below: 5 -> 4");
    wait_until("it is shown", || {
        line(&shown(&[]), "pause_below") == "pause_below = 4"
    });
    let with_origin = shown(&["--origin"]);
    assert!(line(&with_origin, "pause_below").ends_with("autopilot.toml:3"));
    assert_eq!(
        line(&shown(&[]), "webhook_timeout"),
        "webhook_timeout = 10s"
    );
    let daemon = daemon.tolerate(&["configuration not reloaded"]);
    configured.write("pause_below = 3\nresume_at = 1\n");
    wait_until("it is refused", || {
        api.get("/api/v1/status").json()["config"]["last_reload"]["ok"] == json!(false)
    });
    let document: Value = serde_json::from_str(&shown(&["-o", "json"])).unwrap();
    assert_eq!(document, api.get("/api/v1/config").json());
    let of_key = |value: &&Value| value["key"] == "pause_below";
    let value = document["values"].as_array().unwrap().iter().find(of_key);
    assert_eq!(value.unwrap()["value"], "4");
    daemon.stop();
}
