//! One connection to the store's tables, whichever engine keeps them.
//!
//! Everything that is known of tables and rows is written against this; what an engine needs beyond it is in a file of its own.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

use rusqlite::{Connection, TransactionBehavior};

use super::statement::for_file;
use super::value::{Row, Value};

/// What an engine answers.
pub(super) type SqlResult<T> = Result<T, SqlFault>;

/// Why a statement failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum SqlFault {
    /// `SQLite` says so.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// What a column holds cannot be read.
    #[error("column {column}: {why}")]
    Unreadable {
        /// Its place, from 0.
        column: usize,
        /// What is wrong with it.
        why: String,
    },
    /// A value cannot be written.
    #[error("{0}")]
    Unwritable(String),
    /// A statement does not say of which tenant it is.
    #[error("the statement names no tenant: {0}")]
    Unmarked(String),
}

impl SqlFault {
    /// What a column holds cannot be read.
    pub(super) fn unreadable(column: usize, why: impl std::fmt::Display) -> Self {
        let why = why.to_string();
        Self::Unreadable { column, why }
    }
}

/// The store's tables.
pub(super) struct Database {
    connection: Connection,
    /// Statements as the engine takes them, by their text with marks.
    texts: RefCell<HashMap<String, Arc<str>>>,
}

/// As many statements as the program has.
const PREPARED: usize = 128;

impl Database {
    /// The tables of an open file.
    pub(super) fn of_file(connection: Connection) -> Self {
        connection.set_prepared_statement_cache_capacity(PREPARED);
        Self {
            connection,
            texts: RefCell::default(),
        }
    }

    /// The file.
    pub(super) fn file(&self) -> &Connection {
        &self.connection
    }

    fn text(&self, statement: &str) -> SqlResult<Arc<str>> {
        if let Some(known) = self.texts.borrow().get(statement) {
            return Ok(Arc::clone(known));
        }
        let text: Arc<str> = for_file(statement)?.into();
        let mut texts = self.texts.borrow_mut();
        texts.insert(statement.to_owned(), Arc::clone(&text));
        Ok(text)
    }

    /// Carries out a statement; returns how many rows it changed.
    pub(super) fn execute(&self, statement: &str, values: &[Value<'_>]) -> SqlResult<usize> {
        let text = self.text(statement)?;
        let mut prepared = self.connection.prepare_cached(&text)?;
        Ok(prepared.execute(rusqlite::params_from_iter(values))?)
    }

    /// Carries out a statement once for each row of values; a server gets them without waiting for each answer.
    pub(super) fn execute_each<'v, const N: usize>(
        &self,
        statement: &str,
        rows: impl IntoIterator<Item = SqlResult<[Value<'v>; N]>>,
    ) -> SqlResult<()> {
        let text = self.text(statement)?;
        let mut prepared = self.connection.prepare_cached(&text)?;
        for values in rows {
            prepared.execute(rusqlite::params_from_iter(values?.iter()))?;
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
        let mut prepared = self.connection.prepare_cached(&text)?;
        let mut rows = prepared.query(rusqlite::params_from_iter(values))?;
        while let Some(row) = rows.next()? {
            each(&Row::Sqlite(row))?;
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
        self.transaction(TransactionBehavior::Immediate)
    }

    /// Begins to read as of one moment.
    pub(super) fn moment(&self) -> SqlResult<Transaction<'_>> {
        self.transaction(TransactionBehavior::Deferred)
    }

    fn transaction(&self, behaviour: TransactionBehavior) -> SqlResult<Transaction<'_>> {
        let sqlite = rusqlite::Transaction::new_unchecked(&self.connection, behaviour)?;
        Ok(Transaction {
            database: self,
            sqlite,
        })
    }
}

/// What is written as one, or read as of one moment.
pub(super) struct Transaction<'d> {
    database: &'d Database,
    sqlite: rusqlite::Transaction<'d>,
}

impl Transaction<'_> {
    /// Makes it stay.
    pub(super) fn commit(self) -> SqlResult<()> {
        Ok(self.sqlite.commit()?)
    }
}

impl Deref for Transaction<'_> {
    type Target = Database;

    fn deref(&self) -> &Database {
        self.database
    }
}
