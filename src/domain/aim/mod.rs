//! The aim: one threshold that moves until the stated share of answered calls is abandoned.
//!
//! *Decides* below how many agents a running campaign is paused, and from how many on our pause is resumed, so that in the
//! long run no more than the [`AbandonTarget`] of the answered calls are abandoned.
//!
//! *Terms.* The **signal** is the number of agents that is compared, in halves of an agent ([`AimSignal`]). The **threshold**
//! is what it is compared with, and the **gap** what is added to it for a resume. **Counters** are what the platform has
//! counted of a campaign's answered calls ([`CallCounters`]); only their differences count.
//!
//! ```text
//! running, signal < threshold          pause
//! paused,  signal >= threshold + gap   resume
//! each reading of the counters         threshold += gain * ((1 - target) * abandoned - target * connected)
//! ```
//!
//! *Guarantee.* It needs no model of the centre: each abandoned call raises the threshold, each connected one lowers it, and
//! the sum of the steps is the distance that the threshold went. So, as long as the threshold is not held at its top,
//! `abandoned <= target * answered + (top - start) / gain` of all calls that were counted.
//!
//! *Conditions.* The threshold lies between zero, where nothing is ever paused, and 0.7 of the most agents that were staffed
//! within five days, less the gap. At one reading it moves by at most one agent; what an abandoned call adds beyond
//! that is kept as the threshold to come, what connected calls take off beyond that is not.
//!
//! *Missing data.* A reading that is missing moves nothing. A counter that fell, or one that is counted from another moment, was
//! reset: the reading is a new base, and what was counted between the two is unknown. A reading that is older than
//! the last one is ignored.
//!
//! *Escape.* A threshold that is too high answers no calls, and so would learn nothing any more. When counters have shown no
//! answered call for 24 hours in which the campaign is paused for its threshold and agents are there, it falls by one agent an hour. It does not
//! earlier: after two hours this shifts the share that is reached.
//!
//! *First start.* The threshold begins at three agents or where the settings say. *Restart:* [`AimState`] is the whole memory.
//!
//! *Never here:* clocks, floating-point numbers, and reasons to relax another rule.

mod counters;
mod half_agents;
mod recent_calls;
mod rule;
mod shortage;
mod signal;
mod staffed_max;
mod state;
mod target;
#[cfg(test)]
mod tests;
mod threshold;

pub use counters::{CallCounters, CallDelta};
pub use half_agents::HalfAgents;
pub use rule::{AimBy, AimRule};
pub use shortage::Shortage;
pub use signal::{AimSignal, AimSignalError};
pub use state::{AimMoved, AimReading, AimState, AimVerdict, CountersRead};
pub use target::{AbandonTarget, AbandonTargetError};
