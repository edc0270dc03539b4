//! Where the store's tests keep their stores: each runs on a file, and on a server.

use std::path::PathBuf;
use std::sync::Arc;

use tempfile::TempDir;

use super::StoreAt;
use super::database::Database;
use super::postgres::{Hold, Role, Server, ServerAddress, Session};
use super::value::Value;
use crate::control::ports::SystemClock;

#[path = "../../tests/support/postgres.rs"]
#[expect(dead_code, reason = "other tests restart the server")]
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
        let (_, schema) = address.split_once("schema=")?;
        // So that the connections of this test can be told from those of others.
        let address = format!("{address}&application_name={schema}");
        let server = Server::new(ServerAddress::parse(&address, None).unwrap());
        server.migrate(None).unwrap();
        Some(Self {
            server: Some(Arc::new(server)),
            ..Self::file()
        })
    }

    /// Lives through a story once on a file and once on a server.
    pub(super) fn on_each(story: impl Fn(&Self)) {
        story(&Self::file());
        if let Some(place) = Self::server() {
            story(&place);
        }
    }

    /// The same for a story that waits.
    #[expect(clippy::needless_pass_by_value, reason = "a story is told once")]
    pub(super) fn on_each_waiting(story: impl AsyncFn(&Self)) {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().unwrap();
        Self::on_each(|place| runtime.block_on(story(place)));
    }

    /// Changes rows of the only tenant behind everybody's back; returns how many.
    pub(super) fn change(&self, statement: &str, values: &[Value<'_>]) -> usize {
        let database = self.database("");
        let transaction = database.begin().unwrap();
        let changed = transaction.execute(statement, values).unwrap();
        transaction.commit().unwrap();
        changed
    }

    /// The tables of a tenant.
    pub(super) fn database(&self, tenant: &str) -> Database {
        if let Some(server) = &self.server {
            let session = Session::open(server, Role::Writer, tenant, Hold::Nothing);
            return Database::on_server(session.unwrap());
        }
        let file = self.directory.path().join(tenant).join("autopilot.sqlite3");
        Database::of_file(rusqlite::Connection::open(file).unwrap())
    }

    /// The schema of its tables on the server.
    pub(super) fn schema(&self) -> String {
        let shown = self.on().unwrap().address().to_string();
        let (_, schema) = shown.split_once("schema=").unwrap();
        schema.to_owned()
    }

    /// The server, where the place is on one.
    pub(super) fn on(&self) -> Option<&Arc<Server>> {
        self.server.as_ref()
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
