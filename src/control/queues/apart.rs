//! Work that may take seconds, kept from the tasks that wait.

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::{JoinError, spawn_blocking};

/// Does `work` on a thread of its own. On a runtime of one thread, which a simulation of the whole daemon is, it is done in
/// place: a second thread would make the order of what happens in one moment a matter of chance.
pub(super) async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JoinError> {
    if Handle::current().runtime_flavor() == RuntimeFlavor::CurrentThread {
        return Ok(work());
    }
    spawn_blocking(work).await
}
