//! What was counted between two readings.

use crate::domain::time::Timestamp;

use super::counts::OutcomeCounts;

/// What is known to have happened between two times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutcomeIncrement {
    /// The calls.
    pub counts: OutcomeCounts,
    /// From when on.
    pub from: Timestamp,
    /// Until when, which is when it became known.
    pub until: Timestamp,
}
