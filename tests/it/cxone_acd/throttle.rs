//! Campaigns that dial ahead are stepped down before they are paused, by the real daemon.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use campaign_autopilot::simulator::{
    AcdOperation, AcdSettings, Actor, Effect, Endpoint, FIRST_CAMPAIGN, Fault, FaultRule,
    FaultTiming, Phase, RequestSeen,
};
use serde_json::{Value, json};

use crate::api::Api;
use crate::centre::{Centre, Daemon, Invocation, of_kind, wait_until};
use crate::restart::killer;

use super::daemon::{asked, centre, daemon, wait_for_polls};
use super::tenant::SKILL;

const READ: Endpoint = Endpoint::Acd(AcdOperation::GeneralSettings);
const WRITE: Endpoint = Endpoint::Acd(AcdOperation::PutGeneralSettings);

/// A daemon that steps its campaign down, and pauses it when that is not enough.
fn stepping(centre: &Centre, actuator: &str) -> Invocation {
    let mut daemon = daemon(centre);
    daemon
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .args(&["--actuator", actuator]);
    daemon
}

fn ratio(centre: &Centre) -> Value {
    let settings = centre.platform.general_settings(FIRST_CAMPAIGN).unwrap();
    settings["maximumRatio"].clone()
}

#[track_caller]
fn wait_for_ratio(centre: &Centre, dials: u32) {
    wait_until(&format!("the skill dials {dials} for each agent"), || {
        ratio(centre) == dials
    });
}

/// What was done to the campaign, by whom, in the order in which it was done.
fn deeds(centre: &Centre) -> Vec<String> {
    let deed = |effect: &Effect| {
        let by = match effect.actor() {
            Actor::Person => "person",
            Actor::Client { .. } => "daemon",
        };
        match effect {
            Effect::Status(entry) => Some(format!("{by}: {}", entry.to)),
            Effect::Paced(entry) => Some(format!("{by}: {} -> {}", entry.from, entry.to)),
            Effect::Assigned(_)
            | Effect::QueueWritten(_)
            | Effect::Moved(_)
            | Effect::Reserved(_) => None,
        }
    };
    centre.platform.effects().iter().filter_map(deed).collect()
}

/// A daemon that runs, with its campaign stepped down.
fn stepped_down(centre: &Centre, actuator: &str) -> Daemon {
    let daemon = stepping(centre, actuator).start();
    wait_for_polls(centre, 3);
    centre.platform.set_available(2);
    daemon.wait_for_log("the pace of the campaign was changed");
    daemon
}

#[test]
fn a_campaign_is_stepped_down_and_put_back_on_recovery() {
    let centre = centre(AcdSettings::default());
    let daemon = stepped_down(&centre, "step-down");
    let api = Api::of(&daemon);
    wait_until("the status shows it", || {
        let throttle = api.campaign(SKILL)["throttle"].clone();
        throttle["stepped_down_to"] == 1.0 && throttle["original"] == 2.0
    });
    wait_until("the metric shows it", || {
        api.series("autopilot_campaigns_stepped_down") == Some(1.0)
    });
    wait_for_polls(&centre, 10);
    let explained = api.get(&format!("/api/v1/campaigns/{SKILL}")).body;
    assert!(
        explained.contains("stepped down to 1 dial for each idle agent, from 2"),
        "{explained}"
    );
    centre.platform.set_available(20);
    wait_for_ratio(&centre, 2);
    wait_until("nothing is remembered any more", || {
        api.series("autopilot_campaigns_stepped_down") == Some(0.0)
    });
    daemon.stop();
    assert_eq!(deeds(&centre), ["daemon: 2 -> 1", "daemon: 1 -> 2"]);
    let rows = centre.audit();
    let intents = of_kind(&rows, "pace_intent");
    let original = |row: &&Value| row["event"]["original"].clone();
    assert_eq!(
        intents.iter().map(original).collect::<Vec<_>>(),
        [json!("2"), json!("2")],
        "{rows:#?}"
    );
    let outcomes = of_kind(&rows, "pace_outcome");
    assert!(
        outcomes.len() == 2
            && outcomes
                .iter()
                .all(|row| row["event"]["conclusion"] == "confirmed"),
        "{rows:#?}"
    );
}

