//! Where a simulation lets the process die or the disk fail: before and behind each piece of the writer's work.

use futures_util::future::BoxFuture;

/// Stands before and behind every commit of a store that writes in place (see [`Store::open_in_place`]).
///
/// A gate may wait, which is a disk that is slow or a file that somebody else has locked, or never return, which is a process
/// that died there.
///
/// [`Store::open_in_place`]: super::Store::open_in_place
pub trait CommitGate: Send + Sync + 'static {
    /// Asked before the work.
    ///
    /// # Errors
    /// What the work then fails with; nothing is written.
    fn before(&self) -> BoxFuture<'_, Result<(), String>>;

    /// Told after the work, whatever came of it, and before whoever asked for it hears.
    fn after(&self) -> BoxFuture<'_, ()>;
}
