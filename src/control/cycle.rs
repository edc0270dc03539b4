//! Poll, decide, execute, wait: the one task that owns the state.
//!
//! *First start.* Every campaign's status is read beside the first poll; nothing is commanded before both are there.
//! *Waiting* is measured from tick to tick, so that a long poll does not shift the schedule; a tick that is missed is
//! not made up for. *Ending:* a poll under way is given up, commands under way are finished and recorded.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tracing::field::Empty;
use tracing::{Instrument, Span, debug_span};

use crate::domain::replay::Input;
use crate::domain::{
    AgentState, Alert, Autopilot, Belief, CampaignId, CampaignState, Conclusion, Plan, Policy,
    Reason, Sample, Timestamp,
};
use crate::platform::port::{CampaignFinding, Connected, PlatformFault, StatusCalls, Urgency};
use crate::telemetry::{Events, Metrics};

use super::assigning::{AssignStart, Assigning};
use super::collect::{Collector, PollNeeds};
use super::operator::{OperatorDesk, OperatorRequest};
use super::ports::{AuditEvent, Clock, Journal, JournalFault};
use super::recorder::Recorder;
use super::status::{CampaignView, ObservableState};
use super::supervisor::Supervised;
use super::waited::Waited;

/// Status reads in one tick for campaigns that cannot be commanded without: at the default rate these fit into one
/// poll interval, so that a start with thousands of campaigns does not hold up the first decision.
const MOST_NEEDED_READS: usize = 128;

/// The whole state is recorded this often: well within the time for which the store keeps inputs.
const BETWEEN_CHECKPOINTS: Duration = Duration::from_secs(24 * 3600);

/// Everything outside that the loop uses.
pub struct Ports {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The platform; in a dry run it has nothing that commands.
    pub platform: Connected,
    /// Keeps proof.
    pub journal: Arc<dyn Journal>,
}

/// What a run starts from.
pub struct RunStart {
    /// The run's number, from the journal.
    pub run: u64,
    /// The rules of each campaign.
    pub policies: BTreeMap<CampaignId, Policy>,
    /// What the journal remembers of campaigns.
    pub restored: BTreeMap<CampaignId, CampaignState>,
    /// The preview assignments, if there are any.
    pub assignments: Option<AssignStart>,
}

/// The loop's own settings.
#[derive(Clone, Debug)]
pub struct CycleSettings {
    /// From the start of one poll to the start of the next.
    pub poll_interval: Duration,
    /// A poll that is not complete by then has failed.
    pub poll_longest: Duration,
    /// The longest that one command can be on its way, retries included.
    pub command_longest: Duration,
    /// A status reading older than this is not commanded on.
    pub freshest: Duration,
    /// Campaigns whose status is read in each tick to see what people changed.
    pub routine_status_reads: usize,
    /// Whether other systems are told; without it nothing is written to the outbox.
    pub announces: bool,
    /// The program's version, for the audit.
    pub version: String,
    /// SHA-256 of the configuration, for the audit.
    pub config: String,
}

/// How the last poll went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LastPoll {
    /// There was none, or it was given up for a shutdown.
    None,
    /// It gave a valid sample.
    Valid,
    /// It failed.
    Failed(PlatformFault),
}

/// What one single tick came to.
#[derive(Debug)]
pub struct Once {
    /// How the poll went.
    pub poll: LastPoll,
    /// Whether the store could be written.
    pub journal: Result<(), JournalFault>,
    /// Campaigns that the platform does not know.
    pub campaigns_missing: usize,
    /// The last command that did not come to its end.
    pub failed_command: Option<Conclusion>,
}

/// What a look at the platform leaves for the rest of the tick.
struct Looked {
    roster_states: Option<Vec<AgentState>>,
    taken_at: Timestamp,
}

/// The loop and all that it owns.
pub struct Cycle {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) platform: Connected,
    pub(super) journal: Arc<dyn Journal>,
    pub(super) events: Events,
    pub(super) autopilot: Autopilot,
    pub(super) recorder: Recorder,
    pub(super) assigning: Option<Assigning>,
    pub(super) settings: CycleSettings,
    pub(super) shutdown: CancellationToken,
    collector: Collector,
    pub(super) observed: watch::Sender<ObservableState>,
    pub(super) supervised: Option<Supervised>,
    desk: OperatorDesk,
    pub(super) requests: mpsc::Receiver<OperatorRequest>,
    last_poll: LastPoll,
    pub(super) failed_command: Option<Conclusion>,
    checkpoint_at: Timestamp,
}

