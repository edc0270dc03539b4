//! The daemon within another program, joined to it where sockets, disk and chance would be.
//!
//! *What it is for:* a simulation of the whole daemon in one thread, on a clock of its own. Everything between the seams is
//! what `run` runs: settings, token, limiter, retries, paging, decisions, commands, assignments, queues, store, outbox and
//! the admin API. *What it leaves out:* signals, systemd, and the look at the settings file each second (a reload is asked for
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
use crate::serve::Connector;
use crate::settings::{Resolved, RunArgs, Settings, resolve};
use crate::store::CommitGate;

use super::daemon::{Daemon, Given, Surroundings};
use super::environment::variable;
use super::reload::Source;
use super::run::run_to_end;

/// What the other program gives.
pub struct Seams {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Carries requests to the platform.
    pub transport: Arc<dyn HttpSend>,
    /// Carries messages to their receiver.
    pub post: Arc<dyn Post>,
    /// Stands before and behind each commit.
    pub gate: Arc<dyn CommitGate>,
    /// Decides what is left to chance: jitter of retries and of deliveries.
    pub seed: u64,
}

/// A daemon that was started and does not run yet.
pub struct Embedded {
    daemon: Daemon,
    settings: Settings,
}

/// Leads to the daemon's listener, which has no socket.
#[derive(Clone)]
pub struct Listener(Connector);

impl Embedded {
    /// Starts the daemon as `run` with these arguments would; it ends in order after `shutdown`.
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
        let source = Source::new(args, &resolved);
        let Resolved {
            settings, warnings, ..
        } = resolved;
        for warning in &warnings {
            warn!("{warning}");
        }
        let Seams {
            clock,
            transport,
            post,
            gate,
            seed,
        } = seams;
        let given = Surroundings::Given(Given {
            transport,
            post,
            gate,
            seed,
        });
        let ending = shutdown.clone();
        let daemon = Daemon::start_within(given, &settings, Some(source), clock, shutdown, ending);
        let daemon = daemon.await.map_err(|fault| fault.to_string())?;
        Ok(Self { daemon, settings })
    }

    /// Leads to its listener, where it has one.
    #[must_use]
    pub fn listener(&self) -> Option<Listener> {
        let server = self.daemon.server.as_ref()?;
        Some(Listener(server.connector()))
    }

    /// Runs it until its shutdown is asked for and what was under way is finished.
    pub async fn run(self) {
        Box::pin(run_to_end(self.daemon, &self.settings, None)).await;
    }
}

impl Listener {
    /// A connection, as a client of the listener has it.
    #[must_use]
    pub fn connect(&self) -> DuplexStream {
        self.0.connect()
    }
}
