//! The operations about queues: what is asked goes to the calibration's own inbox, so that no queue keeps anybody from
//! holding a campaign.

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::{Request, Response, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::control::queues::handle::{
    CalibrationAnswer, CalibrationCommand, CalibrationError, QueueHandle,
};
use crate::domain::QueueId;
use crate::domain::queue::{ClassicInputs, Members, QueueStanding, QueueVersion};

use super::answer::{Answered, Body, Failure, json};
use super::api::{author, body, lasts, queue_in};
use super::caller::Caller;
use super::connections::Slot;
use super::documents::ChangeAnswer;
use super::query::Query;
use super::queue_documents::{QueueDocument, QueuesDocument};
use super::schema::SCHEMA;
use super::sources::Sources;
use super::tenants::{ServedTenant, TenantEntry};

/// Asks for a queue to be left alone.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueHoldRequest {
    /// For how long, such as `30m`.
    #[serde(rename = "for")]
    pub lasts: String,
    /// Why.
    pub reason: String,
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
}

/// The request that brings figures along. What was part of it elsewhere is refused with what to do instead.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TriggerRequest {
    queue_id: String,
    current_metrics: CurrentMetrics,
    #[serde(default)]
    skill_matrix: SkillMatrix,
    auth_config: Option<Value>,
    wfm_webhook: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CurrentMetrics {
    active_interactions: f64,
    max_capacity: f64,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SkillMatrix {
    coverage_ratio: Option<f64>,
}

/// What came of a calibration that somebody asked for. `status`, `queue` and `version` are what callers of the path expect.
#[derive(Serialize)]
struct CalibratedDocument {
    schema: u32,
    status: &'static str,
    queue: String,
    version: Option<QueueVersion>,
    decision: Option<String>,
    written: Members,
    why: String,
    detail: QueueDocument,
}

impl From<CalibrationError> for Failure {
    fn from(refusal: CalibrationError) -> Self {
        let (status, error) = match &refusal {
            CalibrationError::Unknown(_) => (StatusCode::NOT_FOUND, "unknown_queue"),
            CalibrationError::OtherModel(_) => (StatusCode::CONFLICT, "other_model"),
            CalibrationError::NothingInForce(_) => (StatusCode::CONFLICT, "nothing_in_force"),
            CalibrationError::Lasts => (StatusCode::BAD_REQUEST, "invalid"),
            CalibrationError::Figures(faults) => return Self::bad(faults.clone()),
            CalibrationError::StoreClosed(_) => (StatusCode::SERVICE_UNAVAILABLE, "store_closed"),
            CalibrationError::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            CalibrationError::NoAnswer => (StatusCode::SERVICE_UNAVAILABLE, "no_answer"),
        };
        Self::one(status, error, refusal.to_string())
    }
}

impl Sources {
    /// Returns every queue that is calibrated.
    pub(super) fn queues(&self) -> Response<Body> {
        let tenants = self.tenants();
        let of_tenant = |entry: &TenantEntry| -> Vec<QueueDocument> {
            let queues = entry.observed().map(|observed| observed.queues);
            let queues = queues.iter().flat_map(|queues| queues.iter());
            let described = queues.map(|queue| QueueDocument {
                tenant: entry.name.as_ref().map(ToString::to_string),
                ..QueueDocument::of(queue)
            });
            described.collect()
        };
        json(&QueuesDocument::of(
            tenants.entries.iter().flat_map(of_tenant).collect(),
        ))
    }

    /// Calibrates a queue now.
    pub(super) async fn recalibrate(
        &self,
        id: &str,
        (query, caller): (&Query, &Caller),
        slot: &Arc<Slot>,
    ) -> Answered {
        let queue = queue_in(&self.tenants(), id)?;
        let asked = self
            .ask(
                queue,
                CalibrationCommand::Recalibrate,
                (query, caller),
                slot,
            )
            .await?;
        calibrated(asked)
    }

    /// Calibrates a queue by figures of the request.
    pub(super) async fn trigger(
        &self,
        request: Request<Incoming>,
        (query, caller): (&Query, &Caller),
        slot: &Arc<Slot>,
    ) -> Answered {
        let asked: TriggerRequest = body(request).await?;
        let mut faults = Vec::new();
        if asked.auth_config.is_some() {
            faults.push(
                "authConfig: credentials are not accepted in a request; the daemon uses its own (AUTOPILOT_CLIENT_ID, AUTOPILOT_CLIENT_SECRET). Leave authConfig out, and do not send it again: whoever reads requests on the way has it"
                    .to_owned(),
            );
        }
        if asked.wfm_webhook.is_some() {
            faults.push(
                "wfmWebhook: addresses of receivers are not accepted in a request; --webhook-url gives the daemon one, and messages to it are signed. Leave wfmWebhook out"
                    .to_owned(),
            );
        }
        let tenants = self.tenants();
        let (entry, id) = tenants.split("queueId", &asked.queue_id)?;
        let queue = id.parse::<QueueId>();
        if let Err(wrong) = &queue {
            faults.push(format!("queueId: an id {wrong}"));
        }
        let CurrentMetrics {
            active_interactions: active,
            max_capacity: capacity,
        } = asked.current_metrics;
        let inputs = ClassicInputs {
            active,
            capacity,
            coverage: asked.skill_matrix.coverage_ratio,
        };
        faults.extend(inputs.faults().iter().map(ToString::to_string));
        let (Ok(queue), true) = (queue, faults.is_empty()) else {
            return Err(Failure::bad(faults));
        };
        let queue = (Arc::clone(entry.running()?), queue);
        let asked = self
            .ask(
                queue,
                CalibrationCommand::Given(inputs),
                (query, caller),
                slot,
            )
            .await?;
        calibrated(asked)
    }

    /// Holds a queue for a while.
    pub(super) async fn hold_queue(
        &self,
        id: &str,
        (request, caller): (Request<Incoming>, &Caller),
        slot: &Arc<Slot>,
    ) -> Answered {
        let (served, queue) = queue_in(&self.tenants(), id)?;
        let asked: QueueHoldRequest = body(request).await?;
        let mut faults = Vec::new();
        let author = author(caller, asked.author.as_deref(), &asked.reason, &mut faults);
        let lasts = lasts(&asked.lasts, &mut faults);
        let (Some(author), true) = (author, faults.is_empty()) else {
            return Err(Failure::bad(faults));
        };
        let handle = queue_handle(&served, &queue)?;
        let _busy = slot.busy();
        let answered = handle.ask(queue, CalibrationCommand::Hold(lasts), author);
        changed(answered.await?)
    }

    /// Ends its hold, and lets what somebody changed be calibrated again.
    pub(super) async fn release_queue(
        &self,
        id: &str,
        (query, caller): (&Query, &Caller),
        slot: &Arc<Slot>,
    ) -> Answered {
        let (served, queue) = queue_in(&self.tenants(), id)?;
        let author = query.author(caller)?;
        let handle = queue_handle(&served, &queue)?;
        let _busy = slot.busy();
        let answered = handle.ask(queue, CalibrationCommand::Release, author);
        changed(answered.await?)
    }

    async fn ask(
        &self,
        (served, queue): (Arc<ServedTenant>, QueueId),
        ask: CalibrationCommand,
        (query, caller): (&Query, &Caller),
        slot: &Arc<Slot>,
    ) -> Result<CalibrationAnswer, Failure> {
        let author = query.author_or(caller, "asked for by the API")?;
        let handle = queue_handle(&served, &queue)?;
        let _busy = slot.busy();
        Ok(handle.ask(queue, ask, author).await?)
    }
}

fn queue_handle(served: &ServedTenant, queue: &QueueId) -> Result<QueueHandle, Failure> {
    let handle = served.queues.clone();
    handle.ok_or_else(|| CalibrationError::Unknown(queue.clone()).into())
}

fn calibrated(answered: CalibrationAnswer) -> Answered {
    let CalibrationAnswer::Calibrated { queue, written } = answered else {
        return Err(CalibrationError::NoAnswer.into());
    };
    let (status, code) = match queue.standing {
        QueueStanding::Changed => ("updated", StatusCode::OK),
        QueueStanding::Steady => ("unchanged", StatusCode::OK),
        QueueStanding::Advising => ("advised", StatusCode::OK),
        QueueStanding::Unmeasured => ("unmeasured", StatusCode::OK),
        QueueStanding::Conflict => ("conflict", StatusCode::CONFLICT),
        QueueStanding::Held => ("held", StatusCode::CONFLICT),
        QueueStanding::Unreachable => ("failed", StatusCode::BAD_GATEWAY),
    };
    let detail = QueueDocument::of(&queue);
    let mut answer = json(&CalibratedDocument {
        schema: SCHEMA,
        status,
        queue: detail.id.clone(),
        version: queue.version.clone(),
        decision: detail.decision.clone(),
        written,
        why: detail.why.clone(),
        detail,
    });
    *answer.status_mut() = code;
    Ok(answer)
}

fn changed(answered: CalibrationAnswer) -> Answered {
    let CalibrationAnswer::Changed(made) = answered else {
        return Err(CalibrationError::NoAnswer.into());
    };
    Ok(json(&ChangeAnswer {
        schema: SCHEMA,
        made,
        campaigns: Vec::new(),
        notes: Vec::new(),
    }))
}
