//! Metric structs, one per subsystem; every label combination exists from the start, because the increase of a counter is
//! visible only if its series was there before it.
//!
//! Buckets answer a question: request buckets whether an attempt was quick, slow (more than 5 s) or close to its time-out;
//! transition buckets how long callers met a campaign that should have been paused.

mod api;
mod assignments;
mod campaigns;
mod cycle;
mod endpoint;
mod exposition;
mod families;
mod guards;
mod labels;
mod operator;
mod outbox;
mod outcomes;
mod queues;
mod registry;
mod throttle;

pub use api::ApiMetrics;
pub use assignments::AssignMetrics;
pub use campaigns::CampaignGauges;
pub use cycle::LoopMetrics;
pub use endpoint::{Endpoint, Feature};
pub use guards::GuardMetrics;
pub use labels::{Code, DeliveryOutcome, PollOutcome, RetryCause, Step};
pub use operator::OperatorMetrics;
pub use outbox::{OutboxMetrics, ReceiverFamilies, ReceiverMetrics};
pub use outcomes::OutcomeMetrics;
pub(super) use queues::QueueGauges;
pub use queues::QueueMetrics;
pub use registry::{Metrics, ProcessMetrics, SharedStore, TenantStanding, exposition};
pub use throttle::ThrottleMetrics;
