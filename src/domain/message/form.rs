//! How values are written in messages.

use std::time::Duration;

use serde::Serializer;

use crate::domain::ids::DecisionId;
use crate::domain::time::Timestamp;

/// Whole milliseconds.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// RFC 3339 in UTC.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the form in which serde calls it"
)]
pub(crate) fn rfc3339<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}

/// As people read it.
pub(crate) fn shown<S: Serializer>(
    decision: &DecisionId,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(decision)
}
