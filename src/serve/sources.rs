//! What the answers are made from.

use std::sync::Arc;

use hyper::body::Bytes;
use tokio::sync::{Mutex, Semaphore, watch};
use tokio_util::sync::CancellationToken;

use crate::control::ObservableState;
use crate::control::operator::{OperatorDesk, Reload};
use crate::control::ports::Clock;
use crate::control::queues::desk::QueueDesk;
use crate::control::series::PastSeries;
use crate::telemetry::Metrics;

use super::gate::Access;

/// What everybody may see.
pub struct Shown {
    /// The metrics.
    pub metrics: Arc<Metrics>,
    /// What the daemon knows.
    pub observed: watch::Receiver<ObservableState>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Set when the daemon has begun to end.
    pub ending: CancellationToken,
}

/// What the admin API is made from.
pub struct Api {
    /// Where changes are handed in.
    pub desk: OperatorDesk,
    /// Reads the configuration anew.
    pub reload: Arc<dyn Reload>,
    /// Where what is asked of queues is handed in; nothing where none is calibrated.
    pub queues: Option<QueueDesk>,
    /// Reads what happened, and what plots are drawn from.
    pub past: Arc<dyn PastSeries>,
    /// Who may use it.
    pub access: Access,
}

/// What the answers are made from.
pub(super) struct Sources {
    pub(super) shown: Shown,
    pub(super) api: Api,
    /// One exposition at a time: with thousands of campaigns it is tens of megabytes.
    pub(super) scrape: Semaphore,
    /// Places for clients that follow the events.
    pub(super) streams: Arc<Semaphore>,
    /// The documents as they were last rendered: a flood of requests renders nothing twice.
    pub(super) rendered: Mutex<Option<Rendered>>,
}

/// Documents of one version.
#[derive(Clone)]
pub(super) struct Rendered {
    pub(super) of: (u64, bool, Option<String>, i64),
    pub(super) status: Bytes,
    pub(super) campaigns: Bytes,
}
