//! The operations of the contract.

/// An operation of this dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CloudOperation {
    /// POST of client credentials on the log-in host.
    Token,
    /// GET of the client that a token belongs to.
    TokenClient,
    /// GET of a page of campaigns.
    Campaigns,
    /// GET of one campaign.
    Campaign,
    /// PATCH of how fast a campaign dials.
    PatchCampaign,
    /// POST that starts a campaign.
    StartCampaign,
    /// POST that stops a campaign.
    StopCampaign,
    /// GET of the dialler's view of a campaign.
    Diagnostics,
    /// POST of a question for the agents of queues.
    Observations,
    /// GET of a page of campaign rules.
    Rules,
    /// GET of a page of campaign sequences.
    Sequences,
    /// GET of every schedule of campaigns.
    Schedules,
    /// GET of the organisation's settings for outbound calls.
    OutboundSettings,
    /// POST of a question for what became of calls.
    Aggregates,
    /// POST of a question to the audit.
    Audits,
    /// GET of the services that the audit covers.
    AuditedServices,
    /// GET of one queue.
    Queue,
    /// PUT of one queue, whole.
    PutQueue,
    /// GET of a page of a queue's members.
    Members,
    /// PATCH of members who join or leave a queue.
    ChangeMembers,
    /// POST that makes a channel of notifications.
    CreateChannel,
    /// POST of topics for a channel.
    Subscribe,
}

impl CloudOperation {
    /// All of them.
    pub const ALL: [Self; 22] = [
        Self::Token,
        Self::TokenClient,
        Self::Campaigns,
        Self::Campaign,
        Self::PatchCampaign,
        Self::StartCampaign,
        Self::StopCampaign,
        Self::Diagnostics,
        Self::Observations,
        Self::Rules,
        Self::Sequences,
        Self::Schedules,
        Self::OutboundSettings,
        Self::Aggregates,
        Self::Audits,
        Self::AuditedServices,
        Self::Queue,
        Self::PutQueue,
        Self::Members,
        Self::ChangeMembers,
        Self::CreateChannel,
        Self::Subscribe,
    ];

    /// The name used in fault rules.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Token => "oauth-token",
            Self::TokenClient => "token-client",
            Self::Campaigns => "campaigns-list",
            Self::Campaign => "campaign",
            Self::PatchCampaign => "patch-campaign",
            Self::StartCampaign => "start-campaign",
            Self::StopCampaign => "stop-campaign",
            Self::Diagnostics => "campaign-diagnostics",
            Self::Observations => "queue-observations",
            Self::Rules => "campaign-rules",
            Self::Sequences => "campaign-sequences",
            Self::Schedules => "campaign-schedules",
            Self::OutboundSettings => "outbound-settings",
            Self::Aggregates => "conversation-aggregates",
            Self::Audits => "audits",
            Self::AuditedServices => "audited-services",
            Self::Queue => "routing-queue",
            Self::PutQueue => "put-routing-queue",
            Self::Members => "queue-members",
            Self::ChangeMembers => "patch-queue-members",
            Self::CreateChannel => "notification-channel",
            Self::Subscribe => "notification-topics",
        }
    }

    /// Whether it asks for a token.
    #[must_use]
    pub fn needs_token(self) -> bool {
        self != Self::Token
    }

    /// Whether it changes something at the platform.
    #[must_use]
    pub fn writes(self) -> bool {
        matches!(
            self,
            Self::PatchCampaign
                | Self::StartCampaign
                | Self::StopCampaign
                | Self::PutQueue
                | Self::ChangeMembers
        )
    }

    /// The right that it needs, where it needs one.
    #[must_use]
    pub fn right(self) -> Option<&'static str> {
        Some(match self {
            // Each topic has a right of its own.
            Self::Token | Self::TokenClient | Self::CreateChannel | Self::Subscribe => return None,
            Self::Campaigns | Self::Campaign | Self::Diagnostics => "outbound:campaign:view",
            Self::PatchCampaign => "outbound:campaign:edit",
            Self::StartCampaign => "outbound:campaign:start",
            Self::StopCampaign => "outbound:campaign:stop",
            Self::Observations => "analytics:queueObservation:view",
            Self::Rules => "outbound:campaignRule:view",
            Self::Sequences => "outbound:campaignSequence:view",
            Self::Schedules => "outbound:schedule:view",
            Self::OutboundSettings => "outbound:settings:view",
            Self::Aggregates => "analytics:conversationAggregate:view",
            Self::Audits | Self::AuditedServices => "audits:audit:view",
            Self::Queue | Self::Members => "routing:queue:view",
            Self::ChangeMembers => "routing:queueMember:manage",
            Self::PutQueue => "routing:queue:edit",
        })
    }
}
