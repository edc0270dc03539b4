//! What makes a command wanted.

use serde::{Deserialize, Serialize};

/// What makes a command wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The available agents crossed a threshold.
    Threshold,
    /// Stale data under `on_stale = pause`.
    StaleFailsafe,
    /// A manual change under `on_manual_change = enforce`.
    Reconcile,
    /// An operator's hold.
    Hold,
    /// The calendar: closed, or open where it is the whole rule.
    Calendar,
}

impl Cause {
    /// The metric label.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Threshold => "threshold",
            Self::StaleFailsafe => "stale_failsafe",
            Self::Reconcile => "reconcile",
            Self::Hold => "manual",
            Self::Calendar => "calendar",
        }
    }
}
