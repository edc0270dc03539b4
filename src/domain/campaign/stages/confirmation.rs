//! Confirmation: k of the last n samples have to agree.

use serde::{Deserialize, Serialize};

use crate::domain::confirmation::{Confirmation, SampleWindow};

/// How many samples agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmationVerdict {
    /// Samples that agree.
    pub seen: u8,
    /// Samples needed.
    pub needed: u8,
    /// Samples considered.
    pub of_last: u8,
}

impl ConfirmationVerdict {
    pub(crate) fn evaluate(window: SampleWindow, rule: Confirmation) -> Self {
        Self {
            seen: window.count(rule),
            needed: rule.needed(),
            of_last: rule.of_last(),
        }
    }

    pub(crate) fn enough(self) -> bool {
        self.seen >= self.needed
    }
}
