//! Keeps the right to command for as long as the loop is alive.
//!
//! Renewals come from the loop's own task, from the very `select` that waits for a tick: one that is stuck does not reach it, and loses
//! the right. One that waits without an end, on a lock of its own say, loses it when `/healthz` would no longer hold it for alive.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::ports::{Clock, Tenure, TenureFault};
use super::status::ObservableState;

/// From one renewal to the next: a lease of fifteen seconds outlives two that fail.
const EVERY: Duration = Duration::from_secs(3);

/// Runs a loop, or a single tick, and renews `tenure` beside it in the same task; when the right is lost, the run is ended by `shutdown`.
pub async fn run_under<T>(
    tenure: Arc<dyn Tenure>,
    clock: Arc<dyn Clock>,
    observed: watch::Receiver<ObservableState>,
    shutdown: CancellationToken,
    run: impl Future<Output = T>,
) -> T {
    tokio::select! {
        biased;
        ended = run => ended,
        never = renew(tenure, clock, observed, shutdown) => match never {},
    }
}

/// Renews until the right is lost; it has no end of its own.
async fn renew(
    tenure: Arc<dyn Tenure>,
    clock: Arc<dyn Clock>,
    observed: watch::Receiver<ObservableState>,
    shutdown: CancellationToken,
) -> Infallible {
    if tenure.remaining() == Duration::MAX {
        // The lock of a directory ends with the process, and never before.
        return std::future::pending().await;
    }
    let mut told = false;
    loop {
        // Whoever takes over must not wait for a loop that hangs.
        let alive = observed.borrow().alive(clock.now());
        let renewed = if alive {
            tenure.renew().await
        } else {
            Err(TenureFault::Unknown("the loop hangs".to_owned()))
        };
        match renewed {
            Ok(()) => told = false,
            Err(TenureFault::Unknown(why)) if !tenure.remaining().is_zero() => {
                if !told {
                    warn!(%why, "the lease is not renewed; it goes on until its end");
                }
                told = true;
            }
            Err(fault) => {
                info!(why = %fault, "the lease is lost: this run ends, nothing more is commanded");
                shutdown.cancel();
                return std::future::pending().await;
            }
        }
        clock.sleep(EVERY).await;
    }
}
