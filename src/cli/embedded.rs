//! The daemon embedded in another program, which takes the place of sockets, disk and randomness.
//!
//! *What it is for:* a simulation of the whole daemon in one thread, on a clock of its own. Everything between the seams is
//! what `run` runs: settings, token, limiter, retries, paging, decisions, commands, assignments, queues, store, outbox and
//! the admin API. *What it leaves out:* signals, systemd, and the polling of the settings file (a reload is asked for
//! through the API).

use std::ffi::OsString;
use std::sync::Arc;

use clap::{Args, Command, FromArgMatches};
use tokio::io::DuplexStream;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::control::ports::Clock;
use crate::notify::Post;
use crate::platform::http::HttpSend;
use crate::serve::{Connector, Server};
use crate::settings::{RunArgs, Settings, resolve};
use crate::store::CommitGate;

use super::daemon::Daemon;
use super::environment::variable;
use super::reload::Source;
use super::surroundings::{EmbeddedParts, Surroundings};
use super::tenant::Tenant;
use super::tenants::Tenants;

/// What the other program provides.
pub struct Seams {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Carries requests to the platform.
    pub transport: Arc<dyn HttpSend>,
    /// Carries messages to their receiver.
    pub post: Arc<dyn Post>,
    /// Is called before and after each commit.
    pub gate: Arc<dyn CommitGate>,
    /// The seed of the jitter of retries and of deliveries.
    pub seed: u64,
}

/// A daemon that was started and is not running yet.
pub struct Embedded {
    tenants: Arc<Tenants>,
    tenant: Tenant,
    server: Option<Server>,
    settings: Settings,
}

/// Connects to the daemon's listener, which has no socket.
#[derive(Clone)]
pub struct Listener(Connector);

impl Embedded {
    /// Starts the daemon as `run` with these arguments would; it drains and ends after `shutdown`.
    ///
    /// # Errors
    /// What `run` would print: every fault of the configuration, or why it cannot start.
    pub async fn start(
        arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>,
        seams: Seams,
        shutdown: CancellationToken,
    ) -> Result<Self, String> {
        let command = RunArgs::augment_args(Command::new("run").no_binary_name(true));
        let args = command
            .try_get_matches_from(arguments)
            .and_then(|matches| RunArgs::from_arg_matches(&matches))
            .map_err(|wrong| wrong.to_string())?;
        let resolved = resolve(&args, &variable).map_err(|faults| {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            faults.join("\n")
        })?;
        let source = Source::unwatched(args, &resolved);
        let settings: Vec<Settings> = resolved.all().cloned().collect();
        for warning in &resolved.warnings {
            warn!("{warning}");
        }
        let Seams {
            clock,
            transport,
            post,
            gate,
            seed,
        } = seams;
        let given = Surroundings::Embedded(EmbeddedParts {
            transport,
            post,
            gate,
            seed,
        });
        let ending = shutdown.clone();
        let daemon = Daemon::start_within(given, &settings, Some(source), clock, shutdown, ending);
        let daemon = daemon.await.map_err(|fault| fault.to_string())?;
        let Some(tenant) = daemon.tenant else {
            return Err(
                "several tenants are not embedded; give settings without tables".to_owned(),
            );
        };
        Ok(Self {
            tenants: daemon.tenants,
            tenant,
            server: daemon.server,
            settings: resolved.settings,
        })
    }

    /// Returns a connector to its listener, if it has one.
    #[must_use]
    pub fn listener(&self) -> Option<Listener> {
        let server = self.server.as_ref()?;
        Some(Listener(server.connector()))
    }

    /// Runs it until shutdown is requested and work under way is finished.
    pub async fn run(self) {
        let Self {
            tenants,
            tenant,
            server,
            settings,
        } = self;
        Box::pin(tenants.run_nameless(tenant, settings)).await;
        drop(server);
    }
}

impl Listener {
    /// Opens a connection to the listener.
    #[must_use]
    pub fn connect(&self) -> DuplexStream {
        self.0.connect()
    }
}
