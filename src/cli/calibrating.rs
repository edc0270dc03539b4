//! Builds the calibration of queues, where there are `[[queue]]` tables.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::control::ports::{Clock, Journal, OpenOperation};
use crate::control::queues::{
    Calibration, CalibrationPorts, CalibrationStart, Reconciler, ReconcilerSettings,
};
use crate::control::{ObservableState, Recovery};
use crate::domain::QueueId;
use crate::domain::queue::QueueMemory;
use crate::platform::port::{Connected, QueuePorts};
use crate::settings::Settings;
use crate::store::Store;
use crate::telemetry::{Metrics, QueueEvents};

use super::start_fault::StartFault;

/// What the daemon lends to the calibration.
pub(super) struct Parts<'a> {
    pub(super) settings: &'a Settings,
    pub(super) store: &'a Arc<Store>,
    pub(super) restored: BTreeMap<QueueId, QueueMemory>,
    /// Operations whose outcome is not known, but those of campaigns and lists.
    pub(super) open: Vec<OpenOperation>,
    pub(super) platform: &'a Connected,
    pub(super) clock: &'a Arc<dyn Clock>,
    pub(super) metrics: &'a Arc<Metrics>,
    pub(super) shown: watch::Sender<ObservableState>,
    pub(super) longest: Duration,
    pub(super) shutdown: CancellationToken,
}

/// What the daemon has to do with queues and agents: it calibrates, or only finds out about what earlier runs left open. Neither
/// costs anything where there is nothing to do.
pub(super) async fn queues(
    parts: Parts<'_>,
) -> Result<(Option<Calibration>, Option<Recovering>), StartFault> {
    Ok(if parts.settings.queues.is_empty() {
        (None, Recovering::of(parts)?)
    } else {
        (Some(calibration(parts).await?), None)
    })
}

/// The calibration. A dry run has no writer.
async fn calibration(parts: Parts<'_>) -> Result<Calibration, StartFault> {
    let Parts {
        settings,
        store,
        restored,
        open,
        platform,
        clock,
        metrics,
        shown,
        longest,
        shutdown,
    } = parts;
    let kept = StartFault::Queues;
    let run = store.begin_run_beside(clock.now()).await.map_err(kept)?;
    let dry_run = settings.dry_run;
    let Some(QueuePorts { reader, writer }) = platform.queues.clone() else {
        return Err(StartFault::Queues(
            "this platform has no queues that can be changed".to_owned(),
        ));
    };
    let journal: Arc<dyn Journal> = Arc::<Store>::clone(store);
    let events = QueueEvents::new(Arc::clone(metrics))?;
    let reconciler = Reconciler::new(
        Arc::clone(&reader),
        writer,
        Arc::clone(&journal),
        Arc::clone(clock),
        events.clone(),
        ReconcilerSettings {
            run,
            announces: settings.notifies() && !dry_run,
            longest,
            usually_settles: platform.capabilities.traits.settling.usual,
            by: None,
        },
    );
    let recovery = Recovery {
        clock: Arc::clone(clock),
        journal: Arc::clone(&journal),
        queues: Some(Arc::clone(&reader)),
        agents: Arc::clone(&platform.agents),
        events: events.clone(),
        longest,
    };
    let outside = CalibrationPorts {
        clock: Arc::clone(clock),
        platform: reader,
        reconciler,
        recovery,
        journal,
        observed: shown,
    };
    let start = CalibrationStart {
        policies: settings.queues.clone(),
        restored,
        open,
        dry_run,
        longest,
    };
    Ok(Calibration::new(outside, events, start, shutdown)?)
}

/// Finds out about what earlier runs left open, in a daemon that calibrates no queues.
pub(super) struct Recovering {
    recovery: Recovery,
    open: Vec<OpenOperation>,
    every: Duration,
    shutdown: CancellationToken,
}

impl Recovering {
    /// Nothing when nothing is open.
    fn of(parts: Parts<'_>) -> Result<Option<Self>, StartFault> {
        let Parts {
            settings,
            store,
            open,
            platform,
            clock,
            metrics,
            longest,
            shutdown,
            ..
        } = parts;
        if open.is_empty() {
            return Ok(None);
        }
        let recovery = Recovery {
            clock: Arc::clone(clock),
            journal: Arc::<Store>::clone(store),
            queues: platform.queues.clone().map(|queues| queues.reader),
            agents: Arc::clone(&platform.agents),
            events: QueueEvents::new(Arc::clone(metrics))?,
            longest,
        };
        Ok(Some(Self {
            recovery,
            open,
            every: settings.poll_interval,
            shutdown,
        }))
    }

    /// Reads until everything is found out, or a shutdown is asked for.
    pub(super) async fn run(self) {
        let Self {
            recovery,
            open,
            every,
            shutdown,
        } = self;
        recovery.run(open, every, shutdown).await;
    }
}
