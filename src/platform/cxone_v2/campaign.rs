//! A campaign on the wire.

use serde::Deserialize;
use serde_json::Value;

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

/// Reads a campaign.
pub(super) fn campaign(body: &[u8]) -> Result<CampaignWire, String> {
    serde_json::from_slice(body).map_err(|wrong| format!("not a campaign: {wrong}"))
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

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn no_bytes_make_it_panic(body in proptest::collection::vec(any::<u8>(), 0..300)) {
            drop(campaign(&body));
        }
    }
}
