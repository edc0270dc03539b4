//! The high-water mark: how far the store had been written, kept in a file of its own.
//!
//! A write-ahead log that is damaged ends, for `SQLite`, before the damage: what comes behind it is gone without a word, the chain of
//! the audit ends earlier and holds. The mark is outside of that and shows what is missing.
//!
//! It is written after each commit and never before one, and not forced to the disk: after a loss of power it may lag behind, which
//! hides a loss at worst and never invents one. One that cannot be read says nothing.

use std::fs::File;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use super::audit;
use super::database::Database;
use super::segment::{self, RemovedRow};
use super::sql_fault::SqlResult;
use super::value::values;

/// The file's name within the state directory.
const FILE_NAME: &str = "high-water";

/// How far a store is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// The last row of the audit, and its hash.
    audit: (i64, String),
    /// The last recorded input.
    input: i64,
}

impl Mark {
    /// Reads how far the store is written.
    pub(super) fn of(database: &Database) -> SqlResult<Self> {
        let head = audit::head(database)?;
        let newest = "SELECT max(seq) FROM input WHERE {mine}";
        let input: Option<i64> = database.one(newest, &[], |row| row.get(0))?;
        Ok(Self {
            audit: head.unwrap_or_default(),
            input: input.unwrap_or_default(),
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_ascii_whitespace();
        let (Some("1"), Some(seq), Some(hash), Some(input), Some("."), None) = (
            words.next(),
            words.next(),
            words.next(),
            words.next(),
            words.next(),
            words.next(),
        ) else {
            return None;
        };
        Some(Self {
            audit: (seq.parse().ok()?, hash.trim_start_matches('-').to_owned()),
            input: input.parse().ok()?,
        })
    }

    /// The same length whatever the numbers, so that it is written over in place.
    fn line(&self) -> String {
        let Self {
            audit: (seq, hash),
            input,
        } = self;
        let hash = if hash.is_empty() { "-" } else { hash };
        format!("1 {seq:020} {hash:>64} {input:020} .\n")
    }
}

/// The file with the mark.
pub(super) struct HighWater {
    file: File,
}

impl HighWater {
    /// Opens the mark of the store in `directory`, making it if need be; `None` when it cannot be written.
    pub(super) fn open(directory: &Path) -> Option<Self> {
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        let file = options.mode(0o600).open(directory.join(FILE_NAME)).ok()?;
        Some(Self { file })
    }

    /// Writes how far the store is written. A mark that lags behind is no fault.
    pub(super) fn write(&self, mark: &Mark) {
        drop(self.file.write_all_at(mark.line().as_bytes(), 0));
    }

    /// Returns what the store has lost since the mark was written, in words.
    pub(super) fn lost(&self, database: &Database) -> SqlResult<Option<String>> {
        let mut text = [0; 512];
        let length = self.file.read_at(&mut text, 0).unwrap_or_default();
        let text = text.get(..length).unwrap_or_default();
        let Some(marked) = std::str::from_utf8(text).ok().and_then(Mark::parse) else {
            return Ok(None);
        };
        let found = Mark::of(database)?;
        let (seq, hash) = &marked.audit;
        if found.audit.0 < *seq {
            return Ok(Some(format!(
                "the store has lost rows: its audit ends at row {}, and row {seq} had been written",
                found.audit.0
            )));
        }
        if found.input < marked.input {
            return Ok(Some(format!(
                "the store has lost rows: its recorded inputs end at {}, and {} had been written",
                found.input, marked.input
            )));
        }
        let there = "SELECT hash FROM audit WHERE {mine} AND seq = ?1";
        let there: Option<String> = database.first(there, &values![*seq], |row| row.get(0))?;
        let same = match (there, segment::removed_row(database, *seq)?) {
            _ if *seq == 0 => true,
            (Some(there), _) => there == *hash,
            // The mark lags behind: the row was sealed and removed meanwhile.
            (None, RemovedRow::Last(last)) => last == *hash,
            (None, RemovedRow::Within) => true,
            (None, RemovedRow::Not) => false,
        };
        Ok((!same).then(|| {
            format!("the store is another one: row {seq} of its audit is not the one that had been written")
        }))
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::store::schema;

    fn store(rows: i64) -> Database {
        let database = schema::in_memory();
        let connection = database.file().unwrap();
        for seq in 1..=rows {
            connection
                .execute(
                    "INSERT INTO audit VALUES (?1, 0, NULL, 1, 1, 'stopped', '{}', '', 'h' || ?1)",
                    [seq],
                )
                .unwrap();
            connection
                .execute("INSERT INTO input VALUES (?1, 0, '{}')", [seq])
                .unwrap();
        }
        connection
            .execute(
                "INSERT INTO audit_head SELECT 1, seq, hash FROM audit ORDER BY seq DESC LIMIT 1",
                [],
            )
            .unwrap();
        database
    }

    /// What is reported; nothing where nothing is lost.
    fn lost(mark: &Mark, found: &Database) -> String {
        let directory = TempDir::new().unwrap();
        HighWater::open(directory.path()).unwrap().write(mark);
        let again = HighWater::open(directory.path()).unwrap();
        again.lost(found).unwrap().unwrap_or_default()
    }

    #[test]
    fn rows_that_are_missing_are_named_and_a_mark_that_lags_says_nothing() {
        let three = store(3);
        let mark = Mark::of(&three).unwrap();
        assert_eq!(lost(&mark, &three), "");
        assert_eq!(lost(&mark, &store(5)), "", "written since");
        let found = lost(&mark, &store(2));
        assert!(found.contains("ends at row 2, and row 3"), "{found}");
        assert_ne!(lost(&mark, &store(0)), "", "a new store");
        assert_eq!(lost(&Mark::default(), &store(0)), "");
        three
            .file()
            .unwrap()
            .execute("DELETE FROM input WHERE seq > 1", [])
            .unwrap();
        let found = lost(&mark, &three);
        assert!(found.contains("recorded inputs end at 1"), "{found}");
    }

    #[test]
    fn another_store_is_not_taken_for_this_one() {
        let mut mark = Mark::of(&store(2)).unwrap();
        mark.audit.1 = "another".to_owned();
        assert!(lost(&mark, &store(4)).contains("another one"));
    }

    #[test]
    fn a_mark_that_cannot_be_read_says_nothing() {
        let directory = TempDir::new().unwrap();
        for text in [
            "",
            "1 2",
            "2 3 h 4 .",
            "1 x h 4 .",
            "1 3 h 4 . 5",
            "\u{fffd}",
        ] {
            std::fs::write(directory.path().join(FILE_NAME), text).unwrap();
            let high_water = HighWater::open(directory.path()).unwrap();
            assert_eq!(high_water.lost(&store(0)).unwrap(), None, "{text:?}");
        }
    }

    #[test]
    fn a_mark_is_as_long_whatever_it_says() {
        let mut mark = Mark::default();
        let length = mark.line().len();
        mark.input = i64::MAX;
        mark.audit = (i64::MAX, "f".repeat(64));
        assert_eq!(mark.line().len(), length);
        assert_eq!(Mark::parse(&mark.line()), Some(mark));
    }
}
