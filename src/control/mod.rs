//! The loop: polls, decides, commands, and records.
//!
//! One task works serially: poll, decide, execute, wait ([`Cycle`]). Its parts own their state, and each is lent what it
//! needs of the others. Everything outside is reached through [`ports`]; what happened is reported to the domain, and
//! recorded by the ledger in journal, log, metrics and the snapshot that is shown.
//!
//! *Never here:* a vendor's name, HTTP, SQL, or a rule about campaigns.

mod assign;
mod assigning;
mod campaigns;
mod change;
mod collect;
mod cycle;
mod execute;
mod guards;
#[cfg(test)]
pub(crate) mod hand_clock;
mod inbox;
mod ledger;
mod operation;
pub mod operator;
mod outcomes;
mod pace;
mod poll_scope;
mod poller;
pub mod ports;
pub mod queues;
mod renewing;
mod restore;
mod rivals;
pub mod series;
mod start;
mod status;
mod supervisor;
mod throttling;

pub use cycle::Cycle;
pub use guards::GuardWatch;
pub use operation::{FRESHEST, LeftOpen, Recovery};
pub use poll_scope::PollScope;
pub use queues::QueueView;
pub use renewing::run_under;
pub use restore::{PaceRestorer, PaceToRestore};
pub use rivals::RivalWatch;
pub use start::{AssignStart, CycleSettings, LastPoll, Ports, RunStart, TickReport};
pub use status::{
    AssignmentView, CalendarView, CalendarViews, CampaignView, DispatchView, GuardView, GuardViews,
    ObservableState, OutageView, ReloadView, SimulationArm, SimulationComparison, SimulationView,
    StaleRules,
};
pub use supervisor::{Supervised, Supervisor};
