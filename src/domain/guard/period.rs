//! The periods that limits are counted in.

use std::fmt;
use std::str::FromStr;

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::local_time::Zone;
use crate::domain::time::Timestamp;

use super::day::day_begins;

/// A period of whole days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GuardPeriod {
    /// The day.
    Day,
    /// The month of the calendar.
    Month,
    /// Thirty days, and the next thirty, from a day on.
    Successive {
        /// The first day of the first of them.
        starts: Date,
    },
    /// The last days up to today.
    Rolling {
        /// How many, today included.
        days: u8,
    },
}

/// A text that is no period.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no period")]
pub struct GuardPeriodError(String);

/// Days from one to another, both of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DaySpan {
    /// The first.
    pub first: Date,
    /// The last.
    pub last: Date,
}

/// The days of a successive period.
const SUCCESSIVE: i64 = 30;

impl GuardPeriod {
    /// The most days that roll: two months, so that the days are still kept.
    pub const MOST_ROLLING: u8 = 62;

    /// What people write for successive periods.
    pub const SUCCESSIVE: &str = "successive 30 days";

    /// Returns the period that a day is in; none before the first one, or where no calendar reaches.
    #[must_use]
    pub fn containing(self, day: Date) -> Option<DaySpan> {
        let span = |first: Date, days: i64| {
            let last = first.checked_add(days.saturating_sub(1).days()).ok()?;
            Some(DaySpan { first, last })
        };
        match self {
            Self::Day => span(day, 1),
            Self::Month => Some(DaySpan {
                first: day.first_of_month(),
                last: day.last_of_month(),
            }),
            Self::Successive { starts } => {
                let passed = day.duration_since(starts).as_hours().div_euclid(24);
                let number = u64::try_from(passed).ok()?;
                let number = i64::try_from(number.checked_div(SUCCESSIVE.unsigned_abs())?).ok()?;
                let first = starts.checked_add(number.checked_mul(SUCCESSIVE)?.days());
                span(first.ok()?, SUCCESSIVE)
            }
            Self::Rolling { days } => {
                let days = i64::from(days);
                let first = day.checked_sub(days.saturating_sub(1).days()).ok()?;
                span(first, days)
            }
        }
    }

    /// Returns the period before another one of its kind, if there is one.
    #[must_use]
    pub fn before(self, span: DaySpan) -> Option<DaySpan> {
        self.containing(span.first.yesterday().ok()?)
    }
}

impl DaySpan {
    /// Returns when it begins in a zone.
    #[must_use]
    pub fn begins(self, zone: &Zone) -> Timestamp {
        day_begins(self.first, zone)
    }

    /// Returns when it ends in a zone: with the beginning of the day after it.
    #[must_use]
    pub fn ends(self, zone: &Zone) -> Timestamp {
        self.last
            .tomorrow()
            .map_or(Timestamp::from_unix_millis(i64::MAX), |after| {
                day_begins(after, zone)
            })
    }
}

impl fmt::Display for DaySpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, last } = self;
        if first == last {
            write!(f, "{first}")
        } else {
            write!(f, "{first} to {last}")
        }
    }
}

impl fmt::Display for GuardPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day => f.write_str("day"),
            Self::Month => f.write_str("month"),
            Self::Successive { starts } => write!(f, "{} from {starts}", Self::SUCCESSIVE),
            Self::Rolling { days } => write!(f, "rolling {days} days"),
        }
    }
}

/// A period as it is written: successive ones name their first day elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrittenPeriod {
    /// One that says everything.
    Whole(GuardPeriod),
    /// Successive periods, from a day that is given elsewhere.
    Successive,
}

impl FromStr for WrittenPeriod {
    type Err = GuardPeriodError;

    fn from_str(text: &str) -> Result<Self, GuardPeriodError> {
        let wrong = || GuardPeriodError(text.to_owned());
        match text {
            "day" => return Ok(Self::Whole(GuardPeriod::Day)),
            "month" => return Ok(Self::Whole(GuardPeriod::Month)),
            GuardPeriod::SUCCESSIVE => return Ok(Self::Successive),
            _ => {}
        }
        let days = text.strip_prefix("rolling ").and_then(|rest| {
            let days = rest.strip_suffix(" days").or(rest.strip_suffix(" day"))?;
            days.parse::<u8>().ok()
        });
        days.filter(|days| (1..=GuardPeriod::MOST_ROLLING).contains(days))
            .map(|days| Self::Whole(GuardPeriod::Rolling { days }))
            .ok_or_else(wrong)
    }
}
