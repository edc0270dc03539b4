//! What the loop asks of a platform: by what is known, never by how it is fetched.
//!
//! A dialect implements these traits, one small trait for each thing that a platform may or may not have, and states
//! its [`Capabilities`] once. `platform::dialect` puts its parts together as [`Connected`].
//!
//! ```text
//! AgentObserver      observe(groups)       complete head counts for each group, or why not
//! CampaignReader     read(ids)             what campaigns do and by what evidence; rivals(ids), names()
//! CampaignCommander  command(order)        pause or resume one campaign
//! ListReader/Writer  read, replace         who is assigned to a preview campaign
//! QueueReader/Writer read, write           settings of a queue
//! ProfileWriter      reassign              which queues an agent serves
//! Throttle           read, set             how fast a campaign dials
//! OutcomeReader      outcomes(ids)         counters of dials and of what became of them
//! Login              granted               whether the credentials work
//! RefusalMemory      turn(account)         what processes remember together of refused log-ins; given to an adapter
//! ```
//!
//! # Duties of every implementer
//!
//! *Complete or not at all.* Pages, deltas, batches and streams end inside the adapter. A part that is missing makes the
//! answer an error or an explicit unknown; it never makes a smaller number. A complete answer of "nobody" is zero.
//!
//! *Fresh.* `taken_at` and `read_at` are the times at which the answer was true for sure, not when it was handed over. Nothing is
//! answered from a memory that is older than the answer says.
//!
//! *In time.* A call ends by its deadline, with an error if need be. Dropping a future before that is safe for readings;
//! for writes it leaves an outcome that is not known.
//!
//! *Bounded.* Readings may be made again within the deadline. **A write goes out at most once a call**, whatever its
//! answer looked like: the caller reads before it sends again.
//!
//! *No secret* is in any text that leaves an adapter, and no text of a platform is longer than is fit to be shown.
//!
//! *Errors* are [`PlatformFault`]s: their kind is what the caller branches on, their detail is for people.
//!
//! *Never here:* vendors' names, wire words, HTTP.

mod agents;
mod call_plan;
mod campaigns;
mod capabilities;
mod connected;
mod fault;
mod lists;
mod login;
mod names;
mod outcomes;
mod queues;
mod refusals;
mod throttle;
mod unreadable;

pub use agents::{AgentObserver, Observation, ObserveFault, ObserveRequest, Tally};
pub use call_plan::{CallPlan, CallPlanner};
pub use campaigns::{
    CampaignCommander, CampaignFinding, CampaignReader, CommandOrder, Rival, RivalKind, Urgency,
};
pub use capabilities::{AgentFeed, Basis, Capabilities, Levers, QueueForms, Rights, StatusCalls};
pub use connected::{Connected, ListPorts, QueuePorts};
pub use fault::{FaultKind, PlatformFault};
pub use lists::{ListReader, ListReceipt, ListWriter};
pub use login::{Granted, Login};
pub use names::{NameMemory, PlatformNames};
pub use outcomes::{OutcomeFinding, OutcomeReader};
pub use queues::{
    Original, ProfileWriter, QueueOrder, QueueReader, QueueReading, QueueWriter, Reassignment,
};
pub use refusals::{RefusalMemory, RefusalTurn, RemembersNothing};
pub use throttle::{Pace, Throttle, ThrottleOrder, Throttles};
pub use unreadable::UnreadableRows;
