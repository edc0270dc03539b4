//! The commands: arguments, configuration, wiring and exit codes. No rule about campaigns lives here.

mod args;
mod assign;
mod audit;
mod check;
mod compare;
mod config;
mod daemon;
mod demo;
mod entry;
mod environment;
mod exit;
mod outbox;
mod output;
mod rules;
mod run;
mod scenario;
mod simulate;
mod webhook;

pub use entry::main;
