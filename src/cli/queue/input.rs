//! Reads change sets and plans; every fault is reported with its place.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use toml::de::{DeTable, ValueDeserializer};

use crate::domain::QueueId;
use crate::domain::queue::{ChangeFault, ChangeSet, Member, Members, QueueVersion};
use crate::given_file::{LONGEST_DATA, read_text};

use super::super::exit::Exit;
use super::super::output;
use super::args::QueueChangeArgs;

/// A plan as it is stored: the change, and the members that it was made for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeptPlan {
    pub(super) queue: QueueId,
    pub(super) version: QueueVersion,
    pub(super) base: BTreeMap<String, Value>,
    pub(super) change: BTreeMap<String, Value>,
}

/// Prints faults and returns their exit code.
pub(super) fn refuse(faults: &[String]) -> Exit {
    for fault in faults {
        output::talk(fault);
    }
    let many = if faults.len() == 1 { "fault" } else { "faults" };
    output::talk(format_args!(
        "campaign-autopilot: {} {many}; nothing was written",
        faults.len()
    ));
    Exit::Data
}

/// Reads the change set from file and flags.
pub(super) fn change_set(asked: &QueueChangeArgs) -> Result<ChangeSet, Exit> {
    let mut change = ChangeSet::default();
    let mut faults = Vec::new();
    if let Some(path) = &asked.change {
        let text = read(path)?;
        let name = path.display().to_string();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            from_json(&name, &text, &mut change, &mut faults);
        } else {
            from_toml(&name, &text, &mut change, &mut faults);
        }
    }
    for given in &asked.set {
        let Some((key, value)) = given.split_once('=') else {
            faults.push(format!(
                "--set {given}: has no `=`; write --set max_waiters=30"
            ));
            continue;
        };
        let (key, value) = (key.trim(), value.trim());
        if let Err(fault) = change.take(key, &flag_value(value)) {
            faults.push(format!("--set {fault}"));
        }
    }
    if faults.is_empty() && change.is_empty() {
        faults.push(
            "the change set: names no member of the queue; give --change FILE or --set MEMBER=VALUE"
                .to_owned(),
        );
    }
    faults.extend(change.faults().iter().map(ToString::to_string));
    if faults.is_empty() {
        Ok(change)
    } else {
        Err(refuse(&faults))
    }
}

/// Parses a value as TOML; anything else is text, so that `30s` needs no quotes.
fn flag_value(text: &str) -> Value {
    let parsed = toml::from_str::<BTreeMap<String, Value>>(&format!("value = {text}"));
    let parsed = parsed.ok().and_then(|mut table| table.remove("value"));
    parsed.unwrap_or_else(|| Value::String(text.to_owned()))
}

fn read(path: &Path) -> Result<String, Exit> {
    read_text(path, LONGEST_DATA).map_err(|wrong| {
        output::talk(format_args!(
            "campaign-autopilot: {}: {wrong}; name a file of UTF-8 text that this user can read",
            path.display()
        ));
        Exit::Io
    })
}

pub(super) fn from_json(name: &str, text: &str, change: &mut ChangeSet, faults: &mut Vec<String>) {
    match serde_json::from_str::<BTreeMap<String, Value>>(text) {
        Ok(entries) => {
            for (key, value) in entries {
                if let Err(fault) = change.take(&key, &value) {
                    faults.push(format!("{name}: {fault}"));
                }
            }
        }
        Err(wrong) => faults.push(format!("{name}: {wrong}; write one JSON object of members")),
    }
}

pub(super) fn from_toml(name: &str, text: &str, change: &mut ChangeSet, faults: &mut Vec<String>) {
    let line = |at: usize| {
        let before = text.bytes().take(at).filter(|byte| *byte == b'\n');
        before.count().saturating_add(1)
    };
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let at = line(error.span().map_or(0, |span| span.start));
        let said = error.message().replace('\n', " ");
        faults.push(format!("{name}:{at}: TOML: {said}; see https://toml.io"));
    }
    if !errors.is_empty() {
        return;
    }
    for (key, value) in document.into_inner() {
        let at = line(key.span().start);
        let taken = Value::deserialize(ValueDeserializer::from(value))
            .map_err(|wrong| {
                let wrong = wrong.message().to_owned();
                ChangeFault::new(
                    key.get_ref().as_ref(),
                    wrong,
                    "write it as the page on queues does",
                )
            })
            .and_then(|value| change.take(key.get_ref(), &value));
        if let Err(fault) = taken {
            faults.push(format!("{name}:{at}: {fault}"));
        }
    }
}

/// Reads a plan: its change set, and the members that it was made for.
pub(super) fn plan(path: &Path, id: &QueueId) -> Result<(ChangeSet, Members), Exit> {
    let text = read(path)?;
    let name = path.display();
    let kept: KeptPlan = match serde_json::from_str(&text) {
        Ok(kept) => kept,
        Err(wrong) => {
            return Err(refuse(&[format!(
                "{name}: {wrong}; make it with `queue plan --out`"
            )]));
        }
    };
    let mut faults = Vec::new();
    if kept.queue != *id {
        faults.push(format!(
            "{name}: queue: the plan is for {}, not for {id}; name that queue",
            kept.queue
        ));
    }
    let mut base = Members::new();
    for (key, value) in &kept.base {
        let read = Member::from_key(key)
            .ok_or_else(|| "is not a member".to_owned())
            .and_then(|member| Ok((member, member.read_stored(value)?)));
        match read {
            Ok((member, setting)) => drop(base.insert(member, setting)),
            Err(wrong) => faults.push(format!("{name}: base.{key}: {wrong}; make the plan again")),
        }
    }
    let mut change = ChangeSet::default();
    for (key, value) in &kept.change {
        if let Err(fault) = change.take(key, value) {
            faults.push(format!("{name}: change.{fault}"));
        }
    }
    faults.extend(change.faults().iter().map(ToString::to_string));
    if faults.is_empty() {
        Ok((change, base))
    } else {
        Err(refuse(&faults))
    }
}
