//! What this dialect's requests are for, as metrics and traces have it.

use crate::platform::http::TOKEN;
use crate::telemetry::Endpoint;

pub(super) const CAMPAIGNS: Endpoint = Endpoint::listing("campaigns");
pub(super) const CAMPAIGN: Endpoint = Endpoint::reading("campaign");
pub(super) const OBSERVATIONS: Endpoint = Endpoint::listing("queue_observations");
pub(super) const DIAGNOSTICS: Endpoint = Endpoint::reading("campaign_diagnostics");
pub(super) const START: Endpoint = Endpoint::command("start_campaign");
pub(super) const STOP: Endpoint = Endpoint::command("stop_campaign");
pub(super) const AUDITS: Endpoint = Endpoint::reading("audits");
pub(super) const AUDITED_SERVICES: Endpoint = Endpoint::reading("audited_services");
pub(super) const TOKEN_CLIENT: Endpoint = Endpoint::reading("token_client");
pub(super) const RULES: Endpoint = Endpoint::reading("campaign_rules");
pub(super) const SEQUENCES: Endpoint = Endpoint::reading("campaign_sequences");
pub(super) const SCHEDULES: Endpoint = Endpoint::reading("campaign_schedules");
pub(super) const OUTBOUND_SETTINGS: Endpoint = Endpoint::reading("outbound_settings");
pub(super) const PACE: Endpoint = Endpoint::command("campaign_pace_change");
pub(super) const AGGREGATES: Endpoint = Endpoint::reading("conversation_aggregates");
pub(super) const QUEUE: Endpoint = Endpoint::reading("queue");
pub(super) const QUEUE_CHANGE: Endpoint = Endpoint::command("queue_change");
pub(super) const NOTIFICATIONS: Endpoint = Endpoint::reading("notifications");
pub(super) const MEMBERS: Endpoint = Endpoint::listing("queue_members");
pub(super) const MEMBERS_CHANGE: Endpoint = Endpoint::command("queue_members_change");

/// Everything that the parts of this dialect ask for.
pub const ENDPOINTS: &[Endpoint] = &[
    TOKEN,
    CAMPAIGNS,
    CAMPAIGN,
    OBSERVATIONS,
    DIAGNOSTICS,
    START,
    STOP,
    AUDITS,
    AUDITED_SERVICES,
    TOKEN_CLIENT,
    RULES,
    SEQUENCES,
    SCHEDULES,
    OUTBOUND_SETTINGS,
    PACE,
    AGGREGATES,
    QUEUE,
    QUEUE_CHANGE,
    NOTIFICATIONS,
    MEMBERS,
    MEMBERS_CHANGE,
];
