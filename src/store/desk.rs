//! An operator's hand in the outbox, beside a daemon that may be running.
//!
//! Each change is one transaction with its audit rows; the daemon sees it with its next look, within seconds.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction};

use crate::domain::Timestamp;
use crate::notify::ports::Letter;

use super::fault::StoreFault;
use super::outbox::{self, KeptLetter};
use super::{schema, writer};

/// The daemon's commits are waited for this long.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Which letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// These.
    Ids(Vec<String>),
    /// Every dead letter.
    Dead,
}

/// Why an operator's change was not made; then none was.
#[derive(Debug, thiserror::Error)]
pub enum DeskFault {
    /// There are no such letters.
    #[error("not in the outbox: {}; `outbox list` names what is there", .0.join(", "))]
    Unknown(Vec<String>),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreFault),
}

/// The outbox, open for an operator.
pub struct OutboxDesk {
    connection: Connection,
    path: PathBuf,
}

impl OutboxDesk {
    /// Opens the store in `directory`.
    ///
    /// # Errors
    /// When there is none, it cannot be written, or another version of the program keeps it.
    pub fn open(directory: &Path) -> Result<Self, StoreFault> {
        let path = writer::existing(directory)?;
        let sqlite = |wrong: rusqlite::Error| StoreFault::from_sqlite(&path, &wrong);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&path, flags).map_err(sqlite)?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(sqlite)?;
        connection
            .pragma_update(None, "synchronous", "FULL")
            .map_err(sqlite)?;
        let found = schema::version(&connection).map_err(sqlite)?;
        let known = schema::newest();
        if found > known {
            return Err(StoreFault::Newer { path, found, known });
        }
        if found < known {
            return Err(StoreFault::Older { path, found, known });
        }
        Ok(Self { connection, path })
    }

    /// Every letter, in the order in which the messages were written.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn list(&self) -> Result<Vec<KeptLetter>, StoreFault> {
        outbox::all(&self.connection).map_err(|wrong| self.fault(&wrong))
    }

    /// Lets letters wait anew, and tells their ids. A letter that is waiting already is tried at once.
    ///
    /// # Errors
    /// When one of them is not there, or the store cannot be written.
    pub fn retry(
        &mut self,
        chosen: &Chosen,
        by: Option<&str>,
        now: Timestamp,
    ) -> Result<Vec<String>, DeskFault> {
        self.change(chosen, |transaction, letter| {
            outbox::retry(transaction, letter, by.map(str::to_owned), now)
        })
    }

    /// Throws letters away, and tells their ids.
    ///
    /// # Errors
    /// When one of them is not there, or the store cannot be written.
    pub fn discard(
        &mut self,
        chosen: &Chosen,
        by: Option<&str>,
        now: Timestamp,
    ) -> Result<Vec<String>, DeskFault> {
        self.change(chosen, |transaction, letter| {
            outbox::discard(transaction, letter, by.map(str::to_owned), now)
        })
    }

    fn change(
        &mut self,
        chosen: &Chosen,
        each: impl Fn(&Transaction<'_>, &Letter) -> rusqlite::Result<()>,
    ) -> Result<Vec<String>, DeskFault> {
        let path = self.path.clone();
        let sqlite = |wrong: rusqlite::Error| StoreFault::from_sqlite(&path, &wrong);
        let transaction = self
            .connection
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
            .map_err(sqlite)?;
        let letters = pick(&transaction, chosen).map_err(sqlite)?;
        let letters = letters.map_err(DeskFault::Unknown)?;
        for letter in &letters {
            each(&transaction, letter).map_err(sqlite)?;
        }
        transaction.commit().map_err(sqlite)?;
        Ok(letters.into_iter().map(|letter| letter.id).collect())
    }

    fn fault(&self, wrong: &rusqlite::Error) -> StoreFault {
        StoreFault::from_sqlite(&self.path, wrong)
    }
}

/// The letters chosen, or the ids that are not there.
fn pick(
    transaction: &Transaction<'_>,
    chosen: &Chosen,
) -> rusqlite::Result<Result<Vec<Letter>, Vec<String>>> {
    let Chosen::Ids(ids) = chosen else {
        let dead = outbox::all(transaction)?;
        let dead = dead.into_iter().filter(|kept| kept.dead.is_some());
        return Ok(Ok(dead.map(|kept| kept.letter).collect()));
    };
    let (mut letters, mut unknown) = (Vec::new(), Vec::new());
    for id in ids {
        match outbox::find(transaction, id)? {
            Some(kept) => letters.push(kept.letter),
            None => unknown.push(id.clone()),
        }
    }
    Ok(if unknown.is_empty() {
        Ok(letters)
    } else {
        Err(unknown)
    })
}
