//! Calls an hour, and how much capacity an agent has left by them.
//!
//! The capacity score is `max(0, (target - recent) / target)`, and 0 for a target of 0. It is counted
//! in thousandths so that plans are made of whole numbers and come out the same everywhere.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Thousandths in one.
const MILLI: u64 = 1_000;

/// More calls an hour than a second has milliseconds are a slip of the unit.
const MOST_PER_HOUR: u64 = 100_000;

/// Calls an hour, in thousandths. Never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CallRate(u64);

/// A text that is not a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RateError {
    /// Not a number.
    #[error("is not a number")]
    NoNumber,
    /// Below zero: a negative target or rate would give scores above 1.
    #[error("is negative")]
    Negative,
    /// More than makes sense.
    #[error("is too large")]
    TooGreat,
}

impl CallRate {
    /// A rate from thousandths of a call an hour.
    #[must_use]
    pub const fn from_milli(milli: u64) -> Self {
        Self(milli)
    }

    /// Thousandths of a call an hour.
    #[must_use]
    pub const fn milli(self) -> u64 {
        self.0
    }

    /// So many calls within so many milliseconds.
    #[must_use]
    pub fn measured(calls: u64, within_ms: u64) -> Self {
        // Milliseconds in an hour, and thousandths.
        let scaled = u128::from(calls).saturating_mul(3_600_000_000);
        let rate = scaled.checked_div(u128::from(within_ms)).unwrap_or(0);
        Self(u64::try_from(rate).unwrap_or(u64::MAX))
    }
}

impl FromStr for CallRate {
    type Err = RateError;

    /// Reads a decimal number; digits beyond thousandths are dropped.
    fn from_str(text: &str) -> Result<Self, RateError> {
        milli(text, MOST_PER_HOUR).map(Self)
    }
}

impl fmt::Display for CallRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        decimal(f, self.0)
    }
}

/// How much each agent on a campaign counts against one on another, in thousandths; above 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Weight(u64);

impl Weight {
    /// The greatest weight.
    pub const MOST: u64 = 100;

    /// Thousandths.
    #[must_use]
    pub const fn milli(self) -> u64 {
        self.0
    }
}

impl Default for Weight {
    fn default() -> Self {
        Self(MILLI)
    }
}

impl FromStr for Weight {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        milli(text, Self::MOST).map(Self)
    }
}

impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        decimal(f, self.0)
    }
}

/// How much of its target an agent has left, in thousandths: 0 to 1000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Score(u64);

impl Score {
    /// Computes the score of an agent that was on so many calls, on a campaign that wants `target`:
    /// `max(0, (target - recent) / target)`, and 0 when the target is 0.
    #[must_use]
    pub fn new(target: CallRate, recent: CallRate) -> Self {
        let left = target.0.saturating_sub(recent.0).saturating_mul(MILLI);
        Self(left.checked_div(target.0).unwrap_or(0))
    }

    /// Thousandths.
    #[must_use]
    pub const fn milli(self) -> u64 {
        self.0
    }

    /// Whether an agent with these rates may be put on a campaign anew: the score has to be above 0.3. It is
    /// compared without rounding.
    #[must_use]
    pub fn enough_for_new(target: CallRate, recent: CallRate) -> bool {
        let left = target.0.saturating_sub(recent.0);
        left.saturating_mul(10) > target.0.saturating_mul(3)
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        decimal(f, self.0)
    }
}

/// A decimal text as thousandths.
fn milli(text: &str, most: u64) -> Result<u64, RateError> {
    let text = text.trim();
    if let Some(positive) = text.strip_prefix('-').filter(|rest| !rest.starts_with('-')) {
        return match milli(positive, u64::MAX) {
            Err(wrong) => Err(wrong),
            Ok(0) => Ok(0),
            Ok(_) => Err(RateError::Negative),
        };
    }
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) {
        return Err(RateError::NoNumber);
    }
    let whole: u64 = whole.parse().map_err(|_| RateError::TooGreat)?;
    let part = part
        .bytes()
        .chain(*b"000")
        .take(3)
        .fold(0_u64, |sum, digit| {
            sum.saturating_mul(10)
                .saturating_add(u64::from(digit.saturating_sub(b'0')))
        });
    let read = whole.saturating_mul(MILLI).saturating_add(part);
    if read > most.saturating_mul(MILLI) {
        return Err(RateError::TooGreat);
    }
    Ok(read)
}

fn decimal(f: &mut fmt::Formatter<'_>, milli: u64) -> fmt::Result {
    let (whole, part) = (milli.div_euclid(MILLI), milli.rem_euclid(MILLI));
    if part == 0 {
        return write!(f, "{whole}");
    }
    let digits = format!("{part:03}");
    write!(f, "{whole}.{}", digits.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(text: &str) -> CallRate {
        text.parse().unwrap()
    }

    #[test]
    fn the_score_is_that_of_the_document() {
        for (target, recent, score) in [
            ("8.5", "0", "1"),
            ("8.5", "4.25", "0.5"),
            ("8.5", "8.5", "0"),
            ("8.5", "20", "0"),
            ("0", "0", "0"),
            ("0", "3", "0"),
            ("3", "2", "0.333"),
        ] {
            assert_eq!(Score::new(rate(target), rate(recent)).to_string(), score);
        }
    }

    #[test]
    fn a_new_pair_needs_more_than_three_tenths() {
        assert!(!Score::enough_for_new(rate("10"), rate("7")));
        assert!(Score::enough_for_new(rate("10"), rate("6.999")));
        assert!(!Score::enough_for_new(rate("0"), rate("0")));
    }

    #[test]
    fn negative_rates_are_refused() {
        assert_eq!("-1".parse::<CallRate>(), Err(RateError::Negative));
        assert_eq!("-0".parse::<CallRate>(), Ok(CallRate::default()));
        for wrong in ["", "x", "1e3", "NaN", "inf", "1.", ".5", "--1", "1.2.3"] {
            assert_eq!(
                wrong.parse::<CallRate>(),
                Err(RateError::NoNumber),
                "{wrong}"
            );
        }
        assert_eq!("100001".parse::<CallRate>(), Err(RateError::TooGreat));
        assert_eq!(
            "99999999999999999999999".parse::<CallRate>(),
            Err(RateError::TooGreat)
        );
        assert_eq!(rate("8.5678").to_string(), "8.567");
    }

    #[test]
    fn a_measured_rate_is_calls_over_time() {
        assert_eq!(CallRate::measured(3, 1_800_000), rate("6"));
        assert_eq!(CallRate::measured(3, 0), rate("0"));
    }
}
