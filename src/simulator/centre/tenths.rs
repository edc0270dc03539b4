//! Levers of a dialler in tenths: dials for each idle agent, and agents who are kept idle.

use std::fmt;
use std::str::FromStr;

/// A number in tenths: of dials for each idle agent, or of agents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct TenthsOfAgents(u32);

impl TenthsOfAgents {
    /// None.
    pub const ZERO: Self = Self(0);
    /// One.
    pub const ONE: Self = Self(10);

    /// Returns so many tenths.
    #[must_use]
    pub const fn from_tenths(tenths: u32) -> Self {
        Self(tenths)
    }

    /// Returns so many whole ones.
    #[must_use]
    pub const fn from_agents(whole: u32) -> Self {
        Self(whole.saturating_mul(10))
    }

    /// Returns the number of tenths.
    #[must_use]
    pub const fn tenths(self) -> u32 {
        self.0
    }

    /// Returns the whole part.
    #[must_use]
    pub const fn whole(self) -> u32 {
        self.0 / 10
    }

    /// Returns the part beyond the whole one, from zero to below one.
    #[must_use]
    pub fn fraction(self) -> f64 {
        f64::from(self.0 % 10) / 10.0
    }

    /// Returns the whole part of so many times a count.
    #[must_use]
    pub fn times(self, count: u32) -> u32 {
        let product = u64::from(self.0) * u64::from(count) / 10;
        u32::try_from(product).unwrap_or(u32::MAX)
    }
}

impl fmt::Display for TenthsOfAgents {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 % 10 {
            0 => write!(formatter, "{}", self.whole()),
            tenths => write!(formatter, "{}.{tenths}", self.whole()),
        }
    }
}

impl FromStr for TenthsOfAgents {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
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
            .ok_or_else(|| format!("`{text}` is not a number in tenths, such as 4 or 4.5"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenths_are_read_and_printed() {
        for (text, tenths) in [("0", 0), ("4", 40), ("4.5", 45), ("12.1", 121), ("3.0", 30)] {
            let read: TenthsOfAgents = text.parse().unwrap();
            assert_eq!(read.tenths(), tenths, "{text}");
            let printed: TenthsOfAgents = read.to_string().parse().unwrap();
            assert_eq!(printed, read);
        }
        for wrong in [
            "",
            ".5",
            "1.",
            "1.25",
            "-1",
            "+1",
            "x",
            "1.5.5",
            "429496730",
        ] {
            assert!(wrong.parse::<TenthsOfAgents>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_product_is_rounded_down() {
        let number = TenthsOfAgents::from_tenths(18);
        assert_eq!((number.times(5), number.times(4)), (9, 7));
        assert_eq!(
            TenthsOfAgents::from_tenths(u32::MAX).times(u32::MAX),
            u32::MAX
        );
    }
}
