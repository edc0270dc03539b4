//! Decisions, made again from the recorded inputs.

use std::ops::ControlFlow;

use crate::domain::replay::Replayer;
use crate::domain::{Outcome, Stage};
use crate::store::{ReplayFault, StoreReader, TimeSpan};

use super::record::{DecisionRecord, FlatRecord};

/// Gives each decision within `span` to `each`. What is recorded before it is decided again as well: a decision rests on what was
/// before.
pub(super) fn each_decision(
    reader: &StoreReader,
    span: TimeSpan,
    tenant: Option<&str>,
    mut each: impl FnMut(&DecisionRecord<'_>) -> ControlFlow<()>,
) -> Result<(), ReplayFault> {
    reader.with_inputs(|inputs| {
        let mut replayer = Replayer::default();
        for (at, input) in inputs {
            replayer.step(at, input)?;
            if !span.contains(at) {
                continue;
            }
            for (campaign, reason) in replayer.reasons() {
                let state = replayer
                    .autopilot()
                    .and_then(|pilot| pilot.campaign(campaign));
                let thresholds = reason.thresholds();
                let outcome = match reason.outcome {
                    Outcome::Command { direction, .. } => direction.to_string(),
                    Outcome::NothingToDo => "nothing_to_do".to_owned(),
                    Outcome::Suppressed { by, .. } => by.label().to_owned(),
                };
                let record = DecisionRecord {
                    schema: DecisionRecord::SCHEMA,
                    tenant,
                    at: reason.at.to_string(),
                    campaign: campaign.as_str(),
                    decision: reason.decision.to_string(),
                    state: state.map(|campaign| campaign.state().belief.label()),
                    outcome,
                    stage: reason.stages.decided_by().map(Stage::name),
                    available: reason.available(),
                    staffed: reason.staffed(),
                    pause_below: thresholds.map(|thresholds| thresholds.pause_below),
                    resume_at: thresholds.map(|thresholds| thresholds.resume_at),
                    reason: reason.to_string(),
                };
                if each(&record).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    })?
}
