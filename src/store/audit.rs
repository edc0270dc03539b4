//! The hash chain of the audit.

use ring::digest::{Context, SHA256};
use serde::Serialize;

use crate::control::ports::AuditRow;
use crate::domain::{CampaignId, Timestamp};

use super::database::{Database, Transaction};
use super::sql_fault::{SqlFault, SqlResult};
use super::value::{Row, Value, json, stored, values};

/// The hash before the first row.
const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

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

/// The first place where the chain does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrokenChain {
    /// A row's content is not what was hashed.
    #[error("audit row {seq} was changed: its content does not give its hash")]
    Changed {
        /// Which row.
        seq: i64,
    },
    /// A row does not follow the one before.
    #[error("audit row {seq} does not follow row {}: a row between or before was taken out or put in", seq - 1)]
    Unlinked {
        /// Which row.
        seq: i64,
    },
    /// A number is missing.
    #[error("audit row {seq} is missing")]
    Missing {
        /// Which row.
        seq: i64,
    },
    /// The last row is not the one that was written last.
    #[error("the audit ends at row {found}, but row {expected} was written: the end was cut off")]
    CutOff {
        /// The last row there.
        found: i64,
        /// The last row written.
        expected: i64,
    },
    /// It cannot be read.
    #[error(
        "the audit cannot be read: {0}; a copy is read in a directory that this user may write"
    )]
    Unreadable(String),
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

/// Rows of the audit behind one, in order.
const PAGE: &str = "SELECT seq, at_ms, campaign, run, tick, kind, body, previous, hash
     FROM audit WHERE {mine} AND seq > ?1 ORDER BY seq LIMIT ?2";

/// Rows that are held in memory at once.
const ROWS_OF_A_PAGE: i64 = 1_000;

/// Feeds every row to `each` in order, and checks the chain on the way.
pub(super) fn verify(
    database: &Database,
    mut each: impl FnMut(StoredRow),
) -> Result<u64, BrokenChain> {
    let unreadable = |wrong: SqlFault| BrokenChain::Unreadable(wrong.to_string());
    // Of one moment: a daemon that writes meanwhile must not move the head away from the rows.
    let moment = database.moment().map_err(unreadable)?;
    let (mut expected, mut previous) = (1_i64, GENESIS.to_owned());
    let mut follow = |row: StoredRow| {
        let seq = row.seq;
        if seq != expected {
            return Err(BrokenChain::Missing { seq: expected });
        }
        if row.previous != previous {
            return Err(BrokenChain::Unlinked { seq });
        }
        if row.digest() != row.hash {
            return Err(BrokenChain::Changed { seq });
        }
        expected = expected.saturating_add(1);
        previous.clone_from(&row.hash);
        each(row);
        Ok(())
    };
    let mut last = 0_i64;
    loop {
        let page = moment.query(PAGE, &values![last, ROWS_OF_A_PAGE], StoredRow::read);
        let page = page.map_err(unreadable)?;
        let Some(end) = page.last() else {
            break;
        };
        last = end.seq;
        page.into_iter().try_for_each(&mut follow)?;
    }
    let found = expected.saturating_sub(1);
    let (written, hash) = head(&moment)
        .map_err(unreadable)?
        .unwrap_or((0, GENESIS.to_owned()));
    if written != found || hash != previous {
        return Err(BrokenChain::CutOff {
            found,
            expected: written,
        });
    }
    Ok(u64::try_from(found).unwrap_or_default())
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

    fn read(row: &Row<'_>) -> SqlResult<Self> {
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
            at: Timestamp::from_unix_millis(self.at_ms).to_string(),
            campaign: self.campaign,
            decision: format!("{}-{}", self.run, self.tick),
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
