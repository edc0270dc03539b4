//! What calibrations remember of queues.

use rusqlite::{Transaction, params};

use crate::domain::QueueId;
use crate::domain::queue::QueueMemory;

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
