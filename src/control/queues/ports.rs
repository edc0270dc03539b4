//! What the journal keeps of writes of queues that were begun.

use crate::domain::queue::QueueRecord;
use crate::domain::{DecisionId, Timestamp};

/// A write whose outcome is not in the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenQueueIntent {
    /// Which decision sent it.
    pub decision: DecisionId,
    /// When.
    pub at: Timestamp,
    /// The intent, as the audit has it.
    pub record: QueueRecord,
}
