//! `config schema`: the settings file as a JSON Schema, from the same rows that read it, so that editors complete and check it.
//!
//! The schema says which keys there are, what type each has and what it means. What one key means for another one, and which of them a
//! platform has, `check` alone knows.

use serde_json::{Map, Value, json};

use crate::settings::{
    DefaultValue, InFile, Kind, Row, TableKey, calendar_keys, campaign_keys, group_keys,
    guard_keys, preview_keys, queue_keys, receiver_keys, rows,
};

use super::exit::Exit;
use super::output;

/// The dialect of the schema.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Prints the schema.
pub(crate) fn print() -> Exit {
    output::result(format_args!("{:#}", schema()));
    Exit::Ok
}

/// A table of the file: its name, its keys, and those that each one needs.
type Table = (
    &'static str,
    &'static [&'static TableKey],
    &'static [&'static str],
);

fn tables() -> [Table; 7] {
    [
        ("campaign", campaign_keys::ALL, &["id"]),
        ("group", group_keys::ALL, &["name"]),
        ("preview", preview_keys::ALL, &["campaign"]),
        ("calendar", calendar_keys::ALL, &["name"]),
        ("guard", guard_keys::ALL, &["name"]),
        ("queue", queue_keys::ALL, &["id"]),
        ("receiver", receiver_keys::ALL, &["name"]),
    ]
}

fn schema() -> Value {
    let mut members = settings(|file| file != InFile::No);
    for (name, keys, needed) in tables() {
        let mut own: Map<String, Value> = keys
            .iter()
            .map(|key| (key.name.to_owned(), of_key(key)))
            .collect();
        if name == "campaign" {
            own.extend(settings(|file| file == InFile::Rule));
        }
        members.insert(name.to_owned(), list_of(&own, needed));
    }
    let mut tenant = settings(InFile::in_tenant);
    let name = json!({"type": "string", "description": "The tenant's name: a-z, 0-9 and -, up to 40 characters."});
    tenant.insert("name".to_owned(), name);
    members.insert("tenant".to_owned(), list_of(&tenant, &["name"]));
    json!({
        "$schema": DIALECT,
        "title": "Settings of campaign-autopilot",
        "type": "object",
        "properties": members,
        "additionalProperties": false,
    })
}

fn list_of(members: &Map<String, Value>, needed: &[&str]) -> Value {
    json!({
        "type": "array",
        "items": {
            "type": "object",
            "properties": members,
            "required": needed,
            "additionalProperties": false,
        },
    })
}

/// The settings that may stand in some part of the file.
fn settings(stands: impl Fn(InFile) -> bool) -> Map<String, Value> {
    let rows = rows().filter(|row| stands(row.file));
    rows.map(|row| (row.key.to_owned(), of_row(row))).collect()
}

fn of_row(row: &Row) -> Value {
    let mut member = typed(row.kind);
    if row.kind == Kind::Word {
        member.insert("enum".to_owned(), row.value.split('|').collect());
    }
    let said = match row.default {
        DefaultValue::None => row.meaning.to_owned(),
        DefaultValue::Is(text) => format!("{} Default: {text}.", row.meaning),
        DefaultValue::FollowsFrom(text) => format!("{} Without it: {text}.", row.meaning),
    };
    member.insert("description".to_owned(), said.into());
    member.into()
}

fn of_key(key: &TableKey) -> Value {
    let mut member = typed(key.kind);
    // A text or a table that chooses agents.
    if key.name == campaign_keys::AGENTS.name && key.kind == Kind::Text {
        member.insert("type".to_owned(), json!(["string", "object"]));
    }
    let said = if key.default.is_empty() {
        key.meaning.to_owned()
    } else {
        format!("{} Default: {}.", key.meaning, key.default)
    };
    member.insert("description".to_owned(), said.into());
    member.into()
}

/// The types that a text of this kind is read from.
fn typed(kind: Kind) -> Map<String, Value> {
    let types = match kind {
        Kind::Text | Kind::Word | Kind::Secret | Kind::Duration => json!("string"),
        Kind::Texts => json!(["array", "string"]),
        Kind::Count => json!("integer"),
        Kind::CountOrWord | Kind::Limit => json!(["integer", "string"]),
        Kind::Number => json!(["number", "string"]),
        Kind::Switch => json!("boolean"),
    };
    let mut member = Map::from_iter([("type".to_owned(), types)]);
    if kind == Kind::Texts {
        member.insert("items".to_owned(), json!({"type": "string"}));
    }
    member
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says what of a file the schema does not allow.
    fn refused(schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
        let is = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_f64() => "number",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        let types = &schema["type"];
        let several = types.as_array().cloned();
        let allowed = several.unwrap_or_else(|| vec![types.clone()]);
        let number = is == "integer" && allowed.contains(&json!("number"));
        if !allowed.contains(&json!(is)) && !number {
            found.push(format!("{at} is {is}, not {allowed:?}"));
        }
        if let (Some(words), Some(_)) = (schema["enum"].as_array(), value.as_str())
            && !words.contains(value)
        {
            found.push(format!("{at} is {value}"));
        }
        if let (Some(members), Some(given)) = (schema["properties"].as_object(), value.as_object())
        {
            for (key, value) in given {
                let at = format!("{at}.{key}");
                match members.get(key) {
                    Some(member) => refused(member, value, &at, found),
                    None => found.push(format!("{at} is not known")),
                }
            }
            for needed in schema["required"].as_array().into_iter().flatten() {
                if !given.contains_key(needed.as_str().unwrap()) {
                    found.push(format!("{at} has no {needed}"));
                }
            }
        }
        for item in value.as_array().into_iter().flatten() {
            refused(&schema["items"], item, at, found);
        }
    }

    #[test]
    fn every_example_keeps_to_the_schema() {
        let schema = schema();
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
        let mut seen = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            if path.extension().is_none_or(|end| end != "toml") || text.contains("[[agent]]") {
                continue;
            }
            let file: Value = toml::from_str(&text).unwrap();
            let mut found = Vec::new();
            refused(&schema, &file, "", &mut found);
            assert!(found.is_empty(), "{}: {found:#?}", path.display());
            seen += 1;
        }
        assert!(seen >= 5, "{seen} examples");
    }

    #[test]
    fn what_is_misspelt_or_of_another_type_does_not() {
        let schema = schema();
        for wrong in [
            json!({"pause_bellow": 5}),
            json!({"poll_interval": 10}),
            json!({"allow_http": "yes"}),
            json!({"platform": "cxone"}),
            json!({"campaign": [{"name": "Spring renewals"}]}),
            json!({"campaign": [{"id": "c", "poll_interval": "10s"}]}),
            json!({"client_secret": "s"}),
        ] {
            let mut found = Vec::new();
            refused(&schema, &wrong, "", &mut found);
            assert_eq!(found.len(), 1, "{wrong}: {found:?}");
        }
    }
}
