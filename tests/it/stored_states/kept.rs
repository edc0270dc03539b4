//! What is in a stored state is there again, and what is decided on it is what its version would have decided.

use std::fs;

use campaign_autopilot::simulator::{Actor, AgentState, Effect, Endpoint};
use serde_json::{Value, json};

use crate::api::Api;
use crate::calibration::{counted, wait_for_readings, wait_for_state};
use crate::centre::{Invocation, of_kind, wait_until};
use crate::receiver::{Answering, Receiver};

use super::generate::{CAMPAIGNS, WEBHOOK_SECRET, staff};
use super::shelf::{KINDS, Stored, daemon, shelf, take, versions};

/// More polls than there are campaigns: each status was read meanwhile.
const EVERY_STATUS: u64 = 12;

/// Runs a story on every version's state of a kind, and then holds its audit against what was stored.
fn on_every(kind: &str, story: impl Fn(&Stored)) {
    for version in versions() {
        let stored = take(&version, kind);
        story(&stored);
        // The chain holds over both programs' rows, and both programs' inputs give the decisions recorded.
        let rows = stored.centre.audit();
        assert_eq!(rows[..stored.audit.len()], stored.audit, "{version}");
        assert!(
            rows.len() > stored.audit.len(),
            "{version}: nothing was added"
        );
    }
}

/// Rows of a kind that were added since the state was stored.
fn added(stored: &Stored, kind: &str) -> Vec<Value> {
    let rows = stored.centre.audit().split_off(stored.audit.len());
    of_kind(&rows, kind).into_iter().cloned().collect()
}

#[test]
fn every_released_version_has_its_stored_states() {
    let changelog = fs::read_to_string(shelf().join("../../CHANGELOG.md")).unwrap();
    let released = changelog.lines().filter_map(|line| {
        let (version, date) = line.strip_prefix("## ")?.split_once(" - ")?;
        date.starts_with(|c: char| c.is_ascii_digit())
            .then_some(version)
    });
    let stored = versions();
    for version in released {
        assert!(
            stored.iter().any(|stored| stored == version),
            "{version} was released without stored states: see tests/stored-states/README.md"
        );
    }
    for version in stored {
        for kind in KINDS {
            let database = shelf().join(&version).join(kind).join("autopilot.sqlite3");
            assert!(database.exists(), "{} is missing", database.display());
        }
    }
}

#[test]
fn a_store_in_which_nothing_was_read_is_begun_with() {
    on_every("fresh", |stored| {
        let centre = &stored.centre;
        staff(centre, "campaign-1", &AgentState::Available);
        let daemon = daemon(centre).start();
        centre.wait_for_polls(3);
        staff(centre, "campaign-1", &AgentState::Offline);
        centre.wait_for_status("campaign-1", "PAUSED");
        staff(centre, "campaign-1", &AgentState::Available);
        centre.wait_for_status("campaign-1", "RUNNING");
        daemon.wait_for_log("resumed");
        daemon.stop();
    });
}

