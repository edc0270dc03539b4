//! What was counted on one day of a zone.

use jiff::civil::Date;

use crate::domain::local_time::Zone;
use crate::domain::outcomes::{OutcomeCounts, OutcomeIncrement};
use crate::domain::time::Timestamp;

/// What was counted of one campaign on a day, on the clock of a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayCounts {
    /// The day.
    pub day: Date,
    /// What became known on it.
    pub counts: OutcomeCounts,
    /// For how much of the day that is known, in milliseconds.
    pub known_millis: u64,
    /// For how long before the day calls are among the counts, in milliseconds: those of an interval that began before midnight.
    pub carried_millis: u64,
}

/// Returns when a day begins in a zone: its first instant, where the clocks skip midnight.
#[must_use]
pub fn day_begins(day: Date, zone: &Zone) -> Timestamp {
    let zoned = day.to_zoned(zone.rules().clone());
    // It fails only for years that no clock shows.
    zoned.map_or(Timestamp::default(), |zoned| {
        Timestamp::from_unix_millis(zoned.timestamp().as_millisecond())
    })
}

/// Returns the day of an instant; none of one that no calendar has.
pub(super) fn day_of(at: Timestamp, zone: &Zone) -> Option<Date> {
    let at = jiff::Timestamp::from_millisecond(at.as_unix_millis()).ok()?;
    Some(at.to_zoned(zone.rules().clone()).date())
}

impl DayCounts {
    /// Returns an increment as what it adds to the day on which it became known. One that ends at midnight is of the day that ends.
    #[must_use]
    pub fn new(increment: &OutcomeIncrement, zone: &Zone) -> Option<Self> {
        let OutcomeIncrement {
            counts,
            from,
            until,
        } = *increment;
        let mut last = until;
        if from < until {
            last.shift(-1);
        }
        let day = day_of(last, zone)?;
        let begins = day_begins(day, zone);
        let millis =
            |span: std::time::Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Some(Self {
            day,
            counts,
            known_millis: millis(until.since(from.max(begins))),
            carried_millis: millis(begins.since(from)),
        })
    }

    /// Adds what else became known on the same day.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            day: self.day,
            counts: self.counts.plus(other.counts),
            known_millis: self.known_millis.saturating_add(other.known_millis),
            carried_millis: self.carried_millis.max(other.carried_millis),
        }
    }
}
