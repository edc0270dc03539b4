//! `queue`: looks at routing queues, plans and applies changes, and computes figures for them.
//!
//! Everything that is written is shown first, and is what was shown: what somebody changes between the two is a conflict.

mod apply;
mod args;
mod calibrate;
#[cfg(any(test, fuzzing))]
pub(in crate::cli) mod fuzzing;
mod input;
mod perform;
mod print;
mod reassign;
mod reconcile;

pub(crate) use args::QueueCommand;
pub(crate) use perform::queue;
