//! Seals rows of the audit: writes them to a file, records the segment, and removes the rows, in this order.
//!
//! 1. *The file.* The rows are read and checked, and written to a file that is there whole and kept by the system, or not at all. Then
//!    it is read back: the file alone has to prove its part of the chain.
//! 2. *The record.* One transaction adds the segment and the row of the audit that tells of it.
//! 3. *The removal*, where it is asked for: the file is read once more, and one transaction marks the segment and deletes its rows. The
//!    tables refuse to delete any other.
//!
//! Whatever ends in between loses nothing: a file without a record is taken for the record if it proves the rows that are there, and a
//! record whose rows are there still is removed by the next that asks for it. The last row is never sealed, since the next one
//! follows it.

use std::io;
use std::path::{Path, PathBuf};

use crate::control::ports::{AuditEvent, AuditRow};
use crate::domain::{DecisionId, Timestamp};

use super::at::StoreAt;
use super::audit::{self, GENESIS, StoredRow};
use super::fault::StoreFault;
use super::reader::StoreReader;
use super::segment::{self, MOST_ROWS, Segment};
use super::segment_file::{ProvenFile, SegmentRows, prove, proves, write_header, write_row};
use super::sql_fault::{SqlFault, SqlResult};
use super::value::values;
use super::whole_file::WholeFile;
use super::writer::Store;

/// Rows that are held in memory at once.
const ROWS_AT_ONCE: i64 = 500;

/// Why nothing, or not everything, was sealed. What was sealed before stays so.
#[derive(Debug, thiserror::Error)]
pub enum SealFault {
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// The store cannot be written, in words.
    #[error("{0}")]
    NotWritten(String),
    /// A file cannot be written or read.
    #[error("{}: {why}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// The chain does not hold in these rows, or a file does not prove it.
    #[error("nothing is sealed of what does not hold: {0}")]
    Broken(String),
}

/// Who seals, and when.
#[derive(Clone, Debug)]
pub struct Sealer {
    /// For the audit; none for the daemon itself.
    pub by: Option<String>,
    /// The run under whose number rows of the audit are written.
    pub run: u64,
    /// The time.
    pub now: Timestamp,
}

/// Which rows are sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealRange {
    /// Every row before a time.
    Before(Timestamp),
    /// Rows before a time, once there is a full segment of them or the oldest is before another time.
    Full {
        /// Rows before this may be sealed.
        before: Timestamp,
        /// A segment that is not full is sealed once its first row is before this.
        at_latest: Timestamp,
    },
}

impl StoreReader {
    /// The segments that the store records, the first rows first.
    ///
    /// # Errors
    /// When the store cannot be read, or is of an older version.
    pub fn segments(&self) -> Result<Vec<Segment>, StoreFault> {
        self.of_this_version()?;
        segment::all(&self.database).map_err(|wrong| self.fault(wrong))
    }

    /// The rows that the next segment is to have; none where none is to be sealed.
    fn next_segment(&self, at: &StoreAt, range: SealRange) -> SqlResult<Option<SegmentRows>> {
        let (before, at_latest) = match range {
            SealRange::Before(before) => (before, None),
            SealRange::Full { before, at_latest } => (before, Some(at_latest)),
        };
        let moment = self.database.moment()?;
        let last = segment::all(&moment)?.pop();
        let first = last
            .as_ref()
            .map_or(1, |segment| segment.last.saturating_add(1));
        let previous = last.map_or_else(|| GENESIS.to_owned(), |segment| segment.hash);
        let Some((head, _)) = audit::head(&moment)? else {
            return Ok(None);
        };
        let behind = first.saturating_add(MOST_ROWS).min(head);
        // Times need not rise with the numbers: the clock may have been set. A segment ends before the first row that is too young.
        let young: Option<i64> = moment.one(
            "SELECT min(seq) FROM audit WHERE {mine} AND seq >= ?1 AND seq < ?2 AND at_ms >= ?3",
            &values![first, behind, before.as_unix_millis()],
            |row| row.get(0),
        )?;
        let end = young.unwrap_or(behind);
        let full = end == first.saturating_add(MOST_ROWS);
        let ends = moment.query(
            "SELECT seq, at_ms, hash FROM audit WHERE {mine} AND (seq = ?1 OR seq = ?2) ORDER BY seq",
            &values![first, end.saturating_sub(1)],
            |row| {
                let at = Timestamp::from_unix_millis(row.get(1)?);
                Ok((row.get::<i64>(0)?, at, row.get::<String>(2)?))
            },
        )?;
        let (Some((_, first_at, _)), Some((last, last_at, hash)), true) =
            (ends.first(), ends.last(), end > first)
        else {
            return Ok(None);
        };
        if at_latest.is_some_and(|latest| !full && *first_at >= latest) {
            return Ok(None);
        }
        Ok(Some(SegmentRows {
            tenant: at.tenant().to_owned(),
            first,
            last: *last,
            first_at: *first_at,
            last_at: *last_at,
            previous,
            hash: hash.clone(),
        }))
    }

