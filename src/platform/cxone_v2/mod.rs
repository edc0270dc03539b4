//! The first dialect: the HTTP contract that is described for this project.
//!
//! | what | request | scope |
//! |---|---|---|
//! | agents | `GET /api/v2/interactions/agents?limit&offset[&state=available]` | `interactions:agents:read` |
//! | a campaign's status | `GET /api/v2/campaigns/{id}` | `campaigns:read` |
//! | a preview campaign's list | `GET /api/v2/outbound/campaigns/{id}/agents`; 404 and 405 mean that lists are not shown | `outbound:campaigns:read` |
//! | a dispatch | `PUT /api/v2/outbound/campaigns/{id}/agents` with `x-client-id` and the whole list | `outbound:campaigns:write` |
//! | a command | `PUT /api/v2/campaigns/{id}` with `{"status":"PAUSED"}` or `RUNNING`; 200 and 204 both mean done | `campaigns:write` |
//! | skills | `GET /api/v2/routing/skills?limit&offset` | `routing:skill:read` |
//! | a queue | `GET /api/v2/routing/queues/{id}` | `routing:queue:view` |
//! | what a queue has counted | `GET /api/v2/routing/queues/{id}/statistics`, an assumption of ours; 404 and 405 mean that it is not shown | `routing:queue:view` |
//! | some members of a queue | `PATCH` of it with `version` in the body; times in **milliseconds** | `routing:queue:write` |
//! | a whole queue | `PUT` of it with `If-Match`; times in **seconds** | `routing:queue:write` |
//! | what became of dials | `GET /x-autopilot/outcomes`, an **extension of ours**; 404 and 405 mean that it is not offered | `campaigns:read` |
//! | how many agents a campaign's dialler keeps idle | `GET` and `PUT /x-autopilot/campaigns/{id}/idle-reserve` with `{"idleReserve":4.5}`, an **extension of ours**; 404, 405 and 403 mean that it is not offered | `campaigns:read`, `campaigns:write` |
//! | an agent's queues | `PUT /api/v2/routing/users/{id}/routing-profile` with the status as read | none is named |
//!
//! A queue may have one thing in several forms; `queue` says which is read and written.
//!
//! The last page is the first one with fewer items than a page holds there, which may be fewer than `limit`: `agents` finds
//! that out. Where a page names `total`, `next` or `limit`, it is held against them. 204 and `null` say that there is nobody. Members
//! that are not known are passed over, a state that is unknown or missing counts as staffed and not available, and words mean the same in
//! capitals and with `_` for `-`. Ids, versions and times may be numbers or texts, and skills objects (`value`); one row of agents
//! that cannot be read costs that row. An answer about another campaign or queue is refused. `updatedTimestamp`, where it is given, tells one version of a campaign from
//! the next; there are no conditional writes. The `Date` header gives the platform's clock.

mod address;
mod agents;
#[cfg(test)]
mod agents_tests;
mod campaign;
mod campaigns;
mod compact;
mod connect;
mod endpoints;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod list;
mod lists;
mod outcomes;
mod page;
#[cfg(any(test, fuzzing))]
mod page_model;
mod profile;
mod queue;
mod queue_statistics;
mod queues;
mod reserves;
mod rows;
mod value;
mod words;

use crate::platform::dialect::Spoken;

pub use agents::{Agents, CxoneSettings};
pub use campaigns::{Campaigns, CommandSender};
pub use connect::{CAPABILITIES, connect, token_url};
pub use endpoints::ENDPOINTS;
pub use lists::{ListSender, Lists};
pub use outcomes::Outcomes;
pub use profile::ProfileSender;
pub use queues::{QueueSender, Queues};
pub use reserves::Reserves;

/// What the dialect says of itself.
pub(super) const SPOKEN: Spoken = Spoken {
    token_url: |base, _| base.map(token_url),
    ..Spoken::plain(
        CAPABILITIES,
        ENDPOINTS,
        connect,
        &["token_url", "auth", "scope"],
    )
};
