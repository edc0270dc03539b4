//! The outbox as the delivery worker uses it.

use futures_util::future::BoxFuture;

use crate::domain::Timestamp;
use crate::notify::ports::{Outbox, OutboxEntry, OutboxFault, OutboxStats, Round, Settlement};

use super::database::Database;
use super::outbox::{round, settle};
use super::writer::Store;

impl Outbox for Store {
    fn round(&self, now: Timestamp, at_most: usize) -> BoxFuture<'_, Result<Round, OutboxFault>> {
        let round = move |database: &Database| round(database, now, at_most);
        Box::pin(async move { self.ask(round).await.map_err(OutboxFault) })
    }

    fn settle(
        &self,
        entry: OutboxEntry,
        settlement: Settlement,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<(), OutboxFault>> {
        let settle = move |database: &Database| {
            let transaction = database.begin()?;
            settle(&transaction, &entry, &settlement, now)?;
            transaction.commit()
        };
        Box::pin(async move { self.ask(settle).await.map_err(OutboxFault) })
    }

    fn stats(&self) -> BoxFuture<'_, Result<OutboxStats, OutboxFault>> {
        Box::pin(async move { self.outbox_stats().await.map_err(OutboxFault) })
    }

    fn written(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.outbox_written())
    }
}
