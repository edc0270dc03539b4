//! A queue's calibrator, with the inputs that it was told and that are not committed yet.
//!
//! Every input goes through [`CalibrationInput::apply`], and so into the record: what a replay does cannot differ from what
//! was done here. The inputs join the next batch that is committed for the queue; where the store cannot be written they are
//! kept, up to a bound.

use std::time::Duration;

use crate::domain::queue::{
    CalibrationDecision, CalibrationInput, CalibrationPolicy, ClassicInputs, QueueCalibrator,
    QueueMemory,
};
use crate::domain::replay::Input;
use crate::domain::{QueueId, Timestamp};

/// A replay can begin here when older inputs are gone.
const BETWEEN_CHECKPOINTS: Duration = Duration::from_secs(24 * 3600);

/// Inputs kept while the store cannot be written: some hours at the default interval.
const MOST_INPUTS: usize = 1_000;

/// A calibrator whose inputs are recorded.
pub(super) struct RecordedCalibrator {
    calibrator: QueueCalibrator,
    told: Vec<(Timestamp, CalibrationInput)>,
    checkpoint_at: Timestamp,
}

impl RecordedCalibrator {
    /// Begins a run with these rules and what is remembered of the queue.
    pub(super) fn start(policy: CalibrationPolicy, memory: QueueMemory, now: Timestamp) -> Self {
        let start = CalibrationInput::Start {
            policy: policy.clone(),
            memory: memory.clone(),
        };
        Self {
            calibrator: QueueCalibrator::new(policy, memory),
            told: vec![(now, start)],
            checkpoint_at: now,
        }
    }

    /// The calibrator as it is now.
    pub(super) fn get(&self) -> &QueueCalibrator {
        &self.calibrator
    }

    /// Tells the calibrator something.
    pub(super) fn tell(&mut self, input: CalibrationInput, now: Timestamp) {
        input.apply(&mut self.calibrator, now);
        if let CalibrationInput::ClockStepped { milliseconds } = input {
            self.checkpoint_at.shift(milliseconds);
        }
        self.told.push((now, input));
    }

    /// Records what the calibrator, as it is now, decided.
    pub(super) fn record_decision(
        &mut self,
        given: Option<ClassicInputs>,
        decision: &CalibrationDecision,
        now: Timestamp,
    ) {
        let decided = CalibrationInput::decided(given, decision);
        self.told.push((now, decided));
    }

    /// Takes out what is to be committed, in its order. What could not be committed comes back by [`Self::put_back`].
    pub(super) fn take(&mut self, id: &QueueId, now: Timestamp) -> Vec<(Timestamp, Input)> {
        let full = self.told.len() > MOST_INPUTS;
        if full {
            self.told.clear();
            self.told.push((now, CalibrationInput::Gap));
        }
        if full || now.since(self.checkpoint_at) >= BETWEEN_CHECKPOINTS {
            self.checkpoint_at = now;
            let calibrator = Box::new(self.calibrator.clone());
            let checkpoint = CalibrationInput::Checkpoint { calibrator };
            self.told.push((now, checkpoint));
        }
        let told = self.told.drain(..);
        let inputs = told.map(|(at, calibrate)| {
            let input = Input::Calibrate {
                queue: id.clone(),
                calibrate: Box::new(calibrate),
            };
            (at, input)
        });
        inputs.collect()
    }

    /// Keeps what could not be committed for the next time.
    pub(super) fn put_back(&mut self, inputs: Vec<(Timestamp, Input)>) {
        let inputs = inputs.into_iter().filter_map(|(at, input)| {
            let Input::Calibrate { calibrate, .. } = input else {
                return None;
            };
            Some((at, *calibrate))
        });
        self.told.splice(..0, inputs);
    }
}
