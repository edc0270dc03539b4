//! The limits of a queue: how many, from where to where, what belongs together.
//!
//! Lists: at most 100 skills with unique ids and levels of 1 to 5, at most 10 requirements.
//! Ranges: wait 10 to 600 s, waiters 1 to 100, service level 0 to 100% within 1 to 300 s. What a person
//! asks for beyond that is refused; only what a formula asks for is clamped, and says so.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::fault::ChangeFault;
use super::member::{Member, Members, ServiceLevel, Setting, Strategy, time_text};
use super::surroundings::Surroundings;
use super::utilisation::ExpectedLoad;

/// The most skills of a queue.
pub(super) const MOST_SKILLS: usize = 100;

/// The most skill requirements of a queue.
pub(super) const MOST_REQUIREMENTS: usize = 10;

/// Skill levels.
pub(super) const LEVELS: RangeInclusive<i64> = 1..=5;

/// Seconds that a caller may wait at most.
pub(super) const MAX_WAIT_S: RangeInclusive<u64> = 10..=600;

/// Callers who may wait.
pub(super) const MAX_WAITERS: RangeInclusive<i64> = 1..=100;

/// Percent of a service level.
pub(super) const PERCENT: RangeInclusive<i64> = 0..=100;

/// Seconds of a service level.
pub(super) const WITHIN_S: RangeInclusive<u64> = 1..=300;

/// Reads the expected load. All numbers that are negative, broken or too large are reported.
pub(super) fn load(value: &Value) -> Result<ExpectedLoad, ChangeFault> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Form {
        agents: i64,
        concurrent: i64,
        handle_time: Value,
    }
    const REMEDY: &str =
        "write { agents = 15, concurrent = 12, handle_time = \"180s\" } with numbers above 0";
    let form = Form::deserialize(value)
        .map_err(|wrong| ChangeFault::new("load", wrong.to_string(), REMEDY))?;
    let mut wrong = Vec::new();
    let mut count = |name: &str, given: i64| match u32::try_from(given) {
        Ok(count) if count > 0 => count,
        Ok(_) | Err(_) => {
            wrong.push(format!("{name} is {given}"));
            0
        }
    };
    let (agents, concurrent) = (
        count("agents", form.agents),
        count("concurrent", form.concurrent),
    );
    let handle_time = match Member::WrapUp.read(&form.handle_time) {
        Ok(Setting::Time(time)) if !time.is_zero() => time,
        Ok(_) => {
            wrong.push("handle_time is 0".to_owned());
            Duration::ZERO
        }
        Err(why) => {
            wrong.push(format!("handle_time: {why}"));
            Duration::ZERO
        }
    };
    if wrong.is_empty() {
        Ok(ExpectedLoad {
            agents,
            concurrent,
            handle_time,
        })
    } else {
        Err(ChangeFault::new("load", wrong.join(", "), REMEDY))
    }
}

/// Returns the faults of single members.
pub(super) fn member_faults(members: &Members) -> Vec<ChangeFault> {
    let mut faults = Vec::new();
    for (member, setting) in members {
        let mut report = |wrong: String, remedy: String| {
            faults.push(ChangeFault::new(member.key(), wrong, remedy));
        };
        match setting {
            Setting::Text(text) if text.trim().is_empty() => {
                report("is empty".to_owned(), "give a text".to_owned());
            }
            Setting::Skills(skills) => {
                at_most(skills.len(), MOST_SKILLS, "skills", &mut report);
                unique(skills.iter().map(|skill| &skill.id), &mut report);
                for skill in skills.iter().filter(|skill| !LEVELS.contains(&skill.level)) {
                    report(
                        format!("the level of {} is {}", skill.id, skill.level),
                        "give 1 to 5".to_owned(),
                    );
                }
            }
            Setting::SkillIds(ids) => {
                at_most(ids.len(), MOST_SKILLS, "skills", &mut report);
                unique(ids, &mut report);
            }
            Setting::Requirements(requirements) => {
                at_most(
                    requirements.len(),
                    MOST_REQUIREMENTS,
                    "requirements",
                    &mut report,
                );
                unique(
                    requirements.iter().map(|requirement| &requirement.skill),
                    &mut report,
                );
            }
            Setting::Levels(levels) => {
                unique(levels, &mut report);
                for level in levels.iter().filter(|level| **level < 1) {
                    report(format!("holds {level}"), "give levels from 1 on".to_owned());
                }
            }
            Setting::Queues(ids) => unique(ids, &mut report),
            Setting::Count(count) => within(count, &MAX_WAITERS, "", &mut report),
            Setting::ServiceLevel(ServiceLevel {
                percent,
                within: time,
            }) => {
                within(percent, &PERCENT, "%", &mut report);
                seconds(*time, &WITHIN_S, &mut report);
            }
            Setting::Time(time) if *member == Member::MaxWait => {
                seconds(*time, &MAX_WAIT_S, &mut report);
            }
            Setting::Unreadable(text) => report(
                format!("`{text}` cannot be written"),
                format!("write {}", member.form()),
            ),
            Setting::Text(_) | Setting::Strategy(_) | Setting::Overflow(_) | Setting::Time(_) => {}
        }
    }
    faults
}

