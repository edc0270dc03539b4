//! Whole numbers in bodies.

use serde_json::Value;

/// A whole number, also as `1.0`, which is the same number. One that is too large for any id is none that is known.
pub(super) fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let number = value.as_f64()?;
        let text = (number.fract() == 0.0).then(|| format!("{number:.0}"))?;
        Some(text.parse().unwrap_or(-1))
    })
}
