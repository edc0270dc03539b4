//! Copies a tenant's tables from one store to another: from a file to a server, or back.

use super::at::{OnServer, StoreAt};
use super::chain;
use super::database::{Database, Transaction};
use super::fault::StoreFault;
use super::file::{existing, lock, make};
use super::opening::{leased, locked};
use super::postgres::Lease;
use super::sql_fault::SqlResult;
use super::value::{Row, Value, values};

/// What a column holds.
#[derive(Clone, Copy)]
enum Kind {
    Int,
    Text,
    Bytes,
}
use Kind::{Bytes, Int, Text};

/// A table that belongs to a tenant.
struct Table {
    name: &'static str,
    columns: &'static [(&'static str, Kind)],
    /// Whether its rows are numbered, so that they are copied some at a time.
    numbered: bool,
}

/// Every table but those that follow from others.
const TABLES: &[Table] = &[
    table("run", &[("number", Int), ("started_ms", Int)], false),
    table(
        "campaign",
        &[("id", Text), ("state", Text), ("updated_ms", Int)],
        false,
    ),
    table(
        "audit",
        &[
            ("seq", Int),
            ("at_ms", Int),
            ("campaign", Text),
            ("run", Int),
            ("tick", Int),
            ("kind", Text),
            ("body", Text),
            ("previous", Text),
            ("hash", Text),
        ],
        true,
    ),
    table(
        "audit_head",
        &[("\"only\"", Int), ("seq", Int), ("hash", Text)],
        false,
    ),
    table(
        "segment",
        &[
            ("first_seq", Int),
            ("last_seq", Int),
            ("first_ms", Int),
            ("last_ms", Int),
            ("previous", Text),
            ("hash", Text),
            ("file", Text),
            ("digest", Text),
            ("told_seq", Int),
            ("sealed_ms", Int),
            ("removed_ms", Int),
        ],
        false,
    ),
    table(
        "input",
        &[("seq", Int), ("at_ms", Int), ("body", Text)],
        true,
    ),
    table(
        "outbox",
        &[
            ("seq", Int),
            ("id", Text),
            ("event", Text),
            ("key", Text),
            ("subject", Text),
            ("body", Text),
            ("at_ms", Int),
            ("since_ms", Int),
            ("run", Int),
            ("tick", Int),
            ("attempts", Int),
            ("due_ms", Int),
            ("why", Text),
            ("dead_ms", Int),
        ],
        true,
    ),
    table("assignment", &[("campaign", Text), ("list", Text)], false),
    table("queue", &[("id", Text), ("memory", Text)], false),
    table(
        "series",
        &[
            ("seq", Int),
            ("at_ms", Int),
            ("opening", Int),
            ("body", Bytes),
        ],
        true,
    ),
    table(
        "operation",
        &[
            ("kind", Text),
            ("target", Text),
            ("run", Int),
            ("tick", Int),
            ("at_ms", Int),
            ("record", Text),
            ("outcome", Text),
            ("closed_ms", Int),
        ],
        false,
    ),
    table("outcome", OUTCOME, false),
    table(
        "outcome_day",
        &[
            ("zone", Text),
            ("day", Text),
            ("campaign", Text),
            ("known_ms", Int),
            ("carried_ms", Int),
            ("dials", Int),
            ("answered", Int),
            ("connected", Int),
            ("abandoned", Int),
        ],
        false,
    ),
    table(
        "workload",
        &[("campaign", Text), ("from_ms", Int), ("body", Bytes)],
        false,
    ),
    table("workload_outcome", OUTCOME, false),
    table(
        "workload_shared",
        &[
            ("campaign", Text),
            ("other", Text),
            ("from_ms", Int),
            ("body", Bytes),
        ],
        false,
    ),
];

const OUTCOME: &[(&str, Kind)] = &[
    ("campaign", Text),
    ("from_ms", Int),
    ("until_ms", Int),
    ("known_ms", Int),
    ("dials", Int),
    ("answered", Int),
    ("connected", Int),
    ("abandoned", Int),
];

const fn table(
    name: &'static str,
    columns: &'static [(&'static str, Kind)],
    numbered: bool,
) -> Table {
    Table {
        name,
        columns,
        numbered,
    }
}

/// Rows that are held in memory at once.
const AT_ONCE: i64 = 1_000;

/// Why a store was not copied; the target is as it was.
#[derive(Debug, thiserror::Error)]
pub enum CopyFault {
    /// One of them cannot be used.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// There is something in the target.
    #[error("{0} has rows of this tenant already: nothing was copied")]
    NotEmpty(String),
    /// The chain of the source does not hold, or that of the copy.
    #[error("the chain of the audit {0}: nothing was copied")]
    Broken(String),
}

/// What was copied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// Rows of all tables.
    pub rows: u64,
    /// Rows of the audit, whose chain holds in both.
    pub audit: u64,
}

