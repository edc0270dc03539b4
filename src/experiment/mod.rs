//! Policies tried on simulated days: the same decisions as the daemon's, without sockets and waiting.
//!
//! *Terms.* An **arm** is a policy with its poll interval, an aim at a share of abandoned calls, or no autopilot at all. A
//! **day** is a scenario with a seed. Days are **consecutive** when an arm goes on from what it learned on the day before.
//! All arms meet the same days, so the difference between two arms is estimated from the days' differences, which vary
//! far less than the days do.
//!
//! *The way in* is [`compare`]; *the way out* is one [`ArmRow`] an arm. The days run in parallel; the results are the same
//! for any number of threads.
//!
//! *What is left out.* Requests neither fail nor take time here beyond the scenario's stale counts, actuation delay and
//! outages of the agents' endpoint; the integration tests are the place for the rest.

mod arm;
mod backtest;
mod batch;
mod centre_day;
mod day;
mod days;
#[cfg(test)]
mod flapping_tests;
mod front;
mod guarding;
mod learned;
mod pacing;
mod summary;
pub mod tune;

pub use arm::{Arm, ArmRule};
pub use backtest::{Backtest, BacktestArm, BacktestRow};
pub use batch::{all_cores, replicate};
pub use day::{run_day, run_until};
pub use days::Days;
pub use front::on_front;
pub use guarding::{GuardTrial, TriedGuard};
pub use summary::{ArmRow, Estimate, compare, lived};
