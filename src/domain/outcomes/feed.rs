//! Counters as a site feeds them: by a file or a request.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::ids::CampaignId;
use crate::domain::time::Timestamp;

use super::reading::{OutcomeCounters, OutcomeReading, OutcomeSource};

/// Two clocks may differ by this much.
const CLOCKS_DIFFER: Duration = Duration::from_secs(60);

/// Counters of one campaign since some moment, as they are fed. Times are RFC 3339.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FedCounters {
    /// The campaign's id on the platform.
    pub campaign: String,
    /// Since when they count.
    pub since: String,
    /// Until when everything is counted.
    pub until: String,
    /// Dials.
    pub dials: u64,
    /// Dials that a person answered.
    pub answered: u64,
    /// Answered calls that reached an agent, where that is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connected: Option<u64>,
    /// Answered calls that no agent took in time.
    pub abandoned: u64,
}

/// Returns what is fed as readings; all of it or nothing.
///
/// # Errors
/// Every fault, each with the number of its row.
pub fn fed_readings(
    rows: &[FedCounters],
    now: Timestamp,
) -> Result<Vec<(CampaignId, OutcomeReading)>, Vec<String>> {
    let (mut readings, mut faults) = (Vec::with_capacity(rows.len()), Vec::new());
    let mut seen = BTreeSet::new();
    for (at, row) in rows.iter().enumerate() {
        let mut fault = |wrong: String| faults.push(format!("outcomes[{at}].{wrong}"));
        let campaign = row.campaign.parse::<CampaignId>();
        if let Err(wrong) = &campaign {
            fault(format!("campaign: an id {wrong}"));
        }
        let mut time = |key: &str, text: &str| {
            let time = Timestamp::parse_rfc3339(text);
            if time.is_none() {
                fault(format!(
                    "{key}: `{text}` is not a time; write such as 2024-05-15T14:32:10Z"
                ));
            }
            time
        };
        let (since, until) = (time("since", &row.since), time("until", &row.until));
        let (Ok(campaign), Some(since), Some(until)) = (campaign, since, until) else {
            continue;
        };
        let counters = OutcomeCounters {
            dials: row.dials,
            answered: row.answered,
            connected: row.connected,
            abandoned: row.abandoned,
        };
        if until < since {
            fault("until: lies before since".to_owned());
        } else if until > now.plus(CLOCKS_DIFFER) {
            fault("until: lies ahead of the daemon's clock".to_owned());
        }
        let decided = row.connected.unwrap_or_default().checked_add(row.abandoned);
        if row.answered > row.dials {
            fault("answered: is more than dials".to_owned());
        } else if decided.is_none_or(|decided| decided > row.answered) {
            fault("abandoned: with connected is more than answered".to_owned());
        }
        if !seen.insert(campaign.clone()) {
            fault(format!("campaign: {campaign} is there twice"));
        }
        let reading = OutcomeReading {
            since,
            until,
            counters,
            source: OutcomeSource::Fed,
        };
        readings.push((campaign, reading));
    }
    if faults.is_empty() {
        Ok(readings)
    } else {
        Err(faults)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_millis(1_715_783_530_000);

    fn rows(text: &str) -> Vec<FedCounters> {
        serde_json::from_str(text).unwrap()
    }

    const ROW: &str = r#"{"campaign": "a", "since": "2024-05-15T00:00:00+02:00", "until": "2024-05-15T14:32:10Z",
        "dials": 900, "answered": 620, "connected": 609, "abandoned": 3}"#;

    #[test]
    fn a_row_becomes_a_reading() {
        let read = fed_readings(&rows(&format!("[{ROW}]")), NOW).unwrap();
        let (campaign, reading) = &read[0];
        assert_eq!(
            (campaign.as_str(), reading.source),
            ("a", OutcomeSource::Fed)
        );
        assert_eq!(reading.until, NOW);
        assert_eq!(reading.since.to_string(), "2024-05-14T22:00:00.000Z");
        assert_eq!(reading.counters.connected, Some(609));
    }

    #[test]
    fn every_fault_is_named_and_nothing_is_taken_in() {
        let faults = |from: &str, to: &str| {
            let row = ROW.replace(from, to);
            assert_ne!(row, ROW, "{from}");
            let both = format!("[{ROW}, {}]", row.replace("\"a\"", "\"b\""));
            fed_readings(&rows(&both), NOW).unwrap_err()
        };
        for (from, to, expected) in [
            ("14:32:10Z", "14:33:11Z", "outcomes[1].until: lies ahead"),
            (
                "2024-05-15T14:32:10Z",
                "2024-05-14T14:32:10Z",
                "outcomes[1].until: lies before",
            ),
            (
                "2024-05-15T14:32:10Z",
                "today",
                "outcomes[1].until: `today` is not a time",
            ),
            (
                "\"dials\": 900",
                "\"dials\": 619",
                "outcomes[1].answered: is more",
            ),
            (
                "\"abandoned\": 3",
                "\"abandoned\": 12",
                "outcomes[1].abandoned: with",
            ),
            (
                "\"connected\": 609",
                "\"connected\": 18446744073709551615",
                "outcomes[1].abandoned: with",
            ),
            ("\"a\"", "\"\"", "outcomes[1].campaign: an id"),
        ] {
            let faults = faults(from, to);
            assert!(
                faults.len() == 1 && faults[0].starts_with(expected),
                "{faults:?}"
            );
        }
        let twice = fed_readings(&rows(&format!("[{ROW}, {ROW}]")), NOW).unwrap_err();
        assert_eq!(twice, ["outcomes[1].campaign: a is there twice"]);
        assert!(serde_json::from_str::<FedCounters>(&ROW.replace("\"dials\": 900, ", "")).is_err());
    }
}
