//! Calling hours: when campaigns may dial at all.
//!
//! *Decides* whether a calendar is open at an instant, what closes it, and until when.
//!
//! *Terms.* **Calling hours** are spans of local time on days of the week ([`WeeklyHours`]). A **holiday** closes a whole local
//! day ([`Holiday`]). A **closure** closes from one instant to another ([`Closure`]).
//!
//! *The way in* is [`Calendar::state_at`], and its answer a [`CalendarState`].
//!
//! *Clock changes.* Hours and holidays go by the local clock: a calendar is open at an instant when the clock on the wall of
//! its zone shows a time within. An hour that the clocks skip opens and closes nothing, and one that they repeat counts both
//! times. A closure is a span of instants; where the clocks change under one of its ends it closes longer rather than shorter.
//!
//! *Never here:* what a campaign makes of it, which is for the stages of its decision.

mod closure;
mod days;
mod hours;
mod name;
mod state;

#[cfg(test)]
mod tests;

pub use closure::{Closure, ClosureError};
pub(crate) use closure::{ClosureEnd, instant};
pub use days::{Holiday, HolidayError, YearlyDay};
pub use hours::{HoursError, WeeklyHours};
pub use name::ClosureName;
pub use state::{Calendar, CalendarState, ClosedBy};
