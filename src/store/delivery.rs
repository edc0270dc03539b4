//! The outbox as the delivery worker of one receiver uses it.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::Notify;

use crate::domain::{ReceiverName, Timestamp};
use crate::notify::ports::{
    Outbox, OutboxEntry, OutboxFault, OutboxStats, ReceiverStats, Round, Settlement,
};

use super::database::Database;
use super::outbox::{round, settle};
use super::writer::Store;

/// What is in the outbox for one receiver.
pub struct ReceiverOutbox {
    store: Arc<Store>,
    receiver: Option<ReceiverName>,
    /// Told of each commit with messages. Each receiver has one of its own: a permit wakes one waiter only.
    written: Arc<Notify>,
}

impl ReceiverOutbox {
    /// The outbox of the receiver of this name, or of the one without.
    #[must_use]
    pub fn new(store: Arc<Store>, receiver: Option<ReceiverName>) -> Self {
        let written = store.watch_outbox();
        Self {
            store,
            receiver,
            written,
        }
    }
}

impl Outbox for ReceiverOutbox {
    fn round(&self, now: Timestamp, at_most: usize) -> BoxFuture<'_, Result<Round, OutboxFault>> {
        let receiver = self.receiver.clone();
        let round = move |database: &Database| round(database, receiver.as_ref(), now, at_most);
        Box::pin(async move { self.store.ask(round).await.map_err(OutboxFault) })
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
        Box::pin(async move { self.store.ask(settle).await.map_err(OutboxFault) })
    }

    fn stats(&self) -> BoxFuture<'_, Result<OutboxStats, OutboxFault>> {
        Box::pin(async move { self.store.outbox_stats().await.map_err(OutboxFault) })
    }

    fn own_stats(&self) -> BoxFuture<'_, Result<ReceiverStats, OutboxFault>> {
        let receiver = self.receiver.clone();
        Box::pin(async move {
            let stats = self.store.outbox_stats_of(receiver).await;
            stats.map_err(OutboxFault)
        })
    }

    fn written(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.written.notified())
    }
}
