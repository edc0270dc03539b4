//! What one poll showed of a campaign and its agents.

/// The agents of a campaign by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorkloadHeads {
    /// Ready to take a call.
    pub available: u32,
    /// Finishing a call.
    pub wrap_up: u32,
    /// In a call.
    pub busy: u32,
    /// Not offline; those in a state that is not known are among them, and in none of the others.
    pub staffed: u32,
}

/// Who decides whether a campaign dials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialling {
    /// It may dial.
    Running,
    /// We paused it.
    PausedByUs,
    /// Somebody else paused it, or it is not known: the policy had no say.
    NotOurs,
}

/// One poll of a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkloadPoll {
    /// Its agents.
    pub heads: WorkloadHeads,
    /// Calls that its agents began since the last poll; none where that is not known.
    pub call_starts: Option<u32>,
    /// Whether it dials, after the poll's commands.
    pub dialling: Dialling,
    /// The thresholds in force, in whole agents: pause below, resume at. None where there were no two such numbers.
    pub thresholds: Option<(u32, u32)>,
}

impl WorkloadPoll {
    /// Returns what a poll showed of agents alone: those of two campaigns, who belong to neither.
    #[must_use]
    pub const fn of_agents(heads: WorkloadHeads, call_starts: Option<u32>) -> Self {
        Self {
            heads,
            call_starts,
            dialling: Dialling::NotOurs,
            thresholds: None,
        }
    }
}
