//! Values as columns hold them.

/// A value as JSON text.
pub(super) fn json(value: &impl serde::Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value)
        .map_err(|wrong| rusqlite::Error::ToSqlConversionFailure(Box::new(wrong)))
}
