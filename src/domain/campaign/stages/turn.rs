//! The turn: of the campaigns of a group one is resumed at a time.

use serde::{Deserialize, Serialize};

/// Whether another campaign of the group is being resumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnVerdict {
    /// Another campaign is being resumed, or comes first.
    pub taken: bool,
}
