//! The sample: an incomplete or old one says nothing, and never counts as zero agents.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::aim::HalfAgents;
use crate::domain::count::Count;
use crate::domain::policy::{OnStale, Policy};
use crate::domain::time::Timestamp;

/// The last poll as one campaign sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SampleView {
    None,
    Invalid {
        streak: u32,
    },
    /// `claimed` agents are available too, and not in the count: campaigns before it in its group need them. `signal` is
    /// what an aim compares.
    Complete {
        taken_at: Timestamp,
        count: Count,
        claimed: u32,
        signal: HalfAgents,
    },
}

impl SampleView {
    /// What an aim compares.
    pub(super) fn signal(self) -> HalfAgents {
        match self {
            Self::Complete { signal, .. } => signal,
            Self::None | Self::Invalid { .. } => HalfAgents::default(),
        }
    }
}

/// Whether the sample says anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum SampleVerdict {
    /// Complete and fresh.
    Valid {
        /// Its age.
        age: Duration,
    },
    /// There was none yet in this run.
    None,
    /// The last poll failed or was incomplete.
    Invalid {
        /// Invalid polls in a row.
        streak: u32,
    },
    /// Older than the greatest age allowed.
    TooOld {
        /// Its age.
        age: Duration,
    },
    /// Invalid for so many polls that the stale rule speaks.
    Stale {
        /// Invalid polls in a row.
        streak: u32,
    },
}

impl SampleVerdict {
    /// The verdict, and the count where it is valid.
    pub(super) fn evaluate(
        view: SampleView,
        policy: &Policy,
        now: Timestamp,
    ) -> (Self, Option<Count>) {
        match view {
            SampleView::None => (Self::None, None),
            SampleView::Invalid { streak } if streak >= policy.stale_after => {
                (Self::Stale { streak }, None)
            }
            SampleView::Invalid { streak } => (Self::Invalid { streak }, None),
            SampleView::Complete {
                taken_at, count, ..
            } => {
                let age = now.since(taken_at);
                if age > policy.max_sample_age {
                    (Self::TooOld { age }, None)
                } else {
                    (Self::Valid { age }, Some(count))
                }
            }
        }
    }

    /// Whether a running campaign is to be paused because nobody is known to be there.
    pub(super) fn asks_for_pause(self, running: bool, policy: &Policy) -> bool {
        matches!(self, Self::Stale { .. }) && running && policy.on_stale == OnStale::Pause
    }
}
