//! The operations, where they are, and in which version each is asked for.
//!
//! Versions from v20 to v34 are in use, and not every tenant serves every operation in the newest. There is one default,
//! and each operation may have a version of its own.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// What lies before the version in every path.
const SERVICES: [&str; 2] = ["inContactAPI", "services"];

/// A version of the services, as `v33.0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ApiVersion(u16);

impl ApiVersion {
    /// The oldest and the newest version that tenants have been seen to serve, with room for newer ones.
    const OLDEST: u16 = 20;
    const NEWEST: u16 = 99;
}

impl Default for ApiVersion {
    /// The version that the vendor's own desktop uses for tenants with divisions.
    fn default() -> Self {
        Self(33)
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}.0", self.0)
    }
}

impl FromStr for ApiVersion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let number = number.strip_suffix(".0").unwrap_or(number);
        number
            .parse()
            .ok()
            .filter(|number| (Self::OLDEST..=Self::NEWEST).contains(number))
            .map(Self)
            .ok_or_else(|| format!("`{text}` is not a version of the services, such as v33.0"))
    }
}

/// An operation of the services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Operation {
    AgentStates,
    SkillsActivity,
    Skills,
    Skill,
    StartSkill,
    StopSkill,
    SkillAgents,
    SkillSummary,
    SkillParameters,
    GeneralSettings,
    CampaignSkills,
    BusinessUnit,
    ServerTime,
}

impl Operation {
    /// Whether its listing comes in pages. What does not comes whole, whatever is to be passed over.
    pub(super) fn is_paged(self) -> bool {
        self != Self::CampaignSkills
    }

    pub(super) const ALL: [Self; 13] = [
        Self::AgentStates,
        Self::SkillsActivity,
        Self::Skills,
        Self::Skill,
        Self::StartSkill,
        Self::StopSkill,
        Self::SkillAgents,
        Self::SkillSummary,
        Self::SkillParameters,
        Self::GeneralSettings,
        Self::CampaignSkills,
        Self::BusinessUnit,
        Self::ServerTime,
    ];

    /// The name in the configuration.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::AgentStates => "agent-states",
            Self::SkillsActivity => "skills-activity",
            Self::Skills => "skills",
            Self::Skill => "skill",
            Self::StartSkill => "start-skill",
            Self::StopSkill => "stop-skill",
            Self::SkillAgents => "skill-agents",
            Self::SkillSummary => "skill-summary",
            Self::SkillParameters => "skill-parameters",
            Self::GeneralSettings => "general-settings",
            Self::CampaignSkills => "campaign-skills",
            Self::BusinessUnit => "business-unit",
            Self::ServerTime => "server-time",
        }
    }

    /// The path behind the version; `id` is where the operation has one.
    fn path(self, id: &str) -> Vec<&str> {
        match self {
            Self::AgentStates => vec!["agents", "states"],
            Self::SkillsActivity => vec!["skills", "activity"],
            Self::Skills => vec!["skills"],
            Self::Skill => vec!["skills", id],
            Self::StartSkill => vec!["skills", id, "start"],
            Self::StopSkill => vec!["skills", id, "stop"],
            Self::SkillAgents => vec!["skills", id, "agents"],
            Self::SkillSummary => vec!["skills", id, "summary"],
            Self::SkillParameters => vec!["skills", id, "parameters"],
            Self::GeneralSettings => vec!["skills", id, "parameters", "general-settings"],
            Self::CampaignSkills => vec!["campaigns", id, "skills"],
            Self::BusinessUnit => vec!["business-unit"],
            Self::ServerTime => vec!["server-time"],
        }
    }
}

impl FromStr for Operation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|known| known.name() == text);
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("`{text}` is not an operation: expected one of {names}")
        })
    }
}

/// Which version each operation is asked for in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Versions {
    default: ApiVersion,
    overrides: BTreeMap<Operation, ApiVersion>,
}