impl Cycle {
    /// Puts the loop together; what the start is made from is recorded.
    ///
    /// # Errors
    /// A fault of the metrics' names.
    pub fn new(
        ports: Ports,
        metrics: Arc<Metrics>,
        start: RunStart,
        settings: CycleSettings,
        shutdown: CancellationToken,
    ) -> prometheus::Result<(Self, watch::Receiver<ObservableState>)> {
        let Ports {
            clock,
            platform,
            journal,
        } = ports;
        let RunStart {
            run,
            policies,
            restored,
            assignments,
        } = start;
        let now = clock.now();
        let command_longest = settings.command_longest;
        let autopilot = Autopilot::new(
            run,
            policies.clone(),
            restored.clone(),
            command_longest,
            now,
        )
        .on_platform(platform.capabilities.traits);
        // Waiting, a poll and the commands of a tick can follow each other; twice that is a hang.
        let work = settings
            .poll_longest
            .saturating_add(settings.command_longest);
        let silence_allowed = settings
            .poll_interval
            .saturating_add(work)
            .saturating_mul(2);
        let initial = ObservableState {
            alive_at: now,
            silence_allowed,
            journal_writable: true,
            dry_run: platform.commander.is_none(),
            poll_interval: settings.poll_interval,
            config: settings.config.clone(),
            // What is remembered shows at once: the first poll may take long.
            campaigns: Arc::new(views(&autopilot, &[])),
            ..ObservableState::default()
        };
        let (observed, watcher) = watch::channel(initial);
        let mut recorder = Recorder::default();
        let started = AuditEvent::Started {
            version: settings.version.clone(),
            dry_run: platform.commander.is_none(),
            config: settings.config.clone(),
        };
        recorder.audit(now, None, autopilot.decision(), started);
        recorder.input(
            now,
            Input::Start {
                run,
                policies,
                restored,
                command_longest,
                traits: platform.capabilities.traits,
            },
        );
        let assigning = match assignments {
            None => None,
            Some(start) => {
                let (assigning, input) = Assigning::new(start, &metrics)?;
                recorder.input(now, input);
                Some(assigning)
            }
        };
        let events = Events::new(metrics, autopilot.campaigns());
        let (desk, requests) = OperatorDesk::new();
        let cycle = Self {
            assigning,
            clock,
            platform,
            journal,
            events,
            autopilot,
            recorder,
            settings,
            shutdown,
            collector: Collector::default(),
            observed,
            supervised: None,
            desk,
            requests,
            last_poll: LastPoll::None,
            failed_command: None,
            checkpoint_at: now,
        };
        Ok((cycle, watcher))
    }

    /// Where what is known is shown, for whoever works beside the loop and shows its own part.
    #[must_use]
    pub fn shown(&self) -> watch::Sender<ObservableState> {
        self.observed.clone()
    }

    /// Where operators hand in what they ask for.
    #[must_use]
    pub fn desk(&self) -> OperatorDesk {
        self.desk.clone()
    }

    /// Ticks until a shutdown is asked for, then records the end.
    pub(super) async fn turn(mut self) {
        let interval = self.settings.poll_interval;
        let mut due = self.clock.monotonic();
        while !self.shutdown.is_cancelled() {
            let next = due.saturating_add(interval);
            let span = self.tick_span();
            self.tick(next).instrument(span).await;
            self.tell_supervisor();
            let now = self.clock.monotonic();
            // A tick that took longer than the interval delays the next one; what it missed is not made up for.
            due = if next >= now {
                next
            } else {
                let missed = now
                    .saturating_sub(next)
                    .as_nanos()
                    .div_ceil(interval.as_nanos().max(1));
                next.saturating_add(
                    interval.saturating_mul(u32::try_from(missed).unwrap_or(u32::MAX)),
                )
            };
            if self.serve_operators(due.saturating_sub(now)).await == Waited::Woken {
                due = self.clock.monotonic();
            }
            self.events
                .lagged(self.clock.monotonic().saturating_sub(next));
        }
        // A failure is told by `commit`; there is no later tick that could try again.
        drop(self.end().await);
        self.observed.send_modify(|observed| {
            observed.ended = true;
            observed.version = observed.version.saturating_add(1);
        });
    }

    /// One tick, then the end: how `--once` runs.
    pub async fn run_once(mut self) -> Once {
        let span = self.tick_span();
        self.tick(Duration::MAX).instrument(span).await;
        self.finish_once().await
    }

    async fn finish_once(mut self) -> Once {
        let journal = self.end().await;
        let beliefs = self
            .autopilot
            .campaigns()
            .map(|(_, campaign)| &campaign.state().belief);
        let campaigns_missing = beliefs
            .filter(|belief| matches!(belief, Belief::Missing { .. }))
            .count();
        Once {
            poll: self.last_poll,
            journal,
            campaigns_missing,
            failed_command: self.failed_command,
        }
    }

