//! A secret: from its variable or from a file, never from a flag's value and never from the settings file.

use std::borrow::Cow;
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};

use crate::secrets::{Hint, Place, Secret, clean, file_text};

use super::fault::{Origin, Problem};
use super::merge::Layers;
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
    let direct = direct.filter(|_| !from_flag);
    let path = path.map(|cell| {
        let path = cell.value.as_ref().map(PathBuf::from);
        (path, cell.origin.clone())
    });
    let names = SecretNames {
        key: row.key,
        file_key: file.row.key,
        what,
        // Several secrets of webhooks may stand on lines of their own.
        may_have_lines: row.key == WEBHOOK_SECRET.key,
    };
    let found = look_up(layers, &names, direct, path);
    if let SecretLookup::Secret(_, origin) = &found {
        layers.note(row, "(set)", origin.clone());
    }
    found
}

/// What a secret is called in faults.
pub(super) struct SecretNames<'a> {
    /// Its own key.
    pub(super) key: &'a str,
    /// The key of the file that may hold it.
    pub(super) file_key: &'a str,
    /// Its name in a remedy.
    pub(super) what: &'a str,
    /// Whether several lines are no sign of something that does not belong to it.
    pub(super) may_have_lines: bool,
}

/// Takes a secret from a variable, which is given with its text, or else from a file, whose path may be missing since it is wrong.
pub(super) fn look_up(
    layers: &mut Layers<'_>,
    names: &SecretNames<'_>,
    direct: Option<(Cow<'static, str>, String)>,
    path: Option<(Option<PathBuf>, Origin)>,
) -> SecretLookup {
    if let Some((env, text)) = direct {
        let origin = Origin::Env(env.clone());
        let Some(text) = cleaned(layers, names, &text, &origin) else {
            let what = names.what;
            let problem = Problem::new("holds nothing but blanks", format!("set it to the {what}"));
            layers.faults.push(&origin, names.key, problem);
            return SecretLookup::Unreadable;
        };
        return SecretLookup::Secret(Secret::new(text, Place::Variable(env)), origin);
    }
    let Some((path, origin)) = path else {
        return SecretLookup::Nothing;
    };
    let Some(path) = path else {
        return SecretLookup::Unreadable;
    };
    let problem = match file_text(&path) {
        Ok(text) => {
            if let Some(text) = cleaned(layers, names, &text, &origin) {
                if let Some(mode) = mode_open_to_all(&path) {
                    let problem = Problem::new(
                        format!(
                            "names a file that everybody on this machine can read (mode {mode})"
                        ),
                        "let its owner alone read it (chmod 600)",
                    );
                    layers.warnings.push(&origin, names.file_key, problem);
                }
                return SecretLookup::Secret(Secret::new(text, Place::File(path)), origin);
            }
            let what = names.what;
            Problem::new("names an empty file", format!("write the {what} into it"))
        }
        Err(wrong) => Problem::new(
            // The path is not repeated: it may be the secret itself, given in the wrong place.
            format!("names a file that cannot be read ({wrong})"),
            "name a file of UTF-8 text that this user can read",
        ),
    };
    layers.faults.push(&origin, names.file_key, problem);
    SecretLookup::Unreadable
}

/// The secret in a text, with a warning of what may not belong to it; nothing where there is none.
fn cleaned(
    layers: &mut Layers<'_>,
    names: &SecretNames<'_>,
    text: &str,
    origin: &Origin,
) -> Option<SecretString> {
    let (secret, hints) = clean(text);
    if secret.expose_secret().is_empty() {
        return None;
    }
    for hint in hints {
        if hint == Hint::Lines && names.may_have_lines {
            continue;
        }
        let problem = Problem::new(hint.to_string(), "write the bare secret");
        layers.warnings.push(origin, names.key, problem);
    }
    Some(secret)
}
