//! What aims have learned, from one simulated day to the next.
//!
//! The scenario is the same day again and again, so that what is remembered of yesterday lies a day back. In the morning every
//! campaign runs at its own pace, nobody has paused anything, and the platform's counters begin anew.

use std::collections::BTreeMap;

use crate::domain::aim::AimState;
use crate::domain::{Autopilot, CampaignId, CampaignState, Timestamp};

/// What the aims of a scenario's campaigns remember.
#[derive(Default)]
pub(super) struct Learned(BTreeMap<CampaignId, Box<AimState>>);

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1_000;

impl Learned {
    /// The states in which an autopilot begins the day.
    pub(super) fn states(&self, now: Timestamp) -> BTreeMap<CampaignId, CampaignState> {
        let states = self.0.iter().map(|(id, aim)| {
            let state = CampaignState {
                aim: Some(aim.clone()),
                ..CampaignState::unread(now)
            };
            (id.clone(), state)
        });
        states.collect()
    }

    /// Takes over what an autopilot has learned by the end of the day.
    pub(super) fn keep(&mut self, mut autopilot: Autopilot) {
        autopilot.shift_clock(-DAY_MILLIS);
        let aims = autopilot.remembered().filter_map(|(id, state)| {
            let aim = state.aim.clone()?;
            Some((id.clone(), aim))
        });
        self.0 = aims.collect();
    }
}
