//! Who may use the admin API: the operators' token, and the names by which the listener may be called.

use std::net::SocketAddr;

use secrecy::{ExposeSecret, SecretString};

use crate::cli::args::Setting;

use super::fault::{Origin, Wrong};
use super::file::Given;
use super::merge::{Layers, Rule};
use super::secret::{Found, secret};
use super::value;

/// A shorter token could be guessed over the network.
const SHORTEST_TOKEN: usize = 16;

/// Who may use the admin API.
#[derive(Clone, Debug, Default)]
pub(crate) struct AdminSettings {
    /// Asked for wherever there is one; nobody needs one on loopback when there is none.
    pub token: Option<SecretString>,
    /// Names by which clients may call the listener besides addresses and `localhost`.
    pub hosts: Vec<String>,
    /// Whether a browser may ask for changes.
    pub actions: bool,
}

/// Reads them; `listen` is where the API will be served.
pub(super) fn admin(layers: &mut Layers<'_>, listen: &Rule<Option<SocketAddr>>) -> AdminSettings {
    let hosts = hosts(layers);
    let actions = layers.read("allow_actions", value::switch);
    let token = match secret(
        layers,
        "admin_token",
        "admin_token_file",
        "operators' token",
    ) {
        Found::Secret(token, origin) => checked(layers, token, &origin),
        Found::Nothing => {
            layers.note("admin_token", "", Origin::Default);
            refuse_open_listener(layers, listen);
            None
        }
        Found::Unreadable => None,
    };
    AdminSettings {
        token,
        hosts,
        actions: actions.value().unwrap_or_default(),
    }
}

fn checked(layers: &mut Layers<'_>, token: SecretString, origin: &Origin) -> Option<SecretString> {
    let text = token.expose_secret();
    let wrong = if text.len() < SHORTEST_TOKEN {
        "is shorter than 16 characters"
    } else if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        "holds a character that no header can carry"
    } else {
        return Some(token);
    };
    let remedy = "take a random one, such as of `openssl rand -hex 32`";
    layers
        .faults
        .push(origin, "admin_token", Wrong::new(wrong, remedy));
    None
}

/// Whoever reaches the listener may change what the daemon does; beyond this machine that needs a token.
fn refuse_open_listener(layers: &mut Layers<'_>, listen: &Rule<Option<SocketAddr>>) {
    let Some(cell) = listen.general() else { return };
    let open = matches!(cell.value, Some(Some(address)) if !address.ip().is_loopback());
    if open && !layers.file.broken {
        let wrong = Wrong::new(
            format!(
                "`{}` is not loopback, and no operators' token is given",
                cell.text
            ),
            "set AUTOPILOT_ADMIN_TOKEN, or give --admin-token-file, or listen on 127.0.0.1",
        );
        layers.faults.push(&cell.origin, "listen", wrong);
    }
}

fn hosts(layers: &mut Layers<'_>) -> Vec<String> {
    let given = Setting::of("allowed_host").map(|setting| layers.given(setting));
    let Some(Given { texts, origin }) = given.and_then(|given| given.into_iter().flatten().next())
    else {
        layers.note("allowed_host", "", Origin::Default);
        return Vec::new();
    };
    let part_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if texts
        .iter()
        .any(|text| text.is_empty() || !text.chars().all(part_of_name))
    {
        let wrong = Wrong::new(
            "holds something that is no host name",
            "write names without scheme and port, such as autopilot.example.com",
        );
        layers.faults.push(&origin, "allowed_host", wrong);
    }
    layers.note("allowed_host", &texts.join(","), origin);
    texts
}
