//! Observability: metrics, log lines, and the events that give both.
//!
//! One event is one log line and one metric, so that they cannot disagree. Levels: INFO is a campaign that changed,
//! WARN may wake somebody, ERROR means that the daemon stops.
//!
//! *Never here:* decisions.

mod aim;
mod assignments;
mod deliveries;
mod events;
mod guards;
mod log;
mod log_queue;
mod metrics;
mod operator_events;
#[cfg(feature = "otlp")]
mod otlp;
mod outcomes;
mod queues;
mod rivals;
mod throttle;
mod trace_protocol;
mod traced_lines;
mod visible_lines;

pub use assignments::AssignEvents;
pub use deliveries::{DeliveryEvents, EntryLabel};
pub use events::{Events, PollFigures};
pub use guards::GuardEvents;
pub use log::{LogFormat, LogLayer, flush as flush_log, install as install_log};
pub use metrics::{
    ApiMetrics, AssignMetrics, CampaignGauges, Code, DeliveryOutcome, Endpoint, Feature,
    GuardMetrics, LoopMetrics, Metrics, OperatorMetrics, OutboxMetrics, OutcomeMetrics,
    PollOutcome, ProcessMetrics, QueueMetrics, ReceiverFamilies, ReceiverMetrics, RetryCause,
    SharedStore, Step, TenantStanding, ThrottleMetrics, exposition,
};
#[cfg(feature = "otlp")]
pub use otlp::TraceExport;
pub use queues::QueueEvents;
pub use trace_protocol::TraceProtocol;
