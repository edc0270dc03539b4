//! Values that go into statements, and rows that come out of them, whichever engine carries them.

use std::borrow::Cow;

use super::sql_fault::{SqlFault, SqlResult};

/// A value of a statement's place. A missing one has its type all the same: a server asks for it.
#[derive(Clone, Debug)]
pub(super) enum Value<'v> {
    /// A whole number.
    Int(Option<i64>),
    /// Text.
    Text(Option<Cow<'v, str>>),
    /// Bytes.
    Bytes(Cow<'v, [u8]>),
}

/// The values of a statement, in the order of its places.
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        [$($crate::store::value::Value::from($value)),*]
    };
}
pub(super) use values;

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Int(Some(number))
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(number: Option<i64>) -> Self {
        Self::Int(number)
    }
}

impl From<bool> for Value<'_> {
    fn from(is: bool) -> Self {
        Self::Int(Some(i64::from(is)))
    }
}

impl<'v> From<&'v str> for Value<'v> {
    fn from(text: &'v str) -> Self {
        Self::Text(Some(Cow::Borrowed(text)))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Some(Cow::Owned(text)))
    }
}

impl From<Option<String>> for Value<'_> {
    fn from(text: Option<String>) -> Self {
        Self::Text(text.map(Cow::Owned))
    }
}

impl<'v> From<&'v String> for Value<'v> {
    fn from(text: &'v String) -> Self {
        Self::Text(Some(Cow::Borrowed(text)))
    }
}

impl<'v> From<Option<&'v str>> for Value<'v> {
    fn from(text: Option<&'v str>) -> Self {
        Self::Text(text.map(Cow::Borrowed))
    }
}

impl From<Vec<u8>> for Value<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(Cow::Owned(bytes))
    }
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef};
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Int(Some(number)) => ValueRef::Integer(*number),
            Self::Text(Some(text)) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
            Self::Int(None) | Self::Text(None) => ValueRef::Null,
        }))
    }
}

/// A row of an answer.
pub(super) enum Row<'r> {
    /// Of a file.
    File(&'r rusqlite::Row<'r>),
    /// Of a server.
    Server(&'r tokio_postgres::Row),
}

/// What a column can be read as.
pub(super) trait Column: Sized {
    /// Reads it.
    fn read(row: &Row<'_>, column: usize) -> SqlResult<Self>;
}

/// Columns that both engines read by themselves.
macro_rules! columns {
    ($($type:ty),*) => {
        $(impl Column for $type {
            fn read(row: &Row<'_>, column: usize) -> SqlResult<Self> {
                match row {
                    Row::File(row) => Ok(row.get(column)?),
                    Row::Server(row) => row
                        .try_get(column)
                        .map_err(|wrong| SqlFault::unreadable(column, wrong)),
                }
            }
        })*
    };
}
columns!(i64, Option<i64>, String, Option<String>);

impl Column for bool {
    fn read(row: &Row<'_>, column: usize) -> SqlResult<Self> {
        Ok(row.get::<i64>(column)? != 0)
    }
}

impl Column for u32 {
    fn read(row: &Row<'_>, column: usize) -> SqlResult<Self> {
        let number: i64 = row.get(column)?;
        Self::try_from(number).map_err(|wrong| SqlFault::unreadable(column, wrong))
    }
}

impl Row<'_> {
    /// Reads a column.
    pub(super) fn get<T: Column>(&self, column: usize) -> SqlResult<T> {
        T::read(self, column)
    }

    /// Reads a column of bytes without copying them.
    pub(super) fn bytes(&self, column: usize) -> SqlResult<&[u8]> {
        match self {
            Self::File(row) => {
                let value = row.get_ref(column)?;
                value
                    .as_blob()
                    .map_err(|wrong| SqlFault::unreadable(column, wrong))
            }
            Self::Server(row) => row
                .try_get(column)
                .map_err(|wrong| SqlFault::unreadable(column, wrong)),
        }
    }
}

/// A value as JSON text.
pub(super) fn json(value: &impl serde::Serialize) -> SqlResult<String> {
    serde_json::to_string(value).map_err(|wrong| SqlFault::Unwritable(wrong.to_string()))
}

/// A count as a column holds it.
pub(super) fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A count that a column holds.
pub(super) fn number(column: i64) -> u64 {
    u64::try_from(column).unwrap_or_default()
}
