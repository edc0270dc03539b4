//! What joins a tenant to the outside world: sockets, the disk and chance, or parts of a program that embeds the daemon.

use std::sync::Arc;

use crate::control::ports::Clock;
use crate::notify::Post;
use crate::platform::http::{HttpSend, ReqwestSend, Transport};
use crate::settings::Settings;
use crate::store::{CommitGate, Restored, Store};

use super::absent_reserve::refuse_absent_reserve;
use super::connection::Connection;
use super::start_fault::StartFault;

/// What connects tenants to the outside world.
#[derive(Clone)]
pub(crate) enum Surroundings {
    /// Sockets, the disk with a thread for each tenant, and randomness. Tenants share the client: certificates are read once.
    Real(Arc<ReqwestSend>),
    /// Parts of a program that embeds the daemon.
    Embedded(EmbeddedParts),
}

/// Parts that take the place of sockets, disk and randomness.
#[derive(Clone)]
pub(crate) struct EmbeddedParts {
    /// Carries requests to the platform.
    pub(crate) transport: Arc<dyn HttpSend>,
    /// Carries messages to their receiver.
    pub(crate) post: Arc<dyn Post>,
    /// Is called before and after each commit.
    pub(crate) gate: Arc<dyn CommitGate>,
    /// The seed of everything random.
    pub(crate) seed: u64,
}

/// What a tenant has of its surroundings.
pub(super) struct Joined {
    pub(super) store: Store,
    pub(super) restored: Restored,
    pub(super) connection: Connection,
    /// What carries messages, with a seed, where it was given.
    pub(super) given: Option<(Arc<dyn Post>, u64)>,
}

impl Surroundings {
    /// The real ones.
    pub(crate) fn real() -> Result<Self, StartFault> {
        let transport = ReqwestSend::new(Transport::default()).map_err(StartFault::Client)?;
        Ok(Self::Real(Arc::new(transport)))
    }

    /// Whether there are no sockets.
    pub(super) fn is_embedded(&self) -> bool {
        matches!(self, Self::Embedded(_))
    }

    /// Opens the store of a tenant and connects to its platform.
    pub(super) async fn join(
        &self,
        settings: &Settings,
        clock: &Arc<dyn Clock>,
    ) -> Result<Joined, StartFault> {
        let now = clock.now();
        let ((store, restored), connection, given) = match self {
            Self::Real(transport) => {
                let opened = Store::open(&settings.state_dir, now)?;
                let connection = Connection::over_sockets(transport, settings, clock)?;
                (opened, connection, None)
            }
            Self::Embedded(EmbeddedParts {
                transport,
                post,
                gate,
                seed,
            }) => {
                let opened = Store::open_in_place(&settings.state_dir, now, Arc::clone(gate))?;
                let transport = Arc::clone(transport);
                let connection = Connection::over(transport, *seed, settings, clock)?;
                (opened, connection, Some((Arc::clone(post), *seed)))
            }
        };
        refuse_absent_reserve(settings, &connection.platform, &**clock).await?;
        Ok(Joined {
            store,
            restored,
            connection,
            given,
        })
    }
}
