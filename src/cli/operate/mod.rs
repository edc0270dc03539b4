//! The commands that query or change a running daemon through its admin API.

mod args;
mod changes;
mod chosen;
mod client;
mod history;
mod holds;
mod perform;
mod running;
mod status;

pub(crate) use args::{Operate, ServerArgs};
pub(crate) use perform::operate;
pub(crate) use running::running_configuration;
pub(super) use status::show_detail;
