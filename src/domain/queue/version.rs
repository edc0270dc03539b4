//! What tells one state of a queue from another.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Digits of a digest that are shown to people; enough to tell two apart.
const SHOWN: usize = 12;

/// The version of a queue, as a reading has it. Two readings of an unchanged queue have the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum QueueVersion {
    /// The platform's own: a write may name it, and the platform refuses one that rests on an older.
    Numbered(i64),
    /// The platform has none. This is `sha256:` and the digest of the settings that were read: evidence of our own, which no
    /// write can name.
    Digest(String),
}

impl QueueVersion {
    /// Returns the version of a queue whose platform has none, by the digest of its settings in hexadecimal.
    #[must_use]
    pub fn of_digest(sha256: &str) -> Self {
        Self::Digest(format!("sha256:{sha256}"))
    }

    /// Returns the platform's own version, where it has one.
    #[must_use]
    pub fn number(&self) -> Option<i64> {
        match self {
            Self::Numbered(number) => Some(*number),
            Self::Digest(_) => None,
        }
    }
}

impl fmt::Display for QueueVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Numbered(number) => number.fmt(f),
            Self::Digest(digest) => {
                let shown = "sha256:".len().saturating_add(SHOWN);
                f.write_str(digest.get(..shown).unwrap_or(digest))?;
                f.write_str(" (ours: the platform has no versions)")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_stored_as_it_always_was_and_a_digest_says_what_it_is() {
        let digest = QueueVersion::of_digest(&"0123456789abcdef".repeat(4));
        for (version, stored) in [
            (QueueVersion::Numbered(7), "7".to_owned()),
            (
                digest.clone(),
                format!("\"sha256:{}\"", "0123456789abcdef".repeat(4)),
            ),
        ] {
            assert_eq!(serde_json::to_string(&version).unwrap(), stored);
            let read: QueueVersion = serde_json::from_str(&stored).unwrap();
            assert_eq!(read, version);
        }
        assert_eq!(QueueVersion::Numbered(7).to_string(), "7");
        let shown = "sha256:0123456789ab (ours: the platform has no versions)";
        assert_eq!(digest.to_string(), shown);
        assert_eq!(digest.number(), None);
    }
}
