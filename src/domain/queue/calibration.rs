//! What both models say of one measurement, side by side; and the rules by which a queue is calibrated again and again.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::advice::{Advice, DeadBands, ErlangAdvice, classic_advice, erlang_advice};
use super::classic::ClassicInputs;
use super::erlang::Targets;
use super::member::Members;
use super::readings::{QueueCounters, Window};

/// Whose figures are written.
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
    /// The word in settings, commands and documents.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::ErlangA => "erlang_a",
        }
    }
}

/// What was measured; what could not be says why, for people.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// For `classic`.
    pub classic: Result<ClassicInputs, String>,
    /// Between two readings of the counters.
    pub window: Result<Window, String>,
    /// Agents who serve the queue, for `erlang_a`.
    pub agents: Result<u32, String>,
}

impl Measured {
    /// What one model says for a queue with the members `current`.
    ///
    /// # Errors
    /// Why it says nothing.
    pub fn advice(
        &self,
        model: QueueModel,
        targets: &Targets,
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

    fn erlang(&self, targets: &Targets) -> Result<ErlangAdvice, String> {
        let window = self.window.clone()?;
        let offered = window.offered().map_err(|wrong| wrong.to_string())?;
        Ok(erlang_advice(offered, self.agents.clone()?, targets))
    }
}

/// What the models say of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Reckoned {
    /// The classic formulas.
    pub classic: Result<Advice, String>,
    /// The queueing model.
    pub erlang: Result<ErlangAdvice, String>,
}

impl Reckoned {
    /// What both say for a queue with the members `current`.
    #[must_use]
    pub fn of(measured: &Measured, targets: &Targets, current: &Members) -> Self {
        Self {
            classic: measured.classic(current),
            erlang: measured.erlang(targets),
        }
    }

    /// What the chosen one says.
    ///
    /// # Errors
    /// Why it says nothing.
    pub fn advice(&self, model: QueueModel) -> Result<&Advice, &String> {
        match model {
            QueueModel::Classic => self.classic.as_ref(),
            QueueModel::ErlangA => self.erlang.as_ref().map(|erlang| &erlang.advice),
        }
    }
}

/// The rules by which a queue is calibrated: a `[[queue]]` table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CalibrationPolicy {
    /// Whose figures are written.
    pub model: QueueModel,
    /// From one calibration to the next.
    pub interval: Duration,
    /// Rates are measured over this time.
    pub window: Duration,
    /// The most interactions at once; as the platform shows it when absent, else its agents.
    pub capacity: Option<u32>,
    /// Agents who serve the queue; as the platform shows them when absent.
    pub agents: Option<u32>,
    /// The share of needed skills that agents have; 0.75 when absent.
    pub coverage: Option<f64>,
    /// What `erlang_a` aims at.
    pub targets: Targets,
    /// How far figures may be off.
    pub dead_bands: DeadBands,
    /// At most so many changes in any hour; no limit when absent.
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
            targets: Targets::default(),
            dead_bands: DeadBands::default(),
            max_changes_per_hour: Some(4),
        }
    }
}

/// What the platform shows of a queue at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueStatistics {
    /// What it has counted.
    pub counters: QueueCounters,
    /// Interactions under way, where it shows them.
    pub active: Option<u64>,
    /// The most that can be under way, where it shows it.
    pub capacity: Option<u64>,
    /// Agents who serve it, where it shows them.
    pub agents: Option<u64>,
}
