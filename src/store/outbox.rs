//! The outbox: messages that wait for their delivery, and dead letters.
//!
//! A message is inserted in the transaction of what it reports and deleted when it was delivered. Only the first waiting
//! entry of a key has a `due_ms`; that is what keeps a key in order, and finding what is due costs no more when many wait.
//! A message becomes an entry for each receiver that wants it, under a key of its own, so that no receiver waits for another.
//! An id is 128 random bits, so that it is unique also after the state directory was lost.
//!
//! *Bounded.* At most 20,000 entries wait, and at most 20,000 are dead, unless the settings say otherwise: with the daemon's bodies some tens of megabytes. Beyond
//! that the oldest waiting entry becomes a dead letter, and the oldest dead letter is forgotten, as is one that is older than dead letters are kept. All of it is in the audit.

use ring::rand::{SecureRandom, SystemRandom};

use crate::control::ports::{AuditEvent, AuditRow, OutboxChange};
use crate::domain::{CampaignId, DecisionId, Message, ReceiverName, Route, Timestamp, receiver_of};
use crate::notify::ports::{
    LONGEST_DELAY, OutboxEntry, OutboxStats, ReceiverStats, Round, Settlement,
};

use super::audit::{self, hex};
use super::database::{Database, Transaction};
use super::sql_fault::{SqlFault, SqlResult};
use super::value::{Row, json, number, stored, values};

/// How many entries are kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Entries that wait.
    pub(super) waiting: u64,
    /// Dead letters.
    pub(super) dead: u64,
}

/// Dead letters that are forgotten with one commit.
const MAX_FORGOTTEN_AT_ONCE: i64 = 200;

/// An entry with what is kept for display only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEntry {
    /// The entry.
    pub entry: OutboxEntry,
    /// When it is attempted next; `None` while an earlier entry of its key waits.
    pub due: Option<Timestamp>,
    /// Why the last attempt failed.
    pub why: Option<String>,
    /// When it was given up, if it is a dead letter.
    pub dead: Option<Timestamp>,
}

/// A statement that reads entries.
macro_rules! entries {
    ($rest:literal) => {
        concat!(
            "SELECT id, event, key, subject, body, at_ms, since_ms, attempts, run, tick, due_ms, why, dead_ms
             FROM outbox WHERE {mine}",
            $rest
        )
    };
}

/// Writes messages behind those that wait, for each receiver that wants them, and keeps to the bounds.
pub(super) fn insert(
    transaction: &Transaction<'_>,
    messages: &[Message],
    routes: &[Route],
    bounds: Bounds,
) -> SqlResult<()> {
    let Some(newest) = messages.iter().map(|message| message.at).max() else {
        return Ok(());
    };
    let wanted = messages.iter().flat_map(|message| {
        let routes = routes.iter().filter(|route| route.wants(message));
        routes.map(move |route| (message, route))
    });
    transaction.execute_each(
        "INSERT INTO outbox ({tenant}seq, id, event, key, subject, body, at_ms, since_ms, run, tick, due_ms)
         SELECT {its}coalesce(max(seq), 0) + 1, ?8, ?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7,
                CASE WHEN EXISTS (SELECT 1 FROM outbox WHERE {mine} AND key = ?2 AND dead_ms IS NULL) THEN NULL ELSE ?5 END
         FROM outbox WHERE {mine}",
        wanted.map(|(message, route)| {
            Ok(values![
                message.kind().name(),
                route.key(message),
                message.key.subject(),
                json(&message.sent())?,
                message.at.as_unix_millis(),
                stored(message.decision.run),
                stored(message.decision.tick),
                new_id()?,
            ])
        }),
    )?;
    keep_to(transaction, bounds, newest)
}

/// An id that no other message has.
fn new_id() -> SqlResult<String> {
    let mut bits = [0; 16];
    let drawn = SystemRandom::new().fill(&mut bits);
    drawn.map_err(|_| SqlFault::Unwritable("the system gives no random numbers".to_owned()))?;
    Ok(format!("msg_{}", hex(&bits)))
}

/// Moves what waits with the machine's clock, which was set by so many milliseconds: no entry is given up or late by that.
pub(super) fn shift_clock(transaction: &Transaction<'_>, milliseconds: i64) -> SqlResult<()> {
    if milliseconds != 0 {
        transaction.execute(
            "UPDATE outbox SET since_ms = since_ms + ?1, due_ms = due_ms + ?1
             WHERE {mine} AND dead_ms IS NULL",
            &values![milliseconds],
        )?;
    }
    Ok(())
}

