//! Stores of released versions: each opens, keeps what it holds, and leads to the same decisions.
//!
//! `tests/stored-states/README.md` says what is stored and how a release adds its own.

mod generate;
mod kept;
mod shelf;
