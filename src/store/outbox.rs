//! The outbox: messages that wait for their delivery, and dead letters.
//!
//! A message is inserted in the transaction of what it reports and deleted when it was delivered. Only the first waiting
//! letter of a key has a `due_ms`; that is what keeps a key in order, and finding what is due costs no more when many wait.
//! An id is 128 random bits, so that it is unique also after the state directory was lost.
//!
//! *Bounded.* At most 20,000 letters wait, and at most 20,000 are dead: with the daemon's bodies some tens of megabytes. Beyond
//! that the oldest waiting letter becomes a dead one, and the oldest dead letter is forgotten. Both are in the audit.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use crate::control::ports::{AuditEvent, AuditRow, OutboxChange};
use crate::domain::{CampaignId, DecisionId, Message, Timestamp};
use crate::notify::ports::{Census, LONGEST_DELAY, Letter, Round, Settlement};

use super::audit;

/// How much is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Letters that wait.
    pub(super) waiting: u64,
    /// Dead letters.
    pub(super) dead: u64,
}

/// The bounds in force; the module's documentation defends them.
pub(super) const BOUNDS: Bounds = Bounds {
    waiting: 20_000,
    dead: 20_000,
};

/// A letter with what is only kept to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptLetter {
    /// The letter.
    pub letter: Letter,
    /// When it is tried next, if it is its key's turn.
    pub due: Option<Timestamp>,
    /// What the last attempt came to.
    pub why: Option<String>,
    /// When it was given up.
    pub dead: Option<Timestamp>,
}

const COLUMNS: &str =
    "id, event, key, subject, body, at_ms, since_ms, attempts, run, tick, due_ms, why, dead_ms";

/// Writes messages behind those that wait, and keeps to the bounds.
pub(super) fn insert(
    transaction: &Transaction<'_>,
    messages: &[Message],
    bounds: Bounds,
) -> rusqlite::Result<()> {
    let Some(newest) = messages.iter().map(|message| message.at).max() else {
        return Ok(());
    };
    let mut insert = transaction.prepare_cached(
        "INSERT INTO outbox (id, event, key, subject, body, at_ms, since_ms, run, tick, due_ms)
         VALUES ('msg_' || lower(hex(randomblob(16))), ?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7,
                 CASE WHEN EXISTS (SELECT 1 FROM outbox WHERE key = ?2 AND dead_ms IS NULL) THEN NULL ELSE ?5 END)",
    )?;
    for message in messages {
        let body = serde_json::to_string(&message.body)
            .map_err(|wrong| rusqlite::Error::ToSqlConversionFailure(Box::new(wrong)))?;
        insert.execute(params![
            message.kind().name(),
            message.key.to_string(),
            message.key.subject(),
            body,
            message.at.as_unix_millis(),
            i64::try_from(message.decision.run).unwrap_or(i64::MAX),
            i64::try_from(message.decision.tick).unwrap_or(i64::MAX),
        ])?;
    }
    keep_to(transaction, bounds, newest)
}

fn keep_to(transaction: &Transaction<'_>, bounds: Bounds, now: Timestamp) -> rusqlite::Result<()> {
    let Census { waiting, .. } = census(transaction)?;
    let oldest =
        format!("SELECT {COLUMNS} FROM outbox WHERE dead_ms IS NULL ORDER BY seq LIMIT ?1");
    for kept in select(transaction, &oldest, waiting.saturating_sub(bounds.waiting))? {
        let why = format!("the outbox held more than {} messages", bounds.waiting);
        bury(transaction, &kept.letter, &why, now)?;
    }
    let Census { dead, .. } = census(transaction)?;
    let oldest =
        format!("SELECT {COLUMNS} FROM outbox WHERE dead_ms IS NOT NULL ORDER BY seq LIMIT ?1");
    for kept in select(transaction, &oldest, dead.saturating_sub(bounds.dead))? {
        delete(transaction, &kept.letter.id)?;
        record(transaction, &kept.letter, OutboxChange::Forgotten, now)?;
    }
    Ok(())
}