fn keep_to(transaction: &Transaction<'_>, bounds: Bounds, now: Timestamp) -> SqlResult<()> {
    let OutboxStats { waiting, .. } = stats(transaction, bounds)?;
    let oldest = entries!(" AND dead_ms IS NULL ORDER BY seq LIMIT ?1");
    for kept in select(transaction, oldest, waiting.saturating_sub(bounds.waiting))? {
        let why = format!("the outbox held more than {} messages", bounds.waiting);
        dead_letter(transaction, &kept.entry, &why, now)?;
    }
    let OutboxStats { dead, .. } = stats(transaction, bounds)?;
    let oldest = entries!(" AND dead_ms IS NOT NULL ORDER BY seq LIMIT ?1");
    for kept in select(transaction, oldest, dead.saturating_sub(bounds.dead))? {
        delete(transaction, &kept.entry.id)?;
        record(transaction, &kept.entry, OutboxChange::Forgotten, now)?;
    }
    Ok(())
}

/// Forgets dead letters that were given up before; some at a time, so that no commit takes long.
pub(super) fn prune(
    transaction: &Transaction<'_>,
    before: Timestamp,
    now: Timestamp,
) -> SqlResult<()> {
    let old = entries!(" AND dead_ms < ?1 ORDER BY seq LIMIT ?2");
    let limit = values![before.as_unix_millis(), MAX_FORGOTTEN_AT_ONCE];
    for kept in transaction.query(old, &limit, read)? {
        delete(transaction, &kept.entry.id)?;
        record(transaction, &kept.entry, OutboxChange::Forgotten, now)?;
    }
    Ok(())
}

fn select(database: &Database, statement: &str, at_most: u64) -> SqlResult<Vec<StoredEntry>> {
    if at_most == 0 {
        return Ok(Vec::new());
    }
    database.query(statement, &values![stored(at_most)], read)
}

fn read(row: &Row<'_>) -> SqlResult<StoredEntry> {
    let time = |column: usize| -> SqlResult<Timestamp> {
        row.get(column).map(Timestamp::from_unix_millis)
    };
    let maybe = |column: usize| -> SqlResult<Option<Timestamp>> {
        let millis: Option<i64> = row.get(column)?;
        Ok(millis.map(Timestamp::from_unix_millis))
    };
    Ok(StoredEntry {
        entry: OutboxEntry {
            id: row.get(0)?,
            event: row.get(1)?,
            key: row.get(2)?,
            subject: row.get(3)?,
            body: row.get(4)?,
            at: time(5)?,
            since: time(6)?,
            attempts: row.get(7)?,
            decision: DecisionId {
                run: number(row.get(8)?),
                tick: number(row.get(9)?),
            },
        },
        due: maybe(10)?,
        why: row.get(11)?,
        dead: maybe(12)?,
    })
}

/// Returns every entry in the order in which the messages were written.
pub(super) fn all(database: &Database) -> SqlResult<Vec<StoredEntry>> {
    select(database, entries!(" ORDER BY seq LIMIT ?1"), u64::MAX)
}

/// Returns the entry with this id.
pub(super) fn find(database: &Database, id: &str) -> SqlResult<Option<StoredEntry>> {
    database.first(entries!(" AND id = ?1"), &values![id], read)
}

/// What is for one receiver: a pattern of its keys, and whether they are those that match it. A name has no sign that means something
/// in a pattern.
fn pattern(receiver: Option<&ReceiverName>) -> (String, bool) {
    receiver.map_or(("@%".to_owned(), false), |name| {
        (format!("@{name}/%"), true)
    })
}

/// Returns what is due for a receiver, and when more is.
pub(super) fn round(
    database: &Database,
    receiver: Option<&ReceiverName>,
    now: Timestamp,
    at_most: usize,
) -> SqlResult<Round> {
    let (pattern, matching) = pattern(receiver);
    let (due, next) = if matching {
        (
            entries!(
                " AND key LIKE ?4 AND due_ms IS NOT NULL AND (due_ms <= ?1 OR due_ms > ?2) ORDER BY due_ms, seq LIMIT ?3"
            ),
            "SELECT min(due_ms) FROM outbox WHERE {mine} AND key LIKE ?3 AND due_ms > ?1 AND due_ms <= ?2",
        )
    } else {
        (
            entries!(
                " AND key NOT LIKE ?4 AND due_ms IS NOT NULL AND (due_ms <= ?1 OR due_ms > ?2) ORDER BY due_ms, seq LIMIT ?3"
            ),
            "SELECT min(due_ms) FROM outbox WHERE {mine} AND key NOT LIKE ?3 AND due_ms > ?1 AND due_ms <= ?2",
        )
    };
    // No entry is put off for longer than this: one that seems to be was put off by a clock that was set back since.
    let latest = now.plus(LONGEST_DELAY).as_unix_millis();
    let now = now.as_unix_millis();
    let at_most = i64::try_from(at_most).unwrap_or(i64::MAX);
    let due = database.query(
        due,
        &values![now, latest, at_most, pattern.as_str()],
        |row| Ok(read(row)?.entry),
    )?;
    let next: Option<i64> = database.one(next, &values![now, latest, pattern.as_str()], |row| {
        row.get(0)
    })?;
    Ok(Round {
        due,
        next: next.map(Timestamp::from_unix_millis),
    })
}

