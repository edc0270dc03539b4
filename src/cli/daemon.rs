//! Puts the daemon together from its settings: the same parts for `run`, `demo` and `check --online`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::control::ports::Clock;
use crate::control::queues::Calibration;
use crate::control::{
    AssignStart, Cycle, CycleSettings, FRESHEST, GuardWatch, LeftOpen, ObservableState, Ports,
    RivalWatch, RunStart,
};
use crate::domain::assignment::ListMemory;
use crate::domain::{CampaignId, CampaignState, Timestamp};
use crate::notify::{Delivering, DeliveryWorker, HttpPost, MAX_IN_FLIGHT, Outbox, Post};
use crate::platform::dialect::{Access as PlatformAccess, SharedParts, TenantSettings};
use crate::platform::http::{HttpSend, ReqwestSend, Transport};
use crate::platform::port::{CallPlanner, Connected};
use crate::serve::{Access, Api, PublicSources, Server};
use crate::settings::{AdminSettings, Settings};
use crate::store::{CommitGate, Restored, Store, StorePast};
use crate::telemetry::{DeliveryEvents, GuardEvents, Metrics};

use super::absent_reserve::refuse_absent_reserve;
use super::calibrating::{Parts, Recovering, queues};
use super::chain_check::ChainCheck;
use super::outcomes_file::OutcomesFile;
use super::reload::{Reloader, Source};
use super::start_fault::StartFault;

/// Attempts that a poll's slowest page may need within its deadline.
const ATTEMPTS_OF_A_PAGE: u32 = 3;

/// Attempts, readings between them included, that a command may need.
const ATTEMPTS_OF_A_COMMAND: u32 = 4;

/// What talks to the platform.
pub(crate) struct Connection {
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) platform: Connected,
}

