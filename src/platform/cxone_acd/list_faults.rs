//! What preview campaigns cannot be here, reported before anything is asked.
//!
//! *One skill each.* Agents are assigned to skills, so that a list is of one skill.
//!
//! *Nobody counts by a list that follows from the count.* Agents leave the list of a campaign that is paused and serve others. If
//! the campaign were counted by the agents of that list, or of one that they go to, its pause would end itself or keep itself
//! in force. Which skills a CXone campaign has is not known here, so that one is taken to have any of the lists'.

use std::collections::BTreeSet;

use crate::domain::{AgentId, CampaignId};

use super::campaign_skills::Target;
use super::lists::{number_of, skill_of};

/// Returns what is wrong with the campaigns whose lists are to be kept, each with a remedy.
#[must_use]
pub fn list_faults(
    lists: &[CampaignId],
    counted: &[(&CampaignId, &str)],
) -> Vec<(CampaignId, String, &'static str)> {
    let mut faults = Vec::new();
    let mut skills: BTreeSet<u64> = BTreeSet::new();
    for list in lists {
        match skill_of(list) {
            Err(why) => faults.push((list.clone(), why, "name the skill by its number")),
            Ok(skill) => {
                let again = !skills.insert(skill);
                // The same id twice is reported for any platform.
                if again && lists.iter().filter(|other| *other == list).count() == 1 {
                    let wrong = format!("`{list}` is a skill that has a table already");
                    faults.push((list.clone(), wrong, "keep one of them"));
                }
            }
        }
    }
    let may_be_listed = |id: &str| match id.parse() {
        Ok(Target::Skill(skill)) => skills.contains(&skill),
        Ok(Target::Campaign(_)) => !skills.is_empty(),
        Err(_) => false,
    };
    let locked_in = counted
        .iter()
        .find(|(id, group)| may_be_listed(id.as_str()) && may_be_listed(group));
    if let Some((campaign, group)) = locked_in {
        let of_it = |list: &&CampaignId| Some(skill_of(list)) == Some(skill_of(campaign));
        if let Some(list) = lists.iter().find(of_it).or(lists.first()) {
            let wrong = format!(
                "would let campaign {campaign} pause and resume by its own effect: it is counted by who is assigned to \
                 {group}, and its agents are assigned elsewhere while it is paused"
            );
            let remedy = "count that campaign by agents = \"all\", or by a skill that no [[preview]] table names";
            faults.push((list.clone(), wrong, remedy));
        }
    }
    faults
}

/// Returns why this cannot be the id of an agent.
#[must_use]
pub fn agent_fault(agent: &AgentId) -> Option<String> {
    number_of(agent).err()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(lists: &[&str], counted: &[(&str, &str)]) -> Vec<String> {
        let id = |text: &str| -> CampaignId { text.parse().unwrap() };
        let lists: Vec<CampaignId> = lists.iter().map(|list| id(list)).collect();
        let ids: Vec<CampaignId> = counted.iter().map(|(campaign, _)| id(campaign)).collect();
        let counted: Vec<(&CampaignId, &str)> = ids
            .iter()
            .zip(counted)
            .map(|(id, (_, group))| (id, *group))
            .collect();
        let faults = list_faults(&lists, &counted).into_iter();
        faults
            .map(|(list, wrong, _)| format!("{list}: {wrong}"))
            .collect()
    }

    #[test]
    fn a_list_is_of_one_skill() {
        assert_eq!(faults(&["4711", "skill:4712"], &[]), [""; 0]);
        for (lists, part) in [
            (
                &["campaign:300"][..],
                "campaign:300: `campaign:300` stands for several skills",
            ),
            (&["p"], "is neither the number of a skill"),
            (
                &["4711", "skill:4711"],
                "skill:4711: `skill:4711` is a skill that has a table",
            ),
        ] {
            let faults = faults(lists, &[]);
            assert_eq!(faults.len(), 1, "{faults:?}");
            assert!(faults[0].contains(part), "{faults:?}");
        }
    }

    #[test]
    fn nobody_counts_by_a_list_that_follows_from_the_count() {
        for counted in [
            ("4711", "4711"),
            ("skill:4711", "4711"),
            ("4711", "4712"),
            ("campaign:300", "campaign:300"),
            ("4711", "campaign:300"),
        ] {
            let faults = faults(&["4711", "4712"], &[counted]);
            assert_eq!(faults.len(), 1, "{counted:?} {faults:?}");
            assert!(faults[0].contains("by its own effect"), "{faults:?}");
        }
        for counted in [("4711", "4999"), ("4999", "4999"), ("4999", "4711")] {
            assert_eq!(
                faults(&["4711", "4712"], &[counted]),
                [""; 0],
                "{counted:?}"
            );
        }
        assert_eq!(faults(&[], &[("4711", "4711")]), [""; 0]);
    }
}
