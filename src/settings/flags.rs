//! The flags as they were given.

use std::collections::BTreeMap;

use super::row::Row;

/// The texts of flags, by setting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RunArgs {
    given: BTreeMap<&'static str, Vec<String>>,
}

impl RunArgs {
    /// The texts given for this setting; a switch that is there is `true`.
    pub(crate) fn given(&self, row: &Row) -> &[String] {
        self.given.get(row.key).map_or(&[], Vec::as_slice)
    }

    /// Takes the texts of a flag, in place of earlier ones.
    pub(super) fn add(&mut self, row: &'static Row, texts: Vec<String>) {
        self.given.insert(row.key, texts);
    }
}
