//! The agents of a group one by one, so that it shows who began a call since the last poll.

use std::cmp::Ordering;

use crate::domain::snapshot::AgentState;

use super::call_starts::call_began;
use super::poll::WorkloadHeads;

/// The agents of a group at one poll, each by a number that is the agent's at every poll.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupMembers(Vec<(u64, AgentState)>);

impl GroupMembers {
    /// Takes the agents in any order.
    #[must_use]
    pub fn new(mut agents: Vec<(u64, AgentState)>) -> Self {
        agents.sort_unstable();
        Self(agents)
    }

    /// Returns those who are in another group too.
    #[must_use]
    pub fn shared_with(&self, other: &Self) -> Self {
        let mut theirs = other.0.iter().peekable();
        let mut both = self.0.clone();
        both.retain(|(agent, _)| {
            while theirs.next_if(|(other, _)| other < agent).is_some() {}
            theirs.next_if(|(other, _)| other == agent).is_some()
        });
        Self(both)
    }

    /// Counts them by state.
    #[must_use]
    pub fn heads(&self) -> WorkloadHeads {
        let mut heads = WorkloadHeads::default();
        for (_, state) in &self.0 {
            let count = match state {
                AgentState::Available => &mut heads.available,
                AgentState::WrapUp => &mut heads.wrap_up,
                AgentState::Busy => &mut heads.busy,
                AgentState::Other => &mut heads.staffed,
                AgentState::Offline => continue,
            };
            *count = count.saturating_add(1);
        }
        let working = heads.available.saturating_add(heads.wrap_up);
        heads.staffed = heads
            .staffed
            .saturating_add(working)
            .saturating_add(heads.busy);
        heads
    }

    /// Counts those who began a call since an earlier poll. An agent who was not there then was offline.
    #[must_use]
    pub fn call_starts_since(&self, earlier: &Self) -> u32 {
        let mut before = earlier.0.iter().peekable();
        let mut starts = 0_u32;
        for (agent, now) in &self.0 {
            while before
                .next_if(|(other, _)| other.cmp(agent) == Ordering::Less)
                .is_some()
            {}
            let known = before.next_if(|(other, _)| other == agent);
            let then = known.map_or(AgentState::Offline, |(_, state)| *state);
            starts = starts.saturating_add(u32::from(call_began(then, *now)));
        }
        starts
    }
}

#[cfg(test)]
mod tests {
    use super::AgentState::{Available, Busy, Offline, Other, WrapUp};
    use super::*;

    #[test]
    fn everybody_is_counted_by_state() {
        let states = [Available, Busy, Busy, WrapUp, Other, Offline];
        let members = GroupMembers::new((0..).zip(states).collect());
        let heads = WorkloadHeads {
            available: 1,
            wrap_up: 1,
            busy: 2,
            staffed: 5,
        };
        assert_eq!(members.heads(), heads);
    }

    #[test]
    fn agents_of_both_groups_are_found() {
        let one = GroupMembers::new(vec![(4, Busy), (1, Available), (2, WrapUp), (9, Offline)]);
        let other = GroupMembers::new(vec![(2, WrapUp), (3, Busy), (9, Offline), (4, Busy)]);
        let both = GroupMembers::new(vec![(2, WrapUp), (4, Busy), (9, Offline)]);
        assert_eq!(one.shared_with(&other), both);
        assert_eq!(other.shared_with(&one), both);
        let nobody = GroupMembers::default();
        assert_eq!(one.shared_with(&nobody), nobody);
        assert_eq!(one.shared_with(&one), one);
    }

    #[test]
    fn calls_begin_by_agent_and_not_by_count() {
        let before = GroupMembers::new(vec![(3, Busy), (1, Available), (2, Available)]);
        // One has ended a call while another began one, and somebody new is in a call.
        let now = GroupMembers::new(vec![(1, Busy), (2, Available), (3, WrapUp), (9, Busy)]);
        assert_eq!(now.call_starts_since(&before), 2);
        assert_eq!(now.call_starts_since(&now), 0);
        assert_eq!(now.call_starts_since(&GroupMembers::default()), 3);
    }
}
