//! A campaign of the tenant covers all its Personal Connection skills.
//!
//! The configuration names a campaign by the number of one skill, or of a CXone campaign as `campaign:300`. The group is
//! running as long as one of its skills is, and paused when none is: only then has a pause reached all of it.

use std::str::FromStr;

use serde::Deserialize;

use super::drift;
use super::listing::Row;
use super::skill::RunState;

/// What a configured id means here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    /// One skill.
    Skill(u64),
    /// All Personal Connection skills of a CXone campaign.
    Campaign(u64),
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is neither the number of a skill, such as 4711, nor of a CXone campaign, such as campaign:300"
            )
        };
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            digits
                .then(|| text.parse().ok())
                .flatten()
                .filter(|number| *number > 0)
        };
        match text.split_once(':') {
            None => number(text).map(Self::Skill),
            Some(("campaign", id)) => number(id).map(Self::Campaign),
            Some(("skill", id)) => number(id).map(Self::Skill),
            Some(_) => None,
        }
        .ok_or_else(wrong)
    }
}

/// A row of `/campaigns/{id}/skills`.
#[derive(Debug, Deserialize)]
pub(super) struct CampaignSkill {
    #[serde(rename = "skillId", deserialize_with = "drift::id")]
    skill: Option<u64>,
}

impl CampaignSkill {
    /// The skill's number; a row without one is a fault.
    pub(super) fn skill(&self) -> Result<u64, String> {
        self.skill
            .ok_or_else(|| "a skill of the campaign has no skillId".to_owned())
    }
}

impl Row for CampaignSkill {
    const ROWS: &'static str = "skills";
}

/// The state of a group of skills: running while any runs, else a foreign word while any shows one, else stopped. Nothing
/// is known of an empty group.
pub(super) fn group_state<'a>(states: impl IntoIterator<Item = &'a RunState>) -> Option<RunState> {
    let mut group: Option<RunState> = None;
    for state in states {
        match (&group, state) {
            (Some(RunState::Running), _) => {}
            (_, RunState::Running) | (None | Some(RunState::Stopped), RunState::Word(_)) => {
                group = Some(state.clone());
            }
            (None, RunState::Stopped) => group = Some(RunState::Stopped),
            (
                Some(RunState::Stopped | RunState::Word(_)),
                RunState::Stopped | RunState::Word(_),
            ) => {}
        }
    }
    group
}

#[cfg(test)]
mod tests {
    use super::super::listing::ListingPage;
    use super::*;

    #[test]
    fn an_id_is_a_skill_or_a_campaign() {
        assert_eq!("4711".parse(), Ok(Target::Skill(4_711)));
        assert_eq!("skill:4711".parse(), Ok(Target::Skill(4_711)));
        assert_eq!("campaign:300".parse(), Ok(Target::Campaign(300)));
        for wrong in [
            "",
            "0",
            "+5",
            "-5",
            "campaign-1",
            "campaign:",
            "queue:3",
            "4711x",
        ] {
            assert!(wrong.parse::<Target>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_skills_of_a_campaign_are_read() {
        let page = ListingPage::<CampaignSkill>::parse(
            br#"{"totalRecords":2,"skills":[{"skillId":4711,"mediaType":4},{"skillId":"x"}]}"#,
        )
        .unwrap();
        assert_eq!(page.rows[0].skill(), Ok(4_711));
        assert!(page.rows[1].skill().is_err());
    }

    #[test]
    fn a_group_is_paused_when_none_of_its_skills_runs() {
        let word = || RunState::Word("Stopping".to_owned());
        let (running, stopped) = (RunState::Running, RunState::Stopped);
        assert_eq!(group_state([]), None);
        assert_eq!(group_state([&stopped, &stopped]), Some(RunState::Stopped));
        assert_eq!(group_state([&stopped, &running]), Some(RunState::Running));
        assert_eq!(group_state([&running, &word()]), Some(RunState::Running));
        assert_eq!(group_state([&stopped, &word()]), Some(word()));
        assert_eq!(group_state([&word(), &stopped]), Some(word()));
        assert_eq!(group_state([&word(), &running]), Some(RunState::Running));
    }
}
