//! Genesys Cloud as its public API describes it: voice campaigns that are started and stopped, and queues whose agents take their calls.
//!
//! | what | request |
//! |---|---|
//! | a token | [`login`]: by client credentials on the log-in host of the [`region`] |
//! | what campaigns do | `GET /outbound/campaigns?id=…`, a hundred in one call; `GET /outbound/campaigns/{id}` for one: [`campaign`] |
//! | a command | `POST /outbound/campaigns/{id}/stop` or `/start`, without a body: [`campaigns`] |
//! | available agents | `POST /analytics/queues/observations/query`, every queue in one call: [`observation`] |
//! | agents on a campaign's own calls, and whom it cannot reach | `GET /outbound/campaigns/{id}/diagnostics`, each poll where the former count, and once an hour: [`diagnostics`] |
//! | who changed a paused campaign | `POST /audits/query/realtime`: [`authors`] and [`audit`] |
//! | what else moves campaigns | `GET /outbound/campaignrules`, `/sequences`, `/schedules/campaigns`: [`rivals`] |
//! | what became of calls | `POST /analytics/conversations/aggregates/query`: [`outcomes`] |
//! | how fast a campaign dials | `PATCH /outbound/campaigns/{id}`: [`throttle`] |
//! | that something changed | `POST /notifications/channels` and `/{id}/subscriptions`, then a websocket: [`notifications`] |
//! | who serves a preview campaign | `GET` and `PATCH /routing/queues/{id}/members`: [`lists`] and [`members`] |
//! | settings of a queue | `GET` and `PUT /routing/queues/{id}`: [`queue`] |
//!
//! All lie behind `/api/v2`. *A stop takes minutes*, in which the campaign is `stopping`: that is our pause on its way. *Rights* are those
//! of the client's roles in their divisions; what lies in another division is left out of lists, and is never taken for deleted. *The
//! rate limit* is what the headers of each answer tell. *Statuses without a row* are nobody only in a queue of which something is shown.
//!
//! *Never here:* a write of a whole campaign; a command to one that is complete, invalid, forced off, without agents, in a state whose
//! word is not known, or not in the configuration.
//!
//! What is marked **\[I\]** is an inference and has to be seen in an organisation.

mod audit;
mod authors;
mod campaign;
mod campaigns;
mod connect;
mod diagnostics;
mod endpoints;
mod known;
mod lists;
mod login;
mod members;
mod notifications;
mod observation;
mod observer;
mod organisation;
mod outcomes;
mod queue;
mod queue_campaigns;
mod queues;
mod region;
mod rights;
mod rivals;
mod throttle;

use crate::platform::dialect::Spoken;

pub use connect::{CAPABILITIES, connect};
pub use endpoints::ENDPOINTS;
pub use lists::list_faults;
pub use region::hosts;

/// What the dialect says of itself.
pub(super) const SPOKEN: Spoken = Spoken {
    region_hosts: Some(hosts),
    list_faults,
    ..Spoken::plain(
        CAPABILITIES,
        ENDPOINTS,
        |tenant, shared| connect(&tenant, shared),
        &["token_url", "region", "notifications"],
    )
};
