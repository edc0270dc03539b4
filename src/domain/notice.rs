//! Notices: what was noticed of a campaign that was not our doing.

use serde::{Deserialize, Serialize};

use super::belief::Doubt;
use super::conclusion::Conclusion;
use super::ids::DecisionId;
use super::status::Direction;
use super::time::Timestamp;

/// Something about a campaign that was not our doing, or came to light late.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "notice")]
pub enum Notice {
    /// At the first reading it was paused, and no record shows the pause to be ours.
    FoundPaused,
    /// A person paused it, or changed it under our pause.
    PersonPaused,
    /// A person resumed our pause.
    PersonResumed {
        /// Until when the campaign is left alone; absent unless manual changes are respected.
        grace_until: Option<Timestamp>,
    },
    /// A person's pause was resumed.
    PersonsPauseEnded,
    /// A pause that was not ours is now taken for ours.
    Adopted,
    /// A command with an unknown outcome became clear.
    Resolved {
        /// The decision that had sent it.
        decision: DecisionId,
        /// Its direction.
        to: Direction,
        /// Its conclusion.
        conclusion: Conclusion,
    },
    /// We resume it too often: so many times within the last hour, which is the limit. Reported again only after the resumes
    /// of an hour had fallen to less than half of the limit.
    Flapping {
        /// Resumes of ours within the last hour.
        resumes: u32,
        /// The limit.
        limit: u32,
    },
    /// Its status changed, and nobody can say whether a command of ours did it. It counts as not ours.
    Unproven {
        /// The status after the change.
        to: Direction,
        /// What keeps it from being shown.
        doubt: Doubt,
        /// Until when it is left alone, where it was resumed.
        grace_until: Option<Timestamp>,
    },
    /// A pause of which nobody can say whose it was has ended.
    UnprovenEnded {
        /// Until when the campaign is left alone; absent unless manual changes are respected.
        #[serde(default)]
        grace_until: Option<Timestamp>,
    },
    /// The platform's stamp of the last change moves by itself: it is not evidence any more.
    StampWorthless,
    /// A command of ours is on its way for longer than commands settle there.
    StillChanging {
        /// The platform's word for the state that it is in.
        word: String,
    },
    /// The platform does not know the campaign.
    Missing,
    /// The platform knows the campaign again.
    Back,
    /// It is in a state that is never commanded.
    OtherStatus {
        /// The platform's word.
        word: String,
    },
}
