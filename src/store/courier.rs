//! The outbox as the courier asks for it.

use futures_util::future::BoxFuture;
use rusqlite::Connection;

use crate::domain::Timestamp;
use crate::notify::ports::{Census, Letter, Outbox, OutboxFault, Round, Settlement};

use super::outbox::{census, round, settle};
use super::writer::Store;

impl Outbox for Store {
    fn round(&self, now: Timestamp, at_most: usize) -> BoxFuture<'_, Result<Round, OutboxFault>> {
        let round = move |connection: &mut Connection| round(connection, now, at_most);
        Box::pin(async move { self.ask(round).await.map_err(OutboxFault) })
    }

    fn settle(
        &self,
        letter: Letter,
        settlement: Settlement,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<(), OutboxFault>> {
        let settle = move |connection: &mut Connection| {
            let transaction =
                connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            settle(&transaction, &letter, &settlement, now)?;
            transaction.commit()
        };
        Box::pin(async move { self.ask(settle).await.map_err(OutboxFault) })
    }

    fn census(&self) -> BoxFuture<'_, Result<Census, OutboxFault>> {
        let census = |connection: &mut Connection| census(connection);
        Box::pin(async move { self.ask(census).await.map_err(OutboxFault) })
    }

    fn written(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.outbox_written())
    }
}
