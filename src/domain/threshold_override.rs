//! An operator's thresholds: they replace the configured ones until they expire.
//!
//! *Semantics.* Only the two thresholds are replaced. Confirmation, dwell, budget and manual changes apply as before, and
//! what was seen of the samples is kept: a window says how often a threshold was crossed, and a new one has to be crossed by
//! the samples to come. The thresholds in force are looked up at each sample, so a change acts at the next poll and not before.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::thresholds::Thresholds;
use super::time::Timestamp;

/// Thresholds that an operator set for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThresholdOverride {
    /// The thresholds.
    pub thresholds: Thresholds,
    /// When they were set.
    pub since: Timestamp,
    /// How long they last.
    pub lasts: Duration,
    /// Who set them.
    pub author: String,
    /// The operator's reason.
    pub reason: String,
}

impl ThresholdOverride {
    /// Returns when they end. A start that lies in the future, after a jump of the clock, counts as now.
    #[must_use]
    pub fn until(&self, now: Timestamp) -> Timestamp {
        self.since.min(now).plus(self.lasts)
    }

    /// Whether they are in force.
    #[must_use]
    pub fn active(&self, now: Timestamp) -> bool {
        now < self.until(now)
    }
}
