//! A queue on the wire: the meaning of each member, and its unit.
//!
//! | member | read from | PUT (seconds) | PATCH (milliseconds) |
//! |---|---|---|---|
//! | name, channel, skills | the same | the same | the same |
//! | `wrap_up` | `wrapUpTimeout` (ms), else `wrap_up_time_seconds` | both, where both are there | `wrapUpTimeout` |
//! | `overflow` | `overflow`, as a directive (`action`, `maxWaitTime` ms) or as a target (`targetId`, `waitTime` s) | as a target, unless a directive is there | as a directive |
//! | `overflow_targets`, `overflow_wait` | `routing.overflow` | the same, with `enabled` | - |
//! | `strategy`, `priority_levels`, `longest_idle` | `routing` | the same, with `priority.enabled` | - |
//! | `skill_ids`, `routing_max_wait` | `skill_ids`, `max_wait_time_seconds` | the same | - |
//! | `skill_requirements`, `service_level`, `max_wait`, `max_waiters` | their own names, times in seconds | the same | - |
//!
//! Everything else goes back byte by byte as it came, numbers of any size included.

use std::collections::BTreeMap;
use std::time::Duration;

use ring::digest::{SHA256, digest};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::domain::queue::{
    ChangeFault, Member, Members, Overflow, OverflowAction, QueueVersion, ServiceLevel, Setting,
    Strategy, WriteForm,
};
use crate::domain::{QueueId, has_length_of_id};
use crate::platform::http::PageClaims;
use crate::platform::port::{Original, QueueReading};
use crate::secrets::MASKED_IN_BODY;

use super::value::{self, Word};

/// An object whose members are not looked into.
type Raw = BTreeMap<String, Box<RawValue>>;

/// Seconds that an overflow as a target may wait, by the contract.
const TARGET_WAIT_S: std::ops::RangeInclusive<u64> = 30..=600;

/// The longest part of a value that cannot be read that is repeated to people.
const LONGEST_BEGINNING: usize = 40;

/// The place of a member in the whole object.
const PLACES: [(Member, &[&str]); 14] = [
    (Member::Name, &["name"]),
    (Member::Channel, &["channel"]),
    (Member::Skills, &["skills"]),
    (Member::SkillIds, &["skill_ids"]),
    (Member::SkillRequirements, &["skillRequirements"]),
    (Member::Strategy, &["routing", "strategy"]),
    (Member::PriorityLevels, &["routing", "priority", "levels"]),
    (Member::LongestIdle, &["routing", "longest_idle_seconds"]),
    (
        Member::OverflowTargets,
        &["routing", "overflow", "target_ids"],
    ),
    (
        Member::OverflowWait,
        &["routing", "overflow", "wait_time_seconds"],
    ),
    (Member::RoutingMaxWait, &["max_wait_time_seconds"]),
    (Member::MaxWait, &["maxWaitTime"]),
    (Member::MaxWaiters, &["maxWaiters"]),
    (Member::WrapUp, &["wrap_up_time_seconds"]),
];

/// Reads a queue.
pub(super) fn reading(queue: &QueueId, body: &[u8]) -> Result<QueueReading, String> {
    let text = std::str::from_utf8(body).map_err(|wrong| format!("not a queue: {wrong}"))?;
    if text.contains(MASKED_IN_BODY) {
        // It would be written back without what was masked.
        return Err("a queue that repeats a secret of ours: take it out there".to_owned());
    }
    let whole: Value =
        serde_json::from_str(text).map_err(|wrong| format!("not a queue: {wrong}"))?;
    let id = whole.get("id").map_or(Ok(Word::Nothing), Word::deserialize);
    let id = id.map_err(|wrong| format!("not a queue: {wrong}"))?;
    value::same_id(queue.as_str(), &id)
        .map_err(|other| format!("asked for queue {queue}, the platform returned {other}"))?;
    let version = whole
        .get("version")
        .and_then(whole_number)
        .ok_or("not a queue: no version that is a whole number")?;
    Ok(QueueReading {
        queue: queue.clone(),
        version: QueueVersion::Numbered(version),
        members: members(&whole),
        sha256: sha256_of(whole.to_string().as_bytes()),
        original: Original(text.to_owned()),
    })
}

/// Returns the whole number that a value is, also as text.
fn whole_number(value: &Value) -> Option<i64> {
    value
        .as_i64()
        .or_else(|| value.as_str()?.trim().parse().ok())
}

