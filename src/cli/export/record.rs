//! The records, flat: none of their members holds others.
//!
//! A further column goes to the end of its record, which keeps its version; one that changes its meaning or goes makes a new version.

use serde::Serialize;

use crate::store::AuditRecord;

/// A kind of record.
pub(super) trait FlatRecord: Serialize {
    /// Its name and version.
    const SCHEMA: &'static str;
    /// Its columns, in their order.
    const COLUMNS: &'static [&'static str];
}

/// A change of a campaign's status.
#[derive(Serialize)]
pub(super) struct TransitionRecord<'a> {
    pub(super) schema: &'static str,
    pub(super) tenant: Option<&'a str>,
    pub(super) at: &'a str,
    pub(super) campaign: Option<&'a str>,
    pub(super) to: &'a str,
    pub(super) by: &'a str,
    pub(super) decision: &'a str,
    pub(super) available: Option<u32>,
    pub(super) staffed: Option<u32>,
    pub(super) pause_below: Option<u32>,
    pub(super) resume_at: Option<u32>,
    pub(super) took_s: Option<f64>,
    pub(super) reason: Option<String>,
    pub(super) says: &'a str,
    pub(super) seq: i64,
}

impl FlatRecord for TransitionRecord<'_> {
    const SCHEMA: &'static str = "transitions/1";
    const COLUMNS: &'static [&'static str] = &[
        "schema",
        "tenant",
        "at",
        "campaign",
        "to",
        "by",
        "decision",
        "available",
        "staffed",
        "pause_below",
        "resume_at",
        "took_s",
        "reason",
        "says",
        "seq",
    ];
}

/// The decision on one campaign at one poll.
#[derive(Serialize)]
pub(super) struct DecisionRecord<'a> {
    pub(super) schema: &'static str,
    pub(super) tenant: Option<&'a str>,
    pub(super) at: String,
    pub(super) campaign: &'a str,
    pub(super) decision: String,
    pub(super) state: Option<&'a str>,
    pub(super) outcome: String,
    pub(super) stage: Option<&'a str>,
    pub(super) available: Option<u32>,
    pub(super) staffed: Option<u32>,
    pub(super) pause_below: Option<u32>,
    pub(super) resume_at: Option<u32>,
    pub(super) reason: String,
}

impl FlatRecord for DecisionRecord<'_> {
    const SCHEMA: &'static str = "decisions/1";
    const COLUMNS: &'static [&'static str] = &[
        "schema",
        "tenant",
        "at",
        "campaign",
        "decision",
        "state",
        "outcome",
        "stage",
        "available",
        "staffed",
        "pause_below",
        "resume_at",
        "reason",
    ];
}

/// A point of a campaign, for as long as it held.
#[derive(Serialize)]
pub(super) struct SeriesRecord<'a> {
    pub(super) schema: &'static str,
    pub(super) tenant: Option<&'a str>,
    pub(super) at: String,
    pub(super) until: String,
    pub(super) lasted_s: f64,
    pub(super) campaign: &'a str,
    pub(super) state: &'static str,
    pub(super) available: Option<u32>,
    pub(super) pause_below: Option<u32>,
    pub(super) resume_at: Option<u32>,
}

impl FlatRecord for SeriesRecord<'_> {
    const SCHEMA: &'static str = "series/1";
    const COLUMNS: &'static [&'static str] = &[
        "schema",
        "tenant",
        "at",
        "until",
        "lasted_s",
        "campaign",
        "state",
        "available",
        "pause_below",
        "resume_at",
    ];
}

/// A row of the audit. Its event is the one member that is no text or number: in a flat form it is JSON within a column.
#[derive(Serialize)]
pub(super) struct AuditRowRecord<'a, E> {
    pub(super) schema: &'static str,
    pub(super) tenant: Option<&'a str>,
    pub(super) seq: i64,
    pub(super) at: &'a str,
    pub(super) campaign: Option<&'a str>,
    pub(super) decision: &'a str,
    pub(super) kind: &'a str,
    pub(super) event: E,
    pub(super) previous: &'a str,
    pub(super) hash: &'a str,
}

impl<'a, E: Serialize> AuditRowRecord<'a, E> {
    /// A row with its event in the form that is wanted.
    pub(super) fn new(tenant: Option<&'a str>, row: &'a AuditRecord, event: E) -> Self {
        Self {
            schema: Self::SCHEMA,
            tenant,
            seq: row.seq,
            at: &row.at,
            campaign: row.campaign.as_deref(),
            decision: &row.decision,
            kind: &row.kind,
            event,
            previous: &row.previous,
            hash: &row.hash,
        }
    }
}

impl<E: Serialize> FlatRecord for AuditRowRecord<'_, E> {
    const SCHEMA: &'static str = "audit/1";
    const COLUMNS: &'static [&'static str] = &[
        "schema", "tenant", "seq", "at", "campaign", "decision", "kind", "event", "previous",
        "hash",
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The members of a record in their order.
    fn members(record: &impl FlatRecord) -> Vec<String> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.serialize(record).unwrap();
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        let header = text.lines().next().unwrap();
        header.split(',').map(str::to_owned).collect()
    }

    fn check<R: FlatRecord>(record: &R) {
        assert_eq!(members(record), R::COLUMNS);
        let page = include_str!("../../../docs/reference/export.md");
        let (name, _) = R::SCHEMA.split_once('/').unwrap();
        let (_, section) = page
            .split_once(&format!("## `{name}`"))
            .expect("a section of docs/reference/export.md");
        assert!(section.contains(&format!("`{}`", R::SCHEMA)), "{name}");
        let section = section.split("\n## ").next().unwrap();
        let rows = section.lines().filter_map(|line| {
            let (column, _) = line.strip_prefix("| `")?.split_once('`')?;
            Some(column.to_owned())
        });
        assert_eq!(rows.collect::<Vec<_>>(), R::COLUMNS, "{name}");
    }

    #[test]
    fn columns_are_the_members_and_are_documented() {
        check(&TransitionRecord {
            schema: "",
            tenant: None,
            at: "",
            campaign: None,
            to: "",
            by: "",
            decision: "",
            available: None,
            staffed: None,
            pause_below: None,
            resume_at: None,
            took_s: None,
            reason: None,
            says: "",
            seq: 0,
        });
        check(&DecisionRecord {
            schema: "",
            tenant: None,
            at: String::new(),
            campaign: "",
            decision: String::new(),
            state: None,
            outcome: String::new(),
            stage: None,
            available: None,
            staffed: None,
            pause_below: None,
            resume_at: None,
            reason: String::new(),
        });
        check(&SeriesRecord {
            schema: "",
            tenant: None,
            at: String::new(),
            until: String::new(),
            lasted_s: 0.0,
            campaign: "",
            state: "",
            available: None,
            pause_below: None,
            resume_at: None,
        });
        check(&AuditRowRecord {
            schema: "",
            tenant: None,
            seq: 0,
            at: "",
            campaign: None,
            decision: "",
            kind: "",
            event: "",
            previous: "",
            hash: "",
        });
    }
}
