//! How this platform differs from one tenant to the next.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::super::centre::{Mode, Scenario};

/// How a platform of this dialect behaves. The default is what its contract describes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a difference between tenants on its own"
)]
pub struct AcdSettings {
    /// The most rows in a page, whatever was asked for.
    pub page_limit: usize,
    /// Whether pages link to the next one.
    pub links: bool,
    /// Whether pages say how many rows there are in all.
    pub totals: bool,
    /// Which release spells the answers.
    pub release: Release,
    /// How a listing says that nothing changed.
    pub no_change: NoChange,
    /// Whether listings say when to continue. Without it every reading has to be a whole one.
    pub poll_times: bool,
    /// Whether an agent in the dialler comes with the skill whose dialler they are in.
    pub dialer_has_skill: bool,
    /// Whether agents are taken from `Available` instead of joining the dialler.
    pub blended: bool,
    /// What a stopped skill shows until it is off.
    pub stop: StopShows,
    /// Whether the platform itself starts and stops the skills by the clock, as it reports; nothing comes of it.
    pub scheduled: bool,
    /// Calls a day that are reported as the tenant's limit.
    pub daily_calls: u64,
    /// Which skill of the agents a campaign needs; every agent has the skill of a campaign that is not named.
    pub skills: BTreeMap<String, String>,
    /// The calls for each agent that a campaign's skill is set to at first, 1 to 3; two where it is not named.
    pub ratios: BTreeMap<String, u32>,
    /// The id of the registered client that the global log-in needs, and its secret.
    pub registered_client: (String, String),
}

/// What `isRunning` shows of a skill that was stopped by a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StopShows {
    /// It goes on until the last call of the skill, with its wrap-up, is over.
    UntilLastCall,
    /// It goes on for so long, simulated.
    For(Duration),
    /// A word that is neither true nor false for so long, simulated.
    Word(String, Duration),
}

/// Which release spells the answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// As in the contract.
    Current,
    /// An enclosing `resultSet`, `lastPollTime` in each row, `isAcw`, booleans as text and numbers, misspelled and capital
    /// members.
    Older,
}

/// How a listing says that nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoChange {
    /// 200 without rows.
    Empty,
    /// 204.
    NoContent,
    /// 304.
    NotModified,
}

impl Default for AcdSettings {
    fn default() -> Self {
        Self {
            page_limit: 100,
            links: true,
            totals: true,
            release: Release::Current,
            no_change: NoChange::Empty,
            poll_times: true,
            dialer_has_skill: true,
            blended: false,
            stop: StopShows::UntilLastCall,
            scheduled: false,
            daily_calls: 100_000,
            skills: BTreeMap::new(),
            ratios: BTreeMap::new(),
            registered_client: ("registered".to_owned(), "registered-secret====".to_owned()),
        }
    }
}

impl AcdSettings {
    /// The default, with the scenario's skills and its campaigns' calls for each agent.
    #[must_use]
    pub fn staging(scenario: &Scenario) -> Self {
        let skills = scenario
            .campaigns
            .iter()
            .map(|campaign| (campaign.id.clone(), campaign.skill.clone()))
            .collect();
        let ratios = scenario
            .campaigns
            .iter()
            .map(|campaign| (campaign.id.clone(), most_calls(campaign.mode)))
            .collect();
        Self {
            skills,
            ratios,
            ..Self::default()
        }
    }
}

/// What a skill that dials in this mode is set to: the least that does not slow it down.
fn most_calls(mode: Mode) -> u32 {
    match mode {
        Mode::Preview { .. } | Mode::Progressive | Mode::Instant { .. } => 1,
        Mode::Power { dials_per_agent } if dials_per_agent <= 1.0 => 1,
        Mode::Power { dials_per_agent } if dials_per_agent <= 2.0 => 2,
        Mode::Power { .. } | Mode::Predictive { .. } => 3,
    }
}
