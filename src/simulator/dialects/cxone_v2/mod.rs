//! The `cxone-v2` contract, with wire types of its own.
//!
//! The token, the page of agents, a campaign's status, lists of preview campaigns, skills, queues and agents' queues. What
//! each operation does is carried out on the world; [`quirks`] are the ways in which platforms differ from the contract.

mod agents;
mod campaigns;
#[cfg(test)]
mod contract_tests;
mod idle_reserve;
mod outcomes;
mod preview;
#[cfg(test)]
mod preview_tests;
mod queue_shapes;
mod queue_writes;
pub(in crate::simulator) mod quirks;
#[cfg(test)]
mod quirks_tests;
mod route;
mod routing;
#[cfg(test)]
mod routing_tests;
mod token;
pub(in crate::simulator) mod wire;

pub(super) use route::route;
