//! Wrong log-ins of one account.

use super::super::super::time::SimTime;

/// How many there were in a row, and when the last one was.
#[derive(Clone, Copy)]
pub(super) struct Failures {
    pub(super) count: u32,
    pub(super) last: SimTime,
}
