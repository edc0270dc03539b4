//! Who may use the admin API: the operators' token, named tokens, users of trusted proxies, and the names by which the listener may be
//! called.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;

use crate::given_file::{LONGEST_SETTINGS, mode_open_to_all, read_text};
use crate::identity::{AddressRange, TokenFile, TrustedProxy};
use crate::secrets::Secret;

use super::fault::{Origin, Problem};
use super::merge::{Cell, Layers};
use super::rows::{
    ADMIN_TOKEN, ADMIN_TOKEN_FILE, CONFIG, LISTEN, NAMED_TOKENS, PROXY_ROLE, TRUSTED_PROXY,
    USER_HEADER,
};
use super::secret::{SecretLookup, secret};
use super::values::Values;

/// A shorter token could be guessed over the network.
const SHORTEST_TOKEN: usize = 16;

/// Who may use the admin API.
#[derive(Clone, Debug, Default)]
pub(crate) struct AdminSettings {
    /// Asked for wherever there is one; nobody needs one on loopback when there is none.
    pub token: Option<Secret>,
    /// Tokens that stand for one person or program each.
    pub named: Option<TokenFile>,
    /// Proxies that say who asks.
    pub proxy: Option<TrustedProxy>,
    /// Names by which clients may call the listener besides addresses and `localhost`.
    pub hosts: Vec<String>,
    /// Whether a browser may ask for changes.
    pub actions: bool,
}

/// Joins them; beyond loopback somebody has to be asked who they are.
pub(super) fn admin(layers: &mut Layers<'_>, values: &Values) -> AdminSettings {
    let (named, given) = named_tokens(layers);
    let proxy = trusted_proxy(layers, values);
    let token = match secret(layers, &ADMIN_TOKEN, &ADMIN_TOKEN_FILE, "operators' token") {
        SecretLookup::Secret(token, origin) => checked(layers, token, &origin),
        SecretLookup::Nothing => {
            layers.note(&ADMIN_TOKEN, "", Origin::Default);
            if !given && proxy.is_none() {
                refuse_open_listener(layers, values.listen);
            }
            None
        }
        SecretLookup::Unreadable => None,
    };
    AdminSettings {
        token,
        named,
        proxy,
        hosts: values.allowed_hosts.clone(),
        actions: values.allow_actions,
    }
}

/// Reads the file of named tokens; also returns whether one was given, since one that cannot be read is a fault of its own.
fn named_tokens(layers: &mut Layers<'_>) -> (Option<TokenFile>, bool) {
    let rule = layers.read(&NAMED_TOKENS);
    let Some(Cell { value, origin, .. }) = rule.general() else {
        return (None, false);
    };
    let Some(path) = value.as_ref().map(Path::new) else {
        return (None, true);
    };
    let key = NAMED_TOKENS.row().key;
    match TokenFile::read(path) {
        Ok(file) => {
            if let Some(mode) = mode_open_to_all(path) {
                let wrong =
                    format!("names a file that everybody on this machine can read (mode {mode})");
                let remedy = "let its owner and the daemon alone read it (chmod 640)";
                layers
                    .warnings
                    .push(origin, key, Problem::new(wrong, remedy));
            }
            (Some(file), true)
        }
        Err(faults) => {
            for fault in faults {
                let (wrong, remedy) = fault.split_once("; ").unwrap_or((&fault, "write it anew"));
                let problem = Problem::new(format!("{}: {wrong}", path.display()), remedy);
                layers.faults.push(origin, key, problem);
            }
            (None, true)
        }
    }
}

/// The file of named tokens by environment or settings file, for a command that reads no other settings. Nothing else of the settings file
/// has to be right for it.
///
/// # Errors
/// When none of both names one, or the settings file cannot be read.
pub(crate) fn named_tokens_of(
    config: Option<&Path>,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<PathBuf, String> {
    let row = NAMED_TOKENS.row();
    if let (None, Some(path)) = (config, env(row.variable())) {
        return Ok(path.into());
    }
    let named = env(CONFIG.row().variable()).map(PathBuf::from);
    let Some(file) = config.map(Path::to_owned).or(named) else {
        return Err(format!(
            "which file has the named tokens is not known; give {}, or --config",
            row.ways()
        ));
    };
    let wrong = |why: &dyn fmt::Display| format!("{}: {why}", file.display());
    let text = read_text(&file, LONGEST_SETTINGS).map_err(|why| wrong(&why))?;
    let table: toml::Table = text
        .parse()
        .map_err(|why: toml::de::Error| wrong(&why.message()))?;
    match table.get(row.key).and_then(toml::Value::as_str) {
        Some(path) => Ok(path.into()),
        None => Err(wrong(&format_args!(
            "has no key {}; write it there, or give {}",
            row.key,
            row.flag.unwrap_or_default()
        ))),
    }
}

fn trusted_proxy(layers: &mut Layers<'_>, values: &Values) -> Option<TrustedProxy> {
    if values.trusted_proxies.is_empty() {
        for row in [USER_HEADER.row(), PROXY_ROLE.row()] {
            if let Some((_, origin)) = layers.source(row) {
                let wrong = "has no effect, since no proxy is trusted";
                let remedy = "name the proxy's address with trusted_proxy";
                layers
                    .warnings
                    .push(&origin, row.key, Problem::new(wrong, remedy));
            }
        }
        return None;
    }
    let loopback = values.trusted_proxies.iter().any(AddressRange::is_loopback);
    if let Some((_, origin)) = layers.source(&TRUSTED_PROXY.row).filter(|_| loopback) {
        let wrong = "trusts this machine, where every user can then give any name";
        let remedy = "see that the proxy's users are the only ones here, or let it call from an address of its own";
        layers
            .warnings
            .push(&origin, TRUSTED_PROXY.row.key, Problem::new(wrong, remedy));
    }
    Some(TrustedProxy {
        addresses: values.trusted_proxies.clone(),
        header: values.user_header.clone(),
        role: values.proxy_role?,
    })
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
            "set {}, or give --admin-token-file or --named-tokens, or listen on 127.0.0.1",
            ADMIN_TOKEN.variable()
        );
        layers
            .faults
            .push(&origin, LISTEN.row().key, Problem::new(wrong, remedy));
    }
}
