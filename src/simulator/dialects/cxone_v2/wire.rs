//! The contract's JSON, as the simulator itself reads and writes it. It shares no type with the client,
//! so that a wrong reading of the contract on one side shows up on the other.

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize};

/// The body of every refusal.
#[derive(Serialize)]
pub(in crate::simulator) struct Errors<'a> {
    pub(in crate::simulator) errors: Vec<ErrorItem<'a>>,
}

#[derive(Serialize)]
pub(in crate::simulator) struct ErrorItem<'a> {
    pub(in crate::simulator) code: &'a str,
    pub(in crate::simulator) message: &'a str,
}

/// A page of agents.
#[derive(Serialize)]
pub(in crate::simulator) struct Page<'a> {
    pub(in crate::simulator) items: Vec<Agent<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::simulator) struct Agent<'a> {
    pub(in crate::simulator) id: &'a str,
    pub(in crate::simulator) name: &'a str,
    pub(in crate::simulator) state: Cow<'a, str>,
    pub(in crate::simulator) skills: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::simulator) queue_ids: Option<&'a [String]>,
    pub(in crate::simulator) state_since: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::simulator) struct Campaign<'a> {
    pub(in crate::simulator) id: &'a str,
    pub(in crate::simulator) name: &'a str,
    pub(in crate::simulator) status: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::simulator) updated_timestamp: Option<String>,
}

/// A token that was given out.
#[derive(Serialize)]
pub(in crate::simulator) struct TokenGrant<'a> {
    pub(in crate::simulator) access_token: &'a str,
    pub(in crate::simulator) expires_in: u64,
    pub(in crate::simulator) token_type: &'a str,
    pub(in crate::simulator) scope: String,
}

/// A token request in its JSON form.
#[derive(Default, Deserialize)]
pub(in crate::simulator) struct TokenRequest {
    #[serde(default, deserialize_with = "there")]
    pub(in crate::simulator) grant_type: Option<String>,
    #[serde(default, deserialize_with = "there")]
    pub(in crate::simulator) client_id: Option<String>,
    #[serde(default, deserialize_with = "there")]
    pub(in crate::simulator) client_secret: Option<String>,
    #[serde(default, deserialize_with = "there")]
    pub(in crate::simulator) scope: Option<String>,
}

/// The body of a campaign PUT.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::simulator) struct StatusChange {
    pub(in crate::simulator) status: Status,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(in crate::simulator) enum Status {
    Running,
    Paused,
}

impl Status {
    pub(in crate::simulator) fn wire(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Paused => "PAUSED",
        }
    }
}

/// The status that a PUT's body asks for, whether or not it can have it.
pub(in crate::simulator) fn asked_status(body: &[u8]) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    body.get("status")?.as_str().map(str::to_owned)
}

/// A member that may be missing and may not be null.
pub(in crate::simulator) fn there<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

pub(in crate::simulator) fn json(value: &impl Serialize) -> Bytes {
    // Nothing in this file can fail to be written: all keys are strings and no writer is involved.
    serde_json::to_vec(value)
        .map(Bytes::from)
        .unwrap_or_default()
}

/// The body of a refusal, with an item for each message.
pub(in crate::simulator) fn errors<'a>(
    code: &str,
    messages: impl IntoIterator<Item = &'a str>,
) -> Bytes {
    let items = messages.into_iter();
    json(&Errors {
        errors: items.map(|message| ErrorItem { code, message }).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_change_has_the_one_member() {
        let read = |text| {
            serde_json::from_str::<StatusChange>(text)
                .map(|change| change.status.wire())
                .ok()
        };
        assert_eq!(read(r#"{"status":"PAUSED"}"#), Some("PAUSED"));
        for wrong in [
            r#"{"status":"STOPPED"}"#,
            r#"{"status":"RUNNING","why":"x"}"#,
            "{}",
            r#"{"status":1}"#,
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        assert_eq!(
            asked_status(br#"{"status":"STOPPED"}"#).as_deref(),
            Some("STOPPED")
        );
    }

    #[test]
    fn refusals_have_the_contracts_body() {
        assert_eq!(
            errors("not_found", ["no \"x\""]),
            r#"{"errors":[{"code":"not_found","message":"no \"x\""}]}"#
        );
    }
}
