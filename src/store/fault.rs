//! What can be wrong with the store, and what to do about it.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use super::postgres::ServerFault;
use super::sql_fault::SqlFault;

/// The store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreFault {
    /// The directory cannot be made or written.
    #[error("state directory {}: {why}; give one that this user may write with --state-dir", path.display())]
    Directory {
        /// Which.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// Another daemon uses the directory.
    #[error("state directory {} is in use by another daemon{}; stop it, or give this one a --state-dir of its own", path.display(), holder(pid))]
    InUse {
        /// Which.
        path: PathBuf,
        /// The other daemon's process id, as far as it is known.
        pid: String,
    },
    /// Something else holds the database.
    #[error("{} is locked by another program; close it (an open sqlite3 shell?) and try again", path.display())]
    Locked {
        /// Which file.
        path: PathBuf,
    },
    /// The file is no database, or a damaged one.
    #[error("{} is damaged ({why}); move it aside and start again: pauses in force then count as somebody else's unless --adopt-paused is given", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What was found.
        why: String,
    },
    /// A later version of the program wrote it.
    #[error("{} has schema version {found}, this program knows up to {known}; run the newer program", path.display())]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// Our version.
        known: i64,
    },
    /// An earlier version of the program wrote it.
    #[error("{} has schema version {found}, this program needs {known}; start the daemon of this version once", path.display())]
    Older {
        /// Which file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// Our version.
        known: i64,
    },
    /// There is no store to read.
    #[error("{} does not exist; has a daemon run with this --state-dir?", path.display())]
    Absent {
        /// Which file.
        path: PathBuf,
    },
    /// A file of the store is not the one that was opened.
    #[error("{} was deleted or replaced while the daemon had it open; put back what was there, or restart the daemon", path.display())]
    Replaced {
        /// Which file.
        path: PathBuf,
    },
    /// No room.
    #[error("{}: the disk is full; make room, the daemon goes on by itself", path.display())]
    Full {
        /// Which file.
        path: PathBuf,
    },
    /// A server that keeps the tables.
    #[error(transparent)]
    Server(#[from] ServerFault),
    /// Another daemon has the tenant's lease.
    #[error(
        "{member} holds the lease of this tenant; stop that daemon, or wait until its lease is over"
    )]
    Held {
        /// What that daemon says of itself.
        member: String,
    },
    /// Anything else that `SQLite` says.
    #[error("{}: {why}", path.display())]
    Sqlite {
        /// Which file.
        path: PathBuf,
        /// What it said.
        why: String,
    },
}

fn holder(pid: &str) -> String {
    if pid.is_empty() {
        String::new()
    } else {
        format!(" (process {pid})")
    }
}

impl StoreFault {
    /// Names what failed of a statement.
    pub(super) fn of(path: &Path, wrong: SqlFault) -> Self {
        match wrong {
            SqlFault::Sqlite(wrong) => Self::from_sqlite(path, &wrong),
            SqlFault::Server(wrong) => Self::Server(wrong),
            SqlFault::Unreadable { .. } => Self::Damaged {
                path: path.to_owned(),
                why: wrong.to_string(),
            },
            SqlFault::Unwritable(why) | SqlFault::Unmarked(why) => Self::Sqlite {
                path: path.to_owned(),
                why,
            },
        }
    }

    /// Names an error of `SQLite`.
    pub(super) fn from_sqlite(path: &Path, wrong: &rusqlite::Error) -> Self {
        let path = path.to_owned();
        let why = wrong.to_string();
        match wrong.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked { path },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged { path, why }
            }
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                Self::Directory {
                    path: path.parent().map_or(path.clone(), Path::to_owned),
                    why,
                }
            }
            _ => Self::Sqlite { path, why },
        }
    }
}
