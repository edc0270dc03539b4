//! Between two states: a campaign that is on its way from one status to another is not commanded.

use serde::{Deserialize, Serialize};

use crate::domain::campaign::state::CampaignState;
use crate::domain::status::{CampaignActivity, Direction};

/// A campaign that was last seen on its way between two states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangingVerdict {
    /// The direction of the change, if the platform reports it.
    pub to: Option<Direction>,
}

impl ChangingVerdict {
    pub(crate) fn evaluate(state: &CampaignState) -> Option<Self> {
        match state.last_reading.as_ref()?.activity {
            CampaignActivity::Changing { to } => Some(Self { to }),
            CampaignActivity::Running
            | CampaignActivity::Paused
            | CampaignActivity::NotCommandable { .. }
            | CampaignActivity::Unknown { .. } => None,
        }
    }
}
