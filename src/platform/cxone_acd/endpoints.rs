//! What this dialect's requests are for, as metrics and traces have it.

use crate::platform::http::TOKEN;
use crate::telemetry::Endpoint;

use super::operation::Operation;

/// Where the API host is asked for. That address has no version, so it is no [`Operation`].
pub(super) const DISCOVERY: Endpoint = Endpoint::reading("discovery");

/// Everything that the parts of this dialect ask for.
pub const ENDPOINTS: &[Endpoint] = &[
    TOKEN,
    DISCOVERY,
    reading(Operation::AgentStates),
    reading(Operation::SkillsActivity),
    reading(Operation::SkillAgents),
    writing(Operation::SkillAgents),
    reading(Operation::Skills),
    reading(Operation::Skill),
    writing(Operation::Skill),
    reading(Operation::CampaignSkills),
    writing(Operation::StartSkill),
    writing(Operation::StopSkill),
    reading(Operation::SkillParameters),
    reading(Operation::GeneralSettings),
    writing(Operation::GeneralSettings),
    reading(Operation::SkillSummary),
];

/// Returns what a read of this operation is for.
pub(super) const fn reading(operation: Operation) -> Endpoint {
    match operation {
        Operation::AgentStates => Endpoint::listing("agent_states"),
        Operation::SkillsActivity => Endpoint::listing("skills_activity"),
        Operation::Skills => Endpoint::listing("skills"),
        Operation::Skill => Endpoint::reading("skill"),
        Operation::StartSkill | Operation::StopSkill => writing(operation),
        Operation::SkillAgents => Endpoint::listing("skill_agents"),
        Operation::SkillSummary => Endpoint::reading("skill_summary"),
        Operation::SkillParameters => Endpoint::reading("skill_parameters"),
        Operation::GeneralSettings => Endpoint::reading("general_settings"),
        Operation::CampaignSkills => Endpoint::reading("campaign_skills"),
        Operation::BusinessUnit => Endpoint::reading("business_unit"),
        Operation::ServerTime => Endpoint::reading("server_time"),
    }
}

/// Returns what a write of this operation is for.
pub(super) const fn writing(operation: Operation) -> Endpoint {
    match operation {
        Operation::StartSkill => Endpoint::command("start_skill"),
        Operation::StopSkill => Endpoint::command("stop_skill"),
        Operation::SkillAgents => Endpoint::writing("skill_agents_change"),
        Operation::Skill => Endpoint::writing("skill_change"),
        Operation::GeneralSettings => Endpoint::writing("general_settings_change"),
        // These are only ever read.
        Operation::AgentStates
        | Operation::SkillsActivity
        | Operation::Skills
        | Operation::SkillSummary
        | Operation::SkillParameters
        | Operation::CampaignSkills
        | Operation::BusinessUnit
        | Operation::ServerTime => reading(operation),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn an_operation_has_a_label_that_its_name_tells() {
        for operation in Operation::ALL {
            let named = operation.name().replace('-', "_");
            assert_eq!(reading(operation).label(), named);
            let written = writing(operation).label();
            assert!(
                written == named || written == format!("{named}_change"),
                "{written}"
            );
        }
        let labels: BTreeSet<_> = ENDPOINTS.iter().map(|one| one.label()).collect();
        assert_eq!(labels.len(), ENDPOINTS.len(), "no two share their series");
    }
}
