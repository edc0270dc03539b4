//! One guard: a limit as data.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::ids::CampaignId;
use crate::domain::local_time::Zone;

use super::limit::GuardLimit;
use super::measure::{Denominator, Numerator};
use super::period::GuardPeriod;
use super::preset::Preset;

/// Which campaigns a guard is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GuardScope {
    /// Every one.
    All,
    /// Those that are named, and those of these teams.
    Some {
        /// The campaigns.
        campaigns: BTreeSet<CampaignId>,
        /// The teams.
        teams: BTreeSet<String>,
    },
}

/// One limit, what it counts, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    /// What people call it.
    pub name: String,
    /// The preset that its data come from, if they do.
    pub preset: Option<Preset>,
    /// The share that is allowed.
    pub limit: GuardLimit,
    /// The calls that are counted.
    pub numerator: Numerator,
    /// The calls of which they are a share.
    pub denominator: Denominator,
    /// The time in which they are counted.
    pub period: GuardPeriod,
    /// The zone on whose clock days begin.
    pub zone: Zone,
    /// With fewer calls nothing is said.
    pub least_calls: u64,
    /// The campaigns that it is about, each on its own.
    pub scope: GuardScope,
}

impl Guard {
    /// Returns what it allows, in words.
    #[must_use]
    pub fn in_words(&self) -> String {
        format!(
            "{} of {} calls may be {}, {}, on the clock of {}, from {} calls on",
            self.limit,
            self.denominator.label(),
            self.numerator.label(),
            self.period,
            self.zone.name(),
            self.least_calls
        )
    }

    /// Whether it is about a campaign of this team.
    #[must_use]
    pub fn is_about(&self, campaign: &CampaignId, team: Option<&str>) -> bool {
        match &self.scope {
            GuardScope::All => true,
            GuardScope::Some { campaigns, teams } => {
                campaigns.contains(campaign) || team.is_some_and(|team| teams.contains(team))
            }
        }
    }
}
