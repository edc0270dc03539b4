//! Spreads the tenants over the daemons that share a store, which are its members.
//!
//! *What it decides.* Which member claims a tenant that nobody holds, and when a member that holds more than another hands one over. The
//! lease of a tenant alone says who may write and command; nothing here can give that right, so that a member that sees wrongly costs time
//! and never a second holder.
//!
//! *What is known.* Each member has a row on the server with the time at which it was last written, by the server's clock. One transaction
//! every two seconds writes one's own row and reads the rows of all members and all leases, over a connection of its own: no loop waits for it.
//!
//! *Ends and failures.* A member that ends in order takes its row away first, so that the others know for whom its tenants are before it has let
//! go of them. One that was killed is not counted after ten seconds, which is before its leases are over. One that cannot see the server
//! claims as a daemon alone would: by asking for the lease.

mod plan;
#[cfg(test)]
mod plan_tests;
mod spreading;

pub(super) use spreading::{Finding, Spreading, Turn};
