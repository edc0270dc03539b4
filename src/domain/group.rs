//! Whose availability matters to a campaign, and what is known of it.

use serde::{Deserialize, Serialize};

use super::ids::{CampaignId, QueueId};
use super::selector::Selector;

/// Agents who are counted as one. Several campaigns may share a group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// The agents of the campaign's own queue or skill.
    Own(CampaignId),
    /// The agents of another queue or skill.
    Queue(QueueId),
    /// The agents that a selector chooses by their rows; [`Selector::All`] is everyone.
    #[serde(untagged)]
    Rows(Selector),
}

/// A complete head count of a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadCount {
    /// Agents who can take a call now.
    #[serde(alias = "available")]
    pub free: u32,
    /// Agents on this campaign's calls or in their wrap-up, who come back to it; 0 where the platform does not
    /// distinguish them from other calls.
    #[serde(default)]
    pub serving: u32,
    /// Agents who finish a call, whichever it was; 0 where the platform does not show them, or only free agents were asked for.
    #[serde(default, skip_serializing_if = "is_nobody")]
    pub wrap_up: u32,
    /// Agents who are not offline; equals `free` when only free agents were asked for.
    pub staffed: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_nobody(agents: &u32) -> bool {
    *agents == 0
}

/// What one observation says of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum GroupCount {
    /// A complete count.
    Known(HeadCount),
    /// No count, which is not a count of zero: the group's campaigns are blind, and only they.
    Unknown {
        /// What went wrong, for people.
        why: String,
    },
}

impl GroupCount {
    /// Returns the count, where there is one.
    #[must_use]
    pub fn known(&self) -> Option<HeadCount> {
        match self {
            Self::Known(count) => Some(*count),
            Self::Unknown { .. } => None,
        }
    }

    /// Returns why there is no count, where there is none.
    #[must_use]
    pub fn unknown(&self) -> Option<&str> {
        match self {
            Self::Known(_) => None,
            Self::Unknown { why } => Some(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_selectors_and_counts_of_the_first_release() {
        for (text, selector) in [
            (r#""all""#, Selector::All),
            (
                r#"{"any_skill":["sales"]}"#,
                Selector::AnySkill(["sales".parse().unwrap()].into()),
            ),
            (
                r#"{"agents":["a-1"]}"#,
                Selector::Agents(["a-1".parse().unwrap()].into()),
            ),
        ] {
            assert_eq!(
                serde_json::from_str::<Group>(text).unwrap(),
                Group::Rows(selector),
                "{text}"
            );
        }
        let count = HeadCount {
            free: 3,
            serving: 0,
            wrap_up: 0,
            staffed: 7,
        };
        assert_eq!(
            serde_json::from_str::<GroupCount>(r#"{"available":3,"staffed":7}"#).unwrap(),
            GroupCount::Known(count)
        );
    }

    #[test]
    fn every_form_is_read_back_as_it_was_written() {
        let groups = [
            Group::Own("c-1".parse().unwrap()),
            Group::Queue("q-1".parse().unwrap()),
            Group::Rows(Selector::All),
        ];
        for group in groups {
            let text = serde_json::to_string(&group).unwrap();
            assert_eq!(serde_json::from_str::<Group>(&text).unwrap(), group);
        }
        let unknown = GroupCount::Unknown {
            why: "no rights".to_owned(),
        };
        let text = serde_json::to_string(&unknown).unwrap();
        assert_eq!(serde_json::from_str::<GroupCount>(&text).unwrap(), unknown);
    }
}
