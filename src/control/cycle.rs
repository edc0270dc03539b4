//! Poll, decide, execute, wait: the sequence of the loop.
//!
//! Each part owns its state: the [poller](super::poller), the [campaigns](super::campaigns), what [commands](super::execute)
//! them, the [assignments](super::assigning), the [inbox](super::inbox) and the [ledger](super::ledger). One task runs them
//! all, so that they are lent to each other and never shared.
//!
//! *First start.* Every campaign's status is read beside the first poll; nothing is commanded before both are there.
//! *Waiting* is measured from tick to tick, so that a long poll does not shift the schedule; a tick that is missed is
//! not made up for. *Ending:* a poll under way is given up, commands under way are finished and recorded.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span, debug_span};

use crate::telemetry::Metrics;

use super::assigning::Assigning;
use super::campaigns::Campaigns;
use super::change::Changing;
use super::execute::Commanding;
use super::inbox::{Inbox, Waited};
use super::ledger::{Fact, Ledger, LedgerStart};
use super::operator::OperatorHandle;
use super::pace::Beat;
use super::poller::{PollResult, Poller};
use super::ports::Clock;
use super::start::{CycleSettings, Ports, RunStart, TickReport};
use super::status::ObservableState;
use super::supervisor::{Supervised, run_with_signs};

/// The loop and its parts.
pub struct Cycle {
    clock: Arc<dyn Clock>,
    poller: Poller,
    campaigns: Campaigns,
    commanding: Commanding,
    assigning: Option<Assigning>,
    inbox: Inbox,
    ledger: Ledger,
    supervised: Option<Supervised>,
    settings: CycleSettings,
    shutdown: CancellationToken,
}

impl Cycle {
    /// Builds the loop, and records what it starts from.
    ///
    /// # Errors
    /// A fault of the metrics' names.
    pub fn new(
        ports: Ports,
        metrics: Arc<Metrics>,
        mut start: RunStart,
        settings: CycleSettings,
        shutdown: CancellationToken,
    ) -> prometheus::Result<(Self, watch::Receiver<ObservableState>)> {
        let (clock, platform, journal) = (ports.clock, ports.platform, ports.journal);
        let now = clock.now();
        let assignments = start.assignments.take();
        let (campaigns, started) = Campaigns::new(start, &platform, &settings, now);
        let mut ledger = Ledger::new(LedgerStart {
            clock: Arc::clone(&clock),
            journal,
            metrics,
            autopilot: &campaigns.autopilot,
            assigns: assignments.is_some(),
            first_shown: settings.first_shown(&platform, campaigns.views(&[]), now),
            settings: &settings,
        })?;
        let watcher = ledger.sender().subscribe();
        ledger.record(now, started);
        let assigning = assignments.map(|start| {
            Assigning::new(start, &clock, &platform, &settings, &shutdown, &mut ledger)
        });
        let cycle = Self {
            poller: Poller::new(&clock, &platform, &settings, &shutdown),
            commanding: Commanding::new(&clock, &platform, &settings, &shutdown),
            clock,
            campaigns,
            assigning,
            inbox: Inbox::new(&shutdown),
            ledger,
            supervised: None,
            settings,
            shutdown,
        };
        Ok((cycle, watcher))
    }

    /// Returns the snapshot's sender, for tasks beside the loop that show their own part of it.
    #[must_use]
    pub fn shown(&self) -> watch::Sender<ObservableState> {
        self.ledger.sender().clone()
    }

    /// Returns the handle for operators' commands.
    #[must_use]
    pub fn handle(&self) -> OperatorHandle {
        self.inbox.handle()
    }

    /// Adds a supervisor that restarts the daemon when the loop hangs.
    #[must_use]
    pub fn supervised(mut self, by: Supervised) -> Self {
        self.supervised = Some(by);
        self
    }

    /// Ticks until a shutdown is asked for, then records the end; the supervisor, if there is one, sees it live.
    pub async fn run(mut self) {
        self.notify_supervisor();
        let observed = self.ledger.sender().subscribe();
        let by = self.supervised.as_ref();
        let signs = by.map(|by| by.signs(Arc::clone(&self.clock), observed));
        run_with_signs(pin!(self.tick_until_shutdown()), signs).await;
    }

    /// One tick, then the end: how `--once` runs.
    pub async fn run_once(mut self) -> TickReport {
        let span = self.tick_span();
        self.tick(Duration::MAX).instrument(span).await;
        self.finish_once().await
    }

