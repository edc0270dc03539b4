//! Reads the platform: the agents, and of the campaigns' statuses those that are due.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join;
use tokio_util::sync::CancellationToken;
use tracing::field::Empty;
use tracing::{Instrument, debug_span};

use crate::domain::assignment::Roster;
use crate::domain::workload::WorkloadSample;
use crate::domain::{AgentState, CampaignId, Sample, Timestamp};
use crate::platform::port::{
    AgentObserver, CampaignFinding, CampaignReader, Connected, StatusCalls, Urgency,
};

use super::assigning::Assigning;
use super::campaigns::Campaigns;
use super::change::Changing;
use super::collect::{Collector, PollNeeds, Polled};
use super::inbox::Inbox;
use super::ledger::Fact;
use super::outcomes::OutcomeReads;
use super::poll_scope::PollScope;
use super::ports::Clock;
use super::start::{CycleSettings, LastPoll};

/// Status reads in one tick for campaigns that cannot be commanded without: at the default rate these fit into one
/// poll interval, so that a start with thousands of campaigns does not hold up the first decision.
const MOST_NEEDED_READS: usize = 128;

/// A platform that reports changes does not make polls follow each other faster than this part of the interval.
const SHORTEST_PART: u32 = 4;

/// Statuses that were read.
pub(super) type Statuses = Vec<(CampaignId, CampaignFinding)>;

/// What a poll is to read, as of its beginning.
struct Reading {
    scope: PollScope,
    /// Campaigns whose status is read beside it.
    statuses: Vec<CampaignId>,
}

/// What a poll leaves for the rest of the tick.
pub(super) struct PollResult {
    pub(super) taken_at: Timestamp,
    /// By position in the roster.
    pub(super) roster_states: Option<Vec<AgentState>>,
}

/// Polls the platform, and keeps how the last poll went.
pub(super) struct Poller {
    clock: Arc<dyn Clock>,
    agents: Arc<dyn AgentObserver>,
    campaigns: Arc<dyn CampaignReader>,
    statuses: StatusCalls,
    interval: Duration,
    longest: Duration,
    command_longest: Duration,
    routine_reads: usize,
    records: bool,
    shutdown: CancellationToken,
    collector: Collector,
    outcomes: OutcomeReads,
    last: LastPoll,
}

impl Poller {
    /// Returns the port that reads campaigns.
    pub(super) fn reader(&self) -> &Arc<dyn CampaignReader> {
        &self.campaigns
    }

    pub(super) fn new(
        clock: &Arc<dyn Clock>,
        platform: &Connected,
        settings: &CycleSettings,
        shutdown: &CancellationToken,
    ) -> Self {
        Self {
            clock: Arc::clone(clock),
            agents: Arc::clone(&platform.agents),
            campaigns: Arc::clone(&platform.campaigns),
            statuses: platform.capabilities.statuses,
            interval: settings.poll_interval,
            longest: settings.poll_longest,
            command_longest: settings.command_longest,
            routine_reads: settings.routine_status_reads,
            records: settings.record_workload,
            shutdown: shutdown.clone(),
            collector: Collector::default(),
            outcomes: OutcomeReads::new(clock, platform, settings, shutdown),
            last: LastPoll::None,
        }
    }

    /// Returns how the last poll went.
    pub(super) fn last(&self) -> LastPoll {
        self.last.clone()
    }

    /// Returns whether the last poll gave a valid sample.
    pub(super) fn valid(&self) -> bool {
        self.last == LastPoll::Valid
    }

