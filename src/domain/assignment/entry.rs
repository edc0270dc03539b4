//! Agents on a campaign's list, in the platform's words.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::AgentId;

/// One agent on a list, in the platform's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Sorted.
    pub skills: Vec<String>,
    /// When the window opens, `HH:MM`.
    pub start: String,
    /// When it closes, `HH:MM`.
    pub end: String,
    /// Its time zone.
    pub zone: String,
    /// Calls at once.
    pub calls: u8,
}

impl Entry {
    /// Returns the entry of a list that is kept as a membership: that the agent is on it, for one call at once.
    #[must_use]
    pub fn member() -> Self {
        Self {
            skills: Vec::new(),
            start: String::new(),
            end: String::new(),
            zone: String::new(),
            calls: 1,
        }
    }
}

/// Who is on a list.
pub type List = BTreeMap<AgentId, Entry>;
