//! The commands that query or change a running daemon through its admin API.

mod args;
mod changes;
mod chosen;
mod client;
mod history;
mod holds;
mod perform;
mod status;

pub(crate) use args::{Form, Operate};
pub(crate) use perform::operate;
pub(super) use status::show_detail;
