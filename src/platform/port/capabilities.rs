//! What a platform can do, fixed by its dialect.

use std::num::NonZeroUsize;

use crate::domain::PlatformTraits;
use crate::domain::assignment::ListForm;
use crate::domain::throttle::Lever;

/// How a platform reports available agents. It bounds what one observation costs; the answer is complete either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentFeed {
    /// One row for each agent, in pages: everything each time.
    Rows,
    /// Ready-made counts for each queue or skill, and no agents.
    Counts,
    /// Rows of those agents who changed, merged by the adapter, with a full reading now and then.
    Deltas,
    /// A connection over which changes arrive by themselves.
    Stream,
}

/// How many campaigns' statuses come with one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusCalls {
    /// One call for each campaign, several at a time. The loop then reads a share of the campaigns at each poll.
    OneEach,
    /// At most so many a call. The loop reads every campaign at each poll.
    Batch(NonZeroUsize),
    /// Every campaign in one listing. The loop reads every campaign at each poll.
    Listing,
}

/// In which forms a queue can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueForms {
    /// Single members can be written, without the others.
    pub members: bool,
    /// A write names the version that it rests on, and is refused when that is no longer in force. Without that a gap remains
    /// between the last reading and the write.
    pub conditional: bool,
    /// A queue can be changed while it works and has the figures that a calibration moves.
    pub calibrated: bool,
}

/// Names of the rights that the credentials need, as the platform calls them; empty where it names none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// What the platform calls one.
    pub noun: &'static str,
    /// What proves who asks: a token, a log-in, credentials.
    pub log_in: &'static str,
    /// Where one that is missing is given, for people.
    pub remedy: &'static str,
    /// What has to be looked at where the platform does not know a campaign.
    pub unknown_campaign: &'static str,
    /// For observing agents and for reading and commanding campaigns.
    pub campaigns: &'static [&'static str],
    /// For lists of preview campaigns, beyond those.
    pub lists: &'static [&'static str],
    /// For queues, beyond those.
    pub queues: &'static [&'static str],
    /// Those without which campaigns are steered all the same, each with what is lost.
    pub useful: &'static [(&'static str, &'static str)],
}

/// By what a campaign can be made to dial slower.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Levers {
    /// Its dials for each idle agent can be limited.
    pub dial_ratio: bool,
    /// Its dialler can be told how many agents to keep idle, by an extension of ours that the simulated platform offers. No real platform
    /// does: whether it is there shows when it is read.
    pub idle_reserve: bool,
}

impl Levers {
    /// Whether a lever can be moved.
    #[must_use]
    pub const fn has(self, lever: Lever) -> bool {
        match lever {
            Lever::DialRatio => self.dial_ratio,
            Lever::IdleReserve => self.idle_reserve,
        }
    }
}

/// On what a dialect rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Basis {
    /// What it was written from, for people.
    pub written_from: &'static str,
    /// Whether a live account was ever called with it.
    pub live: bool,
}

/// What a platform can do. Fixed by the dialect; nothing here depends on a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, not one state"
)]
pub struct Capabilities {
    /// On what the dialect rests.
    pub basis: Basis,
    /// How it reports available agents.
    pub agents: AgentFeed,
    /// Whether single agents can be listed with their states, as preview campaigns need.
    pub agent_rows: bool,
    /// Whether agents can be chosen by their skills and ids.
    pub selectors: bool,
    /// Whether a campaign has a queue or skill of its own whose agents can be counted.
    pub own_group: bool,
    /// Whether agents on a campaign's own calls are distinguished from those on others.
    pub serving: bool,
    /// Whether agents who finish a call are distinguished from others.
    pub wrap_up: bool,
    /// How many statuses come with one call.
    pub statuses: StatusCalls,
    /// What the decisions need to know: how long commands settle, and by what evidence a pause is shown to be ours.
    pub traits: PlatformTraits,
    /// In which form lists of preview campaigns are kept; absent where there are none.
    pub lists: Option<ListForm>,
    /// In which forms queues can be written; absent where they cannot.
    pub queues: Option<QueueForms>,
    /// Whether agents can be moved between queues.
    pub profiles: bool,
    /// By what a campaign can be made to dial slower instead of not at all.
    pub levers: Levers,
    /// Whether counters of a campaign's dials and of what became of them can be read.
    pub outcomes: bool,
    /// Whether what else starts and stops campaigns can be looked for.
    pub rivals: bool,
    /// Names of the rights that the credentials need.
    pub rights: Rights,
}
