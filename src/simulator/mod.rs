//! A platform that can be run anywhere: one contact centre's API on a local socket, over a made-up world.
//!
//! It speaks the part of the `cxone-v2` contract that the autopilot uses (the token, the list of agents,
//! a campaign's status) and goes wrong on request in the ways real platforms do. The `demo` and
//! `simulate` commands, the integration tests and the benches all use it.
//!
//! Terms:
//! - the [`World`] is what is true: agents, campaigns, and a journal of what was done to campaigns;
//! - a [`Script`] moves the world by itself: a recorded [`Trace`], or a [`Centre`] at work on a [`Scenario`];
//! - a [`Happening`] is what a script does beside moving agents: a person intervenes, an endpoint fails;
//! - a [`Fault`] is one way for one request to go wrong, and a [`FaultRule`] says when it does;
//! - [`SimTime`] is the platform's time, which may run faster than ours, or only when told to;
//! - a [`Hook`] is called at set points of a request's way, so that a test can act at an exact step.
//!
//! The way in is [`Simulator::start`], with [`Settings`]; [`SimHandle`] looks at the running world and
//! changes it. At the start the script is followed up to the clock's time.
//!
//! A contact centre reacts to what is done to its campaigns; a trace cannot. It imports nothing of the rest of the
//! program, the wire types least of all. Without an advance of the clock nothing happens, and between requests nothing
//! is done.

mod call;
mod centre;
#[cfg(test)]
mod contract_tests;
mod encoding;
mod faults;
mod handle;
mod payload;
mod platform;
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

pub use centre::{
    Activity, CampaignFigures, Centre, Change, Distribution, Event as ScenarioEvent, Figures,
    InboundQueue, Mode, Outage, OutboundCampaign, PersonSets, PlannedBreak, QueueFigures,
    RandomBreaks, Scenario, ScenarioFaults, SentOnBreak, Shift, Surge, Swing, Team, Telemetry,
};
pub use faults::{Endpoint, Fault, FaultPlan, FaultRule, FaultSpecError, When};
pub use handle::{Hook, Phase, RequestSeen, SimHandle};
pub use script::{Happening, Performance, Script, What};
pub use server::Simulator;
pub use settings::{FIRST_CAMPAIGN, RateLimit, Settings};
pub use time::{SimClock, SimTime};
pub use tokens::{Credentials, SCOPES};
pub use trace::{DayError, Trace, TraceFaults, TraceRow};
pub use world::{Actor, AgentRecord, AgentState, CampaignRecord, JournalEntry, World};
