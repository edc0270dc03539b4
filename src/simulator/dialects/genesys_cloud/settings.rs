//! How this platform differs from one organisation to the next.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::super::super::centre::{Mode, Scenario};

/// The queue of campaigns that none is named for.
pub(super) const USUAL_QUEUE: &str = "queue-outbound";

/// How a platform of this dialect behaves. The default is what its contract describes.
#[derive(Clone, Debug, PartialEq)]
pub struct CloudSettings {
    /// The queue of each campaign; one that is not named has one with the others that are not.
    pub queues: BTreeMap<String, String>,
    /// Which skill of the world the agents of a queue have; everybody is in a queue that is not named.
    pub members: BTreeMap<String, String>,
    /// How many of the agents who are on a queue have no station.
    pub without_station: BTreeMap<String, usize>,
    /// How many of the agents who are on a queue are on another edge group than the campaigns.
    pub on_other_edge_group: BTreeMap<String, usize>,
    /// Queues of which nothing is shown.
    pub silent_queues: BTreeSet<String>,
    /// How each campaign dials; one that is not named is progressive.
    pub modes: BTreeMap<String, String>,
    /// The calls for each agent that a campaign is set to; nothing where it is not named.
    pub calls_per_agent: BTreeMap<String, f64>,
    /// How long a stop takes.
    pub stop: StopLasts,
    /// Rights that the client's roles lack.
    pub withheld: BTreeSet<String>,
    /// Campaigns in a division that the client's roles are not granted for.
    pub elsewhere: BTreeSet<String>,
    /// How long a row of the audit takes to come.
    pub audit_lag: Duration,
    /// Whether the audit covers campaigns.
    pub audited: bool,
    /// Requests that a client may make in a minute; no limit without one.
    pub requests_a_minute: Option<u32>,
    /// Campaigns that may be on or stopping at once.
    pub most_active: usize,
    /// How long a member who joins or leaves a queue takes to show.
    pub members_lag: Duration,
    /// Whether it tells of changes by itself.
    pub notifies: bool,
    /// What else starts and stops campaigns.
    pub rivals: Vec<CloudRival>,
    /// Whether `selfUri` and the links of pages have the host in front.
    pub absolute_links: bool,
}

/// How long a campaign that a client stopped is `stopping`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StopLasts {
    /// It is off at once.
    NoTime,
    /// Until its last call, with its wrap-up, is over.
    UntilLastCall,
    /// So long, simulated.
    For(Duration),
}

/// What else starts and stops a campaign. Nothing comes of it by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CloudRival {
    /// An enabled rule that turns it off.
    Rule(String),
    /// An enabled rule that turns off whatever triggers it, and watches this one.
    TriggeredRule(String),
    /// A rule that is not enabled.
    DisabledRule(String),
    /// A sequence that is on.
    Sequence(String),
    /// A sequence that is off.
    IdleSequence(String),
    /// A schedule.
    Schedule(String),
}

impl Default for CloudSettings {
    fn default() -> Self {
        Self {
            queues: BTreeMap::new(),
            members: BTreeMap::new(),
            without_station: BTreeMap::new(),
            on_other_edge_group: BTreeMap::new(),
            silent_queues: BTreeSet::new(),
            modes: BTreeMap::new(),
            calls_per_agent: BTreeMap::new(),
            stop: StopLasts::UntilLastCall,
            withheld: BTreeSet::new(),
            elsewhere: BTreeSet::new(),
            audit_lag: Duration::ZERO,
            audited: true,
            requests_a_minute: None,
            most_active: 50,
            members_lag: Duration::ZERO,
            notifies: true,
            rivals: Vec::new(),
            absolute_links: false,
        }
    }
}

impl CloudSettings {
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
            calls_per_agent: campaigns()
                .filter_map(|campaign| Some((campaign.id.clone(), calls(campaign.mode)?)))
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
}

fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Preview { .. } => "preview",
        Mode::Progressive | Mode::Instant { .. } => "progressive",
        Mode::Power { .. } => "power",
        Mode::Predictive { .. } => "predictive",
    }
}

/// The least that does not slow the mode down.
fn calls(mode: Mode) -> Option<f64> {
    match mode {
        Mode::Preview { .. } | Mode::Progressive | Mode::Instant { .. } => None,
        Mode::Power { dials_per_agent } => Some(dials_per_agent.max(1.0)),
        Mode::Predictive { .. } => Some(3.0),
    }
}
