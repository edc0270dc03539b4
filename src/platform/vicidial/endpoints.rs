//! What this dialect's requests are for, as metrics and traces have it.

use crate::telemetry::Endpoint;

pub(super) const VERSION: Endpoint = Endpoint::reading("version");
pub(super) const CAMPAIGNS: Endpoint = Endpoint::listing("campaigns_list");
pub(super) const CAMPAIGN: Endpoint = Endpoint::reading("campaign");
pub(super) const AGENTS: Endpoint = Endpoint::listing("logged_in_agents");
pub(super) const UPDATE: Endpoint = Endpoint::command("update_campaign");
pub(super) const PACE: Endpoint = Endpoint::command("update_campaign_level");
pub(super) const CALLS: Endpoint = Endpoint::reading("call_status_stats");

/// Everything that the parts of this dialect ask for.
pub const ENDPOINTS: &[Endpoint] = &[VERSION, CAMPAIGNS, CAMPAIGN, AGENTS, UPDATE, PACE, CALLS];
