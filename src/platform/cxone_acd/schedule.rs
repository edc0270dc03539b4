//! A schedule that starts and stops a skill by the clock: another controller beside us.

use serde_json::Value;

use super::drift;

/// Whether a skill's settings say that the platform starts and stops it by itself. Settings that do not say are a fault.
pub(super) fn is_scheduled(body: &[u8]) -> Result<bool, String> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|wrong| format!("the skill's settings cannot be read: {wrong}"))?;
    let settings = value.get("resultSet").unwrap_or(&value);
    let schedule = settings.get("scheduleSettings").unwrap_or(settings);
    schedule
        .get("isScheduled")
        .and_then(drift::as_flag)
        .ok_or_else(|| "the skill's settings do not say isScheduled".to_owned())
}

/// The description of a skill that is scheduled.
pub(super) fn warning(skill: u64) -> String {
    format!("the schedule of skill {skill} starts and stops it by the clock")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_is_found_in_every_form() {
        for (text, expected) in [
            (
                r#"{"skillNo":1,"scheduleSettings":{"isScheduled":true}}"#,
                true,
            ),
            (r#"{"scheduleSettings":{"isScheduled":"False"}}"#, false),
            (
                r#"{"resultSet":{"scheduleSettings":{"isScheduled":1}}}"#,
                true,
            ),
            (r#"{"isScheduled":false,"mondayIsActive":true}"#, false),
        ] {
            assert_eq!(is_scheduled(text.as_bytes()), Ok(expected), "{text}");
        }
        for wrong in ["", "{}", r#"{"scheduleSettings":{}}"#] {
            assert!(is_scheduled(wrong.as_bytes()).is_err(), "{wrong}");
        }
        assert!(warning(4_711).contains("4711"));
    }
}
