//! What one poll showed of the agents of every group.

use super::members::GroupMembers;
use super::poll::WorkloadHeads;

/// What one poll showed of a group's agents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupWorkload {
    /// The agents by state.
    pub heads: WorkloadHeads,
    /// Calls that they began since the last poll; none where that is not known.
    pub call_starts: Option<u32>,
}

/// Follows the agents of the groups from poll to poll.
#[derive(Debug, Default)]
pub struct WorkloadWatch {
    before: Vec<Option<GroupMembers>>,
}

impl WorkloadWatch {
    /// Observes a complete poll: the agents of each group, none where the platform does not show them. The groups are those of the last
    /// poll, unless [`forget`](Self::forget) was called since.
    pub fn observe(&mut self, members: Vec<Option<GroupMembers>>) -> Vec<Option<GroupWorkload>> {
        let groups = members.iter().enumerate();
        let sample = groups.map(|(place, members)| {
            let members = members.as_ref()?;
            let before = self.before.get(place).and_then(Option::as_ref);
            Some(GroupWorkload {
                heads: members.heads(),
                call_starts: before.map(|before| members.call_starts_since(before)),
            })
        });
        let sample = sample.collect();
        self.before = members;
        sample
    }

    /// Forgets the last poll: one has failed, or the groups are others.
    pub fn forget(&mut self) {
        self.before.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::AgentState::{Available, Busy};

    #[test]
    fn starts_are_known_from_the_second_poll_on() {
        let members = |state| Some(GroupMembers::new(vec![(1, state)]));
        let mut watch = WorkloadWatch::default();
        let starts = |sample: Vec<Option<GroupWorkload>>| -> Vec<Option<Option<u32>>> {
            let groups = sample.into_iter();
            groups
                .map(|group| group.map(|group| group.call_starts))
                .collect()
        };
        let first = watch.observe(vec![members(Available), None]);
        assert_eq!(starts(first), [Some(None), None]);
        let second = watch.observe(vec![members(Busy), members(Busy)]);
        assert_eq!(starts(second), [Some(Some(1)), Some(None)]);
        watch.forget();
        let third = watch.observe(vec![members(Busy), members(Busy)]);
        assert_eq!(starts(third), [Some(None), Some(None)]);
    }
}
