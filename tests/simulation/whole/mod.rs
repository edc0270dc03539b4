//! The whole daemon in one deterministic process: the real cycle, commands, adapter, paging, retries, limiter, token,
//! assignments, queues, outbox, admin API and store, joined to the simulated platform where its sockets would be, on
//! virtual time, with one seed for everything.
//!
//! A [`Schedule`](schedule::Schedule) is drawn from a seed ([`draw`]) and lived through ([`life`]); what it left is a
//! [`Record`](record::Record), which the [`judge`] compares with the truth at the platform. A violation fails, and is shrunk to
//! the fewest acts that still show it ([`shrink`]). It is the same for every dialect; what differs between them is in
//! [`dialect`].
//!
//! The harness knows the seams (HTTP, clock, disk, receiver), the simulated platform, the store's public reading and the
//! admin API. It knows nothing of the inside of the daemon, so that it outlives changes there.

pub(crate) mod acts;
pub(crate) mod crash;
pub(crate) mod dialect;
pub(crate) mod dialling;
pub(crate) mod disk;
pub(crate) mod draw;
pub(crate) mod judge;
pub(crate) mod life;
pub(crate) mod log;
pub(crate) mod operator;
pub(crate) mod platform;
pub(crate) mod receiver;
pub(crate) mod record;
pub(crate) mod run;
pub(crate) mod schedule;
pub(crate) mod script;
pub(crate) mod secrets;
pub(crate) mod settings;
pub(crate) mod shrink;
pub(crate) mod story;
pub(crate) mod tally;
pub(crate) mod time;
pub(crate) mod wire;
