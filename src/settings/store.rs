//! Where the tables are: in the state directory, or on a server.

use crate::store::postgres::ServerAddress;

use super::fault::Problem;
use super::merge::Layers;
use super::rows::{STORE, STORE_PASSWORD, STORE_PASSWORD_FILE};
use super::secret::{SecretLookup, secret};
use super::values::Values;

/// Joins the address with its password; nothing where the state directory keeps the tables.
pub(super) fn store(layers: &mut Layers<'_>, values: &Values) -> Option<ServerAddress> {
    let password = match secret(
        layers,
        &STORE_PASSWORD,
        &STORE_PASSWORD_FILE,
        "server's password",
    ) {
        SecretLookup::Secret(password, _) => Some(password),
        SecretLookup::Nothing => {
            layers.note(&STORE_PASSWORD, "", super::fault::Origin::Default);
            None
        }
        SecretLookup::Unreadable => return None,
    };
    let address = values.store.as_deref()?;
    match ServerAddress::parse(address, password) {
        Ok(address) => Some(address),
        Err(wrong) => {
            if let Some((_, origin)) = layers.source(STORE.row()) {
                let problem = Problem::new(wrong.wrong, wrong.remedy);
                layers.faults.push(&origin, STORE.row().key, problem);
            }
            None
        }
    }
}

/// The server that the environment names, for commands that read no settings.
pub(crate) fn store_of(env: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    STORE.row().env.iter().find_map(|name| env(name))
}
