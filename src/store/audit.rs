//! The hash chain of the audit.

use ring::digest::{Context, SHA256};
use serde::Serialize;

use crate::control::ports::AuditRow;
use crate::domain::{CampaignId, Timestamp};

use super::database::{Database, Transaction};
use super::sql_fault::SqlResult;
use super::value::{Row, Value, json, stored, values};

/// The hash before the first row.
pub(super) const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One row of the audit, as it is exported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditRecord {
    /// Its number, from 1 without gaps.
    pub seq: i64,
    /// When it happened, RFC 3339.
    pub at: String,
    /// Which campaign it is about, if one.
    pub campaign: Option<String>,
    /// Which decision it belongs to.
    pub decision: String,
    /// What kind of event.
    pub kind: String,
    /// The event.
    pub event: serde_json::Value,
    /// The hash of the row before.
    pub previous: String,
    /// The hash of this row.
    pub hash: String,
}

/// Appends rows within `transaction`.
pub(super) fn append(transaction: &Transaction<'_>, rows: &[AuditRow]) -> SqlResult<()> {
    if rows.is_empty() {
        return Ok(());
    }
    // Read each time: after a commit that failed, only the file knows whether its rows are there.
    let (mut seq, mut previous) = head(transaction)?.unwrap_or((0, GENESIS.to_owned()));
    transaction.execute_each(
        "INSERT INTO audit ({tenant}seq, at_ms, campaign, run, tick, kind, body, previous, hash)
         VALUES ({its}?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        rows.iter().map(|row| {
            seq = seq.saturating_add(1);
            let stored = StoredRow::new(seq, row, std::mem::take(&mut previous))?;
            previous.clone_from(&stored.hash);
            Ok(stored.into_values())
        }),
    )?;
    transaction.execute(
        "INSERT INTO audit_head ({tenant}\"only\", seq, hash) VALUES ({its}1, ?1, ?2)
         ON CONFLICT ({tenant}\"only\") DO UPDATE SET seq = excluded.seq, hash = excluded.hash",
        &values![seq, previous],
    )?;
    Ok(())
}

/// The last row that was written, and its hash.
pub(super) fn head(database: &Database) -> SqlResult<Option<(i64, String)>> {
    let select = "SELECT seq, hash FROM audit_head WHERE {mine}";
    database.first(select, &[], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// One row of the audit, as it is stored.
pub(super) struct StoredRow {
    seq: i64,
    at_ms: i64,
    campaign: Option<String>,
    run: i64,
    tick: i64,
    kind: String,
    body: String,
    previous: String,
    hash: String,
}

impl StoredRow {
    fn new(seq: i64, row: &AuditRow, previous: String) -> SqlResult<Self> {
        let mut made = Self {
            seq,
            at_ms: row.at.as_unix_millis(),
            campaign: row.campaign.as_ref().map(CampaignId::to_string),
            run: stored(row.decision.run),
            tick: stored(row.decision.tick),
            kind: row.event.kind().to_owned(),
            body: json(&row.event)?,
            previous,
            hash: String::new(),
        };
        made.hash = made.digest();
        Ok(made)
    }

    /// A row of its parts: number, time and run with tick; campaign, kind and body; and both hashes.
    pub(super) fn of_parts(
        (seq, at, (run, tick)): (i64, Timestamp, (i64, i64)),
        (campaign, kind, body): (Option<String>, String, String),
        (previous, hash): (String, String),
    ) -> Self {
        Self {
            seq,
            at_ms: at.as_unix_millis(),
            campaign,
            run,
            tick,
            kind,
            body,
            previous,
            hash,
        }
    }

    pub(super) fn seq(&self) -> i64 {
        self.seq
    }

    pub(super) fn at(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.at_ms)
    }

    /// Run and tick.
    pub(super) fn decision(&self) -> String {
        format!("{}-{}", self.run, self.tick)
    }

    pub(super) fn kind(&self) -> &str {
        &self.kind
    }

    /// The event as it was hashed.
    pub(super) fn body(&self) -> &str {
        &self.body
    }

    pub(super) fn previous(&self) -> &str {
        &self.previous
    }

    pub(super) fn hash(&self) -> &str {
        &self.hash
    }

    /// Campaign, kind, and the hash of the row before and its own.
    pub(super) fn into_texts(self) -> (Option<String>, String, String, String) {
        (self.campaign, self.kind, self.previous, self.hash)
    }

    /// Whether its content gives its hash.
    pub(super) fn holds(&self) -> bool {
        self.digest() == self.hash
    }

    /// The row's columns.
    fn into_values(self) -> [Value<'static>; 9] {
        values![
            self.seq,
            self.at_ms,
            self.campaign,
            self.run,
            self.tick,
            self.kind,
            self.body,
            self.previous,
            self.hash,
        ]
    }

    pub(super) fn read(row: &Row<'_>) -> SqlResult<Self> {
        Ok(Self {
            seq: row.get(0)?,
            at_ms: row.get(1)?,
            campaign: row.get(2)?,
            run: row.get(3)?,
            tick: row.get(4)?,
            kind: row.get(5)?,
            body: row.get(6)?,
            previous: row.get(7)?,
            hash: row.get(8)?,
        })
    }

    /// SHA-256 over every column, each with its length before it, so that no two rows read the same.
    fn digest(&self) -> String {
        let Self {
            seq,
            at_ms,
            campaign,
            run,
            tick,
            kind,
            body,
            previous,
            hash: _,
        } = self;
        let mut context = Context::new(&SHA256);
        for number in [seq, at_ms, run, tick] {
            context.update(&number.to_be_bytes());
        }
        context.update(&[u8::from(campaign.is_some())]);
        for text in [
            campaign.as_deref().unwrap_or_default(),
            kind,
            body,
            previous,
        ] {
            context.update(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(text.as_bytes());
        }
        hex(context.finish().as_ref())
    }

    /// Returns the row as it is exported.
    pub(super) fn record(self) -> AuditRecord {
        AuditRecord {
            seq: self.seq,
            at: self.at().to_string(),
            decision: self.decision(),
            campaign: self.campaign,
            kind: self.kind,
            event: serde_json::from_str(&self.body).unwrap_or(serde_json::Value::String(self.body)),
            previous: self.previous,
            hash: self.hash,
        }
    }
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .filter_map(|digit| char::from_digit(u32::from(digit), 16))
        .collect()
}
