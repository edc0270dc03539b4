//! A queue as the platform writes it: what of it is read, and how a write carries everything else back as it came.
//!
//! | member of a change set | of the queue |
//! |---|---|
//! | `name` | `name` |
//! | `wrap_up` | `acwSettings.timeoutMs` |
//! | `service_level` | `mediaSettings.call.serviceLevel`: `percentage`, 0 to 1, and `durationMs` |
//!
//! A write replaces the queue whole, and what it leaves out is dropped: every value that is not changed goes back byte for byte. No
//! answer names a version, so that two states are distinguished by a digest of ours, without the counts of members that change by
//! themselves.

use std::fmt;
use std::time::Duration;

use ring::digest::{SHA256, digest};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::domain::QueueId;
use crate::domain::queue::{
    ChangeFault, Member, Members, QueueVersion, ServiceLevel, Setting, WriteForm,
};
use crate::platform::port::{Original, QueueReading};

/// Members that change without anybody changing the queue.
const BY_THEMSELVES: [&str; 4] = [
    "memberCount",
    "userMemberCount",
    "joinedMemberCount",
    "selfUri",
];

const SERVICE_LEVEL: [&str; 3] = ["mediaSettings", "call", "serviceLevel"];

/// An object whose values are as they were written, in the order in which they were.
struct RawObject<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for RawObject<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    members.push(entry);
                }
                Ok(members)
            }
        }
        from.deserialize_map(InOrder).map(Self)
    }
}

/// Reads a queue, which has to be the one that was asked for.
pub(super) fn reading(queue: &QueueId, body: &[u8]) -> Result<QueueReading, String> {
    let text = std::str::from_utf8(body).map_err(|wrong| wrong.to_string())?;
    let whole: Value =
        serde_json::from_str(text).map_err(|wrong| format!("the queue cannot be read: {wrong}"))?;
    if whole.get("id").and_then(Value::as_str) != Some(queue.as_str()) {
        return Err(format!(
            "asked for queue {queue}, the platform answered about another"
        ));
    }
    let sha256 = digest_of(&whole);
    Ok(QueueReading {
        queue: queue.clone(),
        version: QueueVersion::of_digest(&sha256),
        members: settings(&whole),
        sha256,
        original: Original(text.to_owned()),
    })
}

fn digest_of(whole: &Value) -> String {
    let mut settled = whole.clone();
    if let Value::Object(members) = &mut settled {
        members.retain(|name, _| !BY_THEMSELVES.contains(&name.as_str()));
    }
    // An object of serde_json is sorted by key.
    let hash = digest(&SHA256, settled.to_string().as_bytes());
    let digits = hash.as_ref().iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .filter_map(|digit| char::from_digit(u32::from(digit), 16))
        .collect()
}

fn settings(whole: &Value) -> Members {
    let mut settings = Members::new();
    if let Some(name) = whole.get("name").and_then(Value::as_str) {
        settings.insert(Member::Name, Setting::Text(name.to_owned()));
    }
    let millis = |value: Option<&Value>| value?.as_u64().map(Duration::from_millis);
    let wrap_up = whole
        .get("acwSettings")
        .and_then(|acw| acw.get("timeoutMs"));
    if let Some(time) = millis(wrap_up) {
        settings.insert(Member::WrapUp, Setting::Time(time));
    }
    let level = SERVICE_LEVEL
        .iter()
        .try_fold(whole, |value, member| value.get(member));
    if let Some(level) = level
        && let Some(percent) = level.get("percentage").and_then(percent)
        && let Some(within) = millis(level.get("durationMs"))
    {
        let level = ServiceLevel { percent, within };
        settings.insert(Member::ServiceLevel, Setting::ServiceLevel(level));
    }
    settings
}

/// A share of 0 to 1 in whole per cent; nothing where it is none.
fn percent(share: &Value) -> Option<i64> {
    let percent = share.as_f64()? * 100.0;
    let whole = percent.round();
    let close = (percent - whole).abs() < 1e-9;
    close.then(|| format!("{whole:.0}").parse().ok()).flatten()
}

/// The body of a write of this queue with a change in place.
///
/// # Errors
/// What cannot be written.
pub(super) fn body(original: &Original, change: &Members) -> Result<String, String> {
    let mut text = original.0.clone();
    for (member, setting) in change {
        let written = written(*member, setting);
        for (path, value) in written.map_err(|(wrong, _)| wrong.to_owned())? {
            text = replaced(&text, &path, &value)?;
        }
    }
    Ok(text)
}

/// An object with the value at a path replaced, or put in. Every other value is as it was written.
fn replaced(text: &str, path: &[&str], value: &Value) -> Result<String, String> {
    let Some((first, rest)) = path.split_first() else {
        return Ok(value.to_string());
    };
    let RawObject(members) =
        serde_json::from_str(text).map_err(|wrong| format!("is no object: {wrong}"))?;
    let mut parts = Vec::with_capacity(members.len().saturating_add(1));
    let mut found = false;
    for (name, raw) in &members {
        let inner = if name == first {
            found = true;
            let absent = raw.get() == "null" && !rest.is_empty();
            replaced(if absent { "{}" } else { raw.get() }, rest, value)?
        } else {
            raw.get().to_owned()
        };
        parts.push(format!("{}:{inner}", quoted(name)));
    }
    if !found {
        parts.push(format!(
            "{}:{}",
            quoted(first),
            replaced("{}", rest, value)?
        ));
    }
    Ok(format!("{{{}}}", parts.join(",")))
}

