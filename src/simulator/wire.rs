//! The contract's JSON, as the simulator itself reads and writes it. It shares no type with the client,
//! so that a wrong reading of the contract on one side shows up on the other.

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize};

/// The body of every refusal.
#[derive(Serialize)]
pub(super) struct Errors<'a> {
    pub(super) errors: Vec<ErrorItem<'a>>,
}

#[derive(Serialize)]
pub(super) struct ErrorItem<'a> {
    pub(super) code: &'a str,
    pub(super) message: &'a str,
}

/// A page of agents.
#[derive(Serialize)]
pub(super) struct Page<'a> {
    pub(super) items: Vec<Agent<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Agent<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    pub(super) state: Cow<'a, str>,
    pub(super) skills: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) queue_ids: Option<&'a [String]>,
    pub(super) state_since: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Campaign<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    pub(super) status: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) updated_timestamp: Option<String>,
}

/// A token that was given out.
#[derive(Serialize)]
pub(super) struct TokenGrant<'a> {
    pub(super) access_token: &'a str,
    pub(super) expires_in: u64,
    pub(super) token_type: &'a str,
    pub(super) scope: String,
}

/// A token request in its JSON form.
#[derive(Default, Deserialize)]
pub(super) struct TokenRequest {
    #[serde(default, deserialize_with = "there")]
    pub(super) grant_type: Option<String>,
    #[serde(default, deserialize_with = "there")]
    pub(super) client_id: Option<String>,
    #[serde(default, deserialize_with = "there")]
    pub(super) client_secret: Option<String>,
    #[serde(default, deserialize_with = "there")]
    pub(super) scope: Option<String>,
}

/// The body of a campaign PUT.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StatusChange {
    pub(super) status: Status,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Status {
    Running,
    Paused,
}

impl Status {
    pub(super) fn wire(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Paused => "PAUSED",
        }
    }
}

/// The status that a PUT's body asks for, whether or not it can have it.
pub(super) fn asked_status(body: &[u8]) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    body.get("status")?.as_str().map(str::to_owned)
}

/// A member that may be missing and may not be null.
pub(super) fn there<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

pub(super) fn json(value: &impl Serialize) -> Bytes {
    // Nothing in this file can fail to be written: all keys are strings and no writer is involved.
    serde_json::to_vec(value)
        .map(Bytes::from)
        .unwrap_or_default()
}

/// The body of a refusal, with an item for each message.
pub(super) fn errors<'a>(code: &str, messages: impl IntoIterator<Item = &'a str>) -> Bytes {
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
