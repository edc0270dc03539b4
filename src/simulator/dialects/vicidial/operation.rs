//! The functions of the one script that everything goes to.

/// A function of the script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DialerOperation {
    /// Build and clock.
    Version,
    /// What campaigns are set to.
    CampaignsList,
    /// Who is logged in.
    LoggedInAgents,
    /// Sets fields of a campaign.
    UpdateCampaign,
    /// Calls by hour and by status.
    CallStatusStats,
    /// Any other, which is not offered.
    Other,
}

impl DialerOperation {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Version,
        Self::CampaignsList,
        Self::LoggedInAgents,
        Self::UpdateCampaign,
        Self::CallStatusStats,
        Self::Other,
    ];

    /// The name used in fault rules.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::CampaignsList => "form-campaigns",
            Self::LoggedInAgents => "form-agents",
            Self::UpdateCampaign => "form-update-campaign",
            Self::CallStatusStats => "form-call-stats",
            Self::Other => "form-other",
        }
    }

    /// Returns the function of this name.
    pub(super) fn of_function(function: &str) -> Self {
        match function {
            "version" => Self::Version,
            "campaigns_list" => Self::CampaignsList,
            "logged_in_agents" => Self::LoggedInAgents,
            "update_campaign" => Self::UpdateCampaign,
            "call_status_stats" => Self::CallStatusStats,
            _ => Self::Other,
        }
    }

    /// Whether it changes something at the platform.
    #[must_use]
    pub fn writes(self) -> bool {
        self == Self::UpdateCampaign
    }
}
