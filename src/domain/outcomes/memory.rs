//! What is remembered of a campaign's outcomes, and how a reading is taken in.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::aim::CallCounters;
use crate::domain::time::Timestamp;

use super::counts::OutcomeCounts;
use super::increment::OutcomeIncrement;
use super::reading::{OutcomeReading, OutcomeSource};
use super::window::{OutcomeSlot, OutcomeWindow, Slots};

/// For so long after a fed reading, readings of the platform are ignored.
const FED_LEADS: Duration = Duration::from_secs(60 * 60);

/// Everything that is remembered of a campaign's outcomes over a restart; of bounded size.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeMemory {
    /// The last reading, which the next one is compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last: Option<OutcomeReading>,
    /// The last base: since then nothing is missing in `total`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base: Option<Timestamp>,
    /// The sum of all increments.
    #[serde(default)]
    total: OutcomeCounts,
    /// Answered calls whose fate is not known yet, where connected calls are not counted.
    #[serde(default)]
    undecided: u64,
    #[serde(default, skip_serializing_if = "Slots::is_empty")]
    slots: Slots,
}

/// What a reading showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutcomesRead {
    /// The first one: a base.
    First,
    /// Counters were reset since the last one, or are of another period or source: a new base.
    Reset,
    /// It says nothing newer than the last one.
    Older,
    /// It is the platform's, and fed readings go before it.
    Superseded,
    /// So many since the last one.
    Counted(OutcomeIncrement),
}

impl OutcomesRead {
    /// The labels of all.
    pub const LABELS: [&'static str; 5] = ["first", "reset", "older", "superseded", "counted"];

    /// Returns the label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Reset => "reset",
            Self::Older => "older",
            Self::Superseded => "superseded",
            Self::Counted(_) => "counted",
        }
    }
}

impl OutcomeMemory {
    /// Returns the last reading that was taken in.
    #[must_use]
    pub const fn last(&self) -> Option<&OutcomeReading> {
        self.last.as_ref()
    }

    /// Returns the sum of all increments; it never falls.
    #[must_use]
    pub const fn total(&self) -> OutcomeCounts {
        self.total
    }

    /// Returns the connected and abandoned calls that were counted, for the aim: counters that never fall, and that count since
    /// another moment where something between two of them is unknown.
    #[must_use]
    pub fn calls(&self) -> Option<CallCounters> {
        Some(CallCounters {
            since: self.base?,
            until: self.last.as_ref()?.until,
            connected: self.total.connected,
            abandoned: self.total.abandoned,
        })
    }

    /// Returns what is known of the two hours before `now`.
    #[must_use]
    pub fn window(&self, now: Timestamp) -> OutcomeWindow {
        self.slots.window(now)
    }

    /// Returns the newest slot, which the store keeps.
    #[must_use]
    pub fn newest_slot(&self) -> Option<&OutcomeSlot> {
        self.slots.newest()
    }

    /// Whether fed readings go before those of the platform at `now`, so that it needs not be asked.
    #[must_use]
    pub fn is_fed(&self, now: Timestamp) -> bool {
        self.last.as_ref().is_some_and(|last| {
            last.source == OutcomeSource::Fed && now.since(last.until) < FED_LEADS
        })
    }

    /// Observes one reading. A reading that failed is not observed at all.
    pub fn observe(&mut self, reading: OutcomeReading) -> OutcomesRead {
        let Some(before) = self.last else {
            self.last = Some(reading);
            self.base = Some(reading.until);
            return OutcomesRead::First;
        };
        let same_source = reading.source == before.source;
        if !same_source && reading.source == OutcomeSource::Platform && self.is_fed(reading.until) {
            return OutcomesRead::Superseded;
        }
        if same_source && reading.until < before.until {
            return OutcomesRead::Older;
        }
        self.last = Some(reading);
        let counted = if !same_source {
            None
        } else if reading.since == before.since {
            let counted = reading.counters.since(before.counters);
            counted.map(|counts| (counts, before.until))
        } else if reading.source == OutcomeSource::Fed && reading.since >= before.until {
            // A period of its own: nothing of it was in the one before.
            Some((reading.counters.whole(), reading.since))
        } else {
            None
        };
        let Some((mut counts, from)) = counted else {
            self.undecided = 0;
            self.base = Some(reading.until);
            return OutcomesRead::Reset;
        };
        if reading.counters.connected.is_none() {
            counts.connected = self.decide(counts);
        }
        self.total = self.total.plus(counts);
        self.slots.add(counts, from, reading.until);
        OutcomesRead::Counted(OutcomeIncrement {
            counts,
            from,
            until: reading.until,
        })
    }

    /// Returns how many of the calls that were answered before the last reading are known to have been connected: abandoned ones
    /// may be among them or among the newer ones, and count as among them.
    fn decide(&mut self, counts: OutcomeCounts) -> u64 {
        let connected = self.undecided.saturating_sub(counts.abandoned);
        self.undecided = self
            .undecided
            .saturating_add(counts.answered)
            .saturating_sub(connected)
            .saturating_sub(counts.abandoned);
        connected
    }

    /// Moves the time of the last reading, because the clock that it was read from was set by so many milliseconds. What was
    /// written down of the past stays.
    pub(in crate::domain) fn shift_clock(&mut self, milliseconds: i64) {
        if let Some(last) = &mut self.last {
            last.until.shift(milliseconds);
        }
    }

    /// Pulls the time of the last reading back to now, if it lies in the future.
    pub(in crate::domain) fn clamp(&mut self, now: Timestamp) {
        if let Some(last) = &mut self.last {
            last.until = last.until.min(now);
        }
    }
}
