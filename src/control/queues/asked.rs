//! Does what operators ask of the calibration, one at a time between two calibrations. What is changed is committed with
//! its author before it is told.

use std::time::Duration;

use crate::control::operator::{AppliedChange, Author, LONGEST_OVERRIDE, SHORTEST_OVERRIDE};
use crate::control::ports::{AuditEvent, AuditRow};
use crate::domain::queue::{CalibrationDecision, QueueCalibrator, QueueModel, QueueStanding};
use crate::domain::{Hold, HoldKind, QueueId, Timestamp};

use super::apart::apart;
use super::calibration::{Calibrated, Calibration};
use super::handle::{CalibrationAnswer, CalibrationCommand, CalibrationError, CalibrationRequest};

impl Calibration {
    /// Does what somebody asks for, and tells what came of it.
    pub(super) async fn serve(&mut self, request: CalibrationRequest) {
        let CalibrationRequest {
            queue,
            ask,
            author,
            reply,
        } = request;
        if reply.is_closed() {
            // Whoever asked was told that it was not made.
            return;
        }
        let answer = self.answer(&queue, ask, &author).await;
        // Whoever has gone meanwhile finds it in status and audit.
        drop(reply.send(answer));
    }

    async fn answer(
        &mut self,
        id: &QueueId,
        ask: CalibrationCommand,
        author: &Author,
    ) -> Result<CalibrationAnswer, CalibrationError> {
        let watched = self.queues.get(id);
        let watched = watched.ok_or_else(|| CalibrationError::Unknown(id.clone()))?;
        let given = match ask {
            CalibrationCommand::Hold(lasts) => return self.hold(id, lasts, author).await,
            CalibrationCommand::Release => return self.release(id, author).await,
            CalibrationCommand::Given(_)
                if watched.calibrator.policy().model != QueueModel::Classic =>
            {
                return Err(CalibrationError::OtherModel(id.clone()));
            }
            CalibrationCommand::Given(inputs) => Some(inputs),
            CalibrationCommand::Recalibrate => None,
        };
        let faults = given.map(|inputs| inputs.faults()).unwrap_or_default();
        if !faults.is_empty() {
            let faults = faults.iter().map(ToString::to_string).collect();
            return Err(CalibrationError::Figures(faults));
        }
        let Calibrated { written } = self.calibrate(id, given.as_ref(), Some(author)).await;
        let view = self.queues.get(id).map(|watched| watched.view.clone());
        let queue = Box::new(view.ok_or(CalibrationError::NoAnswer)?);
        Ok(CalibrationAnswer::Calibrated { queue, written })
    }

    async fn hold(
        &mut self,
        id: &QueueId,
        lasts: Duration,
        author: &Author,
    ) -> Result<CalibrationAnswer, CalibrationError> {
        if !(SHORTEST_OVERRIDE..=LONGEST_OVERRIDE).contains(&lasts) {
            return Err(CalibrationError::Lasts);
        }
        let now = self.clock.now();
        let (name, reason) = author.parts();
        let hold = Hold {
            kind: HoldKind::AsIs,
            since: now,
            lasts,
            author: name.to_owned(),
            reason: reason.to_owned(),
        };
        let until = hold.until(now);
        let made = AppliedChange::QueueHeld {
            queue: id.clone(),
            until,
        };
        self.alter(id, author, (made.clone(), "held"), |calibrator| {
            calibrator.set_hold(Some(hold));
        })
        .await?;
        Ok(CalibrationAnswer::Changed(made))
    }

    async fn release(
        &mut self,
        id: &QueueId,
        author: &Author,
    ) -> Result<CalibrationAnswer, CalibrationError> {
        let now = self.clock.now();
        let watched = self.queues.get(id);
        let (hold, given_back) = watched.map_or((false, false), |watched| {
            let hold = watched.calibrator.hold(now).is_some();
            (hold, watched.calibrator.has_manual_change())
        });
        if !hold && !given_back {
            return Err(CalibrationError::NothingInForce(id.clone()));
        }
        let made = AppliedChange::QueueReleased {
            queue: id.clone(),
            hold,
            given_back,
        };
        self.alter(id, author, (made.clone(), "released"), |calibrator| {
            calibrator.set_hold(None);
            calibrator.release_manual_change();
        })
        .await?;
        Ok(CalibrationAnswer::Changed(made))
    }

    /// Changes what is remembered and commits it with its author; after a failure nothing is changed.
    async fn alter(
        &mut self,
        id: &QueueId,
        author: &Author,
        (made, what): (AppliedChange, &str),
        change: impl FnOnce(&mut QueueCalibrator),
    ) -> Result<(), CalibrationError> {
        let now = self.clock.now();
        let before = self.memory(id).unwrap_or_default();
        if let Some(watched) = self.queues.get_mut(id) {
            change(&mut watched.calibrator);
        }
        let (by, reason) = author.parts();
        let row = AuditRow {
            at: now,
            campaign: None,
            decision: self.keeper.next_decision(),
            event: AuditEvent::Operator {
                by: by.to_owned(),
                reason: reason.to_owned(),
                made: made.clone(),
            },
        };
        if let Err(fault) = self.keep_with(id, Some(row)).await {
            if let Some(watched) = self.queues.get_mut(id) {
                watched.calibrator.restore(before);
            }
            return Err(CalibrationError::StoreClosed(fault.to_string()));
        }
        self.events.operated(id, what, made.label(), author.parts());
        let judged = self.judged(id, now).await;
        if let Some(CalibrationDecision {
            standing,
            advised,
            why,
            ..
        }) = judged
        {
            // What it would change is for the next calibration.
            let standing = if standing == QueueStanding::Changed {
                QueueStanding::Steady
            } else {
                standing
            };
            self.stand(id, standing, why, advised);
        }
        Ok(())
    }

    async fn judged(&self, id: &QueueId, now: Timestamp) -> Option<CalibrationDecision> {
        let calibrator = self.queues.get(id)?.calibrator.clone();
        let judging = apart(move || calibrator.decide(now));
        judging.await.ok()
    }
}
