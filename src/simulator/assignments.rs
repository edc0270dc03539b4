//! Preview assignments: which agents a campaign's preview dialer may offer records to, and when.
//!
//! The platform checks a list as a whole and takes all of it or nothing. What it checks is in the
//! contract: the agent exists, has skills, a window within the day, a known time zone and one or two
//! calls at once. Beyond the contract, an agent may be in a list only once.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// The most calls that one agent takes at once.
const MOST_CALLS: i64 = 2;

/// One agent's assignment to a campaign, in the contract's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Assignment {
    /// The agent's id.
    pub user_id: String,
    /// What the agent is to be used for; at least one.
    pub skills: Vec<String>,
    /// When the agent may be offered records.
    pub availability_window: AvailabilityWindow,
    /// How many calls the agent takes at once, 1 or 2.
    pub max_concurrent_calls: i64,
}

/// A span of the day on the agent's own clock. One that ends before it starts runs through midnight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AvailabilityWindow {
    /// The first minute, `HH:MM`.
    pub start: String,
    /// The first minute after it, `HH:MM`.
    pub end: String,
    /// The IANA name of the time zone.
    pub timezone: String,
}

/// The assignments in force.
#[derive(Clone, Debug, Default)]
pub(super) struct Assignments {
    in_force: BTreeMap<String, Vec<Assignment>>,
    capacity: BTreeMap<String, usize>,
    replaced: u64,
}

impl Assignments {
    /// A campaign's assignments, in the order in which they were given.
    pub(super) fn of_campaign(&self, campaign: &str) -> &[Assignment] {
        self.in_force.get(campaign).map_or(&[], Vec::as_slice)
    }

    /// The most agents that the dialer takes for the campaign; no bound without one.
    pub(super) fn set_capacity(&mut self, campaign: &str, agents: Option<usize>) {
        match agents {
            Some(agents) => self.capacity.insert(campaign.to_owned(), agents),
            None => self.capacity.remove(campaign),
        };
    }

    /// The bound, if the dialer cannot take so many agents for the campaign.
    pub(super) fn exceeded(&self, campaign: &str, agents: usize) -> Option<usize> {
        let most = self.capacity.get(campaign).copied()?;
        (agents > most).then_some(most)
    }

    /// Replaces a campaign's assignments; gives those before, and what this assignment is called.
    pub(super) fn replace(
        &mut self,
        campaign: &str,
        list: Vec<Assignment>,
    ) -> (Vec<Assignment>, String) {
        self.replaced += 1;
        let before = self.in_force.insert(campaign.to_owned(), list);
        (
            before.unwrap_or_default(),
            format!("assign-{:06}", self.replaced),
        )
    }

    /// Takes away what belongs to a campaign that is gone.
    pub(super) fn forget(&mut self, campaign: &str) {
        self.in_force.remove(campaign);
    }
}

/// Zones with an older name that means the same.
const OLDER_NAMES: [(&str, &str); 7] = [
    ("America/New_York", "US/Eastern"),
    ("America/Chicago", "US/Central"),
    ("America/Denver", "US/Mountain"),
    ("America/Los_Angeles", "US/Pacific"),
    ("Europe/London", "GB"),
    ("Asia/Tokyo", "Japan"),
    ("UTC", "Etc/UTC"),
];

/// A list that means the same and is written in another way.
pub(super) fn normalised(list: &[Assignment]) -> Vec<Assignment> {
    let rewritten = list.iter().rev().cloned().map(|mut assignment| {
        assignment.skills.reverse();
        let AvailabilityWindow {
            start,
            end,
            timezone,
        } = &mut assignment.availability_window;
        if let Some(short) = start.strip_prefix('0') {
            *start = short.to_owned();
        }
        end.push_str(":00");
        let older = OLDER_NAMES.iter().find(|(name, _)| name == timezone);
        if let Some((_, older)) = older {
            (*older).clone_into(timezone);
        }
        assignment
    });
    rewritten.collect()
}

