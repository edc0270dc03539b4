//! Dials and what became of them, as numbers.

use serde::{Deserialize, Serialize};

/// Dials that were counted, and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeCounts {
    /// Dials.
    pub dials: u64,
    /// Dials that a person answered.
    pub answered: u64,
    /// Answered calls that reached an agent.
    pub connected: u64,
    /// Answered calls that no agent took in time.
    pub abandoned: u64,
}

/// Parts of a whole in which shares are counted: hundredths of a percent are whole numbers then.
const MILLION: u64 = 1_000_000;

impl OutcomeCounts {
    /// The labels of the counts, in the order of [`OutcomeCounts::numbers`].
    pub const LABELS: [&'static str; 4] = ["dials", "answered", "connected", "abandoned"];

    /// Returns the counts in the order of [`OutcomeCounts::LABELS`].
    #[must_use]
    pub const fn numbers(self) -> [u64; 4] {
        [self.dials, self.answered, self.connected, self.abandoned]
    }

    /// Returns both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            dials: self.dials.saturating_add(other.dials),
            answered: self.answered.saturating_add(other.answered),
            connected: self.connected.saturating_add(other.connected),
            abandoned: self.abandoned.saturating_add(other.abandoned),
        }
    }

    /// Returns the answered calls whose fate is known: the denominator of the abandoned share.
    #[must_use]
    pub const fn decided(self) -> u64 {
        self.connected.saturating_add(self.abandoned)
    }

    /// Returns the abandoned calls for each million of those whose fate is known; none of none.
    #[must_use]
    pub fn abandoned_per_million(self) -> Option<u64> {
        let whole = u128::from(self.decided());
        let share = u128::from(self.abandoned).saturating_mul(MILLION.into());
        let share = share.checked_div(whole)?;
        Some(u64::try_from(share).unwrap_or(MILLION))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_nothing_is_unknown() {
        let counts = |connected, abandoned| OutcomeCounts {
            connected,
            abandoned,
            ..OutcomeCounts::default()
        };
        assert_eq!(counts(0, 0).abandoned_per_million(), None);
        assert_eq!(counts(7, 0).abandoned_per_million(), Some(0));
        assert_eq!(counts(995, 5).abandoned_per_million(), Some(5_000));
        assert_eq!(counts(0, u64::MAX).abandoned_per_million(), Some(MILLION));
    }
}
