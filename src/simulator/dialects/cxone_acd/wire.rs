//! Rows of answers, spelled as each release spells them.

use serde_json::{Map, Value, json};

use super::super::super::time::SimTime;
use super::assignments::Assignment;
use super::roster::ShownState;
use super::settings::Release;
use super::skills::{GROUP, GROUP_NAME, Running, SkillView};

/// A boolean: the older release writes text, and a number where `numbered`.
fn flag(release: Release, value: bool, numbered: bool) -> Value {
    match (release, numbered) {
        (Release::Current, _) => json!(value),
        (Release::Older, true) => json!(u8::from(value)),
        (Release::Older, false) => json!(if value { "True" } else { "False" }),
    }
}

/// A row of the agents' states.
pub(super) fn agent_state(
    release: Release,
    agent: u64,
    shown: &ShownState,
    since: SimTime,
) -> Value {
    let wrap_up = match release {
        Release::Current => "isACW",
        Release::Older => "isAcw",
    };
    let mut row = json!({
        "agentId": agent,
        "agentStateId": shown.state,
        "agentStateName": shown.name,
        "isOutbound": flag(release, shown.state == 4, false),
        "startDate": since.rfc3339(),
        "lastUpdateTime": since.rfc3339(),
    });
    insert(&mut row, wrap_up, flag(release, shown.wrap_up, true));
    if let Some(skill) = shown.skill {
        insert(&mut row, "skillId", json!(skill));
    }
    row
}

/// A row of the skills.
pub(super) fn skill(release: Release, skill: &SkillView) -> Value {
    let running = match &skill.running {
        Running::Flag(running) => flag(release, *running, false),
        Running::Word(word) => json!(word),
    };
    json!({
        "skillId": skill.id,
        "skillName": skill.name,
        "mediaTypeId": 4,
        "campaignId": GROUP,
        "campaignName": GROUP_NAME,
        "isActive": flag(release, skill.active, false),
        "isOutbound": flag(release, skill.outbound, true),
        "outboundStrategy": skill.strategy,
        "agentless": flag(release, skill.agentless, false),
        "priorityBlending": flag(release, false, false),
        "isRunning": running,
    })
}

/// A setting as a release writes it: the older one has text for numbers and booleans.
pub(super) fn as_in(release: Release, value: Value) -> Value {
    match (release, value) {
        (Release::Older, Value::Bool(set)) => flag(release, set, false),
        (Release::Older, Value::Number(number)) => json!(number.to_string()),
        (_, value) => value,
    }
}

/// A row of a skill's assignments.
pub(super) fn assignment(release: Release, skill: u64, agent: u64, own: &Assignment) -> Value {
    let mut row = json!({
        "agentId": agent,
        "skillId": skill,
        "isActive": flag(release, own.active, true),
        "lastUpdateTime": own.changed.rfc3339(),
    });
    let proficiency = match release {
        Release::Current => "agentProficiencyValue",
        Release::Older => "agentProficencyValue",
    };
    insert(&mut row, proficiency, json!(own.proficiency));
    row
}

/// What became of one agent of a write, with the reason where it failed.
pub(super) fn assign_result(release: Release, agent: u64, fault: Option<&str>) -> Value {
    // The newer files of the vendor have the number as text.
    let agent = match release {
        Release::Current => json!(agent),
        Release::Older => json!(agent.to_string()),
    };
    let success = flag(release, fault.is_none(), false);
    let mut result = json!({"success": success, "agentId": agent});
    if let Some(fault) = fault {
        insert(&mut result, "error", json!(fault));
    }
    result
}

/// Counts of a skill, with the names under which a release shows them.
pub(super) struct Counters {
    pub(super) dials: u64,
    pub(super) connects: u64,
    pub(super) abandons: u64,
}

/// A row of a summary.
pub(super) fn summary(release: Release, id: u64, name: &str, counters: &Counters) -> Value {
    let Counters {
        dials,
        connects,
        abandons,
    } = counters;
    match release {
        Release::Current => {
            json!({"skillId": id, "skillName": name, "dials": dials, "connects": connects,
            "abandonCount": abandons})
        }
        Release::Older => {
            json!({"SkillId": id, "SkillName": name, "Dials": dials, "Connects": connects,
            "AbandonCount": abandons})
        }
    }
}

/// General settings as every skill has them at first.
pub(super) fn general_settings(ratio: u32) -> Map<String, Value> {
    let mut settings = Map::new();
    for (name, value) in [
        ("maximumRatio", json!(ratio)),
        ("aggressiveness", json!("Normal")),
        ("blockMultipleCalls", json!(false)),
        ("abandonRateThreshold", json!(3.0)),
        ("abandonRateCutoff", json!(0.5)),
        ("beginDampenPercentage", json!(2)),
        ("percentageOfAgentsBeforeOverdial", json!(20)),
        ("maximumRingingDuration", json!(25)),
    ] {
        settings.insert(name.to_owned(), value);
    }
    settings
}

pub(super) fn insert(row: &mut Value, name: &str, value: Value) {
    if let Value::Object(members) = row {
        members.insert(name.to_owned(), value);
    }
}
