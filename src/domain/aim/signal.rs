//! The number of agents that the threshold is compared with.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::group::HeadCount;

use super::half_agents::HalfAgents;

/// How the agents of a reading are counted for the aim.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AimSignal {
    /// Those who can take a call now.
    Available,
    /// Those, and half of those who finish a call: about as many of them are available before a phone has rung.
    #[default]
    AvailableAndHalfWrapUp,
    /// Those who can take a call, and those on the campaign's own calls or in their wrap-up.
    FreeAndServing,
}

/// A text that names no signal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a signal: available, available+wrap-up/2 or free+serving")]
pub struct AimSignalError(String);

impl AimSignal {
    /// Every signal.
    pub const ALL: [Self; 3] = [
        Self::Available,
        Self::AvailableAndHalfWrapUp,
        Self::FreeAndServing,
    ];

    /// Returns the word for settings and interfaces.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::AvailableAndHalfWrapUp => "available+wrap-up/2",
            Self::FreeAndServing => "free+serving",
        }
    }

    /// Counts the agents of a reading.
    #[must_use]
    pub fn measure(self, heads: HeadCount) -> HalfAgents {
        let free = HalfAgents::from_agents(heads.free);
        match self {
            Self::Available => free,
            Self::AvailableAndHalfWrapUp => free.plus(HalfAgents::from_halves(heads.wrap_up)),
            Self::FreeAndServing => free.plus(HalfAgents::from_agents(heads.serving)),
        }
    }
}

impl fmt::Display for AimSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl FromStr for AimSignal {
    type Err = AimSignalError;

    fn from_str(text: &str) -> Result<Self, AimSignalError> {
        let known = Self::ALL.into_iter().find(|signal| signal.label() == text);
        known.ok_or_else(|| AimSignalError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_in_halves() {
        let heads = HeadCount {
            free: 3,
            serving: 4,
            wrap_up: 5,
            staffed: 20,
        };
        let halves = AimSignal::ALL.map(|signal| signal.measure(heads).halves());
        assert_eq!(halves, [6, 11, 14]);
    }

    #[test]
    fn every_signal_is_read_by_its_word() {
        for signal in AimSignal::ALL {
            assert_eq!(signal.label().parse(), Ok(signal));
        }
        assert!("idle".parse::<AimSignal>().is_err());
    }
}
