//! An operator's changes of the outbox, beside a daemon that may be running.
//!
//! Each change is one transaction with its audit rows; the daemon sees it when it next reads the outbox, within seconds.

use std::path::PathBuf;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::domain::Timestamp;
use crate::notify::ports::OutboxEntry;

use super::at::{OnServer, StoreAt};
use super::database::{Database, Transaction};
use super::fault::StoreFault;
use super::file::existing;
use super::outbox::{self, StoredEntry};
use super::postgres::{Hold, Role, Session};
use super::schema;
use super::sql_fault::{SqlFault, SqlResult};

/// How long a commit of the daemon is waited for.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The entries that a change is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// The entries with these ids.
    Ids(Vec<String>),
    /// Every dead letter.
    Dead,
}

/// Why an operator's change was not applied; then nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum OutboxEditFault {
    /// There are no entries with these ids.
    #[error("not in the outbox: {}; `outbox list` names what is there", .0.join(", "))]
    Unknown(Vec<String>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreFault),
}

/// The outbox, open for an operator.
pub struct OutboxEditor {
    database: Database,
    path: PathBuf,
}

impl OutboxEditor {
    /// Opens the store that is there.
    ///
    /// # Errors
    /// When there is none, it cannot be written, or another version of the program keeps it.
    pub fn open(at: impl Into<StoreAt>) -> Result<Self, StoreFault> {
        let at = at.into();
        if let Some(OnServer { server, tenant, .. }) = &at.server {
            let session = Session::open(server, Role::Writer, tenant, Hold::Nothing)?;
            let (database, path) = (
                Database::on_server(session),
                server.address().to_string().into(),
            );
            return Ok(Self { database, path });
        }
        let path = existing(&at.directory)?;
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
        let database = Database::of_file(connection);
        Ok(Self { database, path })
    }

    /// Returns every entry, in the order in which the messages were written.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn list(&self) -> Result<Vec<StoredEntry>, StoreFault> {
        outbox::all(&self.database).map_err(|wrong| self.fault(wrong))
    }

    /// Has entries retried, and returns their ids. An entry that is waiting already is attempted at once.
    ///
    /// # Errors
    /// When one of them is not there, or the store cannot be written.
    pub fn retry(
        &mut self,
        selection: &Selection,
        by: Option<&str>,
        now: Timestamp,
    ) -> Result<Vec<String>, OutboxEditFault> {
        self.change(selection, |transaction, entry| {
            outbox::retry(transaction, entry, by.map(str::to_owned), now)
        })
    }

    /// Deletes entries, and returns their ids.
    ///
    /// # Errors
    /// When one of them is not there, or the store cannot be written.
    pub fn discard(
        &mut self,
        selection: &Selection,
        by: Option<&str>,
        now: Timestamp,
    ) -> Result<Vec<String>, OutboxEditFault> {
        self.change(selection, |transaction, entry| {
            outbox::discard(transaction, entry, by.map(str::to_owned), now)
        })
    }

    fn change(
        &mut self,
        selection: &Selection,
        each: impl Fn(&Transaction<'_>, &OutboxEntry) -> SqlResult<()>,
    ) -> Result<Vec<String>, OutboxEditFault> {
        let path = self.path.clone();
        let fault = |wrong| StoreFault::of(&path, wrong);
        let transaction = self.database.begin().map_err(fault)?;
        let entries = pick(&transaction, selection).map_err(fault)?;
        let entries = entries.map_err(OutboxEditFault::Unknown)?;
        for entry in &entries {
            each(&transaction, entry).map_err(fault)?;
        }
        transaction.commit().map_err(fault)?;
        Ok(entries.into_iter().map(|entry| entry.id).collect())
    }

    fn fault(&self, wrong: SqlFault) -> StoreFault {
        StoreFault::of(&self.path, wrong)
    }
}

/// Returns the selected entries, or the ids that are not there.
fn pick(
    transaction: &Transaction<'_>,
    selection: &Selection,
) -> SqlResult<Result<Vec<OutboxEntry>, Vec<String>>> {
    let Selection::Ids(ids) = selection else {
        let dead = outbox::all(transaction)?;
        let dead = dead.into_iter().filter(|kept| kept.dead.is_some());
        return Ok(Ok(dead.map(|kept| kept.entry).collect()));
    };
    let (mut entries, mut unknown) = (Vec::new(), Vec::new());
    for id in ids {
        match outbox::find(transaction, id)? {
            Some(kept) => entries.push(kept.entry),
            None => unknown.push(id.clone()),
        }
    }
    Ok(if unknown.is_empty() {
        Ok(entries)
    } else {
        Err(unknown)
    })
}
