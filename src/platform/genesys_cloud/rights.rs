//! The rights of roles that the requests need, as the platform calls them.

pub(super) const CAMPAIGN_VIEW: &str = "outbound:campaign:view";
pub(super) const CAMPAIGN_START: &str = "outbound:campaign:start";
pub(super) const CAMPAIGN_STOP: &str = "outbound:campaign:stop";
pub(super) const CAMPAIGN_EDIT: &str = "outbound:campaign:edit";
pub(super) const OBSERVATIONS: &str = "analytics:queueObservation:view";
pub(super) const QUEUE_VIEW: &str = "routing:queue:view";
pub(super) const QUEUE_EDIT: &str = "routing:queue:edit";
pub(super) const MEMBERS_MANAGE: &str = "routing:queueMember:manage";
pub(super) const AUDITS: &str = "audits:audit:view";
pub(super) const AGGREGATES: &str = "analytics:conversationAggregate:view";
pub(super) const RULE_VIEW: &str = "outbound:campaignRule:view";
pub(super) const SEQUENCE_VIEW: &str = "outbound:campaignSequence:view";
pub(super) const SCHEDULE_VIEW: &str = "outbound:schedule:view";
pub(super) const SETTINGS_VIEW: &str = "outbound:settings:view";

/// Every one, in the order in which they are told.
pub(super) const ALL: [&str; 14] = [
    CAMPAIGN_VIEW,
    CAMPAIGN_START,
    CAMPAIGN_STOP,
    OBSERVATIONS,
    QUEUE_VIEW,
    CAMPAIGN_EDIT,
    QUEUE_EDIT,
    MEMBERS_MANAGE,
    AUDITS,
    AGGREGATES,
    RULE_VIEW,
    SEQUENCE_VIEW,
    SCHEDULE_VIEW,
    SETTINGS_VIEW,
];

/// Without these no campaign can be steered.
pub(super) const NEEDED: &[&str] = &[CAMPAIGN_VIEW, CAMPAIGN_START, CAMPAIGN_STOP, OBSERVATIONS];

/// Without these something else is lost, and what.
pub(super) const USEFUL: &[(&str, &str)] = &[
    (
        AUDITS,
        "whose change of a paused campaign it was cannot be asked, and a pause that anything was changed of is left alone",
    ),
    (AGGREGATES, "abandoned calls are not counted"),
    (CAMPAIGN_EDIT, "a campaign cannot be made to dial slower"),
    (
        RULE_VIEW,
        "rules that start and stop campaigns are not seen",
    ),
    (SEQUENCE_VIEW, "sequences that start campaigns are not seen"),
    (
        SCHEDULE_VIEW,
        "schedules that start and stop campaigns are not seen",
    ),
    (
        SETTINGS_VIEW,
        "the calls for each agent of a campaign that sets none are not known",
    ),
];
