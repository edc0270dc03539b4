//! Who may use the admin API: the operators' token, and the names by which the listener may be called.

use std::net::SocketAddr;

use secrecy::ExposeSecret;

use crate::secrets::Secret;

use super::fault::{Origin, Problem};
use super::merge::Layers;
use super::rows::{ADMIN_TOKEN, ADMIN_TOKEN_FILE, LISTEN};
use super::secret::{SecretLookup, secret};
use super::values::Values;

/// A shorter token could be guessed over the network.
const SHORTEST_TOKEN: usize = 16;

/// Who may use the admin API.
#[derive(Clone, Debug, Default)]
pub(crate) struct AdminSettings {
    /// Asked for wherever there is one; nobody needs one on loopback when there is none.
    pub token: Option<Secret>,
    /// Names by which clients may call the listener besides addresses and `localhost`.
    pub hosts: Vec<String>,
    /// Whether a browser may ask for changes.
    pub actions: bool,
}

/// Joins them; beyond loopback there has to be a token.
pub(super) fn admin(layers: &mut Layers<'_>, values: &Values) -> AdminSettings {
    let token = match secret(layers, &ADMIN_TOKEN, &ADMIN_TOKEN_FILE, "operators' token") {
        SecretLookup::Secret(token, origin) => checked(layers, token, &origin),
        SecretLookup::Nothing => {
            layers.note(&ADMIN_TOKEN, "", Origin::Default);
            refuse_open_listener(layers, values.listen);
            None
        }
        SecretLookup::Unreadable => None,
    };
    AdminSettings {
        token,
        hosts: values.allowed_hosts.clone(),
        actions: values.allow_actions,
    }
}

fn checked(layers: &mut Layers<'_>, token: Secret, origin: &Origin) -> Option<Secret> {
    let Some(wrong) = fault(token.text().expose_secret()) else {
        return Some(token.checked_by(fault));
    };
    let remedy = "take a random one, such as of `openssl rand -hex 32`";
    layers
        .faults
        .push(origin, ADMIN_TOKEN.key, Problem::new(wrong, remedy));
    None
}

/// What is wrong with a text that cannot be the token.
fn fault(text: &str) -> Option<String> {
    let wrong = if text.len() < SHORTEST_TOKEN {
        "is shorter than 16 characters"
    } else if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        "holds a character that no header can carry"
    } else {
        return None;
    };
    Some(wrong.to_owned())
}

/// Whoever reaches the listener may change what the daemon does; beyond this machine that needs a token.
fn refuse_open_listener(layers: &mut Layers<'_>, listen: Option<SocketAddr>) {
    let open = listen.is_some_and(|address| !address.ip().is_loopback());
    let Some((text, origin)) = layers.source(LISTEN.row()).filter(|_| open) else {
        return;
    };
    if !layers.file.broken {
        let wrong = format!("`{text}` is not loopback, and no operators' token is given");
        let remedy = format!(
            "set {}, or give --admin-token-file, or listen on 127.0.0.1",
            ADMIN_TOKEN.variable()
        );
        layers
            .faults
            .push(&origin, LISTEN.row().key, Problem::new(wrong, remedy));
    }
}
