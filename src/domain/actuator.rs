//! What a campaign's rule is carried out with.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::throttle::Lever;

/// What is done to a campaign when its rule asks for fewer calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Actuator {
    /// It is paused.
    #[default]
    Pause,
    /// A campaign that dials ahead dials one call for each idle agent, and is never paused by its rule.
    StepDown,
    /// It dials one call for each idle agent, and is paused when that is not enough.
    StepDownThenPause,
    /// Its dialler keeps as many agents idle as the aim's threshold says, and looks at them at each dial. Nothing is paused.
    IdleReserve,
}

/// A text that names no actuator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an actuator: pause, step-down, step-down-then-pause or idle-reserve")]
pub struct ActuatorError(String);

impl Actuator {
    /// Every actuator.
    pub const ALL: [Self; 4] = [
        Self::Pause,
        Self::StepDown,
        Self::StepDownThenPause,
        Self::IdleReserve,
    ];

    /// Returns the word for settings and interfaces.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::StepDown => "step-down",
            Self::StepDownThenPause => "step-down-then-pause",
            Self::IdleReserve => "idle-reserve",
        }
    }

    /// Whether the rule pauses a campaign at all.
    #[must_use]
    pub const fn pauses(self) -> bool {
        matches!(self, Self::Pause | Self::StepDownThenPause)
    }

    /// Whether a campaign is stepped down before anything else.
    #[must_use]
    pub const fn steps_down(self) -> bool {
        matches!(self, Self::StepDown | Self::StepDownThenPause)
    }

    /// Returns the lever of its dialler that it moves, where it moves one.
    #[must_use]
    pub const fn lever(self) -> Option<Lever> {
        match self {
            Self::Pause => None,
            Self::StepDown | Self::StepDownThenPause => Some(Lever::DialRatio),
            Self::IdleReserve => Some(Lever::IdleReserve),
        }
    }
}

impl fmt::Display for Actuator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl FromStr for Actuator {
    type Err = ActuatorError;

    fn from_str(text: &str) -> Result<Self, ActuatorError> {
        let known = Self::ALL
            .into_iter()
            .find(|actuator| actuator.label() == text);
        known.ok_or_else(|| ActuatorError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_actuator_is_read_by_its_word() {
        for actuator in Actuator::ALL {
            assert_eq!(actuator.label().parse(), Ok(actuator));
            let stored = serde_json::to_string(&actuator).unwrap();
            assert_eq!(stored, format!("\"{actuator}\""));
        }
        assert!("slow".parse::<Actuator>().is_err());
    }
}
