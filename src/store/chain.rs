//! The check of the audit's chain: over its rows, over segments that were sealed and removed, and over their files.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::domain::Timestamp;

use super::audit::{GENESIS, StoredRow, head};
use super::database::Database;
use super::segment::{self, Segment};
use super::segment_file::{ToldSegment, proves, row_hash};
use super::sql_fault::SqlFault;
use super::value::values;

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
    /// What was sealed is not what the chain has.
    #[error("audit rows {first} to {last} were sealed in {file}, and that segment {why}")]
    Segment {
        /// Its first row.
        first: i64,
        /// Its last row.
        last: i64,
        /// Its file.
        file: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// What was published of the head is not what the chain has.
    #[error("{0}")]
    Head(String),
    /// A file does not prove what it is given for.
    #[error("{0}")]
    File(String),
    /// It cannot be read.
    #[error(
        "the audit cannot be read: {0}; a copy is read in a directory that this user may write"
    )]
    Unreadable(String),
}

impl BrokenChain {
    fn of_segment(segment: &Segment, why: &'static str) -> Self {
        Self::Segment {
            first: segment.first,
            last: segment.last,
            file: segment.file.clone(),
            why,
        }
    }
}

/// Rows of the audit behind one, in order.
const PAGE: &str = "SELECT seq, at_ms, campaign, run, tick, kind, body, previous, hash
     FROM audit WHERE {mine} AND seq > ?1 ORDER BY seq LIMIT ?2";

/// Rows that are held in memory at once.
const ROWS_OF_A_PAGE: i64 = 1_000;

/// What the check of a chain found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Rows in the tables.
    pub rows: u64,
    /// Rows that were sealed and removed.
    pub removed: u64,
    /// When the first row happened, be it in the tables or not, RFC 3339.
    pub first_at: Option<String>,
    /// When the last row happened, RFC 3339.
    pub last_at: Option<String>,
    /// The number of the last row; 0 without any.
    pub head: i64,
    /// Its hash.
    pub hash: String,
    /// What was sealed.
    pub segments: Vec<Segment>,
}

/// Feeds every row to `each` in order, and checks the chain on the way. Over rows that were sealed and removed it is checked by what is
/// recorded of them, and by the rows of the audit that tell of it.
pub(super) fn verify(
    database: &Database,
    mut each: impl FnMut(StoredRow),
) -> Result<Chain, BrokenChain> {
    let unreadable = |wrong: SqlFault| BrokenChain::Unreadable(wrong.to_string());
    // Of one moment: a daemon that writes meanwhile must not move the head away from the rows.
    let moment = database.moment().map_err(unreadable)?;
    let segments = segment::all(&moment).map_err(unreadable)?;
    let mut walk = Walk::new(&segments)?;
    let mut last = 0_i64;
    loop {
        let page = moment.query(PAGE, &values![last, ROWS_OF_A_PAGE], StoredRow::read);
        let page = page.map_err(unreadable)?;
        let Some(end) = page.last() else {
            break;
        };
        last = end.seq();
        for row in page {
            walk.follow(&row)?;
            each(row);
        }
    }
    let (written, hash) = head(&moment)
        .map_err(unreadable)?
        .unwrap_or((0, GENESIS.to_owned()));
    walk.end(written, &hash)?;
    let Walk {
        rows,
        removed,
        first_at,
        last_at,
        ..
    } = walk;
    let sealed_at = segments.iter().find(|segment| segment.removed);
    let sealed_at = sealed_at.map(|segment| segment.first_at.clone());
    Ok(Chain {
        rows,
        removed,
        first_at: sealed_at.or(first_at.map(|at| at.to_string())),
        last_at: last_at.map(|at| at.to_string()),
        head: written,
        hash,
        segments,
    })
}

/// Follows a chain over its rows and over segments that were removed.
struct Walk<'s> {
    /// Segments that were not met yet.
    segments: std::iter::Peekable<std::slice::Iter<'s, Segment>>,
    /// Removed segments of which no row has told yet.
    untold: Vec<&'s Segment>,
    expected: i64,
    previous: String,
    rows: u64,
    removed: u64,
    /// The last row that was removed.
    removed_to: i64,
    first_at: Option<Timestamp>,
    last_at: Option<Timestamp>,
}

impl<'s> Walk<'s> {
    fn new(segments: &'s [Segment]) -> Result<Self, BrokenChain> {
        let (mut next, mut previous) = (1_i64, GENESIS);
        for segment in segments {
            let follows = segment.first == next && segment.previous == previous;
            if !follows || segment.last < segment.first {
                return Err(BrokenChain::of_segment(
                    segment,
                    "does not follow what was sealed before",
                ));
            }
            next = segment.last.saturating_add(1);
            previous = &segment.hash;
        }
        let removed = segments.iter().filter(|segment| segment.removed);
        let mut walk = Self {
            segments: segments.iter().peekable(),
            untold: removed.collect(),
            expected: 1,
            previous: GENESIS.to_owned(),
            rows: 0,
            removed: 0,
            removed_to: 0,
            first_at: None,
            last_at: None,
        };
        walk.step_over();
        Ok(walk)
    }

