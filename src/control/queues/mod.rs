//! Changing queues: read, merge, validate, write under the version that was read, read back.
//!
//! [`Reconciler`] carries out one change, [`Calibration`] calibrates a daemon's queues again and again.
//! Everything outside is reached through ports of the platform and the loop's journal and clock.
//!
//! *Never here:* units and names of a wire, or a rule about what a queue may be.

mod asked;
mod blocking;
mod calibration;
pub mod handle;
mod reassign;
mod reconciler;
mod recorded;
mod view;

pub use calibration::{Calibration, CalibrationPorts, CalibrationStart};
pub use reassign::{ReassignFault, Reassigned, Reassigner};
pub use reconciler::{
    Prepared, QueueRequest, ReconcileError, ReconcileOutcome, Reconciler, ReconcilerSettings,
};
pub use view::QueueView;
