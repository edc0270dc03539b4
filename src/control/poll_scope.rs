//! What the polls of the agents ask for.
//!
//! The loop decides it here, and so does whoever wants to ask a platform what the loop would ask: a check of the
//! configuration, or a single decision without a daemon.

use crate::domain::{Autopilot, Group, Timestamp};
use crate::platform::port::ObserveRequest;

/// What a poll of the agents asks for.
#[derive(Clone, Debug)]
pub struct PollScope {
    groups: Vec<Group>,
    staffed: bool,
    agents: bool,
    skills: bool,
    serving: Vec<bool>,
}

impl PollScope {
    /// Returns what this autopilot needs; with `assigns` also the single agents that preview campaigns are given.
    #[must_use]
    pub fn of(autopilot: &Autopilot, assigns: bool) -> Self {
        Self {
            groups: autopilot.groups().to_vec(),
            staffed: autopilot.needs_staffed() || assigns,
            agents: assigns,
            skills: autopilot.needs_skills(),
            serving: autopilot.needs_serving(),
        }
    }

    /// The same with every agent one by one, for the record that a model of the centre is fitted to.
    #[must_use]
    pub fn recording(self, records: bool) -> Self {
        let records = records && !self.groups.is_empty();
        let serving = self.serving.iter().map(|wanted| *wanted || records);
        Self {
            staffed: self.staffed || records,
            agents: self.agents || records,
            serving: serving.collect(),
            ..self
        }
    }

    /// Whether nothing is needed, as with queues alone: the agents are not read then.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty() && !self.agents
    }

    /// Returns the groups that are counted.
    pub(super) fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Returns the request for it.
    #[must_use]
    pub fn request(&self, deadline: Timestamp) -> ObserveRequest<'_> {
        let Self {
            groups,
            staffed,
            agents,
            skills,
            serving,
        } = self;
        ObserveRequest {
            groups,
            staffed: *staffed,
            agents: *agents,
            skills: *skills,
            serving,
            deadline,
        }
    }
}
