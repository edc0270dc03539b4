//! The back-off after refusals: a pause is tried again soon, since the campaign dials without agents meanwhile; a resume ever
//! less often.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::status::Direction;
use crate::domain::time::Timestamp;

/// The waits after refusals in a row: the first one doubles up to the longest.
struct Waits {
    first: Duration,
    longest: Duration,
}

/// Shorter than any usual poll interval at first, and never longer than half a minute: each try costs two calls, and each
/// poll without one leaves callers without an agent.
const OF_PAUSES: Waits = Waits {
    first: Duration::from_secs(5),
    longest: Duration::from_secs(30),
};

/// Nobody is harmed by a campaign that stays paused; it is tried again all the same, since somebody may have granted the right.
const OF_RESUMES: Waits = Waits {
    first: Duration::from_secs(30),
    longest: Duration::from_secs(15 * 60),
};

/// The platform's refusals in a row of commands in one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredRefusals")]
pub(crate) struct Refusals {
    /// How many.
    pub(crate) times: u32,
    /// When the last one was.
    pub(crate) last: Timestamp,
    /// What was refused; unknown in what 0.1.0 stored.
    pub(crate) to: Option<Direction>,
}

/// The stored forms: 0.1.0 kept the number and the time only.
#[derive(Deserialize)]
#[serde(untagged)]
enum StoredRefusals {
    Pair(u32, Timestamp),
    Whole {
        times: u32,
        last: Timestamp,
        to: Option<Direction>,
    },
}

impl From<StoredRefusals> for Refusals {
    fn from(stored: StoredRefusals) -> Self {
        match stored {
            StoredRefusals::Pair(times, last) => Self {
                times,
                last,
                to: None,
            },
            StoredRefusals::Whole { times, last, to } => Self { times, last, to },
        }
    }
}

impl Refusals {
    /// Counts one more; a refusal of the other direction begins anew.
    pub(crate) fn counted(before: Option<Self>, to: Direction, now: Timestamp) -> Self {
        let before = before.filter(|before| before.to.is_none_or(|before| before == to));
        Self {
            times: before.map_or(0, |before| before.times).saturating_add(1),
            last: now,
            to: Some(to),
        }
    }
}

/// How often the platform refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackOffVerdict {
    /// Refusals in a row.
    pub refusals: u32,
    /// No command before then; none when one may be tried.
    pub until: Option<Timestamp>,
}

impl BackOffVerdict {
    /// The first refusal may have been chance; from the second on the wait doubles. `direction` is the one that a command can
    /// have now: refusals of the other one hold nothing back.
    pub(super) fn evaluate(
        refusals: Refusals,
        direction: Direction,
        now: Timestamp,
    ) -> Option<Self> {
        let Refusals { times, last, to } = refusals;
        if to.is_some_and(|to| to != direction) {
            return None;
        }
        let Waits { first, longest } = match direction {
            Direction::Pause => OF_PAUSES,
            Direction::Resume => OF_RESUMES,
        };
        let doublings = times.checked_sub(2).map(|more| more.min(16));
        let wait = doublings
            .map(|doublings| first.saturating_mul(1_u32.wrapping_shl(doublings)))
            .map(|wait| wait.min(longest));
        let until = wait.map(|wait| last.min(now).plus(wait));
        Some(Self {
            refusals: times,
            until: until.filter(|until| now < *until),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_millis(1_700_000_000_000);

    fn refused(times: u32, to: Direction) -> Refusals {
        let counted = (0..times).fold(None, |before, _| Some(Refusals::counted(before, to, NOW)));
        counted.unwrap()
    }

    /// The waits after so many refusals in a row, in seconds.
    fn waits(to: Direction) -> Vec<u64> {
        let wait = |times| {
            let verdict = BackOffVerdict::evaluate(refused(times, to), to, NOW).unwrap();
            verdict.until.map_or(0, |until| until.since(NOW).as_secs())
        };
        (1..=8).map(wait).collect()
    }

    #[test]
    fn a_pause_is_tried_again_hard_and_a_resume_slowly() {
        assert_eq!(waits(Direction::Pause), [0, 5, 10, 20, 30, 30, 30, 30]);
        assert_eq!(
            waits(Direction::Resume),
            [0, 30, 60, 120, 240, 480, 900, 900]
        );
    }

    #[test]
    fn refused_resumes_hold_no_pause_back() {
        let refused = refused(8, Direction::Resume);
        assert_eq!(
            BackOffVerdict::evaluate(refused, Direction::Pause, NOW),
            None
        );
        let counted = Refusals::counted(Some(refused), Direction::Pause, NOW);
        assert_eq!(counted.times, 1, "the first refusal of a pause");
    }

    #[test]
    fn what_0_1_0_stored_is_read() {
        let read: Refusals = serde_json::from_str("[3, 1700000000000]").unwrap();
        assert_eq!((read.times, read.last, read.to), (3, NOW, None));
        let written = serde_json::to_string(&refused(2, Direction::Pause)).unwrap();
        let again: Refusals = serde_json::from_str(&written).unwrap();
        assert_eq!(again, refused(2, Direction::Pause));
    }
}
