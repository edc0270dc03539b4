//! The file of named tokens in use, which is read again when it has changed.

use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use crate::given_file::read_text;

use super::named_tokens::NamedTokens;

/// The largest file: some thousand tokens.
const LARGEST: u64 = 1 << 20;

/// What tells one content of a file from another without reading it.
type Stamp = (u64, u64, i64, i64);

/// What looking at the file again has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenFileChange {
    /// Its tokens are those in use.
    Same,
    /// Others are in use from here on; a few words for each.
    Changed(Vec<String>),
    /// It cannot be used; the tokens in use stay.
    Unusable(Vec<String>),
}

/// A file of named tokens. Clones share it.
#[derive(Clone)]
pub struct TokenFile(Arc<RwLock<Held>>);

struct Held {
    path: PathBuf,
    tokens: Arc<NamedTokens>,
    /// That of the content that was last looked at, whether it can be used or not.
    seen: Option<Stamp>,
}

impl TokenFile {
    /// Reads a file.
    ///
    /// # Errors
    /// Every fault, with its line and what to do about it.
    pub fn read(path: &Path) -> Result<Self, Vec<String>> {
        // Before the content: what is written meanwhile is seen at the next look.
        let seen = stamp(path);
        let held = Held {
            tokens: Arc::new(tokens_of(path)?),
            path: path.to_owned(),
            seen,
        };
        Ok(Self(Arc::new(RwLock::new(held))))
    }

    /// Returns where it is.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        let held = self.0.read().unwrap_or_else(PoisonError::into_inner);
        held.path.clone()
    }

    /// Returns the tokens in use.
    #[must_use]
    pub fn tokens(&self) -> Arc<NamedTokens> {
        let held = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&held.tokens)
    }

    /// Reads the file again if it has changed. A token that was taken out of it opens nothing any more. A file that is gone or has a
    /// fault leaves those in use: an editor that is cut off must not lock everybody out.
    #[must_use]
    pub fn look_again(&self) -> TokenFileChange {
        let (path, seen) = {
            let held = self.0.read().unwrap_or_else(PoisonError::into_inner);
            (held.path.clone(), held.seen)
        };
        let found = stamp(&path);
        if found == seen {
            return TokenFileChange::Same;
        }
        let read = tokens_of(&path);
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        held.seen = found;
        match read {
            Ok(tokens) => {
                let changes = tokens.changes_since(&held.tokens);
                held.tokens = Arc::new(tokens);
                if changes.is_empty() {
                    TokenFileChange::Same
                } else {
                    TokenFileChange::Changed(changes)
                }
            }
            Err(faults) => TokenFileChange::Unusable(faults),
        }
    }
}

impl fmt::Debug for TokenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenFile")
    }
}

fn tokens_of(path: &Path) -> Result<NamedTokens, Vec<String>> {
    let text = read_text(path, LARGEST).map_err(|wrong| {
        vec![format!(
            "it cannot be read ({wrong}); `token add NAME --role ROLE` makes it"
        )]
    })?;
    NamedTokens::parse(&text)
}

fn stamp(path: &Path) -> Option<Stamp> {
    let about = fs::metadata(path).ok()?;
    Some((about.ino(), about.len(), about.mtime(), about.mtime_nsec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{Role, TokenHash};

    #[test]
    fn a_file_that_changed_is_read_again_and_a_broken_one_leaves_what_works() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tokens");
        let line = |name: &str, role: &str| format!("{name} {role} {}\n", TokenHash::of(name));
        assert!(TokenFile::read(&path).unwrap_err()[0].contains("token add"));
        fs::write(&path, line("anna", "view")).unwrap();
        let file = TokenFile::read(&path).unwrap();
        let shared = file.clone();
        assert_eq!(file.look_again(), TokenFileChange::Same);
        fs::write(&path, line("anna", "operate") + &line("otto", "view")).unwrap();
        let changes = ["anna: view -> operate", "added otto (view)"];
        let changes = changes.map(str::to_owned).to_vec();
        assert_eq!(file.look_again(), TokenFileChange::Changed(changes));
        let anna = || shared.tokens().named("anna").map(|token| token.role);
        assert_eq!(anna(), Some(Role::Operate));
        fs::write(&path, "anna\n").unwrap();
        assert!(matches!(file.look_again(), TokenFileChange::Unusable(_)));
        // It is told once, and not at each request.
        assert_eq!(file.look_again(), TokenFileChange::Same);
        fs::remove_file(&path).unwrap();
        assert!(matches!(file.look_again(), TokenFileChange::Unusable(_)));
        assert_eq!(anna(), Some(Role::Operate));
        fs::write(&path, line("otto", "view")).unwrap();
        let removed = vec!["removed anna".to_owned()];
        assert_eq!(file.look_again(), TokenFileChange::Changed(removed));
        assert_eq!(anna(), None);
    }
}
