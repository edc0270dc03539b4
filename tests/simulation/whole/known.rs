//! What today's daemon is known to do wrong. A fix takes its row out; the test fails if a row no longer shows.

use super::judge::Invariant::{
    AboveConcurrency, AuditFalse, HoldBroken, LeftPaused, LeftRunning, PersonUndone, ResumeUndone,
    ViewFalse,
};
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
pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "stamps that move by themselves, before that is known: our own pause is told to be a person's, or a person's ours",
        invariants: &[
            AuditFalse,
            LeftPaused,
            LeftRunning,
            ViewFalse,
            PersonUndone,
            ResumeUndone,
        ],
        comes_of: &["timestamp-moves", "timestamp-moves-whole-seconds"],
        seed: 321,
    },
    Row {
        name: "one 404: 15 minutes without control",
        invariants: &[LeftPaused, LeftRunning, ViewFalse],
        comes_of: &["404"],
        seed: 352,
    },
    Row {
        name: "a list that was not taken as it was told: an agent serves more campaigns than allowed",
        invariants: &[AboveConcurrency],
        comes_of: &[
            "late-effect",
            "503-late-effect",
            "stall-late-effect",
            "ack-late-effect",
            "ack-without-effect",
            "taken-in-part",
            "person-assigns",
            "campaign-gone",
        ],
        seed: 186,
    },
    Row {
        name: "a forward step of the clock ends a hold or a grace early",
        invariants: &[HoldBroken, ResumeUndone],
        comes_of: &["clock-step"],
        seed: 308,
    },
];

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