/// Every fault of a list, each naming the agent.
pub(super) fn faults(list: &[Assignment], is_agent: impl Fn(&str) -> bool) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut faults = Vec::new();
    for assignment in list {
        let id = &assignment.user_id;
        let mut wrong = |what: String| faults.push(format!("agent {id}: {what}"));
        if !is_agent(id) {
            wrong("there is no such agent".to_owned());
        }
        if !seen.insert(id) {
            wrong("is in the list more than once".to_owned());
        }
        if assignment.skills.is_empty() {
            wrong("has no skills".to_owned());
        }
        let window = &assignment.availability_window;
        for (name, text) in [("start", &window.start), ("end", &window.end)] {
            if !is_time_of_day(text) {
                wrong(format!("the window's {name} is {text:?}, expected HH:MM"));
            }
        }
        if TimeZone::get(&window.timezone).is_err() {
            wrong(format!("the time zone {:?} is unknown", window.timezone));
        }
        let calls = assignment.max_concurrent_calls;
        if !(1..=MOST_CALLS).contains(&calls) {
            wrong(format!(
                "maxConcurrentCalls is {calls}, expected 1 to {MOST_CALLS}"
            ));
        }
    }
    faults
}

/// `HH:MM`, from 00:00 to 23:59, with both digits.
fn is_time_of_day(text: &str) -> bool {
    let number = |digits: &str, below: u8| {
        let two = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_digit());
        two && digits.parse::<u8>().is_ok_and(|number| number < below)
    };
    text.split_once(':')
        .is_some_and(|(hours, minutes)| number(hours, 24) && number(minutes, 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assignment(id: &str) -> Assignment {
        Assignment {
            user_id: id.to_owned(),
            skills: vec!["sales".to_owned()],
            availability_window: AvailabilityWindow {
                start: "09:00".to_owned(),
                end: "17:00".to_owned(),
                timezone: "America/New_York".to_owned(),
            },
            max_concurrent_calls: 1,
        }
    }

    #[test]
    fn each_rule_has_its_fault_and_all_are_told() {
        let good = assignment("agent-1");
        let mut bad = assignment("agent-2");
        bad.skills.clear();
        bad.availability_window.start = "9:00".to_owned();
        bad.availability_window.end = "24:00".to_owned();
        bad.availability_window.timezone = "Mars/Olympus".to_owned();
        bad.max_concurrent_calls = 3;
        let list = [good.clone(), bad, good];
        let found = faults(&list, |id| id == "agent-1");
        assert_eq!(
            found,
            [
                "agent agent-2: there is no such agent",
                "agent agent-2: has no skills",
                "agent agent-2: the window's start is \"9:00\", expected HH:MM",
                "agent agent-2: the window's end is \"24:00\", expected HH:MM",
                "agent agent-2: the time zone \"Mars/Olympus\" is unknown",
                "agent agent-2: maxConcurrentCalls is 3, expected 1 to 2",
                "agent agent-1: is in the list more than once",
            ]
        );
    }

    #[test]
    fn a_window_may_run_through_midnight() {
        let mut night = assignment("agent-1");
        night.availability_window.start = "22:00".to_owned();
        night.availability_window.end = "06:00".to_owned();
        assert_eq!(faults(&[night], |_| true), [""; 0]);
    }

    #[test]
    fn times_of_day_are_those_of_the_contract() {
        for right in ["00:00", "09:05", "19:59", "23:59"] {
            assert!(is_time_of_day(right), "{right}");
        }
        for wrong in [
            "24:00", "9:00", "09:60", "0900", "09:0", "+9:00", "09:00:00", "", ":",
        ] {
            assert!(!is_time_of_day(wrong), "{wrong}");
        }
    }

    #[test]
    fn the_capacity_is_a_bound_on_agents() {
        let mut book = Assignments::default();
        assert_eq!(book.exceeded("c", 1_000), None);
        book.set_capacity("c", Some(2));
        assert_eq!(
            (book.exceeded("c", 2), book.exceeded("c", 3)),
            (None, Some(2))
        );
        book.set_capacity("c", None);
        assert_eq!(book.exceeded("c", 3), None);
    }
}
