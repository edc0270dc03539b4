//! `export`: what the store has of a span of time, as flat records for spreadsheets and data bases.
//!
//! A record has no member that holds others, times are RFC 3339 in UTC, durations are seconds, and each record names its schema with a
//! version. Records are written as they are read, so that the memory that an export takes does not grow with the rows. It reads
//! beside a running daemon.

mod args;
mod decisions;
mod perform;
mod record;
mod records_out;
mod sink;
mod transitions;

pub(super) use args::ExportArgs;
pub(super) use perform::export;
