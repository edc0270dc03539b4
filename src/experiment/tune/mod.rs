//! A threshold from a daemon's own record: a model of the centre is fitted to recorded days, and thresholds are tried on it.
//!
//! *Terms.* The **record** is what a daemon kept of a campaign's agents and calls, in slots of ten minutes. The **model** is the simulated
//! centre with fitted rates and means. A day of the model is a day of the record: as many agents, and calls at the same rates, so
//! that arrivals are repeated and not asked.
//!
//! ```text
//! slots ─▶ History ─▶ fit: rates and means from sums ─▶ ring time by simulation ─▶ factor on abandoned calls
//!                      │                                                             │
//!                      └── held-back days ──▶ gate: refused, or ──▶ 20 refits ──▶ thresholds ──▶ the recommendation
//! ```
//!
//! *The way in* is [`History::new`] and [`tune`]; *the way out* is a [`TuneReport`], or why there is none ([`TuneFault`]).
//!
//! *What is fitted.* The agents at work, by ten minutes. Other calls: call starts less the campaign's connects, each step of the day the
//! mean of all days, times what the day had more or less of them. Talks and paperwork by Little's law. The answered share by hour.
//! The ring time, so that as many calls are connected as in the record. Then the abandoned calls, by a factor.
//!
//! *A pool that is shared.* Another campaign on some of the same agents, a **rival**, is fitted from its own record and dials in the model
//! under its own policy ([`History::beside`]): agents of the one, of the other, and of both are three teams. Without its record its calls
//! are other calls, and its dials in flight are missing; the gate tells whether that matters.
//!
//! *What is not.* How the campaign dials, which the caller states; the shapes of talks and ringing; patience of inbound callers, who
//! wait for ever here, since only calls that were taken are seen.
//!
//! *The same for any number of threads*: every simulated day has its own seed.

mod amounts;
mod dial;
mod fit;
mod fitting;
mod gate;
mod history;
mod model;
mod recommend;
mod rival;
mod simulated;
mod step;
#[cfg(test)]
mod tests;
mod trial;
mod truth;

pub use dial::DialRule;
pub use fit::{CentreFit, RivalFit};
pub use gate::{Compared, GateFault, GateReport};
pub use history::{History, HistoryFault};
pub use recommend::{
    Candidate, FEWEST_DAYS, Interval, Recorded, TUNE_PIECES, TuneFault, TuneReport, TuneRequest,
    tune,
};
pub use rival::RivalRule;
pub use simulated::{
    BreaksShown, RecordedDays, SimulatedPool, SimulatedRecord, record_days, record_pool,
};
pub use truth::{TrueFigures, TruePolicies, true_figures};
