//! k of the last n valid samples: how sure a crossing has to be before it is acted on.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// `k` of the last `n` valid samples, `1 <= k <= n <= 32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    k: u8,
    n: u8,
}

/// A text that is not of the form `k/n`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not k/n with 1 <= k <= n <= 32, such as 2/3: two of the last three samples")]
pub struct ConfirmationError(String);

impl Confirmation {
    /// One sample is enough: the reference rule.
    pub const AT_ONCE: Self = Self { k: 1, n: 1 };

    /// How many samples have to agree.
    #[must_use]
    pub fn needed(self) -> u8 {
        self.k
    }

    /// How many of the last samples are looked at.
    #[must_use]
    pub fn of_last(self) -> u8 {
        self.n
    }
}

impl FromStr for Confirmation {
    type Err = ConfirmationError;

    fn from_str(text: &str) -> Result<Self, ConfirmationError> {
        let wrong = || ConfirmationError(text.to_owned());
        let (k, n) = text.split_once('/').ok_or_else(wrong)?;
        let (k, n): (u8, u8) = (
            k.parse().map_err(|_| wrong())?,
            n.parse().map_err(|_| wrong())?,
        );
        if k >= 1 && k <= n && n <= 32 {
            Ok(Self { k, n })
        } else {
            Err(wrong())
        }
    }
}

impl fmt::Display for Confirmation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.k, self.n)
    }
}

/// Which of the last samples since the last transition met a condition; the newest is the lowest bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SampleWindow(u32);

impl SampleWindow {
    pub(crate) fn push(&mut self, met: bool) {
        self.0 = self.0.wrapping_shl(1) | u32::from(met);
    }

    pub(crate) fn clear(&mut self) {
        self.0 = 0;
    }

    /// How many of the last `confirmation.n` samples met the condition.
    pub(crate) fn count(self, confirmation: Confirmation) -> u8 {
        let mask = u32::MAX.wrapping_shr(32_u32.saturating_sub(u32::from(confirmation.n)));
        u8::try_from((self.0 & mask).count_ones()).unwrap_or(u8::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_only_the_last_n() {
        let mut window = SampleWindow::default();
        for met in [true, true, false, true] {
            window.push(met);
        }
        assert_eq!(window.count("1/1".parse().unwrap()), 1);
        assert_eq!(window.count("2/3".parse().unwrap()), 2);
        assert_eq!(window.count("3/32".parse().unwrap()), 3);
        window.clear();
        assert_eq!(window.count("3/32".parse().unwrap()), 0);
    }

    #[test]
    fn refuses_what_can_never_be_met() {
        for wrong in ["", "2", "0/3", "3/2", "1/33", "a/b", "-1/2"] {
            assert!(wrong.parse::<Confirmation>().is_err(), "{wrong}");
        }
    }
}
