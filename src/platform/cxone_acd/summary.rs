//! What a skill counted in a span of time.

use std::time::Duration;

use serde::Deserialize;

use crate::domain::Timestamp;
use crate::domain::outcomes::OutcomeCounters;

use super::drift;
use super::listing::Row;

/// The longest span that the platform answers for.
const LONGEST_SPAN: Duration = Duration::from_secs(30 * 24 * 3_600);

/// A span whose counters can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    from: Timestamp,
    until: Timestamp,
}

impl Span {
    /// The span between two moments, not empty and thirty days at most.
    pub(super) fn new(from: Timestamp, until: Timestamp) -> Result<Self, String> {
        let length = until.since(from);
        if length.is_zero() || length > LONGEST_SPAN {
            return Err(format!(
                "counters from {from} to {until} cannot be asked for: the span is 30 days at most and not empty"
            ));
        }
        Ok(Self { from, until })
    }

    /// The parameters that ask for it.
    pub(super) fn query(&self) -> [(&'static str, String); 2] {
        [
            ("startDate", self.from.to_string()),
            ("endDate", self.until.to_string()),
        ]
    }
}

/// A row of `/skills/{id}/summary`; an older release writes its members with capitals.
#[derive(Debug, Deserialize)]
pub(super) struct SummaryRow {
    #[serde(
        rename = "skillId",
        alias = "SkillId",
        default,
        deserialize_with = "drift::id"
    )]
    skill: Option<u64>,
    #[serde(alias = "Dials", default, deserialize_with = "drift::count")]
    dials: Option<u64>,
    #[serde(alias = "Connects", default, deserialize_with = "drift::count")]
    connects: Option<u64>,
    #[serde(
        rename = "abandonCount",
        alias = "AbandonCount",
        default,
        deserialize_with = "drift::count"
    )]
    abandons: Option<u64>,
}

impl Row for SummaryRow {
    const ROWS: &'static str = "skillSummaries";
}

/// The counters of one skill among the rows of an answer. No row is a skill that counted nothing; a row that lacks a counter is
/// a fault, since a missing count of abandoned calls is not nought.
pub(super) fn counters(rows: &[SummaryRow], skill: u64) -> Result<OutcomeCounters, String> {
    let own = rows
        .iter()
        .find(|row| row.skill.is_none_or(|id| id == skill));
    let Some(row) = own else {
        return Ok(OutcomeCounters::default());
    };
    let missing = |name: &str| format!("the summary of skill {skill} has no readable {name}");
    Ok(OutcomeCounters {
        dials: row.dials.ok_or_else(|| missing("dials"))?,
        // Connects are calls that somebody answered. How many of them reached an agent is not counted.
        answered: row.connects.ok_or_else(|| missing("connects"))?,
        connected: None,
        abandoned: row.abandons.ok_or_else(|| missing("abandonCount"))?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::listing::ListingPage;
    use super::*;

    fn read(text: &str) -> Result<OutcomeCounters, String> {
        let page = ListingPage::<SummaryRow>::parse(text.as_bytes())?;
        counters(&page.rows, 4_711)
    }

    #[test]
    fn counters_are_read_in_both_spellings() {
        let expected = OutcomeCounters {
            dials: 812,
            answered: 201,
            connected: None,
            abandoned: 5,
        };
        for text in [
            r#"{"skillSummaries":[{"skillId":4711,"dials":812,"connects":201,"rightPartyConnects":90,"abandonCount":5}]}"#,
            r#"{"resultSet":{"SkillSummaries":[{"SkillId":"4711","Dials":"812","Connects":201,"RightPartyConnects":90,"AbandonCount":5}]}}"#,
        ] {
            assert_eq!(read(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_missing_counter_is_not_nought() {
        assert!(read(r#"{"skillSummaries":[{"skillId":4711,"dials":1,"connects":1}]}"#).is_err());
        assert!(read("{}").is_err());
        let nothing = read(r#"{"skillSummaries":[]}"#).unwrap();
        assert_eq!(nothing.dials, 0);
        let other = r#"{"skillSummaries":[{"skillId":1,"dials":9,"connects":9,"abandonCount":9}]}"#;
        assert_eq!(read(other).unwrap().dials, 0);
    }

    #[test]
    fn a_span_has_thirty_days_at_most() {
        let day = |day: i64| Timestamp::from_unix_millis(day * 86_400_000);
        let span = Span::new(day(0), day(30)).unwrap();
        assert_eq!(
            span.query(),
            [
                ("startDate", "1970-01-01T00:00:00.000Z".to_owned()),
                ("endDate", "1970-01-31T00:00:00.000Z".to_owned())
            ]
        );
        assert!(Span::new(day(0), day(31)).is_err());
        assert!(Span::new(day(1), day(1)).is_err());
        assert!(Span::new(day(2), day(1)).is_err());
    }
}
