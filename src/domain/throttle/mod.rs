//! The throttle: a campaign that dials ahead of its agents is slowed down before it is paused.
//!
//! *Decides* when a campaign is **stepped down** to one call for each idle agent, and when its pace is put back.
//!
//! *Terms.* The **pace** is the number of dials for each idle agent that the platform has set for a campaign ([`DialRatio`]). The
//! **original** is the pace that was there before ours; it is remembered with the intent, before anything is written. A **step** is
//! one write: down, or back ([`PaceStep`]).
//!
//! ```text
//!            the rule asks for a pause                    it still does, after the step has settled
//!   free ──────────────────────────────▶ stepped down ──────────────────────────────────────────────▶ paused
//!     ▲                                   │      ▲                                                       │
//!     │        from the resume threshold  │      └───────────────── resumed, at one call each ◀──────────┘
//!     ├───────────────────────────────────┤
//!     │   somebody else changed the pace  │
//!     └──────── left alone for the grace ─┘
//! ```
//!
//! *Still* means: the step was read back, the platform's usual time to settle is over, and samples taken after it are below the pause
//! threshold, as many as the rule wants confirmed.
//!
//! *Put back* when enough agents are available again, when the pause is not the rule's (a person's, the calendar's), when an operator
//! holds the campaign running or paused, and when the settings do not step it down any more. Who puts it back by the command `restore`
//! is a person to the loop.
//!
//! *Whose a pace is.* What shows neither our value nor, before our first write was seen, the one before it, is a person's: it stays, our
//! original is forgotten, and nothing is written for the grace of manual changes.
//!
//! *What it never does:* it keeps no pause back that it cannot replace. Where a step is refused, cannot be read, has no effect or is
//! beyond the writes of an hour, `step-down-then-pause` pauses.
//!
//! *First start and restart.* [`ThrottleState`] is the whole memory. A write whose outcome is open is found out by the next reading.

mod change;
mod dial_ratio;
mod state;
#[cfg(test)]
mod tests;

pub use change::{PaceChange, PaceFinding, PaceNotice, PaceReading, PaceResult, PaceStep};
pub use dial_ratio::{DialRatio, DialRatioError};
pub use state::{OpenPace, SteppedDown, ThrottleState};
