//! The advice of both models for one measurement, side by side, and the rules by which a queue is calibrated.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::advice::{Advice, DeadBands, ErlangAdvice, classic_advice, erlang_advice};
use super::classic::ClassicInputs;
use super::erlang::ServiceTargets;
use super::member::Members;
use super::readings::{CounterWindow, QueueCounters};

/// The model whose figures are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueueModel {
    /// The classic formulas.
    #[default]
    Classic,
    /// The queueing model with callers who give up.
    ErlangA,
}

impl QueueModel {
    /// Returns the word in settings, commands and documents.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::ErlangA => "erlang_a",
        }
    }
}

/// What was measured; what could not be measured says why, for people.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The inputs of `classic`.
    pub classic: Result<ClassicInputs, String>,
    /// What happened between two readings of the counters.
    pub window: Result<CounterWindow, String>,
    /// Agents who serve the queue, for `erlang_a`.
    pub agents: Result<u32, String>,
}

impl Measured {
    /// Returns the advice of one model for a queue with the members `current`.
    ///
    /// # Errors
    /// Why the model has none.
    pub fn advice(
        &self,
        model: QueueModel,
        targets: &ServiceTargets,
        current: &Members,
    ) -> Result<Advice, String> {
        match model {
            QueueModel::Classic => self.classic(current),
            QueueModel::ErlangA => self.erlang(targets).map(|erlang| erlang.advice),
        }
    }

    fn classic(&self, current: &Members) -> Result<Advice, String> {
        let inputs = self.classic.clone()?;
        Ok(classic_advice(&inputs, current))
    }

    fn erlang(&self, targets: &ServiceTargets) -> Result<ErlangAdvice, String> {
        let window = self.window.clone()?;
        let offered = window.offered().map_err(|wrong| wrong.to_string())?;
        Ok(erlang_advice(offered, self.agents.clone()?, targets))
    }
}

/// The advice of both models, or why a model has none.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelAdvice {
    /// The classic formulas.
    pub classic: Result<Advice, String>,
    /// The queueing model.
    pub erlang: Result<ErlangAdvice, String>,
}

impl ModelAdvice {
    /// Computes the advice of both models for a queue with the members `current`.
    #[must_use]
    pub fn compute(measured: &Measured, targets: &ServiceTargets, current: &Members) -> Self {
        Self {
            classic: measured.classic(current),
            erlang: measured.erlang(targets),
        }
    }

    /// Returns the advice of one model.
    ///
    /// # Errors
    /// Why the model has none.
    pub fn advice(&self, model: QueueModel) -> Result<&Advice, &String> {
        match model {
            QueueModel::Classic => self.classic.as_ref(),
            QueueModel::ErlangA => self.erlang.as_ref().map(|erlang| &erlang.advice),
        }
    }
}

/// The rules by which a queue is calibrated: a `[[queue]]` table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalibrationPolicy {
    /// The model whose figures are written.
    pub model: QueueModel,
    /// The time from one calibration to the next.
    pub interval: Duration,
    /// Rates are measured over this time.
    pub window: Duration,
    /// The most interactions at once; when absent, as the platform shows it, else its agents.
    pub capacity: Option<u32>,
    /// Agents who serve the queue; as the platform shows them when absent.
    pub agents: Option<u32>,
    /// The share of needed skills that agents have; 0.75 when absent.
    pub coverage: Option<f64>,
    /// The targets of `erlang_a`.
    pub targets: ServiceTargets,
    /// How far figures may be off before they are changed.
    pub dead_bands: DeadBands,
    /// The most changes within any hour; no limit when absent.
    pub max_changes_per_hour: Option<u32>,
}

impl Default for CalibrationPolicy {
    /// Every minute from the last half hour, at most four changes an hour.
    fn default() -> Self {
        Self {
            model: QueueModel::default(),
            interval: Duration::from_secs(60),
            window: Duration::from_secs(30 * 60),
            capacity: None,
            agents: None,
            coverage: None,
            targets: ServiceTargets::default(),
            dead_bands: DeadBands::default(),
            max_changes_per_hour: Some(4),
        }
    }
}

/// What the platform shows of a queue at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueStatistics {
    /// The counters.
    pub counters: QueueCounters,
    /// Interactions under way, where it shows them.
    pub active: Option<u64>,
    /// The most that can be under way, where it shows it.
    pub capacity: Option<u64>,
    /// Agents who serve it, where it shows them.
    pub agents: Option<u64>,
}
