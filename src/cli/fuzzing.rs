//! The readers of files that people write.

pub(crate) use super::config::fuzzing::{roster, settings};
pub(crate) use super::queue::fuzzing::change_set;
