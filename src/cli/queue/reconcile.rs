//! Builds the queue reconciler from the settings.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::control::ports::{Batch, Clock, Journal, JournalFault, OperationTarget, SystemClock};
use crate::control::queues::{Reassigner, ReconcileError, Reconciler, ReconcilerSettings};
use crate::control::{FRESHEST, Recovery};
use crate::platform::port::{AgentObserver, ProfileWriter, QueuePorts, QueueReader, QueueWriter};
use crate::store::Store;
use crate::telemetry::{LogFormat, QueueEvents, install_log};

use crate::settings::{LOG, Scope, Settings, resolve_within};

use super::super::connection::Connection;
use super::super::environment::variable;
use super::super::exit::Exit;
use super::super::one_tenant::OneTenantArgs;
use super::super::output;
use crate::cli::store_place::store_at;

/// Attempts, waits between them included, that one exchange may need.
const ATTEMPTS: u32 = 4;

/// A queue reconciler with the clock and the store that it uses.
pub(super) struct OpenReconciler {
    pub(super) reconciler: Reconciler,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) recovering: Option<Recovering>,
}

/// Who moves agents; one that only prepares recovers nothing.
pub(super) struct Moving {
    pub(super) mover: Reassigner,
    pub(super) recovering: Option<Recovering>,
}

/// What earlier operations left open, and who finds out about it.
pub(super) struct Recovering {
    store: Arc<Store>,
    recovery: Recovery,
}

impl Recovering {
    /// Finds out what became of earlier operations on `target` whose outcome is not known, before it is written again. What
    /// cannot be told yet stays open.
    pub(super) async fn resolve(&self, target: &OperationTarget) -> Result<(), Exit> {
        let tell = |why: &str| {
            output::talk(format_args!("campaign-autopilot: {why}"));
            Exit::Io
        };
        let open = self.store.open_operations().await;
        let open = open.map_err(|why| tell(&why))?;
        for open in open.iter().filter(|open| open.target == *target) {
            let resolved = self.recovery.resolve(open).await;
            resolved.map_err(|fault| tell(&fault.to_string()))?;
        }
        Ok(())
    }
}

/// Resolves the settings and installs a log.
pub(super) fn settings(args: &OneTenantArgs) -> Result<Settings, Exit> {
    let settings = args.settings(|run, part| {
        let part = Scope {
            without_campaigns: true,
            ..part
        };
        resolve_within(run, &variable, part)
    })?;
    // Errors only: the command's own output reports what went otherwise than asked.
    let filter = variable(LOG).unwrap_or_else(|| "error".to_owned());
    install_log(LogFormat::Text, &filter, false, None).map_err(|why| {
        output::talk(format_args!("campaign-autopilot: {why}; fix {LOG}"));
        Exit::Configuration
    })?;
    Ok(settings)
}

/// Builds a reconciler; one that only prepares has neither a writer nor a store.
pub(super) fn reconciler(settings: &Settings, writes: bool) -> Result<OpenReconciler, Exit> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::real_time());
    let tell = |fault: &dyn std::error::Error| {
        output::talk(format_args!("campaign-autopilot: {fault}"));
    };
    let connection = Connection::new(settings, &clock).map_err(|fault| {
        tell(&fault);
        fault.exit()
    })?;
    let events = QueueEvents::new(Arc::clone(&connection.metrics)).map_err(|fault| {
        tell(&fault);
        Exit::Internal
    })?;
    let queues = queues(&connection)?;
    let usually_settles = connection.platform.capabilities.traits.settling.usual;
    let mut recovering = None;
    let (journal, sender, run): (Arc<dyn Journal>, Option<Arc<dyn QueueWriter>>, u64) = if writes {
        let agents = connection.platform.agents;
        let (store, run, left) = beside(settings, &clock, &queues.reader, agents, events.clone())?;
        recovering = Some(left);
        (store, queues.writer, run)
    } else {
        (Arc::new(NoJournal), None, 0)
    };
    let reconciler = Reconciler::new(
        queues.reader,
        sender,
        journal,
        Arc::clone(&clock),
        events,
        ReconcilerSettings {
            run,
            announces: settings.notifies(),
            longest: longest(settings),
            usually_settles,
            by: by(),
        },
    );
    Ok(OpenReconciler {
        reconciler,
        clock,
        recovering,
    })
}