#[test]
fn it_is_paused_only_when_the_step_was_not_enough() {
    let centre = centre(AcdSettings::default());
    let daemon = stepped_down(&centre, "step-down-then-pause");
    centre.wait_for_status(FIRST_CAMPAIGN, "PAUSED");
    daemon.wait_for_log("paused");
    centre.platform.set_available(20);
    centre.wait_for_status(FIRST_CAMPAIGN, "RUNNING");
    wait_for_ratio(&centre, 2);
    wait_for_polls(&centre, 3);
    daemon.stop();
    assert_eq!(
        deeds(&centre),
        [
            "daemon: 2 -> 1",
            "daemon: PAUSED",
            "daemon: RUNNING",
            "daemon: 1 -> 2"
        ]
    );
    centre.audit();
}

/// Killed at `step` of its first write, the next daemon finds out what became of it, and puts the pace back.
fn killed_at(
    step: impl Fn(&RequestSeen, Phase) -> bool + Send + Sync + 'static,
    fault: Option<Fault>,
) {
    let centre = centre(AcdSettings::default());
    let mut first = stepping(&centre, "step-down").start();
    wait_for_polls(&centre, 3);
    if let Some(fault) = fault {
        centre.platform.inject(FaultRule {
            fault,
            endpoint: Some(WRITE),
            when: FaultTiming::Next(1),
        });
    }
    let target = Arc::new(AtomicU32::new(0));
    target.store(first.child.id(), Ordering::SeqCst);
    centre.platform.set_hook(Some(killer(&target, step)));
    centre.platform.set_available(2);
    assert!(!first.end().success(), "it was killed");
    centre.platform.set_hook(None);
    let second = stepping(&centre, "step-down").start();
    let api = Api::of(&second);
    wait_until("the outcome is known", || {
        let throttle = api.campaign(SKILL)["throttle"].clone();
        throttle["original"] == 2.0 && throttle["change_open"] == false
    });
    assert_eq!(ratio(&centre), 1);
    centre.platform.set_available(20);
    wait_for_ratio(&centre, 2);
    second.wait_for_log("the pace of the campaign was changed");
    second.stop();
    let rows = centre.audit();
    let intents = of_kind(&rows, "pace_intent").len();
    let ended = of_kind(&rows, "pace_outcome").len() + of_kind(&rows, "pace_noticed").len();
    assert_eq!(intents, ended, "{rows:#?}");
}

fn at(endpoint: Endpoint, phase: Phase) -> impl Fn(&RequestSeen, Phase) -> bool {
    move |seen, now| seen.endpoint == endpoint && now == phase
}

#[test]
fn killed_when_the_write_took_effect() {
    killed_at(at(WRITE, Phase::Applied), None);
}

#[test]
fn killed_before_the_answer_came() {
    killed_at(at(WRITE, Phase::Answering), None);
}

#[test]
fn killed_while_it_is_stepped_down_the_next_one_puts_it_back() {
    let centre = centre(AcdSettings::default());
    stepped_down(&centre, "step-down").kill();
    centre.platform.set_available(20);
    let again = stepping(&centre, "step-down").start();
    wait_for_ratio(&centre, 2);
    again.wait_for_log("the pace of the campaign was changed");
    again.stop();
    assert_eq!(deeds(&centre), ["daemon: 2 -> 1", "daemon: 1 -> 2"]);
    centre.audit();
}

#[test]
fn a_persons_change_of_the_lever_wins() {
    let centre = centre(AcdSettings::default());
    let daemon = stepped_down(&centre, "step-down").tolerate(&["somebody else changed the pace"]);
    let set = json!({"maximumRatio": 3});
    assert!(centre.platform.person_paces(FIRST_CAMPAIGN, &set));
    let told = daemon.wait_for_log("somebody else changed the pace");
    assert_eq!(
        (&told["found"], &told["ours"], &told["original"]),
        (&json!("3"), &json!("1"), &json!("2"))
    );
    centre.platform.set_available(20);
    wait_for_polls(&centre, 10);
    centre.platform.set_available(2);
    wait_for_polls(&centre, 10);
    daemon.stop();
    assert_eq!(
        deeds(&centre),
        [
            "daemon: 2 -> 1",
            "person: 2 -> 3".replace("2 ->", "1 ->").as_str()
        ]
    );
    let rows = centre.audit();
    let noticed = of_kind(&rows, "pace_noticed");
    assert_eq!(
        noticed[0]["event"]["notice"]["notice"], "person_changed",
        "{rows:#?}"
    );
}

#[test]
fn what_else_a_person_changes_meanwhile_stays() {
    let centre = centre(AcdSettings::default());
    let daemon = stepped_down(&centre, "step-down");
    let set = json!({"aggressiveness": "Low"});
    assert!(centre.platform.person_paces(FIRST_CAMPAIGN, &set));
    centre.platform.set_available(20);
    wait_for_ratio(&centre, 2);
    daemon.stop();
    let settings = centre.platform.general_settings(FIRST_CAMPAIGN).unwrap();
    assert_eq!(settings["aggressiveness"], "Low");
}

