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

/// What one poll showed of the agents of two groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SharedWorkload {
    /// The places of the groups, the lower first.
    pub groups: (usize, usize),
    /// Those who are in both.
    pub agents: GroupWorkload,
}

/// What one poll showed of the agents of every group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkloadSample {
    /// By the place of the group; none where the platform does not show its agents.
    pub groups: Vec<Option<GroupWorkload>>,
    /// Each two groups that were compared; most have nobody in common.
    pub shared: Vec<SharedWorkload>,
}

/// So many groups are compared with each other at a poll: 496 pairs, which takes milliseconds for thousands of agents. Of more, the
/// first ones are.
const MOST_GROUPS_COMPARED: usize = 32;

/// Follows the agents of the groups from poll to poll.
#[derive(Debug, Default)]
pub struct WorkloadWatch {
    before: Vec<Option<GroupMembers>>,
}

impl WorkloadWatch {
    /// Observes a complete poll: the agents of each group, none where the platform does not show them. The groups are those of the last
    /// poll, unless [`forget`](Self::forget) was called since.
    pub fn observe(&mut self, members: Vec<Option<GroupMembers>>) -> WorkloadSample {
        let groups = members.iter().enumerate();
        let groups = groups.map(|(place, members)| {
            let members = members.as_ref()?;
            Some(self.workload(place, members))
        });
        let sample = WorkloadSample {
            groups: groups.collect(),
            shared: self.shared(&members),
        };
        self.before = members;
        sample
    }

    /// Counts agents of a group.
    fn workload(&self, place: usize, agents: &GroupMembers) -> GroupWorkload {
        let before = self.before.get(place).and_then(Option::as_ref);
        GroupWorkload {
            heads: agents.heads(),
            call_starts: before.map(|before| agents.call_starts_since(before)),
        }
    }

    fn shared(&self, members: &[Option<GroupMembers>]) -> Vec<SharedWorkload> {
        let known = || {
            let compared = members.iter().enumerate().take(MOST_GROUPS_COMPARED);
            compared.filter_map(|(place, members)| Some((place, members.as_ref()?)))
        };
        let mut shared = Vec::new();
        for (place, members) in known() {
            for (other, theirs) in known().filter(|(other, _)| *other > place) {
                let both = members.shared_with(theirs);
                shared.push(SharedWorkload {
                    groups: (place, other),
                    agents: self.workload(place, &both),
                });
            }
        }
        shared
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
        let starts = |sample: WorkloadSample| -> Vec<Option<Option<u32>>> {
            let groups = sample.groups.into_iter();
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

    #[test]
    fn agents_of_two_groups_are_counted_apart() {
        let members =
            |agents: &[(u64, crate::domain::AgentState)]| Some(GroupMembers::new(agents.to_vec()));
        let mut watch = WorkloadWatch::default();
        let alone = vec![members(&[(1, Available)]), None, members(&[(2, Busy)])];
        let nobody = SharedWorkload {
            groups: (0, 2),
            agents: GroupWorkload {
                heads: WorkloadHeads::default(),
                call_starts: None,
            },
        };
        assert_eq!(watch.observe(alone).shared, [nobody]);
        let both = vec![
            members(&[(1, Busy), (2, Available), (3, Busy)]),
            None,
            members(&[(2, Available), (3, Busy), (4, Busy)]),
        ];
        let heads = WorkloadHeads {
            available: 1,
            wrap_up: 0,
            busy: 1,
            staffed: 2,
        };
        // The third agent is new in the first group, and was in no call before; the fourth is in one group alone.
        let agents = GroupWorkload {
            heads,
            call_starts: Some(1),
        };
        let shared = SharedWorkload {
            groups: (0, 2),
            agents,
        };
        assert_eq!(watch.observe(both).shared, [shared]);
    }
}
