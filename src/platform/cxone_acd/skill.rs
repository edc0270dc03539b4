//! A skill on the wire: whether it runs, and whether it may be commanded.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use crate::domain::has_length_of_id;

use super::drift;
use super::listing::Row;

/// The outbound strategy that starts and stops, in letters alone: its spelling differs between releases.
const PERSONAL_CONNECTION: &str = "personalconnection";

/// Whether a skill runs, as `isRunning` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RunState {
    /// The dialler runs.
    Running,
    /// It does not.
    Stopped,
    /// A word that is neither, such as one for "on its way". It says nothing about who did what.
    Word(String),
}

impl RunState {
    fn read(value: &Value) -> Option<Self> {
        match (drift::as_flag(value), value) {
            (Some(true), _) => Some(Self::Running),
            (Some(false), _) => Some(Self::Stopped),
            // A word that is longer than any says nothing.
            (None, Value::String(word)) if !word.trim().is_empty() && has_length_of_id(word) => {
                Some(Self::Word(word.clone()))
            }
            (None, _) => None,
        }
    }
}

impl fmt::Display for RunState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Word(word) => word,
        })
    }
}

/// Why a skill is never commanded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NeverCommanded {
    /// The configuration does not name it.
    #[error("is not in the configuration")]
    Unlisted,
    /// `isActive` is false.
    #[error("is inactive")]
    Inactive,
    /// `isOutbound` is false.
    #[error("is an inbound skill")]
    Inbound,
    /// It dials by another strategy.
    #[error("dials by the strategy `{0}`, and only Personal Connection skills start and stop")]
    OtherStrategy(String),
    /// It needs no agents, so that their availability says nothing about it.
    #[error("dials without agents")]
    Agentless,
    /// The platform did not say what is needed to know.
    #[error("has no readable {0}")]
    NotReported(&'static str),
}

/// A row of `/skills`, or the answer of `/skills/{id}`.
#[derive(Debug, Deserialize)]
pub(super) struct Skill {
    #[serde(rename = "skillId", default, deserialize_with = "drift::id")]
    id: Option<u64>,
    #[serde(rename = "skillName", default, deserialize_with = "drift::word")]
    name: Option<String>,
    #[serde(rename = "campaignName", default, deserialize_with = "drift::word")]
    campaign_name: Option<String>,
    #[serde(rename = "isActive", default, deserialize_with = "drift::flag")]
    active: Option<bool>,
    #[serde(rename = "isOutbound", default, deserialize_with = "drift::flag")]
    outbound: Option<bool>,
    #[serde(rename = "outboundStrategy", default, deserialize_with = "drift::word")]
    strategy: Option<String>,
    #[serde(default, deserialize_with = "drift::flag")]
    agentless: Option<bool>,
    #[serde(rename = "isRunning", default)]
    running: Value,
}

impl Skill {
    /// The members to ask for.
    pub(super) const FIELDS: &'static str =
        "skillId,skillName,campaignName,isActive,isOutbound,outboundStrategy,agentless,isRunning";

    /// Reads the answer about one skill, also in an envelope or as the only row of a list.
    pub(super) fn parse(body: &[u8]) -> Result<Self, String> {
        let skill: Self = serde_json::from_value(one_skill(body)?)
            .map_err(|wrong| format!("the skill cannot be read: {wrong}"))?;
        skill.id().map(|_| skill)
    }

    /// Its number; a skill without one is a fault.
    pub(super) fn id(&self) -> Result<u64, String> {
        self.id.ok_or_else(|| "a skill has no skillId".to_owned())
    }

    /// What the platform calls it.
    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// What the platform calls its CXone campaign.
    pub(super) fn campaign_name(&self) -> Option<&str> {
        self.campaign_name.as_deref()
    }

    /// Whether it says that it exists for use.
    pub(super) fn is_active(&self) -> bool {
        self.active == Some(true)
    }

    /// Whether it runs; a skill that does not say is a fault.
    pub(super) fn run_state(&self) -> Result<RunState, String> {
        RunState::read(&self.running).ok_or_else(|| {
            let id = self.id.unwrap_or_default();
            format!("skill {id} does not say isRunning")
        })
    }

    /// Whether it may be commanded at all, `listed` saying whether the configuration names it or its campaign.
    pub(super) fn commandable(&self, listed: bool) -> Result<(), NeverCommanded> {
        if !listed {
            return Err(NeverCommanded::Unlisted);
        }
        match self.active {
            Some(true) => {}
            Some(false) => return Err(NeverCommanded::Inactive),
            None => return Err(NeverCommanded::NotReported("isActive")),
        }
        match self.outbound {
            Some(true) => {}
            Some(false) => return Err(NeverCommanded::Inbound),
            None => return Err(NeverCommanded::NotReported("isOutbound")),
        }
        // Releases without agentless skills leave the member out.
        if self.agentless == Some(true) {
            return Err(NeverCommanded::Agentless);
        }
        let strategy = self
            .strategy
            .as_deref()
            .ok_or(NeverCommanded::NotReported("outboundStrategy"))?;
        let letters: String = strategy
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|letter| letter.to_ascii_lowercase())
            .collect();
        if letters == PERSONAL_CONNECTION {
            Ok(())
        } else {
            Err(NeverCommanded::OtherStrategy(strategy.to_owned()))
        }
    }
}

