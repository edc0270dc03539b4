//! Agents are moved to queues with the status that they have.

use campaign_autopilot::simulator::{AgentState, Effect, Endpoint, Fault, FaultRule, FaultTiming};
use serde_json::{Value, json};

use crate::centre::{Centre, of_kind, wait_until};
use crate::queues::{command, queue, records};

/// The state of an agent, and its queues, after the last move; nothing when nobody was moved.
fn moved(centre: &Centre) -> Option<(String, String, Vec<String>)> {
    let effects = centre.platform.effects();
    effects.iter().rev().find_map(|effect| match effect {
        Effect::Moved(entry) => Some((
            entry.state_before.clone(),
            entry.state_after.clone(),
            entry.to.clone(),
        )),
        Effect::Status(_)
        | Effect::Assigned(_)
        | Effect::QueueWritten(_)
        | Effect::Paced(_)
        | Effect::Reserved(_) => None,
    })
}

#[test]
fn an_agents_status_goes_back_as_it_was_read() {
    let centre = Centre::new();
    for (state, word) in [
        (AgentState::Busy, "busy"),
        (AgentState::WrapUp, "wrap-up"),
        (AgentState::Available, "available"),
        (AgentState::Offline, "offline"),
    ] {
        centre.platform.put_agent("zoe", state, &[]);
        let line = ["reassign", "zoe", "--queues", "queue-1,queue-2"];
        let done = queue(&centre, &line);
        assert_eq!(done.code(), 0, "{}{}", done.stdout, done.stderr);
        assert!(
            done.stdout.starts_with(&format!(
                "agent zoe -> queues queue-1, queue-2, status {word} as read\napplied ["
            )),
            "{}",
            done.stdout
        );
        let queues = vec!["queue-1".to_owned(), "queue-2".to_owned()];
        assert_eq!(
            moved(&centre),
            Some((word.to_owned(), word.to_owned(), queues))
        );
    }
    let records = records(&centre);
    assert_eq!(records.len(), 8);
    assert_eq!(
        (
            &records[0]["step"],
            &records[0]["status"],
            &records[0]["by"]
        ),
        (&json!("reassign_intent"), &json!("busy"), &json!("ops"))
    );
    assert_eq!(
        (&records[1]["step"], &records[1]["conclusion"]),
        (&json!("reassign_outcome"), &json!("applied"))
    );
}

#[test]
fn nobody_is_pulled_off_a_break_and_a_dry_run_moves_nobody() {
    let centre = Centre::new();
    let training = AgentState::Other("training".to_owned());
    centre.platform.put_agent("zoe", training, &[]);
    centre.platform.put_agent("ann", AgentState::Busy, &[]);
    let refused = queue(&centre, &["reassign", "zoe", "--queues", "queue-1"]);
    assert_eq!(refused.code(), 77, "{}", refused.stdout);
    assert!(
        refused
            .stderr
            .contains("cannot be written back, such as a break")
    );
    for (agent, to, told) in [
        ("nobody", "queue-1", "the platform has no agent nobody"),
        ("ann", "nowhere", "the platform has no queue nowhere"),
    ] {
        let refused = queue(&centre, &["reassign", agent, "--queues", to]);
        assert_eq!(refused.code(), 77);
        assert!(refused.stderr.contains(told), "{}", refused.stderr);
    }
    let shown = command(
        &centre,
        &["reassign", "ann", "--queues", "queue-1", "--dry-run"],
    )
    .output();
    assert_eq!(shown.code(), 0, "{}", shown.stderr);
    assert_eq!(
        shown.stdout,
        "agent ann -> queues queue-1, status busy as read\nnothing was written\n"
    );
    assert_eq!(moved(&centre), None);
    assert_eq!(centre.platform.request_count(Some(Endpoint::ProfilePut)), 0);
    assert!(records(&centre).is_empty());
}

/// A move whose answer is lost, with everything that the audit has of it.
fn lost(centre: &Centre) -> Vec<Value> {
    centre.platform.put_agent("zoe", AgentState::Busy, &[]);
    centre.platform.inject(FaultRule {
        fault: Fault::LostReply,
        endpoint: Some(Endpoint::ProfilePut),
        when: FaultTiming::Next(1),
    });
    let done = queue(centre, &["reassign", "zoe", "--queues", "queue-1"]);
    assert_eq!(done.code(), 69, "{}{}", done.stdout, done.stderr);
    let rows = centre.audit();
    let queues = of_kind(&rows, "queue").into_iter().cloned();
    let queues: Vec<Value> = queues.collect();
    let steps = queues.iter().map(|row| &row["event"]["record"]);
    let steps: Vec<_> = steps
        .map(|record| (&record["step"], &record["conclusion"]))
        .collect();
    assert_eq!(
        steps,
        [
            (&json!("reassign_intent"), &Value::Null),
            (&json!("reassign_outcome"), &json!("unknown")),
        ]
    );
    queues
}

/// What was found out about it, once.
fn found(centre: &Centre, before: &[Value]) {
    let rows = centre.audit();
    let queues = of_kind(&rows, "queue");
    let resolved: Vec<_> = queues
        .iter()
        .filter(|row| row["event"]["record"]["step"] == "reassign_resolved")
        .collect();
    assert_eq!(resolved.len(), 1, "{queues:?}");
    assert_eq!(resolved[0]["decision"], before[0]["decision"]);
    let record = &resolved[0]["event"]["record"];
    assert_eq!(
        (
            &record["agent"],
            &record["conclusion"],
            &record["status_after"]
        ),
        (&json!("zoe"), &json!("unknown"), &json!("busy"))
    );
    let why = record["why"][0].as_str().unwrap();
    assert!(why.contains("as it was written"), "{why}");
}

#[test]
fn a_daemon_finds_out_about_a_move_whose_answer_was_lost() {
    let centre = Centre::new();
    let before = lost(&centre);
    for starts in 0..2 {
        let daemon = centre
            .daemon()
            .env("AUTOPILOT_REQUEST_TIMEOUT", "2s")
            .start()
            .tolerate(&["outcome was unknown"]);
        daemon.wait_for_log(if starts == 0 {
            "move of an agent whose outcome was unknown"
        } else {
            "started"
        });
        daemon.stop();
        found(&centre, &before);
    }
    assert_eq!(centre.platform.request_count(Some(Endpoint::ProfilePut)), 1);
}

#[test]
fn the_next_move_of_the_agent_finds_out_about_one_whose_answer_was_lost() {
    let centre = Centre::new();
    let before = lost(&centre);
    wait_until("the lost move cannot be on its way any more", || {
        let line = ["reassign", "zoe", "--queues", "queue-2"];
        let mut again = command(&centre, &line);
        let again = again.env("AUTOPILOT_REQUEST_TIMEOUT", "2s").output();
        assert_eq!(again.code(), 0, "{}{}", again.stdout, again.stderr);
        let records = records(&centre);
        let mut steps = records.iter().map(|record| &record["step"]);
        steps.any(|step| step == "reassign_resolved")
    });
    found(&centre, &before);
}
