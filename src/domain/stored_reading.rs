//! The forms in which status readings were stored by released versions.
//!
//! Version 0.1.0 knew one platform and stored that platform's word as the status. The words are kept here for its stores
//! alone; readings of today carry their meaning with them.

use std::time::Duration;

use serde::{Deserialize, Deserializer};

use super::dials_by::DialsBy;
use super::status::{Author, CampaignActivity, StatusReading};
use super::time::Timestamp;

/// A stored reading of any released version.
#[derive(Deserialize)]
struct StoredReading {
    /// The platform's word; in 0.1.0 it was all there was.
    #[serde(default)]
    status: String,
    #[serde(default)]
    activity: Option<CampaignActivity>,
    version: Option<String>,
    updated_at: Option<Timestamp>,
    #[serde(default)]
    changed_by: Option<Author>,
    platform_now: Option<Timestamp>,
    #[serde(default)]
    platform_error: Option<Duration>,
    #[serde(default)]
    dials_by: Option<Box<DialsBy>>,
    read_at: Timestamp,
}

impl<'de> Deserialize<'de> for StatusReading {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        StoredReading::deserialize(deserializer).map(Self::from)
    }
}

impl From<StoredReading> for StatusReading {
    fn from(stored: StoredReading) -> Self {
        let StoredReading {
            status: word,
            activity,
            version,
            updated_at,
            changed_by,
            platform_now,
            platform_error,
            dials_by,
            read_at,
        } = stored;
        let activity = activity.unwrap_or_else(|| match word.as_str() {
            "RUNNING" => CampaignActivity::Running,
            "PAUSED" => CampaignActivity::Paused,
            _ => CampaignActivity::NotCommandable { word: word.clone() },
        });
        Self {
            activity,
            word,
            version,
            updated_at,
            changed_by,
            platform_now,
            platform_error,
            dials_by,
            read_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored_by_0_1_0(status: &str) -> StatusReading {
        let text = format!(
            r#"{{"status":"{status}","version":"2024-05-15T14:32:10Z","updated_at":1715783530000,"platform_now":null,"read_at":1715783531000}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn reads_what_the_first_release_stored() {
        let paused = stored_by_0_1_0("PAUSED");
        assert_eq!(
            (&paused.activity, paused.word.as_str()),
            (&CampaignActivity::Paused, "PAUSED")
        );
        assert_eq!(paused.version.as_deref(), Some("2024-05-15T14:32:10Z"));
        assert_eq!(paused.changed_by, None);
        assert_eq!(
            stored_by_0_1_0("RUNNING").activity,
            CampaignActivity::Running
        );
        assert_eq!(
            stored_by_0_1_0("STOPPED").activity,
            CampaignActivity::NotCommandable {
                word: "STOPPED".to_owned()
            }
        );
    }

    #[test]
    fn a_reading_of_today_is_read_back_as_it_was_written() {
        let reading = StatusReading {
            activity: CampaignActivity::Changing { to: None },
            word: "stopping".to_owned(),
            changed_by: Some(Author::Ours),
            ..stored_by_0_1_0("PAUSED")
        };
        let text = serde_json::to_string(&reading).unwrap();
        assert_eq!(
            serde_json::from_str::<StatusReading>(&text).unwrap(),
            reading
        );
    }
}
