//! What survives a restart: campaign states, intents, the audit, the recorded inputs and the outbox, in one `SQLite` file.
//!
//! *Terms.* A **batch** is committed as one. An **operation** is something that is changed on the platform: its row is
//! committed with the intent, and stays open until its outcome is known. The **audit** is a chain: each row carries the hash of the one before it, and the head is kept
//! apart, so that a row that was changed, taken out or cut off at the end shows.
//!
//! *How it is kept.* Write-ahead log with `synchronous=FULL`, read back at start; one writer thread; readers (export,
//! verify, replay) may come while a daemon runs. One daemon a directory, by a lock on a file beside the database that
//! the system gives back when the process ends, however it ends.
//!
//! *What may happen to it meanwhile.* A file that is deleted or replaced is noticed before the next commit, which then fails; rows
//! that a damaged write-ahead log has lost are noticed at the next start, by a mark in a file of its own.
//!
//! *First start.* The directory and the file are made; the schema is versioned and migrates forward. A file of a newer
//! version is refused.

mod at;
mod audit;
mod backup;
mod beside;
mod chain;
mod copy;
mod database;
mod delivery;
mod fault;
mod file;
mod gate;
mod high_water;
mod inputs;
mod opening;
mod operations;
#[cfg(test)]
mod operations_tests;
mod outbox;
mod outbox_editor;
#[cfg(test)]
mod outbox_tests;
mod outcome_days;
mod outcomes;
mod past;
mod pauses;
#[cfg(test)]
mod places;
#[cfg(test)]
mod places_tests;
pub mod postgres;
mod presence;
mod queues;
mod reader;
mod retention;
mod schema;
mod sealing;
#[cfg(test)]
mod sealing_tests;
mod segment;
mod segment_file;
mod series;
mod series_spans;
#[cfg(test)]
mod series_tests;
mod sql_fault;
mod statement;
mod time_span;
mod value;
mod whole_file;
mod workload;
mod workload_shared;
mod writer;

pub use at::{ONLY_TENANT, StoreAt};
pub use audit::AuditRecord;
pub use backup::{BackupFault, back_up, put_back};
pub use chain::{BrokenChain, Chain};
pub use copy::{Copied, CopyFault, copy};
pub use delivery::ReceiverOutbox;
pub use fault::StoreFault;
pub use file::has_store;
pub use gate::CommitGate;
pub use outbox::StoredEntry;
pub use outbox_editor::{OutboxEditFault, OutboxEditor, Selection};
pub use past::StorePast;
pub use reader::{ReplayFault, StoreReader};
pub use retention::Retention;
pub use sealing::{SealFault, SealRange, Sealer, remove_sealed, seal_next};
pub use segment::Segment;
pub use series_spans::SeriesSpan;
pub use time_span::TimeSpan;
pub use whole_file::WholeFile;
pub use writer::{Restored, Store};
