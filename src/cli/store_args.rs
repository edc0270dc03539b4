//! Which store a command works on that reads no settings.

use std::path::PathBuf;
use std::sync::Arc;

use crate::control::ports::SystemClock;
use crate::secrets::{Place, Secret, clean, file_text};
use crate::settings::{STORE_PASSWORD, STORE_PASSWORD_FILE, state_dir_of, store_of};
use crate::store::postgres::{Server, ServerAddress};
use crate::store::{ONLY_TENANT, StoreAt};

use super::environment::variable;
use super::exit::Exit;
use super::kept_state::state_of;
use super::output;

/// Where a command that reads no settings finds what a daemon keeps.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct StoreArgs {
    /// The daemon's state directory [default: as for run] [env: `AUTOPILOT_STATE_DIR`]
    #[arg(long, value_name = "DIR", global = true)]
    pub(super) state_dir: Option<PathBuf>,
    /// The server that keeps the tables, where no file does [env: `AUTOPILOT_STORE`]
    #[arg(long, value_name = "URL", global = true)]
    pub(super) store: Option<String>,
    /// The tenant that is meant, where there are several
    #[arg(long, value_name = "NAME", global = true)]
    pub(super) tenant: Option<String>,
}

impl StoreArgs {
    /// Works on the store that is meant.
    pub(super) fn with(&self, work: impl FnOnce(&StoreAt) -> Exit) -> Exit {
        match self.found() {
            Ok(at) => work(&at),
            Err(exit) => exit,
        }
    }

    /// The store that is meant; where that cannot be said, the reason is told.
    pub(super) fn found(&self) -> Result<StoreAt, Exit> {
        self.at().map_err(|why| {
            output::talk(format_args!("campaign-autopilot: {why}"));
            Exit::Configuration
        })
    }

    /// The server that is named, by flag or variable.
    pub(super) fn server(&self) -> Result<Option<ServerAddress>, String> {
        let Some(address) = self.store.clone().or_else(|| store_of(&variable)) else {
            return Ok(None);
        };
        address_of(&address).map(Some)
    }

    /// The directory that is named, or that of `run`.
    pub(super) fn directory(&self) -> Result<PathBuf, String> {
        let directory = self.state_dir.clone().or_else(|| state_dir_of(&variable));
        directory.ok_or_else(|| "no state directory; give --state-dir".to_owned())
    }

    fn at(&self) -> Result<StoreAt, String> {
        let directory = self.directory()?;
        let Some(address) = self.server()? else {
            return state_of(&directory, self.tenant.as_deref()).map(StoreAt::from);
        };
        let tenant = self.tenant.as_deref().unwrap_or(ONLY_TENANT);
        let clock = Arc::new(SystemClock::real_time());
        Ok(StoreAt::on_server(
            Arc::new(Server::new(address)),
            tenant,
            directory,
            "a command",
            clock,
        ))
    }
}

/// An address with the password of the environment.
pub(super) fn address_of(address: &str) -> Result<ServerAddress, String> {
    let wrong = |why: &dyn std::fmt::Display| format!("store: {why}");
    let direct = variable(STORE_PASSWORD.variable());
    let password = match (direct, variable(STORE_PASSWORD_FILE.row().variable())) {
        (Some(text), _) => Some((text, Place::Variable(STORE_PASSWORD.variable().into()))),
        (None, Some(file)) => {
            let text = file_text(file.as_ref()).map_err(|why| format!("{file}: {why}"))?;
            Some((text, Place::File(file.into())))
        }
        (None, None) => None,
    };
    let password = password.map(|(text, place)| Secret::new(clean(&text).0, place));
    ServerAddress::parse(address, password).map_err(|why| wrong(&why))
}
