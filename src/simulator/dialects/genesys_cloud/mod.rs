//! Genesys Cloud as its contract describes it, with wire types of its own.
//!
//! A campaign of the world is a voice campaign with a queue; its agents are those who have the queue's skill in the world, or everybody
//! where none is named:
//!
//! | an agent who | has in the queue the status |
//! |---|---|
//! | is idle | `IDLE` |
//! | has a call or its wrap-up | `INTERACTING` |
//! | is on a break or not there | none: off the queue |
//!
//! A stop is accepted at once and nothing is dialled any more, while the campaign is `stopping` until its last call is over or as
//! [`StopLasts`] says. Each change moves the campaign's `version` and leaves a row in the audit, which names who made it.

mod answers;
mod bodies;
mod changes;
mod channels;
mod joined;
mod login;
mod members;
mod notifications;
mod operation;
mod people;
mod query;
mod queues;
mod route;
mod settings;
#[cfg(test)]
mod tests;
mod window;
mod wire;

use std::collections::BTreeMap;

use bytes::Bytes;
use hyper::header::HeaderName;
use serde_json::{Value, json};

use super::super::answer::Answer;
use super::super::time::SimTime;

pub use operation::CloudOperation;
pub(in crate::simulator) use route::{channel_of, route};
pub use settings::{CloudRival, CloudSettings, StopLasts};

use changes::Changes;
use channels::Channels;
use joined::Joined;
use window::Window;

/// Every answer has one, to be quoted to the vendor.
const CORRELATION: HeaderName = HeaderName::from_static("inin-correlation-id");

/// What the platform knows beside the world.
#[derive(Clone)]
pub(in crate::simulator) struct CloudState {
    settings: CloudSettings,
    changes: Changes,
    channels: Channels,
    joined: Joined,
    window: Option<Window>,
    /// Members of campaigns that were written.
    edited: BTreeMap<String, BTreeMap<String, Value>>,
    /// Queues that were written.
    queues: BTreeMap<String, Value>,
    /// Agents on the calls of a campaign, where a test says so.
    serving: BTreeMap<String, u32>,
}

impl CloudState {
    pub(in crate::simulator) fn new(settings: CloudSettings, now: SimTime) -> Self {
        let window = settings
            .requests_a_minute
            .map(|allowed| Window::new(allowed, now));
        Self {
            settings,
            changes: Changes::default(),
            channels: Channels::default(),
            joined: Joined::default(),
            window,
            edited: BTreeMap::new(),
            queues: BTreeMap::new(),
            serving: BTreeMap::new(),
        }
    }

    /// Puts on an answer what every one carries.
    pub(in crate::simulator) fn mark(&self, answer: &mut Answer, now: SimTime) {
        let id = format!("sim-{}", now.as_unix_millis());
        answer.headers.push((CORRELATION, id));
        if let Some(window) = &self.window {
            answer.headers.extend(window.headers(now));
        }
    }
}

/// Returns a refusal in the form of this platform.
pub(in crate::simulator) fn in_own_form(answer: Answer) -> Answer {
    let Some(refused) = &answer.refused else {
        return answer;
    };
    let body = json!({
        "message": refused.messages.join("; "),
        "code": refused.code,
        "status": refused.status.as_u16(),
        "contextId": "sim",
        "details": [],
        "errors": [],
    });
    Answer {
        body: Bytes::from(body.to_string()),
        ..answer
    }
}
