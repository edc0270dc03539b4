//! Who has a skill, as far as it was written; nobody is asked of whom it was not.

use std::collections::BTreeMap;

use super::super::super::time::SimTime;

/// One agent's assignment to one skill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    pub(super) active: bool,
    pub(super) proficiency: i64,
    pub(super) changed: SimTime,
}

/// Assignments that were written.
#[derive(Default)]
pub(super) struct Assignments(BTreeMap<(u64, u64), Assignment>);

impl Assignments {
    pub(super) fn get(&self, skill: u64, agent: u64) -> Option<Assignment> {
        self.0.get(&(skill, agent)).copied()
    }

    pub(super) fn set(&mut self, skill: u64, agent: u64, assignment: Assignment) {
        self.0.insert((skill, agent), assignment);
    }
}
