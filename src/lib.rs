#![doc = include_str!("ARCHITECTURE.md")]

pub mod cli;
pub mod control;
pub mod domain;
pub mod experiment;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod given_file;
pub mod identity;
pub mod notify;
pub mod platform;
pub mod secrets;
pub mod serve;
mod settings;
pub mod simulator;
pub mod sockets;
pub mod store;
pub mod telemetry;
