//! The file of a store: its directory, its lock, and what is asked of `SQLite`.

use std::fs::{DirBuilder, File, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;

use super::fault::StoreFault;

/// The database's name within the state directory.
const FILE_NAME: &str = "autopilot.sqlite3";

/// The lock's name within the state directory.
pub(super) const LOCK_NAME: &str = "lock";

/// Whether a daemon has kept its state in a directory.
#[must_use]
pub fn has_store(directory: &Path) -> bool {
    directory.join(FILE_NAME).exists()
}

/// Another program may hold the file this long before a commit fails.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// Where the database's file is in a directory.
pub(super) fn path_in(directory: &Path) -> PathBuf {
    directory.join(FILE_NAME)
}

/// The database's file in `directory`, which has to be there.
pub(super) fn existing(directory: &Path) -> Result<PathBuf, StoreFault> {
    let path = directory.join(FILE_NAME);
    match path.try_exists() {
        Ok(true) => Ok(path),
        Ok(false) => Err(StoreFault::Absent { path }),
        Err(wrong) => Err(unusable(directory, &wrong)),
    }
}

fn unusable(directory: &Path, wrong: &std::io::Error) -> StoreFault {
    StoreFault::Directory {
        path: directory.to_owned(),
        why: wrong.to_string(),
    }
}

/// Nobody else's to look into, where it has to be made.
pub(super) fn make_directory(directory: &Path) -> Result<(), StoreFault> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder
        .create(directory)
        .map_err(|wrong| unusable(directory, &wrong))
}

/// The database's file, made if need be, in a directory that is made if need be.
pub(super) fn make(directory: &Path) -> Result<PathBuf, StoreFault> {
    make_directory(directory)?;
    let wrong = |wrong| unusable(directory, &wrong);
    let path = directory.join(FILE_NAME);
    // AppliedChange here and not by SQLite, so that it is nobody else's to read, also in a directory that is; the files that
    // SQLite puts beside it take over its mode.
    let mut options = File::options();
    options.write(true).create(true).truncate(false).mode(0o600);
    options.open(&path).map_err(wrong)?;
    Ok(path)
}

pub(super) fn lock(directory: &Path) -> Result<File, StoreFault> {
    make_directory(directory)?;
    let wrong = |wrong| unusable(directory, &wrong);
    let mut options = File::options();
    options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600);
    let mut file = options.open(directory.join(LOCK_NAME)).map_err(wrong)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            // Without the id the message is still true.
            drop(file.read_to_string(&mut pid));
            return Err(StoreFault::InUse {
                path: directory.to_owned(),
                pid: pid.trim().to_owned(),
            });
        }
        Err(TryLockError::Error(failed)) => return Err(wrong(failed)),
    }
    file.set_len(0)
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .map_err(wrong)?;
    Ok(file)
}

/// Write-ahead log and full synchronisation, read back: a file system that cannot keep the promise is refused.
pub(super) fn configure(connection: &Connection, path: &Path) -> Result<(), StoreFault> {
    let sqlite = |wrong: rusqlite::Error| StoreFault::from_sqlite(path, &wrong);
    connection.busy_timeout(BUSY_TIMEOUT).map_err(sqlite)?;
    let mode: String = connection
        .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
        .map_err(sqlite)?;
    connection
        .pragma_update(None, "synchronous", "FULL")
        .map_err(sqlite)?;
    let synchronous: i64 = connection
        .query_row("PRAGMA synchronous", [], |row| row.get(0))
        .map_err(sqlite)?;
    if mode == "wal" && synchronous == 2 {
        return Ok(());
    }
    let why = format!(
        "this file system gives journal mode {mode} and synchronous {synchronous}, not wal and 2"
    );
    Err(StoreFault::Sqlite {
        path: path.to_owned(),
        why,
    })
}

/// How many runs there were; none when there is not even the table.
pub(super) fn runs(connection: &Connection) -> i64 {
    connection
        .query_row("SELECT count(*) FROM run", [], |row| row.get(0))
        .unwrap_or_default()
}

/// Bytes of the database and of the log that is written ahead of it.
pub(super) fn size_of(path: &Path) -> u64 {
    let mut ahead = path.as_os_str().to_owned();
    ahead.push("-wal");
    [path, Path::new(&ahead)]
        .iter()
        .filter_map(|file| Some(file.metadata().ok()?.len()))
        .sum()
}
