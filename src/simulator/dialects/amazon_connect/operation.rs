//! The operations that are served. Those of campaigns are the same in both versions of their API.

/// An operation of this dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConnectOperation {
    /// A page of the campaigns of an instance.
    ListCampaigns,
    /// One campaign.
    DescribeCampaign,
    /// The state of one campaign.
    GetCampaignState,
    /// The states of up to 25 campaigns.
    GetCampaignStateBatch,
    /// Pauses a campaign.
    PauseCampaign,
    /// Resumes a campaign.
    ResumeCampaign,
    /// Replaces how a campaign uses its channels.
    UpdateCampaign,
    /// Who is available in queues now.
    GetCurrentMetricData,
    /// What became of campaigns' calls.
    GetMetricDataV2,
}

impl ConnectOperation {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::ListCampaigns,
        Self::DescribeCampaign,
        Self::GetCampaignState,
        Self::GetCampaignStateBatch,
        Self::PauseCampaign,
        Self::ResumeCampaign,
        Self::UpdateCampaign,
        Self::GetCurrentMetricData,
        Self::GetMetricDataV2,
    ];

    /// The name used in fault rules.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ListCampaigns => "list-campaigns",
            Self::DescribeCampaign => "describe-campaign",
            Self::GetCampaignState => "campaign-state",
            Self::GetCampaignStateBatch => "campaign-states",
            Self::PauseCampaign => "pause-campaign",
            Self::ResumeCampaign => "resume-campaign",
            Self::UpdateCampaign => "update-campaign",
            Self::GetCurrentMetricData => "current-metrics",
            Self::GetMetricDataV2 => "metric-data",
        }
    }

    /// Whether it changes something at the platform.
    #[must_use]
    pub fn writes(self) -> bool {
        matches!(
            self,
            Self::PauseCampaign | Self::ResumeCampaign | Self::UpdateCampaign
        )
    }

    /// The service that a signature for it has to name.
    pub(super) fn service(self) -> &'static str {
        match self {
            Self::GetCurrentMetricData | Self::GetMetricDataV2 => "connect",
            Self::ListCampaigns
            | Self::DescribeCampaign
            | Self::GetCampaignState
            | Self::GetCampaignStateBatch
            | Self::PauseCampaign
            | Self::ResumeCampaign
            | Self::UpdateCampaign => "connect-campaigns",
        }
    }

    /// The right that it needs; the one to change a campaign has another name in each version.
    pub(super) fn right(self, first_version: bool) -> &'static str {
        match self {
            Self::ListCampaigns => "connect-campaigns:ListCampaigns",
            Self::DescribeCampaign => "connect-campaigns:DescribeCampaign",
            Self::GetCampaignState => "connect-campaigns:GetCampaignState",
            Self::GetCampaignStateBatch => "connect-campaigns:GetCampaignStateBatch",
            Self::PauseCampaign => "connect-campaigns:PauseCampaign",
            Self::ResumeCampaign => "connect-campaigns:ResumeCampaign",
            Self::UpdateCampaign if first_version => "connect-campaigns:UpdateCampaignDialerConfig",
            Self::UpdateCampaign => "connect-campaigns:UpdateCampaignChannelSubtypeConfig",
            Self::GetCurrentMetricData => "connect:GetCurrentMetricData",
            Self::GetMetricDataV2 => "connect:GetMetricDataV2",
        }
    }
}
