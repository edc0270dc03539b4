//! A secret: from its variable or from a file, never from a flag's value and never from the settings file.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};

use crate::secrets::{Hint, Place, Secret, clean, file_text};

use super::fault::{Origin, Problem};
use super::merge::{Cell, Layers};
use super::row::{Row, Setting};
use super::rows::WEBHOOK_SECRET;
use crate::given_file::mode_open_to_all;

/// The result of looking for a secret.
pub(super) enum SecretLookup {
    /// A secret, and where it came from.
    Secret(Secret, Origin),
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
    let direct = layers.secret_variable(row);
    let path = path.general();
    let from_flag = path.is_some_and(|cell| matches!(cell.origin, Origin::Flag(_)));
    if let Some((env, text)) = direct.filter(|_| !from_flag) {
        let origin = Origin::Env(env.clone());
        let Some(text) = cleaned(layers, row, &text, &origin) else {
            let problem = Problem::new("holds nothing but blanks", format!("set it to the {what}"));
            layers.faults.push(&origin, row.key, problem);
            return SecretLookup::Unreadable;
        };
        layers.note(row, "(set)", origin.clone());
        return SecretLookup::Secret(Secret::new(text, Place::Variable(env)), origin);
    }
    let Some(Cell { value, origin, .. }) = path else {
        return SecretLookup::Nothing;
    };
    let Some(path) = value.as_ref().map(PathBuf::from) else {
        return SecretLookup::Unreadable;
    };
    let problem = match file_text(&path) {
        Ok(text) => {
            if let Some(text) = cleaned(layers, row, &text, origin) {
                if let Some(mode) = mode_open_to_all(&path) {
                    let problem = Problem::new(
                        format!(
                            "names a file that everybody on this machine can read (mode {mode})"
                        ),
                        "let its owner alone read it (chmod 600)",
                    );
                    layers.warnings.push(origin, file.row.key, problem);
                }
                layers.note(row, "(set)", origin.clone());
                let secret = Secret::new(text, Place::File(path));
                return SecretLookup::Secret(secret, origin.clone());
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

/// The secret in a text, with a warning of what may not belong to it; nothing where there is none.
fn cleaned(
    layers: &mut Layers<'_>,
    row: &'static Row,
    text: &str,
    origin: &Origin,
) -> Option<SecretString> {
    let (secret, hints) = clean(text);
    if secret.expose_secret().is_empty() {
        return None;
    }
    for hint in hints {
        // Several secrets of webhooks may stand on lines of their own.
        if hint == Hint::Lines && row.key == WEBHOOK_SECRET.key {
            continue;
        }
        let problem = Problem::new(hint.to_string(), "write the bare secret");
        layers.warnings.push(origin, row.key, problem);
    }
    Some(secret)
}
