//! What messages report.

/// What a message reports; its name goes into the headers beside the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MessageKind {
    /// We paused a campaign.
    CampaignPaused,
    /// We resumed a campaign.
    CampaignResumed,
    /// A campaign is resumed too often.
    CampaignFlapping,
    /// Agents stand idle because nobody can say whose a campaign's pause is, or that is over.
    CampaignPauseUnproven,
    /// We changed how fast a campaign dials, or somebody else did while ours was in force.
    CampaignPaceChanged,
    /// Agents were assigned to a campaign.
    AssignmentDispatch,
    /// Readings stay away, or are back.
    DataStale,
    /// We changed a queue.
    QueueUpdated,
    /// We changed how a queue routes.
    QueueRoutingUpdated,
    /// How fast a queue drains was measured.
    QueueDrainRate,
    /// A person paused a campaign on the platform.
    CampaignPausedByPerson,
    /// A person resumed a campaign on the platform.
    CampaignResumedByPerson,
    /// An operator holds a campaign.
    CampaignHeld,
    /// An operator ended a hold.
    CampaignReleased,
    /// An operator said whose a pause is.
    CampaignPauseClaimed,
    /// An operator overrides thresholds for a while, or does so no more.
    CampaignThresholdsSet,
    /// An operator keeps a queue from being calibrated.
    QueueHeld,
    /// A queue may be calibrated again.
    QueueReleased,
    /// The configuration was read anew.
    ConfigurationReloaded,
    /// The head of the audit, from time to time.
    AuditHead,
    /// Somebody tries the receiver.
    WebhookTest,
}

impl MessageKind {
    /// Every kind, as the page on webhooks lists them.
    pub const ALL: [Self; 21] = [
        Self::CampaignPaused,
        Self::CampaignResumed,
        Self::CampaignPausedByPerson,
        Self::CampaignResumedByPerson,
        Self::CampaignHeld,
        Self::CampaignReleased,
        Self::CampaignPauseClaimed,
        Self::CampaignThresholdsSet,
        Self::CampaignFlapping,
        Self::CampaignPauseUnproven,
        Self::CampaignPaceChanged,
        Self::AssignmentDispatch,
        Self::QueueUpdated,
        Self::QueueRoutingUpdated,
        Self::QueueDrainRate,
        Self::QueueHeld,
        Self::QueueReleased,
        Self::DataStale,
        Self::ConfigurationReloaded,
        Self::AuditHead,
        Self::WebhookTest,
    ];

    /// The name that receivers see.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CampaignPaused => "campaign.paused",
            Self::CampaignResumed => "campaign.resumed",
            Self::CampaignFlapping => "campaign.flapping",
            Self::CampaignPauseUnproven => "campaign.pause_unproven",
            Self::CampaignPaceChanged => "campaign.pace_changed",
            Self::AssignmentDispatch => "assignment.dispatch",
            Self::DataStale => "data.stale",
            Self::QueueUpdated => "queue.updated",
            Self::QueueRoutingUpdated => "queue_routing_updated",
            Self::QueueDrainRate => "queue.drain_rate",
            Self::CampaignPausedByPerson => "campaign.paused_by_person",
            Self::CampaignResumedByPerson => "campaign.resumed_by_person",
            Self::CampaignHeld => "campaign.held",
            Self::CampaignReleased => "campaign.released",
            Self::CampaignPauseClaimed => "campaign.pause_claimed",
            Self::CampaignThresholdsSet => "campaign.thresholds_set",
            Self::QueueHeld => "queue.held",
            Self::QueueReleased => "queue.released",
            Self::ConfigurationReloaded => "configuration.reloaded",
            Self::AuditHead => "audit.head",
            Self::WebhookTest => "webhook.test",
        }
    }
}
