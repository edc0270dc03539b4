//! Which calls a limit counts, and of which they are a share.

use serde::{Deserialize, Serialize};

use crate::domain::outcomes::OutcomeCounts;

/// Which calls a limit is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Numerator {
    /// Answered calls that no agent took in time.
    Abandoned,
    /// Answered calls of which it is not known that they reached an agent.
    Unconnected,
}

/// Of which calls a limit is a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Denominator {
    /// Dials that a person answered.
    Answered,
    /// Answered calls whose fate is known.
    AbandonedAndConnected,
    /// Dials.
    Dials,
}

impl Numerator {
    /// The words, and what they mean.
    pub const WORDS: [(&'static str, Self); 2] = [
        ("abandoned", Self::Abandoned),
        ("unconnected", Self::Unconnected),
    ];

    /// Returns the calls.
    #[must_use]
    pub const fn of(self, counts: OutcomeCounts) -> u64 {
        match self {
            Self::Abandoned => counts.abandoned,
            Self::Unconnected => counts.answered.saturating_sub(counts.connected),
        }
    }

    /// Returns the word.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Abandoned => "abandoned",
            Self::Unconnected => "unconnected",
        }
    }
}

impl Denominator {
    /// The words, and what they mean.
    pub const WORDS: [(&'static str, Self); 3] = [
        ("answered", Self::Answered),
        ("abandoned+connected", Self::AbandonedAndConnected),
        ("dials", Self::Dials),
    ];

    /// Returns the calls.
    #[must_use]
    pub const fn of(self, counts: OutcomeCounts) -> u64 {
        match self {
            Self::Answered => counts.answered,
            Self::AbandonedAndConnected => counts.decided(),
            Self::Dials => counts.dials,
        }
    }

    /// Returns the word.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::AbandonedAndConnected => "abandoned+connected",
            Self::Dials => "dials",
        }
    }
}
