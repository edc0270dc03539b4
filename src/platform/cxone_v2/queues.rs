//! The ports of queues, spoken in this dialect.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::{Method, StatusCode};
use tracing::Instrument;

use crate::control::ports::Clock;
use crate::domain::queue::{ChangeFault, Members, QueueStatistics, WriteForm};
use crate::domain::{Delivery, QueueId, SkillId, Timestamp};
use crate::platform::http::{
    Call, Client, HttpResponse, Page, PagePlace, PageSize, PageWindow, RateShare, Sending,
    failed_delivery, read_pages, request_span,
};
use crate::platform::port::{
    FaultKind, PlatformFault, QueueOrder, QueueReader, QueueReading, QueueWriter,
};

use super::address::endpoint;
use super::queue::SkillsPage;
use super::{endpoints, queue, queue_statistics};

/// Skills in a page.
const PAGE: usize = 100;

/// Reads queues and skills. Has no way to change anything there.
pub struct Queues {
    client: Arc<Client>,
    base_url: reqwest::Url,
    clock: Arc<dyn Clock>,
}

/// Changes queues. A dry run makes none.
pub struct QueueSender {
    client: Arc<Client>,
    base_url: reqwest::Url,
}

impl Queues {
    /// A reader of this tenant.
    #[must_use]
    pub fn new(client: Arc<Client>, base_url: reqwest::Url, clock: Arc<dyn Clock>) -> Self {
        Self {
            client,
            base_url,
            clock,
        }
    }

    async fn statistics(
        &self,
        queue: &QueueId,
        deadline: Timestamp,
    ) -> Result<Option<QueueStatistics>, PlatformFault> {
        let of_queue = [
            "api",
            "v2",
            "routing",
            "queues",
            queue.as_str(),
            "statistics",
        ];
        let call = Call {
            endpoint: endpoints::QUEUE_STATISTICS,
            share: RateShare::Readings,
            method: Method::GET,
            url: endpoint(&self.base_url, &of_queue),
            body: None,
            request_id: None,
            client_id: None,
            deadline,
            scope: "routing:queue:view",
            sending: Sending::Repeatable,
        };
        let read = self.client.call(&call, |response| {
            queue_statistics::reading(queue, &response.body, self.clock.now())
        });
        match read.await {
            Ok(statistics) => Ok(Some(statistics)),
            // 404, and 405 among the refusals, are how a platform without statistics answers.
            Err(failed) if failed.fault.kind == FaultKind::NotFound => Ok(None),
            Err(failed) if failed.fault.kind == FaultKind::NotAllowed => Ok(None),
            Err(failed) => Err(failed.fault),
        }
    }

    async fn queue(
        &self,
        queue: &QueueId,
        deadline: Timestamp,
    ) -> Result<Option<QueueReading>, PlatformFault> {
        let call = Call {
            endpoint: endpoints::QUEUE_GET,
            share: RateShare::Readings,
            method: Method::GET,
            url: queue_url(&self.base_url, queue),
            body: None,
            request_id: None,
            client_id: None,
            deadline,
            scope: "routing:queue:view",
            sending: Sending::Repeatable,
        };
        let read = self
            .client
            .call(&call, |response| queue::reading(queue, &response.body));
        match read.await {
            Ok(reading) => Ok(Some(reading)),
            Err(failed) if failed.fault.kind == FaultKind::NotFound => Ok(None),
            Err(failed) => Err(failed.fault),
        }
    }

    async fn skills(&self, deadline: Timestamp) -> Result<BTreeSet<SkillId>, PlatformFault> {
        let size = PageSize::asking(PAGE);
        let window = PageWindow {
            at_once: 1,
            expected_rows: None,
        };
        let page = async |place: PagePlace| {
            let SkillsPage { ids, claims } = self.skills_from(place.offset, deadline).await?;
            Ok(Page {
                rows: ids.len(),
                ends: ids.first().cloned().zip(ids.last().cloned()),
                claims,
                content: ids,
            })
        };
        let pages = read_pages(&size, window, page).await;
        let pages = pages.map_err(|stopped| stopped.fault)?;
        let ids = pages.into_iter().flat_map(|page| page.content);
        // An id that no platform would give cannot be named by a change either.
        Ok(ids.filter_map(|id| id.parse::<SkillId>().ok()).collect())
    }

