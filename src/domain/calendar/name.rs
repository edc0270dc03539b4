//! What a holiday or a closure is called.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The name of a holiday or a closure, kept in place: each decision carries it, and ten thousand are kept at once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct ClosureName {
    bytes: [u8; Self::LONGEST],
    length: u8,
}

impl ClosureName {
    /// The longest name, in bytes; with its length it fills 48.
    pub const LONGEST: usize = 47;

    /// No name.
    pub const NONE: Self = Self {
        bytes: [0; Self::LONGEST],
        length: 0,
    };

    /// The text on one line, cut to the longest name.
    #[must_use]
    pub fn shortened(text: &str) -> Self {
        let mut name = Self::NONE;
        let words = text.split(|c: char| c.is_whitespace() || c.is_control());
        let words = words.filter(|word| !word.is_empty());
        for (nth, word) in words.enumerate() {
            let space = if nth == 0 { "" } else { " " };
            for letter in space.chars().chain(word.chars()) {
                if !name.push(letter) {
                    return name;
                }
            }
        }
        name
    }

    fn push(&mut self, letter: char) -> bool {
        let mut buffer = [0; 4];
        let letter = letter.encode_utf8(&mut buffer).as_bytes();
        let start = usize::from(self.length);
        let end = start.saturating_add(letter.len());
        let Some(place) = self.bytes.get_mut(start..end) else {
            return false;
        };
        place.copy_from_slice(letter);
        self.length = u8::try_from(end).unwrap_or(u8::MAX);
        true
    }

    /// The text; empty where there is no name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let text = self.bytes.get(..usize::from(self.length));
        text.and_then(|text| std::str::from_utf8(text).ok())
            .unwrap_or_default()
    }
}

impl From<String> for ClosureName {
    fn from(text: String) -> Self {
        Self::shortened(&text)
    }
}

impl From<ClosureName> for String {
    fn from(name: ClosureName) -> Self {
        name.as_str().to_owned()
    }
}

impl fmt::Debug for ClosureName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl fmt::Display for ClosureName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_one_line_and_cut_between_letters() {
        let name = ClosureName::shortened;
        assert_eq!(
            name(" Tag der\n Deutschen\tEinheit ").as_str(),
            "Tag der Deutschen Einheit"
        );
        assert_eq!(name("  "), ClosureName::NONE);
        let long = "ä".repeat(40);
        assert_eq!(name(&long).as_str(), "ä".repeat(23));
        let again: ClosureName =
            serde_json::from_str(&serde_json::to_string(&name(&long)).unwrap()).unwrap();
        assert_eq!(again, name(&long));
    }
}