pub(super) fn settle(
    transaction: &Transaction<'_>,
    entry: &OutboxEntry,
    settlement: &Settlement,
    now: Timestamp,
) -> SqlResult<()> {
    match settlement {
        Settlement::Delivered => {
            delete(transaction, &entry.id)?;
            promote(transaction, &entry.key, now)
        }
        Settlement::Again { not_before, why } => {
            transaction.execute(
                "UPDATE outbox SET attempts = attempts + 1, due_ms = ?2, why = ?3
                 WHERE {mine} AND id = ?1 AND dead_ms IS NULL",
                &values![&entry.id, not_before.as_unix_millis(), why],
            )?;
            promote(transaction, &entry.key, now)
        }
        Settlement::GivenUp { why } => {
            let made = "UPDATE outbox SET attempts = attempts + 1 WHERE {mine} AND id = ?1";
            transaction.execute(made, &values![&entry.id])?;
            dead_letter(transaction, entry, why, now)
        }
    }
}

/// Turns an entry into a dead letter.
fn dead_letter(
    transaction: &Transaction<'_>,
    entry: &OutboxEntry,
    why: &str,
    now: Timestamp,
) -> SqlResult<()> {
    let changed = transaction.execute(
        "UPDATE outbox SET dead_ms = ?2, due_ms = NULL, why = ?3
         WHERE {mine} AND id = ?1 AND dead_ms IS NULL",
        &values![&entry.id, now.as_unix_millis(), why],
    )?;
    // An operator may have dropped it meanwhile.
    if changed > 0 {
        let why = why.to_owned();
        record(transaction, entry, OutboxChange::GivenUp { why }, now)?;
    }
    promote(transaction, &entry.key, now)
}

/// Makes an entry wait anew, as if it had just happened; its attempts count from zero.
pub(super) fn retry(
    transaction: &Transaction<'_>,
    entry: &OutboxEntry,
    by: Option<String>,
    now: Timestamp,
) -> SqlResult<()> {
    transaction.execute(
        "UPDATE outbox SET dead_ms = NULL, due_ms = ?2, since_ms = ?2, attempts = 0, why = NULL
         WHERE {mine} AND id = ?1",
        &values![&entry.id, now.as_unix_millis()],
    )?;
    record(transaction, entry, OutboxChange::Retried { by }, now)?;
    promote(transaction, &entry.key, now)
}

/// Deletes an entry at an operator's request.
pub(super) fn discard(
    transaction: &Transaction<'_>,
    entry: &OutboxEntry,
    by: Option<String>,
    now: Timestamp,
) -> SqlResult<()> {
    delete(transaction, &entry.id)?;
    record(transaction, entry, OutboxChange::Dropped { by }, now)?;
    promote(transaction, &entry.key, now)
}

fn delete(transaction: &Transaction<'_>, id: &str) -> SqlResult<()> {
    let delete = "DELETE FROM outbox WHERE {mine} AND id = ?1";
    transaction.execute(delete, &values![id])?;
    Ok(())
}

/// Makes the first waiting entry of a key due, and no other of that key.
fn promote(transaction: &Transaction<'_>, key: &str, now: Timestamp) -> SqlResult<()> {
    let first: Option<i64> = transaction.one(
        "SELECT min(seq) FROM outbox WHERE {mine} AND key = ?1 AND dead_ms IS NULL",
        &values![key],
        |row| row.get(0),
    )?;
    let Some(first) = first else {
        return Ok(());
    };
    transaction.execute(
        "UPDATE outbox SET due_ms = NULL
         WHERE {mine} AND key = ?1 AND dead_ms IS NULL AND due_ms IS NOT NULL AND seq > ?2",
        &values![key, first],
    )?;
    transaction.execute(
        "UPDATE outbox SET due_ms = coalesce(due_ms, ?2) WHERE {mine} AND seq = ?1",
        &values![first, now.as_unix_millis()],
    )?;
    Ok(())
}

