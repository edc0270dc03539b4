//! One tenant, put together from its settings: its store, its connection, its loop and the tasks beside that.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ring::digest::{SHA256, digest};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span, info, warn};

use crate::control::ports::{Clock, Tenure};
use crate::control::queues::Calibration;
use crate::control::{
    AssignStart, Cycle, CycleSettings, FRESHEST, GuardWatch, LeftOpen, ObservableState, Ports,
    RivalWatch, RunStart, Supervised, TickReport, run_under,
};
use crate::domain::assignment::ListMemory;
use crate::domain::{CampaignId, CampaignState, TenantName};
use crate::notify::Delivering;
use crate::platform::port::Connected;
use crate::serve::ServedTenant;
use crate::settings::{Keeping, Settings};
use crate::store::{Retention, Store, StoreAt, StorePast};
use crate::telemetry::{GuardEvents, Metrics};

use super::audit_parts::AuditParts;
use super::audit_tasks::AuditTasks;
use super::calibrating::{Parts, Recovering, queues};
use super::chain_check::ChainCheck;
use super::connection::Connection;
use super::delivering::{deliveries, finish};
use super::planning::Planning;
use super::start_fault::StartFault;
use super::surroundings::{Joined, Surroundings};

/// Attempts that a poll's slowest page may need within its deadline.
const ATTEMPTS_OF_A_PAGE: u32 = 3;

/// Attempts, readings between them included, that a command may need.
const ATTEMPTS_OF_A_COMMAND: u32 = 4;

/// At a signal, messages that are due are waited for no longer than this, so that a slow receiver does not delay a stop.
const LONGEST_FAREWELL: Duration = Duration::from_secs(5);

/// A tenant, ready to run.
pub(crate) struct Tenant {
    /// The loop.
    pub(crate) cycle: Cycle,
    /// Ends it in order.
    pub(crate) stop: CancellationToken,
    /// The right to command, which is renewed while it runs.
    tenure: Arc<dyn Tenure>,
    /// That right was another daemon's, which did not let go of it.
    pub(crate) taken_over: bool,
    clock: Arc<dyn Clock>,
    /// Calibrates queues, where there are any.
    pub(crate) calibration: Option<Calibration>,
    /// Finds out about what earlier runs left open of queues and agents, where no calibration does.
    recovering: Option<Recovering>,
    /// Looks for what else starts and stops campaigns, where the platform can be looked at for that.
    rivals: Option<RivalWatch>,
    /// Compares what was counted with the guards, where there are any.
    guards: Option<GuardWatch>,
    /// Plans the calls of a day, where the platform counts them.
    planning: Option<Planning>,
    /// What it shows.
    pub(crate) observed: watch::Receiver<ObservableState>,
    /// What requests about it are answered from.
    pub(crate) served: Arc<ServedTenant>,
    /// Commands of earlier runs whose outcome is not known yet.
    pub(crate) unresolved_commands: usize,
    /// Campaigns that are as we left them and not in the configuration any more.
    orphans: Orphans,
    /// What the store has lost since it was last written, in words.
    lost: Option<String>,
    /// Checks the chain of the audit once, where the store has a thread of its own.
    chain_check: Option<ChainCheck>,
    /// Keeps the audit, where there are sockets and threads.
    audit_tasks: Option<AuditTasks>,
    /// Deliver messages, one for each receiver, where this is no dry run.
    pub(crate) delivering: Vec<Delivering>,
    /// Messages of earlier runs for which there is no receiver any more.
    without_receiver: u64,
}