    async fn skills_from(
        &self,
        offset: usize,
        deadline: Timestamp,
    ) -> Result<SkillsPage, PlatformFault> {
        let mut url = endpoint(&self.base_url, &["api", "v2", "routing", "skills"]);
        url.query_pairs_mut()
            .append_pair("limit", &PAGE.to_string())
            .append_pair("offset", &offset.to_string());
        let call = Call {
            endpoint: endpoints::SKILLS,
            share: RateShare::Readings,
            method: Method::GET,
            url,
            body: None,
            request_id: None,
            client_id: None,
            deadline,
            scope: "routing:skill:read",
            sending: Sending::Repeatable,
        };
        let parse = |response: &HttpResponse| match response.status {
            StatusCode::NO_CONTENT => queue::skills(b"null"),
            _ => queue::skills(&response.body),
        };
        let page = self.client.call(&call, parse).await;
        page.map_err(|failed| failed.fault)
    }
}

impl QueueReader for Queues {
    fn read_queue<'a>(
        &'a self,
        queue: &'a QueueId,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Result<Option<QueueReading>, PlatformFault>> {
        let span = request_span(endpoints::QUEUE_GET);
        Box::pin(self.queue(queue, deadline).instrument(span))
    }

    fn read_statistics<'a>(
        &'a self,
        queue: &'a QueueId,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Result<Option<QueueStatistics>, PlatformFault>> {
        Box::pin(self.statistics(queue, deadline))
    }

    fn read_skills(
        &self,
        deadline: Timestamp,
    ) -> BoxFuture<'_, Result<BTreeSet<SkillId>, PlatformFault>> {
        Box::pin(self.skills(deadline))
    }

    fn form_faults(
        &self,
        reading: &QueueReading,
        change: &Members,
        form: WriteForm,
    ) -> Vec<ChangeFault> {
        queue::form_faults(reading, change, form)
    }
}

impl QueueSender {
    /// A sender to this tenant.
    #[must_use]
    pub fn new(client: Arc<Client>, base_url: reqwest::Url) -> Self {
        Self { client, base_url }
    }

    async fn write(&self, order: QueueOrder<'_>, deadline: Timestamp) -> Delivery {
        let QueueOrder {
            reading,
            change,
            form,
            decision,
        } = order;
        let Some(body) = queue::body(reading, change, form) else {
            return Delivery::NotSent {
                why: "the change cannot be written in this form".to_owned(),
            };
        };
        let (endpoint, method, if_match) = match form {
            WriteForm::Whole => (endpoints::QUEUE_PUT, Method::PUT, reading.version.number()),
            // The version is in the body.
            WriteForm::Members => (endpoints::QUEUE_PATCH, Method::PATCH, None),
        };
        let call = Call {
            endpoint,
            share: RateShare::Commands,
            method,
            url: queue_url(&self.base_url, &reading.queue),
            body: Some(Bytes::from(body)),
            request_id: Some(decision.to_string()),
            client_id: None,
            deadline,
            scope: "routing:queue:write",
            sending: Sending::Once { leave_by: None },
        };
        let sent = self.client.call_if(&call, if_match, |_| Ok(())).await;
        match sent {
            Ok(()) => Delivery::Acknowledged { version: None },
            Err(failed) => failed_delivery(failed),
        }
    }
}

impl QueueWriter for QueueSender {
    fn write_queue<'a>(
        &'a self,
        order: QueueOrder<'a>,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Delivery> {
        let span = request_span(match order.form {
            WriteForm::Whole => endpoints::QUEUE_PUT,
            WriteForm::Members => endpoints::QUEUE_PATCH,
        });
        Box::pin(self.write(order, deadline).instrument(span))
    }
}

fn queue_url(base: &reqwest::Url, queue: &QueueId) -> reqwest::Url {
    endpoint(base, &["api", "v2", "routing", "queues", queue.as_str()])
}
