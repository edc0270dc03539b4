//! A campaign on the wire.

use serde::Deserialize;
use serde_json::Value;

use crate::domain::{CampaignId, Timestamp, has_length_of_id};

use super::value::{self, Word};

/// Numbers from here on are milliseconds since 1970: as seconds they would lie three thousand years ahead.
const FIRST_MILLIS: i64 = 100_000_000_000;

/// A campaign, as far as it is needed.
#[derive(Debug, Deserialize)]
pub(super) struct CampaignWire {
    #[serde(default, deserialize_with = "value::word")]
    id: Word<'static>,
    /// For people, so that one in another form is no fault.
    #[serde(default)]
    pub(super) name: Value,
    #[serde(deserialize_with = "value::text")]
    pub(super) status: String,
    #[serde(rename = "updatedTimestamp", default, deserialize_with = "value::word")]
    updated: Word<'static>,
}

impl CampaignWire {
    /// The version, as it was written. An empty one is none: it would be the same for ever.
    pub(super) fn version(&self) -> Option<String> {
        let text = self.updated.clone().text()?;
        (!text.trim().is_empty()).then(|| text.into_owned())
    }
}

/// Reads the campaign of this id. An answer that names another one says nothing about it; capitals are not another name. A status or
/// a version that is longer than any is a fault: it is kept and compared, and cut short it could be taken for another.
pub(super) fn campaign(id: &CampaignId, body: &[u8]) -> Result<CampaignWire, String> {
    let found: CampaignWire =
        serde_json::from_slice(body).map_err(|wrong| format!("not a campaign: {wrong}"))?;
    value::same_id(id.as_str(), &found.id)
        .map_err(|other| format!("asked for campaign {id}, the platform returned {other}"))?;
    for (what, text) in [
        ("status", Some(found.status.clone())),
        ("updatedTimestamp", found.version()),
    ] {
        if let Some(text) = text.filter(|text| !has_length_of_id(text)) {
            return Err(format!("not a campaign: a {what} of {} bytes", text.len()));
        }
    }
    Ok(found)
}

/// The time that a version means: a date, or a number of seconds or milliseconds since 1970.
pub(super) fn changed_at(version: &str) -> Option<Timestamp> {
    let version = version.trim();
    Timestamp::parse_rfc3339(version).or_else(|| {
        let number: i64 = version.parse().ok()?;
        let millis = if number.abs() < FIRST_MILLIS {
            number.saturating_mul(1_000)
        } else {
            number
        };
        Some(Timestamp::from_unix_millis(millis))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn id() -> CampaignId {
        "c".parse().unwrap()
    }

    fn read(body: &str) -> Result<CampaignWire, String> {
        campaign(&id(), body.as_bytes())
    }

    #[test]
    fn reads_a_campaign_with_and_without_its_version() {
        let body =
            r#"{"id":"c","status":"PAUSED","updatedTimestamp":"2024-05-15T14:32:10Z","x":1}"#;
        let found = read(body).unwrap();
        assert_eq!(
            (found.status.as_str(), found.version().is_some()),
            ("PAUSED", true)
        );
        for without in [
            r#"{"id":"c","status":"STOPPED"}"#,
            r#"{"id":"c","status":"STOPPED","updatedTimestamp":null}"#,
            r#"{"id":"c","status":"STOPPED","updatedTimestamp":" "}"#,
            r#"{"id":"c","status":"STOPPED","updatedTimestamp":{"at":1}}"#,
        ] {
            assert_eq!(read(without).unwrap().version(), None, "{without}");
        }
        assert!(read(r#"{"id":"c"}"#).is_err());
        assert!(read(r#"{"id":"c","status":null}"#).is_err());
    }

    #[test]
    fn another_campaign_in_the_answer_is_refused() {
        let with = |id: &str| read(&format!(r#"{{"id":{id},"status":"RUNNING"}}"#));
        assert_eq!(
            with(r#""d""#).err().unwrap(),
            "asked for campaign c, the platform returned \"d\""
        );
        for same in [r#""c""#, r#""C""#, "null"] {
            assert!(with(same).is_ok(), "{same}");
        }
        for other in [r#""""#, "7", r#"["c"]"#, r#""cc""#] {
            assert!(with(other).is_err(), "{other}");
        }
        let numbered = br#"{"id":4711,"status":"RUNNING"}"#;
        assert!(campaign(&"4711".parse().unwrap(), numbered).is_ok());
        assert!(campaign(&"4712".parse().unwrap(), numbered).is_err());
    }

    #[test]
    fn a_date_is_a_text_or_a_number_of_seconds_or_milliseconds() {
        let at = Timestamp::parse_rfc3339("2024-05-15T14:32:10Z");
        for version in [
            r#""2024-05-15T14:32:10Z""#,
            r#""2024-05-15T16:32:10+02:00""#,
            "1715783530",
            "1715783530000",
            r#""1715783530000""#,
        ] {
            let body = format!(r#"{{"id":"c","status":"PAUSED","updatedTimestamp":{version}}}"#);
            let found = read(&body).unwrap().version().unwrap();
            assert_eq!(changed_at(&found), at, "{version}");
            assert_eq!(found, version.trim_matches('"'), "kept as it was written");
        }
        assert_eq!(changed_at("yesterday"), None);
    }

    #[test]
    fn a_word_or_a_version_that_is_longer_than_any_is_refused() {
        let long = "x".repeat(38_000);
        for body in [
            format!(r#"{{"id":"c","status":"{long}"}}"#),
            format!(r#"{{"id":"c","status":"PAUSED","updatedTimestamp":"{long}"}}"#),
        ] {
            let wrong = read(&body).unwrap_err();
            assert!(
                wrong.contains("38000 bytes") && wrong.len() < 100,
                "{wrong}"
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn no_bytes_make_it_panic(body in proptest::collection::vec(any::<u8>(), 0..300)) {
            drop(campaign(&"c".parse().unwrap(), &body));
        }

        #[test]
        fn no_version_makes_it_panic(version in ".{0,40}", number in any::<i64>()) {
            let read = |text: &str| changed_at(text).map(|at| at.to_string());
            drop((read(&version), read(&number.to_string())));
        }
    }
}
