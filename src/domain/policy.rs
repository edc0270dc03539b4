//! The rules of a campaign, as its owner configured them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::actuator::Actuator;
use super::aim::{AimRule, AimSignal};
use super::confirmation::Confirmation;
use super::group::{Group, HeadCount};
use super::ids::{CalendarId, CampaignId, QueueId};
use super::selector::Selector;
use super::sharing::GroupPlace;
use super::thresholds::Thresholds;

/// What to do after too many polls in a row without a valid sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnStale {
    /// Leave every campaign as it is, and say so.
    #[default]
    Hold,
    /// Pause what runs: nobody is known to be there to take the calls.
    Pause,
}

/// What to do about a manual change of a campaign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnManualChange {
    /// A person's pause stays until a person resumes; a person's resume of our pause is left alone for the grace.
    #[default]
    Respect,
    /// The status found is taken as our own.
    Adopt,
    /// The status that we had is commanded again.
    Enforce,
}

/// Which queue's or skill's agents count, on platforms that count them themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountedQueue {
    /// The campaign's own.
    Own,
    /// Another one.
    Other(QueueId),
}

/// The agents of a group that count as available.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counting {
    /// Those who can take a call now.
    #[default]
    Free,
    /// Those, and those on the campaign's own calls or in their wrap-up: the count does not move when it is paused.
    FreeAndServing,
}

impl Counting {
    /// Returns the agents of a group who count as available.
    #[must_use]
    pub fn available(self, heads: HeadCount) -> u32 {
        match self {
            Self::Free => heads.free,
            Self::FreeAndServing => heads.free.saturating_add(heads.serving),
        }
    }
}

/// A campaign's calendar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarRule {
    /// Which one.
    pub calendar: CalendarId,
    /// It is the whole rule: no agents count, and while it is open the campaign runs.
    pub alone: bool,
}

/// The rules of one campaign. [`Policy::default`] is the reference rule: pause below 5 and resume at
/// 8 available agents, at the first sample that says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The two thresholds.
    pub thresholds: Thresholds,
    /// The aim that is in force instead of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aim: Option<AimRule>,
    /// What they are carried out with.
    #[serde(default)]
    pub actuator: Actuator,
    /// Changes of the campaign's pace within any hour, at most. A step takes two: down, and back.
    #[serde(default = "default_pace_changes")]
    pub pace_changes_per_hour: u32,
    /// The agents that count.
    pub selector: Selector,
    /// The queue or skill whose agents count instead of the selector's.
    #[serde(default)]
    pub queue: Option<CountedQueue>,
    /// The agents among them that count as available.
    #[serde(default)]
    pub counting: Counting,
    /// Its place among the campaigns that take their agents from the same pool.
    #[serde(default)]
    pub place: Option<GroupPlace>,
    /// Its calling hours; always when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<CalendarRule>,
    /// Samples below the pause threshold that are needed.
    pub confirm_pause: Confirmation,
    /// Samples at the resume threshold that are needed.
    pub confirm_resume: Confirmation,
    /// A resumed campaign runs at least this long before we pause it.
    pub min_running: Duration,
    /// A paused campaign stays paused at least this long before we resume it.
    pub min_paused: Duration,
    /// At most this many resumes in any hour; none when absent.
    pub max_resumes_per_hour: Option<u32>,
    /// So many resumes within an hour are reported as flapping; never when absent. Nothing is held back for it. Settings without one
    /// take [`usual_limit`](super::flapping::usual_limit).
    #[serde(default)]
    pub flap_limit: Option<u32>,
    /// What to do when valid samples fail to arrive.
    pub on_stale: OnStale,
    /// Invalid polls in a row that make the data stale.
    pub stale_after: u32,
    /// A sample older than this is invalid.
    pub max_sample_age: Duration,
    /// What to do about a manual change.
    pub on_manual_change: OnManualChange,
    /// How long a person's resume of our pause is left alone.
    pub manual_grace: Duration,
    /// Take over a pause found at start that no record shows to be ours.
    pub adopt_paused: bool,
    /// Never count a command with an unknown outcome as ours.
    pub strict_ownership: bool,
}

/// Thirty steps an hour with their ways back: an aim of 0.5% asks for 18 on simulated days at 1.8 dials for each agent, and each change is a
/// write on the platform.
const fn default_pace_changes() -> u32 {
    60
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            thresholds: Thresholds::default(),
            aim: None,
            actuator: Actuator::Pause,
            pace_changes_per_hour: default_pace_changes(),
            selector: Selector::All,
            queue: None,
            counting: Counting::Free,
            place: None,
            calendar: None,
            confirm_pause: Confirmation::AT_ONCE,
            confirm_resume: Confirmation::AT_ONCE,
            min_running: Duration::ZERO,
            min_paused: Duration::ZERO,
            max_resumes_per_hour: None,
            // As often as this policy can swing at polls of 30 s.
            flap_limit: Some(27),
            on_stale: OnStale::Hold,
            stale_after: 3,
            max_sample_age: Duration::from_secs(60),
            on_manual_change: OnManualChange::Respect,
            manual_grace: Duration::from_secs(15 * 60),
            adopt_paused: false,
            strict_ownership: false,
        }
    }
}

impl Policy {
    /// Whether agents count for the campaign at all.
    #[must_use]
    pub fn counts_agents(&self) -> bool {
        self.calendar.as_ref().is_none_or(|rule| !rule.alone)
    }

    /// Whether agents on the campaign's own calls count.
    #[must_use]
    pub fn counts_serving(&self) -> bool {
        let aims = self.aim.as_ref();
        self.counts_agents()
            && (self.counting == Counting::FreeAndServing
                || aims.is_some_and(|aim| aim.signal == AimSignal::FreeAndServing))
    }

    /// Returns the group that counts for `campaign`.
    #[must_use]
    pub fn group(&self, campaign: &CampaignId) -> Group {
        match &self.queue {
            None => Group::Rows(self.selector.clone()),
            Some(CountedQueue::Own) => Group::Own(campaign.clone()),
            Some(CountedQueue::Other(queue)) => Group::Queue(queue.clone()),
        }
    }
}
