//! What holds for the readers of change sets on any input.

use serde_json::{Map, Value, json};

use crate::domain::queue::ChangeSet;

use super::input::{from_json, from_toml};

const NAME: &str = "change";

type Reader = fn(&str, &str, &mut ChangeSet, &mut Vec<String>);

/// A change set that was read, from TOML or from JSON, is read the same when it is printed; every fault names its file.
pub(crate) fn change_set(text: &str) {
    let readers: [Reader; 2] = [from_toml, from_json];
    for reader in readers {
        let mut change = ChangeSet::default();
        let mut faults = Vec::new();
        reader(NAME, text, &mut change, &mut faults);
        for fault in &faults {
            assert!(fault.starts_with(NAME), "{fault}");
        }
        for fault in change.faults() {
            assert!(!fault.remedy.is_empty(), "{fault} has no remedy");
        }
        if faults.is_empty() {
            let mut again = ChangeSet::default();
            let printed = printed(&change);
            from_json(NAME, &printed, &mut again, &mut faults);
            assert_eq!(faults, Vec::<String>::new(), "{printed}");
            assert_eq!(again, change, "{printed}");
        }
    }
}

/// The change set as JSON, in the form in which people write it.
fn printed(change: &ChangeSet) -> String {
    let members = change.members.iter();
    let mut entries: Map<String, Value> = members
        .map(|(member, setting)| (member.key().to_owned(), setting.to_value()))
        .collect();
    if let Some(load) = change.load {
        let load = json!({
            "agents": load.agents,
            "concurrent": load.concurrent,
            "handle_time": humantime::format_duration(load.handle_time).to_string(),
        });
        entries.insert("load".to_owned(), load);
    }
    Value::Object(entries).to_string()
}
