//! Segments of the audit: ranges of rows that lie in files of their own, and may be removed from the tables.
//!
//! A segment's record says which rows it has, the hash before the first and that of the last, and the digest of its file. A row of the
//! audit tells the same (`sealed`), so that a record that was put in by somebody has no row that fits it.

use serde::Serialize;

use crate::domain::Timestamp;

use super::database::{Database, Transaction};
use super::schema;
use super::sql_fault::SqlResult;
use super::value::{Row, values};

/// Rows of a segment at most: some tens of megabytes, and removed within the deadline that statements have on a server.
pub(super) const MOST_ROWS: i64 = 20_000;

/// A range of rows that lies in a file of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Segment {
    /// The number of its first row.
    pub first: i64,
    /// The number of its last row.
    pub last: i64,
    /// When the first row happened, RFC 3339.
    pub first_at: String,
    /// When the last row happened, RFC 3339.
    pub last_at: String,
    /// The hash of the row before the first.
    pub previous: String,
    /// The hash of the last row.
    pub hash: String,
    /// The name of its file, without directories.
    pub file: String,
    /// SHA-256 of its file.
    pub digest: String,
    /// The row of the audit that tells of it.
    pub told: i64,
    /// Whether its rows were removed from the tables.
    pub removed: bool,
}

impl Segment {
    /// How many rows it has.
    #[must_use]
    pub fn rows(&self) -> u64 {
        let rows = self.last.saturating_sub(self.first).saturating_add(1);
        u64::try_from(rows).unwrap_or_default()
    }

    /// Whether it has as many rows as one has at most: then there may be more to seal.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.last.saturating_sub(self.first).saturating_add(1) >= MOST_ROWS
    }

    fn read(row: &Row<'_>) -> SqlResult<Self> {
        let at = |column: usize| -> SqlResult<String> {
            Ok(Timestamp::from_unix_millis(row.get(column)?).to_string())
        };
        Ok(Self {
            first: row.get(0)?,
            last: row.get(1)?,
            first_at: at(2)?,
            last_at: at(3)?,
            previous: row.get(4)?,
            hash: row.get(5)?,
            file: row.get(6)?,
            digest: row.get(7)?,
            told: row.get(8)?,
            removed: row.get::<Option<i64>>(9)?.is_some(),
        })
    }
}

/// Every segment, the first rows first.
pub(super) fn all(database: &Database) -> SqlResult<Vec<Segment>> {
    // A file that no daemon of this version has opened yet has none.
    if let Some(file) = database.file()
        && schema::version(file)? < schema::WITH_SEGMENTS
    {
        return Ok(Vec::new());
    }
    database.query(
        "SELECT first_seq, last_seq, first_ms, last_ms, previous, hash, file, digest, told_seq, removed_ms
         FROM segment WHERE {mine} ORDER BY first_seq",
        &[],
        Segment::read,
    )
}

/// Adds a segment.
pub(super) fn insert(
    transaction: &Transaction<'_>,
    segment: &Segment,
    now: Timestamp,
) -> SqlResult<()> {
    let millis = |at: &str| Timestamp::parse_rfc3339(at).map_or(0, Timestamp::as_unix_millis);
    transaction.execute(
        "INSERT INTO segment ({tenant}first_seq, last_seq, first_ms, last_ms, previous, hash, file, digest, told_seq, sealed_ms)
         VALUES ({its}?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        &values![
            segment.first,
            segment.last,
            millis(&segment.first_at),
            millis(&segment.last_at),
            &segment.previous,
            &segment.hash,
            &segment.file,
            &segment.digest,
            segment.told,
            now.as_unix_millis(),
        ],
    )?;
    Ok(())
}

/// Removes the rows of a segment; returns whether that was still to be done. The tables let no other row go.
pub(super) fn remove_rows(
    transaction: &Transaction<'_>,
    segment: &Segment,
    now: Timestamp,
) -> SqlResult<bool> {
    let marked = transaction.execute(
        "UPDATE segment SET removed_ms = ?2 WHERE {mine} AND first_seq = ?1 AND removed_ms IS NULL",
        &values![segment.first, now.as_unix_millis()],
    )?;
    if marked == 0 {
        return Ok(false);
    }
    transaction.execute(
        "DELETE FROM audit WHERE {mine} AND seq >= ?1 AND seq <= ?2",
        &values![segment.first, segment.last],
    )?;
    Ok(true)
}

/// What is known of a row that may have been sealed and removed.
pub(super) enum RemovedRow {
    /// It was not.
    Not,
    /// It was, and its hash is in its file alone.
    Within,
    /// It was the last one of its segment, with this hash.
    Last(String),
}

/// Tells whether a row was sealed and removed.
pub(super) fn removed_row(database: &Database, seq: i64) -> SqlResult<RemovedRow> {
    let covering = "SELECT last_seq, hash FROM segment
         WHERE {mine} AND removed_ms IS NOT NULL AND first_seq <= ?1 AND last_seq >= ?1";
    let found: Option<(i64, String)> = database.first(covering, &values![seq], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(match found {
        None => RemovedRow::Not,
        Some((last, hash)) if last == seq => RemovedRow::Last(hash),
        Some(_) => RemovedRow::Within,
    })
}
