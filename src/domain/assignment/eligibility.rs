//! Who may serve which campaign, and why not.
//!
//! Skills and time zones do not change while the daemon runs: which campaigns a kind of agent may serve is worked out
//! once. Windows are evaluated for each plan, once a kind.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::preview::AssignPolicy;
use super::roster::Roster;
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
#[serde(from = "RecordedEligibility", into = "RecordedEligibility")]
pub struct Eligibility {
    /// The positions of the campaigns, ascending, one kind after the other: a plan walks through all of them, and rows of
    /// their own would each be a wait for the memory.
    campaigns: Vec<usize>,
    /// Where those of each kind end.
    ends: Vec<usize>,
}

/// How it is recorded: for each kind the positions of the campaigns, ascending.
#[derive(Serialize, Deserialize)]
struct RecordedEligibility {
    campaigns: Vec<Vec<usize>>,
}

impl From<RecordedEligibility> for Eligibility {
    fn from(RecordedEligibility { campaigns: rows }: RecordedEligibility) -> Self {
        let mut campaigns = Vec::with_capacity(rows.iter().map(Vec::len).sum());
        let ends = rows.iter().map(|row| {
            campaigns.extend_from_slice(row);
            campaigns.len()
        });
        let ends = ends.collect();
        Self { campaigns, ends }
    }
}

impl From<Eligibility> for RecordedEligibility {
    fn from(from: Eligibility) -> Self {
        let rows = (0..from.ends.len()).map(|kind| from.of_kind(kind).to_vec());
        Self {
            campaigns: rows.collect(),
        }
    }
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
        let campaigns = roster.kinds().iter().map(of_kind).collect();
        RecordedEligibility { campaigns }.into()
    }

    /// The campaigns that a kind may serve, windows apart.
    #[must_use]
    pub fn of_kind(&self, kind: usize) -> &[usize] {
        let before = kind.checked_sub(1).and_then(|kind| self.ends.get(kind));
        let begin = before.copied().unwrap_or_default();
        let end = self.ends.get(kind).copied().unwrap_or_default();
        self.campaigns.get(begin..end).unwrap_or_default()
    }

    /// For each kind whether its window stays open for the horizon.
    #[must_use]
    pub fn open(roster: &Roster, now: Timestamp, horizon: Duration) -> Vec<bool> {
        // Few windows are shared by many kinds, and the rules of a time zone are slow to ask.
        let windows = roster.windows().iter();
        let open: Vec<bool> = windows
            .map(|window| window.open_throughout(now, horizon))
            .collect();
        let numbers = roster.window_numbers().iter();
        numbers
            .map(|number| open.get(*number).copied().unwrap_or_default())
            .collect()
    }
}
