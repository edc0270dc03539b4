//! In which form a platform keeps the lists of preview campaigns.

use serde::{Deserialize, Serialize};

/// In which form a list is kept, and so what can be said of an agent on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListForm {
    /// A list is replaced as one, and each entry has skills, a window and a number of calls: the same list sent twice is the
    /// same list.
    #[default]
    Whole,
    /// Agents are added and removed one by one, and the platform may take a part of them. An agent is on a list or is not: a
    /// membership is one call at once, and windows are kept by moving agents when they open and close.
    Membership,
}

impl ListForm {
    /// Returns whether a list is replaced as one.
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands out references"
    )]
    pub(super) fn is_whole(&self) -> bool {
        *self == Self::Whole
    }
}
