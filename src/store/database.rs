//! The store's tables, whichever engine keeps them: a file, or a server.
//!
//! Everything that is known of tables and rows is written against this; what an engine needs beyond it is in files of its own.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use rusqlite::{Connection, TransactionBehavior};

use super::postgres::Session;
use super::sql_fault::{SqlFault, SqlResult};
use super::statement::{for_file, for_server};
use super::value::{Row, Value};

/// The store's tables.
pub(super) struct Database {
    engine: Engine,
    /// Statements as the engine takes them, by their text with marks.
    texts: RefCell<BTreeMap<String, Arc<str>>>,
}

enum Engine {
    File(Connection),
    Server(Session),
}

/// As many statements as the program has.
const PREPARED: usize = 128;

impl Database {
    /// The tables of an open file.
    pub(super) fn of_file(connection: Connection) -> Self {
        connection.set_prepared_statement_cache_capacity(PREPARED);
        Self {
            engine: Engine::File(connection),
            texts: RefCell::default(),
        }
    }

    /// The tables of a tenant on a server.
    pub(super) fn on_server(session: Session) -> Self {
        Self {
            engine: Engine::Server(session),
            texts: RefCell::default(),
        }
    }

    /// The file, where there is one.
    pub(super) fn file(&self) -> Option<&Connection> {
        match &self.engine {
            Engine::File(connection) => Some(connection),
            Engine::Server(_) => None,
        }
    }

    fn text(&self, statement: &str) -> SqlResult<Arc<str>> {
        if let Some(known) = self.texts.borrow().get(statement) {
            return Ok(Arc::clone(known));
        }
        let text: Arc<str> = match &self.engine {
            Engine::File(_) => for_file(statement)?.into(),
            Engine::Server(_) => for_server(statement)?.into(),
        };
        let mut texts = self.texts.borrow_mut();
        texts.insert(statement.to_owned(), Arc::clone(&text));
        Ok(text)
    }

    /// Carries out a statement; returns how many rows it changed.
    pub(super) fn execute(&self, statement: &str, values: &[Value<'_>]) -> SqlResult<usize> {
        let text = self.text(statement)?;
        match &self.engine {
            Engine::File(connection) => {
                let mut prepared = connection.prepare_cached(&text)?;
                Ok(prepared.execute(rusqlite::params_from_iter(values))?)
            }
            Engine::Server(session) => {
                let changed = session.execute(&text, [values])?;
                Ok(usize::try_from(changed).unwrap_or(usize::MAX))
            }
        }
    }

    /// Carries out a statement once for each row of values; a server gets them without waiting for each answer.
    pub(super) fn execute_each<'v, R: AsRef<[Value<'v>]>>(
        &self,
        statement: &str,
        rows: impl IntoIterator<Item = SqlResult<R>>,
    ) -> SqlResult<()> {
        let text = self.text(statement)?;
        match &self.engine {
            Engine::File(connection) => {
                let mut prepared = connection.prepare_cached(&text)?;
                for values in rows {
                    prepared.execute(rusqlite::params_from_iter(values?.as_ref()))?;
                }
            }
            Engine::Server(session) => {
                let rows: Vec<R> = rows.into_iter().collect::<SqlResult<_>>()?;
                if !rows.is_empty() {
                    session.execute(&text, rows.iter().map(AsRef::as_ref))?;
                }
            }
        }
        Ok(())
    }

    /// Gives each row of an answer to `each`, in order.
    pub(super) fn each(
        &self,
        statement: &str,
        values: &[Value<'_>],
        mut each: impl FnMut(&Row<'_>) -> SqlResult<()>,
    ) -> SqlResult<()> {
        let text = self.text(statement)?;
        match &self.engine {
            Engine::File(connection) => {
                let mut prepared = connection.prepare_cached(&text)?;
                let mut rows = prepared.query(rusqlite::params_from_iter(values))?;
                while let Some(row) = rows.next()? {
                    each(&Row::File(row))?;
                }
            }
            Engine::Server(session) => {
                // A question by itself is a transaction of its own, since that is where everything is set that it needs.
                let alone = (!session.in_transaction())
                    .then(|| self.moment())
                    .transpose()?;
                for row in session.rows(&text, values)? {
                    each(&Row::Server(&row))?;
                }
                drop(alone);
            }
        }
        Ok(())
    }

    /// The rows of an answer.
    pub(super) fn query<T>(
        &self,
        statement: &str,
        values: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> SqlResult<T>,
    ) -> SqlResult<Vec<T>> {
        let mut found = Vec::new();
        self.each(statement, values, |row| {
            found.push(read(row)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// The first row of an answer, where there is one.
    pub(super) fn first<T>(
        &self,
        statement: &str,
        values: &[Value<'_>],
        read: impl FnMut(&Row<'_>) -> SqlResult<T>,
    ) -> SqlResult<Option<T>> {
        Ok(self.query(statement, values, read)?.into_iter().next())
    }

    /// The row of an answer that always has one, such as that of a sum.
    pub(super) fn one<T>(
        &self,
        statement: &str,
        values: &[Value<'_>],
        read: impl FnMut(&Row<'_>) -> SqlResult<T>,
    ) -> SqlResult<T> {
        let found = self.first(statement, values, read)?;
        found.ok_or_else(|| SqlFault::unreadable(0, "the answer has no row"))
    }

    /// Begins to write. Nothing of it stays unless it is committed.
    pub(super) fn begin(&self) -> SqlResult<Transaction<'_>> {
        self.transaction(true)
    }

    /// Begins to read as of one moment.
    pub(super) fn moment(&self) -> SqlResult<Transaction<'_>> {
        self.transaction(false)
    }

    fn transaction(&self, write: bool) -> SqlResult<Transaction<'_>> {
        let open = match &self.engine {
            Engine::File(connection) => {
                let behaviour = if write {
                    TransactionBehavior::Immediate
                } else {
                    TransactionBehavior::Deferred
                };
                let open = rusqlite::Transaction::new_unchecked(connection, behaviour)?;
                Open::File(open)
            }
            Engine::Server(session) => {
                session.begin(write)?;
                Open::Server(session)
            }
        };
        Ok(Transaction {
            database: self,
            open: Some(open),
        })
    }
}

/// What is written as one, or read as of one moment. Without a commit nothing of it stays.
pub(super) struct Transaction<'d> {
    database: &'d Database,
    open: Option<Open<'d>>,
}

enum Open<'d> {
    File(rusqlite::Transaction<'d>),
    Server(&'d Session),
}

impl Transaction<'_> {
    /// Makes it stay.
    pub(super) fn commit(mut self) -> SqlResult<()> {
        match self.open.take() {
            Some(Open::File(open)) => Ok(open.commit()?),
            Some(Open::Server(session)) => Ok(session.commit()?),
            None => Ok(()),
        }
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        // That of a file ends by itself.
        if let Some(Open::Server(session)) = &self.open {
            session.roll_back();
        }
    }
}

impl Deref for Transaction<'_> {
    type Target = Database;

    fn deref(&self) -> &Database {
        self.database
    }
}
