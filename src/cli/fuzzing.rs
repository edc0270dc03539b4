//! The readers of files that people write.

pub(crate) use super::queue::fuzzing::change_set;
pub(crate) use crate::settings::fuzzing::{icalendar, roster, settings};
