//! Agents in halves.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A number of agents in halves of an agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HalfAgents(u32);

impl HalfAgents {
    /// Returns so many halves of an agent.
    #[must_use]
    pub const fn from_halves(halves: u32) -> Self {
        Self(halves)
    }

    /// Returns so many whole agents.
    #[must_use]
    pub const fn from_agents(agents: u32) -> Self {
        Self(agents.saturating_mul(2))
    }

    /// Returns the number of halves.
    #[must_use]
    pub const fn halves(self) -> u32 {
        self.0
    }

    /// Returns the whole agents in it.
    #[must_use]
    pub const fn whole_agents(self) -> u32 {
        self.0.wrapping_shr(1)
    }

    /// Returns the fewest whole agents that are not below it.
    #[must_use]
    pub const fn rounded_up(self) -> u32 {
        self.0.div_ceil(2)
    }

    /// Returns it as a number, for interfaces.
    #[must_use]
    pub fn in_agents(self) -> f64 {
        f64::from(self.0) / 2.0
    }

    /// Returns what is left without so many; at least none.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Returns the sum, or the greatest number there is.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl fmt::Display for HalfAgents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let half = if self.0.is_multiple_of(2) { "" } else { ".5" };
        write!(f, "{}{half}", self.whole_agents())
    }
}

impl From<HalfAgents> for String {
    fn from(agents: HalfAgents) -> Self {
        agents.to_string()
    }
}

impl TryFrom<String> for HalfAgents {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl FromStr for HalfAgents {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (whole, half) = match text.split_once('.') {
            None | Some((_, "0")) => (text.split('.').next().unwrap_or_default(), 0),
            Some((whole, "5")) => (whole, 1),
            Some(_) => ("", 0),
        };
        let digits = !whole.is_empty() && whole.bytes().all(|byte| byte.is_ascii_digit());
        let halves = digits
            .then(|| whole.parse::<u32>().ok()?.checked_mul(2)?.checked_add(half))
            .flatten();
        halves.map(Self).ok_or_else(|| {
            format!("`{text}` is not a number of agents in steps of a half, such as 2 or 2.5")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_prints_halves() {
        for (text, halves) in [("0", 0), ("2", 4), ("4.5", 9), ("3.0", 6)] {
            let read: HalfAgents = text.parse().unwrap();
            assert_eq!(read.halves(), halves, "{text}");
        }
        assert_eq!(HalfAgents::from_halves(9).to_string(), "4.5");
        assert_eq!(HalfAgents::from_agents(4).to_string(), "4");
        let written = serde_json::to_string(&HalfAgents::from_halves(9)).unwrap();
        assert_eq!(written, "\"4.5\"");
        let read: HalfAgents = serde_json::from_str(&written).unwrap();
        assert_eq!((read.rounded_up(), read.whole_agents()), (5, 4));
        for wrong in [
            "",
            ".5",
            "1.25",
            "-1",
            "+1",
            "1.",
            "2147483648",
            "x",
            "1.5.5",
        ] {
            assert!(wrong.parse::<HalfAgents>().is_err(), "{wrong}");
        }
    }
}