fn select(
    connection: &Connection,
    statement: &str,
    at_most: u64,
) -> rusqlite::Result<Vec<KeptLetter>> {
    if at_most == 0 {
        return Ok(Vec::new());
    }
    let at_most = i64::try_from(at_most).unwrap_or(i64::MAX);
    let mut select = connection.prepare_cached(statement)?;
    let rows = select.query_map([at_most], read)?;
    rows.collect()
}

fn read(row: &Row<'_>) -> rusqlite::Result<KeptLetter> {
    let time = |column: usize| -> rusqlite::Result<Timestamp> {
        row.get(column).map(Timestamp::from_unix_millis)
    };
    let maybe = |column: usize| -> rusqlite::Result<Option<Timestamp>> {
        let millis: Option<i64> = row.get(column)?;
        Ok(millis.map(Timestamp::from_unix_millis))
    };
    Ok(KeptLetter {
        letter: Letter {
            id: row.get(0)?,
            event: row.get(1)?,
            key: row.get(2)?,
            subject: row.get(3)?,
            body: row.get(4)?,
            at: time(5)?,
            since: time(6)?,
            attempts: row.get(7)?,
            decision: DecisionId {
                run: u64::try_from(row.get::<_, i64>(8)?).unwrap_or_default(),
                tick: u64::try_from(row.get::<_, i64>(9)?).unwrap_or_default(),
            },
        },
        due: maybe(10)?,
        why: row.get(11)?,
        dead: maybe(12)?,
    })
}

/// Every letter in the order in which the messages were written.
pub(super) fn all(connection: &Connection) -> rusqlite::Result<Vec<KeptLetter>> {
    let every = format!("SELECT {COLUMNS} FROM outbox ORDER BY seq LIMIT ?1");
    select(connection, &every, u64::MAX)
}

/// One letter.
pub(super) fn find(connection: &Connection, id: &str) -> rusqlite::Result<Option<KeptLetter>> {
    let one = format!("SELECT {COLUMNS} FROM outbox WHERE id = ?1");
    connection
        .prepare_cached(&one)?
        .query_row([id], read)
        .optional()
}

pub(super) fn round(
    connection: &Connection,
    now: Timestamp,
    at_most: usize,
) -> rusqlite::Result<Round> {
    // No letter is put off for longer than this: one that seems to be was put off by a clock that was set back since.
    let latest = now.plus(LONGEST_DELAY).as_unix_millis();
    let now = now.as_unix_millis();
    let due = format!(
        "SELECT {COLUMNS} FROM outbox WHERE due_ms IS NOT NULL AND (due_ms <= ?1 OR due_ms > ?2)
         ORDER BY due_ms, seq LIMIT ?3"
    );
    let mut due = connection.prepare_cached(&due)?;
    let at_most = i64::try_from(at_most).unwrap_or(i64::MAX);
    let due = due
        .query_map([now, latest, at_most], read)?
        .map(|kept| kept.map(|kept| kept.letter))
        .collect::<rusqlite::Result<Vec<Letter>>>()?;
    let next: Option<i64> = connection
        .prepare_cached("SELECT min(due_ms) FROM outbox WHERE due_ms > ?1 AND due_ms <= ?2")?
        .query_row([now, latest], |row| row.get(0))?;
    Ok(Round {
        due,
        next: next.map(Timestamp::from_unix_millis),
    })
}

pub(super) fn settle(
    transaction: &Transaction<'_>,
    letter: &Letter,
    settlement: &Settlement,
    now: Timestamp,
) -> rusqlite::Result<()> {
    match settlement {
        Settlement::Delivered => {
            delete(transaction, &letter.id)?;
            promote(transaction, &letter.key, now)
        }
        Settlement::Again { not_before, why } => {
            transaction
                .prepare_cached(
                    "UPDATE outbox SET attempts = attempts + 1, due_ms = ?2, why = ?3
                     WHERE id = ?1 AND dead_ms IS NULL",
                )?
                .execute(params![letter.id, not_before.as_unix_millis(), why])?;
            promote(transaction, &letter.key, now)
        }
        Settlement::GivenUp { why } => {
            let made = "UPDATE outbox SET attempts = attempts + 1 WHERE id = ?1";
            transaction.prepare_cached(made)?.execute([&letter.id])?;
            bury(transaction, letter, why, now)
        }
    }
}