    /// One poll and one plan of the preview assignments, put in force; campaigns are read and not commanded.
    pub async fn assign_once(mut self) -> Once {
        let span = self.tick_span();
        let tick = async {
            if let Some(polled) = self.look().await {
                self.assign(polled.roster_states, polled.taken_at).await;
            }
        };
        tick.instrument(span).await;
        self.finish_once().await
    }

    /// Everything between two waits, as a span with the decision that it makes.
    fn tick_span(&self) -> Span {
        debug_span!("tick", decision = %self.autopilot.next_decision())
    }

    async fn tick(&mut self, next_due: Duration) {
        if let Some(step) = self.clock.resynchronise() {
            self.events.clock_stepped(step);
        }
        let Some(polled) = self.look().await else {
            return;
        };
        let plan = self.decide();
        self.execute(&plan, polled.taken_at, next_due).await;
        self.assign(polled.roster_states, polled.taken_at)
            .instrument(debug_span!("assignments"))
            .await;
        self.read_routinely().await;
        self.note_points(&plan.reasons);
        // A failure is told by `commit`; what was not written is kept for the next tick.
        drop(self.commit().await);
        self.publish(&plan.reasons);
    }

    /// Polls the agents and reads the statuses without which nothing can be commanded. None when it was given up for a
    /// shutdown.
    async fn look(&mut self) -> Option<Looked> {
        self.show_life();
        let beside = if self.reads_all() { usize::MAX } else { 0 };
        let needed = self
            .autopilot
            .due_status_reads(beside, MOST_NEEDED_READS, self.clock.now());
        let reads = self.read_statuses(needed, self.settings.poll_longest);
        let needs = PollNeeds {
            decision: self.autopilot.next_decision(),
            staffed: self.autopilot.needs_staffed() || self.assigning.is_some(),
            skills: self.autopilot.needs_skills(),
            groups: self.autopilot.groups(),
            longest: self.settings.poll_longest,
            roster: self
                .assigning
                .as_ref()
                .map(|assigning| assigning.assigner.roster()),
        };
        let poll = self
            .collector
            .poll(&*self.platform.agents, &*self.clock, &self.events, needs)
            .instrument(debug_span!(
                "poll",
                rows = Empty,
                pages = Empty,
                fault = Empty
            ));
        let (polled, statuses) = tokio::select! {
            biased;
            both = join(poll, reads) => both,
            () = self.shutdown.cancelled() => return None,
        };
        self.show_life();
        self.last_poll = polled.fault.map_or(LastPoll::Valid, LastPoll::Failed);
        self.take_sample(polled.sample);
        for (campaign, found) in statuses {
            self.take_status(&campaign, found);
        }
        Some(Looked {
            roster_states: polled.roster_states,
            taken_at: polled.taken_at,
        })
    }

    /// Whether every campaign is read beside each poll, because that costs next to nothing there.
    fn reads_all(&self) -> bool {
        match self.platform.capabilities.statuses {
            StatusCalls::OneEach => false,
            StatusCalls::Batch(_) | StatusCalls::Listing => true,
        }
    }

    fn read_statuses(
        &self,
        mut campaigns: Vec<CampaignId>,
        longest: Duration,
    ) -> impl Future<Output = Vec<(CampaignId, CampaignFinding)>> + use<> {
        // The order in which they are due is chance; the order in which they are taken in is not.
        campaigns.sort();
        let reader = Arc::clone(&self.platform.campaigns);
        let deadline = self.clock.now().plus(longest);
        async move {
            if campaigns.is_empty() {
                return Vec::new();
            }
            let found = reader.read(&campaigns, Urgency::Routine, deadline).await;
            campaigns.into_iter().zip(found).collect()
        }
    }

    fn take_sample(&mut self, sample: Sample) {
        let now = self.clock.now();
        if now.since(self.checkpoint_at) >= BETWEEN_CHECKPOINTS {
            self.checkpoint_at = now;
            self.recorder.input(
                now,
                Input::Checkpoint {
                    autopilot: Box::new(self.autopilot.clone()),
                },
            );
            if let Some(assigning) = &self.assigning {
                self.recorder.input(now, assigning.checkpoint());
            }
        }
        if let Sample::Complete { taken_at, .. } = sample {
            self.observed
                .send_modify(|observed| observed.sample_at = Some(taken_at));
        }
        self.autopilot.observe_sample(sample.clone(), now);
        self.recorder.input(now, Input::Sample { sample });
    }

