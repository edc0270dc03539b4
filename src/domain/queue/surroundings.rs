//! What a change refers to on the platform.

use std::collections::BTreeSet;

use crate::domain::ids::SkillId;

use super::overflow::OverflowGraph;

/// What the platform has, as far as a change refers to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Every skill; absent when the change names none.
    pub skills: Option<BTreeSet<SkillId>>,
    /// The overflows that can be reached, with the change in place; absent when it moves none.
    pub overflows: Option<OverflowGraph>,
}
