//! Dials for each idle agent.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Dials for each idle agent, in hundredths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DialRatio(u32);

/// A text that is not a ratio.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a number of dials for each agent, such as 1 or 1.8")]
pub struct DialRatioError(String);

impl DialRatio {
    /// One dial for each idle agent.
    pub const ONE: Self = Self(100);

    /// Returns so many hundredths of a dial.
    #[must_use]
    pub const fn from_hundredths(hundredths: u32) -> Self {
        Self(hundredths)
    }

    /// Returns so many whole dials.
    #[must_use]
    pub const fn from_dials(dials: u32) -> Self {
        Self(dials.saturating_mul(100))
    }

    /// Returns the whole dials in it.
    #[must_use]
    pub const fn whole_dials(self) -> u32 {
        self.0.div_euclid(100)
    }

    /// Returns it as a number, for interfaces.
    #[must_use]
    pub fn in_dials(self) -> f64 {
        f64::from(self.0) / 100.0
    }
}

impl fmt::Display for DialRatio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.rem_euclid(100) {
            0 => write!(f, "{}", self.whole_dials()),
            rest => {
                let text = format!("{}.{rest:02}", self.whole_dials());
                f.write_str(text.trim_end_matches('0'))
            }
        }
    }
}

impl From<DialRatio> for String {
    fn from(ratio: DialRatio) -> Self {
        ratio.to_string()
    }
}

impl TryFrom<String> for DialRatio {
    type Error = DialRatioError;

    fn try_from(text: String) -> Result<Self, DialRatioError> {
        text.parse()
    }
}

impl FromStr for DialRatio {
    type Err = DialRatioError;

    fn from_str(text: &str) -> Result<Self, DialRatioError> {
        let (whole, rest) = text.split_once('.').unwrap_or((text, "0"));
        let digits =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let read = (digits(whole) && digits(rest) && rest.len() <= 2)
            .then(|| {
                let rest: u32 = format!("{rest:0<2}").parse().ok()?;
                whole
                    .parse::<u32>()
                    .ok()?
                    .checked_mul(100)?
                    .checked_add(rest)
            })
            .flatten();
        read.map(Self)
            .ok_or_else(|| DialRatioError(text.to_owned()))
    }
}
