//! The state and the handles that requests are answered from.

use std::sync::Arc;

use hyper::body::Bytes;
use tokio::sync::{Mutex, Semaphore, watch};
use tokio_util::sync::CancellationToken;

use crate::control::ObservableState;
use crate::control::operator::{OperatorHandle, Reload};
use crate::control::ports::Clock;
use crate::control::queues::handle::QueueHandle;
use crate::control::series::PastSeries;
use crate::telemetry::Metrics;

use super::gate::Access;
use super::rate::ChangeRate;

/// What is served without a token.
pub struct PublicSources {
    /// The metrics.
    pub metrics: Arc<Metrics>,
    /// The snapshot of the loop's state.
    pub observed: watch::Receiver<ObservableState>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Set when the daemon has begun to end.
    pub ending: CancellationToken,
}

/// What the admin API is served from.
pub struct Api {
    /// Sends commands to the loop.
    pub handle: OperatorHandle,
    /// Reloads the configuration.
    pub reload: Arc<dyn Reload>,
    /// Sends requests to the calibration of queues; `None` where none is calibrated.
    pub queues: Option<QueueHandle>,
    /// Reads the audit and the series.
    pub past: Arc<dyn PastSeries>,
    /// Checks whether a request is authorised.
    pub access: Access,
}

/// What every response is made from.
pub(super) struct Sources {
    pub(super) shown: PublicSources,
    pub(super) api: Api,
    /// One exposition at a time: with thousands of campaigns it is tens of megabytes.
    pub(super) scrape: Semaphore,
    /// Permits for streams of events.
    pub(super) streams: Arc<Semaphore>,
    /// The documents as they were last rendered: a flood of requests renders nothing twice.
    pub(super) rendered: Mutex<Option<Rendered>>,
    /// How many changes may be asked for.
    pub(super) changes: ChangeRate,
    /// How many calibrations may be asked for.
    pub(super) calibrations: ChangeRate,
}

/// The rendered documents of one version.
#[derive(Clone)]
pub(super) struct Rendered {
    pub(super) of: (u64, bool, Option<String>, i64),
    pub(super) status: Bytes,
    pub(super) campaigns: Bytes,
}