    fn decide(&mut self) -> Plan {
        let now = self.clock.now();
        let span = debug_span!("decide", commands = Empty).entered();
        let plan = self.autopilot.decide(now);
        span.record("commands", plan.commands.len());
        let wanted = plan
            .commands
            .iter()
            .map(|(id, wanted)| (id.clone(), wanted.direction))
            .collect();
        self.recorder.input(now, Input::Decide { wanted });
        for (id, reason) in &plan.reasons {
            if let Some(campaign) = self.autopilot.campaign(id) {
                self.events.decided(id, reason, &campaign.state().belief);
            }
        }
        let decision = self.autopilot.decision();
        for alert in &plan.alerts {
            self.events.alerted(alert, decision);
            self.announce_alert(alert, decision, now);
            let campaign = match alert {
                Alert::BudgetExhausted { campaign } | Alert::UnprovenPause { campaign, .. } => {
                    Some(campaign)
                }
                Alert::Stale { .. } | Alert::Fresh => None,
            };
            self.recorder.audit(
                now,
                campaign,
                decision,
                AuditEvent::Alerted {
                    alert: alert.clone(),
                },
            );
        }
        plan
    }

    /// Looks whether a person changed something. Comes after the commands, so that a slow answer delays none.
    async fn read_routinely(&mut self) {
        if self.reads_all() {
            return;
        }
        let now = self.clock.now();
        let due = self
            .autopilot
            .due_status_reads(self.settings.routine_status_reads, 0, now);
        let reads = self.read_statuses(due, self.settings.command_longest);
        let statuses = tokio::select! {
            biased;
            statuses = reads => statuses,
            () = self.shutdown.cancelled() => return,
        };
        for (campaign, found) in statuses {
            self.take_status(&campaign, found);
        }
    }

    /// Notes what plots are drawn from. Comes last in a tick, so that it goes with a commit that no command waits for.
    fn note_points(&mut self, reasons: &[(CampaignId, Reason)]) {
        let now = self.clock.now();
        let interval = self.settings.poll_interval;
        let tape = &mut self.recorder.tape;
        let frame = tape.frame(&self.autopilot, reasons, interval, now);
        self.recorder.frame(frame);
    }

    pub(super) async fn commit(&mut self) -> Result<(), JournalFault> {
        if self.recorder.is_empty() {
            return Ok(());
        }
        let started = self.clock.monotonic();
        let commit = self.recorder.commit(&*self.journal);
        let written = commit.instrument(debug_span!("journal.commit")).await;
        let took = self.clock.monotonic().saturating_sub(started);
        self.events.committed(took, self.journal.size_bytes());
        if let Err(fault) = &written {
            let decision = self.autopilot.decision();
            self.events.journal_failed(&fault.to_string(), decision);
        }
        self.observed
            .send_modify(|observed| observed.journal_writable = written.is_ok());
        written
    }

    pub(super) fn show_life(&self) {
        let now = self.clock.now();
        self.observed
            .send_modify(|observed| observed.alive_at = now);
    }

    pub(super) fn publish(&self, reasons: &[(CampaignId, Reason)]) {
        let now = self.clock.now();
        let campaigns = views(&self.autopilot, reasons);
        let assigning = self.assigning.as_ref();
        let assignments = assigning.map(|assigning| assigning.views(now));
        let decision = self.autopilot.decision();
        let valid = self.last_poll == LastPoll::Valid;
        self.observed.send_modify(|observed| {
            observed.alive_at = now;
            observed.poll_valid = valid;
            observed.ticks = decision.tick;
            observed.decision = Some(decision);
            observed.version = observed.version.saturating_add(1);
            observed.campaigns = Arc::new(campaigns);
            observed.assignments = Arc::new(assignments.unwrap_or_default());
        });
    }

    async fn end(&mut self) -> Result<(), JournalFault> {
        let now = self.clock.now();
        self.recorder
            .audit(now, None, self.autopilot.decision(), AuditEvent::Stopped);
        self.commit().await
    }
}

/// Every campaign as it stands, with what was last decided on it.
fn views(autopilot: &Autopilot, reasons: &[(CampaignId, Reason)]) -> Vec<CampaignView> {
    let campaigns = autopilot.campaigns().map(|(id, campaign)| {
        let at = reasons.binary_search_by(|(other, _)| other.cmp(id)).ok();
        CampaignView {
            id: id.clone(),
            state: campaign.state().clone(),
            configured: campaign.policy().thresholds,
            reason: at.and_then(|at| reasons.get(at)).map(|(_, reason)| *reason),
        }
    });
    campaigns.collect()
}
