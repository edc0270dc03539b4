//! What this dialect's requests are for, as metrics and traces have it.
//!
//! Dashboards and traces know these labels: a label stays when the request behind it changes.

use crate::platform::http::TOKEN;
use crate::telemetry::{Endpoint, Feature};

/// A page of agents.
pub(super) const AGENTS: Endpoint = Endpoint::listing("agents");
/// A campaign's status.
pub(super) const CAMPAIGN_GET: Endpoint = Endpoint::reading("campaign_get");
/// A command.
pub(super) const CAMPAIGN_PUT: Endpoint = Endpoint::command("campaign_put");
/// A preview campaign's list.
pub(super) const ASSIGNMENTS_GET: Endpoint =
    Endpoint::reading("assignments_get").only_for(Feature::Lists);
/// A dispatch.
pub(super) const ASSIGNMENTS_PUT: Endpoint =
    Endpoint::writing("assignments_put").only_for(Feature::Lists);
/// A queue.
pub(super) const QUEUE_GET: Endpoint = Endpoint::reading("queue_get").only_for(Feature::Queues);
/// A change of a whole queue.
pub(super) const QUEUE_PUT: Endpoint = Endpoint::writing("queue_put").only_for(Feature::Queues);
/// What a queue has counted.
pub(super) const QUEUE_STATISTICS: Endpoint =
    Endpoint::reading("queue_statistics").only_for(Feature::Queues);

/// What became of dials, an extension.
pub(super) const OUTCOMES: Endpoint = Endpoint::reading("outcomes");

/// How many agents a dialler keeps idle, an extension.
pub(super) const IDLE_RESERVE_GET: Endpoint =
    Endpoint::reading("idle_reserve_get").only_for(Feature::IdleReserves);
/// A change of that.
pub(super) const IDLE_RESERVE_PUT: Endpoint =
    Endpoint::command("idle_reserve_put").only_for(Feature::IdleReserves);

/// A change of some of a queue's members.
pub(super) const QUEUE_PATCH: Endpoint = Endpoint::writing("queue_patch");
/// A page of skills.
pub(super) const SKILLS: Endpoint = Endpoint::listing("skills");
/// A move of an agent to queues.
pub(super) const PROFILE_PUT: Endpoint = Endpoint::writing("profile_put");

/// Everything that a daemon asks for. The last three above are asked for by commands only, which nobody scrapes.
pub const ENDPOINTS: &[Endpoint] = &[
    TOKEN,
    AGENTS,
    CAMPAIGN_GET,
    CAMPAIGN_PUT,
    ASSIGNMENTS_GET,
    ASSIGNMENTS_PUT,
    QUEUE_GET,
    QUEUE_PUT,
    QUEUE_STATISTICS,
    OUTCOMES,
    IDLE_RESERVE_GET,
    IDLE_RESERVE_PUT,
];
