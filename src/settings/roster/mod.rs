//! The roster: the agents whom preview campaigns may be given. A file that ends in `.toml` holds `[[agent]]` tables,
//! any other one a line for each agent; both have the same members and are checked in the same way.

mod agents;
mod csv;
mod folded;
mod row;
mod tables;

pub(super) use agents::read;
