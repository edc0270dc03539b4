//! Computations that may take seconds, kept away from the tasks of the runtime.

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::{JoinError, spawn_blocking};

/// Runs `work` on a thread of its own. On a runtime of one thread, as in a simulation of the whole daemon, it runs in place:
/// a second thread would make the order of simultaneous events arbitrary.
pub(super) async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JoinError> {
    if Handle::current().runtime_flavor() == RuntimeFlavor::CurrentThread {
        return Ok(work());
    }
    spawn_blocking(work).await
}