/// Returns the faults of members that belong together: only where the change touches one of them.
pub(super) fn combination_faults(change: &Members, after: &Members) -> Vec<ChangeFault> {
    let mut faults = Vec::new();
    let touches = |members: &[Member]| members.iter().any(|member| change.contains_key(member));
    let strategy = match after.get(&Member::Strategy) {
        Some(Setting::Strategy(strategy)) => Some(*strategy),
        Some(_) | None => None,
    };
    let empty = |member: Member| match after.get(&member) {
        Some(Setting::Levels(levels)) => levels.is_empty(),
        Some(Setting::SkillIds(ids)) => ids.is_empty(),
        Some(_) => false,
        None => true,
    };
    if touches(&[Member::Strategy, Member::PriorityLevels])
        && strategy == Some(Strategy::Priority)
        && empty(Member::PriorityLevels)
    {
        faults.push(ChangeFault::new(
            Member::PriorityLevels.key(),
            "are missing, and the strategy is priority",
            "give the levels, such as [1, 2, 3]",
        ));
    }
    if change.contains_key(&Member::PriorityLevels)
        && !empty(Member::PriorityLevels)
        && strategy != Some(Strategy::Priority)
    {
        faults.push(ChangeFault::new(
            Member::PriorityLevels.key(),
            "have no effect under another strategy than priority",
            "leave them out, or set strategy = \"priority\"",
        ));
    }
    if touches(&[Member::Strategy, Member::SkillIds])
        && strategy == Some(Strategy::SkillBased)
        && empty(Member::SkillIds)
    {
        faults.push(ChangeFault::new(
            Member::SkillIds.key(),
            "are missing, and the strategy is skill_based",
            "give at least one skill",
        ));
    }
    faults
}

/// Returns the faults of what a change refers to.
pub(super) fn reference_faults(change: &Members, surroundings: &Surroundings) -> Vec<ChangeFault> {
    let Some(known) = &surroundings.skills else {
        return Vec::new();
    };
    let mut faults = Vec::new();
    for (member, setting) in change {
        let named: BTreeSet<_> = match setting {
            Setting::Skills(skills) => skills.iter().map(|skill| &skill.id).collect(),
            Setting::SkillIds(ids) => ids.iter().collect(),
            Setting::Text(_)
            | Setting::Requirements(_)
            | Setting::Strategy(_)
            | Setting::Levels(_)
            | Setting::Queues(_)
            | Setting::Overflow(_)
            | Setting::Time(_)
            | Setting::Count(_)
            | Setting::ServiceLevel(_)
            | Setting::Unreadable(_) => BTreeSet::new(),
        };
        for skill in named.into_iter().filter(|skill| !known.contains(*skill)) {
            faults.push(ChangeFault::new(
                member.key(),
                format!("there is no skill {skill}"),
                "name a skill that the platform has",
            ));
        }
    }
    faults
}

fn at_most(count: usize, most: usize, what: &str, report: &mut impl FnMut(String, String)) {
    if count > most {
        report(
            format!("holds {count} {what}"),
            format!("give at most {most}"),
        );
    }
}

fn unique<T: Ord + Display>(
    items: impl IntoIterator<Item = T>,
    report: &mut impl FnMut(String, String),
) {
    let mut seen = BTreeSet::new();
    let mut again = BTreeSet::new();
    for item in items {
        let text = item.to_string();
        if !seen.insert(item) {
            again.insert(text);
        }
    }
    for item in again {
        report(format!("names {item} twice"), "name it once".to_owned());
    }
}

fn within<T: PartialOrd + Display>(
    value: &T,
    range: &RangeInclusive<T>,
    unit: &str,
    report: &mut impl FnMut(String, String),
) {
    if !range.contains(value) {
        report(
            format!("is {value}{unit}"),
            format!("give {} to {}{unit}", range.start(), range.end()),
        );
    }
}

