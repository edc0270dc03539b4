//! A secret: from its variable or from a file, never from a flag's value and never from the settings file.

use std::fs;

use secrecy::SecretString;

use super::fault::{Origin, Problem};
use super::merge::{Cell, Layers};
use super::row::{Row, Setting};

/// The result of looking for a secret.
pub(super) enum SecretLookup {
    /// A secret, and where it came from.
    Secret(SecretString, Origin),
    /// None was given.
    Nothing,
    /// One was given that cannot be read; that is a fault already.
    Unreadable,
}

/// Looks for the secret of `row`, which the file that `file` names may hold; `what` is its name in a remedy. A file named by
/// flag beats the variable, which beats a file named elsewhere.
pub(super) fn secret(
    layers: &mut Layers<'_>,
    row: &'static Row,
    file: &'static Setting<String>,
    what: &str,
) -> SecretLookup {
    let path = layers.read(file);
    let direct = layers.variable(row);
    let path = path.general();
    let from_flag = path.is_some_and(|cell| matches!(cell.origin, Origin::Flag(_)));
    if let Some((env, secret)) = direct.filter(|_| !from_flag) {
        layers.note(row, "(set)", Origin::Env(env));
        return SecretLookup::Secret(SecretString::from(secret), Origin::Env(env));
    }
    let Some(Cell { value, origin, .. }) = path else {
        return SecretLookup::Nothing;
    };
    let Some(path) = value.as_ref() else {
        return SecretLookup::Unreadable;
    };
    let problem = match fs::read_to_string(path) {
        Ok(text) => {
            let secret = text.trim_end_matches(['\r', '\n']);
            if !secret.is_empty() {
                layers.note(row, "(set)", origin.clone());
                return SecretLookup::Secret(SecretString::from(secret), origin.clone());
            }
            Problem::new("names an empty file", format!("write the {what} into it"))
        }
        Err(wrong) => Problem::new(
            // The path is not repeated: it may be the secret itself, given in the wrong place.
            format!("names a file that cannot be read ({wrong})"),
            "name a file of UTF-8 text that this user can read",
        ),
    };
    layers.faults.push(origin, file.row.key, problem);
    SecretLookup::Unreadable
}
