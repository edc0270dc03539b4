//! The loop: when, and with what.
//!
//! One task owns the state and works serially: poll, decide, execute, wait ([`Cycle`]). Everything outside is reached
//! through [`ports`]; what happened is told to the domain, the journal, the log and the metrics from here.
//!
//! *Never here:* a vendor's name, HTTP, SQL, or a rule about campaigns.

mod announce;
mod assign;
mod change;
mod collect;
mod cycle;
mod deliver;
#[cfg(test)]
mod deliver_tests;
mod execute;
#[cfg(test)]
pub(crate) mod hand_clock;
pub mod operator;
pub mod ports;
pub mod queues;
mod recorder;
mod rivals;
pub mod series;
mod status;
mod supervisor;

pub use assign::AssignStart;
pub use cycle::{Cycle, CycleSettings, LastPoll, Once, Ports, RunStart};
pub use queues::QueueView;
pub use rivals::{RivalWatch, Rivals};
pub use status::{AssignmentView, CampaignView, DispatchView, ObservableState, ReloadView};
pub use supervisor::{Supervised, Supervisor};
