//! Puts the daemon together from its settings: its tenants, and what the process has once, which is the listener and the reloader.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::control::ports::Clock;
use crate::serve::{Access, Api, Identification, Member, PublicSources, Server};
use crate::settings::{AdminSettings, Settings};
use crate::telemetry::ProcessMetrics;

use super::kept_state::refuse_state_of_others;
use super::reload::{Reloader, Source};
use super::shown_times::machine_zone;
use super::spread::Spreading;
use super::start_fault::StartFault;
use super::store_place::{host_name, member};
use super::surroundings::Surroundings;
use super::tenant::Tenant;
use super::tenants::Tenants;

/// The daemon, ready to run.
pub(crate) struct Daemon {
    /// The tenants, which run from here on where they have names.
    pub(crate) tenants: Arc<Tenants>,
    /// The one tenant of settings without `[[tenant]]` tables, which does not run yet.
    pub(crate) tenant: Option<Tenant>,
    /// Its listener, if it has one; it ends when this is dropped.
    pub(crate) server: Option<Server>,
    /// Reads the configuration anew.
    pub(crate) reloader: Arc<Reloader>,
}

impl Daemon {
    /// Starts the tenants and binds the listener.
    pub(crate) async fn start(
        settings: &[Settings],
        source: Option<Source>,
        clock: Arc<dyn Clock>,
        shutdown: CancellationToken,
    ) -> Result<Self, StartFault> {
        let real = Surroundings::real()?;
        Self::start_within(real, settings, source, clock, shutdown.clone(), shutdown).await
    }

    /// The same joined to parts that may be given, with a listener that may outlive the loop: `shutdown` ends the loop, `ending`
    /// says that the listener ends too.
    pub(crate) async fn start_within(
        surroundings: Surroundings,
        settings: &[Settings],
        source: Option<Source>,
        clock: Arc<dyn Clock>,
        shutdown: CancellationToken,
        ending: CancellationToken,
    ) -> Result<Self, StartFault> {
        let Some(process) = settings.first() else {
            return Err(StartFault::Platform("there is no tenant".to_owned()));
        };
        refuse_state_of_others(process)?;
        let without_sockets = surroundings.is_embedded();
        // A single tick begins and ends before anybody could go on with it.
        let shared = surroundings.server(process).filter(|_| !process.once);
        let tenants = Arc::new(Tenants::new(surroundings, Arc::clone(&clock), shutdown));
        // The one without a name starts here, so that what keeps it from starting is the process's own end.
        let tenant = if process.tenant.is_none() {
            match Box::pin(tenants.start_nameless(process)).await {
                Ok(tenant) => Some(tenant),
                // Another daemon steers: this one is ready to.
                Err(fault) if fault.steered_by().is_some() => {
                    tenants.announce(process);
                    None
                }
                Err(fault) => return Err(fault),
            }
        } else {
            for settings in settings {
                tenants.announce(settings);
            }
            None
        };
        let access = Arc::new(access(process, &clock).map_err(StartFault::Random)?);
        let reloader = Reloader::new(Arc::clone(&tenants), settings, source);
        let reloader = reloader.identifying(Arc::clone(&access));
        let configuration = reloader.running();
        let reloader = Arc::new(reloader);
        let shown = PublicSources {
            metrics: Arc::new(ProcessMetrics::new()?),
            tenants: tenants.list(),
            started_at: clock.now(),
            clock: Arc::clone(&clock),
            time_zone: process.time_zone.clone().unwrap_or_else(machine_zone),
            ending,
        };
        let api = Api {
            reload: Arc::<Reloader>::clone(&reloader),
            access,
            configuration,
        };
        let server = match process.listen {
            None => None,
            Some(address) if without_sockets => Some(Server::in_process(address, shown, api)),
            Some(address) => Some(
                Server::start(address, shown, api)
                    .await
                    .map_err(|why| StartFault::Listen { address, why })?,
            ),
        };
        if let Some(shared) = shared {
            let listening = server.as_ref().map(Server::address);
            let address = advertised(process, listening);
            let name = member(process);
            let spreading = Spreading::new(shared, clock, Member { name, address });
            for settings in settings {
                spreading.put(settings.tenant.as_ref(), true);
            }
            tenants.spread(Arc::new(spreading)).await;
        }
        Ok(Self {
            tenants,
            tenant,
            server,
            reloader,
        })
    }
}

/// The address at which other machines reach the listener, as far as that is known.
fn advertised(settings: &Settings, listening: Option<SocketAddr>) -> Option<String> {
    if let Some(said) = &settings.advertise_address {
        return Some(said.as_str().trim_end_matches('/').to_owned());
    }
    let listening = listening.filter(|address| !address.ip().is_loopback())?;
    if listening.ip().is_unspecified() {
        let host = host_name()?;
        return Some(format!("http://{host}:{}", listening.port()));
    }
    Some(format!("http://{listening}"))
}

/// Who may use the admin API.
fn access(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Access, String> {
    let AdminSettings {
        token,
        named,
        proxy,
        hosts,
        actions,
    } = settings.admin.clone();
    let identified = Identification { named, proxy };
    Access::new(token, identified, hosts, actions, Arc::clone(clock))
}
