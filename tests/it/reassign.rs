//! Agents are moved to queues with the status that they have.

use campaign_autopilot::simulator::{AgentState, Effect, Endpoint};
use serde_json::json;

use crate::centre::Centre;
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
        Effect::Status(_) | Effect::Assigned(_) | Effect::QueueWritten(_) => None,
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
    assert!(!centre.state_dir().exists(), "nothing was kept");
}
