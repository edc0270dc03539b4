//! An operator says whose a pause is: claimed, the thresholds resume it; given away, nothing of ours does.

use serde_json::{Value, json};

use crate::api::Api;
use crate::centre::{CAMPAIGN, Centre, Daemon, Finished, of_kind, wait_until};

const PAUSED: &str = "campaign-1: RUNNING -> PAUSED";
const RESUMED: &str = "campaign-1: PAUSED -> RUNNING";

const PAUSE_OWNER: &str = "/api/v1/campaigns/campaign-1/pause-owner";

fn start(centre: &Centre) -> (Daemon, Api) {
    let daemon = centre
        .daemon()
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .start();
    let api = Api::of(&daemon);
    (daemon, api)
}

fn status(centre: &Centre) -> String {
    centre.platform.campaign_status(CAMPAIGN).unwrap()
}

fn release(api: &Api, words: &[&str]) -> Finished {
    api.command(&[&["release", CAMPAIGN], words].concat())
        .output()
}

fn said(done: &Finished) -> &str {
    assert_eq!(done.code(), 0, "{}{}", done.stdout, done.stderr);
    &done.stdout
}

#[test]
fn a_claimed_pause_is_resumed_and_one_that_was_given_away_is_not() {
    let centre = Centre::new();
    let (daemon, api) = start(&centre);
    centre.wait_for_polls(3);
    let early = release(&api, &["--ours"]);
    assert_eq!(early.code(), 1, "{}", early.stdout);
    let why = "campaign `campaign-1` is running as last read and not paused";
    assert!(early.stderr.contains(why), "{}", early.stderr);

    centre.platform.person_sets(CAMPAIGN, "PAUSED");
    daemon.wait_for_log("paused by a person");
    centre.wait_for_polls(6);
    assert_eq!(
        status(&centre),
        "PAUSED",
        "ten agents are free, and a person paused it"
    );
    assert_eq!(
        said(&release(&api, &["--ours", "--reason", "list is fixed"])),
        "campaign-1 pause claimed for the autopilot, was a person's: resumed by the thresholds; no hold was in force\n"
    );
    centre.wait_for_status(CAMPAIGN, "RUNNING");
    daemon.wait_for_log("resumed");

    centre.platform.set_available(2);
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    wait_until("it is known to be ours", || {
        api.campaign(CAMPAIGN)["paused_by"] == "autopilot"
    });
    assert_eq!(
        said(&release(&api, &["--theirs", "--reason", "no list tonight"])),
        "campaign-1 pause given away, was the autopilot's: never resumed by the autopilot; no hold was in force\n"
    );
    assert_eq!(api.campaign(CAMPAIGN)["paused_by"], "person");
    let line = daemon.wait_for_log("pause given away, manual now (was: autopilot)");
    assert_eq!(
        (line["by"].as_str(), line["reason"].as_str()),
        (Some("anna"), Some("no list tonight"))
    );
    assert_eq!(
        said(&release(&api, &["--theirs"])),
        "campaign-1 pause a manual one already: never resumed by the autopilot; no hold was in force\n"
    );
    centre.platform.set_available(50);
    centre.wait_for_polls(8);
    assert_eq!(status(&centre), "PAUSED");
    let changes = "autopilot_operator_changes_total{change=\"pause_owner\"}";
    assert_eq!(api.series(changes), Some(3.0));
    let history = api.command(&["history", "--since", "1h"]).output();
    let told = said(&history);
    assert!(
        told.contains("was a person's: resumed by the thresholds; no hold was in force, by anna: list is fixed"),
        "{told}"
    );
    daemon.stop();

    let (daemon, _) = start(&centre);
    centre.wait_for_polls(6);
    assert_eq!(status(&centre), "PAUSED", "nor after a restart");
    daemon.stop();
    let audit = centre.audit();
    let told: Vec<Value> = of_kind(&audit, "operator")
        .iter()
        .map(|row| {
            let made = &row["event"]["made"];
            json!([made["change"], made["was"], row["event"]["by"]])
        })
        .collect();
    assert_eq!(
        told,
        [
            json!(["pause_claimed", "person", "anna"]),
            json!(["pause_given_away", "autopilot", "anna"]),
            json!(["pause_given_away", "person", "anna"]),
        ]
    );
    assert_eq!(centre.commands(), [RESUMED, PAUSED]);
}

