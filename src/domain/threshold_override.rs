//! An operator's lines: they stand in for the configured ones until they expire.
//!
//! *Semantics.* Only the two lines are replaced. Confirmation, dwell, budget and a person's change speak as before, and
//! what was seen of the samples is kept: a window says how often a line was crossed, and a new line has to be crossed by
//! the samples to come. The lines in force are asked for at each sample, so a change acts at the next poll and not before.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::thresholds::Thresholds;
use super::time::Timestamp;

/// Lines that an operator set for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThresholdOverride {
    /// The lines.
    pub thresholds: Thresholds,
    /// When they were set.
    pub since: Timestamp,
    /// How long they last.
    pub lasts: Duration,
    /// Who set them.
    pub author: String,
    /// Why.
    pub reason: String,
}

impl ThresholdOverride {
    /// When they end. A start that lies in the future, after a jump of the clock, counts as now.
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
