//! Opens the tables for whoever writes them alone: a file behind its lock, or a server behind the tenant's lease.

use std::path::Path;

use rusqlite::Connection;

use super::at::OnServer;
use super::database::Database;
use super::fault::StoreFault;
use super::file::configure;
use super::postgres::{Acquired, Hold, Lease, Role, Session};
use super::schema;

/// The tables of a file, brought to this program's version. Its directory is locked already.
pub(super) fn locked(path: &Path) -> Result<Database, StoreFault> {
    let sqlite = |wrong: rusqlite::Error| StoreFault::from_sqlite(path, &wrong);
    let mut connection = Connection::open(path).map_err(sqlite)?;
    configure(&connection, path)?;
    let found = schema::version(&connection).map_err(sqlite)?;
    let known = schema::newest();
    if found > known {
        let path = path.to_owned();
        return Err(StoreFault::Newer { path, found, known });
    }
    schema::migrate(&mut connection, found).map_err(sqlite)?;
    Ok(Database::of_file(connection))
}

/// The tables of a tenant on a server, under its lease.
pub(super) fn leased(
    OnServer {
        server,
        tenant,
        member,
        clock,
    }: &OnServer,
) -> Result<(Database, Lease), StoreFault> {
    // What is not as it has to be is told before others wait for a lease that is of no use.
    drop(Session::open(server, Role::Writer, tenant, Hold::Nothing)?);
    let lease = match Lease::acquire(server, tenant, member, clock)? {
        Acquired::Ours(lease) => lease,
        Acquired::Held { member } => return Err(StoreFault::Held { member }),
    };
    match Session::open(server, Role::Writer, tenant, lease.hold()) {
        Ok(session) => Ok((Database::on_server(session), lease)),
        Err(fault) => {
            lease.release();
            Err(fault.into())
        }
    }
}