impl Connection {
    /// A connection over real sockets for these settings; nothing is sent yet.
    pub(crate) fn new(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Self, StartFault> {
        let transport = ReqwestSend::new(Transport::default()).map_err(StartFault::Client)?;
        for url in settings.base_url.iter().chain([&settings.token_url]) {
            transport.can_reach(url)?;
        }
        Self::over(Arc::new(transport), fastrand::u64(..), settings, clock)
    }

    /// The same over a transport that is given; `seed` decides what is left to chance.
    pub(crate) fn over(
        transport: Arc<dyn HttpSend>,
        seed: u64,
        settings: &Settings,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, StartFault> {
        let now_s = clock.now().as_unix_seconds();
        let digest = settings.digest();
        let metrics = Arc::new(Metrics::new(
            settings.poll_interval.as_secs_f64(),
            settings.dry_run,
            &digest,
            now_s,
        )?);
        let tenant = TenantSettings {
            base_url: settings.base_url.clone(),
            token_url: settings.token_url.clone(),
            credentials: settings.credentials.clone(),
            page_size: settings.page_size,
            page_concurrency: settings.page_concurrency,
            rate: settings.rate,
            request_timeout: settings.request_timeout,
            // A dry run has no sender.
            access: if settings.dry_run {
                PlatformAccess::ReadOnly
            } else {
                PlatformAccess::ReadAndWrite
            },
            campaigns: settings.policies.keys().cloned().collect(),
            lists: settings.lists(),
            special: settings.special.clone(),
        };
        let shared = SharedParts {
            transport,
            clock: Arc::clone(clock),
            metrics: Arc::clone(&metrics),
            seed,
        };
        let mut platform = settings
            .platform
            .connect(tenant, shared)
            .map_err(|faults| StartFault::Platform(faults.join("; ")))?;
        if let Some(path) = &settings.outcomes_file {
            let file = OutcomesFile::new(path.clone(), Arc::clone(clock));
            platform.outcomes = Some(Arc::new(file));
        }
        Ok(Self { metrics, platform })
    }
}

/// What connects the daemon to the outside world.
pub(crate) enum Surroundings {
    /// Sockets, the disk with a thread of its own, and randomness.
    Real,
    /// Parts of a program that embeds the daemon.
    Embedded(EmbeddedParts),
}

/// Parts that take the place of sockets, disk and randomness.
pub(crate) struct EmbeddedParts {
    /// Carries requests to the platform.
    pub(crate) transport: Arc<dyn HttpSend>,
    /// Carries messages to their receiver.
    pub(crate) post: Arc<dyn Post>,
    /// Is called before and after each commit.
    pub(crate) gate: Arc<dyn CommitGate>,
    /// The seed of everything random.
    pub(crate) seed: u64,
}

/// What the daemon has of its surroundings.
struct Joined {
    store: Store,
    restored: Restored,
    connection: Connection,
    /// What carries messages, with a seed, where it was given.
    given: Option<(Arc<dyn Post>, u64)>,
}

impl Surroundings {
    async fn join(self, settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Joined, StartFault> {
        let now = clock.now();
        let ((store, restored), connection, given) = match self {
            Self::Real => {
                let opened = Store::open(&settings.state_dir, now)?;
                (opened, Connection::new(settings, clock)?, None)
            }
            Self::Embedded(EmbeddedParts {
                transport,
                post,
                gate,
                seed,
            }) => {
                let opened = Store::open_in_place(&settings.state_dir, now, gate)?;
                let connection = Connection::over(transport, seed, settings, clock)?;
                (opened, connection, Some((post, seed)))
            }
        };
        refuse_absent_reserve(settings, &connection.platform, &**clock).await?;
        Ok(Joined {
            store,
            restored,
            connection,
            given,
        })
    }
}

/// The daemon, ready to run.
pub(crate) struct Daemon {
    /// The loop.
    pub(crate) cycle: Cycle,
    /// Calibrates queues, where there are any.
    pub(crate) calibration: Option<Calibration>,
    /// Finds out about what earlier runs left open of queues and agents, where no calibration does.
    pub(super) recovering: Option<Recovering>,
    /// Looks for what else starts and stops campaigns, where the platform can be looked at for that.
    pub(crate) rivals: Option<RivalWatch>,
    /// Compares what was counted with the guards, where there are any.
    pub(crate) guards: Option<GuardWatch>,
    /// Plans the calls of a day, where the platform counts them.
    pub(crate) planning: Option<Planning>,
    /// What it shows.
    pub(crate) observed: watch::Receiver<ObservableState>,
    /// Its listener, if it has one; it ends when this is dropped.
    pub(crate) server: Option<Server>,
    /// Reads the configuration anew.
    pub(crate) reloader: Arc<Reloader>,
    /// Commands of earlier runs whose outcome is not known yet.
    pub(crate) unresolved_commands: usize,
    /// Campaigns that are as we left them and not in the configuration any more.
    pub(crate) orphans: Orphans,
    /// What the store has lost since it was last written, in words.
    pub(crate) lost: Option<String>,
    /// Checks the chain of the audit once, where the store has a thread of its own.
    pub(crate) chain_check: Option<ChainCheck>,
    /// Delivers messages, where there is a receiver and this is no dry run.
    pub(crate) delivering: Option<Delivering>,
    /// Messages of earlier runs for which there is no receiver any more.
    pub(crate) without_receiver: u64,
}

impl Daemon {
    /// Opens the store, binds the listener and puts the loop together.
    pub(crate) async fn start(
        settings: &Settings,
        source: Option<Source>,
        clock: Arc<dyn Clock>,
        shutdown: CancellationToken,
    ) -> Result<Self, StartFault> {
        let real = Surroundings::Real;
        Self::start_within(real, settings, source, clock, shutdown.clone(), shutdown).await
    }

    /// The same with a listener that may outlive the loop: `shutdown` ends the loop, `ending` says that the listener ends too.
    pub(crate) async fn start_to_serve(
        settings: &Settings,
        source: Option<Source>,
        clock: Arc<dyn Clock>,
        shutdown: CancellationToken,
        ending: CancellationToken,
    ) -> Result<Self, StartFault> {
        let real = Surroundings::Real;
        Self::start_within(real, settings, source, clock, shutdown, ending).await
    }

    /// The same joined to parts that may be given.
    pub(crate) async fn start_within(
        surroundings: Surroundings,
        settings: &Settings,
        source: Option<Source>,
        clock: Arc<dyn Clock>,
        shutdown: CancellationToken,
        ending: CancellationToken,
    ) -> Result<Self, StartFault> {
        let Joined {
            store,
            restored,
            connection,
            given,
        } = surroundings.join(settings, &clock).await?;
        let Connection { metrics, platform } = connection;
        let left_open = LeftOpen::new(restored.open);
        let orphans = Orphans::of(settings, &restored.states);
        let store = Arc::new(store);
        let without_sockets = given.is_some();
        let (worker, without_receiver) =
            delivery_worker(settings, &store, &clock, &metrics, given).await?;
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
            directory: settings.state_dir.clone(),
            observed: cycle.shown(),
            metrics: Arc::clone(&metrics),
        });
        show_labels(settings, &cycle);
        let rivals = platform.capabilities.rivals.then(|| RivalWatch {
            clock: Arc::clone(&clock),
            campaigns: Arc::clone(&platform.campaigns),
            observed: cycle.shown(),
            metrics: Arc::clone(&metrics),
            longest,
            shutdown: shutdown.clone(),
        });
        let guards = guard_watch(settings, &cycle, &metrics, &clock, &shutdown)?;
        let planning = Planning::of(&platform, settings, clock.now().plus(longest));
        let reloader = Arc::new(Reloader::new(cycle.handle(), settings.clone(), source));
        let api = admin_api(settings, &cycle, &reloader, calibration.as_ref(), &clock);
        let shown = PublicSources {
            metrics,
            observed: observed.clone(),
            clock,
            ending,
        };
        let server = match settings.listen {
            None => None,
            Some(address) if without_sockets => Some(Server::in_process(address, shown, api)),
            Some(address) => Some(
                Server::start(address, shown, api)
                    .await
                    .map_err(|why| StartFault::Listen { address, why })?,
            ),
        };
        Ok(Self {
            cycle,
            calibration,
            recovering,
            rivals,
            guards,
            planning,
            observed,
            server,
            reloader,
            unresolved_commands: left_open.commands,
            orphans,
            lost: restored.lost,
            chain_check,
            delivering: worker.map(DeliveryWorker::start),
            without_receiver,
        })
    }
}

/// Shows what people call campaigns.
fn show_labels(settings: &Settings, cycle: &Cycle) {
    let labels = Arc::new(settings.labels.clone());
    cycle.shown().send_modify(|shown| shown.labels = labels);
}

/// Returns what compares the guards; nothing where there are none.
fn guard_watch(
    settings: &Settings,
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
        days: Arc::new(StorePast::new(settings.state_dir.clone())),
        observed: cycle.shown(),
        events: GuardEvents::new(metrics.guards()?),
        shutdown: shutdown.clone(),
    }))
}

