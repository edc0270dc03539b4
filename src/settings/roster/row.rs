//! The agents of a roster as texts, however they are written.

use std::collections::BTreeMap;

use crate::settings::fault::Origin;
use crate::settings::table_keys::{TableKey, agent};

/// Whether a member has to be given.
pub(super) fn needed(member: &TableKey) -> bool {
    member.name != agent::RECENT.name
}

/// The texts of one agent, and where they stand.
pub(super) struct Row {
    /// By member; no text where one was given, but none that can be read, and that is told.
    texts: BTreeMap<&'static str, (Vec<String>, Origin)>,
    /// Where the agent stands.
    pub(super) origin: Origin,
}

impl Row {
    /// An agent of whom nothing is said yet.
    pub(super) fn empty(origin: Origin) -> Self {
        let texts = BTreeMap::new();
        Self { texts, origin }
    }

    /// Takes what is said of a member.
    pub(super) fn add(&mut self, member: &'static TableKey, texts: Vec<String>, origin: Origin) {
        self.texts.insert(member.name, (texts, origin));
    }

    pub(super) fn get(&self, member: &TableKey) -> Option<&(Vec<String>, Origin)> {
        self.texts.get(member.name)
    }
}

/// Every row of a file.
pub(super) struct Rows {
    pub(super) agents: Vec<Row>,
    /// Whether all of it could be taken apart into rows.
    pub(super) whole: bool,
    /// Where the file begins to say anything.
    pub(super) begin: Origin,
}
