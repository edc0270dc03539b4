//! What somebody may do.

use std::fmt;
use std::str::FromStr;

/// What somebody may do; each role may also do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// See everything, and change nothing.
    View,
    /// Hold, release and set: what a shift needs, all of which ends by itself.
    Operate,
    /// Reload the configuration as well.
    Admin,
}

impl Role {
    /// The roles by their words, the smallest first.
    pub const WORDS: &[(&str, Self)] = &[
        ("view", Self::View),
        ("operate", Self::Operate),
        ("admin", Self::Admin),
    ];

    /// Returns its word.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Operate => "operate",
            Self::Admin => "admin",
        }
    }

    /// Whether it may do what `needed` may.
    #[must_use]
    pub fn includes(self, needed: Self) -> bool {
        self >= needed
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::WORDS.iter().find(|(word, _)| *word == text);
        found
            .map(|(_, role)| *role)
            .ok_or_else(|| format!("`{text}` is not a role; write view, operate or admin"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_do_what_those_before_it_may() {
        for (smaller, (_, role)) in Role::WORDS.iter().enumerate() {
            for (at, (word, other)) in Role::WORDS.iter().enumerate() {
                assert_eq!(role.includes(*other), at <= smaller, "{role} and {other}");
                assert_eq!(word.parse(), Ok(*other));
            }
        }
        let unknown = "root".parse::<Role>().unwrap_err();
        assert!(unknown.contains("view, operate or admin"), "{unknown}");
    }
}
