//! Preview assignments: which agents serve which preview campaigns.
//!
//! *Decides* the lists of agents of the preview campaigns, so that the weighted capacity scores less the churn are as
//! great as can be, within places, bounds, skills, windows and time zones.
//!
//! *Terms.* A **preview campaign** shows a record to an agent, who accepts it and is then on the line; only agents on
//! its **list** are shown records. A **pair** is an agent on a list. An agent has one or two **places**; each pair
//! takes one. A pair is **frozen** while it has to stay.
//!
//! *The way in* is [`Assigner`]; *the way out* are its [`Proposal`]s and [`Dispatch`]es. [`plan()`] is the pure plan behind
//! it: an [`AssignPlan`] with its [`Move`]s for one [`Situation`].

mod activity;
mod assigner;
#[cfg(test)]
mod assigner_tests;
mod clock_step;
mod dispatch;
mod eligibility;
mod entry;
pub mod flow;
mod form;
mod list;
mod meaning;
mod plan;
mod preview;
mod problem;
mod rate;
pub(crate) mod record;
mod roster;
mod situation;
#[cfg(test)]
mod tests;
mod window;

pub use assigner::{Assigner, Proposal, Trigger};
pub use dispatch::{Dispatch, DispatchEnd, DispatchPass};
pub use eligibility::{Barred, Eligibility};
pub use entry::{Entry, List};
pub use form::ListForm;
pub use list::{LateList, ListFinding, ListMemory, ListNotice};
pub use meaning::{is_between, is_same_list, is_same_work};
pub use plan::{AssignPlan, Move, MoveReason, Placement, Prior, explain, plan};
pub use preview::{AssignPolicy, Preview};
pub use rate::{CallRate, RateError, Score, Weight};
pub use record::AssignInput;
pub use roster::{Kind, MOST_CONCURRENT, Roster, RosterAgent, Rostered};
pub use situation::{AgentNow, CampaignNow, Pair, Serving, Situation};
pub use window::AvailabilityWindow;
