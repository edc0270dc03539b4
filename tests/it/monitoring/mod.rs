//! What is shipped for Prometheus, Alertmanager and Grafana, held against the real daemon and the real tools.

mod alerts;
mod catalogue;
mod dashboards;
mod live;
mod servers;
mod tools;
mod watched;

pub(crate) use watched::{address, get};
