//! The throttle: a campaign that dials ahead of its agents is stepped down before it is paused, and one whose dialler keeps agents idle
//! is not paused.

use serde::{Deserialize, Serialize};

use crate::domain::campaign::state::CampaignState;
use crate::domain::policy::Policy;
use crate::domain::throttle::{
    DialRatio, IdleReserve, Lever, PaceReading, PaceSetting, ThrottleState,
};
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
        ours: PaceSetting,
        /// What it dialled before.
        original: PaceSetting,
    },
    /// Its dialler is to keep so many agents idle.
    SetsReserve {
        /// The reserve.
        to: IdleReserve,
    },
    /// Its dialler keeps as many agents idle as it should.
    KeepsIdle {
        /// The reserve.
        reserve: IdleReserve,
    },
    /// How many agents its dialler keeps idle could not be read so far, so that the platform may have no reserve: the rule pauses.
    NeverRead,
    /// What another actuator has set is put back first.
    PutsBack,
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
    /// `reserve` is what the dialler is to keep idle, where that is known.
    pub(super) fn evaluate(
        state: &CampaignState,
        policy: &Policy,
        reserve: Option<IdleReserve>,
        now: Timestamp,
    ) -> Option<Self> {
        let lever = policy.actuator.lever()?;
        let throttle = state.throttle.as_deref();
        let busy = throttle.and_then(|throttle| Self::busy(throttle, lever, policy, now));
        if busy.is_some() {
            return busy;
        }
        match lever {
            Lever::DialRatio => Some(throttle.map_or(Self::StepsDown, |throttle| {
                Self::of_ratio(throttle, policy, now)
            })),
            Lever::IdleReserve => Self::of_reserve(throttle, policy, reserve, now),
        }
    }

    /// What keeps the lever from being moved, whichever it is.
    fn busy(
        throttle: &ThrottleState,
        lever: Lever,
        policy: &Policy,
        now: Timestamp,
    ) -> Option<Self> {
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
        let other = throttle.lever().is_some_and(|set| set != lever);
        other.then_some(Self::PutsBack)
    }

    fn of_ratio(throttle: &ThrottleState, policy: &Policy, now: Timestamp) -> Self {
        if let Some(stepped) = throttle.stepped {
            let until = stepped.settles_until;
            // A clock that was set back must not keep a pause waiting, nor must the stage of a resume, which lasts longer than
            // the platform needs.
            let settles = now < until && stepped.at <= now && !stepped.staged;
            return if settles {
                Self::Settles { until }
            } else {
                Self::SteppedDown {
                    ours: stepped.ours,
                    original: stepped.original,
                }
            };
        }
        if let Some(ratio) = throttle.last.and_then(PaceReading::not_ahead) {
            return Self::NothingToStepDown { ratio };
        }
        if let Some(until) = throttle.backs_off_until(now) {
            return Self::Failed { until };
        }
        let limit = policy.pace_changes_per_hour;
        match throttle.used_up_until(WRITES_OF_A_STEP, limit, now) {
            Some(until) => Self::UsedUp { until },
            None => Self::StepsDown,
        }
    }

    fn of_reserve(
        throttle: Option<&ThrottleState>,
        policy: &Policy,
        wanted: Option<IdleReserve>,
        now: Timestamp,
    ) -> Option<Self> {
        let last = throttle.and_then(|throttle| throttle.last);
        let set = last.and_then(|reading| reading.setting().kept_idle());
        let asked = throttle.is_some_and(|throttle| throttle.asked_at.is_some());
        if asked && set.is_none() {
            return Some(Self::NeverRead);
        }
        let Some(to) = wanted.filter(|wanted| set != Some(*wanted)) else {
            return set.map(|reserve| Self::KeepsIdle { reserve });
        };
        if let Some(until) = throttle.and_then(|throttle| throttle.backs_off_until(now)) {
            return Some(Self::Failed { until });
        }
        let limit = policy.pace_changes_per_hour;
        let used_up =
            throttle.and_then(|throttle| throttle.used_up_until(WRITES_OF_A_STEP, limit, now));
        Some(used_up.map_or(Self::SetsReserve { to }, |until| Self::UsedUp { until }))
    }

    /// Whether the pause waits for the throttle. Where it also pauses, it waits for a step that has an effect, and for no other.
    pub(super) fn holds_back(self, policy: &Policy) -> bool {
        match self {
            Self::StepsDown
            | Self::OnItsWay { .. }
            | Self::Settles { .. }
            | Self::SetsReserve { .. } => true,
            Self::NeverRead => false,
            Self::SteppedDown { .. }
            | Self::KeepsIdle { .. }
            | Self::PutsBack
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
            Self::StepsDown
            | Self::SteppedDown { .. }
            | Self::SetsReserve { .. }
            | Self::KeepsIdle { .. }
            | Self::NeverRead
            | Self::PutsBack
            | Self::NothingToStepDown { .. } => None,
        }
    }
}