/// Reads the counts, which triggers maintain: a commit must not wait until twenty thousand entries are counted.
pub(super) fn stats(database: &Database, bounds: Bounds) -> SqlResult<OutboxStats> {
    let counts = "SELECT waiting, dead FROM outbox_count WHERE {mine}";
    let counts = database.first(counts, &[], |row| Ok((row.get(0)?, row.get(1)?)))?;
    // A tenant that never had a message has no row where tenants share tables.
    let (waiting, dead) = counts.unwrap_or_default();
    let oldest: Option<i64> = database.one(
        "SELECT min(at_ms) FROM outbox WHERE {mine} AND dead_ms IS NULL",
        &[],
        |row| row.get(0),
    )?;
    Ok(OutboxStats {
        waiting: number(waiting),
        oldest: oldest.map(Timestamp::from_unix_millis),
        most: bounds.waiting,
        dead: number(dead),
    })
}

/// Counts what is for one receiver. Entries are looked at only while there are some.
pub(super) fn stats_of(
    database: &Database,
    receiver: Option<&ReceiverName>,
    bounds: Bounds,
) -> SqlResult<ReceiverStats> {
    let all = stats(database, bounds)?;
    if (all.waiting, all.dead) == (0, 0) {
        return Ok(ReceiverStats::default());
    }
    let (pattern, matching) = pattern(receiver);
    let counted = if matching {
        "SELECT count(*), count(dead_ms), min(CASE WHEN dead_ms IS NULL THEN at_ms END)
         FROM outbox WHERE {mine} AND key LIKE ?1"
    } else {
        "SELECT count(*), count(dead_ms), min(CASE WHEN dead_ms IS NULL THEN at_ms END)
         FROM outbox WHERE {mine} AND key NOT LIKE ?1"
    };
    let (all, dead, oldest) = database.one(counted, &values![pattern.as_str()], |row| {
        let oldest: Option<i64> = row.get(2)?;
        Ok((number(row.get(0)?), number(row.get(1)?), oldest))
    })?;
    Ok(ReceiverStats {
        waiting: all.saturating_sub(dead),
        oldest: oldest.map(Timestamp::from_unix_millis),
        dead,
    })
}

/// Gives up what waits for named receivers that are none of these; returns their names with how many messages each. Their keys are dead
/// as a whole, so that nothing is to be promoted.
pub(super) fn give_up_others(
    transaction: &Transaction<'_>,
    receivers: &[ReceiverName],
    now: Timestamp,
) -> SqlResult<Vec<(String, u64)>> {
    let named = entries!(" AND dead_ms IS NULL AND key LIKE ?1 ORDER BY seq");
    let waiting = transaction.query(named, &values!["@%"], read)?;
    let mut gone: Vec<(String, u64)> = Vec::new();
    let mut rows = Vec::new();
    for StoredEntry { entry, .. } in waiting {
        let Some(name) = entry.receiver().map(str::to_owned) else {
            continue;
        };
        if receivers.iter().any(|known| known.as_str() == name) {
            continue;
        }
        match gone.iter_mut().find(|(known, _)| *known == name) {
            Some((_, many)) => *many = many.saturating_add(1),
            None => gone.push((name, 1)),
        }
        let why = WITHOUT_RECEIVER.to_owned();
        rows.push(row_of(&entry, OutboxChange::GivenUp { why }, now));
    }
    transaction.execute_each(
        "UPDATE outbox SET dead_ms = ?2, due_ms = NULL, why = ?3 WHERE {mine} AND key LIKE ?1 AND dead_ms IS NULL",
        gone.iter().map(|(name, _)| {
            let pattern = format!("@{name}/%");
            Ok(values![pattern, now.as_unix_millis(), WITHOUT_RECEIVER])
        }),
    )?;
    audit::append(transaction, &rows)?;
    Ok(gone)
}

/// Why a message is given up whose receiver is gone.
const WITHOUT_RECEIVER: &str = "its receiver is not in the settings any more";

fn record(
    transaction: &Transaction<'_>,
    entry: &OutboxEntry,
    change: OutboxChange,
    now: Timestamp,
) -> SqlResult<()> {
    audit::append(transaction, &[row_of(entry, change, now)])
}

fn row_of(entry: &OutboxEntry, change: OutboxChange, now: Timestamp) -> AuditRow {
    let (receiver, key) = receiver_of(&entry.key);
    let campaign = key.strip_prefix("campaign/");
    AuditRow {
        at: now,
        campaign: campaign.and_then(|id| id.parse::<CampaignId>().ok()),
        decision: entry.decision,
        event: AuditEvent::Outbox {
            message: entry.id.clone(),
            event: entry.event.clone(),
            receiver: receiver.map(str::to_owned),
            change,
        },
    }
}