fn members(whole: &Value) -> Members {
    let mut members = Members::new();
    for (member, path) in PLACES {
        let found = path
            .iter()
            .try_fold(whole, |value, name| value.get(*name))
            .filter(|value| !value.is_null());
        if let Some(value) = found {
            members.insert(member, setting(member, value));
        }
    }
    if let Some(millis) = whole.get("wrapUpTimeout").and_then(Value::as_u64) {
        let time = Setting::Time(Duration::from_millis(millis));
        members.insert(Member::WrapUp, time);
    }
    if let Some(value) = whole.get("overflow").filter(|value| !value.is_null()) {
        let read = overflow(value).map_or_else(|| unreadable(value), Setting::Overflow);
        members.insert(Member::Overflow, read);
    }
    if let Some(value) = whole
        .get("serviceLevelTarget")
        .filter(|value| !value.is_null())
    {
        let level = || {
            Some(ServiceLevel {
                percent: value.get("threshold")?.as_i64()?,
                within: Duration::from_secs(value.get("time")?.as_u64()?),
            })
        };
        let read = level().map_or_else(|| unreadable(value), Setting::ServiceLevel);
        members.insert(Member::ServiceLevel, read);
    }
    members
}

fn setting(member: Member, value: &Value) -> Setting {
    let read = match member {
        Member::LongestIdle
        | Member::OverflowWait
        | Member::WrapUp
        | Member::RoutingMaxWait
        | Member::MaxWait => value
            .as_u64()
            .map(|seconds| Setting::Time(Duration::from_secs(seconds))),
        Member::Name
        | Member::Channel
        | Member::Skills
        | Member::SkillIds
        | Member::SkillRequirements
        | Member::Strategy
        | Member::PriorityLevels
        | Member::OverflowTargets
        | Member::Overflow
        | Member::MaxWaiters
        | Member::ServiceLevel => member.read(value).ok(),
    };
    let too_long =
        |setting: &Setting| matches!(setting, Setting::Text(text) if !has_length_of_id(text));
    read.filter(|setting| !too_long(setting))
        .unwrap_or_else(|| unreadable(value))
}

/// What stands in the place of a value that cannot be read: the value, or a digest where it is longer than any, since it is kept,
/// compared and shown.
fn unreadable(value: &Value) -> Setting {
    let text = value.to_string();
    if has_length_of_id(&text) {
        return Setting::Unreadable(text);
    }
    let beginning: String = text.chars().take(LONGEST_BEGINNING).collect();
    let digest = sha256_of(text.as_bytes());
    Setting::Unreadable(format!(
        "{beginning}... ({} bytes, sha256:{digest})",
        text.len()
    ))
}

/// SHA-256 in hexadecimal digits.
fn sha256_of(text: &[u8]) -> String {
    let hash = digest(&SHA256, text);
    let digits = hash.as_ref().iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .filter_map(|digit| char::from_digit(u32::from(digit), 16))
        .collect()
}

/// Either form of it; a target that is switched off is neither.
fn overflow(value: &Value) -> Option<Overflow> {
    let text = |name| value.get(name).and_then(Value::as_str);
    if let Some(action) = text("action") {
        let action = match action {
            "routeToQueue" => OverflowAction::RouteToQueue(text("targetQueueId")?.parse().ok()?),
            "drop" => OverflowAction::Drop,
            _ => return None,
        };
        let after = Duration::from_millis(value.get("maxWaitTime")?.as_u64()?);
        return Some(Overflow { after, action });
    }
    if value.get("enabled") == Some(&json!(false)) {
        return None;
    }
    Some(Overflow {
        after: Duration::from_secs(value.get("waitTime")?.as_u64()?),
        action: OverflowAction::RouteToQueue(text("targetId")?.parse().ok()?),
    })
}

/// Returns what of a change this form cannot carry for this queue.
pub(super) fn form_faults(
    reading: &QueueReading,
    change: &Members,
    form: WriteForm,
) -> Vec<ChangeFault> {
    let mut faults = Vec::new();
    for (member, setting) in change {
        let mut report = |wrong: String, remedy: &str| {
            faults.push(ChangeFault::new(member.key(), wrong, remedy));
        };
        match form {
            WriteForm::Members => {
                let carried = matches!(
                    member,
                    Member::Name
                        | Member::Channel
                        | Member::Skills
                        | Member::Overflow
                        | Member::WrapUp
                );
                if !carried {
                    report(
                        "cannot be written by itself".to_owned(),
                        "write the queue whole, or leave it out",
                    );
                }
            }
            WriteForm::Whole => match setting {
                Setting::Time(time) if time.subsec_nanos() != 0 => report(
                    "is not a whole number of seconds, which a whole queue needs".to_owned(),
                    "give whole seconds, or write the members only",
                ),
                Setting::Overflow(overflow) => {
                    if let Some(wrong) = target_fault(reading, overflow) {
                        report(wrong, "write the members only");
                    }
                }
                Setting::ServiceLevel(_)
                | Setting::Time(_)
                | Setting::Text(_)
                | Setting::Skills(_)
                | Setting::SkillIds(_)
                | Setting::Requirements(_)
                | Setting::Strategy(_)
                | Setting::Levels(_)
                | Setting::Queues(_)
                | Setting::Count(_)
                | Setting::Unreadable(_) => {}
            },
        }
    }
    faults
}

