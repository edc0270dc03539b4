//! Agents who are kept idle.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::aim::HalfAgents;

/// How many agents a campaign's dialler keeps idle: it begins a dial only while more of them are. In tenths of an agent.
///
/// A reserve that is not whole is one of the two whole numbers next to it, drawn anew for each record that is dialled.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct IdleReserve(u32);

/// A text that is not a reserve.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a number of agents in tenths, such as 4 or 4.5")]
pub struct IdleReserveError(String);

impl IdleReserve {
    /// Returns so many tenths of an agent.
    #[must_use]
    pub const fn from_tenths(tenths: u32) -> Self {
        Self(tenths)
    }

    /// Returns so many whole agents.
    #[must_use]
    pub const fn from_agents(agents: u32) -> Self {
        Self(agents.saturating_mul(10))
    }

    /// Returns the number of tenths.
    #[must_use]
    pub const fn tenths(self) -> u32 {
        self.0
    }

    /// Returns it as a number, for interfaces.
    #[must_use]
    pub fn in_agents(self) -> f64 {
        f64::from(self.0) / 10.0
    }

    /// Whether nobody is dialled while so many agents are idle.
    #[must_use]
    pub const fn holds_back(self, idle: u32) -> bool {
        idle.saturating_mul(10) <= self.0
    }
}

impl From<HalfAgents> for IdleReserve {
    fn from(agents: HalfAgents) -> Self {
        Self(agents.halves().saturating_mul(5))
    }
}

impl fmt::Display for IdleReserve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.0.div_euclid(10);
        match self.0.rem_euclid(10) {
            0 => write!(f, "{whole}"),
            tenths => write!(f, "{whole}.{tenths}"),
        }
    }
}

impl From<IdleReserve> for String {
    fn from(reserve: IdleReserve) -> Self {
        reserve.to_string()
    }
}

impl TryFrom<String> for IdleReserve {
    type Error = IdleReserveError;

    fn try_from(text: String) -> Result<Self, IdleReserveError> {
        text.parse()
    }
}

impl FromStr for IdleReserve {
    type Err = IdleReserveError;

    fn from_str(text: &str) -> Result<Self, IdleReserveError> {
        let (whole, tenths) = text.split_once('.').unwrap_or((text, "0"));
        let digits =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let read = (digits(whole) && digits(tenths) && tenths.len() == 1)
            .then(|| {
                let whole: u32 = whole.parse().ok()?;
                whole.checked_mul(10)?.checked_add(tenths.parse().ok()?)
            })
            .flatten();
        read.map(Self)
            .ok_or_else(|| IdleReserveError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserves_are_read_and_printed_in_tenths() {
        for (text, tenths) in [("0", 0), ("4", 40), ("4.5", 45), ("12.0", 120)] {
            let read: IdleReserve = text.parse().unwrap();
            assert_eq!(read, IdleReserve::from_tenths(tenths), "{text}");
            assert_eq!(read.to_string().parse(), Ok(read));
        }
        for wrong in ["", ".5", "4.", "4.55", "-1", "x", "9999999999"] {
            assert!(wrong.parse::<IdleReserve>().is_err(), "{wrong}");
        }
        let aimed = IdleReserve::from(HalfAgents::from_halves(9));
        assert_eq!(aimed.to_string(), "4.5");
        assert_eq!([4, 5].map(|idle| aimed.holds_back(idle)), [true, false]);
    }
}
