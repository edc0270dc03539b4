//! What is open, what closes it, and what an older file had open.

use std::path::Path;

use rusqlite::Connection;

use crate::control::ports::{
    AuditEvent, AuditRow, Batch, OpenOperation, OperationKind, OperationTarget,
};
use crate::domain::assignment::{DispatchEnd, ListMemory, Trigger};
use crate::domain::queue::{QueueRecord, QueueVersion, WriteForm};
use crate::domain::{
    AgentState, CampaignId, CampaignState, Conclusion, DecisionId, Delivery, Direction,
    StatusFinding, Timestamp,
};

use super::database::Database;
use super::{operations, schema};

const FIRST: DecisionId = DecisionId { run: 1, tick: 1 };
const SECOND: DecisionId = DecisionId { run: 1, tick: 2 };

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_millis(1_800_000_000_000 + seconds * 1_000)
}

/// A file of version `version`, in memory.
fn older(version: usize) -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    for step in &schema::MIGRATIONS[..version] {
        connection.execute_batch(step).unwrap();
    }
    let version = i64::try_from(version).unwrap();
    connection
        .pragma_update(None, "user_version", version)
        .unwrap();
    connection
}

fn newest() -> Database {
    schema::in_memory()
}

/// What becomes of a file of version 5.
fn migrated(mut connection: Connection) -> Database {
    schema::migrate(&mut connection, 5).unwrap();
    Database::of_file(connection)
}

fn write(database: &Database, batch: &Batch) {
    let transaction = database.begin().unwrap();
    operations::write(&transaction, batch).unwrap();
    transaction.commit().unwrap();
}

fn tell(database: &Database, row: AuditRow) {
    let batch = Batch {
        audit: vec![row],
        ..Batch::default()
    };
    write(database, &batch);
}

fn row(campaign: Option<&str>, decision: DecisionId, event: AuditEvent) -> AuditRow {
    AuditRow {
        at: at(0),
        campaign: campaign.map(|id| id.parse().unwrap()),
        decision,
        event,
    }
}

fn of_queues(decision: DecisionId, record: QueueRecord) -> AuditRow {
    let record = Box::new(record);
    row(None, decision, AuditEvent::Queue { record })
}

fn open(database: &Database) -> Vec<(&'static str, String, DecisionId)> {
    let open = operations::open(database).unwrap();
    let parts = open.into_iter().map(|operation: OpenOperation| {
        let OpenOperation {
            target, decision, ..
        } = operation;
        (target.kind().label(), target.id().to_owned(), decision)
    });
    parts.collect()
}

fn queue_intent(decision: DecisionId) -> AuditRow {
    let record = QueueRecord::Intent {
        queue: "q".parse().unwrap(),
        form: WriteForm::Whole,
        version_before: QueueVersion::Numbered(1),
        change: serde_json::json!({"max_waiters": 3}),
        overridden: serde_json::json!([]),
        by: None,
    };
    of_queues(decision, record)
}

fn queue_outcome(decision: DecisionId, conclusion: Conclusion) -> AuditRow {
    let record = QueueRecord::Outcome {
        queue: "q".parse().unwrap(),
        conclusion,
        version_before: Some(QueueVersion::Numbered(1)),
        version_after: None,
        configuration_sha256: None,
        compliance: None,
        latency_ms: 1,
        why: Vec::new(),
    };
    of_queues(decision, record)
}

fn move_intent(decision: DecisionId) -> AuditRow {
    let record = QueueRecord::ReassignIntent {
        agent: "zoe".parse().unwrap(),
        queues: vec!["q".parse().unwrap()],
        status: AgentState::Busy,
        by: None,
    };
    of_queues(decision, record)
}

fn move_outcome(decision: DecisionId, conclusion: Conclusion) -> AuditRow {
    let record = QueueRecord::ReassignOutcome {
        agent: "zoe".parse().unwrap(),
        conclusion,
        status_after: None,
        latency_ms: 1,
        why: Vec::new(),
    };
    of_queues(decision, record)
}

