//! What became of a campaign's dials, as documents.

use serde::{Deserialize, Serialize};

use crate::domain::Timestamp;
use crate::domain::outcomes::{OutcomeMemory, OutcomeSlot};

/// What is known of a campaign's dials in the two hours before now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutcomesDocument {
    /// Until when they are counted.
    pub as_of: String,
    /// Who counts: `platform` or `fed`.
    pub source: String,
    /// The time that the window covers, in seconds.
    pub window_s: u64,
    /// For how much of it the counts are known, in seconds. What came at another time is unknown and not zero.
    pub known_s: u64,
    /// Dials.
    pub dials: u64,
    /// Dials that a person answered.
    pub answered: u64,
    /// Answered calls that reached an agent.
    pub connected: u64,
    /// Answered calls that no agent took in time.
    pub abandoned: u64,
    /// Abandoned calls as a share of connected and abandoned ones; nothing while there are none.
    pub abandoned_share: Option<f64>,
    /// The same in words.
    pub says: String,
}

/// Columns of the same length: what was counted in slots of ten minutes, the oldest first. Of a time without a slot nothing is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeColumns {
    /// When the slot begins, in milliseconds since the Unix epoch.
    pub from_ms: Vec<i64>,
    /// Until when it is counted, in milliseconds since the Unix epoch.
    pub until_ms: Vec<i64>,
    /// The time for which the counts are known, in milliseconds.
    pub known_ms: Vec<u64>,
    /// Dials.
    pub dials: Vec<u64>,
    /// Dials that a person answered.
    pub answered: Vec<u64>,
    /// Answered calls that reached an agent.
    pub connected: Vec<u64>,
    /// Answered calls that no agent took in time.
    pub abandoned: Vec<u64>,
}

impl OutcomesDocument {
    /// Describes what is known at `now`; nothing before the first reading.
    pub(super) fn of(outcomes: &OutcomeMemory, now: Timestamp) -> Option<Self> {
        let last = outcomes.last()?;
        let window = outcomes.window(now);
        let share = window.counts.abandoned_per_million();
        // A million at most.
        let parts = share.map(|parts| u32::try_from(parts).unwrap_or(u32::MAX));
        let [dials, answered, connected, abandoned] = window.counts.numbers();
        Some(Self {
            as_of: last.until.to_string(),
            source: last.source.label().to_owned(),
            window_s: window.span.as_secs(),
            known_s: window.known.as_secs(),
            dials,
            answered,
            connected,
            abandoned,
            abandoned_share: parts.map(|parts| f64::from(parts) / 1e6),
            says: window.to_string(),
        })
    }
}

impl OutcomeColumns {
    pub(super) fn of(slots: &[OutcomeSlot]) -> Self {
        let mut columns = Self::default();
        for slot in slots {
            let OutcomeSlot {
                from,
                until,
                known_millis,
                counts,
            } = slot;
            let [dials, answered, connected, abandoned] = counts.numbers();
            columns.from_ms.push(from.as_unix_millis());
            columns.until_ms.push(until.as_unix_millis());
            columns.known_ms.push(*known_millis);
            columns.dials.push(dials);
            columns.answered.push(answered);
            columns.connected.push(connected);
            columns.abandoned.push(abandoned);
        }
        columns
    }
}
