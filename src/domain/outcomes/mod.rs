//! What became of a campaign's dials, from counters that may be late, missing or reset.
//!
//! *Decides* how many dials, answered, connected and abandoned calls are known to have been counted since the last reading.
//!
//! *Terms.* **Counters** are what somebody has counted of all dials since a moment; a **reading** is their value at a time. An
//! **increment** is what is known to have happened between two readings. The **window** is the last two hours, and the **abandoned
//! share** is abandoned / (abandoned + connected): answered calls whose fate is known.
//!
//! ```text
//! readings   since 0:00   100 ──▶ 130 ──▶ (failed) ──▶ 190 ──▶ 12 ──▶ 20
//! increments       base        30                   60     base     8
//! ```
//!
//! *Missing data.* A reading that fails changes nothing; the next one covers its interval as well. A counter that fell, one that is
//! counted from another moment, or one from another source is a new **base**: what was counted in between is unknown, and never
//! zero. A reading that is older than the last one is ignored. So an increment is never negative, and the sum of all never exceeds
//! what happened, as long as no counter counts what did not happen.
//!
//! *Not every platform counts connected calls.* Where it does not, an answered call counts as connected once the next reading has come
//! and it is not among those that were abandoned; until then its fate is not known.
//!
//! *Sources.* What a site feeds goes before what the platform counts: for an hour after a fed reading, readings of the
//! platform are ignored. Fed counters may have periods of their own: one that begins when or after the last one ended counts in full.
//!
//! *First start.* The first reading is a base. *Restart:* [`OutcomeMemory`] is the whole memory, of bounded size.
//!
//! *Never here:* clocks, and conclusions from the counts.

mod counts;
mod feed;
mod increment;
mod memory;
mod reading;
#[cfg(test)]
mod tests;
mod window;

pub use counts::OutcomeCounts;
pub use feed::{FedCounters, fed_readings};
pub use increment::OutcomeIncrement;
pub use memory::{OutcomeMemory, OutcomesRead};
pub use reading::{OutcomeCounters, OutcomeReading, OutcomeSource, start_of_day};
pub use window::{OutcomeSlot, OutcomeWindow, window_of};
