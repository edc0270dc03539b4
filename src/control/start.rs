//! The inputs of a run of the loop, and the outcome of a single tick.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::assignment::{AssignPolicy, CallRate, ListMemory, Roster};
use crate::domain::{
    AgentId, Calendars, CampaignId, CampaignState, Conclusion, Policy, Timestamp, Zone,
};
use crate::platform::port::{Connected, PlatformFault};

use super::ports::{Clock, Journal, JournalFault};
use super::status::{AssignmentView, CampaignView, ObservableState};

/// Everything outside that the loop uses.
pub struct Ports {
    /// The source of time.
    pub clock: Arc<dyn Clock>,
    /// The platform; in a dry run it has nothing that commands.
    pub platform: Connected,
    /// The store.
    pub journal: Arc<dyn Journal>,
}

/// What a run starts from.
pub struct RunStart {
    /// The run's number, from the journal.
    pub run: u64,
    /// The rules of each campaign.
    pub policies: BTreeMap<CampaignId, Policy>,
    /// The calendars that they name.
    pub calendars: Calendars,
    /// What the journal remembers of campaigns.
    pub restored: BTreeMap<CampaignId, CampaignState>,
    /// The preview assignments, if there are any.
    pub assignments: Option<AssignStart>,
}

/// What the assignments of a run start from.
pub struct AssignStart {
    /// The rules.
    pub policy: AssignPolicy,
    /// The agents.
    pub roster: Roster,
    /// Rates that were given.
    pub given: BTreeMap<AgentId, CallRate>,
    /// What the journal remembers of lists.
    pub restored: BTreeMap<CampaignId, ListMemory>,
}

/// The loop's own settings.
#[derive(Clone, Debug)]
pub struct CycleSettings {
    /// From the start of one poll to the start of the next.
    pub poll_interval: Duration,
    /// The share of the interval, from 0 to 1, at which it polls from its second poll on: loops of one process that start together then do
    /// not all ask at the same moment. Without one it counts from its start.
    pub phase: Option<f64>,
    /// A poll that is not complete by then has failed.
    pub poll_longest: Duration,
    /// The longest that one command can be on its way, retries included.
    pub command_longest: Duration,
    /// A status reading older than this is not commanded on.
    pub freshest: Duration,
    /// Campaigns whose status is read in each tick to see what people changed.
    pub routine_status_reads: usize,
    /// Whether what agents do is recorded, for `tune`: every agent is read at each poll.
    pub record_workload: bool,
    /// The time from one reading of a campaign's outcomes to the next; zero is never.
    pub outcomes_every: Duration,
    /// The zones on whose clocks outcomes are counted by whole days.
    pub day_zones: Vec<Zone>,
    /// Whether other systems are notified; without it nothing is written to the outbox.
    pub announces: bool,
    /// The program's version, for the audit.
    pub version: String,
    /// SHA-256 of the configuration, for the audit.
    pub config: String,
    /// What the store has lost since it was last written, in words: for the audit and the page.
    pub store_damage: Vec<String>,
}

impl CycleSettings {
    /// Returns the snapshot before the first tick. What is remembered shows at once: the first poll may take long.
    pub(super) fn first_shown(
        &self,
        platform: &Connected,
        campaigns: Vec<CampaignView>,
        now: Timestamp,
    ) -> ObservableState {
        // Waiting, a poll and the commands of a tick can follow each other; twice that is a hang.
        let work = self.poll_longest.saturating_add(self.command_longest);
        let silence_allowed = self.poll_interval.saturating_add(work).saturating_mul(2);
        ObservableState {
            alive_at: now,
            silence_allowed,
            journal_writable: true,
            dry_run: platform.commander.is_none(),
            poll_interval: self.poll_interval,
            config: self.config.clone(),
            store_damage: Arc::new(self.store_damage.clone()),
            campaigns: Arc::new(campaigns),
            ..ObservableState::default()
        }
    }
}

/// The result of the last poll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LastPoll {
    /// There was none, or it was given up for a shutdown.
    None,
    /// It gave a valid sample.
    Valid,
    /// It failed.
    Failed(PlatformFault),
}

/// The outcome of a single tick.
#[derive(Debug)]
pub struct TickReport {
    /// The result of the poll.
    pub poll: LastPoll,
    /// Whether the store could be written.
    pub journal: Result<(), JournalFault>,
    /// Campaigns that the platform does not know.
    pub campaigns_missing: usize,
    /// The last command that did not come to its end.
    pub failed_command: Option<Conclusion>,
    /// The lists of preview campaigns, with what was sent of each.
    pub assignments: Vec<AssignmentView>,
}
