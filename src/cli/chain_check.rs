//! The check of the audit's chain at a start: beside the loop, since a chain of years takes a while and no campaign waits for it.
//!
//! A broken chain is told in the log, in a metric and on the page, and keeps nothing from being commanded: the campaigns need
//! their daemon, and what was changed in the past is for people to judge.

use std::sync::Arc;

use tokio::sync::watch;
use tracing::{info, warn};

use crate::control::ObservableState;
use crate::store::{BrokenChain, StoreAt, StoreReader};
use crate::telemetry::Metrics;

/// Checks the chain once.
pub(crate) struct ChainCheck {
    /// Where the store is.
    pub(crate) at: StoreAt,
    /// The snapshot in which damage is shown.
    pub(crate) observed: watch::Sender<ObservableState>,
    /// Count it.
    pub(crate) metrics: Arc<Metrics>,
}

impl ChainCheck {
    /// Checks, and tells what was found.
    pub(crate) async fn run(self) {
        let Self {
            at,
            observed,
            metrics,
        } = self;
        let on_server = at.is_on_server();
        let checking = tokio::task::spawn_blocking(move || {
            let store = StoreReader::open(&at).map_err(|fault| (fault.to_string(), true))?;
            let checked = store.check_chain();
            checked.map_err(|broken| {
                let unread = matches!(broken, BrokenChain::Unreadable(_));
                (broken.to_string(), unread)
            })
        });
        // It fails only when the runtime ends.
        let Ok(checked) = checking.await else {
            return;
        };
        match checked {
            Ok(rows) => info!(rows, "the chain of the audit holds"),
            // A server that is away says nothing of the chain; a file that cannot be read is damaged.
            Err((why, true)) if on_server => {
                warn!(%why, "the chain of the audit was not checked; `audit verify` does it");
            }
            Err((why, _)) => {
                warn!(%why, "the chain of the audit is broken; `audit verify` shows where");
                observed.send_modify(|shown| {
                    let found = format!("the chain of the audit is broken: {why}");
                    Arc::make_mut(&mut shown.store_damage).push(found);
                    shown.version = shown.version.saturating_add(1);
                });
            }
        }
        let damage = observed.borrow().store_damage.len();
        metrics.cycle.store_damage(damage);
    }
}