    /// Writes the rows of a segment to a file, unless it is there already, and has it prove them.
    fn write_segment(&self, rows: &SegmentRows, path: &Path) -> Result<ProvenFile, SealFault> {
        let file = |why| SealFault::File {
            path: path.to_owned(),
            why,
        };
        // Whoever ended before the record has left the whole file.
        if !path.try_exists().map_err(file)? {
            let mut out = WholeFile::create(path).map_err(file)?;
            write_header(&mut out, rows).map_err(file)?;
            let mut behind = rows.first.saturating_sub(1);
            while behind < rows.last {
                let up_to = behind.saturating_add(ROWS_AT_ONCE).min(rows.last);
                let page = self.database.query(
                    "SELECT seq, at_ms, campaign, run, tick, kind, body, previous, hash FROM audit
                     WHERE {mine} AND seq > ?1 AND seq <= ?2 ORDER BY seq",
                    &values![behind, up_to],
                    StoredRow::read,
                );
                for row in page.map_err(|wrong| self.fault(wrong))? {
                    write_row(&mut out, row).map_err(file)?;
                }
                behind = up_to;
            }
            out.keep().map_err(file)?;
        }
        let proven = prove(path).map_err(SealFault::Broken)?;
        let same = (&proven.tenant, proven.first, proven.last)
            == (&rows.tenant, rows.first, rows.last)
            && (&proven.previous, &proven.hash) == (&rows.previous, &rows.hash);
        if same {
            Ok(proven)
        } else {
            Err(SealFault::Broken(format!(
                "{} is of other rows; move it away",
                path.display()
            )))
        }
    }
}

/// Seals the next segment of a store into `directory`, which is made if need be; none where none is to be sealed. It is written beside
/// whoever writes the store.
///
/// # Errors
/// When the store or the file cannot be used, or the chain does not hold.
pub async fn seal_next(
    store: &Store,
    at: &StoreAt,
    directory: &Path,
    range: SealRange,
    sealer: &Sealer,
) -> Result<Option<Segment>, SealFault> {
    let (place, named) = (at.clone(), directory.to_owned());
    let written = tokio::task::spawn_blocking(move || write_next(&place, &named, range)).await;
    let written = written.map_err(|wrong| SealFault::NotWritten(wrong.to_string()))??;
    let Some((file, proven)) = written else {
        return Ok(None);
    };
    let sealer = sealer.clone();
    let recorded = store.ask(move |database| {
        let transaction = database.begin()?;
        let segment = record(&transaction, file, proven, &sealer)?;
        transaction.commit()?;
        Ok(segment)
    });
    recorded.await.map(Some).map_err(SealFault::NotWritten)
}