#[test]
fn a_hold_ends_with_a_claim() {
    let centre = Centre::new();
    let (daemon, api) = start(&centre);
    centre.wait_for_polls(2);
    let held = api
        .command(&["hold", CAMPAIGN, "--paused", "--for", "1h"])
        .arg("--reason=lunch")
        .output();
    said(&held);
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    wait_until("it is known to be ours", || {
        api.campaign(CAMPAIGN)["paused_by"] == "autopilot"
    });
    assert_eq!(
        said(&release(&api, &["--theirs"])),
        "campaign-1 pause given away, was the autopilot's: never resumed by the autopilot; no longer held paused\n"
    );
    assert!(api.campaign(CAMPAIGN)["hold"].is_null());
    centre.wait_for_polls(5);
    assert_eq!(status(&centre), "PAUSED");
    let held = api
        .command(&["hold", CAMPAIGN, "--as-is", "--for", "1h"])
        .arg("--reason=not yet")
        .output();
    said(&held);
    assert_eq!(
        said(&release(&api, &["--ours"])),
        "campaign-1 pause claimed for the autopilot, was a person's: resumed by the thresholds; no longer held as-is\n"
    );
    centre.wait_for_status(CAMPAIGN, "RUNNING");
    daemon.wait_for_log("resumed");
    daemon.stop();
    assert_eq!(of_kind(&centre.audit(), "operator").len(), 4);
    assert_eq!(centre.commands(), [PAUSED, RESUMED]);
}

#[test]
fn a_pause_that_cannot_be_shown_to_be_ours_can_be_claimed() {
    let centre = Centre::new();
    centre.platform.set_available(0);
    let daemon = centre.daemon().start();
    daemon.wait_for_log("paused");
    daemon.stop();
    centre.platform.person_sets(CAMPAIGN, "RUNNING");
    centre.platform.person_sets(CAMPAIGN, "PAUSED");
    centre.platform.set_available(20);
    let (daemon, api) = start(&centre);
    let daemon = daemon.tolerate(&[
        "not to be shown to be ours",
        "nobody can say whose pause it is",
    ]);
    daemon.wait_for_log("nobody can say whose pause it is");
    centre.wait_for_polls(4);
    assert_eq!(status(&centre), "PAUSED");
    assert_eq!(
        said(&release(&api, &["--ours"])),
        "campaign-1 pause claimed for the autopilot, was of unknown origin: resumed by the thresholds; no hold was in force\n"
    );
    centre.wait_for_status(CAMPAIGN, "RUNNING");
    daemon.wait_for_log("resumed");
    daemon.stop();
    assert_eq!(of_kind(&centre.audit(), "operator").len(), 1);
}

#[test]
fn a_claim_that_cannot_be_written_or_makes_no_sense_is_not_made() {
    let centre = Centre::new();
    let (daemon, api) = start(&centre);
    centre.wait_for_polls(2);
    for words in [&["--ours", "--theirs"][..], &["--ours", "--queue"]] {
        assert_eq!(release(&api, words).code(), 2, "{words:?}");
    }
    let wrong = json!({"owner": "nobody", "reason": ""});
    let answer = api.change("PUT", PAUSE_OWNER, &wrong);
    assert_eq!(answer.status, 400, "{}", answer.body);
    assert_eq!(answer.json()["faults"].as_array().unwrap().len(), 2);
    let claim = json!({"owner": "autopilot", "reason": "trial"});
    let elsewhere = api.change("PUT", "/api/v1/campaigns/nowhere/pause-owner", &claim);
    assert_eq!(elsewhere.status, 404, "{}", elsewhere.body);

    centre.platform.person_sets(CAMPAIGN, "PAUSED");
    daemon.wait_for_log("paused by a person");
    centre.wait_for_polls(2);
    let other = centre.lock_store();
    let daemon = daemon.tolerate(&["store not written"]);
    let answer = api.change("PUT", PAUSE_OWNER, &claim);
    assert_eq!(answer.status, 503, "{}", answer.body);
    drop(other);
    wait_until("the store is written again", || {
        api.get("/readyz").status == 200
    });
    centre.wait_for_polls(5);
    assert_eq!(api.campaign(CAMPAIGN)["paused_by"], "person");
    assert_eq!(status(&centre), "PAUSED");
    daemon.stop();
    assert!(of_kind(&centre.audit(), "operator").is_empty());
    assert_eq!(centre.commands(), [""; 0]);
}
