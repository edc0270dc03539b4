//! What came of a comparison.

use serde::Serialize;

use crate::experiment::{ArmRow, GuardTrial};

/// What came of one scenario.
#[derive(Serialize)]
pub(super) struct Compared {
    pub(super) scenario: String,
    pub(super) about: String,
    pub(super) policies: Vec<Row>,
}

/// One policy on one scenario.
#[derive(Serialize)]
pub(super) struct Row {
    #[serde(flatten)]
    pub(super) figures: ArmRow,
    /// Nothing else here connects more with as few abandoned calls.
    pub(super) on_front: bool,
    /// How it would have stood under each guard.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) guards: Vec<GuardTrial>,
}
