//! The store's tables on a PostgreSQL server, which several daemons share.
//!
//! *Whose rows.* Each row names its tenant, and each statement the tenant whose rows it is about (see [`statement`](super::statement)).
//!
//! *Connections.* A process has one that writes, one that reads, one for leases and one for its row among the members, whatever the number
//! of its tenants. Nothing is kept in
//! a session: every statement is part of a transaction that sets what it needs for itself, and none is prepared by name, so that a pooler
//! which lends connections by the transaction may stand between.
//!
//! *Deadlines.* The server is told how long a statement and a lock may take, and we wait no longer either: a server that was cut off says
//! nothing at all. A connection whose answer did not come is thrown away, and the next transaction makes a new one.
//!
//! *What was sent as the last word.* A `COMMIT` without an answer may have been carried out. Nobody can tell until the server is back, so it
//! ends the tenant's lease: whoever has it next begins with what is there.

mod address;
mod lease;
mod link;
mod members;
mod schema;
mod server;
mod server_fault;
mod session;
mod thread;

pub use address::{AddressFault, ServerAddress};
pub use lease::{Acquired, LEASE, Lease};
pub use members::{LeaseRow, MEMBER_LASTS, MemberRow, Membership};
pub use server::Server;
pub use server_fault::ServerFault;
pub(super) use session::{Hold, Role, Session};
