//! The share of answered calls that may be abandoned.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::thresholds::{Limit, Share};

/// The share of answered calls that may be abandoned, in hundredths of a percent: from 0.01% to 20%.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct AbandonTarget(u32);

/// A text or number that is no such share.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a share of the answered calls from 0.01% to 20%, such as 0.5%")]
pub struct AbandonTargetError(String);

impl AbandonTarget {
    /// The whole, in the same unit.
    pub(super) const WHOLE: u32 = 10_000;

    /// A centre in which every fifth call is abandoned is not steered by a share.
    const HIGHEST: u32 = 2_000;

    /// Returns the share in hundredths of a percent.
    #[must_use]
    pub const fn hundredths_of_percent(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for AbandonTarget {
    type Error = AbandonTargetError;

    fn try_from(hundredths: u32) -> Result<Self, AbandonTargetError> {
        if (1..=Self::HIGHEST).contains(&hundredths) {
            Ok(Self(hundredths))
        } else {
            Err(AbandonTargetError(Share::from(hundredths).to_string()))
        }
    }
}

impl From<AbandonTarget> for u32 {
    fn from(target: AbandonTarget) -> Self {
        target.0
    }
}

impl FromStr for AbandonTarget {
    type Err = AbandonTargetError;

    fn from_str(text: &str) -> Result<Self, AbandonTargetError> {
        let wrong = || AbandonTargetError(text.to_owned());
        match text.parse() {
            Ok(Limit::Share(share)) => Self::try_from(u32::from(share)).map_err(|_| wrong()),
            Ok(Limit::Agents(_)) | Err(_) => Err(wrong()),
        }
    }
}

impl fmt::Display for AbandonTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Share::from(self.0).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_share_within_its_bounds() {
        for (text, hundredths) in [("0.5%", 50), ("3%", 300), ("0.01%", 1), ("20%", 2_000)] {
            let target: AbandonTarget = text.parse().unwrap();
            assert_eq!(target.hundredths_of_percent(), hundredths);
            assert_eq!(target.to_string(), text);
        }
        for wrong in ["", "0%", "0.5", "5", "20.01%", "-1%", "0.005%"] {
            assert!(wrong.parse::<AbandonTarget>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_stored_share_out_of_bounds_is_refused() {
        assert_eq!(
            serde_json::from_str::<AbandonTarget>("50").unwrap(),
            AbandonTarget(50)
        );
        assert!(serde_json::from_str::<AbandonTarget>("0").is_err());
        assert!(serde_json::from_str::<AbandonTarget>("2001").is_err());
    }
}