    /// Steps over segments whose rows were removed.
    fn step_over(&mut self) {
        while let Some(segment) = self
            .segments
            .next_if(|segment| segment.removed && segment.first == self.expected)
        {
            self.expected = segment.last.saturating_add(1);
            self.previous.clone_from(&segment.hash);
            self.removed = self.removed.saturating_add(segment.rows());
            self.removed_to = segment.last;
        }
    }

    fn follow(&mut self, row: &StoredRow) -> Result<(), BrokenChain> {
        let seq = row.seq();
        if seq != self.expected {
            return Err(BrokenChain::Missing { seq: self.expected });
        }
        if row.previous() != self.previous {
            return Err(BrokenChain::Unlinked { seq });
        }
        if !row.holds() {
            return Err(BrokenChain::Changed { seq });
        }
        if let Some(told) = ToldSegment::of(seq, row.kind(), row.body()) {
            self.untold.retain(|segment| !told.fits(segment));
        }
        if let Some(segment) = self.segments.next_if(|segment| segment.last == seq)
            && segment.hash != row.hash()
        {
            return Err(BrokenChain::of_segment(
                segment,
                "is recorded with another last row than there is",
            ));
        }
        self.expected = seq.saturating_add(1);
        row.hash().clone_into(&mut self.previous);
        self.rows = self.rows.saturating_add(1);
        self.first_at.get_or_insert(row.at());
        self.last_at = Some(row.at());
        self.step_over();
        Ok(())
    }

    fn end(&self, written: i64, hash: &str) -> Result<(), BrokenChain> {
        let found = self.expected.saturating_sub(1);
        if written != found || hash != self.previous {
            return Err(BrokenChain::CutOff {
                found,
                expected: written,
            });
        }
        // A row that tells of one may have been removed itself: then its file has it.
        let untold = self.untold.iter();
        let mut untold = untold.filter(|segment| segment.told > self.removed_to);
        match untold.next() {
            Some(segment) => Err(BrokenChain::of_segment(
                segment,
                "was removed, and no row of the audit tells that it was sealed so",
            )),
            None => Ok(()),
        }
    }
}

/// Returns the hash of a row of a chain that holds, be it in the tables, recorded of a segment or in one of the files.
pub(super) fn hash_of(
    database: &Database,
    chain: &Chain,
    files: &[PathBuf],
    row: i64,
) -> Result<Option<String>, BrokenChain> {
    let mut removed = chain.segments.iter().filter(|segment| segment.removed);
    let covering = removed.find(|segment| segment.first <= row && row <= segment.last);
    let Some(segment) = covering else {
        let select = "SELECT hash FROM audit WHERE {mine} AND seq = ?1";
        let found = database.first(select, &values![row], |row| row.get(0));
        return found.map_err(|wrong| BrokenChain::Unreadable(wrong.to_string()));
    };
    if row == segment.last {
        return Ok(Some(segment.hash.clone()));
    }
    let named = |path: &&PathBuf| path.file_name().is_some_and(|name| *name == *segment.file);
    let Some(path) = files.iter().find(named) else {
        return Err(BrokenChain::File(format!(
            "row {row} was sealed in {} and removed; give --segments with that file",
            segment.file
        )));
    };
    row_hash(path, row).map(Some).map_err(BrokenChain::File)
}

/// Checks that files prove the rows of a chain that were removed. A file of rows that are in the tables still may be among them.
pub(super) fn verify_files(chain: &Chain, files: &[PathBuf]) -> Result<(), BrokenChain> {
    let mut proven = BTreeSet::new();
    let mut told: Vec<ToldSegment> = Vec::new();
    for path in files {
        let name = path.file_name().and_then(|name| name.to_str());
        let known = chain
            .segments
            .iter()
            .find(|one| Some(one.file.as_str()) == name);
        let Some(known) = known else {
            return Err(BrokenChain::File(format!(
                "{} is of no segment of this store",
                path.display()
            )));
        };
        let found = proves(path, known).map_err(BrokenChain::File)?;
        if (found.first, found.last, &found.previous, &found.hash)
            != (known.first, known.last, &known.previous, &known.hash)
        {
            return Err(BrokenChain::of_segment(known, "is not what its file has"));
        }
        told.extend(found.told);
        proven.insert(known.first);
    }
    let removed: Vec<&Segment> = chain.segments.iter().filter(|one| one.removed).collect();
    let missing = removed.iter().find(|one| !proven.contains(&one.first));
    if let Some(segment) = missing {
        return Err(BrokenChain::of_segment(
            segment,
            "is not among the files that were given",
        ));
    }
    // Rows that tell of segments may have been removed with later ones.
    let removed_to = removed.last().map_or(0, |segment| segment.last);
    let untold = removed
        .iter()
        .find(|segment| segment.told <= removed_to && !told.iter().any(|told| told.fits(segment)));
    if let Some(segment) = untold {
        return Err(BrokenChain::of_segment(
            segment,
            "was removed, and no row of the audit tells that it was sealed so",
        ));
    }
    Ok(())
}
