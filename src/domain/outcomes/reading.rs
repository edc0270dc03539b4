//! One reading of a campaign's counters.

use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;

use super::counts::OutcomeCounts;

/// Counters of all of a campaign's dials since some moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeCounters {
    /// Dials.
    pub dials: u64,
    /// Dials that a person answered.
    pub answered: u64,
    /// Answered calls that reached an agent, where that is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connected: Option<u64>,
    /// Answered calls that no agent took in time.
    pub abandoned: u64,
}

/// Who counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeSource {
    /// The platform.
    Platform,
    /// Whoever feeds the daemon by a file or a request.
    Fed,
}

/// One reading of a campaign's counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeReading {
    /// Since when they count.
    pub since: Timestamp,
    /// Until when everything is counted.
    pub until: Timestamp,
    /// The counters.
    #[serde(flatten)]
    pub counters: OutcomeCounters,
    /// Who counted.
    pub source: OutcomeSource,
}

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1_000;

/// Returns the beginning of the day in UTC, since when is asked for what a platform counts by spans.
#[must_use]
pub fn start_of_day(at: Timestamp) -> Timestamp {
    let millis = at.as_unix_millis();
    Timestamp::from_unix_millis(millis.saturating_sub(millis.rem_euclid(DAY_MILLIS)))
}

impl OutcomeSource {
    /// Returns the label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Fed => "fed",
        }
    }
}

impl OutcomeCounters {
    /// Returns what was counted since an earlier value; none when a counter fell, or is counted where it was not before. Where
    /// connected calls are not counted, there are none of them here.
    pub(super) fn since(self, earlier: Self) -> Option<OutcomeCounts> {
        let connected = match (self.connected, earlier.connected) {
            (Some(now), Some(before)) => now.checked_sub(before)?,
            (None, None) => 0,
            (Some(_), None) | (None, Some(_)) => return None,
        };
        Some(OutcomeCounts {
            dials: self.dials.checked_sub(earlier.dials)?,
            answered: self.answered.checked_sub(earlier.answered)?,
            connected,
            abandoned: self.abandoned.checked_sub(earlier.abandoned)?,
        })
    }

    /// Returns all that was counted; connected calls are none where they are not counted.
    pub(super) fn whole(self) -> OutcomeCounts {
        OutcomeCounts {
            dials: self.dials,
            answered: self.answered,
            connected: self.connected.unwrap_or_default(),
            abandoned: self.abandoned,
        }
    }
}
