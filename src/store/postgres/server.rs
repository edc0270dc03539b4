//! A server, with the connections that one process has to it.

use std::future::Future;
use std::sync::{Arc, OnceLock};

use tokio::sync::Mutex;

use super::address::ServerAddress;
use super::link::Link;
use super::schema;
use super::server_fault::ServerFault;
use super::thread::Waiting;

/// A server that keeps the tables, shared by the tenants of a process. Nothing is asked before it is needed.
#[derive(Debug)]
pub struct Server {
    address: Arc<ServerAddress>,
    thread: OnceLock<Option<Waiting>>,
    pub(super) writer: Arc<Mutex<Link>>,
    pub(super) reader: Arc<Mutex<Link>>,
    pub(super) leases: Arc<Mutex<Link>>,
    pub(super) members: Arc<Mutex<Link>>,
    member_id: String,
}

impl std::fmt::Debug for Waiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Waiting")
    }
}

impl Server {
    /// The server at this address.
    #[must_use]
    pub fn new(address: ServerAddress) -> Self {
        let address = Arc::new(address);
        let link = || Arc::new(Mutex::new(Link::new(Arc::clone(&address))));
        Self {
            thread: OnceLock::new(),
            writer: link(),
            reader: link(),
            leases: link(),
            members: link(),
            member_id: format!("{:032x}", fastrand::u128(..)),
            address,
        }
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> &ServerAddress {
        &self.address
    }

    /// What tells this process from every other that uses the tables.
    #[must_use]
    pub fn member_id(&self) -> &str {
        &self.member_id
    }

    /// Where it is, for one more connection.
    pub(super) fn address_shared(&self) -> Arc<ServerAddress> {
        Arc::clone(&self.address)
    }

    /// Makes the tables, or brings them to this program's version, and lets a role use them that may not change them. Returns the version
    /// before and now.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses, or the tables are of a newer version.
    pub fn migrate(&self, grant_to: Option<&str>) -> Result<(i64, i64), ServerFault> {
        let link = Arc::clone(&self.writer);
        let address = Arc::clone(&self.address);
        let role = grant_to.map(str::to_owned);
        self.wait(async move {
            let mut link = link.lock_owned().await;
            schema::migrate(&mut link, &address, role.as_deref()).await
        })?
    }

    /// Has `work` done on the thread that has the connections.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, ServerFault> {
        let thread = self.thread.get_or_init(|| Waiting::start().ok());
        let done = match thread {
            Some(thread) => thread.ask(work).await,
            None => None,
        };
        done.ok_or_else(|| ServerFault::Ours("no thread for connections to a server".to_owned()))
    }

    /// Waits for what comes of `work`, on the thread that has the connections.
    pub(super) fn wait<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, ServerFault> {
        let thread = self.thread.get_or_init(|| Waiting::start().ok());
        let done = thread.as_ref().and_then(|thread| thread.wait(work));
        done.ok_or_else(|| ServerFault::Ours("no thread for connections to a server".to_owned()))
    }
}
