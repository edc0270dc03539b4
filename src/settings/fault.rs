//! Where a value came from, and what is wrong with it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A flag, with its dashes.
    Flag(&'static str),
    /// An environment variable.
    Env(Cow<'static, str>),
    /// The settings file, or what it names.
    File {
        /// The file, as it was named.
        path: Arc<str>,
        /// The line, from 1, where one is known.
        line: Option<usize>,
    },
    /// Nobody gave it.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => f.write_str(name),
            Self::Env(name) => f.write_str(name),
            Self::File {
                path,
                line: Some(line),
            } => write!(f, "{path}:{line}"),
            Self::File { path, line: None } => f.write_str(path),
            Self::Default => f.write_str("default"),
        }
    }
}

/// One thing that is wrong, or worth a warning.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fault {
    /// File and line, flag, or environment variable; absent for what nobody gave.
    pub place: Option<String>,
    /// The setting's key.
    pub key: String,
    /// What is wrong.
    pub wrong: String,
    /// What to do about it.
    pub remedy: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        write!(f, "{}: {}; {}", self.key, self.wrong, self.remedy)
    }
}

impl std::error::Error for Fault {}

/// A text that cannot be read as what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) wrong: String,
    pub(super) remedy: String,
}

impl Problem {
    pub(super) fn new(wrong: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            wrong: wrong.into(),
            remedy: remedy.into(),
        }
    }
}

/// Faults or warnings, each once, in the order of the file's lines and then of flags, environment and what is missing.
#[derive(Debug, Default)]
pub(super) struct Findings(BTreeSet<(u8, usize, Fault)>);

impl Findings {
    pub(super) fn push(&mut self, origin: &Origin, key: impl Into<String>, wrong: Problem) {
        let (layer, line) = match origin {
            Origin::File { line, .. } => (0, line.unwrap_or_default()),
            Origin::Flag(_) => (1, 0),
            Origin::Env(_) => (2, 0),
            Origin::Default => (3, 0),
        };
        let fault = Fault {
            place: (*origin != Origin::Default).then(|| origin.to_string()),
            key: key.into(),
            wrong: wrong.wrong,
            remedy: wrong.remedy,
        };
        self.0.insert((layer, line, fault));
    }

    /// Whether something about this key is wrong already.
    pub(super) fn tell_of(&self, key: &str) -> bool {
        self.0.iter().any(|(_, _, fault)| fault.key == key)
    }

    /// Takes those of another reader as well.
    pub(super) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Takes back what is beside the point: faults within something that means nothing at all.
    pub(super) fn take_back(&mut self, beside_the_point: impl Fn(&str) -> bool) {
        self.0.retain(|(_, _, fault)| !beside_the_point(&fault.key));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn into_faults(self) -> Vec<Fault> {
        self.0.into_iter().map(|(_, _, fault)| fault).collect()
    }
}

/// The known name that was probably meant.
pub(super) fn meant<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    // A name of another length by more than this is no slip of the fingers, and comparing it would cost for nothing.
    const FARTHEST: usize = 3;
    let name = name.to_lowercase().replace('-', "_");
    let allowed = name.chars().count().div_ceil(3).min(FARTHEST);
    known
        .into_iter()
        .filter(|known| known.len().abs_diff(name.len()) <= FARTHEST)
        .map(|known| (distance(&name, known), known))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, known)| known)
}

/// Letters to insert, drop or change to make one text of the other.
fn distance(a: &str, b: &str) -> usize {
    let mut above: Vec<usize> = (0..=b.chars().count()).collect();
    for (row, letter) in a.chars().enumerate() {
        let mut left = row.saturating_add(1);
        let mut current = vec![left];
        for ((other, diagonal), up) in b.chars().zip(&above).zip(above.iter().skip(1)) {
            let changed = diagonal.saturating_add(usize::from(letter != other));
            left = changed
                .min(left.saturating_add(1))
                .min(up.saturating_add(1));
            current.push(left);
        }
        above = current;
    }
    above.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_name_that_was_meant() {
        let known = ["poll_interval", "page_size", "once"];
        assert_eq!(meant("pol_intervall", known), Some("poll_interval"));
        assert_eq!(meant("Page-Size", known), Some("page_size"));
        assert_eq!(meant("once", known), Some("once"));
        assert_eq!(meant("listen", known), None);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
    }
}