#[test]
fn campaigns_are_commanded_as_their_states_say() {
    on_every("campaigns", |stored| {
        let centre = &stored.centre;
        for id in CAMPAIGNS.iter().filter(|id| **id != "grace") {
            staff(centre, id, &AgentState::Available);
        }
        let daemon = daemon(centre).start().tolerate(&["resume budget"]);
        let api = Api::of(&daemon);
        daemon.wait_for_log("resume budget of this hour used up");
        centre.wait_for_status("ours", "RUNNING");
        // What was sent before the crash took effect: reading it shows that it is ours, and so it is resumed.
        centre.wait_for_status("unresolved", "RUNNING");
        daemon.wait_for_log("command whose outcome was unknown has taken effect");
        centre.wait_for_polls(EVERY_STATUS);
        let mut commands = centre.commands();
        commands.sort();
        assert_eq!(
            commands,
            ["ours: PAUSED -> RUNNING", "unresolved: PAUSED -> RUNNING"]
        );
        let held = api.campaign("held");
        assert_eq!(
            (
                &held["hold"]["kind"],
                &held["hold"]["author"],
                &held["hold"]["reason"]
            ),
            (&json!("paused"), &json!("anna"), &json!("wrong list"))
        );
        let set = api.campaign("override");
        assert_eq!(
            (&set["set"]["pause_below"], &set["set"]["resume_at"]),
            (&json!("3"), &json!("4"))
        );
        let spent = api.campaign("spent");
        assert!(spent["why"].as_str().unwrap().contains("budget"), "{spent}");
        let person = api.campaign("person");
        assert!(
            person["why"].as_str().unwrap().contains("person"),
            "{person}"
        );
        daemon.stop();
        let before = of_kind(&stored.audit, "intent");
        let open = before.last().unwrap();
        let resolved = added(stored, "noticed");
        let resolved: Vec<&Value> = resolved
            .iter()
            .map(|row| &row["event"]["notice"])
            .filter(|notice| notice["notice"] == "resolved")
            .collect();
        assert_eq!(resolved.len(), 1, "{resolved:?}");
        let of = &resolved[0]["decision"];
        let of = format!("{}-{}", of["run"], of["tick"]);
        assert_eq!(open["decision"], of);
        assert_eq!(resolved[0]["conclusion"], "confirmed");
    });
}

#[test]
fn what_operators_set_ends_when_they_lift_it() {
    on_every("campaigns", |stored| {
        let centre = &stored.centre;
        for id in ["held", "override"] {
            staff(centre, id, &AgentState::Available);
        }
        let daemon = daemon(centre).start();
        let api = Api::of(&daemon);
        centre.wait_for_polls(3);
        for path in ["held/hold", "override/thresholds"] {
            let path = format!("/api/v1/campaigns/{path}?reason=done");
            let lifted = api.change("DELETE", &path, &Value::Null);
            assert_eq!(lifted.status, 200, "{}", lifted.body);
        }
        centre.wait_for_status("held", "RUNNING");
        centre.wait_for_status("override", "RUNNING");
        centre.wait_for_polls(2);
        daemon.stop();
    });
}

#[test]
fn lists_are_kept_and_an_open_dispatch_is_found_by_reading() {
    on_every("preview", |stored| {
        let centre = &stored.centre;
        for id in ["gate", "kept", "person", "open"] {
            staff(centre, id, &AgentState::Available);
        }
        let daemon = daemon(centre).start();
        daemon.wait_for_log("read what became of the last assignment");
        centre.wait_for_polls(EVERY_STATUS);
        let ours = || {
            let effects = centre.platform.effects();
            let ours = effects.into_iter().filter_map(|effect| match effect {
                Effect::Assigned(list) if matches!(list.by, Actor::Client { .. }) => Some(list),
                Effect::Assigned(_)
                | Effect::Status(_)
                | Effect::QueueWritten(_)
                | Effect::Moved(_)
                | Effect::Paced(_)
                | Effect::Reserved(_) => None,
            });
            ours.collect::<Vec<_>>()
        };
        assert_eq!(ours(), [], "every list is as it should be, or a person's");
        centre
            .platform
            .set_agent_state("open-1", AgentState::Offline);
        centre
            .platform
            .set_agent_state("person-1", AgentState::Offline);
        wait_until("the list is kept", || {
            centre.platform.assignments("open").len() == 1
        });
        centre.wait_for_polls(EVERY_STATUS);
        assert!(ours().iter().all(|list| list.campaign == "open"));
        daemon.stop();
        let noticed = added(stored, "list_noticed");
        let noticed: Vec<&Value> = noticed
            .iter()
            .map(|row| &row["event"]["notice"]["list_notice"])
            .collect();
        assert_eq!(noticed, ["resolved"]);
    });
}