#[test]
fn a_queues_write_is_open_until_its_outcome_is_known() {
    let database = newest();
    tell(&database, queue_intent(FIRST));
    let stays = [("queue", "q".to_owned(), FIRST)];
    assert_eq!(open(&database), stays);
    let kept = operations::open(&database).unwrap();
    assert_eq!(kept[0].intent, queue_intent(FIRST).event);
    tell(&database, queue_outcome(FIRST, Conclusion::Unknown));
    assert_eq!(open(&database), stays);
    tell(&database, queue_intent(SECOND));
    tell(&database, queue_outcome(SECOND, Conclusion::Differs));
    assert_eq!(open(&database), stays, "only what ended is closed");
    // Whatever a later reading shows, no further one shows more.
    let resolved = QueueRecord::Resolved {
        queue: "q".parse().unwrap(),
        conclusion: Conclusion::Unknown,
        version_before: QueueVersion::Numbered(1),
        version_after: None,
        configuration_sha256: None,
        why: Vec::new(),
    };
    tell(&database, of_queues(FIRST, resolved));
    assert!(open(&database).is_empty());
}

#[test]
fn a_move_of_an_agent_is_open_until_it_was_looked_at() {
    let database = newest();
    tell(&database, move_intent(FIRST));
    tell(&database, move_outcome(FIRST, Conclusion::Unknown));
    assert_eq!(open(&database), [("profile", "zoe".to_owned(), FIRST)]);
    let resolved = QueueRecord::ReassignResolved {
        agent: "zoe".parse().unwrap(),
        conclusion: Conclusion::Unknown,
        status_after: None,
        why: Vec::new(),
    };
    tell(&database, of_queues(FIRST, resolved));
    assert!(open(&database).is_empty());
}

#[test]
fn a_list_is_open_as_long_as_its_memory_is_uncertain() {
    let database = newest();
    let campaign: CampaignId = "c".parse().unwrap();
    let intent = AuditEvent::AssignIntent {
        trigger: Trigger::First,
        agents: 1,
        joining: Vec::new(),
        leaving: Vec::new(),
        moves: Vec::new(),
    };
    let mut memory = ListMemory {
        uncertain: true,
        ..ListMemory::default()
    };
    let remembered = |audit: Vec<AuditRow>, memory: &ListMemory| Batch {
        audit,
        lists: vec![(campaign.clone(), memory.clone())],
        ..Batch::default()
    };
    let began = row(Some("c"), FIRST, intent);
    write(&database, &remembered(vec![began], &memory));
    let stays = [("list", "c".to_owned(), FIRST)];
    assert_eq!(open(&database), stays);
    for conclusion in [Conclusion::Differs, Conclusion::Unknown] {
        let ended = AuditEvent::AssignOutcome {
            end: DispatchEnd::failed(conclusion, "why".to_owned()),
            agents: 1,
            latency_ms: 1,
        };
        let ended = row(Some("c"), FIRST, ended);
        write(&database, &remembered(vec![ended], &memory));
        assert_eq!(open(&database), stays);
    }
    memory.uncertain = false;
    write(&database, &remembered(Vec::new(), &memory));
    assert!(open(&database).is_empty());
}

#[test]
fn what_is_closed_is_forgotten_when_it_is_old_and_what_is_open_never() {
    let database = newest();
    tell(&database, queue_intent(FIRST));
    tell(&database, queue_outcome(FIRST, Conclusion::Confirmed));
    tell(&database, move_intent(FIRST));
    let rows = || -> i64 {
        database
            .file()
            .unwrap()
            .query_row("SELECT count(*) FROM operation", [], |row| row.get(0))
            .unwrap()
    };
    for (before, left) in [(at(0), 2), (at(1), 1)] {
        let transaction = database.begin().unwrap();
        operations::prune(&transaction, before).unwrap();
        transaction.commit().unwrap();
        assert_eq!(rows(), left);
    }
    assert_eq!(open(&database), [("profile", "zoe".to_owned(), FIRST)]);
}

