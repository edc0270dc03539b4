//! What is kept of queues: what calibrations remember, and writes whose outcome is not known.
//!
//! An intent is open from its row in the audit to that of its outcome, whoever sent it: the daemon or a command beside it.

use rusqlite::{Connection, Transaction, params};

use crate::control::ports::{AuditEvent, AuditRow};
use crate::control::queues::ports::OpenQueueIntent;
use crate::domain::queue::{QueueMemory, QueueRecord};
use crate::domain::{Conclusion, DecisionId, QueueId, Timestamp};

use super::columns::json;

/// Keeps what is remembered of queues.
pub(super) fn write_memories(
    transaction: &Transaction<'_>,
    memories: &[(QueueId, QueueMemory)],
) -> rusqlite::Result<()> {
    let mut upsert = transaction.prepare_cached(
        "INSERT INTO queue (id, memory) VALUES (?1, ?2)
         ON CONFLICT (id) DO UPDATE SET memory = excluded.memory",
    )?;
    for (id, memory) in memories {
        upsert.execute(params![id.as_str(), json(memory)?])?;
    }
    Ok(())
}

/// Opens and closes the intents that the audit rows speak of.
pub(super) fn write_intents(
    transaction: &Transaction<'_>,
    rows: &[AuditRow],
) -> rusqlite::Result<()> {
    let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    for row in rows {
        let AuditEvent::Queue { record } = &row.event else {
            continue;
        };
        let (run, tick) = (number(row.decision.run), number(row.decision.tick));
        let queue = match &**record {
            QueueRecord::Intent { queue, .. } => {
                transaction.execute(
                    "INSERT OR REPLACE INTO queue_intent (queue, run, tick, at_ms, record) VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![queue.as_str(), run, tick, row.at.as_unix_millis(), json(record)?],
                )?;
                continue;
            }
            QueueRecord::Outcome {
                conclusion: Conclusion::Unknown,
                ..
            }
            | QueueRecord::ReassignIntent { .. }
            | QueueRecord::ReassignOutcome { .. } => continue,
            QueueRecord::Outcome { queue, .. } | QueueRecord::Resolved { queue, .. } => queue,
        };
        transaction.execute(
            "DELETE FROM queue_intent WHERE queue = ?1 AND run = ?2 AND tick = ?3",
            params![queue.as_str(), run, tick],
        )?;
    }
    Ok(())
}

pub(super) fn open_intents(connection: &Connection) -> rusqlite::Result<Vec<OpenQueueIntent>> {
    let mut select =
        connection.prepare("SELECT run, tick, at_ms, record FROM queue_intent ORDER BY at_ms")?;
    let rows = select.query_map([], |row| {
        let (run, tick): (i64, i64) = (row.get(0)?, row.get(1)?);
        let record: String = row.get(3)?;
        let number = |n: i64| u64::try_from(n).unwrap_or_default();
        Ok(OpenQueueIntent {
            decision: DecisionId {
                run: number(run),
                tick: number(tick),
            },
            at: Timestamp::from_unix_millis(row.get(2)?),
            record: serde_json::from_str(&record).map_err(|wrong| {
                let text = rusqlite::types::Type::Text;
                rusqlite::Error::FromSqlConversionFailure(3, text, Box::new(wrong))
            })?,
        })
    })?;
    rows.collect()
}
