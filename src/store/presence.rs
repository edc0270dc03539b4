//! Whether the files that are open are still those in the state directory.
//!
//! A file that was deleted or replaced stays open, and commits to it succeed and are lost; another daemon finds the lock free. So each
//! commit looks first. What is put back as it was is the same file again, and the daemon goes on.

use std::ffi::OsString;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::fault::StoreFault;

/// What tells one file from another, whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileId {
    device: u64,
    inode: u64,
}

/// The files of an open store.
#[derive(Debug)]
pub(super) struct Presence(Vec<(PathBuf, FileId)>);

impl Presence {
    /// Remembers which files these are. Those that are not there are none of the store's.
    pub(super) fn of(files: impl IntoIterator<Item = PathBuf>) -> Self {
        let there = files.into_iter();
        Self(
            there
                .filter_map(|path| file_id(&path).map(|id| (path, id)))
                .collect(),
        )
    }

    /// Looks whether all of them are still there.
    ///
    /// # Errors
    /// The first one that is not.
    pub(super) fn check(&self) -> Result<(), StoreFault> {
        let Self(files) = self;
        let replaced = files.iter().find(|(path, id)| file_id(path) != Some(*id));
        replaced.map_or(Ok(()), |(path, _)| {
            Err(StoreFault::Replaced { path: path.clone() })
        })
    }
}

fn file_id(path: &Path) -> Option<FileId> {
    // Never opened: closing the file would give up the locks that SQLite holds on it.
    let found = path.metadata().ok()?;
    Some(FileId {
        device: found.dev(),
        inode: found.ino(),
    })
}

/// The database with the files that `SQLite` keeps beside it while it is open.
pub(super) fn with_companions(database: &Path) -> impl Iterator<Item = PathBuf> {
    let name = database.as_os_str().to_owned();
    ["", "-wal", "-shm"].into_iter().map(move |ending| {
        let mut name: OsString = name.clone();
        name.push(ending);
        PathBuf::from(name)
    })
}
