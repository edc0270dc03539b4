//! How far a write got, whatever it was to change.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How far a write got, whatever it was to change. Nothing is sent again after any of these without a reading first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "delivery")]
pub enum Delivery {
    /// The platform said yes. That it will show is not said: it may still be settling.
    Acknowledged {
        /// The version that the write made, if its own answer names it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<String>,
    },
    /// What the write rested on is no longer so: a version or a state that was read before; it changed nothing.
    Conflict {
        /// The platform's words.
        why: String,
    },
    /// The platform said no; it changed nothing.
    Refused {
        /// The platform's words.
        why: String,
        /// It may be asked again after so long; absent when the answer would be the same.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wait: Option<Duration>,
    },
    /// It did not reach the platform, or was turned away before anything was looked at; it changed nothing.
    NotSent {
        /// The reason why it was not sent.
        why: String,
    },
    /// It may have arrived, and may still; no usable answer came back.
    Lost {
        /// What happened, for people.
        why: String,
    },
}

impl Delivery {
    /// Returns what went wrong; nothing for what was acknowledged.
    #[must_use]
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Acknowledged { .. } => None,
            Self::Conflict { why }
            | Self::Refused { why, .. }
            | Self::NotSent { why }
            | Self::Lost { why } => Some(why),
        }
    }
}
