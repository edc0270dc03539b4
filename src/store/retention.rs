//! For how long the store keeps what it does not need any more.

use std::time::Duration;

use super::outbox::Bounds;

/// For how long the store keeps recorded inputs, series and dead letters, and how many of them at most. The audit is kept until it is
/// sealed and removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Recorded inputs, and closed operations with them.
    pub inputs: Duration,
    /// What plots are drawn from, and what was counted of outcomes. An hour more is kept, by which a keyframe may lie before it.
    pub series: Duration,
    /// The most bytes of that; the oldest go first.
    pub series_bytes: u64,
    /// Dead letters, from when they were given up.
    pub dead_letters: Duration,
    /// The most messages that wait, and the most dead letters. Beyond it the oldest that waits is given up, and the oldest dead letter
    /// forgotten; both are in the audit.
    pub messages: u64,
}

impl Default for Retention {
    /// A week of inputs and of plots to look back on, and a day to notice that one should: today is shown beside the same weekday before.
    /// Of plots ten thousand campaigns at the default poll interval fill the bytes in three days. And messages of some tens of megabytes.
    fn default() -> Self {
        const HOUR: Duration = Duration::from_secs(3600);
        Self {
            inputs: HOUR.saturating_mul(8 * 24),
            series: HOUR.saturating_mul(8 * 24),
            series_bytes: 256 << 20,
            dead_letters: HOUR.saturating_mul(90 * 24),
            messages: 20_000,
        }
    }
}

impl Retention {
    /// How many messages are kept.
    pub(super) fn bounds(&self) -> Bounds {
        Bounds {
            waiting: self.messages,
            dead: self.messages,
        }
    }
}
