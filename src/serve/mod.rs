//! What the daemon answers over HTTP: metrics, health, and the admin API.
//!
//! | path | answers |
//! |---|---|
//! | `/`, `/page/…` | the page, and what it is made of |
//! | `/metrics` | the exposition for Prometheus |
//! | `/healthz` | 200 while the loop turns, 503 when it has been silent for longer than its deadline |
//! | `/readyz` | 200 from the first valid poll on; 503 before, while the store cannot be written, and on shutdown |
//! | `/api/v1/…`, `/-/reload` | what operators see and do; `/api/v1/openapi.json` describes all of it |
//!
//! *Who may.* Metrics and health are open, as scrapers and probes want them, and so are the page's files, which say nothing of
//! the daemon. The admin API asks for the token wherever one
//! is configured, and a listener beyond loopback does not start without one. A browser of somebody else's page is kept
//! out by the checks of `Host` and `Origin`.
//!
//! *Bounds.* A request's head and body have to come within ten seconds each, bodies and connections are capped, and a
//! client that does not take its answer is dropped. When every place is taken, the oldest client that nothing is done
//! for makes room. The server has tasks of its own: whatever is asked of it, the loop does not wait. It reads one shared
//! snapshot and hands changes in at a bounded desk.

mod answer;
mod api;
mod assets;
mod assignments;
mod documents;
mod gate;
mod openapi;
mod operations;
mod past;
mod patience;
mod query;
mod queue_documents;
mod queues;
mod routes;
mod schema;
mod seats;
mod series;
mod server;
mod sources;
mod stream;
pub mod words;

pub use answer::ApiFault;
pub use api::{HoldRequest, ThresholdsRequest};
pub use assignments::{AssignmentDocument, DispatchDocument};
pub use documents::{
    CampaignDetail, CampaignDocument, ChangeAnswer, ConfigDocument, EntryDocument, HistoryDocument,
    HoldDocument, LinesDocument, OverrideDocument, ReloadDocument, StageDocument, StatusDocument,
    TransitionDocument,
};
pub use gate::Access;
pub use queue_documents::{QueueDocument, QueuesDocument};
pub use queues::QueueHoldRequest;
pub use series::{MarkDocument, PausedDocument, SeriesDocument, StepsDocument};
pub use server::{Connector, Server};
pub use sources::{Api, Shown};