fn quoted(name: &str) -> String {
    #[derive(Serialize)]
    #[serde(transparent)]
    struct Name<'a>(&'a str);
    serde_json::to_string(&Name(name)).unwrap_or_default()
}

/// Names what of a change cannot be written.
pub(super) fn form_faults(change: &Members, form: WriteForm) -> Vec<ChangeFault> {
    let mut faults = Vec::new();
    if form == WriteForm::Members {
        let wrong = "settings of a queue cannot be written one by one on this platform";
        faults.push(ChangeFault::new("form", wrong, "write it whole"));
    }
    for (member, setting) in change {
        if let Err((wrong, remedy)) = written(*member, setting) {
            faults.push(ChangeFault::new(member.key(), wrong, remedy));
        }
    }
    faults
}

type Written = Vec<(Vec<&'static str>, Value)>;

/// The places of the queue that say this, or why there are none.
fn written(member: Member, setting: &Setting) -> Result<Written, (&'static str, &'static str)> {
    let millis = |time: &Duration| {
        let millis = u64::try_from(time.as_millis()).ok();
        millis
            .map(Value::from)
            .ok_or(("is too long", "give a shorter time"))
    };
    match (member, setting) {
        (Member::Name, Setting::Text(name)) => Ok(vec![(vec!["name"], Value::from(name.as_str()))]),
        (Member::WrapUp, Setting::Time(time)) => {
            Ok(vec![(vec!["acwSettings", "timeoutMs"], millis(time)?)])
        }
        (Member::ServiceLevel, Setting::ServiceLevel(ServiceLevel { percent, within })) => {
            let [media, call, level] = SERVICE_LEVEL;
            let share = i32::try_from(*percent)
                .map(|percent| Value::from(f64::from(percent) / 100.0))
                .map_err(|_| ("is no share", "give 0 to 100 per cent"))?;
            Ok(vec![
                (vec![media, call, level, "percentage"], share),
                (vec![media, call, level, "durationMs"], millis(within)?),
            ])
        }
        (_, _) => Err((
            "is no setting of a queue on this platform",
            "change its name, wrap_up or service_level",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUEUE: &str = r#"{"id":"q","name":"Renewals", "memberCount":18,"joinedMemberCount":3,"version":null,
        "acwSettings":{"wrapupPrompt":"OPTIONAL","timeoutMs":30000},
        "mediaSettings":{"call":{"alertingTimeoutSeconds":8.0,"serviceLevel":{"percentage":0.80,"durationMs":20000}},"chat":{"x":1e3}},
        "rules":[ ],"dateModified":"2026-08-03T09:15:00Z","odd":1.50}"#;

    fn read(text: &str) -> QueueReading {
        reading(&"q".parse().unwrap(), text.as_bytes()).unwrap()
    }

    fn level(percent: i64, seconds: u64) -> Setting {
        let within = Duration::from_secs(seconds);
        Setting::ServiceLevel(ServiceLevel { percent, within })
    }

    #[test]
    fn what_a_queue_says_is_read_and_the_digest_knows_changes() {
        let queue = read(QUEUE);
        let expected = Members::from([
            (Member::Name, Setting::Text("Renewals".to_owned())),
            (Member::WrapUp, Setting::Time(Duration::from_secs(30))),
            (Member::ServiceLevel, level(80, 20)),
        ]);
        assert_eq!(queue.members, expected);
        let joined = QUEUE.replace(r#""joinedMemberCount":3"#, r#""joinedMemberCount":4"#);
        assert_eq!(read(&joined).version, queue.version);
        for (from, to) in [("09:15", "09:16"), ("1.50", "1.51"), ("Renewals", "Other")] {
            assert_ne!(
                read(&QUEUE.replace(from, to)).version,
                queue.version,
                "{to}"
            );
        }
        assert!(reading(&"p".parse().unwrap(), QUEUE.as_bytes()).is_err());
    }

    #[test]
    fn a_write_changes_its_members_and_leaves_every_other_byte() {
        let change = Members::from([
            (Member::WrapUp, Setting::Time(Duration::from_millis(1_500))),
            (Member::ServiceLevel, level(85, 15)),
        ]);
        let text = body(&read(QUEUE).original, &change).unwrap();
        for kept in [
            r#""alertingTimeoutSeconds":8.0"#,
            r#""chat":{"x":1e3}"#,
            r#""rules":[ ]"#,
            r#""odd":1.50"#,
            r#""version":null"#,
            r#""wrapupPrompt":"OPTIONAL""#,
            r#""memberCount":18"#,
        ] {
            assert!(text.contains(kept), "{kept}: {text}");
        }
        let after = read(&text);
        assert_eq!(after.members[&Member::ServiceLevel], level(85, 15));
        let time = Setting::Time(Duration::from_millis(1_500));
        assert_eq!(after.members[&Member::WrapUp], time);
        assert_eq!(body(&read(QUEUE).original, &Members::new()).unwrap(), QUEUE);
    }

    #[test]
    fn what_is_not_there_yet_is_put_in_and_what_cannot_be_is_told() {
        let bare = r#"{"id":"q","mediaSettings":null}"#;
        let change = Members::from([(Member::ServiceLevel, level(90, 10))]);
        let text = body(&read(bare).original, &change).unwrap();
        assert_eq!(read(&text).members[&Member::ServiceLevel], level(90, 10));
        let odd = Members::from([(Member::MaxWaiters, Setting::Count(3))]);
        assert!(body(&read(bare).original, &odd).is_err());
        let faults = form_faults(&odd, WriteForm::Members);
        let named: Vec<&str> = faults.iter().map(|fault| fault.member.as_str()).collect();
        assert_eq!(named, ["form", "max_waiters"]);
    }
}
