//! A secret: from its variable or from a file, never from a flag's value and never from the settings file.

use std::fs;

use secrecy::SecretString;

use crate::cli::args::Setting;

use super::fault::{Origin, Wrong};
use super::merge::{Cell, Layers};
use super::value;

/// What was found.
pub(super) enum Found {
    /// A secret, and where it came from.
    Secret(SecretString, Origin),
    /// Nobody gave one.
    Nothing,
    /// One was given that cannot be read; that is a fault already.
    Unreadable,
}

/// Looks for the secret `key`, which the file of `file_key` may hold; `what` is its name in a remedy. A file named by flag
/// beats the variable, which beats a file named elsewhere.
pub(super) fn secret(
    layers: &mut Layers<'_>,
    key: &'static str,
    file_key: &'static str,
    what: &str,
) -> Found {
    let file = layers.read(file_key, value::text);
    let direct = Setting::of(key).map(|setting| setting.env);
    let direct = direct.and_then(|env| Some((env, layers.env(env)?)));
    let path = file.general();
    let from_flag = path.is_some_and(|cell| matches!(cell.origin, Origin::Flag(_)));
    if let Some((env, secret)) = direct.filter(|_| !from_flag) {
        layers.note(key, "(set)", Origin::Env(env));
        return Found::Secret(SecretString::from(secret), Origin::Env(env));
    }
    let Some(Cell { value, origin, .. }) = path else {
        return Found::Nothing;
    };
    let Some(path) = value.as_ref() else {
        return Found::Unreadable;
    };
    let wrong = match fs::read_to_string(path) {
        Ok(text) => {
            let secret = text.trim_end_matches(['\r', '\n']);
            if !secret.is_empty() {
                layers.note(key, "(set)", origin.clone());
                return Found::Secret(SecretString::from(secret), origin.clone());
            }
            Wrong::new("names an empty file", format!("write the {what} into it"))
        }
        Err(wrong) => Wrong::new(
            // The path is not repeated: it may be the secret itself, given in the wrong place.
            format!("names a file that cannot be read ({wrong})"),
            "name a file of UTF-8 text that this user can read",
        ),
    };
    layers.faults.push(origin, file_key, wrong);
    Found::Unreadable
}
