//! Builds the calibration of queues, where there are `[[queue]]` tables.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::control::ObservableState;
use crate::control::ports::{Clock, Journal};
use crate::control::queues::{
    Calibration, CalibrationPorts, CalibrationStart, KeeperSettings, QueueKeeper,
};
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
    pub(super) platform: &'a Connected,
    pub(super) clock: &'a Arc<dyn Clock>,
    pub(super) metrics: &'a Arc<Metrics>,
    pub(super) shown: watch::Sender<ObservableState>,
    pub(super) longest: Duration,
    pub(super) shutdown: CancellationToken,
}

/// Builds the calibration; returns `None` without `[[queue]]` tables, which then cost nothing. A dry run has no writer.
pub(super) async fn calibration(parts: Parts<'_>) -> Result<Option<Calibration>, StartFault> {
    let Parts {
        settings,
        store,
        restored,
        platform,
        clock,
        metrics,
        shown,
        longest,
        shutdown,
    } = parts;
    if settings.queues.is_empty() {
        return Ok(None);
    }
    let kept = StartFault::Queues;
    let run = store.begin_run_beside(clock.now()).await.map_err(kept)?;
    let open = store.open_queue_intents().await.map_err(kept)?;
    let dry_run = settings.dry_run;
    let Some(QueuePorts { reader, writer }) = platform.queues.clone() else {
        return Err(StartFault::Queues(
            "this platform has no queues that can be changed".to_owned(),
        ));
    };
    let journal: Arc<dyn Journal> = Arc::<Store>::clone(store);
    let events = QueueEvents::new(Arc::clone(metrics))?;
    let keeper = QueueKeeper::new(
        Arc::clone(&reader),
        writer,
        Arc::clone(&journal),
        Arc::clone(clock),
        events.clone(),
        KeeperSettings {
            run,
            announces: settings.webhook.is_some() && !dry_run,
            longest,
            usually_settles: platform.capabilities.traits.settling.usual,
            by: None,
        },
    );
    let outside = CalibrationPorts {
        clock: Arc::clone(clock),
        platform: reader,
        keeper,
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
    Ok(Some(Calibration::new(outside, events, start, shutdown)?))
}
