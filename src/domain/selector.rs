//! Which agents count for a campaign.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::ids::{AgentId, SkillId};

/// The agents that count for a campaign.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Selector {
    /// Every agent.
    #[default]
    All,
    /// Agents with at least one of these skills.
    AnySkill(BTreeSet<SkillId>),
    /// Agents with every one of these skills.
    AllSkills(BTreeSet<SkillId>),
    /// These agents.
    Agents(BTreeSet<AgentId>),
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn list<T: fmt::Display>(
            f: &mut fmt::Formatter<'_>,
            name: &str,
            items: &BTreeSet<T>,
        ) -> fmt::Result {
            write!(f, "{name} ")?;
            for (at, item) in items.iter().enumerate() {
                write!(f, "{}{item}", if at == 0 { "" } else { ", " })?;
            }
            Ok(())
        }
        match self {
            Self::All => f.write_str("all agents"),
            Self::AnySkill(skills) => list(f, "any of", skills),
            Self::AllSkills(skills) => list(f, "all of", skills),
            Self::Agents(agents) => list(f, "agents", agents),
        }
    }
}
