//! Who has a skill: the assignments on the wire.

use serde::Deserialize;

use super::drift;
use super::listing::Row;

/// One agent's assignment to a skill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    /// Whether it is in force; one that is not is parked.
    pub(super) active: bool,
    /// 1 is the best.
    pub(super) proficiency: Option<i64>,
}

/// A row of `/skills/{id}/agents`.
#[derive(Debug, Deserialize)]
pub(super) struct AssignmentRow {
    #[serde(rename = "agentId", deserialize_with = "drift::id")]
    agent: Option<u64>,
    #[serde(rename = "isActive", default, deserialize_with = "drift::flag")]
    active: Option<bool>,
    #[serde(
        rename = "agentProficiencyValue",
        default,
        deserialize_with = "drift::whole"
    )]
    proficiency: Option<i64>,
    #[serde(
        rename = "agentProficencyValue",
        default,
        deserialize_with = "drift::whole"
    )]
    proficiency_misspelled: Option<i64>,
    #[serde(rename = "lastPollTime", default, deserialize_with = "drift::word")]
    last_poll_time: Option<String>,
}

impl AssignmentRow {
    /// The members to ask for.
    pub(super) const FIELDS: &'static str = "agentId,isActive,agentProficiencyValue,lastPollTime";

    /// Who has the skill, and how. A row that does not say whether it is in force is a fault: read either way it could start a
    /// campaign without agents or stop one that has them.
    pub(super) fn assignment(&self) -> Result<(u64, Assignment), String> {
        let agent = self
            .agent
            .ok_or_else(|| "an assignment has no agentId".to_owned())?;
        let active = self
            .active
            .ok_or_else(|| format!("the assignment of agent {agent} does not say isActive"))?;
        let proficiency = self.proficiency.or(self.proficiency_misspelled);
        Ok((
            agent,
            Assignment {
                active,
                proficiency,
            },
        ))
    }
}

impl Row for AssignmentRow {
    const ROWS: &'static str = "agentSkillAssignments";

    fn key(&self) -> Option<String> {
        self.agent.map(|agent| agent.to_string())
    }

    fn last_poll_time(&self) -> Option<&str> {
        self.last_poll_time.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::super::listing::ListingPage;
    use super::*;

    #[test]
    fn both_spellings_of_the_proficiency_are_read() {
        let page = ListingPage::<AssignmentRow>::parse(
            br#"{"totalRecords":2,"agentSkillAssignments":[
                {"agentId":1,"isActive":"True","agentProficiencyValue":3,"skillId":4711},
                {"agentId":2,"isActive":0,"agentProficencyValue":"5"}]}"#,
        )
        .unwrap();
        let read: Vec<_> = page
            .rows
            .iter()
            .map(|row| row.assignment().unwrap())
            .collect();
        let assignment = |active, value| Assignment {
            active,
            proficiency: Some(value),
        };
        assert_eq!(read, [(1, assignment(true, 3)), (2, assignment(false, 5))]);
    }

    #[test]
    fn an_assignment_that_does_not_say_whether_it_is_in_force_is_a_fault() {
        for wrong in [
            r#"{"agentSkillAssignments":[{"agentId":1}]}"#,
            r#"{"agentSkillAssignments":[{"agentId":1,"isActive":"perhaps"}]}"#,
        ] {
            let page = ListingPage::<AssignmentRow>::parse(wrong.as_bytes()).unwrap();
            assert!(page.rows[0].assignment().is_err(), "{wrong}");
        }
    }
}
