//! Where a tenant's store is.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::control::ports::Clock;

use super::postgres::Server;

/// The name of the only tenant where none is named.
pub const ONLY_TENANT: &str = "";

/// Where a tenant's store is: in a directory, or on a server beside it.
#[derive(Clone, Debug)]
pub struct StoreAt {
    /// The directory of the file, or of what is kept on this machine about the tables on a server.
    pub(super) directory: PathBuf,
    pub(super) server: Option<OnServer>,
}

/// A tenant's tables on a server.
#[derive(Clone)]
pub(super) struct OnServer {
    pub(super) server: Arc<Server>,
    pub(super) tenant: String,
    /// What is said to others of the daemon that has the lease.
    pub(super) member: String,
    pub(super) clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for OnServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            server,
            tenant,
            member,
            ..
        } = self;
        write!(f, "{} for {tenant:?} as {member}", server.address())
    }
}

impl StoreAt {
    /// On a server, as the tenant of this name; `directory` is for what this machine remembers of it. A daemon says to others that it is
    /// `member`.
    #[must_use]
    pub fn on_server(
        server: Arc<Server>,
        tenant: &str,
        directory: PathBuf,
        member: &str,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (tenant, member) = (tenant.to_owned(), member.to_owned());
        let server = Some(OnServer {
            server,
            tenant,
            member,
            clock,
        });
        Self { directory, server }
    }
}

impl StoreAt {
    /// The directory of the file, or of what is kept on this machine about the tables on a server.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Whether the tables are on a server.
    #[must_use]
    pub fn is_on_server(&self) -> bool {
        self.server.is_some()
    }

    /// The tenant whose rows are meant, on a server; empty where there is one alone.
    pub(super) fn tenant(&self) -> &str {
        self.server.as_ref().map_or(ONLY_TENANT, |on| &on.tenant)
    }
}

impl From<&Path> for StoreAt {
    fn from(directory: &Path) -> Self {
        directory.to_owned().into()
    }
}

impl From<&PathBuf> for StoreAt {
    fn from(directory: &PathBuf) -> Self {
        directory.clone().into()
    }
}

impl From<PathBuf> for StoreAt {
    fn from(directory: PathBuf) -> Self {
        Self {
            directory,
            server: None,
        }
    }
}

impl From<&StoreAt> for StoreAt {
    fn from(at: &StoreAt) -> Self {
        at.clone()
    }
}
