//! An applied change as the API gives it: as the audit keeps it, but for its times, which are RFC 3339 as everywhere in the API.

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Error as _, Serialize, Serializer};
use serde_json::Value;

use crate::control::operator::AppliedChange;
use crate::domain::Timestamp;

/// The members that are times, where a change has them.
const TIMES: [&str; 2] = ["until", "was_until"];

/// The times of a change, with the members that hold them.
fn times(change: &AppliedChange) -> [(&'static str, Option<Timestamp>); 2] {
    let [until, was_until] = TIMES;
    let (end, end_before) = match change {
        AppliedChange::Held {
            until, was_until, ..
        } => (Some(*until), *was_until),
        AppliedChange::HeldSeveral { until, .. }
        | AppliedChange::ThresholdsSet { until, .. }
        | AppliedChange::AbandonTargetSet { until, .. }
        | AppliedChange::QueueHeld { until, .. } => (Some(*until), None),
        AppliedChange::Released { .. }
        | AppliedChange::ReleasedSeveral { .. }
        | AppliedChange::PauseClaimed { .. }
        | AppliedChange::PauseGivenAway { .. }
        | AppliedChange::ThresholdsRestored { .. }
        | AppliedChange::QueueReleased { .. }
        | AppliedChange::OutcomesFed { .. }
        | AppliedChange::Reloaded { .. }
        | AppliedChange::ReloadRefused { .. } => (None, None),
    };
    [(until, end), (was_until, end_before)]
}

fn document(change: &AppliedChange) -> serde_json::Result<Value> {
    let mut document = serde_json::to_value(change)?;
    if let Some(members) = document.as_object_mut() {
        let known = times(change).into_iter();
        let known = known.filter_map(|(name, at)| Some((name.to_owned(), at?)));
        members.extend(known.map(|(name, at)| (name, Value::String(at.to_string()))));
    }
    Ok(document)
}

/// Reads either form of a time, so that a daemon of another version is understood.
fn change(mut document: Value) -> serde_json::Result<AppliedChange> {
    for name in TIMES {
        let given = document.get_mut(name);
        if let Some(given) = given
            && let Some(at) = given.as_str().and_then(Timestamp::parse_rfc3339)
        {
            *given = at.as_unix_millis().into();
        }
    }
    serde_json::from_value(document)
}

pub(super) fn serialize<S: Serializer>(
    change: &AppliedChange,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let document = document(change).map_err(S::Error::custom)?;
    document.serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<AppliedChange, D::Error> {
    change(Value::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// The same, where there may be none.
pub(super) mod optional {
    use super::{
        AppliedChange, Deserialize, Deserializer, Serialize, Serializer, Value, change, document,
    };
    use serde::de::Error as _;
    use serde::ser::Error as _;

    #[expect(clippy::ref_option, reason = "the form that serde calls")]
    pub(in super::super) fn serialize<S: Serializer>(
        change: &Option<AppliedChange>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let document = change.as_ref().map(document).transpose();
        let document = document.map_err(S::Error::custom)?;
        document.serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<AppliedChange>, D::Error> {
        let document = Option::<Value>::deserialize(deserializer)?;
        let change = document.map(change).transpose();
        change.map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::HoldKind;
    use crate::serve::{ApiFault, ChangeAnswer};

    fn held() -> AppliedChange {
        let at = |text| Timestamp::parse_rfc3339(text).unwrap();
        AppliedChange::Held {
            hold: HoldKind::Paused,
            until: at("2026-11-28T03:10:00Z"),
            was_until: Some(at("2026-11-28T02:10:00.250Z")),
        }
    }

    #[test]
    fn times_are_rfc_3339_in_the_api_and_milliseconds_in_the_audit() {
        let made = held();
        let kept = json!({
            "change": "held", "hold": "paused", "until": 1_795_835_400_000_i64, "was_until": 1_795_831_800_250_i64,
        });
        assert_eq!(serde_json::to_value(&made).unwrap(), kept);
        let answer = ChangeAnswer {
            schema: 1,
            made: made.clone(),
            campaigns: Vec::new(),
            notes: Vec::new(),
        };
        let given = serde_json::to_value(&answer).unwrap();
        let told = json!({
            "change": "held", "hold": "paused",
            "until": "2026-11-28T03:10:00.000Z", "was_until": "2026-11-28T02:10:00.250Z",
        });
        assert_eq!(given["made"], told);
        let read: ChangeAnswer = serde_json::from_value(given).unwrap();
        assert_eq!(read.made, made);
        let older = json!({"schema": 1, "made": kept});
        let read: ChangeAnswer = serde_json::from_value(older).unwrap();
        assert_eq!(read.made, made);
    }

    #[test]
    fn what_was_done_beside_a_fault_has_the_same_form() {
        let mut fault = ApiFault::of("standby", vec!["ask it".to_owned()]);
        let without = serde_json::to_value(&fault).unwrap();
        assert_eq!(without, json!({"error": "standby", "faults": ["ask it"]}));
        assert_eq!(serde_json::from_value::<ApiFault>(without).unwrap(), fault);
        fault.made = Some(held());
        let given = serde_json::to_value(&fault).unwrap();
        assert_eq!(given["made"]["until"], "2026-11-28T03:10:00.000Z");
        assert_eq!(serde_json::from_value::<ApiFault>(given).unwrap(), fault);
    }
}