/// Makes a letter a dead one.
fn bury(
    transaction: &Transaction<'_>,
    letter: &Letter,
    why: &str,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let buried = transaction
        .prepare_cached(
            "UPDATE outbox SET dead_ms = ?2, due_ms = NULL, why = ?3 WHERE id = ?1 AND dead_ms IS NULL",
        )?
        .execute(params![letter.id, now.as_unix_millis(), why])?;
    // An operator may have dropped it meanwhile.
    if buried > 0 {
        let why = why.to_owned();
        record(transaction, letter, OutboxChange::GivenUp { why }, now)?;
    }
    promote(transaction, &letter.key, now)
}

/// Lets a letter wait anew, as if it had just happened; the history of its attempts begins again.
pub(super) fn retry(
    transaction: &Transaction<'_>,
    letter: &Letter,
    by: Option<String>,
    now: Timestamp,
) -> rusqlite::Result<()> {
    transaction.execute(
        "UPDATE outbox SET dead_ms = NULL, due_ms = ?2, since_ms = ?2, attempts = 0, why = NULL WHERE id = ?1",
        params![letter.id, now.as_unix_millis()],
    )?;
    record(transaction, letter, OutboxChange::Retried { by }, now)?;
    promote(transaction, &letter.key, now)
}

/// Throws a letter away.
pub(super) fn discard(
    transaction: &Transaction<'_>,
    letter: &Letter,
    by: Option<String>,
    now: Timestamp,
) -> rusqlite::Result<()> {
    delete(transaction, &letter.id)?;
    record(transaction, letter, OutboxChange::Dropped { by }, now)?;
    promote(transaction, &letter.key, now)
}

fn delete(transaction: &Transaction<'_>, id: &str) -> rusqlite::Result<()> {
    let delete = "DELETE FROM outbox WHERE id = ?1";
    transaction.prepare_cached(delete)?.execute([id])?;
    Ok(())
}

/// Gives the first waiting letter of a key its turn, and takes it from any other of that key.
fn promote(transaction: &Transaction<'_>, key: &str, now: Timestamp) -> rusqlite::Result<()> {
    let first: Option<i64> = transaction
        .prepare_cached("SELECT min(seq) FROM outbox WHERE key = ?1 AND dead_ms IS NULL")?
        .query_row([key], |row| row.get(0))?;
    let Some(first) = first else {
        return Ok(());
    };
    transaction
        .prepare_cached(
            "UPDATE outbox SET due_ms = NULL
             WHERE key = ?1 AND dead_ms IS NULL AND due_ms IS NOT NULL AND seq > ?2",
        )?
        .execute(params![key, first])?;
    transaction
        .prepare_cached("UPDATE outbox SET due_ms = coalesce(due_ms, ?2) WHERE seq = ?1")?
        .execute([first, now.as_unix_millis()])?;
    Ok(())
}

/// Counts, kept by triggers: a pause that is told must not wait until twenty thousand letters are counted.
pub(super) fn census(connection: &Connection) -> rusqlite::Result<Census> {
    let number = |n: i64| u64::try_from(n).unwrap_or_default();
    let (waiting, dead): (i64, i64) = connection
        .prepare_cached("SELECT waiting, dead FROM outbox_count")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let oldest: Option<i64> = connection
        .prepare_cached("SELECT min(at_ms) FROM outbox WHERE dead_ms IS NULL")?
        .query_row([], |row| row.get(0))?;
    Ok(Census {
        waiting: number(waiting),
        oldest: oldest.map(Timestamp::from_unix_millis),
        most: BOUNDS.waiting,
        dead: number(dead),
    })
}

fn record(
    transaction: &Transaction<'_>,
    letter: &Letter,
    change: OutboxChange,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let campaign = letter.key.strip_prefix("campaign/");
    let row = AuditRow {
        at: now,
        campaign: campaign.and_then(|id| id.parse::<CampaignId>().ok()),
        decision: letter.decision,
        event: AuditEvent::Outbox {
            message: letter.id.clone(),
            event: letter.event.clone(),
            change,
        },
    };
    audit::append(transaction, &[row])
}
