//! The ports of queues: settings of a skill, read and written as a whole.
//!
//! The platform refuses a change of a skill that runs (409), and does not refuse a write that rests on an old reading. Both
//! are looked at right before it: the gap that remains is between that reading and the write.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::Method;
use serde_json::Value;

use crate::domain::queue::{ChangeFault, Members, QueueStatistics, WriteForm};
use crate::domain::{Delivery, QueueId, SkillId, Timestamp};
use crate::platform::http::{HttpResponse, RateShare, failed_delivery};
use crate::platform::port::{
    FaultKind, PlatformFault, QueueOrder, QueueReader, QueueReading, QueueWriter,
};

use super::campaign_skills::Target;
use super::drift;
use super::operation::Operation;
use super::reading::decode;
use super::skill_settings::{self, SkillSettings};
use super::tenant::{Ask, Order, Tenant};

/// Reads settings of skills. Has no way to change anything there.
pub(super) struct Queues {
    pub(super) tenant: Arc<Tenant>,
}

/// Changes settings of skills. A dry run makes none.
pub(super) struct QueueSender {
    pub(super) queues: Arc<Queues>,
}

impl Queues {
    async fn settings(
        &self,
        skill: u64,
        share: RateShare,
        deadline: Timestamp,
    ) -> Result<SkillSettings, PlatformFault> {
        // Every member is wanted, so that none is named.
        let ask = Ask {
            operation: Operation::Skill,
            id: Some(skill),
            query: Vec::new(),
            share,
            deadline,
        };
        let parse = |response: &HttpResponse| SkillSettings::parse(skill, &response.body);
        self.tenant.read(&ask, parse).await
    }

    async fn queue(
        &self,
        queue: &QueueId,
        deadline: Timestamp,
    ) -> Result<Option<QueueReading>, PlatformFault> {
        let skill = skill_of(queue).map_err(decode)?;
        match self.settings(skill, RateShare::Readings, deadline).await {
            Ok(settings) => Ok(Some(settings.reading(queue, skill))),
            Err(fault) if fault.kind == FaultKind::NotFound => Ok(None),
            Err(fault) => Err(fault),
        }
    }
}

impl QueueSender {
    async fn write(&self, order: QueueOrder<'_>, deadline: Timestamp) -> Delivery {
        let refused = |why: String| Delivery::Refused { why, wait: None };
        let QueueOrder {
            reading,
            change,
            form: _,
            decision,
        } = order;
        let skill = match skill_of(&reading.queue) {
            Ok(skill) => skill,
            Err(why) => return refused(why),
        };
        let queues = &self.queues;
        let now = queues.settings(skill, RateShare::Commands, deadline).await;
        let now = match now {
            Ok(now) => now,
            Err(fault) => return Delivery::NotSent { why: fault.detail },
        };
        if now.reading(&reading.queue, skill).version != reading.version {
            let why = format!("somebody changed skill {skill} since it was read");
            return Delivery::Conflict { why };
        }
        if let Some(why) = now.refusal() {
            return refused(why);
        }
        let Some(body) = now.body(change) else {
            let why = "the change cannot be written to a skill".to_owned();
            return Delivery::NotSent { why };
        };
        let order = Order {
            operation: Operation::Skill,
            method: Method::PUT,
            id: skill,
            body: Some(Bytes::from(body)),
            decision: decision.to_string(),
            leave_by: None,
            deadline,
        };
        let answer = |response: &HttpResponse| Ok(says_no(&response.body));
        match queues.tenant.write(&order, answer).await {
            Ok(false) => Delivery::Acknowledged { version: None },
            Ok(true) => refused(format!("the platform did not change skill {skill}")),
            Err(failed) if failed.fault.kind == FaultKind::Conflict && !failed.maybe_applied => {
                refused(format!(
                    "the skill runs, and the platform changes the settings of a skill only while it does not run: {}",
                    failed.fault.detail
                ))
            }
            Err(failed) => failed_delivery(failed),
        }
    }
}

/// A queue of this platform is a skill.
fn skill_of(queue: &QueueId) -> Result<u64, String> {
    match queue.as_str().parse()? {
        Target::Skill(skill) => Ok(skill),
        Target::Campaign(_) => Err(format!(
            "`{queue}` stands for several skills, and settings are of single ones"
        )),
    }
}

/// Whether an answer of 200 says that nothing was changed.
fn says_no(body: &[u8]) -> bool {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let answer = answer.get("resultSet").unwrap_or(&answer);
    answer.get("success").and_then(drift::as_flag) == Some(false)
}

impl QueueReader for Queues {
    fn read_queue<'a>(
        &'a self,
        queue: &'a QueueId,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Result<Option<QueueReading>, PlatformFault>> {
        Box::pin(self.queue(queue, deadline))
    }

    /// What waits for an outbound skill is no queue of callers: nothing of it is shown here.
    fn read_statistics<'a>(
        &'a self,
        _queue: &'a QueueId,
        _deadline: Timestamp,
    ) -> BoxFuture<'a, Result<Option<QueueStatistics>, PlatformFault>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// A skill needs no other skills, so that nobody asks for them with a change that can be written.
    fn read_skills(
        &self,
        _deadline: Timestamp,
    ) -> BoxFuture<'_, Result<BTreeSet<SkillId>, PlatformFault>> {
        Box::pin(std::future::ready(Err(PlatformFault {
            kind: FaultKind::NotAllowed,
            detail: "a skill of this platform has no skills of its own that could be changed"
                .to_owned(),
        })))
    }

    fn form_faults(
        &self,
        reading: &QueueReading,
        change: &Members,
        form: WriteForm,
    ) -> Vec<ChangeFault> {
        let settings = skill_of(&reading.queue)
            .and_then(|skill| SkillSettings::parse(skill, reading.original.0.as_bytes()));
        match settings {
            Ok(settings) => skill_settings::form_faults(&settings, change, form),
            Err(wrong) => vec![ChangeFault::new("skill", wrong, "read it again")],
        }
    }
}

impl QueueWriter for QueueSender {
    fn write_queue<'a>(
        &'a self,
        order: QueueOrder<'a>,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Delivery> {
        Box::pin(self.write(order, deadline))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_one_skill() {
        let skill = |text: &str| skill_of(&text.parse().unwrap());
        assert_eq!(skill("4711"), Ok(4_711));
        assert!(skill("campaign:300").is_err());
        assert!(skill("queue-1").is_err());
    }

    #[test]
    fn two_hundred_may_say_no() {
        for (body, no) in [
            (r#"{"success":true,"skillId":4711}"#, false),
            (r#"{"resultSet":{"success":"False"}}"#, true),
            (r#"{"success":false}"#, true),
            ("", false),
            ("{}", false),
        ] {
            assert_eq!(says_no(body.as_bytes()), no, "{body}");
        }
    }
}
