//! Why a statement failed, whichever engine it was given to.

use super::postgres::ServerFault;

/// What an engine answers.
pub(super) type SqlResult<T> = Result<T, SqlFault>;

/// Why a statement failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum SqlFault {
    /// `SQLite` says so.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// A server, or the way to it.
    #[error(transparent)]
    Server(#[from] ServerFault),
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
