//! What people call a campaign. Shown, and never decided by.

use serde::{Deserialize, Serialize};

/// What people call a campaign.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignLabels {
    /// Its name.
    pub name: Option<String>,
    /// The team whose it is.
    pub team: Option<String>,
    /// What to know of it.
    pub note: Option<String>,
}
