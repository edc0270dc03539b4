//! By what a platform shows whose change a change was, and how long its changes take to show.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a platform reports of its changes, from the strongest evidence to the weakest. A dialect states it once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// A command is carried out only on the version that it names, and its answer has the new version.
    ConditionalWrite,
    /// The platform names who made a change.
    Author,
    /// A version differs after every change.
    Version,
    /// The time of the last change.
    ChangedAt,
    /// Nothing but what our own readings show one after the other.
    OwnReadings,
}

impl Evidence {
    /// Returns the word for logs, status and the audit.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::ConditionalWrite => "conditional_write",
            Self::Author => "author",
            Self::Version => "version",
            Self::ChangedAt => "changed_at",
            Self::OwnReadings => "own_readings",
        }
    }
}

/// How long after its acknowledgement a command may still be on its way to showing in the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settling {
    /// Most commands show within this time; reading back waits for it.
    pub usual: Duration,
    /// A command that has not shown by then has had no effect.
    pub longest: Duration,
}

/// What the domain has to know of a platform, as data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlatformTraits {
    /// By what the platform shows whose change a change was.
    pub evidence: Evidence,
    /// How long its commands settle.
    pub settling: Settling,
}

impl Default for PlatformTraits {
    /// Those of the first release, whose recorded inputs name none.
    fn default() -> Self {
        Self {
            evidence: Evidence::ChangedAt,
            settling: Settling {
                usual: Duration::from_secs(1),
                longest: Duration::from_secs(60),
            },
        }
    }
}
