//! Where the store's tests keep their stores: each runs on a file, and on a server.

use std::path::PathBuf;
use std::sync::Arc;

use tempfile::TempDir;

use super::StoreAt;
use super::postgres::{Server, ServerAddress};
use crate::control::ports::SystemClock;

#[path = "../../tests/support/postgres.rs"]
mod cluster;
pub(super) use cluster::Cluster;

/// A place for a store that is gone with it.
pub(super) struct TestPlace {
    directory: TempDir,
    server: Option<Arc<Server>>,
}

impl TestPlace {
    /// A directory.
    pub(super) fn file() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self {
            directory,
            server: None,
        }
    }

    /// Tables on a server, where there is one.
    pub(super) fn server() -> Option<Self> {
        let address = Cluster::of_tests()?.address();
        let server = Server::new(ServerAddress::parse(&address, None).unwrap());
        server.migrate(None).unwrap();
        Some(Self {
            server: Some(Arc::new(server)),
            ..Self::file()
        })
    }

    /// One of each.
    pub(super) fn each() -> Vec<Self> {
        [Some(Self::file()), Self::server()]
            .into_iter()
            .flatten()
            .collect()
    }

    /// Where the store of the only tenant is.
    pub(super) fn at(&self) -> StoreAt {
        self.of("")
    }

    /// Where the store of a tenant is.
    pub(super) fn of(&self, tenant: &str) -> StoreAt {
        let directory: PathBuf = self.directory.path().join(tenant);
        match &self.server {
            None => directory.into(),
            Some(server) => {
                let clock = Arc::new(SystemClock::real_time());
                StoreAt::on_server(Arc::clone(server), tenant, directory, "a test", clock)
            }
        }
    }
}
