//! A copy of a store's file that a daemon may be writing, and the way back.
//!
//! The file alone is not the store: what was committed last lies in the write-ahead log beside it. So a copy is made by `SQLite`, as of
//! one moment, and is believed only once the chain of the audit holds in it.

use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::at::StoreAt;
use super::chain;
use super::database::Database;
use super::fault::StoreFault;
use super::file::{existing, lock, path_in};

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum BackupFault {
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// A server keeps the tables.
    #[error("a server keeps the tables: back them up by its own means, such as pg_dump")]
    OnServer,
    /// Nothing is written over.
    #[error("{} is there already; name another file, or move it away", .0.display())]
    There(PathBuf),
    /// The file cannot be written or read.
    #[error("{}: {why}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// The chain does not hold in the copy.
    #[error("the chain of the audit does not hold in {}: {why}", path.display())]
    Broken {
        /// Which file.
        path: PathBuf,
        /// Where.
        why: String,
    },
}

fn file_fault(path: &Path, why: impl std::fmt::Display) -> BackupFault {
    let (path, why) = (path.to_owned(), why.to_string());
    BackupFault::File { path, why }
}

/// Writes a copy of the store as of this moment into a file that is not there yet, and returns how many rows the audit has in it.
///
/// # Errors
/// When the store cannot be read, the file is there or cannot be written, or the chain does not hold in it.
pub fn back_up(at: &StoreAt, to: &Path) -> Result<u64, BackupFault> {
    if at.server.is_some() {
        return Err(BackupFault::OnServer);
    }
    let path = existing(&at.directory)?;
    make_new(to)?;
    let done = copied(&path, to);
    if done.is_err() {
        // Half a copy is worse than none. What cannot be removed is told by the fault as well.
        drop(std::fs::remove_file(to));
    }
    done
}

fn copied(path: &Path, to: &Path) -> Result<u64, BackupFault> {
    let sqlite = |wrong: rusqlite::Error| StoreFault::from_sqlite(path, &wrong);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(sqlite)?;
    let name = to.to_str();
    let name = name.ok_or_else(|| file_fault(to, "the name is not UTF-8"))?;
    connection
        .execute("VACUUM INTO ?1", [name])
        .map_err(|wrong| file_fault(to, wrong))?;
    let rows = rows_of(to)?;
    kept(to).map_err(|wrong| file_fault(to, wrong))?;
    Ok(rows)
}

/// Puts a copy into a state directory that has no store, and returns how many rows the audit has in it.
///
/// # Errors
/// When the copy cannot be read or its chain does not hold, or the directory has a store or is in use.
pub fn put_back(from: &Path, at: &StoreAt) -> Result<u64, BackupFault> {
    if at.server.is_some() {
        return Err(BackupFault::OnServer);
    }
    let rows = rows_of(from)?;
    let _lock = lock(&at.directory)?;
    let path = path_in(&at.directory);
    make_new(&path)?;
    let done = std::fs::copy(from, &path).and_then(|_| kept(&path));
    if let Err(wrong) = done {
        drop(std::fs::remove_file(&path));
        return Err(file_fault(&path, wrong));
    }
    Ok(rows)
}

/// Rows of the audit in a file, whose chain has to hold.
fn rows_of(path: &Path) -> Result<u64, BackupFault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags);
    let connection = connection.map_err(|wrong| file_fault(path, wrong))?;
    let checked = chain::verify(&Database::of_file(connection), drop).map(|chain| chain.rows);
    checked.map_err(|broken| BackupFault::Broken {
        path: path.to_owned(),
        why: broken.to_string(),
    })
}

/// An empty file that nobody else may read.
fn make_new(path: &Path) -> Result<(), BackupFault> {
    let made = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Ok(_) => Ok(()),
        Err(wrong) if wrong.kind() == io::ErrorKind::AlreadyExists => {
            Err(BackupFault::There(path.to_owned()))
        }
        Err(wrong) => Err(file_fault(path, wrong)),
    }
}

/// Has the system keep a file and its name.
fn kept(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()?;
    let directory = path.parent().filter(|parent| *parent != Path::new(""));
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}
