//! What today's daemon is known to do wrong. A fix takes its row out; the test fails if a row no longer shows.

use super::judge::{Invariant, Violation};

/// One known fault.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) invariants: &'static [Invariant],
    /// It comes only of one of these kinds of trouble.
    pub(crate) comes_of: &'static [&'static str],
    /// A seed that shows it.
    pub(crate) seed: u64,
}

/// The table.
pub(crate) const ROWS: &[Row] = &[];

/// The row that explains a violation, if one does.
pub(crate) fn row_of(violation: &Violation) -> Option<&'static Row> {
    ROWS.iter().find(|row| {
        row.invariants.contains(&violation.invariant)
            && row
                .comes_of
                .iter()
                .any(|trouble| violation.around.contains(trouble))
    })
}