/// A copy in memory of what 0.1.0 left.
fn released(kind: &str) -> Connection {
    let shelf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stored-states/0.1.0");
    let file = shelf.join(kind).join("autopilot.sqlite3");
    // The file is one of the repository's: nothing may be written beside it.
    let uri = format!("file:{}?immutable=1", file.display());
    let connection = older(5);
    connection.execute("ATTACH ?1 AS released", [uri]).unwrap();
    for table in ["intent", "queue_intent", "assignment", "audit", "campaign"] {
        let copy = format!("INSERT INTO main.{table} SELECT * FROM released.{table}");
        connection.execute(&copy, []).unwrap();
    }
    connection.execute("DETACH released", []).unwrap();
    connection
}

#[test]
fn what_an_older_file_has_open_is_carried_over() {
    let campaigns = released("campaigns");
    campaigns
        .execute(
            "UPDATE intent SET outcome = 'unknown' WHERE campaign = 'ours'",
            [],
        )
        .unwrap();
    let found = operations::open(&migrated(campaigns)).unwrap();
    let ours = found.iter().find(|open| open.target.id() == "ours");
    let ours = ours.unwrap();
    assert_eq!(ours.target.kind(), OperationKind::Campaign);
    assert_eq!(ours.decision, DecisionId { run: 1, tick: 3 });
    assert!(
        matches!(
            ours.intent,
            AuditEvent::Intent {
                direction: Direction::Pause,
                ..
            }
        ),
        "{ours:?}"
    );

    let found = operations::open(&migrated(released("preview"))).unwrap();
    let lists: Vec<_> = found.iter().map(|open| &open.target).collect();
    assert_eq!(lists, [&OperationTarget::List("open".parse().unwrap())]);
    assert!(matches!(found[0].intent, AuditEvent::AssignIntent { .. }));

    let queues = released("queues");
    for (seq, row) in (100..).zip([
        move_intent(FIRST),
        move_outcome(FIRST, Conclusion::Confirmed),
        move_intent(SECOND),
        move_outcome(SECOND, Conclusion::Unknown),
    ]) {
        let body = serde_json::to_string(&row.event).unwrap();
        queues
            .execute(
                "INSERT INTO audit VALUES (?1, ?2, NULL, ?3, ?4, 'queue', ?5, '', '')",
                rusqlite::params![
                    seq,
                    row.at.as_unix_millis(),
                    i64::try_from(row.decision.run).unwrap(),
                    i64::try_from(row.decision.tick).unwrap(),
                    body
                ],
            )
            .unwrap();
    }
    assert_eq!(
        open(&migrated(queues)),
        [
            (
                "queue",
                "queue-1".to_owned(),
                DecisionId { run: 2, tick: 3 }
            ),
            ("profile", "zoe".to_owned(), SECOND),
        ]
    );
}

#[test]
fn a_command_is_closed_by_its_outcome_and_by_a_state_that_awaits_nothing() {
    let reopened = || {
        let connection = released("campaigns");
        connection
            .execute("UPDATE intent SET outcome = NULL", [])
            .unwrap();
        migrated(connection)
    };
    let ours = |database: &Database| open(database).iter().any(|(_, id, _)| id == "ours");
    let decision = DecisionId { run: 1, tick: 3 };
    let outcome = |conclusion| {
        let outcome = AuditEvent::Outcome {
            direction: Direction::Pause,
            conclusion,
            delivery: Delivery::Acknowledged { version: None },
            after: StatusFinding::Missing,
        };
        row(Some("ours"), decision, outcome)
    };
    let database = reopened();
    tell(&database, outcome(Conclusion::Unknown));
    assert!(ours(&database));
    tell(&database, outcome(Conclusion::Confirmed));
    assert!(!ours(&database));

    let database = reopened();
    let (id, state): (String, String) = database
        .file()
        .unwrap()
        .query_row(
            "SELECT id, state FROM campaign WHERE id = 'ours'",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    let state: CampaignState = serde_json::from_str(&state).unwrap();
    assert_eq!(state.unresolved, None);
    let batch = Batch {
        states: vec![(id.parse().unwrap(), state)],
        ..Batch::default()
    };
    assert!(ours(&database));
    write(&database, &batch);
    assert!(!ours(&database));
}
