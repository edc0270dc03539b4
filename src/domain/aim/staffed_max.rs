//! The most agents that were staffed within five days.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;

use super::recent_calls::nearest;

/// Each day's most staffed agents, of today and the four days before. Days are those of UTC: where they begin matters little,
/// since a maximum of five days includes a working day wherever they do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(i64, u32)>", into = "Vec<(i64, u32)>")]
pub(super) struct StaffedMax(BTreeMap<i64, u32>);

// Pairs, since numbers as keys of JSON are not read back within an enum that is told by a tag.
impl From<Vec<(i64, u32)>> for StaffedMax {
    fn from(days: Vec<(i64, u32)>) -> Self {
        Self(days.into_iter().collect())
    }
}

impl From<StaffedMax> for Vec<(i64, u32)> {
    fn from(most: StaffedMax) -> Self {
        most.0.into_iter().collect()
    }
}

const DAYS: i64 = 5;
const DAY_MILLIS: i64 = 24 * 60 * 60 * 1_000;

impl StaffedMax {
    /// Counts one reading. Days that lie ahead, after a jump of the clock, are forgotten like old ones.
    pub(super) fn observe(&mut self, staffed: u32, now: Timestamp) {
        let today = now.as_unix_millis().div_euclid(DAY_MILLIS);
        let oldest = today.saturating_sub(DAYS.saturating_sub(1));
        self.0.retain(|day, _| (oldest..=today).contains(day));
        let most = self.0.entry(today).or_default();
        *most = staffed.max(*most);
    }

    /// Moves the days by so many milliseconds, as near as whole days come.
    pub(super) fn shift_clock(&mut self, milliseconds: i64) {
        let days = nearest(milliseconds, DAY_MILLIS);
        if days != 0 {
            let moved = std::mem::take(&mut self.0).into_iter();
            self.0 = moved
                .map(|(day, most)| (day.saturating_add(days), most))
                .collect();
        }
    }

    /// The maximum; none before the first reading.
    pub(super) fn get(&self) -> Option<u32> {
        self.0.values().max().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i64) -> Timestamp {
        Timestamp::from_unix_millis(day.saturating_mul(DAY_MILLIS))
    }

    #[test]
    fn a_day_counts_for_five_days() {
        let mut most = StaffedMax::default();
        assert_eq!(most.get(), None);
        most.observe(40, day(100));
        most.observe(7, day(100));
        most.observe(3, day(104));
        assert_eq!(most.get(), Some(40));
        most.observe(3, day(105));
        assert_eq!(most.get(), Some(3));
    }

    #[test]
    fn keeps_five_days_whatever_the_clock_does() {
        let mut most = StaffedMax::default();
        for at in [100, 3, 101, 102, 103, 104, 105, 106, -7, 106] {
            most.observe(1, day(at));
            assert!(most.0.len() <= 5, "{most:?}");
        }
    }
}
