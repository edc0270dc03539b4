//! Queues: what may be changed about them, whether it holds together, and which figures suit them.
//!
//! *Decides* whether a change set may be written, how it goes together with what people did meanwhile, and which waits and
//! waiters a calibration asks for.
//!
//! *Terms.* A **member** is one thing that can be said of a queue, a **setting** its content. A **change set** says what some
//! members are to become. A queue **overflows** into another when its callers have waited too long. **Classic** are formulas
//! from utilisation and skill coverage, **`erlang_a`** the queueing model.
//!
//! [`QueueCalibrator`] does that again and again in the daemon, and remembers whose figures are whose.
//!
//! *The way in* is [`ChangeSet::take`] for what a person wrote, [`classic_advice`] and [`erlang_advice`] for what a formula says;
//! *the way out* is [`merge()`], whose result is what is sent.
//!
//! *Never here:* the units and names of the wire, which belong to a dialect.

mod advice;
mod calibration;
mod calibration_input;
mod calibrator;
#[cfg(test)]
mod calibrator_tests;
mod change;
mod classic;
mod erlang;
mod fault;
mod figures;
mod member;
mod merge;
mod message;
mod overflow;
mod readings;
mod record;
mod surroundings;
mod utilisation;
mod validate;
mod version;

pub use advice::{Advice, DeadBands, ErlangAdvice, bands_in_force, classic_advice, erlang_advice};
pub use calibration::{CalibrationPolicy, Measured, ModelAdvice, QueueModel, QueueStatistics};
pub use calibration_input::CalibrationInput;
pub(crate) use calibration_input::feed;
pub use calibrator::{
    CalibrationDecision, ManualChange, QueueCalibrator, QueueFlow, QueueMemory, QueueStanding,
};
pub use change::ChangeSet;
pub use classic::{Bands, Clamped, ClassicFigures, ClassicInputs};
pub use erlang::{Experience, Offered, ServiceTargets, SteadyState};
pub use fault::ChangeFault;
pub use figures::{Figures, LevelFigure};
pub use member::{
    Member, Members, Overflow, OverflowAction, ServiceLevel, Setting, SkillLevel, SkillRequirement,
    Strategy,
};
pub use merge::{Conflict, Merged, OnConflict, merge, overlaid};
pub use message::QueueMessage;
pub use overflow::{DEEPEST_OVERFLOW, OverflowGraph, overflow_targets};
pub use readings::{CounterWindow, FEWEST_SAMPLES, NoAdvice, QueueCounters, drifting};
pub use record::{Compliance, QueueRecord, WriteForm};
pub use surroundings::Surroundings;
pub use utilisation::{ExpectedLoad, HIGHEST_UTILISATION, MOST_CALLS_AN_AGENT, Utilisation};
pub use version::QueueVersion;