/// Returns why an overflow cannot be written by PUT, whose times are seconds and whose overflow is a target.
fn target_fault(reading: &QueueReading, overflow: &Overflow) -> Option<String> {
    let original: Value = serde_json::from_str(&reading.original.0).unwrap_or_default();
    if original
        .get("overflow")
        .is_some_and(|now| now.get("action").is_some())
    {
        return Some("is a directive in milliseconds there, which put cannot write".to_owned());
    }
    if overflow.action == OverflowAction::Drop {
        return Some("drop cannot be written with a whole queue".to_owned());
    }
    let after = overflow.after;
    let fits = after.subsec_nanos() == 0 && TARGET_WAIT_S.contains(&after.as_secs());
    (!fits).then(|| "after has to be 30 s to 600 s in whole seconds with a whole queue".to_owned())
}

/// Returns the body that writes a change; nothing when the original cannot be taken apart, which a reading rules out.
pub(super) fn body(reading: &QueueReading, change: &Members, form: WriteForm) -> Option<Vec<u8>> {
    match form {
        WriteForm::Whole => {
            let mut whole: Raw = serde_json::from_str(&reading.original.0).ok()?;
            for (member, setting) in change {
                set_member(&mut whole, *member, setting)?;
            }
            serde_json::to_vec(&whole).ok()
        }
        WriteForm::Members => {
            // The version goes back as it came, be it a number or a text.
            let original: Value = serde_json::from_str(&reading.original.0).ok()?;
            let mut members = json!({"id": reading.queue, "version": original.get("version")?});
            for (member, setting) in change {
                let (name, value) = match (member, setting) {
                    (Member::WrapUp, Setting::Time(time)) => {
                        ("wrapUpTimeout", json!(millis(*time)))
                    }
                    (Member::Overflow, Setting::Overflow(overflow)) => {
                        ("overflow", directive(overflow))
                    }
                    (Member::Name | Member::Channel | Member::Skills, _) => {
                        (member.key(), setting.to_value())
                    }
                    _ => return None,
                };
                members.as_object_mut()?.insert(name.to_owned(), value);
            }
            serde_json::to_vec(&members).ok()
        }
    }
}

fn set_member(whole: &mut Raw, member: Member, setting: &Setting) -> Option<()> {
    match setting {
        Setting::Time(time) => {
            if member == Member::WrapUp && whole.contains_key("wrapUpTimeout") {
                set(whole, &["wrapUpTimeout"], &json!(millis(*time)))?;
            }
            set(whole, place(member)?, &json!(time.as_secs()))
        }
        Setting::Overflow(overflow) => {
            let OverflowAction::RouteToQueue(target) = &overflow.action else {
                return None;
            };
            set(whole, &["overflow", "enabled"], &json!(true))?;
            set(whole, &["overflow", "targetId"], &json!(target))?;
            set(
                whole,
                &["overflow", "waitTime"],
                &json!(overflow.after.as_secs()),
            )
        }
        Setting::ServiceLevel(ServiceLevel { percent, within }) => {
            set(whole, &["serviceLevelTarget", "threshold"], &json!(percent))?;
            let time = json!(within.as_secs());
            set(whole, &["serviceLevelTarget", "time"], &time)
        }
        Setting::Strategy(strategy) => {
            let by_priority = json!(*strategy == Strategy::Priority);
            set(whole, &["routing", "priority", "enabled"], &by_priority)?;
            set(whole, place(member)?, &setting.to_value())
        }
        Setting::Queues(targets) => {
            let enabled = json!(!targets.is_empty());
            set(whole, &["routing", "overflow", "enabled"], &enabled)?;
            set(whole, place(member)?, &setting.to_value())
        }
        Setting::Text(_)
        | Setting::Skills(_)
        | Setting::SkillIds(_)
        | Setting::Requirements(_)
        | Setting::Levels(_)
        | Setting::Count(_) => set(whole, place(member)?, &setting.to_value()),
        Setting::Unreadable(_) => None,
    }
}

