//! Everything that a plan rests on, in positions: agents as in the roster, campaigns as in the rules.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::eligibility::{Barred, Eligibility};
use super::preview::{AssignPolicy, Preview};
use super::rate::{CallRate, Score};
use super::roster::{Roster, Rostered};
use crate::domain::Timestamp;

/// What may be done with a campaign's list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Serving {
    /// The campaign runs: agents join and leave.
    #[serde(rename = "runs")]
    Running,
    /// The campaign does not run: its agents serve the running ones.
    #[serde(rename = "stands")]
    NotRunning,
    /// Its status or its list is not known, or a list changed by a person is left alone: nobody joins or leaves.
    #[default]
    Fixed,
}

/// One campaign at the moment of a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CampaignNow {
    /// What may be done with its list.
    pub serving: Serving,
    /// Fewer agents than its most, because the dialler had no capacity for more.
    pub cap: Option<u32>,
    /// Entries of its list whose agents are not in the roster: they stay and take places.
    pub foreign: u32,
}

/// One agent at the moment of a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentNow {
    /// Seen and not offline.
    pub present: bool,
    /// On a call: stays where it is.
    pub on_call: bool,
    /// Calls an hour of late.
    pub recent: CallRate,
}

/// A pair of positions: agent, campaign.
pub type Pair = (usize, usize);

/// What a plan is made from.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// The agents.
    pub roster: &'a Roster,
    /// The rules.
    pub policy: &'a AssignPolicy,
    /// Who may serve what, windows apart.
    pub eligibility: &'a Eligibility,
    /// One for each campaign.
    pub campaigns: &'a [CampaignNow],
    /// One for each agent.
    pub agents: &'a [AgentNow],
    /// The pairs in force, ascending.
    pub in_force: &'a [Pair],
    /// Pairs that the platform refused.
    pub refused: &'a BTreeSet<Pair>,
    /// Pairs in force that the platform refused to end.
    pub kept: &'a BTreeSet<Pair>,
    /// The moment of the plan.
    pub now: Timestamp,
}

impl<'a> Situation<'a> {
    pub(super) fn agent(&self, agent: usize) -> AgentNow {
        self.agents.get(agent).copied().unwrap_or_default()
    }

    pub(super) fn campaign(&self, campaign: usize) -> CampaignNow {
        self.campaigns.get(campaign).copied().unwrap_or_default()
    }

    pub(super) fn previews(&self) -> Vec<&'a Preview> {
        self.policy.previews.values().collect()
    }

    /// Whether a pair in force has to stay: the agent is on a call within the window, nobody leaves that campaign, or the
    /// platform did not let this agent go.
    /// Where the window closes the agent leaves the list; the call itself goes on, as lists only say who is offered more.
    pub(super) fn frozen(&self, (agent, campaign): Pair, open: bool) -> bool {
        (open && self.agent(agent).on_call)
            || self.campaign(campaign).serving == Serving::Fixed
            || self.kept.contains(&(agent, campaign))
    }

    /// Returns the score of an agent for a campaign.
    #[must_use]
    pub fn score(&self, agent: usize, preview: &Preview) -> Score {
        Score::new(preview.target, self.agent(agent).recent)
    }

    /// Returns why an agent may not serve a campaign, if so. `open` has one entry a kind, as [`Eligibility::open`] gives them.
    #[must_use]
    pub fn barred(
        &self,
        rostered: &Rostered,
        (agent, campaign): Pair,
        preview: &Preview,
        open: &[bool],
    ) -> Option<Barred> {
        let kind = self.roster.kind(rostered)?;
        let now = self.agent(agent);
        if !preview.skills.is_subset(&kind.skills) {
            Some(Barred::Skills)
        } else if !preview.zones.contains(&kind.window.zone) {
            Some(Barred::Zone)
        } else if !open.get(rostered.kind).copied().unwrap_or_default() {
            Some(Barred::Window)
        } else if !now.present {
            Some(Barred::Absent)
        } else if self.refused.contains(&(agent, campaign)) {
            Some(Barred::Refused)
        } else if self.campaign(campaign).serving != Serving::Running {
            Some(Barred::NotRunning)
        } else if self.in_force.binary_search(&(agent, campaign)).is_err()
            && !Score::enough_for_new(preview.target, now.recent)
        {
            Some(Barred::Score)
        } else {
            None
        }
    }
}
