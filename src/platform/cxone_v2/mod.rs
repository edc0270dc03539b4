//! The first dialect: the HTTP contract that the source documents share.
//!
//! | what | request | scope |
//! |---|---|---|
//! | agents | `GET /api/v2/interactions/agents?limit&offset[&state=available]` | `interactions:agents:read` |
//! | a campaign's status | `GET /api/v2/campaigns/{id}` | `campaigns:read` |
//! | a preview campaign's list | `GET /api/v2/outbound/campaigns/{id}/agents`; 404 and 405 mean that lists are not shown | `outbound:campaigns:read` |
//! | a dispatch | `PUT /api/v2/outbound/campaigns/{id}/agents` with `x-client-id` and the whole list | `outbound:campaigns:write` |
//! | a command | `PUT /api/v2/campaigns/{id}` with `{"status":"PAUSED"}` or `RUNNING`; 200 and 204 both mean done | `campaigns:write` |
//!
//! The last page is the first one with fewer than `limit` items. Members that are not known are passed over, an unknown
//! state counts as staffed and not available. `updatedTimestamp`, where it is given, tells one version of a campaign from
//! the next; there are no conditional writes. The `Date` header gives the platform's clock.

mod adapter;
mod campaign;
mod compact;
mod list;
mod page;

pub use adapter::{CommandSender, Cxone, CxoneSettings};
