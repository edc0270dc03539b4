//! The counts of the last two hours, by slots of ten minutes.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;

use super::counts::OutcomeCounts;

/// Slots that the window has at most; the newest one is not over yet.
const SLOTS: i64 = 12;

const SLOT_MILLIS: i64 = 10 * 60 * 1_000;

/// What the window covers.
const SPAN: Duration = Duration::from_secs(2 * 60 * 60);

/// What was read within ten minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeSlot {
    /// When the ten minutes begin.
    pub from: Timestamp,
    /// Until when everything is counted.
    pub until: Timestamp,
    /// The time for which the counts are known, in milliseconds: intervals between two readings that were both of use.
    pub known_millis: u64,
    /// The counts.
    #[serde(flatten)]
    pub counts: OutcomeCounts,
}

/// The slots of the window, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Slots(Vec<OutcomeSlot>);

/// What is known of a campaign's calls in the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutcomeWindow {
    /// What the window covers.
    pub span: Duration,
    /// For how much of it the counts are known.
    pub known: Duration,
    /// The counts.
    pub counts: OutcomeCounts,
}

impl Slots {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn newest(&self) -> Option<&OutcomeSlot> {
        self.0.last()
    }

    /// Adds what was counted between two times. It counts where it ends, when it became known.
    pub(super) fn add(&mut self, counts: OutcomeCounts, from: Timestamp, until: Timestamp) {
        let begin = begin(until);
        let oldest = oldest(until);
        // Slots ahead are left over from before a clock was set back.
        self.0
            .retain(|slot| (oldest..=begin).contains(&slot.from.as_unix_millis()));
        let known = u64::try_from(until.since(from).as_millis()).unwrap_or(u64::MAX);
        match self.0.last_mut() {
            Some(slot) if slot.from.as_unix_millis() == begin => {
                slot.until = slot.until.max(until);
                slot.known_millis = slot.known_millis.saturating_add(known);
                slot.counts = slot.counts.plus(counts);
            }
            Some(_) | None => self.0.push(OutcomeSlot {
                from: Timestamp::from_unix_millis(begin),
                until,
                known_millis: known,
                counts,
            }),
        }
    }

    /// Returns the window that ends at `now`.
    pub(super) fn window(&self, now: Timestamp) -> OutcomeWindow {
        window_of(&self.0, now)
    }
}

/// Returns the window that ends at `now`, of slots that may reach further back.
#[must_use]
pub fn window_of(slots: &[OutcomeSlot], now: Timestamp) -> OutcomeWindow {
    let shown = oldest(now)..=begin(now);
    let slots = slots.iter();
    let slots = slots.filter(|slot| shown.contains(&slot.from.as_unix_millis()));
    let nothing = (0_u64, OutcomeCounts::default());
    let (known, counts) = slots.fold(nothing, |(known, counts), slot| {
        (
            known.saturating_add(slot.known_millis),
            counts.plus(slot.counts),
        )
    });
    OutcomeWindow {
        span: SPAN,
        known: Duration::from_millis(known).min(SPAN),
        counts,
    }
}

impl fmt::Display for OutcomeWindow {
    /// For people: `3 of 612 calls abandoned in 2h (0.49%)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OutcomeWindow {
            span,
            known,
            counts,
        } = self;
        let span = humantime::format_duration(*span);
        let Some(share) = counts.abandoned_per_million() else {
            return write!(f, "no answered call counted in {span}");
        };
        // Hundredths of a percent, rounded half up.
        let hundredths = share
            .saturating_add(50)
            .checked_div(100)
            .unwrap_or_default();
        let (whole, part) = (
            hundredths.checked_div(100).unwrap_or_default(),
            hundredths.checked_rem(100).unwrap_or_default(),
        );
        write!(
            f,
            "{} of {} calls abandoned in {span} ({whole}.{part:02}%)",
            counts.abandoned,
            counts.decided(),
        )?;
        let minutes = known.as_secs().checked_div(60).unwrap_or_default();
        if known.saturating_add(Duration::from_millis(SLOT_MILLIS.unsigned_abs())) < self.span {
            write!(f, ", of which {minutes}m are known")?;
        }
        Ok(())
    }
}

fn begin(at: Timestamp) -> i64 {
    let millis = at.as_unix_millis();
    millis.saturating_sub(millis.rem_euclid(SLOT_MILLIS))
}

fn oldest(at: Timestamp) -> i64 {
    begin(at).saturating_sub(SLOT_MILLIS.saturating_mul(SLOTS.saturating_sub(1)))
}
