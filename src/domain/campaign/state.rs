//! What is remembered of one campaign over a restart.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::aim::AimState;
use crate::domain::belief::{Belief, Hold, StampTrust, Transition, Unresolved};
use crate::domain::dials_by::{DialsBy, StagedResume};
use crate::domain::lost_attempt::LostAttempt;
use crate::domain::outcomes::OutcomeMemory;
use crate::domain::status::{CampaignActivity, Direction, StatusReading};
use crate::domain::threshold_override::ThresholdOverride;
use crate::domain::throttle::ThrottleState;
use crate::domain::time::Timestamp;

/// The span over which the resume budget and flapping count.
pub(crate) const BUDGET_SPAN: Duration = Duration::from_secs(3600);

/// What is remembered of a campaign over a restart. Ten thousand are walked in each poll: what few of them have, and what no
/// decision looks at, is kept apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignState {
    /// What is believed of it.
    pub belief: Belief,
    /// The time since which that is believed.
    pub since: Timestamp,
    /// The last status read.
    pub last_reading: Option<StatusReading>,
    /// Our last confirmed command.
    pub last_transition: Option<Transition>,
    /// When our resumes of the last hour were confirmed.
    pub resumes: Vec<Timestamp>,
    /// Whether it was reported that these are too many.
    #[serde(default)]
    pub flapping: bool,
    /// When a person resumed our pause.
    pub grace_from: Option<Timestamp>,
    /// Under `enforce`, the direction that a person's change is to be turned back in.
    pub enforcing: Option<Direction>,
    /// The pause that we made last was the calendar's.
    #[serde(default)]
    pub calendar_pause: bool,
    /// An operator's hold.
    pub hold: Option<Box<Hold>>,
    /// Thresholds that an operator set for a while.
    #[serde(default, rename = "lines")]
    pub threshold_override: Option<Box<ThresholdOverride>>,
    /// A command whose outcome is not known.
    pub unresolved: Option<Box<Unresolved>>,
    /// Attempts at commands that had no usable answer and may show an effect yet, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<LostAttempt>,
    /// What it dialled by when our last pause was intended, where a resume has to put that back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced: Option<Box<DialsBy>>,
    /// The stage of a resume that was intended last, until it is confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staged: Option<Box<StagedResume>>,
    /// How far the platform's stamps of this campaign are to be believed.
    #[serde(default)]
    pub stamp: StampTrust,
    /// Whether it was reported that agents are idle because nobody can say whose the pause is.
    #[serde(default)]
    pub unproven_alerted: bool,
    /// What its aim has learned, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aim: Option<Box<AimState>>,
    /// What became of its dials; absent before the first reading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcomes: Option<Box<OutcomeMemory>>,
    /// What is remembered of its pace, where it may be stepped down or was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttle: Option<Box<ThrottleState>>,
}

impl CampaignState {
    /// Returns the state of a campaign of which nothing is known.
    #[must_use]
    pub fn unread(now: Timestamp) -> Self {
        Self {
            belief: Belief::Unread,
            since: now,
            last_reading: None,
            last_transition: None,
            resumes: Vec::new(),
            flapping: false,
            grace_from: None,
            enforcing: None,
            calendar_pause: false,
            hold: None,
            threshold_override: None,
            unresolved: None,
            lost: Vec::new(),
            replaced: None,
            staged: None,
            stamp: StampTrust::default(),
            unproven_alerted: false,
            aim: None,
            outcomes: None,
            throttle: None,
        }
    }

    /// Whether a command of ours may show an effect that was not recorded yet.
    #[must_use]
    pub fn awaits_effect(&self) -> bool {
        let open = |attempt: &LostAttempt| !attempt.closed;
        self.unresolved.is_some() || self.lost.iter().any(open)
    }

    /// Whether its pause is ours and was made by the calendar.
    #[must_use]
    pub fn paused_by_calendar(&self) -> bool {
        self.calendar_pause && self.belief.paused_by_us()
    }

    /// Whether its pace is ours, or may be, so that the original is to be put back.
    #[must_use]
    pub fn is_stepped_down(&self) -> bool {
        let throttle = self.throttle.as_ref();
        throttle.is_some_and(|throttle| throttle.original().is_some())
    }

    /// Whether it was last seen on its way between two states.
    pub(crate) fn is_changing(&self) -> bool {
        let last = self.last_reading.as_ref();
        last.is_some_and(|last| matches!(last.activity, CampaignActivity::Changing { .. }))
    }

    /// Pulls remembered times that lie in the future back to now, so that a jump of the clock can delay a campaign
    /// by no more than what is configured.
    pub(crate) fn clamp(&mut self, now: Timestamp) {
        if let Some(transition) = &mut self.last_transition {
            transition.at = transition.at.min(now);
        }
        for at in &mut self.resumes {
            *at = (*at).min(now);
        }
        self.grace_from = self.grace_from.map(|from| from.min(now));
        if let Some(hold) = &mut self.hold {
            hold.since = hold.since.min(now);
        }
        if let Some(set) = &mut self.threshold_override {
            set.since = set.since.min(now);
        }
        if let Some(outcomes) = &mut self.outcomes {
            outcomes.clamp(now);
        }
        if let Some(aim) = &mut self.aim {
            aim.clamp(now);
        }
        if let Some(throttle) = &mut self.throttle {
            throttle.clamp(now);
        }
    }

    /// Our resumes that were confirmed within the last hour.
    pub(crate) fn recent_resumes(&self, now: Timestamp) -> impl Iterator<Item = Timestamp> {
        let confirmed = self.resumes.iter().copied();
        confirmed.filter(move |at| now.since(*at) < BUDGET_SPAN)
    }

    /// Pulls times of the future back, and forgets what counts no more.
    pub(crate) fn forget_old_times(&mut self, now: Timestamp) {
        self.clamp(now);
        self.forget_old_resumes(now);
    }

    /// Forgets resumes that no budget counts any more.
    fn forget_old_resumes(&mut self, now: Timestamp) {
        self.resumes.retain(|at| now.since(*at) < BUDGET_SPAN);
    }
}
