//! What the tasks beside the loop that keep the audit work with.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::control::ports::Clock;
use crate::settings::Settings;
use crate::store::{Store, StoreAt};
use crate::telemetry::Metrics;

/// What the tasks that keep a tenant's audit work with.
pub(super) struct AuditParts<'a> {
    pub(super) settings: &'a Settings,
    pub(super) at: &'a StoreAt,
    pub(super) store: &'a Arc<Store>,
    pub(super) clock: &'a Arc<dyn Clock>,
    pub(super) metrics: &'a Arc<Metrics>,
    /// The run under whose number they write.
    pub(super) run: u64,
    pub(super) shutdown: &'a CancellationToken,
}
