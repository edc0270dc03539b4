//! The dialect `cxone-acd` against the simulated tenant, both in this process and on a clock that stands still while anything
//! goes on.

mod daemon;
mod day;
mod lists;
mod members;
mod parts;
mod settings;
mod stories;
mod tenant;
mod throttle;

pub(crate) use daemon::{asked, centre, write};
