//! What the platform counted of a campaign's answered calls.

use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;

/// One reading of a campaign's counters: of all its calls since a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallCounters {
    /// Since when they count.
    pub since: Timestamp,
    /// Until when everything is counted.
    pub until: Timestamp,
    /// Answered calls that reached an agent.
    pub connected: u64,
    /// Answered calls that no agent took in time.
    pub abandoned: u64,
}

/// The calls between two readings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallDelta {
    /// Answered calls that reached an agent.
    pub connected: u64,
    /// Answered calls that no agent took in time.
    pub abandoned: u64,
}

impl CallDelta {
    /// Returns the answered calls whose fate is known.
    #[must_use]
    pub const fn answered(self) -> u64 {
        self.connected.saturating_add(self.abandoned)
    }
}

impl CallCounters {
    /// Returns the calls since an earlier reading; none when a counter was reset in between.
    #[must_use]
    pub fn calls_since(self, earlier: Self) -> Option<CallDelta> {
        if self.since != earlier.since {
            return None;
        }
        Some(CallDelta {
            connected: self.connected.checked_sub(earlier.connected)?,
            abandoned: self.abandoned.checked_sub(earlier.abandoned)?,
        })
    }
}
