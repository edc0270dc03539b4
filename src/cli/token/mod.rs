//! `token`: makes, lists and removes the named tokens of the admin API.

mod args;
mod edit;
mod perform;

pub(crate) use args::{TokenArgs, TokenCommand};
pub(crate) use perform::token;
