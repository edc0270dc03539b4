//! The file of a segment: a line about the segment, and a line for each row, by which alone the chain can be checked.
//!
//! A row's event stands there byte by byte as it was hashed. The form is `audit-segment/1`.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::control::ports::AuditEvent;
use crate::domain::Timestamp;

use super::audit::{StoredRow, hex};
use super::segment::Segment;

/// The form's name and version.
const SCHEMA: &str = "audit-segment/1";

/// The longest line that is read: a row of the audit has some kilobytes, one about ten thousand campaigns a few megabytes.
const LONGEST_LINE: u64 = 64 << 20;

#[derive(Serialize, Deserialize)]
struct Header {
    schema: String,
    tenant: String,
    first: i64,
    last: i64,
    first_at: String,
    last_at: String,
    previous: String,
    hash: String,
}

#[derive(Serialize, Deserialize)]
struct RowLine<'a> {
    seq: i64,
    at: String,
    campaign: Option<String>,
    decision: String,
    kind: String,
    #[serde(borrow)]
    event: &'a RawValue,
    previous: String,
    hash: String,
}

/// The rows that a segment is to have.
#[derive(Clone, Debug)]
pub(super) struct SegmentRows {
    /// Its tenant; empty where there is one alone.
    pub(super) tenant: String,
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) first_at: Timestamp,
    pub(super) last_at: Timestamp,
    pub(super) previous: String,
    pub(super) hash: String,
}

impl SegmentRows {
    /// The name of the file: those of a tenant stand in the order of the rows.
    pub(super) fn file_name(&self) -> String {
        let whose = match self.tenant.as_str() {
            "" => String::new(),
            tenant => format!("-{tenant}"),
        };
        format!("audit{whose}-{:012}-{:012}.jsonl", self.first, self.last)
    }
}

/// Writes the line about a segment.
pub(super) fn write_header(out: &mut impl Write, rows: &SegmentRows) -> io::Result<()> {
    let header = Header {
        schema: SCHEMA.to_owned(),
        tenant: rows.tenant.clone(),
        first: rows.first,
        last: rows.last,
        first_at: rows.first_at.to_string(),
        last_at: rows.last_at.to_string(),
        previous: rows.previous.clone(),
        hash: rows.hash.clone(),
    };
    serde_json::to_writer(&mut *out, &header)?;
    out.write_all(b"\n")
}

/// Writes the line of a row.
pub(super) fn write_row(out: &mut impl Write, row: StoredRow) -> io::Result<()> {
    let (seq, at) = (row.seq(), row.at().to_string());
    let decision = row.decision();
    let body = row.body().to_owned();
    let event: &RawValue = serde_json::from_str(&body).map_err(|wrong| {
        let wrong = format!("row {seq} is no JSON: {wrong}");
        io::Error::new(io::ErrorKind::InvalidData, wrong)
    })?;
    let (campaign, kind, previous, hash) = row.into_texts();
    let line = RowLine {
        seq,
        at,
        campaign,
        decision,
        kind,
        event,
        previous,
        hash,
    };
    serde_json::to_writer(&mut *out, &line)?;
    out.write_all(b"\n")
}

/// A `sealed` row: its number, and the segment that it tells of.
pub(super) struct ToldSegment {
    pub(super) told: i64,
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) hash: String,
    pub(super) digest: String,
}

impl ToldSegment {
    /// What a row tells of a segment, if it does.
    pub(super) fn of(seq: i64, kind: &str, body: &str) -> Option<Self> {
        if kind != "sealed" {
            return None;
        }
        let AuditEvent::Sealed {
            first,
            last,
            hash,
            digest,
            ..
        } = serde_json::from_str(body).ok()?
        else {
            return None;
        };
        Some(Self {
            told: seq,
            first,
            last,
            hash,
            digest,
        })
    }

    /// Whether it tells of this one.
    pub(super) fn fits(&self, segment: &Segment) -> bool {
        self.told == segment.told
            && self.first == segment.first
            && self.last == segment.last
            && self.hash == segment.hash
            && self.digest == segment.digest
    }
}

/// What a file proves.
pub(super) struct ProvenFile {
    pub(super) tenant: String,
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) first_at: String,
    pub(super) last_at: String,
    pub(super) previous: String,
    pub(super) hash: String,
    pub(super) digest: String,
    pub(super) told: Vec<ToldSegment>,
}

