//! The back-off after refusals: a platform that keeps refusing is asked ever less often.

use std::time::Duration;

use crate::domain::time::Timestamp;

/// After a second refusal in a row a command is not tried again for this long.
const FIRST_WAIT: Duration = Duration::from_secs(30);

/// However often it was refused, a command is tried again after this long: somebody may have granted the right.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// How often the platform refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackOffVerdict {
    /// Refusals in a row.
    pub refusals: u32,
    /// No command before then; none when one may be tried.
    pub until: Option<Timestamp>,
}

impl BackOffVerdict {
    /// The first refusal may have been chance; from the second on the wait doubles.
    pub(super) fn evaluate(refusals: u32, last: Timestamp, now: Timestamp) -> Self {
        let doublings = refusals.checked_sub(2).map(|more| more.min(16));
        let wait = doublings
            .map(|doublings| FIRST_WAIT.saturating_mul(1_u32.wrapping_shl(doublings)))
            .map(|wait| wait.min(LONGEST_WAIT));
        let until = wait.map(|wait| last.min(now).plus(wait));
        Self {
            refusals,
            until: until.filter(|until| now < *until),
        }
    }
}
