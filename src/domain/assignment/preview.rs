//! The wants of preview campaigns, and the rules of assigning.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::form::ListForm;
use super::rate::{CallRate, Weight};
use crate::domain::local_time::Zone;
use crate::domain::policy::OnManualChange;
use crate::domain::{CampaignId, SkillId};

/// One preview campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// Every one of these is needed.
    pub skills: BTreeSet<SkillId>,
    /// Calls an hour that each agent is to make.
    pub target: CallRate,
    /// How much an agent here counts against one elsewhere.
    pub weight: Weight,
    /// Agents wanted at least. Not a promise: agents who are not there cannot be placed.
    pub least: u32,
    /// Agents taken at most: the list is never longer.
    pub most: u32,
    /// Time zones whose agents may be placed.
    pub zones: BTreeSet<Zone>,
    /// Calls at once that the campaign lets one agent hold, 1 or 2.
    pub concurrency: u8,
    /// What to do when a person changes the list.
    pub on_manual_change: OnManualChange,
    /// How long a list changed by a person is left alone.
    pub manual_grace: Duration,
}

/// The rules of assigning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignPolicy {
    /// Every preview campaign.
    pub previews: BTreeMap<CampaignId, Preview>,
    /// A plan is made this often even if nothing happened.
    pub interval: Duration,
    /// A plan is made when the number of staffed agents of the roster has changed by so many since the last.
    pub moved_agents: u32,
    /// Windows have to stay open at least this long for an agent to be placed.
    pub horizon: Duration,
    /// What a change of one pair costs, in thousandths of a full score on a campaign of weight 1: the gain of a move
    /// has to be greater than that of the pairs that it changes.
    pub churn: u32,
    /// Calls are counted over so much time.
    pub rate_window: Duration,
    /// In which form the platform keeps lists.
    #[serde(default, skip_serializing_if = "ListForm::is_whole")]
    pub form: ListForm,
}