/// Who moves agents; without writing neither with a writer nor with a store.
pub(super) fn moving(settings: &Settings, writes: bool) -> Result<Moving, Exit> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::real_time());
    let tell = |fault: &dyn std::error::Error| {
        output::talk(format_args!("campaign-autopilot: {fault}"));
    };
    let connection = Connection::new(settings, &clock).map_err(|fault| {
        tell(&fault);
        fault.exit()
    })?;
    let queues = queues(&connection)?;
    let Connection { metrics, platform } = connection;
    let mut recovering = None;
    let (journal, sender, run): (Arc<dyn Journal>, Option<Arc<dyn ProfileWriter>>, u64) = if writes
    {
        let events = QueueEvents::new(metrics).map_err(|fault| {
            tell(&fault);
            Exit::Internal
        })?;
        let agents = Arc::clone(&platform.agents);
        let (store, run, left) = beside(settings, &clock, &queues.reader, agents, events)?;
        recovering = Some(left);
        (store, platform.profiles, run)
    } else {
        (Arc::new(NoJournal), None, 0)
    };
    let mover = Reassigner {
        agents: platform.agents,
        queues: queues.reader,
        writer: sender,
        journal,
        clock,
        run,
        longest: longest(settings),
        freshest: FRESHEST,
        usually_settles: platform.capabilities.traits.settling.usual,
        by: by(),
    };
    Ok(Moving { mover, recovering })
}

/// Opens the store beside a daemon that may run; returns it with the run's number and what finds out about open operations.
fn beside(
    settings: &Settings,
    clock: &Arc<dyn Clock>,
    queues: &Arc<dyn QueueReader>,
    agents: Arc<dyn AgentObserver>,
    events: QueueEvents,
) -> Result<(Arc<Store>, u64, Recovering), Exit> {
    let opened = Store::open_beside(store_at(settings), clock.now());
    let (store, run) = opened.map_err(|fault| {
        output::talk(format_args!("campaign-autopilot: {fault}"));
        Exit::Io
    })?;
    let store = Arc::new(store);
    store.route_by(settings.routes());
    let recovery = Recovery {
        clock: Arc::clone(clock),
        journal: Arc::<Store>::clone(&store),
        queues: Some(Arc::clone(queues)),
        agents,
        events,
        longest: longest(settings),
    };
    let left = Recovering {
        store: Arc::clone(&store),
        recovery,
    };
    Ok((store, run, left))
}

/// Returns the platform's queues, where it has any that can be changed.
fn queues(connection: &Connection) -> Result<QueuePorts, Exit> {
    connection.platform.queues.clone().ok_or_else(|| {
        output::talk("campaign-autopilot: this platform has no queues that can be changed");
        Exit::Configuration
    })
}

/// Returns the longest time that one exchange may take.
fn longest(settings: &Settings) -> Duration {
    let attempts = settings.request_timeout.saturating_mul(ATTEMPTS);
    attempts.max(Duration::from_secs(1))
}

/// Returns who was at the keyboard, for the audit; nobody verifies it.
fn by() -> Option<String> {
    variable("SUDO_USER").or_else(|| variable("USER"))
}

/// The journal of a dry run, which writes nothing.
struct NoJournal;

impl Journal for NoJournal {
    fn commit(&self, _batch: Arc<Batch>) -> BoxFuture<'_, Result<(), JournalFault>> {
        Box::pin(async { Err(JournalFault("a dry run keeps no journal".to_owned())) })
    }
}

/// Prints a fault and returns its exit code.
pub(super) fn fail(fault: &ReconcileError) -> Exit {
    output::talk(format_args!("campaign-autopilot: {fault}"));
    match fault {
        ReconcileError::NoQueue(_) => Exit::Refused,
        ReconcileError::Platform(fault) => Exit::of(fault.kind),
        ReconcileError::Unrecordable(_) | ReconcileError::Unrecorded { .. } => Exit::Io,
        ReconcileError::DryRun => Exit::Internal,
    }
}
