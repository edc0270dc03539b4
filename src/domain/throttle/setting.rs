//! The levers of a campaign's dialler, and what they are set to.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::dial_ratio::DialRatio;
use super::idle_reserve::IdleReserve;

/// What follows the number of a reserve where it stands beside ratios.
const KEPT_IDLE: &str = " idle";

/// What a campaign's dialler is slowed down by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lever {
    /// Dials for each idle agent.
    DialRatio,
    /// Agents who are kept idle before each dial.
    IdleReserve,
}

/// What a lever is set to. Settings of different levers are never equal.
///
/// As a text, dials are a number (`1.8`), and a reserve is a number with a word (`4.5 idle`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum PaceSetting {
    /// Dials for each idle agent.
    Dials(DialRatio),
    /// Agents who are kept idle.
    KeptIdle(IdleReserve),
}

/// A text that is not a setting.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is neither a number of dials for each agent, such as 1.8, nor a reserve, such as `4.5 idle`"
)]
pub struct PaceSettingError(String);

impl PaceSetting {
    /// Returns the lever.
    #[must_use]
    pub const fn lever(self) -> Lever {
        match self {
            Self::Dials(_) => Lever::DialRatio,
            Self::KeptIdle(_) => Lever::IdleReserve,
        }
    }

    /// Returns the dials for each idle agent, where it is that.
    #[must_use]
    pub const fn dials(self) -> Option<DialRatio> {
        match self {
            Self::Dials(ratio) => Some(ratio),
            Self::KeptIdle(_) => None,
        }
    }

    /// Returns the agents who are kept idle, where it is that.
    #[must_use]
    pub const fn kept_idle(self) -> Option<IdleReserve> {
        match self {
            Self::Dials(_) => None,
            Self::KeptIdle(reserve) => Some(reserve),
        }
    }

    /// Returns the number alone, and what it counts.
    #[must_use]
    pub fn number_and_unit(self) -> (String, &'static str) {
        let (number, units) = match self {
            Self::Dials(ratio) => (
                ratio.to_string(),
                ["dial for each idle agent", "dials for each idle agent"],
            ),
            Self::KeptIdle(reserve) => {
                (reserve.to_string(), ["agent kept idle", "agents kept idle"])
            }
        };
        let [one, many] = units;
        let unit = if number == "1" { one } else { many };
        (number, unit)
    }

    /// Returns it for sentences: `1 dial for each idle agent`, `4.5 agents kept idle`.
    #[must_use]
    pub fn in_words(self) -> String {
        let (number, unit) = self.number_and_unit();
        format!("{number} {unit}")
    }
}

impl fmt::Display for PaceSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dials(ratio) => ratio.fmt(f),
            Self::KeptIdle(reserve) => write!(f, "{reserve}{KEPT_IDLE}"),
        }
    }
}

impl From<DialRatio> for PaceSetting {
    fn from(ratio: DialRatio) -> Self {
        Self::Dials(ratio)
    }
}

impl From<IdleReserve> for PaceSetting {
    fn from(reserve: IdleReserve) -> Self {
        Self::KeptIdle(reserve)
    }
}

impl From<PaceSetting> for String {
    fn from(setting: PaceSetting) -> Self {
        setting.to_string()
    }
}

impl TryFrom<String> for PaceSetting {
    type Error = PaceSettingError;

    fn try_from(text: String) -> Result<Self, PaceSettingError> {
        text.parse()
    }
}

impl FromStr for PaceSetting {
    type Err = PaceSettingError;

    fn from_str(text: &str) -> Result<Self, PaceSettingError> {
        let read = match text.strip_suffix(KEPT_IDLE) {
            Some(number) => number.parse().ok().map(Self::KeptIdle),
            None => text.parse().ok().map(Self::Dials),
        };
        read.ok_or_else(|| PaceSettingError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_setting_says_which_lever_it_is_of() {
        let dials = PaceSetting::Dials(DialRatio::from_dials(4));
        let idle = PaceSetting::KeptIdle(IdleReserve::from_tenths(45));
        for (setting, text) in [(dials, "\"4\""), (idle, "\"4.5 idle\"")] {
            let stored = serde_json::to_string(&setting).unwrap();
            assert_eq!(stored, text);
            let read: PaceSetting = serde_json::from_str(&stored).unwrap();
            assert_eq!(read, setting);
        }
        assert_eq!(idle.in_words(), "4.5 agents kept idle");
        let in_words = |text: &str| text.parse::<PaceSetting>().unwrap().in_words();
        assert_eq!(in_words("1 idle"), "1 agent kept idle");
        assert_eq!(in_words("1"), "1 dial for each idle agent");
        assert_eq!(in_words("1.8"), "1.8 dials for each idle agent");
        for wrong in ["idle", " idle", "4.5idle", "x"] {
            assert!(wrong.parse::<PaceSetting>().is_err(), "{wrong}");
        }
    }
}
