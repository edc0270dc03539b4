//! Counts agents from pages of rows.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::BoxFuture;
use hyper::Method;
use tracing::{Instrument, Span};

use crate::control::ports::Clock;
use crate::domain::{Selector, SnapshotBuilder};
use crate::platform::http::{
    Call, Client, HttpResponse, Page, PageWindow, RateShare, Sending, page_span, read_pages,
};
use crate::platform::port::{
    AgentObserver, Observation, ObserveFault, ObserveRequest, PlatformFault, Tally,
};

use super::address::endpoint;
use super::{endpoints, page};

/// The settings of one tenant.
#[derive(Clone, Debug)]
pub struct CxoneSettings {
    /// The tenant's address; paths are put behind it.
    pub base_url: reqwest::Url,
    /// Agents in a page, 1 to 100.
    pub page_size: usize,
    /// Pages asked for at once.
    pub page_concurrency: usize,
}

/// No reading was complete yet.
const NOTHING_EXPECTED: usize = usize::MAX;

/// Reads a tenant's agents. Has no way to change anything there.
pub struct Agents {
    client: Arc<Client>,
    clock: Arc<dyn Clock>,
    settings: CxoneSettings,
    /// How many rows the last complete reading had: the hint for how many pages to ask for at once.
    expected_rows: AtomicUsize,
}

impl Agents {
    /// A reader of this tenant.
    #[must_use]
    pub fn new(client: Arc<Client>, clock: Arc<dyn Clock>, settings: CxoneSettings) -> Self {
        Self {
            client,
            clock,
            settings,
            expected_rows: AtomicUsize::new(NOTHING_EXPECTED),
        }
    }

    async fn read(&self, request: ObserveRequest<'_>) -> Result<Observation, ObserveFault> {
        let taken_at = self.clock.now();
        let expected = self.expected_rows.load(Ordering::Relaxed);
        let window = PageWindow {
            page_size: self.settings.page_size,
            at_once: self.settings.page_concurrency,
            expected_rows: (expected != NOTHING_EXPECTED).then_some(expected),
        };
        let page = |number| {
            let span = page_span(endpoints::AGENTS, number);
            self.page(request, number).instrument(span)
        };
        let pages = read_pages(window, page).await?;
        let calls = pages.len();
        let mut builder = SnapshotBuilder::with_capacity(pages.iter().map(|page| page.rows).sum());
        for page in pages {
            builder.append(page.content);
        }
        let rows = builder.rows();
        self.expected_rows.store(rows, Ordering::Relaxed);
        let snapshot = builder.finish(taken_at);
        let tally = Tally {
            rows: Some(rows),
            calls,
            free: Some(snapshot.count(&Selector::All).available),
            states: request.staffed.then(|| snapshot.states()),
        };
        Ok(Observation {
            taken_at,
            heads: request
                .groups
                .iter()
                .map(|group| snapshot.head(group))
                .collect(),
            agents: request.agents.then_some(snapshot),
            tally,
        })
    }

    async fn page(
        &self,
        request: ObserveRequest<'_>,
        number: usize,
    ) -> Result<Page<SnapshotBuilder>, PlatformFault> {
        let size = self.settings.page_size;
        let mut url = endpoint(
            &self.settings.base_url,
            &["api", "v2", "interactions", "agents"],
        );
        url.query_pairs_mut()
            .append_pair("limit", &size.to_string())
            .append_pair("offset", &number.saturating_mul(size).to_string());
        if !request.staffed {
            url.query_pairs_mut().append_pair("state", "available");
        }
        let call = Call {
            endpoint: endpoints::AGENTS,
            share: RateShare::Readings,
            method: Method::GET,
            url,
            body: None,
            request_id: None,
            client_id: None,
            deadline: request.deadline,
            scope: "interactions:agents:read",
            sending: Sending::Repeatable,
        };
        let parse = |response: &HttpResponse| page::agents_page(&response.body, request.skills);
        let page = self
            .client
            .call(&call, parse)
            .await
            .map_err(|failed| failed.fault)?;
        let rows = page.builder.rows();
        Span::current().record("rows", rows);
        Ok(Page {
            rows,
            content: page.builder,
            ends: page.ends,
        })
    }
}

impl AgentObserver for Agents {
    fn observe<'a>(
        &'a self,
        request: ObserveRequest<'a>,
    ) -> BoxFuture<'a, Result<Observation, ObserveFault>> {
        Box::pin(self.read(request))
    }
}
