//! The settings of commands that are about one tenant.

use crate::settings::{Fault, Resolved, RunArgs, Scope, Settings};

use super::exit::Exit;
use super::output;
use super::refusal::refuse_configuration;

/// The flags of `run`, and which of several tenants is meant.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct OneTenantArgs {
    /// The tenant that is meant, where the settings have several
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    #[command(flatten)]
    pub(super) run: RunArgs,
}

impl OneTenantArgs {
    /// The settings of the tenant that is meant, whose secrets alone are needed; what is wrong with them is told.
    pub(super) fn settings(
        &self,
        resolve: impl FnOnce(&RunArgs, Scope<'_>) -> Result<Resolved, Vec<Fault>>,
    ) -> Result<Settings, Exit> {
        let scope = Scope {
            tenant: self.tenant.as_deref(),
            ..Scope::default()
        };
        let resolved = resolve(&self.run, scope).map_err(|faults| refuse_configuration(&faults))?;
        match resolved.of_tenant(self.tenant.as_deref()) {
            Ok(settings) => Ok(settings.clone()),
            Err(why) => {
                output::talk(format_args!("campaign-autopilot: {why}"));
                Err(Exit::Configuration)
            }
        }
    }
}