#[test]
fn writes_are_bounded_in_an_hour() {
    let centre = centre(AcdSettings::default());
    let daemon = stepping(&centre, "step-down")
        .args(&["--max-pace-changes-per-hour", "3"])
        .start();
    wait_for_polls(&centre, 3);
    for _ in 0..3 {
        centre.platform.set_available(2);
        wait_for_polls(&centre, 8);
        centre.platform.set_available(20);
        wait_for_polls(&centre, 8);
    }
    daemon.stop();
    assert_eq!(deeds(&centre), ["daemon: 2 -> 1", "daemon: 1 -> 2"]);
    centre.audit();
}

#[test]
fn a_hold_puts_the_pace_back() {
    let centre = centre(AcdSettings::default());
    let token = "a".repeat(32);
    let file = super::daemon::write(centre.directory.path(), "token", &token);
    let daemon = stepping(&centre, "step-down")
        .env("AUTOPILOT_ADMIN_TOKEN_FILE", &file)
        .start();
    wait_for_polls(&centre, 3);
    centre.platform.set_available(2);
    daemon.wait_for_log("the pace of the campaign was changed");
    let api = Api::of(&daemon);
    let held = api
        .command(&[
            "hold",
            SKILL,
            "--running",
            "--for",
            "1h",
            "--reason",
            "trial",
        ])
        .args(&["--token-file", &file])
        .output();
    assert_eq!(held.code(), 0, "{}", held.stderr);
    wait_for_ratio(&centre, 2);
    daemon.stop();
    centre.audit();
}

#[test]
fn restore_puts_back_after_the_daemon_has_stopped() {
    let centre = centre(AcdSettings::default());
    stepped_down(&centre, "step-down").stop();
    let unasked = asked(&centre, &["restore"]);
    assert_eq!(unasked.code(), 1, "{}{}", unasked.stdout, unasked.stderr);
    let line = "campaign 4711: 1 -> 2 dials for each idle agent";
    assert!(unasked.stdout.contains(line), "{}", unasked.stdout);
    assert!(unasked.stderr.contains("--yes"), "{}", unasked.stderr);
    assert_eq!(
        ratio(&centre),
        1,
        "nothing is written before it is confirmed"
    );
    let done = asked(&centre, &["restore", "--yes"]);
    assert_eq!(done.code(), 0, "{}{}", done.stdout, done.stderr);
    assert!(
        done.stdout.contains("campaign 4711: put back"),
        "{}",
        done.stdout
    );
    assert_eq!(ratio(&centre), 2);
    let again = asked(&centre, &["restore", "--yes"]);
    assert_eq!(again.code(), 0, "{}", again.stderr);
    assert!(
        again.stdout.contains("2 dials for each idle agent already"),
        "{}",
        again.stdout
    );
    // To the next daemon that was somebody else.
    let next = stepping(&centre, "step-down")
        .start()
        .tolerate(&["somebody else changed the pace"]);
    next.wait_for_log("somebody else changed the pace");
    wait_for_polls(&centre, 5);
    next.stop();
    assert_eq!(deeds(&centre), ["daemon: 2 -> 1", "daemon: 1 -> 2"]);
    let rows = centre.audit();
    let why = &of_kind(&rows, "pace_intent")[1]["event"]["why"];
    assert!(
        why.as_str().unwrap().starts_with("restored by"),
        "{rows:#?}"
    );
    let none = asked(&centre, &["restore"]);
    assert!(none.stdout.contains("is stepped down"), "{}", none.stdout);
}

#[test]
fn restore_works_beside_a_running_daemon_and_leaves_a_persons_pace() {
    let centre = centre(AcdSettings::default());
    // A command that is slow has the write lock for longer than the daemon waits.
    let daemon = stepped_down(&centre, "step-down")
        .tolerate(&["somebody else changed the pace", "store not written"]);
    let done = asked(&centre, &["restore", "--yes"]);
    assert_eq!(done.code(), 0, "{}{}", done.stdout, done.stderr);
    assert_eq!(ratio(&centre), 2);
    daemon.wait_for_log("somebody else changed the pace");
    wait_for_polls(&centre, 10);
    daemon.stop();
    assert_eq!(ratio(&centre), 2, "left alone for the grace");
    let other = super::daemon::centre(AcdSettings::default());
    stepped_down(&other, "step-down").stop();
    assert!(
        other
            .platform
            .person_paces(FIRST_CAMPAIGN, &json!({"maximumRatio": 3}))
    );
    let done = asked(&other, &["restore", "--yes"]);
    assert_eq!(done.code(), 0, "{}", done.stderr);
    assert!(
        done.stdout.contains("somebody set 3 dials"),
        "{}",
        done.stdout
    );
    assert_eq!(ratio(&other), 3);
}

