//! Who has a skill, as far as it was written; nobody is asked of whom it was not.

use std::collections::BTreeMap;

use super::super::super::journal::Actor;
use super::super::super::time::SimTime;

/// One agent's assignment to one skill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    pub(super) active: bool,
    pub(super) proficiency: i64,
    pub(super) changed: SimTime,
}

/// An agent was given a skill, parked, or let back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MembershipChanged {
    /// The time at which it took effect.
    pub at: SimTime,
    /// The skill's number.
    pub skill: u64,
    /// The agent's number.
    pub agent: u64,
    /// Whether the assignment is in force from then on.
    pub active: bool,
    /// The author of it.
    pub by: Actor,
}

/// Assignments that were written, and what of them is refused.
#[derive(Clone, Default)]
pub(super) struct Assignments {
    written: BTreeMap<(u64, u64), Assignment>,
    refused: BTreeMap<(u64, u64), String>,
    journal: Vec<MembershipChanged>,
}

impl Assignments {
    pub(super) fn get(&self, skill: u64, agent: u64) -> Option<Assignment> {
        self.written.get(&(skill, agent)).copied()
    }

    pub(super) fn set(&mut self, skill: u64, agent: u64, assignment: Assignment, by: Actor) {
        self.written.insert((skill, agent), assignment);
        self.journal.push(MembershipChanged {
            at: assignment.changed,
            skill,
            agent,
            active: assignment.active,
            by,
        });
    }

    /// Why clients may not change this assignment, if they may not.
    pub(super) fn refusal(&self, skill: u64, agent: u64) -> Option<&str> {
        self.refused.get(&(skill, agent)).map(String::as_str)
    }

    pub(super) fn refuse(&mut self, skill: u64, agent: u64, why: Option<&str>) {
        match why {
            Some(why) => self.refused.insert((skill, agent), why.to_owned()),
            None => self.refused.remove(&(skill, agent)),
        };
    }

    /// Everything that was written, oldest first.
    pub(super) fn journal(&self) -> &[MembershipChanged] {
        &self.journal
    }
}
