//! The calls of the last two hours, for people and for whether the share responds: no threshold rests on them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;

use super::counters::CallDelta;

/// Calls by the ten minutes in which they were read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(i64, CallDelta)>", into = "Vec<(i64, CallDelta)>")]
pub(super) struct RecentCalls(BTreeMap<i64, CallDelta>);

// Pairs, since numbers as keys of JSON are not read back within an enum that is told by a tag.
impl From<Vec<(i64, CallDelta)>> for RecentCalls {
    fn from(slots: Vec<(i64, CallDelta)>) -> Self {
        Self(slots.into_iter().collect())
    }
}

impl From<RecentCalls> for Vec<(i64, CallDelta)> {
    fn from(recent: RecentCalls) -> Self {
        recent.0.into_iter().collect()
    }
}

const SLOTS: i64 = 12;
const SLOT_MILLIS: i64 = 10 * 60 * 1_000;

/// What the slots cover at most; the newest one is not over yet.
pub(super) const SPAN: Duration = Duration::from_secs(2 * 60 * 60);

impl RecentCalls {
    pub(super) fn add(&mut self, calls: CallDelta, until: Timestamp) {
        self.forget_old(until);
        let slot = self.0.entry(slot(until)).or_default();
        slot.connected = slot.connected.saturating_add(calls.connected);
        slot.abandoned = slot.abandoned.saturating_add(calls.abandoned);
    }

    /// The calls until `until`.
    pub(super) fn sum(&self, until: Timestamp) -> CallDelta {
        let mut sum = CallDelta::default();
        for calls in self.0.range(oldest(until)..).map(|(_, calls)| calls) {
            sum.connected = sum.connected.saturating_add(calls.connected);
            sum.abandoned = sum.abandoned.saturating_add(calls.abandoned);
        }
        sum
    }

    /// Moves the slots by so many milliseconds, as near as whole slots come.
    pub(super) fn shift_clock(&mut self, milliseconds: i64) {
        let slots = nearest(milliseconds, SLOT_MILLIS);
        if slots != 0 {
            let moved = std::mem::take(&mut self.0).into_iter();
            self.0 = moved
                .map(|(slot, calls)| (slot.saturating_add(slots), calls))
                .collect();
        }
    }

    fn forget_old(&mut self, until: Timestamp) {
        let kept = oldest(until)..=slot(until);
        self.0.retain(|slot, _| kept.contains(slot));
    }
}

/// So many whole units as come nearest.
pub(super) fn nearest(milliseconds: i64, unit: i64) -> i64 {
    milliseconds
        .saturating_add(unit.div_euclid(2))
        .div_euclid(unit)
}

fn slot(at: Timestamp) -> i64 {
    at.as_unix_millis().div_euclid(SLOT_MILLIS)
}

fn oldest(at: Timestamp) -> i64 {
    slot(at).saturating_sub(SLOTS.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgets_what_is_older_than_two_hours() {
        let minute = |minute: i64| Timestamp::from_unix_millis(minute.saturating_mul(60_000));
        let calls = |connected, abandoned| CallDelta {
            connected,
            abandoned,
        };
        let mut recent = RecentCalls::default();
        recent.add(calls(100, 1), minute(5));
        recent.add(calls(200, 2), minute(15));
        recent.add(calls(300, 0), minute(119));
        assert_eq!(recent.sum(minute(119)), calls(600, 3));
        assert_eq!(recent.sum(minute(125)), calls(500, 2));
        recent.add(calls(1, 0), minute(10_000));
        assert_eq!(recent.0.len(), 1);
    }
}
