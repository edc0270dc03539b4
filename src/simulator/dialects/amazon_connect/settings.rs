//! How this platform differs from one instance to the next.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::super::super::centre::{Mode, Scenario};

/// The queue of campaigns that none is named for.
pub(super) const USUAL_QUEUE: &str = "queue-outbound";

/// The bandwidth of campaigns that none is named for.
pub(super) const USUAL_BANDWIDTH: f64 = 1.0;

/// How a platform of this dialect behaves. The default is what is published of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectSettings {
    /// The instance that the campaigns belong to.
    pub instance: String,
    /// The region that signatures have to name.
    pub region: String,
    /// The version of the API in which the campaigns are.
    pub version: ConnectVersion,
    /// The queue of each campaign; one that is not named has one with the others that are not.
    pub queues: BTreeMap<String, String>,
    /// Which skill of the world the agents of a queue have; everybody is in a queue that is not named.
    pub members: BTreeMap<String, String>,
    /// How each campaign dials; one that is not named is progressive.
    pub modes: BTreeMap<String, String>,
    /// The bandwidth of campaigns, 1 where none is named.
    pub bandwidths: BTreeMap<String, f64>,
    /// Campaigns that a journey runs.
    pub journeys: BTreeSet<String>,
    /// Queues that are left out of the rows.
    pub missing_queues: BTreeSet<String>,
    /// Queues whose counts are null.
    pub null_queues: BTreeSet<String>,
    /// Queues that have no value where a count should be.
    pub valueless_queues: BTreeSet<String>,
    /// Whether a request that names a queue which is not there is refused as a whole; such a queue is left out otherwise.
    pub unknown_queue_refused: bool,
    /// Campaigns of which the state cannot be told just now.
    pub unreadable: BTreeSet<String>,
    /// Campaigns that answers about several leave out without a word.
    pub left_out: BTreeSet<String>,
    /// Rights that the role lacks.
    pub withheld: BTreeSet<String>,
    /// Where refusals have their name.
    pub error_name: ErrorName,
    /// Rows in a page of counts, 100 at the most.
    pub rows_a_page: usize,
    /// How old the counts are.
    pub snapshot_age: Duration,
    /// The session token that a signature has to come with; any or none where absent.
    pub session: Option<String>,
    /// Session tokens whose time is over.
    pub expired_sessions: BTreeSet<String>,
    /// So many commands are answered with a conflict, as if somebody changed the campaign.
    pub conflicts: u32,
    /// Whether answers about calls tell how many people answered, which needs the detection of machines.
    pub humans_counted: bool,
}

/// A version of the campaigns' API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectVersion {
    /// The first one, without a number in its paths.
    First,
    /// The second one.
    Second,
}

/// Where a refusal has its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorName {
    /// In a header.
    Header,
    /// In a header, with an address behind it.
    HeaderWithAddress,
    /// In the body, behind the name of a package.
    Body,
}

impl Default for ConnectSettings {
    fn default() -> Self {
        Self {
            instance: "aaaaaaaa-0000-4000-8000-000000000000".to_owned(),
            region: "eu-west-2".to_owned(),
            version: ConnectVersion::Second,
            queues: BTreeMap::new(),
            members: BTreeMap::new(),
            modes: BTreeMap::new(),
            bandwidths: BTreeMap::new(),
            journeys: BTreeSet::new(),
            missing_queues: BTreeSet::new(),
            null_queues: BTreeSet::new(),
            valueless_queues: BTreeSet::new(),
            unknown_queue_refused: true,
            unreadable: BTreeSet::new(),
            left_out: BTreeSet::new(),
            withheld: BTreeSet::new(),
            error_name: ErrorName::Header,
            rows_a_page: 100,
            snapshot_age: Duration::ZERO,
            session: None,
            expired_sessions: BTreeSet::new(),
            conflicts: 0,
            humans_counted: true,
        }
    }
}

impl ConnectSettings {
    /// The default, with a queue for each of the scenario's skills, and its campaigns' modes.
    #[must_use]
    pub fn staging(scenario: &Scenario) -> Self {
        let campaigns = || scenario.campaigns.iter();
        let queue = |skill: &str| format!("queue-{skill}");
        Self {
            queues: campaigns()
                .map(|campaign| (campaign.id.clone(), queue(&campaign.skill)))
                .collect(),
            members: campaigns()
                .map(|campaign| (queue(&campaign.skill), campaign.skill.clone()))
                .collect(),
            modes: campaigns()
                .map(|campaign| (campaign.id.clone(), mode(campaign.mode).to_owned()))
                .collect(),
            ..Self::default()
        }
    }

    pub(super) fn queue_of(&self, campaign: &str) -> &str {
        self.queues
            .get(campaign)
            .map_or(USUAL_QUEUE, String::as_str)
    }

    pub(super) fn has_queue(&self, queue: &str) -> bool {
        queue == USUAL_QUEUE || self.queues.values().any(|known| known == queue)
    }

    pub(super) fn mode_of(&self, campaign: &str) -> &str {
        self.modes
            .get(campaign)
            .map_or("progressive", String::as_str)
    }

    pub(super) fn bandwidth_of(&self, campaign: &str) -> f64 {
        let set = self.bandwidths.get(campaign).copied();
        set.unwrap_or(USUAL_BANDWIDTH)
    }
}

/// The platform has no mode that dials a fixed number of calls for each agent.
fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Preview { .. } => "preview",
        Mode::Progressive | Mode::Instant { .. } => "progressive",
        Mode::Power { .. } | Mode::Predictive { .. } => "predictive",
    }
}
