//! What a page of agents comes to, however it was read.

use crate::domain::{AgentState, SnapshotBuilder};

/// A page of agents, as rows.
pub(super) struct AgentsPage {
    pub(super) builder: SnapshotBuilder,
    pub(super) ends: Option<(String, String)>,
}

/// The state that a word means; one that is not known is staffed and not available.
pub(super) fn state(word: &str) -> AgentState {
    match word {
        "available" => AgentState::Available,
        "wrap-up" => AgentState::WrapUp,
        "busy" => AgentState::Busy,
        "offline" => AgentState::Offline,
        _ => AgentState::Other,
    }
}
