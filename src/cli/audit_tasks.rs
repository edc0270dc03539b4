//! The tasks beside the loop that keep the audit: one publishes its head, one seals its old rows.

use tokio::task::JoinSet;
use tracing::{Instrument, Span};

use super::audit_parts::AuditParts;
use super::publishing::HeadPublisher;
use super::sealing::AuditSealing;
use super::start_fault::StartFault;

/// The tasks of a tenant that its settings ask for.
pub(super) struct AuditTasks {
    publisher: Option<HeadPublisher>,
    sealing: Option<AuditSealing>,
}

impl AuditTasks {
    /// Puts them together.
    ///
    /// # Errors
    /// When the key that the head is signed with cannot be read.
    pub(super) fn of(parts: &AuditParts<'_>) -> Result<Self, StartFault> {
        Ok(Self {
            publisher: HeadPublisher::of(parts)?,
            sealing: AuditSealing::of(parts),
        })
    }

    /// Starts them; they end with the tenant's shutdown. They hold the store, so that it is closed only when they have ended.
    pub(super) fn start(self, span: &Span) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        if let Some(publisher) = self.publisher {
            tasks.spawn(publisher.run().instrument(span.clone()));
        }
        if let Some(sealing) = self.sealing {
            tasks.spawn(sealing.run().instrument(span.clone()));
        }
        tasks
    }
}
