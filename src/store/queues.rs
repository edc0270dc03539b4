//! What calibrations remember of queues.

use crate::domain::QueueId;
use crate::domain::queue::QueueMemory;

use super::database::Transaction;
use super::sql_fault::SqlResult;
use super::value::{json, values};

/// Keeps what is remembered of queues.
pub(super) fn write_memories(
    transaction: &Transaction<'_>,
    memories: &[(QueueId, QueueMemory)],
) -> SqlResult<()> {
    transaction.execute_each(
        "INSERT INTO queue ({tenant}id, memory) VALUES ({its}?1, ?2)
         ON CONFLICT ({tenant}id) DO UPDATE SET memory = excluded.memory",
        memories
            .iter()
            .map(|(id, memory)| Ok(values![id.as_str(), json(memory)?])),
    )
}
