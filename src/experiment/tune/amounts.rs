//! Counts and times as floating-point numbers.

use std::time::Duration;

/// A count; a record has far fewer than fit.
pub(super) fn real(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// A number of things.
pub(super) fn many(things: usize) -> f64 {
    f64::from(u32::try_from(things).unwrap_or(u32::MAX))
}

/// A time in hours.
pub(super) fn hours(time: Duration) -> f64 {
    time.as_secs_f64() / 3_600.0
}

/// A time of so many seconds; none where that is not positive.
pub(super) fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

/// The nearest whole number of agents.
pub(super) fn whole(agents: f64) -> u32 {
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "rounded, not negative, and the cast stays within the type's range"
    )]
    let whole = agents.round().max(0.0) as u32;
    whole
}
