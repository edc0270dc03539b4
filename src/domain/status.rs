//! A campaign's status as the platform shows it.
//!
//! No platform's words are used here: a dialect translates them into [`CampaignActivity`] and sends its own word along.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::dials_by::DialsBy;
use super::time::Timestamp;

/// The direction of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The campaign begins no new dials.
    Pause,
    /// The campaign dials again.
    Resume,
}

impl Direction {
    /// Returns the activity that the command asks for.
    #[must_use]
    pub fn target(self) -> CampaignActivity {
        match self {
            Self::Pause => CampaignActivity::Paused,
            Self::Resume => CampaignActivity::Running,
        }
    }

    /// Returns the metric label: the state that the command leads to.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Pause => "paused",
            Self::Resume => "running",
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
        })
    }
}

/// What a campaign does, as far as it matters here. The dialect says which of the platform's words means which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CampaignActivity {
    /// It dials.
    Running,
    /// It does not dial, and may be resumed.
    Paused,
    /// It is changing from one to the other: never commanded, and not counted as anybody's pause.
    Changing {
        /// The activity that it changes to, where the platform shows that.
        to: Option<Direction>,
    },
    /// Any other state, such as completed or switched off: never commanded.
    NotCommandable {
        /// The platform's word.
        word: String,
    },
    /// A word that is not known: never commanded. It may be a state of its own, or a change under way.
    Unknown {
        /// The platform's word.
        word: String,
    },
}

/// Who made the last change, on a platform that names authors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// This daemon's own credentials.
    Ours,
    /// Somebody else.
    Somebody {
        /// As the platform names them.
        name: String,
    },
}

/// One answer of the platform about one campaign.
/// Its stored forms, of every released version, are read by [`stored_reading`](super::stored_reading).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatusReading {
    /// What the campaign does.
    pub activity: CampaignActivity,
    /// The platform's own word for it, for display only. Stored and announced as `status`, as in 0.1.0.
    #[serde(rename = "status")]
    pub word: String,
    /// A text that the platform changes whenever the campaign is changed, as it wrote it; two readings with the same
    /// text lie on the same side of every change.
    pub version: Option<String>,
    /// When the platform last changed the campaign, where it shows that time.
    pub updated_at: Option<Timestamp>,
    /// Who changed it last, where the platform names authors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_by: Option<Author>,
    /// The platform's own clock when the answer was complete, where it shows one: not before this.
    pub platform_now: Option<Timestamp>,
    /// By how much the platform's clock may be ahead of that; a second where nothing closer is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform_error: Option<Duration>,
    /// What the campaign dials by, where a pause replaces that and a resume has to put it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dials_by: Option<Box<DialsBy>>,
    /// Our clock when the answer was complete.
    pub read_at: Timestamp,
}

impl StatusReading {
    /// Returns a reading that shows what a campaign does and nothing of when or by whom it was changed.
    #[must_use]
    pub fn without_evidence(activity: CampaignActivity, word: String, read_at: Timestamp) -> Self {
        Self {
            activity,
            word,
            version: None,
            updated_at: None,
            changed_by: None,
            platform_now: None,
            platform_error: None,
            dials_by: None,
            read_at,
        }
    }

    /// Between which times of the platform's clock the change lies that the reading shows: a time in whole seconds may have
    /// been cut. Without a time of the change it is the time of the reading.
    #[must_use]
    pub fn changed_between(&self) -> (Timestamp, Timestamp) {
        let at = self.updated_at.unwrap_or(self.clock());
        let whole = self.updated_at.is_some() && at.as_unix_millis().rem_euclid(1_000) == 0;
        let cut = Duration::from_millis(if whole { 999 } else { 0 });
        (at, at.plus(cut))
    }

    /// Returns the platform's clock, or ours where it does not send its own.
    // Not inlined. Inlined into a loop over an `Option` of a reading, rustc 1.95 (opt-level 1) chose between the two fields by an address that it
    // computed from the discriminant of `platform_now`, and loaded from there before it had looked whether there was a reading: without one that
    // address lies up to 32 KB behind the campaign, and now and then in no memory at all. Memcheck shows it as a use of an uninitialised value.
    #[inline(never)]
    #[must_use]
    pub fn clock(&self) -> Timestamp {
        self.platform_now.unwrap_or(self.read_at)
    }
}

/// The result of a status read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusFinding {
    /// The campaign is there.
    Found(StatusReading),
    /// The platform knows no such campaign (404).
    Missing,
    /// There is no usable answer: nothing is concluded from it.
    Unreadable,
}
