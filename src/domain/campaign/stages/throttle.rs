//! The throttle: a campaign that dials ahead of its agents is stepped down before it is paused.

use serde::{Deserialize, Serialize};

use crate::domain::campaign::state::CampaignState;
use crate::domain::policy::Policy;
use crate::domain::throttle::DialRatio;
use crate::domain::time::Timestamp;

/// Writes that a step takes: down, and back.
const WRITES_OF_A_STEP: u32 = 2;

/// What the throttle says to a pause that its rule asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "throttle")]
pub enum ThrottleVerdict {
    /// The campaign is stepped down instead.
    StepsDown,
    /// A change of its pace is on its way.
    OnItsWay {
        /// Until when it may arrive.
        until: Timestamp,
    },
    /// It is stepped down, and the platform needs so long to act on it.
    Settles {
        /// Until when.
        until: Timestamp,
    },
    /// It is stepped down already.
    SteppedDown {
        /// What it dials for each idle agent.
        ours: DialRatio,
        /// What it dialled before.
        original: DialRatio,
    },
    /// Its pace is left alone, because somebody else changed it.
    LeftAlone {
        /// Until when.
        until: Timestamp,
    },
    /// It dials one call for each idle agent as it is.
    NothingToStepDown {
        /// What it dials.
        ratio: DialRatio,
    },
    /// A change failed, and the next one is not tried yet.
    Failed {
        /// Until when.
        until: Timestamp,
    },
    /// Not enough changes are left in this hour.
    UsedUp {
        /// Until when.
        until: Timestamp,
    },
}

impl ThrottleVerdict {
    pub(super) fn evaluate(state: &CampaignState, policy: &Policy, now: Timestamp) -> Option<Self> {
        if !policy.actuator.steps_down() {
            return None;
        }
        let Some(throttle) = state.throttle.as_deref() else {
            return Some(Self::StepsDown);
        };
        if let Some(open) = throttle.open {
            let until = open.sent_at.min(now).plus(open.longest);
            return Some(if open.on_its_way(now) {
                Self::OnItsWay { until }
            } else {
                Self::Failed { until }
            });
        }
        if let Some(until) = throttle.left_alone_until(policy.manual_grace, now) {
            return Some(Self::LeftAlone { until });
        }
        if let Some(stepped) = throttle.stepped {
            let until = stepped.settles_until;
            // A clock that was set back must not keep a pause waiting.
            let settles = now < until && stepped.at <= now;
            return Some(if settles {
                Self::Settles { until }
            } else {
                Self::SteppedDown {
                    ours: stepped.ours,
                    original: stepped.original,
                }
            });
        }
        if let Some(reading) = throttle.last.filter(|reading| !reading.dials_ahead()) {
            let ratio = reading.ratio;
            return Some(Self::NothingToStepDown { ratio });
        }
        if let Some(until) = throttle.backs_off_until(now) {
            return Some(Self::Failed { until });
        }
        let limit = policy.pace_changes_per_hour;
        Some(match throttle.used_up_until(WRITES_OF_A_STEP, limit, now) {
            Some(until) => Self::UsedUp { until },
            None => Self::StepsDown,
        })
    }

    /// Whether the pause waits for the throttle. Where it also pauses, it waits for a step that has an effect, and for no other.
    pub(super) fn holds_back(self, policy: &Policy) -> bool {
        match self {
            Self::StepsDown | Self::OnItsWay { .. } | Self::Settles { .. } => true,
            Self::SteppedDown { .. }
            | Self::LeftAlone { .. }
            | Self::NothingToStepDown { .. }
            | Self::Failed { .. }
            | Self::UsedUp { .. } => !policy.actuator.pauses(),
        }
    }

    /// Until when it says so, where a time ends it.
    #[must_use]
    pub fn until(self) -> Option<Timestamp> {
        match self {
            Self::OnItsWay { until }
            | Self::Settles { until }
            | Self::LeftAlone { until }
            | Self::Failed { until }
            | Self::UsedUp { until } => Some(until),
            Self::StepsDown | Self::SteppedDown { .. } | Self::NothingToStepDown { .. } => None,
        }
    }
}
