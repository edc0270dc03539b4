//! The agents of the roster as they are written.

use std::collections::BTreeMap;

use crate::cli::config::fault::Origin;

/// What there is to say of an agent. The last may be left out.
pub(super) const MEMBERS: [&str; 7] = [
    "id",
    "skills",
    "start",
    "end",
    "zone",
    "concurrency",
    "recent",
];

/// How many of the members, from the first on, are needed.
pub(super) const NEEDED: usize = 6;

/// The texts of one agent, and where they stand.
pub(super) struct Row {
    /// By member; no text where one was given, but none that can be read, and that is told.
    pub(super) texts: BTreeMap<&'static str, (Vec<String>, Origin)>,
    /// Where the agent stands.
    pub(super) origin: Origin,
}

/// Every row of a file.
pub(super) struct Rows {
    pub(super) agents: Vec<Row>,
    /// Whether all of it could be taken apart into rows.
    pub(super) whole: bool,
    /// Where the file begins to say anything.
    pub(super) begin: Origin,
}