fn seconds(time: Duration, range: &RangeInclusive<u64>, report: &mut impl FnMut(String, String)) {
    if time.subsec_nanos() != 0 || !range.contains(&time.as_secs()) {
        report(
            format!("is {}", time_text(time)),
            format!(
                "give {} s to {} s in whole seconds",
                range.start(),
                range.end()
            ),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::queue::ChangeSet;
    use serde_json::json;

    /// A change set of these entries, and its faults while it was read.
    fn change(entries: &Value) -> (ChangeSet, Vec<String>) {
        let mut change = ChangeSet::default();
        let mut faults = Vec::new();
        for (key, value) in entries.as_object().unwrap() {
            if let Err(fault) = change.take(key, value) {
                faults.push(fault.to_string());
            }
        }
        (change, faults)
    }

    #[test]
    fn every_fault_is_told_at_once() {
        let (change, unread) = change(&json!({
            "skills": [{"id": "voice", "level": 0}, {"id": "voice", "level": 6}],
            "priority_levels": [1, 1, 0],
            "max_wait": "5s",
            "max_waiters": 101,
            "service_level": {"percent": 101, "within": "301s"},
            "skill_requirements": vec![json!({"skill": "x", "proficiency": "y"}); 11],
            "wrap_up": 30,
            "colour": "red",
            "load": {"agents": 0, "concurrent": -2, "handle_time": "0s"},
        }));
        assert_eq!(unread.len(), 3, "{unread:?}");
        assert!(
            unread[0].starts_with("colour: is not a member"),
            "{unread:?}"
        );
        assert!(unread[1].starts_with("load: agents is 0, concurrent is -2, handle_time is 0;"));
        assert!(
            unread[2].starts_with("wrap_up: 30 has no unit"),
            "{unread:?}"
        );
        let told: Vec<String> = change.faults().iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "skills: names voice twice; name it once",
                "skills: the level of voice is 0; give 1 to 5",
                "skills: the level of voice is 6; give 1 to 5",
                "skill_requirements: holds 11 requirements; give at most 10",
                "skill_requirements: names x twice; name it once",
                "priority_levels: names 1 twice; name it once",
                "priority_levels: holds 0; give levels from 1 on",
                "max_wait: is 5s; give 10 s to 600 s in whole seconds",
                "max_waiters: is 101; give 1 to 100",
                "service_level: is 101%; give 0 to 100%",
                "service_level: is 5m 1s; give 1 s to 300 s in whole seconds",
            ]
        );
    }

    #[test]
    fn what_belongs_together_is_asked_for_together() {
        let faults = |entries: Value, now: Value| {
            let (change, unread) = change(&entries);
            assert!(unread.is_empty(), "{unread:?}");
            let (now, _) = self::change(&now);
            let after = super::super::overlaid(&now.members, &change.members);
            let queue = "a".parse().unwrap();
            let faults = change.faults_in_place(&queue, &after, &Surroundings::default());
            faults
                .into_iter()
                .map(|fault| fault.member)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            faults(json!({"strategy": "priority"}), json!({})),
            ["priority_levels"]
        );
        assert!(
            faults(
                json!({"strategy": "priority"}),
                json!({"priority_levels": [1]})
            )
            .is_empty()
        );
        assert_eq!(
            faults(
                json!({"priority_levels": [1]}),
                json!({"strategy": "random"})
            ),
            ["priority_levels"]
        );
        assert_eq!(
            faults(json!({"strategy": "skill_based"}), json!({"skill_ids": []})),
            ["skill_ids"]
        );
        assert!(
            faults(json!({"max_waiters": 3}), json!({"strategy": "priority"})).is_empty(),
            "what is not touched is nobody's fault here"
        );
    }

    #[test]
    fn skills_have_to_be_there_and_the_load_has_to_be_carried() {
        let (change, _) = change(&json!({
            "skills": [{"id": "voice", "level": 1}, {"id": "chess", "level": 1}],
            "wrap_up": "2m",
            "load": {"agents": 15, "concurrent": 12, "handle_time": "180s"},
        }));
        let surroundings = Surroundings {
            skills: Some(BTreeSet::from(["voice".parse().unwrap()])),
            overflows: None,
        };
        let faults = change.faults_in_place(&"a".parse().unwrap(), &change.members, &surroundings);
        let told: Vec<&str> = faults.iter().map(|fault| fault.wrong.as_str()).collect();
        assert_eq!(told[0], "there is no skill chess");
        assert!(told[1].starts_with("utilisation 1.33"), "{told:?}");
        assert_eq!(told.len(), 2);
    }
}
