//! Calls by campaign, hour and status of the platform's day.

use std::collections::BTreeMap;

use crate::domain::CampaignId;

/// Every campaign, for those whose id has a dash: dashes stand between ids.
const EVERY: &str = "ALLCAMPAIGNS";

/// Campaigns that are named one by one in a request.
const MOST_NAMED: usize = 100;

/// What one campaign has counted today.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct CallCounts {
    pub(super) calls: u64,
    pub(super) answered: u64,
    /// Answered, and dropped before an agent came: the drops that had nobody to wait for are not among them.
    pub(super) dropped: u64,
}

/// The field that asks for these campaigns.
pub(super) fn campaigns_field(ids: &[CampaignId]) -> String {
    let named = ids.len() <= MOST_NAMED && ids.iter().all(|id| !id.as_str().contains('-'));
    if named {
        let ids: Vec<&str> = ids.iter().map(CampaignId::as_str).collect();
        ids.join("-")
    } else {
        EVERY.to_owned()
    }
}

/// Reads an answer: `id|calls|human answered|hour-calls,...|status-calls,...|`. By id in small letters.
///
/// # Errors
/// What keeps it from being read.
pub(super) fn counts(body: &[u8]) -> Result<BTreeMap<String, CallCounts>, String> {
    let text = String::from_utf8_lossy(body);
    let mut found = BTreeMap::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let fields: Vec<&str> = line.split('|').collect();
        let [id, calls, answered, _, statuses, ..] = fields.as_slice() else {
            return Err("a row of the calls has too few fields".to_owned());
        };
        let number = |text: &str| {
            text.parse::<u64>()
                .map_err(|_| "a count of calls is no number".to_owned())
        };
        let mut dropped = 0_u64;
        for status in statuses.split(',').filter(|status| !status.is_empty()) {
            let (word, count) = status
                .rsplit_once('-')
                .ok_or("a status of calls has no count")?;
            if word == "DROP" || word == "XDROP" {
                dropped = dropped.saturating_add(number(count)?);
            }
        }
        let counts = CallCounts {
            calls: number(calls)?,
            answered: number(answered)?,
            dropped,
        };
        found.insert(id.to_lowercase(), counts);
    }
    if found.is_empty() {
        return Err("the answer has no row".to_owned());
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drops_are_those_that_waited_for_an_agent() {
        let body =
            b"OUTBA|117|27|00-0,01-0|A-30,DROP-4,XDROP-1,PDROP-2,SALE-5|\nOUTBB|0|0|00-0||\n";
        let found = counts(body).unwrap();
        let expected = CallCounts {
            calls: 117,
            answered: 27,
            dropped: 5,
        };
        assert_eq!(found["outba"], expected);
        assert_eq!(found["outbb"], CallCounts::default());
        for wrong in ["", "OUTBA|1|2", "OUTBA|x|2|h|s-1|", "OUTBA|1|2|h|DROP|"] {
            assert!(counts(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_dash_stands_between_ids_so_that_one_with_a_dash_is_asked_for_with_all() {
        let ids = |texts: &[&str]| -> Vec<CampaignId> {
            texts.iter().map(|text| text.parse().unwrap()).collect()
        };
        assert_eq!(campaigns_field(&ids(&["OUTBA", "OUTBB"])), "OUTBA-OUTBB");
        assert_eq!(campaigns_field(&ids(&["OUTBA", "DASH-1"])), EVERY);
    }
}