fn place(member: Member) -> Option<&'static [&'static str]> {
    PLACES
        .iter()
        .find(|(placed, _)| *placed == member)
        .map(|(_, path)| *path)
}

/// Sets one member, deep in it or not, and leaves those beside it as they are.
fn set(object: &mut Raw, path: &[&str], value: &Value) -> Option<()> {
    let (name, rest) = path.split_first()?;
    let raw = if rest.is_empty() {
        serde_json::value::to_raw_value(value).ok()?
    } else {
        // What is not an object there is replaced by one: its content was unreadable, and the change names it.
        let inner = object.get(*name).map_or("{}", |raw| raw.get());
        let mut inner: Raw = serde_json::from_str(inner).unwrap_or_default();
        set(&mut inner, rest, value)?;
        serde_json::value::to_raw_value(&inner).ok()?
    };
    object.insert((*name).to_owned(), raw);
    Some(())
}

fn directive(overflow: &Overflow) -> Value {
    let after = millis(overflow.after);
    match &overflow.action {
        OverflowAction::RouteToQueue(target) => {
            json!({"maxWaitTime": after, "action": "routeToQueue", "targetQueueId": target})
        }
        OverflowAction::Drop => json!({"maxWaitTime": after, "action": "drop"}),
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A page of skills.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SkillsPage {
    pub(super) ids: Vec<String>,
    /// What the page says of its listing.
    pub(super) claims: PageClaims,
}

/// Reads a page of skills. `null` is no skill. One that cannot be read refuses the page: it would look as if it did not exist.
pub(super) fn skills(body: &[u8]) -> Result<SkillsPage, String> {
    #[derive(Deserialize)]
    struct Page {
        #[serde(deserialize_with = "Option::deserialize")]
        items: Option<Vec<Skill>>,
        #[serde(default, deserialize_with = "value::word")]
        total: Word<'static>,
        #[serde(default, deserialize_with = "value::word")]
        next: Word<'static>,
        #[serde(default, deserialize_with = "value::word")]
        limit: Word<'static>,
    }
    #[derive(Deserialize)]
    struct Skill {
        #[serde(deserialize_with = "value::text")]
        id: String,
    }
    let page: Option<Page> =
        serde_json::from_slice(body).map_err(|wrong| format!("not a page of skills: {wrong}"))?;
    let Some(page) = page else {
        return Ok(SkillsPage {
            ids: Vec::new(),
            claims: PageClaims::default(),
        });
    };
    let skills = page.items.unwrap_or_default();
    Ok(SkillsPage {
        ids: skills.into_iter().map(|skill| skill.id).collect(),
        claims: PageClaims {
            total: page.total.count(),
            next: page.next.says_something(),
            limit: page.limit.count(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::queue::ChangeSet;
    use proptest::prelude::*;

    const QUEUE: &str = r#"{
        "id": "a", "version": 7, "name": "A", "skills": [{"id": "voice", "level": 3}],
        "routing": {"strategy": "random", "priority": {"enabled": false, "levels": []},
                    "overflow": {"enabled": true, "wait_time_seconds": 120, "target_ids": ["b"], "x": 1.10},
                    "colour": "red"},
        "wrap_up_time_seconds": 30, "wrapUpTimeout": 30000, "serviceLevelTarget": {"threshold": 80, "time": 20},
        "maxWaitTime": 120, "maxWaiters": 40, "ledger": 123456789012345678901234567890, "costCentre": "0815"
    }"#;

    #[test]
    fn what_was_masked_is_never_written_back() {
        let queue = "a".parse().unwrap();
        let body = QUEUE.replace("0815", &format!("x {MASKED_IN_BODY}"));
        let wrong = reading(&queue, body.as_bytes()).unwrap_err();
        assert!(wrong.contains("repeats a secret"), "{wrong}");
        assert!(reading(&queue, QUEUE.as_bytes()).is_ok());
    }

    fn read(text: &str) -> QueueReading {
        reading(&"a".parse().unwrap(), text.as_bytes()).unwrap()
    }

    fn change(entries: &Value) -> Members {
        let mut change = ChangeSet::default();
        for (key, value) in entries.as_object().unwrap() {
            change.take(key, value).unwrap();
        }
        change.members
    }

    #[test]
    fn times_have_one_meaning_whatever_their_unit() {
        let found = read(QUEUE).members;
        assert_eq!(found[&Member::WrapUp].to_string(), "30s");
        assert_eq!(found[&Member::OverflowWait].to_string(), "2m");
        assert_eq!(found[&Member::ServiceLevel].to_string(), "80% within 20s");
        let only_seconds = read(r#"{"version": 1, "wrap_up_time_seconds": 5}"#).members;
        assert_eq!(only_seconds[&Member::WrapUp].to_string(), "5s");
        let directive = r#"{"version": 1, "overflow": {"maxWaitTime": 90000, "action": "drop"}}"#;
        let target =
            r#"{"version": 1, "overflow": {"enabled": true, "targetId": "b", "waitTime": 90}}"#;
        let shown = |text| read(text).members[&Member::Overflow].to_string();
        assert_eq!(shown(directive), "drop after 1m 30s");
        assert_eq!(shown(target), "to b after 1m 30s");
    }

    #[test]
    fn what_is_longer_than_any_is_kept_as_a_digest_and_goes_back_unchanged() {
        let long = "x".repeat(38_000);
        let skills = format!(r#"[{{"id": "{long}", "level": 3}}]"#);
        let with = |end: &str| {
            let named = QUEUE.replace(r#""name": "A""#, &format!(r#""name": "{long}{end}""#));
            named.replace(r#"[{"id": "voice", "level": 3}]"#, &skills)
        };
        let found = read(&with("a"));
        for member in [Member::Name, Member::Skills] {
            let shown = found.members[&member].to_string();
            assert!(
                shown.starts_with("unreadable ") && shown.len() < 200,
                "{shown}"
            );
        }
        let other = read(&with("b"));
        assert_ne!(
            found.members[&Member::Name],
            other.members[&Member::Name],
            "never cut short to another's"
        );
        let sent = body(&found, &Members::new(), WriteForm::Whole).unwrap();
        assert!(String::from_utf8(sent).unwrap().contains(&long));
    }

    #[test]
    fn what_is_not_known_goes_back_unchanged() {
        let entries = json!({"strategy": "priority", "priority_levels": [1, 2], "wrap_up": "45s",
            "overflow_targets": [], "service_level": {"percent": 85, "within": "96s"}});
        let sent = body(&read(QUEUE), &change(&entries), WriteForm::Whole).unwrap();
        let text = String::from_utf8(sent.clone()).unwrap();
        assert!(
            text.contains(r#""ledger":123456789012345678901234567890"#),
            "{text}"
        );
        assert!(text.contains(r#""x":1.10"#), "{text}");
        let sent: Value = serde_json::from_slice(&sent).unwrap();
        let mut expected: Value = serde_json::from_str(QUEUE).unwrap();
        expected["routing"]["strategy"] = json!("priority");
        expected["routing"]["priority"] = json!({"enabled": true, "levels": [1, 2]});
        expected["routing"]["overflow"]["enabled"] = json!(false);
        expected["routing"]["overflow"]["target_ids"] = json!([]);
        expected["wrap_up_time_seconds"] = json!(45);
        expected["wrapUpTimeout"] = json!(45_000);
        expected["serviceLevelTarget"] = json!({"threshold": 85, "time": 96});
        assert_eq!(sent, expected);
        let nothing = body(&read(QUEUE), &Members::new(), WriteForm::Whole).unwrap();
        assert_eq!(
            serde_json::from_slice::<Value>(&nothing).unwrap(),
            serde_json::from_str::<Value>(QUEUE).unwrap()
        );
    }

    #[test]
    fn a_patch_has_milliseconds_its_members_and_the_version() {
        let entries = json!({"wrap_up": "1500ms", "skills": [{"id": "voice", "level": 5}],
            "overflow": {"action": "routeToQueue", "target": "b", "after": "2m"}});
        let entries = change(&entries);
        let reading = read(QUEUE);
        assert_eq!(form_faults(&reading, &entries, WriteForm::Members), []);
        let sent = body(&reading, &entries, WriteForm::Members).unwrap();
        let expected = json!({"id": "a", "version": 7, "wrapUpTimeout": 1_500,
            "skills": [{"id": "voice", "level": 5}],
            "overflow": {"maxWaitTime": 120_000, "action": "routeToQueue", "targetQueueId": "b"}});
        assert_eq!(serde_json::from_slice::<Value>(&sent).unwrap(), expected);
    }

    #[test]
    fn a_version_may_be_a_text_and_goes_back_as_one() {
        let reading = read(r#"{"id": "a", "version": "7", "wrapUpTimeout": 30000}"#);
        assert_eq!(reading.version, QueueVersion::Numbered(7));
        let entries = change(&json!({"wrap_up": "45s"}));
        for form in [WriteForm::Members, WriteForm::Whole] {
            let sent = body(&reading, &entries, form).unwrap();
            let sent: Value = serde_json::from_slice(&sent).unwrap();
            assert_eq!(sent["version"], json!("7"));
            assert_eq!(sent["wrapUpTimeout"], json!(45_000));
        }
        for wrong in ["\"\"", "\"seven\"", "1.5", "null", "[7]"] {
            let queue = format!(r#"{{"id": "a", "version": {wrong}}}"#);
            let found = super::reading(&"a".parse().unwrap(), queue.as_bytes());
            assert!(found.is_err(), "{wrong}");
        }
    }

    #[test]
    fn another_queue_in_the_answer_is_refused() {
        let with = |id: &str| {
            let queue = format!(r#"{{"id": {id}, "version": 1}}"#);
            reading(&"a".parse().unwrap(), queue.as_bytes())
        };
        assert!(with(r#""A""#).is_ok());
        for other in [r#""b""#, "7", r#"{"id":"a"}"#] {
            let said = with(other).unwrap_err();
            assert!(said.starts_with("asked for queue a, "), "{said}");
        }
    }

    #[test]
    fn a_page_of_skills_is_read_whole_or_not_at_all() {
        let page = skills(br#"{"items":[{"id":"a"},{"id":7}],"total":"9","next":"/x"}"#).unwrap();
        assert_eq!(page.ids, ["a", "7"]);
        assert_eq!((page.claims.total, page.claims.next), (Some(9), true));
        for nothing in ["null", r#"{"items":null}"#, r#"{"items":[]}"#] {
            assert_eq!(skills(nothing.as_bytes()).unwrap().ids, [""; 0]);
        }
        for wrong in [
            "",
            "{}",
            r#"{"items":[{"id":"a"},{}]}"#,
            r#"{"items":[{"id":null}]}"#,
        ] {
            assert!(skills(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_form_tells_what_it_cannot_carry() {
        let faults = |entries: Value, form, queue| -> Vec<String> {
            let faults = form_faults(&read(queue), &change(&entries), form);
            faults.into_iter().map(|fault| fault.member).collect()
        };
        let many = json!({"max_wait": "2m", "strategy": "random", "wrap_up": "30s"});
        assert_eq!(
            faults(many, WriteForm::Members, QUEUE),
            ["strategy", "max_wait"]
        );
        let half = json!({"wrap_up": "1500ms"});
        assert_eq!(faults(half, WriteForm::Whole, QUEUE), ["wrap_up"]);
        let drop = json!({"overflow": {"action": "drop", "after": "2m"}});
        assert_eq!(faults(drop, WriteForm::Whole, QUEUE), ["overflow"]);
        let target = json!({"overflow": {"action": "routeToQueue", "target": "b", "after": "2m"}});
        assert!(faults(target.clone(), WriteForm::Whole, QUEUE).is_empty());
        let directive = r#"{"version": 1, "overflow": {"maxWaitTime": 1, "action": "drop"}}"#;
        assert_eq!(faults(target, WriteForm::Whole, directive), ["overflow"]);
    }

    #[test]
    fn the_hash_is_of_the_content_and_not_of_its_order() {
        let one = read(r#"{"version": 1, "a": 1, "b": 2}"#);
        let other = read(r#"{"b": 2, "a": 1, "version": 1}"#);
        assert_eq!(one.sha256, other.sha256);
        assert_eq!(one.sha256.len(), 64);
        assert_ne!(one.sha256, read(r#"{"version": 1, "a": 1, "b": 3}"#).sha256);
    }

    #[test]
    fn what_cannot_be_read_is_compared_and_not_lost() {
        let odd =
            read(r#"{"version": 1, "maxWaitTime": "soon", "routing": {"strategy": "loudest"}}"#);
        assert_eq!(
            odd.members[&Member::MaxWait],
            Setting::Unreadable("\"soon\"".to_owned())
        );
        assert_eq!(odd.members.len(), 2);
        assert!(reading(&"a".parse().unwrap(), br#"{"id": "a"}"#).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(body in proptest::collection::vec(any::<u8>(), 0..300)) {
            drop(reading(&"a".parse().unwrap(), &body));
            drop(skills(&body));
        }
    }
}
