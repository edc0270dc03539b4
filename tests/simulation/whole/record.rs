//! Everything that one run left: what the judge looks at.

use std::collections::BTreeMap;

use campaign_autopilot::simulator::{Effect, JournalEntry};
use campaign_autopilot::store::AuditRecord;
use serde_json::Value;

use super::dialect::Left;
use super::dialling::Dialled;
use super::receiver::Taken;
use super::schedule::{Asked, Schedule};
use super::wire::Request;

/// One life of the daemon.
#[derive(Clone, Debug)]
pub(crate) struct Life {
    pub(crate) from: i64,
    pub(crate) until: i64,
    pub(crate) ended: &'static str,
}

/// What an operator asked for, and what the daemon said.
#[derive(Clone, Debug)]
pub(crate) struct OperatorDone {
    pub(crate) sent: i64,
    /// When and with which status; nothing where it died first.
    pub(crate) answered: Option<(i64, u16)>,
    pub(crate) campaign: String,
    pub(crate) asked: Asked,
}

/// The daemon's status document at a moment.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    pub(crate) at: i64,
    pub(crate) document: Value,
}

/// What has to be so in the liveness phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// Agents are plenty for long: no pause of ours is left, and the daemon shows what is.
    Healed,
    /// Nobody is there for three polls: everything that may be paused is.
    AllPaused,
    /// Agents are plenty for three polls: no pause of ours is left.
    AllResumed,
}

/// The truth and the daemon's view of it at a check.
#[derive(Clone, Debug)]
pub(crate) struct Checked {
    pub(crate) check: Check,
    pub(crate) at: i64,
    /// Each campaign's true status; nothing for one that is not there.
    pub(crate) statuses: BTreeMap<String, Option<String>>,
    pub(crate) document: Option<Value>,
}

/// Trouble that was there from one time to another: what a violation may come of.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    pub(crate) from: i64,
    pub(crate) until: i64,
    pub(crate) name: &'static str,
    /// The campaign or queue that it hit; everything where there is none.
    pub(crate) target: Option<String>,
}

/// Everything of one run.
pub(crate) struct Record {
    pub(crate) schedule: Schedule,
    pub(crate) requests: Vec<Request>,
    pub(crate) journal: Vec<JournalEntry>,
    pub(crate) effects: Vec<Effect>,
    /// When how many agents of both teams became free.
    pub(crate) free: Vec<(i64, u32, u32)>,
    /// When campaigns were deleted (`false`) and brought back.
    pub(crate) there: Vec<(i64, String, bool)>,
    /// What campaigns dialled by, on a platform whose pauses take the place of that.
    pub(crate) dialled: Vec<Dialled>,
    /// What people left of campaigns.
    pub(crate) left: Vec<(i64, String, Left)>,
    pub(crate) operators: Vec<OperatorDone>,
    pub(crate) looks: Vec<Look>,
    pub(crate) taken: Vec<Taken>,
    pub(crate) lives: Vec<Life>,
    pub(crate) checks: Vec<Checked>,
    pub(crate) marks: Vec<Mark>,
    pub(crate) audit: Vec<AuditRecord>,
    /// What is wrong with the audit's chain, with the replay, or with the daemon's start or end.
    pub(crate) broken: Vec<String>,
    /// Places where a secret was found, with the beginning of what stands around it.
    pub(crate) leaks: Vec<String>,
}

impl Record {
    /// How many agents of each team were free at least and at most between two times. A reading of several pages may see
    /// one team as it was before a change and the other as it was after.
    pub(crate) fn free_between(&self, from: i64, until: i64) -> [(u32, u32); 2] {
        let before = self
            .free
            .iter()
            .rfind(|(at, ..)| *at <= from)
            .or(self.free.first());
        let within = self
            .free
            .iter()
            .filter(|(at, ..)| from < *at && *at <= until);
        let mut teams = [(u32::MAX, 0); 2];
        for (_, alpha, beta) in before.into_iter().chain(within) {
            for ((least, most), count) in teams.iter_mut().zip([*alpha, *beta]) {
                *least = (*least).min(count);
                *most = (*most).max(count);
            }
        }
        teams
    }

    /// Whether a person left a campaign at this time as the daemon would have.
    pub(crate) fn is_taken_for_ours(&self, campaign: &str, at: i64) -> bool {
        let mut left = self.left.iter();
        left.any(|(when, id, left)| *when == at && id == campaign && *left == Left::LikeOurs)
    }

    /// The names of trouble within so many milliseconds before `at` that can have to do with `target`.
    pub(crate) fn around(&self, target: Option<&str>, at: i64, within: i64) -> Vec<&'static str> {
        let concerns = |mark: &&Mark| {
            let same = match (&mark.target, target) {
                (Some(mark), Some(target)) => mark == target,
                (None, _) | (_, None) => true,
            };
            same && mark.from <= at && mark.until >= at - within
        };
        let mut names: Vec<_> = self
            .marks
            .iter()
            .filter(concerns)
            .map(|mark| mark.name)
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}
