//! The stages of one decision, in the order in which they are asked.
//!
//! ```text
//! status ─▶ in flight ─▶ changing ─▶ calendar ─▶ hold ─▶ sample ─▶ signal ─▶ thresholds ─▶ people ─▶ confirmation ─▶ dwell ─▶ resume budget ─▶ back-off ─▶ turn ─▶ throttle ─▶ command
//! ```
//!
//! A stage passes the decision on or settles it; those behind it are then not asked. [`Stages`] keeps every verdict with
//! its numbers and is all that an outcome, an explanation or a test needs. [`Stage::ALL`] is the one list of them: the
//! decision follows it, and `explain`, the documentation and the tests iterate over it.
//!
//! Two paths are shorter. Where the calendar is the whole rule, no agents are asked for. And under `on_stale = pause` the sample itself asks for a pause when the data is stale. It is not
//! counted, so only a person's resume can stand in the way.
//!
//! *Never here:* anything that changes a campaign. What is read and reported does that, in
//! [`ownership`](super::ownership).

mod back_off;
mod budget;
mod calendar;
mod changing;
mod confirmation;
mod dwell;
mod evaluate;
mod hold;
mod in_flight;
mod people;
mod sample;
mod signal;
mod stage;
mod status;
mod thresholds;
mod throttle;
mod turn;
mod verdicts;

pub use back_off::BackOffVerdict;
pub(crate) use back_off::Refusals;
pub use budget::BudgetVerdict;
pub use calendar::CalendarVerdict;
pub use changing::ChangingVerdict;
pub use confirmation::ConfirmationVerdict;
pub use dwell::DwellVerdict;
pub use hold::HoldVerdict;
pub(crate) use in_flight::command_on_its_way;
pub use people::PeopleVerdict;
pub use sample::SampleVerdict;
pub(crate) use sample::SampleView;
pub use signal::SignalVerdict;
pub use stage::Stage;
pub use status::BelievedStatus;
pub(crate) use thresholds::Compared;
pub use thresholds::{Relation, ThresholdsVerdict};
pub use throttle::ThrottleVerdict;
pub use turn::TurnVerdict;
pub use verdicts::{Asked, Finding, StageVerdict, Stages, Verdict};
