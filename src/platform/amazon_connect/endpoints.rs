//! What this dialect's requests are for, as metrics and traces have it.

use crate::telemetry::Endpoint;

pub(super) const STATES: Endpoint = Endpoint::listing("campaign_states");
pub(super) const STATE: Endpoint = Endpoint::reading("campaign_state");
pub(super) const CAMPAIGN: Endpoint = Endpoint::reading("campaign");
pub(super) const PAUSE: Endpoint = Endpoint::command("pause_campaign");
pub(super) const RESUME: Endpoint = Endpoint::command("resume_campaign");
pub(super) const PACE: Endpoint = Endpoint::command("campaign_pace_change");
pub(super) const COUNTS: Endpoint = Endpoint::listing("current_metrics");
pub(super) const OUTCOMES: Endpoint = Endpoint::reading("metric_data");
pub(super) const CREDENTIALS: Endpoint = Endpoint::log_in("credentials");

/// Everything that the parts of this dialect ask for.
pub const ENDPOINTS: &[Endpoint] = &[
    STATES,
    STATE,
    CAMPAIGN,
    PAUSE,
    RESUME,
    PACE,
    COUNTS,
    OUTCOMES,
    CREDENTIALS,
];
