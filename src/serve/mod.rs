//! The HTTP server: metrics, health, the admin API and the page.
//!
//! | path | answers |
//! |---|---|
//! | `/`, `/page/…` | the page and its files |
//! | `/metrics` | the exposition for Prometheus |
//! | `/healthz`, `/-/healthy` | 200 while every loop is alive, 503 when one missed its deadline |
//! | `/readyz`, `/-/ready` | 200 from the first valid poll on; 503 before, while data is stale or the store cannot be written, and on shutdown |
//! | `/api/v1/…`, `/-/reload` | what operators read and change; `/api/v1/openapi.json` describes all of it |
//!
//! *Access.* Metrics and health are open, as scrapers and probes want them, and so are the page's files, which hold nothing about
//! the daemon. The admin API asks for the token wherever one
//! is configured, says by it who asks and what they may do, and a listener beyond loopback does not start without one. Requests that another
//! site's page sends from a browser are refused by the checks of `Host` and `Origin`.
//!
//! *Bounds.* A request's head and body have to come within ten seconds each, bodies and connections are capped, and a
//! client that does not read its answer is dropped. When every slot is in use, the oldest idle connection is closed. The
//! server has tasks of its own: whatever is asked of it, the loop does not wait. It reads one shared snapshot and sends
//! commands to a bounded inbox.

mod aim;
mod answer;
mod api;
mod applied;
mod assets;
mod assignments;
mod caller;
mod configuration;
mod connections;
mod documents;
mod encoding;
mod gate;
mod guards;
mod holds;
mod openapi;
mod operations;
mod outage;
mod outcomes;
mod past;
mod pauses;
mod query;
mod queue_documents;
mod queues;
mod rate;
mod routes;
mod schema;
mod series;
mod server;
mod simulation;
mod sources;
mod stream;
mod summary;
mod tenants;
mod throttle;
pub mod words;
mod write_timeout;

pub use aim::AimDocument;
pub use answer::{ApiFault, CampaignAnswer, NO_SUCH_PATH, STANDBY, SteeredElsewhere};
pub use api::{HoldRequest, OutcomesRequest, PauseOwnerRequest, ThresholdsRequest};
pub use assignments::{AssignmentDocument, DispatchDocument};
pub use caller::{CallerDocument, KnownBy};
pub use configuration::{ConfigurationDocument, RunningConfiguration, ValueDocument};
pub use documents::{
    CampaignDetail, CampaignDocument, ChangeAnswer, ConfigDocument, DaemonDocument, EntryDocument,
    HistoryDocument, HoldDocument, LinesDocument, OverrideDocument, ReloadDocument, StageDocument,
    StatusDocument, TenantDocument, TransitionDocument,
};
pub use gate::{Access, Identification};
pub use guards::GuardDocument;
pub use holds::HoldsRequest;
pub use outage::OutageDocument;
pub use outcomes::{CampaignOutcomes, OutcomeColumns, OutcomesDocument};
pub use pauses::{CampaignPausesDocument, CountedDocument, PausesDocument};
pub use queue_documents::{QueueDocument, QueuesDocument};
pub use queues::QueueHoldRequest;
pub use routes::CLOCK;
pub use series::{EventDocument, MarkDocument, PausedDocument, SeriesDocument, StepsDocument};
pub use server::{Connector, Server};
pub use simulation::{SimulationArmDocument, SimulationComparisonDocument, SimulationDocument};
pub use sources::{Api, PublicSources};
pub use summary::config_hash;
pub use tenants::{Member, ServedTenant, TenantEntry, TenantList};
pub use throttle::ThrottleDocument;
