//! A platform that can be run anywhere: one contact centre's API on a local socket, over a made-up world.
//!
//! It speaks the contract of a [`Dialect`] (the token, agents, what campaigns do, and what else the dialect has) and goes wrong on request in the ways real platforms
//! do. The `demo` and `simulate` commands, the integration tests and the benches all use it.
//!
//! Terms:
//! - the [`World`] is what is true: agents, campaigns, queues, and a journal of what was done to campaigns;
//! - an [`Effect`] is one thing that was done, to campaigns and to the rest, by a client or a person;
//! - a [`Script`] moves the world by itself: a recorded [`Trace`], or a [`Centre`] at work on a [`Scenario`];
//! - a [`ScriptedEvent`] is what a script does beside moving agents: a person intervenes, an endpoint fails;
//! - a [`Fault`] is one way for one request to go wrong, and a [`FaultRule`] says when it does;
//! - [`Quirks`] are what a platform is like throughout, where that is not what the contract says;
//! - [`SimTime`] is the platform's time, which may run faster than ours, or only when moved;
//! - a [`Hook`] is called at set points of a request's way, so that a test can act at an exact step;
//! - an [`Exchange`] is the outcome of one request, as a value.
//!
//! The way in is [`Simulator::start`], with [`Settings`], or [`SimHandle::without_sockets`]; [`SimHandle`] looks at the running world and
//! changes it, and over [`Settings::control`] so can another process. At the start the script is followed
//! up to the clock's time.
//!
//! A contact centre reacts to what is done to its campaigns; a trace cannot. It imports nothing of the rest of the
//! program, the wire types least of all. Without an advance of the clock nothing happens, and between requests nothing
//! is done.

mod agent_state;
mod answer;
mod assignments;
mod breaks;
mod call;
mod centre;
mod control;
mod dialects;
mod effects;
mod encoding;
mod exchange;
#[cfg(test)]
mod exchange_tests;
mod fault_spec;
mod faults;
#[cfg(test)]
mod faults_tests;
mod handle;
mod injection;
mod journal;
mod late;
mod outcome;
mod payload;
mod platform;
mod push;
mod queues;
mod refusal;
mod request_seen;
#[cfg(test)]
mod rules_tests;
mod script;
mod scripted_event;
mod sent_request;
mod server;
mod settings;
mod stage;
pub mod status;
#[cfg(test)]
mod test_client;
#[cfg(test)]
mod test_direct;
mod time;
mod tokens;
mod trace;
mod work;
mod world;
mod world_writes;

pub use agent_state::AgentState;
pub use assignments::{Assignment, AvailabilityWindow};
pub use centre::{
    Activity, ActivityChange, CampaignFigures, Centre, CentreFigures, CrewCount, Distribution,
    Event as ScenarioEvent, InboundQueue, Mode, Outage, OutboundCampaign, PersonSets, PlannedBreak,
    QueueFigures, RandomBreaks, Scenario, ScenarioFaults, SentOnBreak, Shift, Surge, Swing, Team,
    Telemetry, TenthsOfAgents,
};
pub use dialects::Dialect;
pub use dialects::amazon_connect::{ConnectOperation, ConnectSettings, ConnectVersion, ErrorName};
pub use dialects::cxone_acd::{
    AcdOperation, AcdSettings, MembershipChanged, NoChange, Release, StopShows,
};
pub use dialects::cxone_v2::quirks::{
    AssignmentForm, Filtering, Nobody, Quirks, Timestamps, Transition, WordForm,
};
pub use dialects::genesys_cloud::{CloudOperation, CloudRival, CloudSettings, StopLasts};
pub use dialects::vicidial::{
    DialerAgent, DialerCalls, DialerCampaign, DialerOperation, DialerSettings, DialerUser,
};
pub use effects::{
    AgentMoved, AssignmentsReplaced, Effect, PaceWritten, QueueWritten, ReserveWritten,
};
pub use fault_spec::FaultSpecError;
pub use faults::{Endpoint, Fault, FaultPlan, FaultRule, FaultTiming};
pub use handle::{Hook, Phase, SimHandle};
pub use journal::{Actor, JournalEntry};
pub use outcome::{Exchange, Outcome};
pub use queues::{Queue, QueueStatistics, example_queue};
pub use request_seen::RequestSeen;
pub use script::{Performance, Script};
pub use scripted_event::{ScriptedEvent, ScriptedEventKind};
pub use sent_request::SentRequest;
pub use server::Simulator;
pub use settings::{AssignmentReads, FIRST_CAMPAIGN, RateLimit, Settings, StaleQueuePut};
pub use time::{SimClock, SimTime};
pub use tokens::{Credentials, SCOPES};
pub use trace::{DayError, Trace, TraceFaults, TraceRow};
pub use work::Work;
pub use world::{AgentRecord, CampaignRecord, World};
