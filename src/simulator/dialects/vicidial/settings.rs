//! How this platform differs from one system to the next.

use std::collections::{BTreeMap, BTreeSet};

use super::super::super::centre::{Mode, Scenario};
use super::ids::shown;

/// How a platform of this dialect behaves.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "ways in which systems differ, each by itself"
)]
pub struct DialerSettings {
    /// Who may log in; without anybody the platform's client, with every right.
    pub users: Vec<DialerUser>,
    /// What campaigns are set to, by their ids here; one that is not named is [`DialerCampaign::default`].
    pub campaigns: BTreeMap<String, DialerCampaign>,
    /// Which skill of the world the agents of a campaign have, by the campaign's id in the world. Who has none of these skills is logged
    /// into the first campaign.
    pub skills: BTreeMap<String, String>,
    /// Who is logged in, instead of the world's agents.
    pub agents: Option<Vec<DialerAgent>>,
    /// The calls of today, instead of those of the contact centre.
    pub calls: Option<BTreeMap<String, Vec<DialerCalls>>>,
    /// The highest level that may be set.
    pub highest_level: u32,
    /// An error in writing the log makes the answer a 500, as with newer versions of the language that the script is in.
    pub strict_log: bool,
    /// Names are sent as Latin-1.
    pub latin: bool,
    /// The client's address is not on the list.
    pub address_blocked: bool,
    /// The folder in which failed log-ins are noted can be written. Where it cannot, a wrong log-in is an empty 500.
    pub notes_failures: bool,
    /// The database is away.
    pub database_away: bool,
    /// The process that dials is dead: no call is placed, and who is logged in stays as it is.
    pub dialler_dead: bool,
    /// The script's language is an older one, in which a database that is away is a 200 with words.
    pub old_language: bool,
    /// The build, as `version` names it.
    pub build: String,
    /// By how many seconds the platform's clock is ahead in what `version` says.
    pub clock_ahead: i64,
}

/// Somebody who may log in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "rights, each by itself")]
pub struct DialerUser {
    /// The name.
    pub name: String,
    /// The password.
    pub password: String,
    /// The level, up to 9.
    pub level: u8,
    /// Whether the account is active.
    pub active: bool,
    /// The right to use the interface.
    pub api_access: bool,
    /// The right to see reports.
    pub reports: bool,
    /// The right to modify campaigns.
    pub modifies: bool,
    /// The functions that are allowed; every one, when absent.
    pub functions: Option<BTreeSet<String>>,
    /// The campaigns that are allowed; every one, when absent.
    pub campaigns: Option<BTreeSet<String>>,
}

/// What a campaign is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialerCampaign {
    /// The name; that of the world where it is empty.
    pub name: String,
    /// Whether it is active.
    pub active: bool,
    /// How it dials.
    pub method: String,
    /// Calls for each agent, as text.
    pub level: String,
    /// The highest level that the adaptive process may choose.
    pub maximum: String,
    /// The statuses of records that are dialled.
    pub statuses: String,
    /// How long a call may ring, in seconds.
    pub timeout: u32,
    /// The group of users whose campaign it is.
    pub user_group: String,
    /// With fewer agents than this it dials at level 1, whatever is set.
    pub threshold: usize,
}

/// One row of who is logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialerAgent {
    /// The user.
    pub user: String,
    /// The campaign.
    pub campaign: String,
    /// The conference.
    pub session: String,
    /// `READY`, `PAUSED` and so on.
    pub status: String,
    /// The record at hand; 0 for none.
    pub lead: u32,
    /// The id of the call.
    pub call: String,
    /// Calls of the day.
    pub calls_today: u32,
    /// The full name.
    pub name: String,
    /// The group of the user.
    pub group: String,
}

/// Calls of one hour that have one status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialerCalls {
    /// The hour.
    pub hour: u8,
    /// The status.
    pub status: String,
    /// How many there are.
    pub count: u64,
}

impl Default for DialerSettings {
    fn default() -> Self {
        Self {
            users: Vec::new(),
            campaigns: BTreeMap::new(),
            skills: BTreeMap::new(),
            agents: None,
            calls: None,
            highest_level: 4,
            strict_log: true,
            latin: true,
            address_blocked: false,
            notes_failures: true,
            database_away: false,
            dialler_dead: false,
            old_language: false,
            build: "241004-1518".to_owned(),
            clock_ahead: 0,
        }
    }
}

impl DialerUser {
    /// Somebody who may do everything.
    #[must_use]
    pub fn new(name: &str, password: &str) -> Self {
        Self {
            name: name.to_owned(),
            password: password.to_owned(),
            level: 9,
            active: true,
            api_access: true,
            reports: true,
            modifies: true,
            functions: None,
            campaigns: None,
        }
    }

    pub(super) fn sees(&self, campaign: &str) -> bool {
        let allowed = self.campaigns.as_ref();
        allowed.is_none_or(|allowed| allowed.iter().any(|one| one.eq_ignore_ascii_case(campaign)))
    }
}

impl Default for DialerCampaign {
    fn default() -> Self {
        Self {
            name: String::new(),
            active: true,
            method: "RATIO".to_owned(),
            level: "2.0".to_owned(),
            maximum: "3.0".to_owned(),
            statuses: "NEW".to_owned(),
            timeout: 26,
            user_group: "---ALL---".to_owned(),
            threshold: 0,
        }
    }
}

impl DialerCampaign {
    /// One that dials in this way.
    #[must_use]
    pub fn dialling(method: &str, level: &str) -> Self {
        Self {
            method: method.to_owned(),
            level: level.to_owned(),
            ..Self::default()
        }
    }
}

impl DialerSettings {
    /// The default, with the scenario's campaigns in their modes and its skills.
    #[must_use]
    pub fn staging(scenario: &Scenario) -> Self {
        let campaigns = scenario.campaigns.iter().enumerate();
        Self {
            campaigns: campaigns
                .map(|(place, campaign)| {
                    let (method, level) = mode(campaign.mode);
                    let set = DialerCampaign::dialling(method, &level);
                    (shown(&campaign.id, place), set)
                })
                .collect(),
            skills: scenario
                .campaigns
                .iter()
                .map(|campaign| (campaign.id.clone(), campaign.skill.clone()))
                .collect(),
            ..Self::default()
        }
    }
}

fn mode(mode: Mode) -> (&'static str, String) {
    match mode {
        Mode::Preview { .. } => ("MANUAL", "0".to_owned()),
        Mode::Progressive | Mode::Instant { .. } => ("RATIO", "1.0".to_owned()),
        Mode::Power { dials_per_agent } => ("RATIO", format!("{:.1}", dials_per_agent.max(1.0))),
        Mode::Predictive { .. } => ("ADAPT_TAPERED", "1.5".to_owned()),
    }
}
