//! A platform that can be run anywhere: one contact centre's API on a local socket, over a made-up world.
//!
//! It speaks the `cxone-v2` contract (the token, the list of agents, a campaign's status, its preview
//! assignments, skills, queues, agents' queues) and goes wrong on request in the ways real platforms
//! do. The `demo` and `simulate` commands, the integration tests and the benches all use it.
//!
//! Terms:
//! - the [`World`] is what is true: agents, campaigns, queues, and a journal of what was done to campaigns;
//! - an [`Effect`] is one thing that was done, to campaigns and to the rest, by a client or a person;
//! - a [`Script`] moves the world by itself: a recorded [`Trace`], or a [`Centre`] at work on a [`Scenario`];
//! - a [`Happening`] is what a script does beside moving agents: a person intervenes, an endpoint fails;
//! - a [`Fault`] is one way for one request to go wrong, and a [`FaultRule`] says when it does;
//! - [`SimTime`] is the platform's time, which may run faster than ours, or only when told to;
//! - a [`Hook`] is called at set points of a request's way, so that a test can act at an exact step.
//!
//! The way in is [`Simulator::start`], with [`Settings`]; [`SimHandle`] looks at the running world and
//! changes it, and over [`Settings::control`] so can another process. At the start the script is followed
//! up to the clock's time.
//!
//! A contact centre reacts to what is done to its campaigns; a trace cannot. It imports nothing of the rest of the
//! program, the wire types least of all. Without an advance of the clock nothing happens, and between requests nothing
//! is done.

mod agent_state;
mod assignments;
mod breaks;
mod call;
mod centre;
#[cfg(test)]
mod contract_tests;
mod control;
mod effects;
mod encoding;
mod faults;
mod handle;
mod happening;
mod journal;
mod payload;
mod platform;
mod preview;
#[cfg(test)]
mod preview_tests;
mod queue_shapes;
mod queues;
mod refusal;
mod request_seen;
mod routing;
#[cfg(test)]
mod routing_tests;
#[cfg(test)]
mod rules_tests;
mod script;
mod server;
mod settings;
mod stage;
#[cfg(test)]
mod test_client;
mod time;
mod tokens;
mod trace;
mod wire;
mod world;
mod world_writes;

pub use agent_state::AgentState;
pub use assignments::{Assignment, AvailabilityWindow};
pub use centre::{
    Activity, CampaignFigures, Centre, Change, Distribution, Event as ScenarioEvent, Figures,
    InboundQueue, Mode, Outage, OutboundCampaign, PersonSets, PlannedBreak, QueueFigures,
    RandomBreaks, Scenario, ScenarioFaults, SentOnBreak, Shift, Surge, Swing, Team, Telemetry,
};
pub use effects::{AgentMoved, AssignmentsReplaced, Effect, QueueWritten};
pub use faults::{Endpoint, Fault, FaultPlan, FaultRule, FaultSpecError, When};
pub use handle::{Hook, Phase, SimHandle};
pub use happening::{Happening, What};
pub use journal::{Actor, JournalEntry};
pub use queues::{Queue, QueueStatistics, example_queue};
pub use request_seen::RequestSeen;
pub use script::{Performance, Script};
pub use server::Simulator;
pub use settings::{AssignmentReads, FIRST_CAMPAIGN, RateLimit, Settings, StaleQueuePut};
pub use time::{SimClock, SimTime};
pub use tokens::{Credentials, SCOPES};
pub use trace::{DayError, Trace, TraceFaults, TraceRow};
pub use world::{AgentRecord, CampaignRecord, World};
