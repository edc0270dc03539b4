//! Members that releases of the platform write differently.
//!
//! Booleans come as `true`, `"True"`, `"0"` or 1, numbers also as text. What is written in none of these forms is `None`: a
//! member that cannot be read says nothing, and whoever needs it refuses the row.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::domain::has_length_of_id;

/// Reads a boolean in any form.
pub(super) fn flag<'de, D: Deserializer<'de>>(from: D) -> Result<Option<bool>, D::Error> {
    Ok(as_flag(&Value::deserialize(from)?))
}

/// Reads a whole number, also as text.
pub(super) fn whole<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    Ok(as_whole(&Value::deserialize(from)?))
}

/// Reads an id: a whole number that is not negative. Zero means "none" where an id is optional.
pub(super) fn id<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    Ok(as_whole(&Value::deserialize(from)?)
        .and_then(|number| u64::try_from(number).ok())
        .filter(|number| *number > 0))
}

/// Reads a count: a whole number that is not negative.
pub(super) fn count<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    Ok(as_whole(&Value::deserialize(from)?).and_then(|number| u64::try_from(number).ok()))
}

/// Reads a text; anything else is none.
pub(super) fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::String(text) if !text.is_empty() => Some(text),
        Value::String(_)
        | Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Array(_)
        | Value::Object(_) => None,
    })
}

/// Reads a word or a time that is kept: a text no longer than an id. A longer one is none, and is never cut short, since it could be
/// taken for another then.
pub(super) fn word<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(text(from)?.filter(|word| has_length_of_id(word)))
}

/// Returns the boolean that a value means.
pub(super) fn as_flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) => match number.as_i64() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            Some(_) | None => None,
        },
        Value::String(text) => {
            let text = text.trim();
            if text == "1" || text.eq_ignore_ascii_case("true") {
                Some(true)
            } else if text == "0" || text.eq_ignore_ascii_case("false") {
                Some(false)
            } else {
                None
            }
        }
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Returns the whole number that a value means.
pub(super) fn as_whole(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn booleans_are_read_in_every_form_and_nothing_else_is_one() {
        for (value, expected) in [
            (json!(true), Some(true)),
            (json!("True"), Some(true)),
            (json!("FALSE"), Some(false)),
            (json!(0), Some(false)),
            (json!(1), Some(true)),
            (json!("1"), Some(true)),
            (json!(" 0 "), Some(false)),
            (json!("Stopping"), None),
            (json!(2), None),
            (json!(null), None),
            (json!([true]), None),
        ] {
            assert_eq!(as_flag(&value), expected, "{value}");
        }
    }

    #[test]
    fn numbers_are_read_from_text_too() {
        #[derive(Deserialize)]
        struct Row {
            #[serde(default, deserialize_with = "id")]
            a: Option<u64>,
            #[serde(default, deserialize_with = "whole")]
            b: Option<i64>,
        }
        let read = |text: &str| {
            let row: Row = serde_json::from_str(text).unwrap();
            (row.a, row.b)
        };
        assert_eq!(read(r#"{"a":"9001","b":-13}"#), (Some(9_001), Some(-13)));
        assert_eq!(read(r#"{"a":0,"b":"7"}"#), (None, Some(7)));
        assert_eq!(read(r#"{"a":-4,"b":1.5}"#), (None, None));
        assert_eq!(read("{}"), (None, None));
    }
}
