//! Amazon Connect's outbound campaigns as its published service models describe them, with wire types of its own.
//!
//! A campaign of the world is a campaign with a queue; its agents are those who have the queue's skill in the world, or everybody where
//! none is named. Its states are strict: a command is for one state alone, and a second one is refused with the state that there is.
//!
//! ```text
//! Initialized        Running ──pause──▶ Paused ──resume──▶ Running        Stopped, Completed, Failed
//! ```
//!
//! Every request has to be signed ([`signature`]) with the access key that is the client's id, and its secret. What is known of a client
//! by its key alone stands in the journal as the client.

mod answers;
mod configuration;
mod metrics;
mod operation;
mod people;
mod refusals;
mod route;
mod settings;
mod signature;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::answer::Answer;
use super::super::call::Call;

pub use operation::ConnectOperation;
pub(in crate::simulator) use route::route;
pub use settings::{ConnectSettings, ConnectVersion, ErrorName};

/// What the platform knows beside the world.
#[derive(Clone)]
pub(in crate::simulator) struct ConnectState {
    settings: ConnectSettings,
    /// Channels of campaigns that were written, with the member's name around them.
    written: BTreeMap<String, Value>,
}

impl ConnectState {
    pub(in crate::simulator) fn new(settings: ConnectSettings) -> Self {
        Self {
            settings,
            written: BTreeMap::new(),
        }
    }

    /// Returns a refusal in the form of this platform.
    pub(in crate::simulator) fn worded(&self, answer: Answer, call: &Call) -> Answer {
        let of_campaigns = !call.seen.path.starts_with("/metrics");
        refusals::worded(answer, self.settings.error_name, of_campaigns)
    }
}

/// Returns a refusal in the form of this platform, where it is not in it yet.
pub(in crate::simulator) fn in_own_form(answer: Answer) -> Answer {
    refusals::worded(answer, ErrorName::Header, true)
}
