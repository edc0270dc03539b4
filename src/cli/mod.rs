//! The commands: arguments, configuration, wiring and exit codes. No rule about campaigns lives here.

mod absent_reserve;
mod assign;
mod audit;
mod audit_head;
mod audit_parts;
mod audit_report;
mod audit_tasks;
mod backtest;
mod calibrating;
mod chain_check;
mod check;
mod compare;
mod completions;
mod compliance;
mod config_schema;
mod config_show;
mod connection;
mod daemon;
#[cfg(test)]
mod day_tests;
mod delivering;
mod demo;
mod embedded;
mod entry;
mod environment;
mod eval;
mod exit;
mod export;
mod form;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod grouped_help;
mod idle_reserve;
mod kept_state;
mod man;
mod moment;
mod one_tenant;
mod operate;
mod outbox;
mod outcomes_file;
mod output;
mod planning;
mod platforms;
mod progress;
mod publishing;
mod queue;
mod refusal;
mod refusals_file;
mod reload;
#[cfg(test)]
mod reload_tests;
mod reloaded;
#[cfg(test)]
mod reproduction_tests;
mod resolved_now;
mod restore;
mod rules;
mod run;
mod scenario;
mod sealing;
mod shown_times;
mod signs_of_tenants;
mod simulate;
mod spread;
mod start_fault;
#[cfg(test)]
mod step_clock;
mod store;
mod store_args;
mod store_place;
mod suggestions;
mod supervisor;
mod surroundings;
mod tenant;
mod tenants;
mod token;
mod traces;
mod tune;
mod tune_record;
mod tune_rival;
mod webhook;

pub use embedded::{Embedded, Listener, Seams};
pub use entry::main;