/// The object of an answer about one skill, also in an envelope or as the only row of a list.
pub(super) fn one_skill(body: &[u8]) -> Result<Value, String> {
    let mut value: Value = serde_json::from_slice(body)
        .map_err(|wrong| format!("the skill cannot be read: {wrong}"))?;
    for wrapper in ["resultSet", "skill", "skills"] {
        if let Some(inner) = value.get_mut(wrapper) {
            value = inner.take();
        }
    }
    if let Value::Array(rows) = value {
        let [row]: [Value; 1] = rows
            .try_into()
            .map_err(|rows: Vec<Value>| format!("one skill came as {} rows", rows.len()))?;
        value = row;
    }
    Ok(value)
}

impl Row for Skill {
    const ROWS: &'static str = "skills";

    fn key(&self) -> Option<String> {
        self.id.map(|id| id.to_string())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn skill(change: impl FnOnce(&mut Value)) -> Skill {
        let mut value = json!({"skillId": 4711, "skillName": "Renewals PC", "isActive": true, "isOutbound": true,
            "outboundStrategy": "Personal Connection", "agentless": false, "isRunning": true, "campaignId": 300});
        change(&mut value);
        Skill::parse(value.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_personal_connection_skill_of_the_configuration_may_be_commanded() {
        assert_eq!(skill(|_| {}).commandable(true), Ok(()));
        for spelling in [
            "PersonalConnection",
            "personal_connection",
            "PERSONAL CONNECTION",
        ] {
            let spelled = skill(|skill| skill["outboundStrategy"] = json!(spelling));
            assert_eq!(spelled.commandable(true), Ok(()), "{spelling}");
        }
        let older = skill(|skill| {
            skill.as_object_mut().unwrap().remove("agentless");
            skill["isActive"] = json!("True");
            skill["isOutbound"] = json!(1);
        });
        assert_eq!(older.commandable(true), Ok(()));
    }

    #[test]
    fn nothing_else_is_ever_commanded() {
        let refused =
            |listed, change: fn(&mut Value)| skill(change).commandable(listed).unwrap_err();
        assert_eq!(refused(false, |_| {}), NeverCommanded::Unlisted);
        assert_eq!(
            refused(true, |skill| skill["isActive"] = json!("False")),
            NeverCommanded::Inactive
        );
        assert_eq!(
            refused(true, |skill| skill["isOutbound"] = json!(0)),
            NeverCommanded::Inbound
        );
        assert_eq!(
            refused(true, |skill| skill["agentless"] = json!(true)),
            NeverCommanded::Agentless
        );
        assert_eq!(
            refused(true, |skill| skill["outboundStrategy"] = json!("Manual")),
            NeverCommanded::OtherStrategy("Manual".to_owned())
        );
        for member in ["isActive", "isOutbound", "outboundStrategy"] {
            let silent = skill(|skill| {
                skill.as_object_mut().unwrap().remove(member);
            });
            assert_eq!(
                silent.commandable(true),
                Err(NeverCommanded::NotReported(member))
            );
        }
    }

    #[test]
    fn a_foreign_word_is_neither_running_nor_stopped() {
        let state = |value: Value| skill(|skill| skill["isRunning"] = value).run_state();
        assert_eq!(state(json!("true")), Ok(RunState::Running));
        assert_eq!(state(json!(0)), Ok(RunState::Stopped));
        assert_eq!(
            state(json!("Stopping")),
            Ok(RunState::Word("Stopping".to_owned()))
        );
        assert!(state(json!(null)).is_err());
        assert!(state(json!("")).is_err());
        assert!(state(json!("x".repeat(38_000))).is_err());
    }

    #[test]
    fn one_skill_is_read_in_any_wrapping() {
        for wrapped in [
            r#"{"skillId":7,"isRunning":true}"#,
            r#"{"resultSet":{"skillId":"7"}}"#,
            r#"{"skills":[{"skillId":7}],"totalRecords":1}"#,
            r#"{"resultSet":{"skills":[{"skillId":7}]}}"#,
        ] {
            assert_eq!(Skill::parse(wrapped.as_bytes()).unwrap().id(), Ok(7));
        }
        for wrong in [
            "",
            "{}",
            r#"{"skills":[]}"#,
            r#"{"skills":[{"skillId":1},{"skillId":2}]}"#,
        ] {
            assert!(Skill::parse(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