impl Tenant {
    /// Opens the store and puts the loop together; it ends after `shutdown`.
    pub(crate) async fn start(
        surroundings: &Surroundings,
        settings: &Settings,
        clock: Arc<dyn Clock>,
        shutdown: CancellationToken,
    ) -> Result<Self, StartFault> {
        let Joined {
            store,
            restored,
            at,
            connection,
            given,
        } = surroundings.join(settings, &clock).await?;
        let Connection { metrics, platform } = connection;
        let left_open = LeftOpen::new(restored.open);
        let orphans = Orphans::of(settings, &restored.states);
        let store = kept(store, &settings.keeping).await?;
        let without_sockets = given.is_some();
        let deliveries = deliveries(settings, &store, &clock, &metrics, given).await?;
        let ports = Ports {
            clock: Arc::clone(&clock),
            platform: platform.clone(),
            journal: Arc::<Store>::clone(&store),
        };
        let start = RunStart {
            run: restored.run,
            policies: settings.policies.clone(),
            calendars: settings.calendars.clone(),
            restored: restored.states,
            assignments: assign_start(settings, restored.lists),
        };
        let mut cycle_settings = cycle_settings(settings, &*clock);
        cycle_settings.store_damage.extend(restored.lost.clone());
        let longest = cycle_settings.command_longest;
        let (cycle, observed) = Cycle::new(
            ports,
            Arc::clone(&metrics),
            start,
            cycle_settings,
            shutdown.clone(),
        )?;
        let (calibration, recovering) = queues(Parts {
            settings,
            store: &store,
            restored: restored.queues,
            open: left_open.to_resolve,
            platform: &platform,
            clock: &clock,
            metrics: &metrics,
            shown: cycle.shown(),
            longest,
            shutdown: shutdown.clone(),
        })
        .await?;
        let chain_check = (!without_sockets).then(|| ChainCheck {
            at: at.clone(),
            observed: cycle.shown(),
            metrics: Arc::clone(&metrics),
        });
        let audit_tasks = (!without_sockets).then(|| {
            AuditTasks::of(&AuditParts {
                settings,
                at: &at,
                store: &store,
                clock: &clock,
                metrics: &metrics,
                run: restored.run,
                shutdown: &shutdown,
            })
        });
        let audit_tasks = audit_tasks.transpose()?;
        show_labels(settings, &cycle);
        let rivals = rival_watch(&platform, &cycle, (&clock, &metrics), longest, &shutdown);
        let guards = guard_watch(settings, &at, &cycle, &metrics, &clock, &shutdown)?;
        let planning = Planning::of(&platform, settings, clock.now().plus(longest));
        let served = Arc::new(ServedTenant {
            metrics,
            observed: observed.clone(),
            handle: cycle.handle(),
            queues: calibration.as_ref().map(Calibration::handle),
            past: Arc::new(StorePast::new(&at)),
        });
        Ok(Self {
            cycle,
            stop: shutdown,
            tenure: store.tenure(),
            taken_over: store.taken_over(),
            clock,
            calibration,
            recovering,
            rivals,
            guards,
            planning,
            observed,
            served,
            unresolved_commands: left_open.commands,
            orphans,
            lost: restored.lost,
            chain_check,
            audit_tasks,
            without_receiver: deliveries.without_receiver,
            delivering: deliveries.start(),
        })
    }

    /// Tells what a start may find: campaigns without rules, losses of the store, messages without a receiver.
    pub(crate) fn tell_findings(&self) {
        self.orphans.tell();
        if let Some(lost) = &self.lost {
            warn!("{lost}; what it remembers may be older than what was done");
        }
        if self.without_receiver > 0 {
            warn!(
                messages = self.without_receiver,
                "messages wait in the outbox, but no --webhook-url is given: they are not delivered"
            );
        }
    }

    /// Runs one tick, of the kind that `tick` is, under the right to command: it may take longer than a lease lasts. What delivers messages goes on.
    pub(crate) async fn run_once(
        self,
        tick: impl AsyncFnOnce(Cycle) -> TickReport,
    ) -> (TickReport, Vec<Delivering>) {
        let Self {
            cycle,
            stop,
            tenure,
            clock,
            observed,
            delivering,
            ..
        } = self;
        let report = run_under(tenure, clock, observed, stop, tick(cycle)).await;
        (report, delivering)
    }