fn write_next(
    at: &StoreAt,
    directory: &Path,
    range: SealRange,
) -> Result<Option<(String, ProvenFile)>, SealFault> {
    let reader = StoreReader::open(at)?;
    let next = reader.next_segment(at, range);
    let Some(rows) = next.map_err(|wrong| reader.fault(wrong))? else {
        return Ok(None);
    };
    super::file::make_directory(directory)?;
    let name = rows.file_name();
    let proven = reader.write_segment(&rows, &directory.join(&name))?;
    Ok(Some((name, proven)))
}

/// Adds the record of a segment and the row that tells of it.
fn record(
    transaction: &super::database::Transaction<'_>,
    file: String,
    proven: ProvenFile,
    sealer: &Sealer,
) -> SqlResult<Segment> {
    let refused = |why: &str| SqlFault::Unwritable(format!("the segment is not recorded: {why}"));
    let last = segment::all(transaction)?.pop();
    if last.map_or(1, |segment| segment.last.saturating_add(1)) != proven.first {
        return Err(refused("somebody else has sealed its rows meanwhile"));
    }
    let there = "SELECT hash FROM audit WHERE {mine} AND seq = ?1";
    let there: Option<String> =
        transaction.first(there, &values![proven.last], |row| row.get(0))?;
    let head = audit::head(transaction)?.map_or(0, |(seq, _)| seq);
    if there.as_ref() != Some(&proven.hash) || head <= proven.last {
        return Err(refused("its last row is not that of the store"));
    }
    let segment = Segment {
        first: proven.first,
        last: proven.last,
        first_at: proven.first_at,
        last_at: proven.last_at,
        previous: proven.previous,
        hash: proven.hash,
        file,
        digest: proven.digest,
        told: head.saturating_add(1),
        removed: false,
    };
    let event = AuditEvent::Sealed {
        first: segment.first,
        last: segment.last,
        hash: segment.hash.clone(),
        file: segment.file.clone(),
        digest: segment.digest.clone(),
        by: sealer.by.clone(),
    };
    audit::append(transaction, &[sealer.row(event)])?;
    segment::insert(transaction, &segment, sealer.now)?;
    Ok(segment)
}

/// Removes the rows of every sealed segment whose file in `directory` proves them; returns those whose rows went. `store` is written
/// beside whoever else writes it.
///
/// # Errors
/// When the store cannot be used, or a file is missing or proves other rows; what was removed before is removed.
pub async fn remove_sealed(
    store: &Store,
    at: &StoreAt,
    directory: &Path,
    sealer: &Sealer,
) -> Result<Vec<Segment>, SealFault> {
    let place = at.clone();
    let segments = tokio::task::spawn_blocking(move || StoreReader::open(&place)?.segments()).await;
    let segments = segments.map_err(|wrong| SealFault::NotWritten(wrong.to_string()))??;
    let mut removed = Vec::new();
    for segment in segments.into_iter().filter(|segment| !segment.removed) {
        let path = directory.join(&segment.file);
        let known = segment.clone();
        // Read once more, and not remembered: what is removed is only there from now on.
        let proven = tokio::task::spawn_blocking(move || proves(&path, &known)).await;
        proven
            .map_err(|wrong| SealFault::NotWritten(wrong.to_string()))?
            .map_err(SealFault::Broken)?;
        let (known, sealer) = (segment.clone(), sealer.clone());
        let went = store.ask(move |database| {
            let transaction = database.begin()?;
            let went = segment::remove_rows(&transaction, &known, sealer.now)?;
            if went {
                let event = AuditEvent::SegmentRemoved {
                    first: known.first,
                    last: known.last,
                    by: sealer.by.clone(),
                };
                audit::append(&transaction, &[sealer.row(event)])?;
            }
            transaction.commit()?;
            Ok(went)
        });
        if went.await.map_err(SealFault::NotWritten)? {
            removed.push(Segment {
                removed: true,
                ..segment
            });
        }
    }
    Ok(removed)
}

impl Sealer {
    fn row(&self, event: AuditEvent) -> AuditRow {
        AuditRow {
            at: self.now,
            campaign: None,
            decision: DecisionId {
                run: self.run,
                tick: 0,
            },
            event,
        }
    }
}
