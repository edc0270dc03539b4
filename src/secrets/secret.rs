//! One secret that several share, and that can be read again.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use secrecy::{ExposeSecret, SecretString};

use super::clean::{clean, file_text};

/// Where a secret is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// It was given by the program itself.
    Given,
    /// A variable of the environment, which a running process cannot read again.
    Variable(Cow<'static, str>),
    /// A file.
    File(PathBuf),
}

/// The result of reading a secret again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reread {
    /// It is what it was.
    Same,
    /// There is another one, which is in use from here on.
    Changed,
    /// It is kept where it cannot be read again.
    Fixed,
    /// It cannot be read; the one in use stays.
    Unreadable(String),
}

/// A secret in use. Clones share it: what one reads again, all use. Never printed.
#[derive(Clone)]
pub struct Secret(Arc<RwLock<Held>>);

struct Held {
    text: SecretString,
    place: Place,
    version: u64,
    /// What is wrong with a text that cannot be this secret.
    fault: fn(&str) -> Option<String>,
}

impl Secret {
    /// Creates a secret with this text, which is kept there.
    #[must_use]
    pub fn new(text: SecretString, place: Place) -> Self {
        let held = Held {
            text,
            place,
            version: 0,
            fault: |_| None,
        };
        Self(Arc::new(RwLock::new(held)))
    }

    /// Has texts that are read later checked: `fault` says what is wrong with one.
    #[must_use]
    pub fn checked_by(self, fault: fn(&str) -> Option<String>) -> Self {
        self.write().fault = fault;
        self
    }

    /// Returns the text in use.
    #[must_use]
    pub fn text(&self) -> SecretString {
        self.read().text.clone()
    }

    /// Returns how often the text has changed, so that what is derived from it can be derived again.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.read().version
    }

    /// Returns the variable that it was read from, where it was one.
    #[must_use]
    pub fn variable(&self) -> Option<Cow<'static, str>> {
        match &self.read().place {
            Place::Variable(name) => Some(name.clone()),
            Place::Given | Place::File(_) => None,
        }
    }

    /// Reads it again where it is kept, and uses what is found unless it cannot be this secret. A file that is no regular one was
    /// read to its end and has nothing more to give.
    #[must_use]
    pub fn read_again(&self) -> Reread {
        let (place, fault) = {
            let held = self.read();
            (held.place.clone(), held.fault)
        };
        let Place::File(path) = place else {
            return Reread::Fixed;
        };
        match path.metadata() {
            Ok(about) if about.is_file() => {}
            Ok(_) => return Reread::Fixed,
            Err(wrong) => return Reread::Unreadable(wrong.to_string()),
        }
        let text = match file_text(&path) {
            Ok(text) => clean(&text).0,
            Err(why) => return Reread::Unreadable(why),
        };
        if text.expose_secret().is_empty() {
            return Reread::Unreadable("it is empty".to_owned());
        }
        if let Some(why) = fault(text.expose_secret()) {
            return Reread::Unreadable(why);
        }
        if self.replace(text) {
            Reread::Changed
        } else {
            Reread::Same
        }
    }

    /// Takes over text and place of a secret that was read anew; returns whether the text differs.
    #[must_use]
    pub fn take_over(&self, anew: &Self) -> bool {
        let (text, place) = {
            let anew = anew.read();
            (anew.text.clone(), anew.place.clone())
        };
        self.write().place = place;
        self.replace(text)
    }

    fn replace(&self, text: SecretString) -> bool {
        let mut held = self.write();
        let differs = held.text.expose_secret() != text.expose_secret();
        if differs {
            held.text = text;
            held.version = held.version.saturating_add(1);
        }
        differs
    }

    fn read(&self) -> RwLockReadGuard<'_, Held> {
        // Nothing panics while it holds the lock; if something did, the text is whole all the same.
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Held> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(SecretString::from(text), Place::Given)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_again_by_whoever_shares_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        std::fs::write(&path, "old").unwrap();
        let secret = Secret::new("old".to_owned().into(), Place::File(path.clone()))
            .checked_by(|text| (text == "short").then(|| "is too short".to_owned()));
        let shared = secret.clone();
        assert_eq!(secret.read_again(), Reread::Same);
        std::fs::write(&path, "\u{feff}new\r\n").unwrap();
        assert_eq!(secret.read_again(), Reread::Changed);
        assert_eq!(shared.text().expose_secret(), "new");
        assert_eq!(shared.version(), 1);
        // What cannot be used leaves the one that works.
        for wrong in ["", " \n"] {
            std::fs::write(&path, wrong).unwrap();
            let found = secret.read_again();
            assert_eq!(found, Reread::Unreadable("it is empty".to_owned()));
        }
        std::fs::write(&path, "short").unwrap();
        let found = secret.read_again();
        assert_eq!(found, Reread::Unreadable("is too short".to_owned()));
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(secret.read_again(), Reread::Unreadable(_)));
        assert_eq!(shared.text().expose_secret(), "new");
    }

    #[test]
    fn what_is_no_regular_file_is_not_read_again() {
        let secret = Secret::new("s".to_owned().into(), Place::File("/dev/zero".into()));
        assert_eq!(secret.read_again(), Reread::Fixed);
        for place in [Place::Given, Place::Variable("AUTOPILOT_X".into())] {
            let secret = Secret::new("s".to_owned().into(), place);
            assert_eq!(secret.read_again(), Reread::Fixed);
        }
    }

    #[test]
    fn a_secret_that_was_read_anew_is_taken_over_with_its_place() {
        let secret = Secret::new("s".to_owned().into(), Place::Given);
        let anew = Secret::new("s".to_owned().into(), Place::Variable("AUTOPILOT_X".into()));
        assert!(!secret.take_over(&anew));
        assert_eq!(secret.variable().as_deref(), Some("AUTOPILOT_X"));
        let other = Secret::new("hunter2".to_owned().into(), Place::File("/x".into()));
        assert!(secret.take_over(&other));
        assert_eq!((secret.variable(), secret.version()), (None, 1));
        assert_eq!(format!("{secret:?}"), "Secret");
    }
}