#[test]
fn what_cannot_be_stepped_down_is_refused_or_told() {
    let one = AcdSettings {
        ratios: [(FIRST_CAMPAIGN.to_owned(), 1)].into(),
        ..AcdSettings::default()
    };
    let centre = centre(one);
    let checked = asked(&centre, &["check", "--online", "--actuator", "step-down"]);
    assert_eq!(checked.code(), 78, "{}{}", checked.stdout, checked.stderr);
    let line = "FAILED  campaign 4711: dials 1 for each idle agent as it is";
    assert!(checked.stdout.contains(line), "{}", checked.stdout);
    let daemon = stepping(&centre, "step-down-then-pause")
        .start()
        .tolerate(&["cannot be stepped down"]);
    daemon.wait_for_log("cannot be stepped down");
    centre.platform.set_available(2);
    centre.wait_for_status(FIRST_CAMPAIGN, "PAUSED");
    daemon.wait_for_log("paused");
    daemon.stop();
    assert_eq!(deeds(&centre), ["daemon: PAUSED"]);
    centre.audit();

    let ahead = super::daemon::centre(AcdSettings::default());
    let checked = asked(&ahead, &["check", "--online", "--actuator", "step-down"]);
    assert_eq!(checked.code(), 0, "{}{}", checked.stdout, checked.stderr);
    let line = "ok      campaign 4711: dials 2 for each idle agent, and can be stepped down";
    assert!(checked.stdout.contains(line), "{}", checked.stdout);
    let v2 = Centre::new();
    let refused = v2.daemon().args(&["--actuator", "step-down"]).output();
    assert_eq!(refused.code(), 78, "{}", refused.stderr);
    let line = "cxone-v2 cannot make a campaign dial slower";
    assert!(refused.stderr.contains(line), "{}", refused.stderr);
}

#[test]
fn a_pace_that_cannot_be_read_or_written_holds_no_pause_back() {
    for endpoint in [READ, WRITE] {
        let centre = centre(AcdSettings::default());
        centre.platform.inject(FaultRule {
            fault: Fault::Forbidden,
            endpoint: Some(endpoint),
            when: FaultTiming::Always,
        });
        let daemon = stepping(&centre, "step-down-then-pause")
            .start()
            .tolerate(&["cannot be read, so that", "was not changed", "403"]);
        wait_for_polls(&centre, 3);
        centre.platform.set_available(2);
        centre.wait_for_status(FIRST_CAMPAIGN, "PAUSED");
        daemon.wait_for_log("paused");
        daemon.stop();
        assert_eq!(ratio(&centre), 2);
        centre.audit();
    }
}

#[test]
fn a_dry_run_changes_no_pace() {
    let centre = centre(AcdSettings::default());
    let daemon = stepping(&centre, "step-down").args(&["--dry-run"]).start();
    wait_for_polls(&centre, 3);
    centre.platform.set_available(2);
    daemon.wait_for_log("dry run: the pace of the campaign would be changed");
    wait_for_polls(&centre, 5);
    daemon.stop();
    assert_eq!(deeds(&centre), [""; 0]);
    assert_eq!(centre.platform.request_count(Some(WRITE)), 0);
}

#[test]
fn a_campaign_that_is_taken_out_while_it_is_stepped_down_is_told_and_restored() {
    let centre = centre(AcdSettings::default());
    centre.platform.put_campaign("campaign-2", "RUNNING");
    let other = centre.platform.shown_id("campaign-2");
    let first = stepped_down(&centre, "step-down");
    first.stop();
    let next = stepping(&centre, "pause")
        .env("CXONE_CAMPAIGN_ID", &other)
        .start()
        .tolerate(&["its pace was changed by us, but it is no longer in the configuration"]);
    let told =
        next.wait_for_log("its pace was changed by us, but it is no longer in the configuration");
    assert_eq!(told["campaign"], SKILL);
    wait_for_polls(&centre, 3);
    next.stop();
    assert_eq!(ratio(&centre), 1, "nobody manages it");
    let done = asked(&centre, &["restore", "--yes"]);
    assert_eq!(done.code(), 0, "{}{}", done.stdout, done.stderr);
    assert_eq!(ratio(&centre), 2);
    centre.audit();
}
