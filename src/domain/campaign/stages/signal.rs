//! The signal: the agents that count for the campaign. It only gives a number, and always passes.

use crate::domain::count::Count;
use crate::domain::thresholds::Thresholds;

/// The agents that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignalVerdict {
    /// Available agents of the selector, without those who are claimed.
    pub available: u32,
    /// Those that are not offline, where the thresholds are shares of them.
    pub staffed: Option<u32>,
    /// Those who are available too, and are left to campaigns before it in its group.
    pub claimed: u32,
}

impl SignalVerdict {
    pub(super) fn evaluate(count: Count, claimed: u32, thresholds: Thresholds) -> Self {
        Self {
            available: count.available,
            staffed: thresholds.needs_staffed().then_some(count.staffed),
            claimed,
        }
    }
}
