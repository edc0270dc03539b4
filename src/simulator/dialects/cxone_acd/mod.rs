//! NICE CXone ACD as its contract describes it, with wire types of its own.
//!
//! A campaign of the world is an outbound Personal Connection skill. Its agents are those who have its skill in the world, and
//! those who were given it; whoever was parked has it no longer:
//!
//! | an agent who | while the skill runs | while it does not |
//! |---|---|---|
//! | is idle | is in `Dialer`, for one of the running skills | is `Available` |
//! | is idle, with [`AcdSettings::blended`] | is `Available` | is `Available` |
//! | has one of its calls, or their wrap-up | is in `OutboundContact` with the skill | likewise: a stop ends no call |
//! | has another call | is in `InboundContact` | likewise |
//! | is on a break | is `Unavailable` | likewise |
//!
//! A stop is accepted at once: nothing is dialled any more and the idle agents leave the dialler, while `isRunning` goes on
//! until the last call is over, or as [`StopShows`] says. What releases write differently is [`Release::Older`].
//!
//! Beside the campaigns' skills there are three that nobody should command: an inbound one, an inactive one and one
//! without agents.

mod answers;
mod assignments;
mod listing;
mod login;
mod number;
mod operation;
mod pacing;
mod people;
mod query;
mod roster;
mod route;
mod settings;
mod skill_settings;
mod skills;
#[cfg(test)]
mod tests;
mod wire;

use std::collections::BTreeMap;

use bytes::Bytes;
use hyper::header::HeaderName;
use serde_json::{Map, Value, json};

use super::super::answer::Answer;
use super::super::world::World;

pub use assignments::MembershipChanged;
pub use operation::AcdOperation;
pub(in crate::simulator) use route::route;
pub use settings::{AcdSettings, NoChange, Release, StopShows};

use assignments::Assignments;
use roster::Roster;
use skills::Stops;

/// Some errors say only in this header what they are.
const STATUS_DESCRIPTION: HeaderName = HeaderName::from_static("icstatusdescription");

/// What the platform knows beside the world.
#[derive(Clone)]
pub(in crate::simulator) struct AcdState {
    settings: AcdSettings,
    roster: Roster,
    assignments: Assignments,
    stops: Stops,
    /// General settings of skills that were written.
    pacing: BTreeMap<u64, Map<String, Value>>,
    /// Settings of skills that were written.
    written: BTreeMap<u64, Map<String, Value>>,
}

impl AcdState {
    pub(in crate::simulator) fn new(settings: AcdSettings) -> Self {
        Self {
            settings,
            roster: Roster::default(),
            assignments: Assignments::default(),
            stops: Stops::default(),
            pacing: BTreeMap::new(),
            written: BTreeMap::new(),
        }
    }

    /// The number of a campaign's skill.
    pub(in crate::simulator) fn skill_number(
        &mut self,
        world: &World,
        campaign: &str,
    ) -> Option<u64> {
        self.roster.enrol(world);
        self.roster.skill(campaign)
    }
}

/// Returns a refusal in the form of this platform.
pub(in crate::simulator) fn in_own_form(answer: Answer) -> Answer {
    let Some(refused) = &answer.refused else {
        return answer;
    };
    let description = refused.messages.join("; ");
    let body = json!({"error": refused.code, "error_description": description});
    let mut headers = answer.headers.clone();
    headers.push((STATUS_DESCRIPTION, description));
    Answer {
        body: Bytes::from(body.to_string()),
        headers,
        ..answer
    }
}
