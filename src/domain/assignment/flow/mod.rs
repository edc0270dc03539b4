//! Minimum-cost flow between agents and campaigns, exact.
//!
//! *Decides* which possible pairs of a [`Network`] to use, so that their values less the cost of shortfalls are as
//! great as can be.
//!
//! *Terms.* A campaign's **price** is what a place on it is worth at the margin. Given prices, each agent wants the
//! pairs with the greatest value left after the price. A campaign's **excess** is what agents want of it beyond what
//! its bounds take at its price. The **outside** is where agents are that serve no campaign; it has a price as well.
//!
//! *Method.* Good prices first, then exact repair. Each campaign in turn is given a price at which it is just filled
//! (coordinate descent on the dual); after some rounds nearly everything fits. What is left is repaired one agent at
//! a time along a shortest path over the campaigns, not over the agents: an arc from one campaign to another is the
//! cheapest agent to move. Prices move with the paths so that reduced costs never become negative, which is the proof
//! that the end is optimal. A re-plan starts from the last prices and pairs, and repairs only what changed.
//!
//! *Ties* are decided by positions, which follow the ids; the same network always gives the same pairs.

mod column;
mod network;
mod paths;
mod prices;
mod solution;
#[cfg(test)]
mod tests;

pub use network::{Bounds, Edge, Network};
pub use solution::{Solution, Start, solve};
