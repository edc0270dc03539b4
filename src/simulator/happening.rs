//! What happens by itself at a moment: people, breaks and outages.

use std::fmt;
use std::time::Duration;

use super::faults::Endpoint;
use super::time::SimTime;

/// Something that happens at a moment of the script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// When.
    pub at: SimTime,
    /// What.
    pub what: What,
}

/// The kinds of happening.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A person sets a campaign's status at the platform's console.
    PersonSets {
        /// Which campaign.
        campaign: String,
        /// The new status.
        status: String,
    },
    /// Agents go on an unplanned break together.
    Breaks {
        /// How many.
        agents: u32,
        /// For how long.
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

impl fmt::Display for Happening {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::PersonSets { campaign, status } => {
                write!(formatter, "a person sets {campaign} to {status}")
            }
            What::Breaks { agents, lasts } => {
                let minutes = lasts.as_secs() / 60;
                write!(formatter, "{agents} agents go on a break of {minutes} min")
            }
            What::Outage { endpoint, .. } => {
                write!(formatter, "the {} endpoint starts to fail", endpoint.name())
            }
            What::OutageOver { endpoint } => {
                write!(formatter, "the {} endpoint works again", endpoint.name())
            }
        }
    }
}