/// Returns what the admin API is served from.
fn admin_api(
    settings: &Settings,
    cycle: &Cycle,
    reloader: &Arc<Reloader>,
    calibration: Option<&Calibration>,
    clock: &Arc<dyn Clock>,
) -> Api {
    Api {
        handle: cycle.handle(),
        reload: Arc::<Reloader>::clone(reloader),
        queues: calibration.map(Calibration::handle),
        past: Arc::new(StorePast::new(settings.state_dir.clone())),
        access: access(settings, clock),
    }
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

/// The calls of a day, to be planned once the daemon runs.
pub(crate) struct Planning {
    planner: Arc<dyn CallPlanner>,
    campaigns: Vec<CampaignId>,
    lists: Vec<CampaignId>,
    poll_interval: Duration,
    outcomes_interval: Option<Duration>,
    deadline: Timestamp,
}

impl Planning {
    fn of(platform: &Connected, settings: &Settings, deadline: Timestamp) -> Option<Self> {
        Some(Self {
            planner: platform.call_plan.clone()?,
            campaigns: settings.policies.keys().cloned().collect(),
            lists: settings.lists(),
            poll_interval: settings.poll_interval,
            outcomes_interval: settings.outcomes_interval(),
            deadline,
        })
    }

    /// Plans and tells; a tenant that cannot be asked is no reason not to run.
    pub(crate) async fn tell(self) {
        let plan = self.planner.plan(
            &self.campaigns,
            &self.lists,
            self.poll_interval,
            self.outcomes_interval,
            self.deadline,
        );
        match plan.await {
            Ok(plan) if plan.fits() => info!("{}", plan.describe()),
            Ok(plan) => warn!("{}", plan.describe()),
            Err(fault) => info!(why = %fault, "the calls of a day could not be planned"),
        }
    }
}

/// Who may use the admin API.
fn access(settings: &Settings, clock: &Arc<dyn Clock>) -> Access {
    let AdminSettings {
        token,
        hosts,
        actions,
    } = settings.admin.clone();
    Access::new(token, hosts, actions, Arc::clone(clock))
}

/// Campaigns that are as we left them and not in the configuration any more.
pub(crate) struct Orphans {
    /// Those that are paused by us.
    pub(crate) paused: Vec<CampaignId>,
    /// Those that are stepped down by us.
    pub(crate) stepped_down: Vec<CampaignId>,
}

impl Orphans {
    fn of(settings: &Settings, states: &BTreeMap<CampaignId, CampaignState>) -> Self {
        let forgotten = |are: fn(&CampaignState) -> bool| {
            let campaigns = states.iter();
            let forgotten = campaigns.filter(|(id, _)| !settings.policies.contains_key(id));
            let forgotten = forgotten.filter(|(_, state)| are(state));
            forgotten.map(|(id, _)| id.clone()).collect()
        };
        Self {
            paused: forgotten(|state| state.belief.paused_by_us()),
            stepped_down: forgotten(CampaignState::is_stepped_down),
        }
    }
}

/// Who delivers messages, and how many of earlier runs have no receiver any more. A dry run has no delivery worker, so that it
/// cannot send.
async fn delivery_worker(
    settings: &Settings,
    store: &Arc<Store>,
    clock: &Arc<dyn Clock>,
    metrics: &Metrics,
    given: Option<(Arc<dyn Post>, u64)>,
) -> Result<(Option<DeliveryWorker>, u64), StartFault> {
    let Some(receiver) = &settings.webhook else {
        // A store that cannot be read tells so with its first commit.
        let left = store.stats().await.unwrap_or_default();
        return Ok((None, left.waiting));
    };
    if settings.dry_run {
        return Ok((None, 0));
    }
    let (post, seed): (Arc<dyn Post>, u64) = if let Some(given) = given {
        given
    } else {
        let post = HttpPost::new(receiver.clone(), MAX_IN_FLIGHT).map_err(StartFault::Client)?;
        post.can_reach()?;
        (Arc::new(post), fastrand::u64(..))
    };
    let outbox: Arc<dyn Outbox> = Arc::<Store>::clone(store);
    let worker = DeliveryWorker::new(
        outbox,
        post,
        Arc::clone(clock),
        DeliveryEvents::new(metrics.outbox()?),
        receiver.give_up_after,
        seed,
    );
    Ok((Some(worker), 0))
}

fn cycle_settings(settings: &Settings, clock: &dyn Clock) -> CycleSettings {
    // Time-outs count in real time, the loop in its clock's: a demonstration's clock runs faster.
    let one_second = clock.real(Duration::from_secs(1)).as_secs_f64();
    let in_clock = |real: Duration| real.div_f64(one_second);
    let attempts = |many: u32| in_clock(settings.request_timeout.saturating_mul(many));
    CycleSettings {
        poll_interval: settings.poll_interval,
        poll_longest: settings.poll_interval.max(attempts(ATTEMPTS_OF_A_PAGE)),
        command_longest: attempts(ATTEMPTS_OF_A_COMMAND),
        freshest: in_clock(FRESHEST),
        routine_status_reads: settings.status_reads_per_poll,
        record_workload: settings.record_workload,
        outcomes_every: settings.outcomes_every,
        day_zones: settings.day_zones(),
        announces: settings.webhook.is_some() && !settings.dry_run,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        config: settings.digest(),
        store_damage: Vec::new(),
    }
}
