//! What became of a campaign's dials, as documents.

use serde::{Deserialize, Serialize};

use crate::domain::outcomes::{OutcomeMemory, OutcomeSlot, window_of};
use crate::domain::{CampaignId, Timestamp};

/// What is known of a campaign's dials in the two hours before now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutcomesDocument {
    /// Until when they are counted.
    pub as_of: String,
    /// Who counts: `platform` or `fed`.
    pub source: String,
    /// The time that the window covers, in seconds.
    pub window_s: u64,
    /// For how much of it the counts are known, in seconds. What came at another time is unknown and not zero.
    pub known_s: u64,
    /// Dials.
    pub dials: u64,
    /// Dials that a person answered.
    pub answered: u64,
    /// Answered calls that reached an agent.
    pub connected: u64,
    /// Answered calls that no agent took in time.
    pub abandoned: u64,
    /// Abandoned calls as a share of connected and abandoned ones; nothing while there are none.
    pub abandoned_share: Option<f64>,
    /// The same in words.
    pub says: String,
}

/// Columns of the same length: what was counted in slots of ten minutes, the oldest first. Of a time without a slot nothing is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeColumns {
    /// When the slot begins, in milliseconds since the Unix epoch.
    pub from_ms: Vec<i64>,
    /// Until when it is counted, in milliseconds since the Unix epoch.
    pub until_ms: Vec<i64>,
    /// The time for which the counts are known, in milliseconds.
    pub known_ms: Vec<u64>,
    /// Dials.
    pub dials: Vec<u64>,
    /// Dials that a person answered.
    pub answered: Vec<u64>,
    /// Answered calls that reached an agent.
    pub connected: Vec<u64>,
    /// Answered calls that no agent took in time.
    pub abandoned: Vec<u64>,
}

/// What was counted of one campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignOutcomes {
    /// The form's version.
    pub schema: u32,
    /// Its id on the platform.
    pub campaign: String,
    /// Nothing older than this was asked for.
    pub since: String,
    /// The slots.
    pub outcomes: OutcomeColumns,
}

/// A slot as a row of its own, for spreadsheets.
#[derive(Serialize)]
struct OutcomeRow<'a> {
    campaign: &'a str,
    from: String,
    until: String,
    known_s: u64,
    dials: u64,
    answered: u64,
    connected: u64,
    abandoned: u64,
    abandoned_share_2h: Option<f64>,
}

/// Returns the slots as rows with a header. The share is that of the two hours which end with the slot.
pub(super) fn outcome_rows(
    campaign: &CampaignId,
    slots: &[OutcomeSlot],
) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new()
        .has_headers(false)
        .from_writer(Vec::new());
    writer.write_record([
        "campaign",
        "from",
        "until",
        "known_s",
        "dials",
        "answered",
        "connected",
        "abandoned",
        "abandoned_share_2h",
    ])?;
    for slot in slots {
        let [dials, answered, connected, abandoned] = slot.counts.numbers();
        let share = window_of(slots, slot.from).counts.abandoned_per_million();
        // A million at most.
        let share = share.map(|parts| u32::try_from(parts).unwrap_or(u32::MAX));
        writer.serialize(OutcomeRow {
            campaign: campaign.as_str(),
            from: slot.from.to_string(),
            until: slot.until.to_string(),
            known_s: slot.known_millis.div_euclid(1_000),
            dials,
            answered,
            connected,
            abandoned,
            abandoned_share_2h: share.map(|parts| f64::from(parts) / 1e6),
        })?;
    }
    writer
        .into_inner()
        .map_err(|wrong| wrong.into_error().into())
}

impl OutcomesDocument {
    /// Describes what is known at `now`; nothing before the first reading.
    pub(super) fn of(outcomes: &OutcomeMemory, now: Timestamp) -> Option<Self> {
        let last = outcomes.last()?;
        let window = outcomes.window(now);
        let share = window.counts.abandoned_per_million();
        // A million at most.
        let parts = share.map(|parts| u32::try_from(parts).unwrap_or(u32::MAX));
        let [dials, answered, connected, abandoned] = window.counts.numbers();
        Some(Self {
            as_of: last.until.to_string(),
            source: last.source.label().to_owned(),
            window_s: window.span.as_secs(),
            known_s: window.known.as_secs(),
            dials,
            answered,
            connected,
            abandoned,
            abandoned_share: parts.map(|parts| f64::from(parts) / 1e6),
            says: window.to_string(),
        })
    }
}

impl OutcomeColumns {
    pub(super) fn of(slots: &[OutcomeSlot]) -> Self {
        let mut columns = Self::default();
        for slot in slots {
            let OutcomeSlot {
                from,
                until,
                known_millis,
                counts,
            } = slot;
            let [dials, answered, connected, abandoned] = counts.numbers();
            columns.from_ms.push(from.as_unix_millis());
            columns.until_ms.push(until.as_unix_millis());
            columns.known_ms.push(*known_millis);
            columns.dials.push(dials);
            columns.answered.push(answered);
            columns.connected.push(connected);
            columns.abandoned.push(abandoned);
        }
        columns
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::outcomes::OutcomeCounts;

    fn slot(minutes: u64, connected: u64, abandoned: u64) -> OutcomeSlot {
        let start = Timestamp::parse_rfc3339("2026-11-27T10:00:00Z").unwrap();
        let from = start.plus(Duration::from_secs(60 * minutes));
        OutcomeSlot {
            from,
            until: from.plus(Duration::from_secs(600)),
            known_millis: 599_999,
            counts: OutcomeCounts {
                dials: 2 * (connected + abandoned),
                answered: connected + abandoned,
                connected,
                abandoned,
            },
        }
    }

    #[test]
    fn rows_have_the_share_of_the_two_hours_that_end_with_them() {
        let slots = [
            slot(0, 0, 0),
            slot(10, 9, 1),
            slot(110, 10, 0),
            slot(120, 9, 1),
        ];
        let campaign = "a,b".parse().unwrap();
        let rows = String::from_utf8(outcome_rows(&campaign, &slots).unwrap()).unwrap();
        let lines: Vec<&str> = rows.lines().collect();
        assert_eq!(
            lines,
            [
                "campaign,from,until,known_s,dials,answered,connected,abandoned,abandoned_share_2h",
                "\"a,b\",2026-11-27T10:00:00.000Z,2026-11-27T10:10:00.000Z,599,0,0,0,0,",
                "\"a,b\",2026-11-27T10:10:00.000Z,2026-11-27T10:20:00.000Z,599,20,10,9,1,0.1",
                "\"a,b\",2026-11-27T11:50:00.000Z,2026-11-27T12:00:00.000Z,599,20,10,10,0,0.05",
                "\"a,b\",2026-11-27T12:00:00.000Z,2026-11-27T12:10:00.000Z,599,20,10,9,1,0.066666",
            ]
        );
        let none = outcome_rows(&campaign, &[]).unwrap();
        assert!(none.starts_with(b"campaign,"), "the header is always there");
    }
}
