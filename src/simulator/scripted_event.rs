//! Events of a script: what people, breaks and outages do at a moment.

use std::fmt;
use std::time::Duration;

use super::faults::Endpoint;
use super::time::SimTime;

/// An event at a moment of the script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptedEvent {
    /// The moment.
    pub at: SimTime,
    /// What happens.
    pub kind: ScriptedEventKind,
}

/// The kinds of scripted event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScriptedEventKind {
    /// A person sets a campaign's status at the platform's console.
    PersonSets {
        /// The campaign's id.
        campaign: String,
        /// The new status.
        status: String,
    },
    /// Agents go on an unplanned break together.
    Breaks {
        /// The number of agents.
        agents: u32,
        /// How long the break lasts.
        lasts: Duration,
    },
    /// An endpoint answers 500 until a given moment.
    Outage {
        /// The endpoint.
        endpoint: Endpoint,
        /// The first moment at which it works again.
        until: SimTime,
    },
    /// The outage is over; nothing else happens.
    OutageOver {
        /// The endpoint.
        endpoint: Endpoint,
    },
}

impl fmt::Display for ScriptedEvent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ScriptedEventKind::PersonSets { campaign, status } => {
                write!(formatter, "a person sets {campaign} to {status}")
            }
            ScriptedEventKind::Breaks { agents, lasts } => {
                let minutes = lasts.as_secs() / 60;
                write!(formatter, "{agents} agents go on a break of {minutes} min")
            }
            ScriptedEventKind::Outage { endpoint, .. } => {
                write!(formatter, "the {} endpoint starts to fail", endpoint.name())
            }
            ScriptedEventKind::OutageOver { endpoint } => {
                write!(formatter, "the {} endpoint works again", endpoint.name())
            }
        }
    }
}