impl Versions {
    /// Returns the version of an operation.
    pub(super) fn version(&self, operation: Operation) -> ApiVersion {
        self.overrides
            .get(&operation)
            .copied()
            .unwrap_or(self.default)
    }
}

impl FromStr for Versions {
    type Err = String;

    /// A list separated by commas of a default and of overrides, such as `v33.0,stop-skill=v31.0`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (mut default, mut overrides) = (None, BTreeMap::new());
        for piece in text.split(',').map(str::trim) {
            let twice = if let Some((operation, version)) = piece.split_once('=') {
                overrides
                    .insert(operation.trim().parse()?, version.trim().parse()?)
                    .is_some()
            } else {
                default.replace(piece.parse()?).is_some()
            };
            if twice {
                return Err(format!("`{text}` says `{piece}` after it was said already"));
            }
        }
        Ok(Self {
            default: default.unwrap_or_default(),
            overrides,
        })
    }
}

/// The addresses of a tenant's services.
#[derive(Clone, Debug)]
pub(super) struct Services {
    base: reqwest::Url,
    versions: Versions,
}

impl Services {
    /// The services behind this host.
    pub(super) fn new(base: reqwest::Url, versions: Versions) -> Self {
        Self { base, versions }
    }

    /// Where an operation on nothing in particular is.
    pub(super) fn url(&self, operation: Operation) -> reqwest::Url {
        self.build(operation, "")
    }

    /// Where an operation on a skill or a campaign is.
    pub(super) fn url_of(&self, operation: Operation, id: u64) -> reqwest::Url {
        self.build(operation, &id.to_string())
    }

    /// An address has no query of its own: what the configured host brings along would go with commands too.
    fn build(&self, operation: Operation, id: &str) -> reqwest::Url {
        let mut url = self.base.clone();
        url.set_query(None);
        url.set_fragment(None);
        // An address that cannot have a path is refused with the configuration.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty()
                .extend(SERVICES)
                .push(&self.versions.version(operation).to_string())
                .extend(operation.path(id));
        }
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_in_its_usual_forms() {
        for text in ["v31.0", "31.0", "31", "V31"] {
            assert_eq!(text.parse::<ApiVersion>().unwrap().to_string(), "v31.0");
        }
        for wrong in ["", "v", "v19.0", "v31.5", "latest", "v100.0", "-31"] {
            assert!(wrong.parse::<ApiVersion>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_operation_may_have_a_version_of_its_own() {
        let versions: Versions = "v23.0, stop-skill=v31.0".parse().unwrap();
        assert_eq!(versions.version(Operation::StopSkill).to_string(), "v31.0");
        assert_eq!(versions.version(Operation::StartSkill).to_string(), "v23.0");
        let only: Versions = "skills=v30".parse().unwrap();
        assert_eq!(only.version(Operation::Skill), ApiVersion::default());
        for wrong in ["v23,v24", "skills=v23,skills=v24", "tea=v23", ""] {
            assert!(wrong.parse::<Versions>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn addresses_are_put_together_from_segments() {
        let base = "https://api-na1.niceincontact.com/?x=1".parse().unwrap();
        let services = Services::new(base, "v33,skill=v23".parse().unwrap());
        assert_eq!(
            services.url(Operation::AgentStates).as_str(),
            "https://api-na1.niceincontact.com/inContactAPI/services/v33.0/agents/states"
        );
        assert_eq!(
            services.url_of(Operation::Skill, 4_711).as_str(),
            "https://api-na1.niceincontact.com/inContactAPI/services/v23.0/skills/4711"
        );
    }

    #[test]
    fn every_operation_is_in_the_contract() {
        let contract = include_str!("../../../tests/contract/cxone-acd.openapi.yaml");
        for operation in Operation::ALL {
            let parameter = if operation == Operation::CampaignSkills {
                "{campaignId}"
            } else {
                "{skillId}"
            };
            let path = operation.path(parameter).join("/");
            let line = format!("\n  /inContactAPI/services/{{version}}/{path}:\n");
            assert!(contract.contains(&line), "{line}");
        }
    }
}