#[test]
fn queues_are_remembered_and_an_open_write_is_found_by_reading() {
    on_every("queues", |stored| {
        let centre = &stored.centre;
        staff(centre, "campaign-1", &AgentState::Available);
        let version = || centre.platform.queue("queue-1").unwrap()["version"].clone();
        let before = version();
        // An open write is looked for when it can no longer be on its way: some time-outs after the start.
        let daemon = daemon(centre)
            .env("AUTOPILOT_REQUEST_TIMEOUT", "1s")
            .start();
        let api = Api::of(&daemon);
        daemon.wait_for_log("outcome was unknown");
        // The counters go on from where they were.
        for times in 1_000..1_003 {
            let shown = counted(times, 44);
            centre.platform.set_queue_statistics("queue-1", Some(shown));
            wait_for_readings(centre, 4);
        }
        wait_for_state(&api, "steady");
        assert_eq!(version(), before, "what was written is as advised");
        let held = api.get("/api/v1/status").json()["queues"][1].clone();
        assert_eq!(
            (&held["id"], &held["state"]),
            (&json!("queue-2"), &json!("held"))
        );
        assert!(
            held["why"]
                .as_str()
                .unwrap()
                .ends_with("by anna: under repair"),
            "{held}"
        );
        daemon.stop();
        assert_eq!(centre.platform.request_count(Some(Endpoint::QueuePut)), 0);
        let resolved = added(stored, "queue");
        assert_eq!(resolved.len(), 1, "{resolved:?}");
        assert_eq!(resolved[0]["event"]["record"]["step"], "resolved");
        assert_eq!(resolved[0]["event"]["record"]["conclusion"], "applied");
        let intents = of_kind(&stored.audit, "queue");
        assert_eq!(resolved[0]["decision"], intents.last().unwrap()["decision"]);
    });
}

#[test]
fn messages_that_wait_are_delivered_and_dead_ones_are_kept() {
    on_every("outbox", |stored| {
        let centre = &stored.centre;
        staff(centre, "waiting", &AgentState::Available);
        let outbox = |arguments: &[&str]| {
            let mut invocation = Invocation::bare();
            invocation.arg("outbox").args(arguments);
            let done = invocation
                .arg("--state-dir")
                .arg(centre.state_dir())
                .output();
            assert_eq!(done.code(), 0, "{}", done.stderr);
            done.stdout
        };
        let listed = || -> Vec<Value> {
            let lines = outbox(&["list", "--json"]);
            let lines = lines
                .lines()
                .map(|line| serde_json::from_str(line).unwrap());
            lines.collect()
        };
        let receiver = Receiver::start(Answering::Status(204));
        let daemon = daemon(centre)
            .env("AUTOPILOT_WEBHOOK_URL", receiver.url())
            .env("AUTOPILOT_WEBHOOK_SECRET", WEBHOOK_SECRET)
            .start();
        let taken = receiver.wait_for(2);
        let told = |at: usize| {
            let body = taken[at].json();
            (
                taken[at].header("x-autopilot-event").to_owned(),
                body["campaignId"].clone(),
                body["decisionId"].clone(),
            )
        };
        let outcomes = of_kind(&stored.audit, "outcome");
        let decided = |at: usize| outcomes[at]["decision"].clone();
        let waiting = json!("waiting");
        assert_eq!(
            [told(0), told(1)],
            [
                ("campaign.paused".to_owned(), waiting.clone(), decided(1)),
                ("campaign.resumed".to_owned(), waiting, decided(2))
            ]
        );
        wait_until("only the dead one is left", || listed().len() == 1);
        let dead = listed().remove(0);
        let given_up = of_kind(&stored.audit, "outbox")[0];
        assert_eq!(dead["id"], given_up["event"]["message"]);
        let retried = outbox(&["retry", "--all-dead"]);
        assert_eq!(dead["id"], retried.trim());
        let taken = receiver.wait_for(3);
        assert_eq!(dead["id"], taken[2].header("webhook-id"));
        assert_eq!(taken[2].json()["decisionId"], decided(0));
        wait_until("none is left", || listed().is_empty());
        daemon.stop();
    });
}
