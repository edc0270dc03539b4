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
    /// The store of a tenant.
    pub(crate) fn store_at(&self, settings: &Settings, clock: &Arc<dyn Clock>) -> StoreAt {
        let directory = settings.state_dir.clone();
        let Some(address) = &settings.store else {
            return directory.into();
        };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let server = known
            .entry(address.to_string())
            .or_insert_with(|| Arc::new(Server::new(address.clone())));
        let tenant = settings
            .tenant
            .as_ref()
            .map_or(ONLY_TENANT, |name| name.as_str());
        StoreAt::on_server(
            Arc::clone(server),
            tenant,
            directory,
            &member(settings),
            Arc::clone(clock),
        )
    }
}

/// What a daemon says of itself to others who wait for its lease.
fn member(settings: &Settings) -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = match host.trim() {
        "" => "a daemon",
        host => host,
    };
    match settings.listen {
        Some(listen) => format!(
            "{host} (process {}, listening on {listen})",
            std::process::id()
        ),
        None => format!("{host} (process {})", std::process::id()),
    }
}
