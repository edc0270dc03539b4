//! The result of reading a page of agents, however it was read.

use crate::domain::{AgentState, SnapshotBuilder};

/// A page of agents, as rows.
#[derive(Default)]
pub(super) struct AgentsPage {
    pub(super) builder: SnapshotBuilder,
    pub(super) ends: Option<(String, String)>,
    pub(super) not_known: NotKnown,
}

/// Rows in a state that is not known.
#[derive(Default)]
pub(super) struct NotKnown {
    pub(super) rows: usize,
    /// The state of the first one, as it was written.
    pub(super) word: Option<Box<str>>,
}

impl NotKnown {
    /// The longest part of a word that is repeated to people.
    const LONGEST_WORD: usize = 40;

    /// Counts a row's state.
    pub(super) fn note(&mut self, state: AgentState, word: &str) {
        if state != AgentState::Other {
            return;
        }
        self.rows = self.rows.saturating_add(1);
        if self.word.is_none() {
            let short: String = word.chars().take(Self::LONGEST_WORD).collect();
            self.word = Some(short.into_boxed_str());
        }
    }
}
