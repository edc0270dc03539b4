//! The state and the handles that requests are answered from.

use std::sync::Arc;

use hyper::body::Bytes;
use tokio::sync::{Mutex, Semaphore, watch};
use tokio_util::sync::CancellationToken;

use crate::control::operator::Reload;
use crate::control::ports::Clock;
use crate::domain::{Timestamp, Zone};
use crate::telemetry::ProcessMetrics;

use super::configuration::RunningConfiguration;
use super::gate::Access;
use super::rate::ChangeRate;
use super::tenants::TenantList;

/// What is served without a token.
pub struct PublicSources {
    /// The metrics of the process.
    pub metrics: Arc<ProcessMetrics>,
    /// The tenants, with the state and the metrics of each.
    pub tenants: watch::Receiver<TenantList>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The zone on whose clock people are shown times.
    pub time_zone: Zone,
    /// When the program was started.
    pub started_at: Timestamp,
    /// Set when the daemon has begun to end.
    pub ending: CancellationToken,
}

/// What the admin API is served from beside the tenants.
pub struct Api {
    /// Reloads the configuration.
    pub reload: Arc<dyn Reload>,
    /// Checks whether a request is authorised.
    pub access: Arc<Access>,
    /// The values in force.
    pub configuration: Arc<RunningConfiguration>,
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
    pub(super) of: (u64, bool, Vec<String>, i64),
    pub(super) status: Bytes,
    pub(super) campaigns: Bytes,
}

impl Sources {
    /// The tenants at this moment.
    pub(super) fn tenants(&self) -> TenantList {
        self.shown.tenants.borrow().clone()
    }
}
