//! Who may serve which campaign, and why not.
//!
//! Skills and time zones do not change while the daemon runs: which campaigns a kind of agent may serve is worked out
//! once. Windows are evaluated for each plan, once a kind.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::preview::AssignPolicy;
use super::roster::Roster;
use super::window::Window;
use crate::domain::Timestamp;

/// Why an agent may not serve a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Barred {
    /// Not every skill that the campaign needs.
    Skills,
    /// Works in a time zone that the campaign does not allow.
    Zone,
    /// The window is closed, or closes too soon.
    Window,
    /// Offline, or not among the agents read.
    Absent,
    /// The platform refused the agent a short while ago.
    Refused,
    /// Too little of the target left for a new pair: the score is not above 0.3.
    Score,
    /// The campaign does not run.
    NotRunning,
}

impl fmt::Display for Barred {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Skills => "lacks a skill that the campaign needs",
            Self::Zone => "works in a time zone that the campaign does not allow",
            Self::Window => "window closed, or closing within the horizon",
            Self::Absent => "offline, or not among the agents read",
            Self::Refused => "refused by the platform",
            Self::Score => "score not above 0.3, too low for a new pair",
            Self::NotRunning => "the campaign does not run",
        })
    }
}

/// Which campaigns each kind of agent may serve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Eligibility {
    /// For each kind the positions of the campaigns, ascending.
    campaigns: Vec<Vec<usize>>,
}

impl Eligibility {
    /// Compares every kind with every campaign.
    #[must_use]
    pub fn new(roster: &Roster, policy: &AssignPolicy) -> Self {
        let of_kind = |kind: &super::roster::Kind| {
            let previews = policy.previews.values().enumerate();
            let fitting = previews.filter(|(_, preview)| {
                preview.skills.is_subset(&kind.skills) && preview.zones.contains(&kind.window.zone)
            });
            fitting.map(|(position, _)| position).collect()
        };
        Self {
            campaigns: roster.kinds().iter().map(of_kind).collect(),
        }
    }

    /// The campaigns that a kind may serve, windows apart.
    #[must_use]
    pub fn of_kind(&self, kind: usize) -> &[usize] {
        self.campaigns.get(kind).map_or(&[], Vec::as_slice)
    }

    /// For each kind whether its window stays open for the horizon.
    #[must_use]
    pub fn open(roster: &Roster, now: Timestamp, horizon: Duration) -> Vec<bool> {
        // Few windows are shared by many kinds, and the rules of a time zone are slow to ask.
        let mut known: BTreeMap<&Window, bool> = BTreeMap::new();
        let kinds = roster.kinds().iter().map(|kind| &kind.window);
        kinds
            .map(|window| {
                let open = known.entry(window);
                *open.or_insert_with(|| window.open_throughout(now, horizon))
            })
            .collect()
    }
}
