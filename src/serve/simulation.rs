//! What is simulated, where the contact centre is: so that nobody takes it for a real one.

use serde::{Deserialize, Serialize};

use crate::control::ObservableState;
use crate::control::SimulationArm;
use crate::control::SimulationComparison;
use crate::control::SimulationView;

/// A contact centre that is simulated, and steered instead of a real one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SimulationDocument {
    /// The name of the simulated day.
    pub scenario: String,
    /// What it shows, for people.
    pub about: String,
    /// The seed of everything random in it.
    pub seed: u64,
    /// How many times faster than real time it goes by.
    pub speed: f64,
    /// The day so far beside the same day without the daemon.
    pub comparison: Option<SimulationComparisonDocument>,
}

/// A simulated day up to a moment, with the daemon and without it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SimulationComparisonDocument {
    /// The hours of the day that are compared.
    pub hours: f64,
    /// With the daemon.
    pub with_autopilot: SimulationArmDocument,
    /// Without it.
    pub left_running: SimulationArmDocument,
}

/// What came of one arm.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SimulationArmDocument {
    /// Answered calls an hour that reached an agent.
    pub connected_per_hour: f64,
    /// The share of answered calls that reached nobody.
    pub abandoned_share: f64,
    /// The share of inbound callers who hung up before an agent took their call.
    pub hung_up_share: f64,
}

impl SimulationDocument {
    /// Describes what is simulated, if the contact centre is.
    pub(super) fn of(observed: &ObservableState) -> Option<Self> {
        let SimulationView {
            scenario,
            about,
            seed,
            speed,
            comparison,
        } = observed.simulation.as_deref()?;
        Some(Self {
            scenario: scenario.clone(),
            about: about.clone(),
            seed: *seed,
            speed: *speed,
            comparison: comparison.map(Into::into),
        })
    }
}

impl From<SimulationComparison> for SimulationComparisonDocument {
    fn from(comparison: SimulationComparison) -> Self {
        Self {
            hours: comparison.hours,
            with_autopilot: comparison.with_autopilot.into(),
            left_running: comparison.left_running.into(),
        }
    }
}

impl From<SimulationArm> for SimulationArmDocument {
    fn from(arm: SimulationArm) -> Self {
        Self {
            connected_per_hour: arm.connected_per_hour,
            abandoned_share: arm.abandoned_share,
            hung_up_share: arm.hung_up_share,
        }
    }
}
