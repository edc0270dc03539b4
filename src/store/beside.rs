//! What those ask of the store who work beside the loop: queues' calibrations, and commands.

use crate::control::ports::OpenOperation;
use crate::domain::Timestamp;

use super::operations;
use super::writer::{Store, begin_run};

impl Store {
    /// Operations whose outcome is not known, the oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn open_operations(&self) -> Result<Vec<OpenOperation>, String> {
        self.ask(operations::open).await
    }

    /// Begins a run of its own for whoever works beside the loop, so that no two decisions have one id.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn begin_run_beside(&self, now: Timestamp) -> Result<u64, String> {
        self.ask(move |database| begin_run(database, now)).await
    }
}
