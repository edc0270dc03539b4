//! Guards: what share of a campaign's calls was abandoned in a period that a rule names, and how much the limit still leaves.
//!
//! *Decides* for each campaign and each guard how the period stands: too few calls to tell, within the limit, near it, or above it.
//!
//! *Terms.* A **guard** is a limit as data: which calls are counted (the **numerator**) of which (the **denominator**), in which
//! **period**, on the clock of which **zone**. A **preset** is a guard's data as a regulator's text names them, with its source. The
//! **budget** is how many more abandoned calls the calls counted so far would bear.
//!
//! ```text
//! increments of the outcomes ──▶ DayCounts (by zone, day, campaign; kept in the store)
//!                                    │ all days of a period
//!                                    ▼
//!                  GuardStanding: share, upper bound, budget, what of the period is unknown
//! ```
//!
//! *The bound.* A share of few calls says little of the share that the campaign's way of dialling leads to. [`wilson_upper`] gives the
//! highest one that is still compatible with what was counted. A period is **within** its limit only where that bound is; **near** where
//! the share is and the bound is not; **above** where the share itself is.
//!
//! *Missing data.* What nobody counted is unknown and never zero: a day without a row adds nothing to the calls and its whole length to
//! what is unknown. Calls that were counted over midnight count for the day on which they became known; of how long the interval lay
//! before it is kept ([`DayCounts::carried_millis`]), so that a period says so where they may be of the one before.
//!
//! *Never here:* a pause. A guard informs and claims no compliance: what a law asks for is more than a share, and what counts as
//! abandoned is whatever the platform or the site counts as such.

mod day;
mod limit;
mod measure;
mod period;
mod preset;
mod rule;
mod standing;
#[cfg(test)]
mod tests;
mod wilson;

pub use day::{DayCounts, day_begins};
pub use limit::{GuardLimit, GuardLimitError};
pub use measure::{Denominator, Numerator};
pub use period::{DaySpan, GuardPeriod, GuardPeriodError, WrittenPeriod};
pub use preset::{Mark, Preset, PresetFacts};
pub use rule::{Guard, GuardScope};
pub use standing::{GuardStanding, GuardState};
pub use wilson::{least_sample, wilson_upper};
