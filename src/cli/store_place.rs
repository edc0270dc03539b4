//! Which store a tenant works on, as its settings say.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::control::ports::{Clock, SystemClock};
use crate::settings::Settings;
use crate::store::postgres::Server;
use crate::store::{ONLY_TENANT, StoreAt};

/// The store of a tenant, for a command that reads the settings.
pub(crate) fn store_at(settings: &Settings) -> StoreAt {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::real_time());
    Servers::default().store_at(settings, &clock)
}

/// The servers of a process: tenants share the connections to each.
#[derive(Clone, Default)]
pub(crate) struct Servers(Arc<Mutex<BTreeMap<String, Arc<Server>>>>);

impl Servers {
    /// The server that keeps a tenant's tables, where one does.
    pub(crate) fn server(&self, settings: &Settings) -> Option<Arc<Server>> {
        let address = settings.store.as_ref()?;
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let server = known
            .entry(address.to_string())
            .or_insert_with(|| Arc::new(Server::new(address.clone())));
        Some(Arc::clone(server))
    }

    /// The store of a tenant.
    pub(crate) fn store_at(&self, settings: &Settings, clock: &Arc<dyn Clock>) -> StoreAt {
        let directory = settings.state_dir.clone();
        let Some(server) = self.server(settings) else {
            return directory.into();
        };
        let tenant = settings
            .tenant
            .as_ref()
            .map_or(ONLY_TENANT, |name| name.as_str());
        StoreAt::on_server(
            server,
            tenant,
            directory,
            &member(settings),
            Arc::clone(clock),
        )
    }
}

/// What a daemon says of itself to others who wait for its lease.
pub(super) fn member(settings: &Settings) -> String {
    let host = host_name();
    let host = host.as_deref().unwrap_or("a daemon");
    match settings.listen {
        Some(listen) => format!(
            "{host} (process {}, listening on {listen})",
            std::process::id()
        ),
        None => format!("{host} (process {})", std::process::id()),
    }
}

/// The name of this machine, where it has one.
pub(super) fn host_name() -> Option<String> {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    let host = host.trim();
    (!host.is_empty()).then(|| host.to_owned())
}