    /// Polls the agents and reads the statuses without which nothing can be commanded, and serves holds that cannot wait for that.
    /// Returns `None` when it was given up for a shutdown.
    pub(super) async fn observe(
        &mut self,
        mut changing: Changing<'_>,
        inbox: &mut Inbox,
    ) -> Option<(PollResult, Sample, Statuses)> {
        changing.ledger.record(self.clock.now(), Fact::LoopAlive);
        let roster = changing.assigning.map(Assigning::roster);
        let reading = self.reading(changing.campaigns, roster.is_some());
        let poll = self.poll(&reading, roster);
        let (polled, held) = inbox.serve_holds_beside(&mut changing, poll).await;
        let (polled, mut statuses) = polled?;
        // Read before the campaign was commanded, perhaps: a later reading shows it.
        statuses.retain(|(campaign, _)| !held.contains(campaign));
        let ledger = changing.ledger;
        ledger.record(self.clock.now(), Fact::LoopAlive);
        let counted = self.outcomes.take().await;
        changing.campaigns.apply_outcomes(&counted, ledger);
        let decision = changing.campaigns.autopilot.next_decision();
        let fault = polled.record(decision, ledger);
        self.last = fault.map_or(LastPoll::Valid, |fault| LastPoll::Failed(fault.clone()));
        changing.campaigns.workload = if self.records {
            polled.workload
        } else {
            WorkloadSample::default()
        };
        let result = PollResult {
            taken_at: polled.taken_at,
            roster_states: polled.roster_states,
        };
        Some((result, polled.sample, statuses))
    }

    fn reading(&self, campaigns: &Campaigns, assigns: bool) -> Reading {
        let autopilot = &campaigns.autopilot;
        let beside = if self.reads_all() { usize::MAX } else { 0 };
        Reading {
            scope: PollScope::of(autopilot, assigns).recording(self.records),
            statuses: autopilot.due_status_reads(beside, MOST_NEEDED_READS, self.clock.now()),
        }
    }

    /// Borrows nothing that changes meanwhile, so that an operator can be served beside it.
    async fn poll(
        &mut self,
        reading: &Reading,
        roster: Option<&Roster>,
    ) -> Option<(Polled, Statuses)> {
        let reads = self.read_statuses(reading.statuses.clone(), self.longest);
        let needs = PollNeeds {
            scope: &reading.scope,
            longest: self.longest,
            roster,
        };
        let poll = self
            .collector
            .poll(&*self.agents, &*self.clock, needs)
            .instrument(debug_span!(
                "poll",
                rows = Empty,
                pages = Empty,
                fault = Empty
            ));
        tokio::select! {
            biased;
            both = join(poll, reads) => Some(both),
            () = self.shutdown.cancelled() => None,
        }
    }

    /// Reads the statuses that are due to be read for manual changes, and begins to read what became of dials. Comes after the
    /// commands, so that a slow answer delays none.
    pub(super) async fn read_routine(&mut self, campaigns: &Campaigns) -> Statuses {
        self.outcomes.begin(&campaigns.autopilot);
        if self.reads_all() {
            return Statuses::new();
        }
        let now = self.clock.now();
        let due = campaigns
            .autopilot
            .due_status_reads(self.routine_reads, 0, now);
        let reads = self.read_statuses(due, self.command_longest);
        tokio::select! {
            biased;
            statuses = reads => statuses,
            () = self.shutdown.cancelled() => Statuses::new(),
        }
    }

    /// Ends when the platform reports a change, so that an early poll may be worth it; `pause` is the wait for the next one.
    pub(super) fn woken(&self, pause: Duration) -> impl Future<Output = ()> + Send + use<> {
        let agents = Arc::clone(&self.agents);
        let shortest = self.clock.sleep(pause.min(self.interval / SHORTEST_PART));
        async move {
            shortest.await;
            agents.changed().await;
        }
    }

    /// Returns whether every campaign is read beside each poll, because that costs next to nothing there.
    fn reads_all(&self) -> bool {
        match self.statuses {
            StatusCalls::OneEach => false,
            StatusCalls::Batch(_) | StatusCalls::Listing => true,
        }
    }

    fn read_statuses(
        &self,
        mut campaigns: Vec<CampaignId>,
        longest: Duration,
    ) -> impl Future<Output = Statuses> + use<> {
        // The order in which they are due is arbitrary; the order in which they are applied is not.
        campaigns.sort();
        let reader = Arc::clone(&self.campaigns);
        let deadline = self.clock.now().plus(longest);
        async move {
            if campaigns.is_empty() {
                return Statuses::new();
            }
            let found = reader.read(&campaigns, Urgency::Routine, deadline).await;
            campaigns.into_iter().zip(found).collect()
        }
    }
}