/// Copies everything of a tenant, where no daemon uses either store. `told` hears of each row.
///
/// # Errors
/// When one of them cannot be used or is in use, the target has rows of the tenant, or a chain does not hold.
pub fn copy(from: &StoreAt, to: &StoreAt, mut told: impl FnMut()) -> Result<Copied, CopyFault> {
    let (source, target) = (Alone::open(from, false)?, Alone::open(to, true)?);
    let at_source = |wrong| StoreFault::of(source.place.as_ref(), wrong);
    let at_target = |wrong| StoreFault::of(target.place.as_ref(), wrong);
    let known = chain::verify(&source.database, drop).map(|chain| chain.rows);
    let known = known
        .map_err(|broken| CopyFault::Broken(format!("does not hold in the source: {broken}")))?;
    let writing = target.database.begin().map_err(at_target)?;
    let there = "SELECT count(*) FROM run WHERE {mine}";
    if writing
        .one(there, &[], |row| row.get::<i64>(0))
        .map_err(at_target)?
        > 0
    {
        return Err(CopyFault::NotEmpty(target.place.clone()));
    }
    let mut copied = Copied {
        audit: known,
        ..Copied::default()
    };
    for table in TABLES {
        let mut behind = Some(i64::MIN);
        while let Some(after) = behind {
            let (rows, last) = read(&source.database, table, after).map_err(at_source)?;
            behind = last;
            copied.rows = copied
                .rows
                .saturating_add(u64::try_from(rows.len()).unwrap_or_default());
            for _ in &rows {
                told();
            }
            write(&writing, table, rows).map_err(at_target)?;
        }
    }
    writing.commit().map_err(at_target)?;
    let found = chain::verify(&target.database, drop).map(|chain| chain.rows);
    match found {
        Ok(found) if found == known => Ok(copied),
        Ok(found) => Err(CopyFault::Broken(format!(
            "has {found} rows in the copy and {known} in the source"
        ))),
        Err(broken) => Err(CopyFault::Broken(format!(
            "does not hold in the copy: {broken}"
        ))),
    }
}

type Cells = Vec<Value<'static>>;

/// Rows of a table behind a number, and that of the last one where there may be more.
fn read(database: &Database, table: &Table, after: i64) -> SqlResult<(Vec<Cells>, Option<i64>)> {
    let names: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
    let names = names.join(", ");
    let name = table.name;
    let cells = |row: &Row<'_>| -> SqlResult<Cells> {
        let columns = table.columns.iter().enumerate();
        columns
            .map(|(place, (_, kind))| cell(row, place, *kind))
            .collect()
    };
    if !table.numbered {
        let every = format!("SELECT {names} FROM {name} WHERE {{mine}}");
        return Ok((database.query(&every, &[], cells)?, None));
    }
    let some =
        format!("SELECT {names} FROM {name} WHERE {{mine}} AND seq > ?1 ORDER BY seq LIMIT ?2");
    let rows = database.query(&some, &values![after, AT_ONCE], |row| {
        Ok((row.get::<i64>(0)?, cells(row)?))
    })?;
    let last = rows.last().map(|(seq, _)| *seq);
    Ok((rows.into_iter().map(|(_, cells)| cells).collect(), last))
}

fn cell(row: &Row<'_>, place: usize, kind: Kind) -> SqlResult<Value<'static>> {
    Ok(match kind {
        Int => row.get::<Option<i64>>(place)?.into(),
        Text => row.get::<Option<String>>(place)?.into(),
        Bytes => row.bytes(place)?.to_vec().into(),
    })
}

fn write(transaction: &Transaction<'_>, table: &Table, rows: Vec<Cells>) -> SqlResult<()> {
    let names: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
    let places: Vec<String> = (1..=names.len()).map(|place| format!("?{place}")).collect();
    let (name, names, places) = (table.name, names.join(", "), places.join(", "));
    let insert = format!("INSERT INTO {name} ({{tenant}}{names}) VALUES ({{its}}{places})");
    transaction.execute_each(&insert, rows.into_iter().map(Ok))
}

/// A store that nobody else writes meanwhile.
struct Alone {
    database: Database,
    place: String,
    lease: Option<Lease>,
    /// Released with the process, or when this ends.
    _lock: Option<std::fs::File>,
}

impl Alone {
    fn open(at: &StoreAt, target: bool) -> Result<Self, StoreFault> {
        if let Some(on_server) = &at.server {
            return Self::on_server(on_server);
        }
        let path = if target {
            None
        } else {
            Some(existing(&at.directory)?)
        };
        let lock = lock(&at.directory)?;
        let path = match path {
            Some(path) => path,
            None => make(&at.directory)?,
        };
        Ok(Self {
            place: path.display().to_string(),
            database: locked(&path)?,
            lease: None,
            _lock: Some(lock),
        })
    }

    fn on_server(on_server: &OnServer) -> Result<Self, StoreFault> {
        let (database, lease) = leased(on_server)?;
        Ok(Self {
            place: on_server.server.address().to_string(),
            database,
            lease: Some(lease),
            _lock: None,
        })
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        if let Some(lease) = &self.lease {
            lease.release();
        }
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::store::schema;

    #[test]
    fn every_table_with_every_column_is_copied() {
        let database = schema::in_memory();
        let connection: &Connection = database.file().unwrap();
        let mut tables = connection
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'outbox_count'")
            .unwrap();
        let mut found: Vec<String> = tables
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        found.sort();
        let mut copied: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
        copied.sort_unstable();
        assert_eq!(found, copied);
        for table in TABLES {
            let columns = format!("SELECT name FROM pragma_table_info('{}')", table.name);
            let mut columns = connection.prepare(&columns).unwrap();
            let columns: Vec<String> = columns
                .query_map([], |row| row.get(0))
                .unwrap()
                .map(Result::unwrap)
                .collect();
            let copied: Vec<&str> = table
                .columns
                .iter()
                .map(|(name, _)| name.trim_matches('"'))
                .collect();
            assert_eq!(columns, copied, "{}", table.name);
        }
    }
}
