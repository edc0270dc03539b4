//! Publishes the head of the audit beside the loop: in the log, in metrics and as a message, signed where the operator has a key.

use std::sync::Arc;
use std::time::Duration;

use tokio::select;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::control::ports::{Batch, Clock, Journal};
use crate::domain::{DecisionId, Message};
use crate::secrets::AuditKey;
use crate::store::Store;
use crate::telemetry::Metrics;

use super::audit_head::{key_of, signed_text};
use super::audit_parts::AuditParts;
use super::start_fault::StartFault;

/// Publishes the head of a tenant's audit.
pub(super) struct HeadPublisher {
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
    tenant: String,
    every: Duration,
    key: Option<AuditKey>,
    /// Whether there is a receiver to be told.
    announces: bool,
    run: u64,
    shutdown: CancellationToken,
}

impl HeadPublisher {
    /// For a tenant; none where its settings say never.
    ///
    /// # Errors
    /// When the key cannot be read.
    pub(super) fn of(parts: &AuditParts<'_>) -> Result<Option<Self>, StartFault> {
        let settings = parts.settings;
        let Some(every) = settings.keeping.publish_head_every else {
            return Ok(None);
        };
        let key = settings.keeping.audit_key_file.as_deref().map(key_of);
        let key = key.transpose().map_err(StartFault::AuditKey)?;
        let tenant = settings.tenant.as_ref();
        Ok(Some(Self {
            store: Arc::clone(parts.store),
            clock: Arc::clone(parts.clock),
            metrics: Arc::clone(parts.metrics),
            tenant: tenant.map_or(String::new(), ToString::to_string),
            every,
            key,
            announces: settings.notifies() && !settings.dry_run,
            run: parts.run,
            shutdown: parts.shutdown.clone(),
        }))
    }

    /// Publishes from one interval after the start on, until the shutdown.
    pub(super) async fn run(self) {
        loop {
            select! {
                () = self.shutdown.cancelled() => return,
                () = self.clock.sleep(self.every) => {}
            }
            if let Err(fault) = self.publish().await {
                warn!(%fault, "the head of the audit is not published; it is tried again at the next time");
            }
        }
    }

    async fn publish(&self) -> Result<(), String> {
        let Some((row, hash)) = self.store.audit_head().await? else {
            return Ok(());
        };
        let at = self.clock.now();
        self.metrics.cycle.audit_head(row, &hash);
        let signed = self.key.as_ref().map(|key| {
            let text = signed_text(&self.tenant, row, &hash, at);
            (key.public().to_string(), key.sign(&text))
        });
        let (public_key, signature) = match &signed {
            Some((key, signature)) => (Some(key.as_str()), Some(signature.as_str())),
            None => (None, None),
        };
        info!(row, hash, head_at = %at, public_key, signature, "the head of the audit");
        if !self.announces {
            return Ok(());
        }
        let decision = DecisionId {
            run: self.run,
            tick: 0,
        };
        let message = Message::audit_head((row, hash), signed, decision, at);
        let batch = Batch {
            outbox: vec![message],
            ..Batch::default()
        };
        let committed = self.store.commit(Arc::new(batch)).await;
        committed.map_err(|fault| fault.to_string())
    }
}
