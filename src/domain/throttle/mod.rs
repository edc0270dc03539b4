//! The throttle: a campaign that dials ahead of its agents is slowed down before it is paused.
//!
//! *Decides* when a campaign is **stepped down** to one call for each idle agent, or which **idle reserve** it is given, and when its pace
//! is put back.
//!
//! *Terms.* The **pace** is what a **lever** ([`Lever`]) of the campaign's dialler is set to ([`PaceSetting`]): its dials for each idle agent
//! ([`DialRatio`]), or how many agents it keeps idle ([`IdleReserve`]). The **original** is the pace that was there before ours; it is
//! remembered with the intent, before anything is written. A **step** is one write: down, to a reserve, or back ([`PaceStep`]). One
//! lever is moved at a time: what was set by the other one is put back first.
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
//! *An idle reserve* is as many agents as the threshold of the aim says, or of an operator for a while. It is written whenever that has
//! moved, and not when a pause is asked for: the dialler itself looks at it at each dial, so that nothing is paused. The original stays
//! what it was before the first write.
//!
//! *Put back* when enough agents are available again, when the pause is not the rule's (a person's, the calendar's), when an operator
//! holds the campaign running or paused, and when the settings do not step it down any more. Who puts it back by the command `restore`
//! is a person to the loop.
//!
//! *Whose a pace is.* What shows neither our value nor, before our first write was seen, the one before it, is a person's: it stays, our
//! original is forgotten, and nothing is written for the grace of manual changes.
//!
//! *What it never does:* it keeps no pause back that it cannot replace. Where a step is refused, cannot be read, has no effect or is
//! beyond the writes of an hour, `step-down-then-pause` pauses; with an idle reserve, a lever that has never been read leaves the pauses
//! to the rule.
//!
//! *First start and restart.* [`ThrottleState`] is the whole memory. A write whose outcome is open is found out by the next reading.

mod change;
mod dial_ratio;
mod idle_reserve;
mod setting;
mod state;
#[cfg(test)]
mod tests;

pub use change::{PaceChange, PaceFinding, PaceNotice, PaceReading, PaceResult, PaceStep};
pub use dial_ratio::{DialRatio, DialRatioError};
pub use idle_reserve::{IdleReserve, IdleReserveError};
pub use setting::{Lever, PaceSetting, PaceSettingError};
pub use state::{OpenPace, SteppedDown, ThrottleState};
