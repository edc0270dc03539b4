//! The ports of queues: settings of a queue, read and written as a whole.
//!
//! The platform does not refuse a write that rests on an old reading: the queue is read right before it, and the gap that remains is
//! between that reading and the write. What somebody wrote in it shows when the write is read back.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::Method;

use crate::domain::queue::{ChangeFault, Members, QueueStatistics, WriteForm};
use crate::domain::{Delivery, QueueId, SkillId, Timestamp};
use crate::platform::http::{RateShare, failed_delivery};
use crate::platform::port::{
    FaultKind, PlatformFault, QueueOrder, QueueReader, QueueReading, QueueWriter,
};

use super::organisation::{Ask, Order, Organisation};
use super::{endpoints, queue, rights};

/// Reads queues. Has no way to change anything there.
pub(super) struct Queues {
    pub(super) organisation: Arc<Organisation>,
}

/// Changes queues. A dry run makes none.
pub(super) struct QueueSender {
    pub(super) queues: Arc<Queues>,
}

impl Queues {
    async fn reading(
        &self,
        id: &QueueId,
        share: RateShare,
        deadline: Timestamp,
    ) -> Result<QueueReading, PlatformFault> {
        let ask = Ask {
            endpoint: endpoints::QUEUE,
            path: &["routing", "queues", id.as_str()],
            query: Vec::new(),
            body: None,
            right: rights::QUEUE_VIEW,
            share,
            deadline,
        };
        self.organisation
            .read(ask, |body| queue::reading(id, body))
            .await
    }

    async fn queue(
        &self,
        id: &QueueId,
        deadline: Timestamp,
    ) -> Result<Option<QueueReading>, PlatformFault> {
        match self.reading(id, RateShare::Readings, deadline).await {
            Ok(reading) => Ok(Some(reading)),
            Err(fault) if fault.kind == FaultKind::NotFound => Ok(None),
            Err(fault) => Err(fault),
        }
    }
}

impl QueueSender {
    async fn write(&self, order: QueueOrder<'_>, deadline: Timestamp) -> Delivery {
        let QueueOrder {
            reading,
            change,
            form: _,
            decision,
        } = order;
        let id = &reading.queue;
        let now = self.queues.reading(id, RateShare::Commands, deadline).await;
        let now = match now {
            Ok(now) => now,
            Err(fault) => return Delivery::NotSent { why: fault.detail },
        };
        if now.version != reading.version {
            let why = format!("somebody changed queue {id} since it was read");
            return Delivery::Conflict { why };
        }
        let body = match queue::body(&now.original, change) {
            Ok(body) => body,
            Err(why) => return Delivery::NotSent { why },
        };
        let request = Order {
            endpoint: endpoints::QUEUE_CHANGE,
            method: Method::PUT,
            path: &["routing", "queues", id.as_str()],
            body: Some(Bytes::from(body)),
            right: rights::QUEUE_EDIT,
            decision: Some(decision.to_string()),
            leave_by: None,
            deadline,
        };
        match self.queues.organisation.write(request).await {
            Ok(()) => Delivery::Acknowledged { version: None },
            Err(failed) => failed_delivery(failed),
        }
    }
}

impl QueueReader for Queues {
    fn read_queue<'a>(
        &'a self,
        queue: &'a QueueId,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Result<Option<QueueReading>, PlatformFault>> {
        Box::pin(self.queue(queue, deadline))
    }

    /// What a queue has counted is not read here.
    fn read_statistics<'a>(
        &'a self,
        _queue: &'a QueueId,
        _deadline: Timestamp,
    ) -> BoxFuture<'a, Result<Option<QueueStatistics>, PlatformFault>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// No change that can be written refers to skills, so that nobody asks for them.
    fn read_skills(
        &self,
        _deadline: Timestamp,
    ) -> BoxFuture<'_, Result<BTreeSet<SkillId>, PlatformFault>> {
        Box::pin(std::future::ready(Err(PlatformFault {
            kind: FaultKind::NotAllowed,
            detail: "skills of a queue are not changed on this platform".to_owned(),
        })))
    }

    fn form_faults(
        &self,
        _reading: &QueueReading,
        change: &Members,
        form: WriteForm,
    ) -> Vec<ChangeFault> {
        queue::form_faults(change, form)
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
