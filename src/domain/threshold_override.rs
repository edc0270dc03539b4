//! An operator's thresholds: they replace the configured ones until they expire.
//!
//! *Semantics.* Only the two thresholds are replaced, or the target of the campaign's aim. Confirmation, dwell, budget and manual changes apply as before, and
//! what was seen of the samples is kept: a window says how often a threshold was crossed, and a new one has to be crossed by
//! the samples to come. The thresholds in force are looked up at each sample, so a change acts at the next poll and not before.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::aim::AbandonTarget;
use super::thresholds::Thresholds;
use super::time::Timestamp;

/// Thresholds that an operator set for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThresholdOverride {
    /// The thresholds; those that the aim had, where its target is set.
    pub thresholds: Thresholds,
    /// The share of abandoned calls that the campaign's aim is set to. Its thresholds stay in force then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abandon_target: Option<AbandonTarget>,
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