/// Reads a file, a line at a time, and checks the chain in it.
///
/// # Errors
/// In words, when it cannot be read, is no segment, or its rows do not follow each other.
pub(super) fn prove(path: &Path) -> Result<ProvenFile, String> {
    let said = |wrong: io::Error| format!("{}: {wrong}", path.display());
    let wrong = |why: String| format!("{}: {why}", path.display());
    let mut reader = Hashing {
        inner: BufReader::new(File::open(path).map_err(said)?),
        context: Context::new(&SHA256),
    };
    let mut line = String::new();
    reader.line(&mut line).map_err(said)?;
    let header: Header = serde_json::from_str(&line)
        .map_err(|_| wrong("its first line is not that of a segment".to_owned()))?;
    if header.schema != SCHEMA {
        return Err(wrong(format!(
            "its form is {}, this program knows {SCHEMA}",
            header.schema
        )));
    }
    let (mut next, mut previous) = (header.first, header.previous.clone());
    let mut told = Vec::new();
    while reader.line(&mut line).map_err(said)? {
        let row = stored(&line).map_err(|why| wrong(format!("row {next}: {why}")))?;
        if row.seq() != next {
            return Err(wrong(format!("row {next} is missing")));
        }
        if row.previous() != previous {
            return Err(wrong(format!("row {next} does not follow the one before")));
        }
        if !row.holds() {
            return Err(wrong(format!(
                "row {next} was changed: its content does not give its hash"
            )));
        }
        told.extend(ToldSegment::of(next, row.kind(), row.body()));
        next = next.saturating_add(1);
        row.hash().clone_into(&mut previous);
    }
    if next != header.last.saturating_add(1) || previous != header.hash {
        return Err(wrong(format!(
            "it ends at row {}, not with row {} as it says",
            next.saturating_sub(1),
            header.last
        )));
    }
    Ok(ProvenFile {
        tenant: header.tenant,
        first: header.first,
        last: header.last,
        first_at: header.first_at,
        last_at: header.last_at,
        previous: header.previous,
        hash: header.hash,
        digest: hex(reader.context.finish().as_ref()),
        told,
    })
}

/// Whether a file proves the rows of a segment, and is the one that was recorded.
pub(super) fn proves(path: &Path, segment: &Segment) -> Result<ProvenFile, String> {
    let proven = prove(path)?;
    if proven.digest != segment.digest {
        return Err(format!(
            "{} is not the file that was recorded for rows {} to {}",
            path.display(),
            segment.first,
            segment.last
        ));
    }
    Ok(proven)
}

/// Reads the hash of one row of a file.
///
/// # Errors
/// In words, when it cannot be read or has no such row.
pub(super) fn row_hash(path: &Path, row: i64) -> Result<String, String> {
    let said = |wrong: io::Error| format!("{}: {wrong}", path.display());
    for line in BufReader::new(File::open(path).map_err(said)?)
        .lines()
        .skip(1)
    {
        let found = stored(&line.map_err(said)?)?;
        if found.seq() == row {
            return Ok(found.hash().to_owned());
        }
    }
    Err(format!("{} has no row {row}", path.display()))
}

fn stored(line: &str) -> Result<StoredRow, String> {
    let read: RowLine<'_> = serde_json::from_str(line).map_err(|wrong| wrong.to_string())?;
    let at = Timestamp::parse_rfc3339(&read.at).ok_or("its time cannot be read")?;
    let decision = read.decision.split_once('-');
    let decision = decision.and_then(|(run, tick)| Some((run.parse().ok()?, tick.parse().ok()?)));
    let decision = decision.ok_or("its decision cannot be read")?;
    Ok(StoredRow::of_parts(
        (read.seq, at, decision),
        (read.campaign, read.kind, read.event.get().to_owned()),
        (read.previous, read.hash),
    ))
}

/// Reads lines, and hashes every byte.
struct Hashing {
    inner: BufReader<File>,
    context: Context,
}

impl Hashing {
    /// Reads the next line into `line`; returns whether there is one.
    fn line(&mut self, line: &mut String) -> io::Result<bool> {
        line.clear();
        let read = (&mut self.inner).take(LONGEST_LINE).read_line(line)?;
        self.context.update(line.as_bytes());
        Ok(read > 0)
    }
}
