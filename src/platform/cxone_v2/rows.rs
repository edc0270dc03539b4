//! The result of reading a page of agents, however it was read.

use std::borrow::Cow;

use crate::domain::{AgentState, SnapshotBuilder};
use crate::platform::http::PageClaims;
use crate::platform::port::UnreadableRows;

use super::words::agent_state;

/// The longest id and the longest skill that are kept, in bytes. No setting can name a longer one, and a tenant's memory
/// must not depend on what a platform writes into a name.
pub(super) const LONGEST_TEXT: usize = 200;

/// A page of agents, as rows.
#[derive(Default)]
pub(super) struct AgentsPage {
    pub(super) builder: SnapshotBuilder,
    /// The first and the last id.
    pub(super) ends: Option<(String, String)>,
    pub(super) not_known: NotKnown,
    pub(super) unreadable: UnreadableRows,
    /// What the page says of its listing.
    pub(super) claims: PageClaims,
}

impl AgentsPage {
    /// Rows that the page had, those that cannot be read included.
    pub(super) fn rows(&self) -> usize {
        self.builder.rows().saturating_add(self.unreadable.rows)
    }
}

/// Collects the rows of a page.
pub(super) struct PageRows<'a> {
    builder: SnapshotBuilder,
    first: Option<Cow<'a, str>>,
    last: Option<Cow<'a, str>>,
    not_known: NotKnown,
    unreadable: UnreadableRows,
}

impl<'a> PageRows<'a> {
    /// No rows yet, with room for so many.
    pub(super) fn with_capacity(agents: usize) -> Self {
        Self {
            builder: SnapshotBuilder::with_capacity(agents),
            first: None,
            last: None,
            not_known: NotKnown::default(),
            unreadable: UnreadableRows::default(),
        }
    }

    /// Adds an agent, whose state may be missing.
    pub(super) fn add<'s>(
        &mut self,
        id: Cow<'a, str>,
        word: Option<&str>,
        skills: impl IntoIterator<Item = &'s str>,
    ) {
        if id.is_empty() {
            return self.unreadable.note("an agent has an empty id");
        }
        if id.len() > LONGEST_TEXT {
            return self
                .unreadable
                .note("an agent's id is longer than 200 bytes");
        }
        let state = word.map_or(AgentState::Other, agent_state);
        self.not_known.note(state, word);
        let skills = skills.into_iter();
        let skills = skills.filter(|skill| skill.len() <= LONGEST_TEXT);
        self.builder.add(&id, state, skills);
        if self.first.is_none() {
            self.first = Some(id.clone());
        }
        self.last = Some(id);
    }

    /// Counts a row that cannot be read.
    pub(super) fn unreadable(&mut self, why: &str) {
        self.unreadable.note(why);
    }

    /// The page of these rows.
    pub(super) fn finish(self) -> AgentsPage {
        let (first, last) = (self.first, self.last);
        AgentsPage {
            builder: self.builder,
            ends: first
                .zip(last)
                .map(|(first, last)| (first.into_owned(), last.into_owned())),
            not_known: self.not_known,
            unreadable: self.unreadable,
            claims: PageClaims::default(),
        }
    }
}

/// Rows in a state that is not known.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct NotKnown {
    pub(super) rows: usize,
    /// The state of the first one that has any, as it was written.
    pub(super) word: Option<Box<str>>,
}

impl NotKnown {
    /// The longest part of a word that is repeated to people.
    const LONGEST_WORD: usize = 40;

    /// Counts a row's state.
    fn note(&mut self, state: AgentState, word: Option<&str>) {
        if state != AgentState::Other {
            return;
        }
        self.rows = self.rows.saturating_add(1);
        if self.word.is_none() {
            let short =
                |word: &str| -> Box<str> { word.chars().take(Self::LONGEST_WORD).collect() };
            self.word = word.map(short);
        }
    }

    /// Adds those of another page.
    pub(super) fn add(&mut self, other: Self) {
        self.rows = self.rows.saturating_add(other.rows);
        self.word = self.word.take().or(other.word);
    }
}