    /// Runs all tasks of the tenant until its shutdown is requested and work under way is finished.
    pub(crate) async fn run_to_end(self, settings: &Settings, supervised: Option<Supervised>) {
        let Self {
            calibration,
            recovering,
            rivals,
            guards,
            planning,
            cycle,
            stop,
            tenure,
            clock,
            observed,
            delivering,
            chain_check,
            audit_tasks,
            ..
        } = self;
        let cycle = match supervised {
            Some(supervised) => cycle.supervised(supervised),
            None => cycle,
        };
        // Their log lines name the tenant as those of the loop do.
        let span = Span::current();
        // Those that have no hand on the store are not waited for: they end with the loop or change nothing.
        if let Some(rivals) = rivals {
            tokio::spawn(rivals.run().instrument(span.clone()));
        }
        if let Some(guards) = guards {
            tokio::spawn(guards.run().instrument(span.clone()));
        }
        if let Some(planning) = planning {
            tokio::spawn(planning.tell().instrument(span.clone()));
        }
        let audit_tasks = audit_tasks.map(|tasks| tasks.start(&span));
        let mut audit_tasks = audit_tasks.unwrap_or_default();
        if let Some(chain_check) = chain_check {
            tokio::spawn(chain_check.run().instrument(span.clone()));
        }
        let calibrating =
            calibration.map(|calibration| tokio::spawn(calibration.run().instrument(span.clone())));
        let recovering =
            recovering.map(|recovering| tokio::spawn(recovering.run().instrument(span)));
        let run = Box::pin(cycle.run());
        Box::pin(run_under(tenure, clock, observed.clone(), stop, run)).await;
        // A change of a queue that is under way is finished and recorded.
        if let Some(calibrating) = calibrating
            && let Err(wrong) = calibrating.await
        {
            warn!(%wrong, "the calibration of queues failed");
        }
        if let Some(recovering) = recovering
            && let Err(wrong) = recovering.await
        {
            warn!(%wrong, "the reading of what was left open broke off");
        }
        finish(delivering, settings, LONGEST_FAREWELL).await;
        // A tenant that begins anew opens the store at once: whatever holds it has ended before this returns.
        while let Some(ended) = audit_tasks.join_next().await {
            if let Err(wrong) = ended {
                warn!(%wrong, "the keeping of the audit broke off");
            }
        }
        let campaigns = Arc::clone(&observed.borrow().campaigns);
        let many = |are: fn(&CampaignState) -> bool| {
            let campaigns = campaigns.iter();
            campaigns.filter(|campaign| are(&campaign.state)).count()
        };
        let left_paused = many(|state| state.belief.paused_by_us());
        let left_stepped_down = many(CampaignState::is_stepped_down);
        if left_stepped_down > 0 {
            info!(
                left_stepped_down,
                "campaigns dial one call for each idle agent still: the next run goes on from there, `restore` puts them back"
            );
        }
        info!(left_paused, "ended in order");
    }
}

/// The share of the interval at which a tenant is polled: the same at every start and in every process, and as evenly spread as hashes are.
fn phase_of(tenant: &TenantName) -> f64 {
    let hash = digest(&SHA256, tenant.as_str().as_bytes());
    let first = hash.as_ref().first_chunk().copied().unwrap_or_default();
    f64::from(u32::from_be_bytes(first)) / (f64::from(u32::MAX) + 1.0)
}

/// A store that keeps as much as the settings say.
async fn kept(store: Store, keeping: &Keeping) -> Result<Arc<Store>, StartFault> {
    let retention = Retention {
        inputs: keeping.inputs,
        series: keeping.series,
        series_bytes: keeping.series_mib.saturating_mul(1 << 20),
        dead_letters: keeping.dead_letters,
        messages: keeping.messages,
    };
    let told = store.keep_for(retention).await;
    told.map_err(StartFault::Client)?;
    Ok(Arc::new(store))
}

/// Returns what looks for others who start and stop campaigns; nothing where the platform cannot be looked at for that.
fn rival_watch(
    platform: &Connected,
    cycle: &Cycle,
    (clock, metrics): (&Arc<dyn Clock>, &Arc<Metrics>),
    longest: Duration,
    shutdown: &CancellationToken,
) -> Option<RivalWatch> {
    platform.capabilities.rivals.then(|| RivalWatch {
        clock: Arc::clone(clock),
        campaigns: Arc::clone(&platform.campaigns),
        observed: cycle.shown(),
        metrics: Arc::clone(metrics),
        longest,
        shutdown: shutdown.clone(),
    })
}

/// Shows what people call campaigns.
fn show_labels(settings: &Settings, cycle: &Cycle) {
    let labels = Arc::new(settings.labels.clone());
    cycle.shown().send_modify(|shown| shown.labels = labels);
}

