//! Why the daemon cannot start.

use std::path::PathBuf;

use crate::domain::CampaignId;
use crate::sockets::NoCertificates;
use crate::store::StoreFault;

use super::exit::Exit;
use super::idle_reserve::NO_IDLE_RESERVE;

/// Why the daemon cannot start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartFault {
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// The listener cannot be bound.
    #[error("cannot listen on {address}: {why}; give another --listen, or `off`")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// What the system said.
        why: std::io::Error,
    },
    /// The stored state of queues cannot be read.
    #[error("the stored state of queues cannot be read: {0}; is the state directory damaged?")]
    Queues(String),
    /// The HTTP client cannot be set up.
    #[error("cannot set up the HTTP client: {0}")]
    Client(String),
    /// The key under which tokens are compared cannot be drawn.
    #[error("the admin API: {0}")]
    Random(String),
    /// The key that the head of the audit is signed with cannot be read.
    #[error("audit_key_file: {0}")]
    AuditKey(String),
    /// HTTPS is needed, and there are no certificates.
    #[error(transparent)]
    Certificates(#[from] NoCertificates),
    /// Settings that the platform's dialect cannot use.
    #[error("{0}")]
    Platform(String),
    /// The platform does not offer the idle reserve that a rule asks for.
    #[error("campaign {campaign}: {NO_IDLE_RESERVE}")]
    NoIdleReserve {
        /// One of the campaigns.
        campaign: CampaignId,
    },
    /// The state of a run without `[[tenant]]` tables is there.
    #[error(
        "{} has the state of a daemon without [[tenant]] tables, with pauses that it made; stop it, make {}, and move `autopilot.sqlite3*` and `high-water` there if that tenant is the same account, or into another directory if none is",
        root.display(), tenant.display()
    )]
    StateOfOne {
        /// The state directory.
        root: PathBuf,
        /// Where the first tenant's state is looked for.
        tenant: PathBuf,
    },
    /// The state of tenants is there.
    #[error(
        "{} has the state of tenants ({} is one), with pauses that they made, and the settings have no [[tenant]] tables; write the tables, or move the files of the tenant that is meant from there to {}",
        root.display(), of_tenant.display(), root.display()
    )]
    StateOfTenants {
        /// The state directory.
        root: PathBuf,
        /// One of the tenants' directories.
        of_tenant: PathBuf,
    },
    /// The metrics cannot be registered.
    #[error("metrics: {0}")]
    Metrics(#[from] prometheus::Error),
}

impl StartFault {
    /// The daemon that steers the tenant, where this one is ready to go on from it.
    pub(crate) fn steered_by(&self) -> Option<&str> {
        if let Self::Store(StoreFault::Held { member }) = self {
            Some(member)
        } else {
            None
        }
    }

    /// Returns its exit code.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Store(_)
            | Self::Queues(_)
            | Self::Listen { .. }
            | Self::StateOfOne { .. }
            | Self::StateOfTenants { .. }
            | Self::Client(_)
            | Self::Certificates(_) => Exit::Io,
            Self::Metrics(_) | Self::Random(_) => Exit::Internal,
            Self::AuditKey(_) | Self::Platform(_) | Self::NoIdleReserve { .. } => {
                Exit::Configuration
            }
        }
    }
}
