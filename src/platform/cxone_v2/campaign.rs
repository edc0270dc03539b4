//! A campaign on the wire.

use serde::Deserialize;
use serde_json::Value;

use crate::domain::has_length_of_id;

/// A campaign, as far as it is needed.
#[derive(Debug, Deserialize)]
pub(super) struct CampaignWire {
    /// For people, so that one in another form is no fault.
    #[serde(default)]
    pub(super) name: Value,
    pub(super) status: String,
    #[serde(rename = "updatedTimestamp")]
    pub(super) updated_timestamp: Option<String>,
}

/// Reads a campaign. A status or a version that is longer than any is a fault: it is kept and compared, and cut short it could be taken
/// for another.
pub(super) fn campaign(body: &[u8]) -> Result<CampaignWire, String> {
    let found: CampaignWire =
        serde_json::from_slice(body).map_err(|wrong| format!("not a campaign: {wrong}"))?;
    for (what, text) in [
        ("status", Some(&found.status)),
        ("updatedTimestamp", found.updated_timestamp.as_ref()),
    ] {
        if let Some(text) = text.filter(|text| !has_length_of_id(text)) {
            return Err(format!("not a campaign: a {what} of {} bytes", text.len()));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_a_campaign_with_and_without_its_version() {
        let body =
            br#"{"id":"c","status":"PAUSED","updatedTimestamp":"2024-05-15T14:32:10Z","x":1}"#;
        let found = campaign(body).unwrap();
        assert_eq!(
            (found.status.as_str(), found.updated_timestamp.is_some()),
            ("PAUSED", true)
        );
        assert!(
            campaign(br#"{"id":"c","status":"STOPPED"}"#)
                .unwrap()
                .updated_timestamp
                .is_none()
        );
        assert!(campaign(br#"{"id":"c"}"#).is_err());
    }

    #[test]
    fn a_word_or_a_version_that_is_longer_than_any_is_refused() {
        let long = "x".repeat(38_000);
        for body in [
            format!(r#"{{"id":"c","status":"{long}"}}"#),
            format!(r#"{{"id":"c","status":"PAUSED","updatedTimestamp":"{long}"}}"#),
        ] {
            let wrong = campaign(body.as_bytes()).unwrap_err();
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
            drop(campaign(&body));
        }
    }
}
