//! The operations of the contract.

/// An operation of this dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AcdOperation {
    /// POST of an access key on the area's host.
    AreaToken,
    /// POST of an access key on the global issuer.
    GlobalToken,
    /// GET of a tenant's hosts.
    Discovery,
    /// GET of agents' states.
    AgentStates,
    /// GET of the counts of all skills.
    SkillsActivity,
    /// GET of all skills.
    Skills,
    /// GET of one skill.
    Skill,
    /// PUT of a skill's settings.
    PutSkill,
    /// POST that starts a skill.
    StartSkill,
    /// POST that stops a skill.
    StopSkill,
    /// GET of who has a skill.
    SkillAgents,
    /// POST of agents who are given a skill.
    AssignAgents,
    /// PUT of changed assignments.
    ChangeAgents,
    /// GET of what a skill counted.
    SkillSummary,
    /// GET of a skill's settings.
    SkillParameters,
    /// GET of how fast a skill dials.
    GeneralSettings,
    /// PUT of how fast a skill dials.
    PutGeneralSettings,
    /// GET of a CXone campaign's skills.
    CampaignSkills,
    /// GET of outcomes by interval.
    DialerContacts,
    /// GET of the tenant's limits.
    BusinessUnit,
    /// GET of the platform's clock.
    ServerTime,
}

impl AcdOperation {
    /// All of them.
    pub const ALL: [Self; 21] = [
        Self::AreaToken,
        Self::GlobalToken,
        Self::Discovery,
        Self::AgentStates,
        Self::SkillsActivity,
        Self::Skills,
        Self::Skill,
        Self::PutSkill,
        Self::StartSkill,
        Self::StopSkill,
        Self::SkillAgents,
        Self::AssignAgents,
        Self::ChangeAgents,
        Self::SkillSummary,
        Self::SkillParameters,
        Self::GeneralSettings,
        Self::PutGeneralSettings,
        Self::CampaignSkills,
        Self::DialerContacts,
        Self::BusinessUnit,
        Self::ServerTime,
    ];

    /// The name used in fault rules.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AreaToken => "area-token",
            Self::GlobalToken => "global-token",
            Self::Discovery => "discovery",
            Self::AgentStates => "agent-states",
            Self::SkillsActivity => "skills-activity",
            Self::Skills => "skills-list",
            Self::Skill => "skill",
            Self::PutSkill => "put-skill",
            Self::StartSkill => "start-skill",
            Self::StopSkill => "stop-skill",
            Self::SkillAgents => "skill-agents",
            Self::AssignAgents => "assign-agents",
            Self::ChangeAgents => "change-agents",
            Self::SkillSummary => "skill-summary",
            Self::SkillParameters => "skill-parameters",
            Self::GeneralSettings => "general-settings",
            Self::PutGeneralSettings => "put-general-settings",
            Self::CampaignSkills => "campaign-skills",
            Self::DialerContacts => "dialer-contacts",
            Self::BusinessUnit => "business-unit",
            Self::ServerTime => "server-time",
        }
    }

    /// Whether it asks for a token.
    #[must_use]
    pub fn needs_token(self) -> bool {
        !matches!(self, Self::AreaToken | Self::GlobalToken | Self::Discovery)
    }

    /// Whether it changes something at the platform.
    #[must_use]
    pub fn writes(self) -> bool {
        matches!(
            self,
            Self::StartSkill
                | Self::StopSkill
                | Self::AssignAgents
                | Self::ChangeAgents
                | Self::PutSkill
                | Self::PutGeneralSettings
        )
    }
}
