//! What a holiday or a closure is called.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The name of a holiday or a closure, shared by all decisions that it closes.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct ClosureName(Option<Arc<str>>);

impl ClosureName {
    /// The longest name, in bytes.
    pub const LONGEST: usize = 47;

    /// The text on one line, cut to the longest name. A name is its own short form.
    #[must_use]
    pub fn shortened(text: &str) -> Self {
        let words = text.split(|c: char| c.is_whitespace() || c.is_control());
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        let mut line = words.join(" ");
        let ends = line
            .char_indices()
            .map(|(start, letter)| start.saturating_add(letter.len_utf8()));
        let longest = ends.take_while(|end| *end <= Self::LONGEST).last();
        line.truncate(longest.unwrap_or_default());
        // Cut behind a word, it would end with a blank that is not there when it is read again.
        let line = line.trim_end();
        Self(Some(line).filter(|line| !line.is_empty()).map(Arc::from))
    }

    /// The text; empty where there is no name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
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
        let behind_a_word = format!("{} b", "a".repeat(46));
        assert_eq!(name(&behind_a_word).as_str(), "a".repeat(46));
        assert_eq!(name("  "), ClosureName::default());
        let long = "ä".repeat(40);
        assert_eq!(name(&long).as_str(), "ä".repeat(23));
        let again: ClosureName =
            serde_json::from_str(&serde_json::to_string(&name(&long)).unwrap()).unwrap();
        assert_eq!(again, name(&long));
    }
}
