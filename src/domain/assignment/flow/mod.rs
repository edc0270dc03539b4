//! Minimum-cost flow between agents and campaigns, exact.
//!
//! *Decides* which possible pairs of a [`Network`] to use, so that their values less the cost of shortfalls are as
//! great as can be.
//!
//! *Terms.* A campaign's **price** is what a place on it is worth at the margin. Given prices, each agent wants the
//! pairs with the greatest value left after the price. A campaign's **excess** is what agents want of it beyond what
//! its bounds take at its price. The **outside** is where agents are that serve no campaign; it has a price as well.
//!
//! *How.* A nearly optimal start by scaling, then exact repair. In steps with an ever smaller slack, campaigns with
//! too many agents raise their prices and campaigns that are short lower them, until the pairs are optimal. What
//! is not is repaired along shortest paths over the campaigns, not over the agents: an arc from one campaign to another
//! is the cheapest agent to move. The prices in the end prove the optimum: no agent could gain by another choice, and
//! every campaign is as full as its price says. A re-plan starts from the last prices and pairs, and repairs only what
//! changed.
//!
//! *Ties* are decided by positions, which follow the ids; the same network always gives the same pairs.

mod column;
mod network;
mod residual;
mod scaling;
mod solution;
mod state;
#[cfg(test)]
mod tests;

pub use network::{Bounds, Edge, Network};
pub use solution::{Solution, Start, solve};
