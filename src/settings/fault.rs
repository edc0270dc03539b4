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
