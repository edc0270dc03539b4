//! What came to light about a campaign that was not our doing.

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
    /// A person paused it, or touched it under our pause.
    PersonPaused,
    /// A person resumed our pause.
    PersonResumed {
        /// Left alone until then; absent unless a person's change is respected.
        grace_until: Option<Timestamp>,
    },
    /// A person's pause was resumed.
    PersonsPauseEnded,
    /// A pause that was not ours is now taken for ours.
    Adopted,
    /// A command with an unknown outcome became clear.
    Resolved {
        /// Which decision had sent it.
        decision: DecisionId,
        /// Where it was to lead.
        to: Direction,
        /// What became of it.
        conclusion: Conclusion,
    },
    /// We resume it too often: so many times within the last hour, which is the limit. Told again only after the resumes
    /// of an hour had fallen to less than half of the limit.
    Flapping {
        /// Resumes of ours within the last hour.
        resumes: u32,
        /// The limit.
        limit: u32,
    },
    /// Its status changed, and nobody can say whether a command of ours did it. It counts as not ours.
    Unproven {
        /// What the status became.
        to: Direction,
        /// What keeps it from being shown.
        doubt: Doubt,
        /// Left alone until then, where it was resumed.
        grace_until: Option<Timestamp>,
    },
    /// A pause of which nobody can say whose it was has ended.
    UnprovenEnded {
        /// Left alone until then; absent unless a person's change is respected.
        #[serde(default)]
        grace_until: Option<Timestamp>,
    },
    /// The platform's stamp of the last change moves by itself: it is no evidence any more.
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
