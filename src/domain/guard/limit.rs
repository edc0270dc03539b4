//! The share that a guard allows.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::thresholds::{Limit, Share};

/// The share of calls that a guard allows, in hundredths of a percent: from 0.01% to 99.99%.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct GuardLimit(u32);

/// A text or number that is no such share.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no share from 0.01% to 99.99%")]
pub struct GuardLimitError(String);

/// The whole, in hundredths of a percent.
const WHOLE: u32 = 10_000;

impl GuardLimit {
    /// A limit that a preset names.
    pub(super) const fn percent(percent: u32) -> Self {
        Self(percent.saturating_mul(100))
    }

    /// Returns the share as a number between zero and one.
    #[must_use]
    pub fn as_ratio(self) -> f64 {
        f64::from(self.0) / f64::from(WHOLE)
    }

    /// Returns how many of `whole` calls it allows beyond those that were counted; negative where there are more than allowed. A part
    /// of a call is none.
    #[must_use]
    pub fn left_of(self, counted: u64, whole: u64) -> i64 {
        let allowed = u128::from(whole).saturating_mul(self.0.into());
        let allowed = allowed.checked_div(WHOLE.into()).unwrap_or_default();
        let allowed = i128::try_from(allowed).unwrap_or(i128::MAX);
        let left = allowed.saturating_sub(counted.into());
        i64::try_from(left).unwrap_or(if left < 0 { i64::MIN } else { i64::MAX })
    }

    /// Whether so many of `whole` are more than it allows.
    #[must_use]
    pub fn is_exceeded(self, counted: u64, whole: u64) -> bool {
        let counted = u128::from(counted).saturating_mul(WHOLE.into());
        counted > u128::from(whole).saturating_mul(self.0.into())
    }
}

impl TryFrom<u32> for GuardLimit {
    type Error = GuardLimitError;

    fn try_from(hundredths: u32) -> Result<Self, GuardLimitError> {
        if (1..WHOLE).contains(&hundredths) {
            Ok(Self(hundredths))
        } else {
            Err(GuardLimitError(Share::from(hundredths).to_string()))
        }
    }
}

impl From<GuardLimit> for u32 {
    fn from(limit: GuardLimit) -> Self {
        limit.0
    }
}

impl FromStr for GuardLimit {
    type Err = GuardLimitError;

    fn from_str(text: &str) -> Result<Self, GuardLimitError> {
        let wrong = || GuardLimitError(text.to_owned());
        match text.parse() {
            Ok(Limit::Share(share)) => Self::try_from(u32::from(share)).map_err(|_| wrong()),
            Ok(Limit::Agents(_)) | Err(_) => Err(wrong()),
        }
    }
}

impl fmt::Display for GuardLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Share::from(self.0).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_share_and_counts_what_it_leaves() {
        let limit: GuardLimit = "3%".parse().unwrap();
        assert_eq!(limit.to_string(), "3%");
        for (counted, whole, left) in [
            (0, 0, 0),
            (0, 33, 0),
            (0, 34, 1),
            (3, 100, 0),
            (4, 100, -1),
            (5, 1_000, 25),
            (u64::MAX, 0, i64::MIN),
        ] {
            assert_eq!(limit.left_of(counted, whole), left, "{counted} of {whole}");
        }
        assert!(!limit.is_exceeded(3, 100));
        assert!(limit.is_exceeded(31, 1_000));
        for wrong in ["", "3", "0%", "100%", "-1%", "0.001%"] {
            assert!(wrong.parse::<GuardLimit>().is_err(), "{wrong}");
        }
    }
}
