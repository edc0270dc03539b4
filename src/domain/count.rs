//! A count of agents.

use serde::{Deserialize, Serialize};

/// Agents of one selector in one sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// Agents that can take a call.
    pub available: u32,
    /// Agents that are not offline; equals `available` when only available agents were read.
    pub staffed: u32,
    /// Agents that finish a call; none when only available agents were read.
    pub wrap_up: u32,
}

impl Count {
    pub(super) fn add(&mut self, other: Self) {
        self.available = self.available.saturating_add(other.available);
        self.staffed = self.staffed.saturating_add(other.staffed);
        self.wrap_up = self.wrap_up.saturating_add(other.wrap_up);
    }

    /// Takes away agents who were counted twice.
    pub(super) fn remove(&mut self, other: Self) {
        self.available = self.available.saturating_sub(other.available);
        self.staffed = self.staffed.saturating_sub(other.staffed);
        self.wrap_up = self.wrap_up.saturating_sub(other.wrap_up);
    }
}
