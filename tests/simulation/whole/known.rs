//! What today's daemon is known to do wrong. A fix takes its row out; the test fails if a row no longer shows.

use super::judge::Invariant::{
    AboveConcurrency, AuditFalse, BlindRepeat, CountFalse, CountRefused, HoldBroken, LeftPaused,
    LeftRunning, PersonUndone, ResumeUndone, SecretShown, StaleReading, ViewFalse,
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
        name: "401 or 429 in the middle of a command: sent again without a reading",
        invariants: &[BlindRepeat],
        comes_of: &["401", "429", "429-no-header", "clock-step"],
        seed: 17,
    },
    Row {
        name: "a 2xx that cannot be read: a list or queue is written again without a reading",
        invariants: &[BlindRepeat],
        comes_of: &["garbled-json", "wrong-json", "empty-200", "206"],
        seed: 280,
    },
    Row {
        name: "a command waits for the rate limit, a token or the disk after its status was read",
        invariants: &[StaleReading],
        comes_of: &[
            "401",
            "403",
            "429",
            "429-no-header",
            "500",
            "html503",
            "reset",
            "stall",
            "slow",
            "truncate",
            "garbled-json",
            "wrong-json",
            "empty-200",
            "secrets-4xx",
            "secrets-5xx",
            "disk-slow",
            "low-rate",
        ],
        seed: 67,
    },
    Row {
        name: "adopting at every start: what the store knows to be a person's pause is resumed",
        invariants: &[PersonUndone],
        comes_of: &["adopt"],
        seed: 100,
    },
    Row {
        name: "an outage of the command endpoint: a person's act is taken for our command",
        invariants: &[PersonUndone, ResumeUndone, AuditFalse],
        comes_of: &[
            "500",
            "html503",
            "reset",
            "stall",
            "secrets-4xx",
            "secrets-5xx",
            "503-with-effect",
            "stall-with-effect",
            "lost-reply",
            "truncate",
        ],
        seed: 11,
    },
    Row {
        name: "strict ownership after an acknowledged command that does not show: a person's act is taken for it",
        invariants: &[PersonUndone, ResumeUndone, AuditFalse],
        comes_of: &["ack-without-effect"],
        seed: 401,
    },
    Row {
        name: "an effect later than the time-outs: our own command is told to be a person's, and our pause is left",
        invariants: &[
            AuditFalse,
            LeftPaused,
            ViewFalse,
            PersonUndone,
            ResumeUndone,
        ],
        comes_of: &[
            "late-effect",
            "503-late-effect",
            "stall-late-effect",
            "ack-late-effect",
        ],
        seed: 34,
    },
    Row {
        name: "a command that shows late: our own pause is told to be a person's",
        invariants: &[AuditFalse, LeftPaused, ViewFalse, ResumeUndone],
        comes_of: &["shows-late"],
        seed: 0,
    },
    Row {
        name: "a transitional word: our own pause is told to be a person's",
        invariants: &[
            AuditFalse,
            LeftPaused,
            LeftRunning,
            ViewFalse,
            PersonUndone,
            ResumeUndone,
        ],
        comes_of: &["transition"],
        seed: 1,
    },
    Row {
        name: "a timestamp that moves by itself: our own pause is told to be a person's",
        invariants: &[AuditFalse, LeftPaused, LeftRunning, ViewFalse, ResumeUndone],
        comes_of: &["timestamp-moves", "timestamp-moves-whole-seconds"],
        seed: 94,
    },
    Row {
        name: "a death between intent and outcome: a person's act is taken for our command",
        invariants: &[PersonUndone, ResumeUndone, AuditFalse],
        comes_of: &[
            "die-before-commit",
            "die-after-commit",
            "die-before-request",
            "die-after-request",
            "kill",
            "restart",
        ],
        seed: 374,
    },
    Row {
        name: "one 404: 15 minutes without control",
        invariants: &[LeftPaused, LeftRunning, ViewFalse],
        comes_of: &["404"],
        seed: 17,
    },
    Row {
        name: "a campaign that was deleted for a while: 15 minutes without control",
        invariants: &[LeftPaused, LeftRunning, ViewFalse],
        comes_of: &["campaign-gone", "campaign-back"],
        seed: 56,
    },
    Row {
        name: "a page that is clamped, filtered after paging or partial ends the listing",
        invariants: &[CountFalse],
        comes_of: &["page-clamp", "filtered-after-paging", "206"],
        seed: 23,
    },
    Row {
        name: "words in another case are nobody, or a status that is never commanded",
        invariants: &[CountFalse, CountRefused, LeftRunning, LeftPaused, ViewFalse],
        comes_of: &[
            "words-capitalised",
            "words-lower",
            "words-upper",
            "words-underscored",
        ],
        seed: 6,
    },
    Row {
        name: "204 and null for nobody are an invalid reading",
        invariants: &[CountRefused],
        comes_of: &["nobody-204", "nobody-null", "nobody-null-items"],
        seed: 16,
    },
    Row {
        name: "a refusal that repeats our secrets is logged and kept",
        invariants: &[SecretShown],
        comes_of: &["secrets-4xx", "secrets-5xx"],
        seed: 3,
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
    Row {
        name: "strict ownership: our own command without a readable answer is told to be a person's",
        invariants: &[AuditFalse],
        comes_of: &["strict"],
        seed: 1288,
    },
    Row {
        name: "a reply lost for longer than the time-outs and no timestamps: our own pause is left",
        invariants: &[LeftPaused, ViewFalse],
        comes_of: &[
            "stall-with-effect",
            "503-with-effect",
            "lost-reply",
            "truncate",
        ],
        seed: 3096,
    },
    Row {
        name: "a backward step of the clock: statuses are not read in their turn until it has caught up",
        invariants: &[
            LeftPaused,
            LeftRunning,
            ViewFalse,
            PersonUndone,
            ResumeUndone,
        ],
        comes_of: &["clock-step"],
        seed: 4320,
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
