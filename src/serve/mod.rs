//! What the daemon answers over HTTP: metrics and health.
//!
//! | path | answers |
//! |---|---|
//! | `/metrics` | the exposition for Prometheus |
//! | `/healthz` | 200 while the loop turns, 503 when it has been silent for longer than its deadline |
//! | `/readyz` | 200 from the first valid poll on; 503 before, while the store cannot be written, and on shutdown |
//!
//! *Bounds.* A request's head has to come within ten seconds, connections are capped, request bodies are not read. The
//! server has tasks of its own: whatever is asked of it, the loop does not wait.

mod routes;
mod server;

pub use server::Server;