    /// One poll and one plan of the preview assignments, put in force; campaigns are read and not commanded.
    pub async fn assign_once(mut self) -> TickReport {
        let span = self.tick_span();
        let tick = async {
            if let Some(polled) = self.observe().await {
                self.assign(polled).await;
            }
        };
        tick.instrument(span).await;
        self.finish_once().await
    }

    async fn tick_until_shutdown(mut self) {
        let (mut due, mut beat) = (self.clock.monotonic(), Beat::of(&self.settings));
        while !self.shutdown.is_cancelled() {
            let next = beat.after(due);
            let span = self.tick_span();
            self.tick(next).instrument(span).await;
            self.notify_supervisor();
            let now = self.clock.monotonic();
            due = beat.kept(next, now);
            if self.serve_operators(due.saturating_sub(now)).await == Waited::Woken {
                due = self.clock.monotonic();
            }
            let late = self.clock.monotonic().saturating_sub(next);
            self.record(Fact::TickLagged { lag: late });
        }
        // A failure is recorded by `commit`; there is no later tick that could try again.
        drop(self.ledger.close().await);
        self.record(Fact::LoopEnded);
    }

    async fn tick(&mut self, next_due: Duration) {
        let (assigning, ledger) = (self.assigning.as_mut(), &mut self.ledger);
        self.campaigns.follow_clock(&*self.clock, assigning, ledger);
        let Some(polled) = self.observe().await else {
            return;
        };
        let (campaigns, ledger) = (&mut self.campaigns, &mut self.ledger);
        let plan = campaigns.decide(ledger);
        self.commanding
            .execute(&plan, polled.taken_at, next_due, campaigns, ledger)
            .await;
        self.assign(polled)
            .instrument(debug_span!("assignments"))
            .await;
        let statuses = self.poller.read_routine(&self.campaigns).await;
        self.campaigns.apply_statuses(statuses, &mut self.ledger);
        // Comes last, so that it goes with a commit that no command waits for.
        let (reasons, interval) = (&plan.reasons, self.settings.poll_interval);
        self.campaigns
            .record_points(reasons, interval, &mut self.ledger);
        // A failure is recorded by `commit`; what was not written is kept for the next tick.
        drop(self.ledger.commit().await);
        let (assigning, valid) = (self.assigning.as_ref(), self.poller.valid());
        let reader = &**self.poller.reader();
        let standing = self.campaigns.standing(reasons, assigning, reader, valid);
        self.record(Fact::TickEnded { standing });
    }

    /// Reads the platform and applies the readings. Returns `None` when that was given up for a shutdown.
    async fn observe(&mut self) -> Option<PollResult> {
        let changing = Changing {
            campaigns: &mut self.campaigns,
            assigning: self.assigning.as_ref(),
            ledger: &mut self.ledger,
            reader: Arc::clone(self.poller.reader()),
            commanding: &mut self.commanding,
        };
        let (polled, sample, statuses) = self.poller.observe(changing, &mut self.inbox).await?;
        let (assigning, ledger) = (self.assigning.as_ref(), &mut self.ledger);
        self.campaigns
            .apply_poll(sample, statuses, assigning, ledger);
        Some(polled)
    }

    async fn assign(&mut self, polled: PollResult) {
        if let Some(assigning) = &mut self.assigning {
            let (campaigns, ledger) = (&self.campaigns, &mut self.ledger);
            assigning.assign(polled, campaigns, ledger).await;
        }
    }

    async fn serve_operators(&mut self, pause: Duration) -> Waited {
        let due = self.clock.sleep(pause);
        let changed = self.poller.woken(pause);
        let changing = Changing {
            campaigns: &mut self.campaigns,
            assigning: self.assigning.as_ref(),
            ledger: &mut self.ledger,
            reader: Arc::clone(self.poller.reader()),
            commanding: &mut self.commanding,
        };
        self.inbox.serve(changing, due, changed).await
    }

    async fn finish_once(mut self) -> TickReport {
        TickReport {
            journal: self.ledger.close().await,
            poll: self.poller.last(),
            campaigns_missing: self.campaigns.missing(),
            failed_command: self.commanding.failed(),
            assignments: Assigning::views(self.assigning.as_ref()),
        }
    }

    fn notify_supervisor(&mut self) {
        if let Some(supervised) = &mut self.supervised {
            supervised.notify(&self.ledger.shown());
        }
    }

    fn record(&mut self, fact: Fact<'_>) {
        self.ledger.record(self.clock.now(), fact);
    }

    /// Returns the span of everything between two waits, with the decision that is made in it.
    fn tick_span(&self) -> Span {
        debug_span!("tick", decision = %self.campaigns.autopilot.next_decision())
    }
}
