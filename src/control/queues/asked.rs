//! Serves operators' requests to the calibration, one at a time between two calibrations. A change is committed with its
//! author before it is confirmed.

use std::time::Duration;

use crate::control::operator::{AppliedChange, Author, LONGEST_OVERRIDE, SHORTEST_OVERRIDE};
use crate::control::ports::{AuditEvent, AuditRow};
use crate::domain::queue::{CalibrationDecision, CalibrationInput, QueueModel, QueueStanding};
use crate::domain::{Hold, HoldKind, Message, QueueId, Timestamp};

use super::blocking::run_blocking;
use super::calibration::{Calibration, CalibrationResult};
use super::handle::{CalibrationAnswer, CalibrationCommand, CalibrationError, CalibrationRequest};

impl Calibration {
    /// Serves a request and answers it.
    pub(super) async fn serve(&mut self, request: CalibrationRequest) {
        let CalibrationRequest {
            queue,
            ask,
            author,
            reply,
        } = request;
        if reply.is_closed() {
            // The caller has been answered that it was not carried out.
            return;
        }
        let answer = self.answer(&queue, ask, &author).await;
        // A caller who has gone meanwhile finds it in status and audit.
        drop(reply.send(answer));
    }

    async fn answer(
        &mut self,
        id: &QueueId,
        ask: CalibrationCommand,
        author: &Author,
    ) -> Result<CalibrationAnswer, CalibrationError> {
        let entry = self.queues.get(id);
        let entry = entry.ok_or_else(|| CalibrationError::Unknown(id.clone()))?;
        let given = match ask {
            CalibrationCommand::Hold(lasts) => return self.hold(id, lasts, author).await,
            CalibrationCommand::Release => return self.release(id, author).await,
            CalibrationCommand::Given(_)
                if entry.calibrator.get().policy().model != QueueModel::Classic =>
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
        let CalibrationResult { written } = self.calibrate(id, given.as_ref(), Some(author)).await;
        let view = self.queues.get(id).map(|entry| entry.view.clone());
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
        let change = vec![CalibrationInput::Hold { hold: Some(hold) }];
        self.alter(id, author, (made.clone(), "held"), change)
            .await?;
        Ok(CalibrationAnswer::Changed(made))
    }

    async fn release(
        &mut self,
        id: &QueueId,
        author: &Author,
    ) -> Result<CalibrationAnswer, CalibrationError> {
        let now = self.clock.now();
        let entry = self.queues.get(id);
        let (hold, given_back) = entry.map_or((false, false), |entry| {
            let calibrator = entry.calibrator.get();
            (
                calibrator.hold(now).is_some(),
                calibrator.has_manual_change(),
            )
        });
        if !hold && !given_back {
            return Err(CalibrationError::NothingInForce(id.clone()));
        }
        let made = AppliedChange::QueueReleased {
            queue: id.clone(),
            hold,
            given_back,
        };
        let changes = vec![
            CalibrationInput::Hold { hold: None },
            CalibrationInput::ManualChangeReleased,
        ];
        self.alter(id, author, (made.clone(), "released"), changes)
            .await?;
        Ok(CalibrationAnswer::Changed(made))
    }

    /// Changes the memory of a queue and commits it with the author; after a failure nothing is changed.
    async fn alter(
        &mut self,
        id: &QueueId,
        author: &Author,
        (made, what): (AppliedChange, &str),
        changes: Vec<CalibrationInput>,
    ) -> Result<(), CalibrationError> {
        let now = self.clock.now();
        let before = self.memory(id).unwrap_or_default();
        if let Some(entry) = self.queues.get_mut(id) {
            for change in changes {
                entry.calibrator.tell(change, now);
            }
        }
        let (by, reason) = author.parts();
        let decision = self.reconciler.next_decision();
        let until = made.queue_held_until();
        let message = self
            .reconciler
            .announces()
            .then(|| Message::queue_hold_changed(id, until, author.of_message(), decision, now));
        let row = AuditRow {
            at: now,
            campaign: None,
            decision,
            event: AuditEvent::Operator {
                by: by.to_owned(),
                typed: author.typed().map(str::to_owned),
                reason: reason.to_owned(),
                made: made.clone(),
            },
        };
        if let Err(fault) = self.keep_with(id, Some(row), message).await {
            if let Some(entry) = self.queues.get_mut(id) {
                let taken_back = CalibrationInput::Restored { memory: before };
                entry.calibrator.tell(taken_back, now);
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
            // A change that it advises is left to the next calibration.
            let standing = if standing == QueueStanding::Changed {
                QueueStanding::Steady
            } else {
                standing
            };
            self.set_standing(id, standing, why, advised);
        }
        Ok(())
    }

    async fn judged(&mut self, id: &QueueId, now: Timestamp) -> Option<CalibrationDecision> {
        let calibrator = self.queues.get(id)?.calibrator.get().clone();
        let judging = run_blocking(move || calibrator.decide(now));
        let judged = judging.await.ok()?;
        let entry = self.queues.get_mut(id)?;
        entry.calibrator.record_decision(None, &judged, now);
        Some(judged)
    }
}
