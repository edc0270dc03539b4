//! What joins a tenant to the outside world: sockets, the disk and chance, or parts of a program that embeds the daemon.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tracing::info;

use crate::control::ports::{Clock, TenureFault};
use crate::domain::Timestamp;
use crate::notify::Post;
use crate::platform::http::{HttpSend, ReqwestSend, Transport};
use crate::platform::port::RemembersNothing;
use crate::settings::Settings;
use crate::store::postgres::Server as StoreServer;
use crate::store::{CommitGate, Restored, Store, StoreAt, StoreFault};

use super::absent_reserve::refuse_absent_reserve;
use super::connection::Connection;
use super::start_fault::StartFault;
use super::store_place::Servers;

/// What connects tenants to the outside world.
#[derive(Clone)]
pub(crate) enum Surroundings {
    /// Sockets, the disk with a thread for each tenant, and randomness. Tenants share the client: certificates are read once.
    Real(Arc<ReqwestSend>, Servers),
    /// Parts of a program that embeds the daemon.
    Embedded(EmbeddedParts),
    /// Sockets and the disk, on one thread that decides the order of all that happens.
    Ordered(OrderedParts),
}

/// What decides the order of all that happens, where that has to be the same each time.
#[derive(Clone)]
pub(crate) struct OrderedParts {
    /// Carries requests to the platform.
    pub(crate) transport: Arc<dyn HttpSend>,
    /// The seed of everything random.
    pub(crate) seed: u64,
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
    /// Where that store is, for whoever reads it.
    pub(super) at: StoreAt,
    pub(super) connection: Connection,
    /// What carries messages, with a seed, where it was given.
    pub(super) given: Option<(Arc<dyn Post>, u64)>,
}

impl Surroundings {
    /// The real ones.
    pub(crate) fn real() -> Result<Self, StartFault> {
        let transport = ReqwestSend::new(Transport::default()).map_err(StartFault::Client)?;
        Ok(Self::Real(Arc::new(transport), Servers::default()))
    }

    /// Whether there are no sockets.
    pub(super) fn is_embedded(&self) -> bool {
        matches!(self, Self::Embedded(_))
    }

    /// The server that keeps the tables, where one does.
    pub(super) fn server(&self, settings: &Settings) -> Option<Arc<StoreServer>> {
        match self {
            Self::Real(_, servers) => servers.server(settings),
            Self::Embedded(_) | Self::Ordered(_) => None,
        }
    }

    /// Opens the store of a tenant and connects to its platform.
    pub(super) async fn join(
        &self,
        settings: &Settings,
        clock: &Arc<dyn Clock>,
    ) -> Result<Joined, StartFault> {
        let now = clock.now();
        let (((store, restored), at), connection, given) = match self {
            Self::Real(transport, servers) => {
                let at = servers.store_at(settings, clock);
                let opened = open(at.clone(), now).await?;
                let connection =
                    Connection::over_sockets(transport, settings, clock, opened.0.tenure())?;
                wait_out(&opened.0, settings, &**clock).await?;
                ((opened, at), connection, None)
            }
            Self::Embedded(EmbeddedParts {
                transport,
                post,
                gate,
                seed,
            }) => {
                let opened = Store::open_in_place(&settings.state_dir, now, Arc::clone(gate))?;
                let opened = (opened, settings.state_dir.as_path().into());
                let transport = Arc::clone(transport);
                let refusals = Arc::new(RemembersNothing);
                let connection = Connection::over(transport, *seed, refusals, settings, clock)?;
                (opened, connection, Some((Arc::clone(post), *seed)))
            }
            Self::Ordered(OrderedParts { transport, seed }) => {
                let gate = Arc::new(AlwaysOpen);
                let opened = Store::open_in_place(&settings.state_dir, now, gate)?;
                let opened = (opened, settings.state_dir.as_path().into());
                let transport = Arc::clone(transport);
                let refusals = Arc::new(RemembersNothing);
                let connection = Connection::over(transport, *seed, refusals, settings, clock)?;
                (opened, connection, None)
            }
        };
        refuse_absent_reserve(settings, &connection.platform, &**clock).await?;
        Ok(Joined {
            store,
            restored,
            at,
            connection,
            given,
        })
    }
}

/// Lets every commit through at once.
pub(super) struct AlwaysOpen;

impl CommitGate for AlwaysOpen {
    fn before(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn after(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// Opens a store where waiting for a server holds up nobody.
async fn open(at: StoreAt, now: Timestamp) -> Result<(Store, Restored), StartFault> {
    let opened = tokio::task::spawn_blocking(move || Store::open(at, now)).await;
    let opened = opened.map_err(|wrong| StartFault::Client(wrong.to_string()))?;
    Ok(opened?)
}

/// Waits until nothing can be under way any more of whoever had the lease before and did not let go of it.
async fn wait_out(store: &Store, settings: &Settings, clock: &dyn Clock) -> Result<(), StartFault> {
    if !store.taken_over() {
        return Ok(());
    }
    let mut left = settings.request_timeout.saturating_add(BEYOND_A_REQUEST);
    info!(
        seconds = left.as_secs(),
        "takes over from a daemon that did not let go: waits until nothing of it can be under way"
    );
    let tenure = store.tenure();
    while !left.is_zero() {
        let some = left.min(BETWEEN_RENEWALS);
        clock.sleep(some).await;
        left = left.saturating_sub(some);
        if let Err(TenureFault::Lost) = tenure.renew().await {
            return Err(StoreFault::Held {
                member: "another daemon".to_owned(),
            }
            .into());
        }
    }
    Ok(())
}

/// What a request may take on its way beyond its time-out.
const BEYOND_A_REQUEST: Duration = Duration::from_secs(2);

/// The lease is renewed so often while nothing else does it.
const BETWEEN_RENEWALS: Duration = Duration::from_secs(3);