/// Returns what compares the guards; nothing where there are none.
fn guard_watch(
    settings: &Settings,
    at: &StoreAt,
    cycle: &Cycle,
    metrics: &Metrics,
    clock: &Arc<dyn Clock>,
    shutdown: &CancellationToken,
) -> Result<Option<GuardWatch>, StartFault> {
    if settings.guards.is_empty() {
        return Ok(None);
    }
    Ok(Some(GuardWatch {
        clock: Arc::clone(clock),
        guards: settings.guards.iter().cloned().map(Arc::new).collect(),
        days: Arc::new(StorePast::new(at)),
        observed: cycle.shown(),
        events: GuardEvents::new(metrics.guards()?),
        shutdown: shutdown.clone(),
    }))
}

fn assign_start(
    settings: &Settings,
    restored: BTreeMap<CampaignId, ListMemory>,
) -> Option<AssignStart> {
    let assignments = settings.assignments.clone()?;
    Some(AssignStart {
        policy: assignments.policy,
        roster: assignments.roster,
        given: assignments.given,
        restored,
    })
}

/// Campaigns that are as we left them and not in the configuration any more.
pub(crate) struct Orphans {
    /// Those that are paused by us.
    paused: Vec<CampaignId>,
    /// Those that are stepped down by us.
    stepped_down: Vec<CampaignId>,
}

impl Orphans {
    fn of(settings: &Settings, states: &BTreeMap<CampaignId, CampaignState>) -> Self {
        let states = states.iter();
        Self::among(states.filter(|(id, _)| !settings.policies.contains_key(id)))
    }

    /// Those that are as we left them among campaigns that are steered no more.
    pub(crate) fn among<'a>(
        states: impl Iterator<Item = (&'a CampaignId, &'a CampaignState)>,
    ) -> Self {
        let mut orphans = Self {
            paused: Vec::new(),
            stepped_down: Vec::new(),
        };
        for (id, state) in states {
            if state.belief.paused_by_us() {
                orphans.paused.push(id.clone());
            }
            if state.is_stepped_down() {
                orphans.stepped_down.push(id.clone());
            }
        }
        orphans
    }

    /// Warns of each.
    pub(crate) fn tell(&self) {
        for campaign in &self.stepped_down {
            warn!(%campaign, "its pace was changed by us, but it is no longer in the configuration: `restore` puts the pace back");
        }
        for campaign in &self.paused {
            warn!(%campaign, "paused by us, but no longer in the configuration: it is not resumed");
        }
    }
}

fn cycle_settings(settings: &Settings, clock: &dyn Clock) -> CycleSettings {
    // Time-outs count in real time, the loop in its clock's: a demonstration's clock runs faster.
    let one_second = clock.real(Duration::from_secs(1)).as_secs_f64();
    let in_clock = |real: Duration| real.div_f64(one_second);
    let attempts = |many: u32| in_clock(settings.request_timeout.saturating_mul(many));
    CycleSettings {
        poll_interval: settings.poll_interval,
        // One alone ticks from its start on.
        phase: settings.tenant.as_ref().map(phase_of),
        poll_longest: settings.poll_interval.max(attempts(ATTEMPTS_OF_A_PAGE)),
        command_longest: attempts(ATTEMPTS_OF_A_COMMAND),
        freshest: in_clock(FRESHEST),
        routine_status_reads: settings.status_reads_per_poll,
        record_workload: settings.record_workload,
        outcomes_every: settings.outcomes_every,
        day_zones: settings.day_zones(),
        announces: settings.notifies() && !settings.dry_run,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        config: settings.digest(),
        store_damage: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenants_are_polled_at_shares_of_the_interval_that_are_spread_over_it() {
        let mut in_tenths = [0_u32; 10];
        for number in 0..200 {
            let name: TenantName = format!("tenant-{number}").parse().unwrap();
            let phase = phase_of(&name);
            assert!((0.0..1.0).contains(&phase));
            assert_eq!(phase_of(&name).to_bits(), phase.to_bits());
            let tenth = (0..10)
                .filter(|tenth| phase >= f64::from(*tenth) / 10.0)
                .count();
            in_tenths[tenth - 1] += 1;
        }
        assert!(
            in_tenths.iter().all(|many| (8..=35).contains(many)),
            "{in_tenths:?}"
        );
    }
}
