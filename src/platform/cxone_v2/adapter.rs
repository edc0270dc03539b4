//! The ports of the loop, spoken in this dialect.

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::Method;
use hyper::header::DATE;
use tracing::{Instrument, Span};

use crate::control::ports::{
    AgentsRead, AgentsRequest, Clock, Commander, FaultKind, Platform, PlatformFault, ReadFault,
};
use crate::domain::assignment::{Dispatch, DispatchEnd, ListFinding};
use crate::domain::{
    CampaignId, DecisionId, Delivery, Direction, SnapshotBuilder, StatusFinding, StatusReading,
    Timestamp,
};
use crate::platform::http::{
    Call, CallFault, Client, HttpResponse, Page, PageWindow, RateShare, page_span, read_pages,
    request_span,
};
use crate::telemetry::Endpoint;

use super::{campaign, list, page};

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

/// Reads a tenant. Has no way to change anything there.
pub struct Cxone {
    client: Arc<Client>,
    clock: Arc<dyn Clock>,
    settings: CxoneSettings,
}

/// Sends commands to a tenant. A dry run makes none.
pub struct CommandSender {
    client: Arc<Client>,
    base_url: reqwest::Url,
    client_id: String,
}

impl Cxone {
    /// A reader of this tenant.
    #[must_use]
    pub fn new(client: Arc<Client>, clock: Arc<dyn Clock>, settings: CxoneSettings) -> Self {
        Self {
            client,
            clock,
            settings,
        }
    }

    async fn agents(&self, request: AgentsRequest) -> Result<AgentsRead, ReadFault> {
        let taken_at = self.clock.now();
        let window = PageWindow {
            page_size: self.settings.page_size,
            at_once: self.settings.page_concurrency,
            expected_rows: request.expected_rows,
        };
        let page = |number| {
            let span = page_span(Endpoint::Agents, number);
            self.page(request, number).instrument(span)
        };
        let pages = read_pages(window, page).await?;
        let asked = pages.len();
        let mut builder = SnapshotBuilder::with_capacity(pages.iter().map(|page| page.rows).sum());
        for page in pages {
            builder.append(page.content);
        }
        let rows = builder.rows();
        Ok(AgentsRead {
            snapshot: builder.finish(taken_at),
            rows,
            pages: asked,
        })
    }

    async fn page(
        &self,
        request: AgentsRequest,
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
        if !request.every_state {
            url.query_pairs_mut().append_pair("state", "available");
        }
        let call = Call {
            endpoint: Endpoint::Agents,
            share: RateShare::Readings,
            method: Method::GET,
            url,
            body: None,
            request_id: None,
            client_id: None,
            deadline: request.deadline,
            scope: "interactions:agents:read",
            blindly_again: true,
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

    async fn status(
        &self,
        campaign: &CampaignId,
        urgent: bool,
        deadline: Timestamp,
    ) -> Result<StatusFinding, PlatformFault> {
        let call = Call {
            endpoint: Endpoint::CampaignGet,
            share: if urgent {
                RateShare::Commands
            } else {
                RateShare::Readings
            },
            method: Method::GET,
            url: campaign_url(&self.settings.base_url, campaign),
            body: None,
            request_id: None,
            client_id: None,
            deadline,
            scope: "campaigns:read",
            blindly_again: true,
        };
        match self
            .client
            .call(&call, |response| self.reading(response))
            .await
        {
            Ok(reading) => Ok(StatusFinding::Found(reading)),
            Err(failed) if failed.fault.kind == FaultKind::NotFound => Ok(StatusFinding::Missing),
            Err(failed) => Err(failed.fault),
        }
    }

    async fn list(
        &self,
        campaign: &CampaignId,
        deadline: Timestamp,
    ) -> Result<ListFinding, PlatformFault> {
        let call = Call {
            endpoint: Endpoint::AssignmentsGet,
            share: RateShare::Readings,
            method: Method::GET,
            url: list_url(&self.settings.base_url, campaign),
            body: None,
            request_id: None,
            client_id: None,
            deadline,
            scope: "outbound:campaigns:read",
            blindly_again: true,
        };
        let read = self
            .client
            .call(&call, |response| list::read(&response.body));
        match read.await {
            Ok(agents) => Ok(ListFinding::Found { agents }),
            // 404, and 405 among the refusals, are how a platform without the listing answers.
            Err(failed) if failed.fault.kind == FaultKind::NotFound => Ok(ListFinding::NotShown),
            Err(failed) if failed.fault.kind == FaultKind::NotAllowed => Ok(ListFinding::NotShown),
            Err(failed) => Err(failed.fault),
        }
    }

    fn reading(&self, response: &HttpResponse) -> Result<StatusReading, String> {
        let found = campaign::campaign(&response.body)?;
        Ok(StatusReading {
            activity: campaign::activity(&found.status),
            word: found.status,
            changed_by: None,
            updated_at: found
                .updated_timestamp
                .as_deref()
                .and_then(Timestamp::parse_rfc3339),
            version: found.updated_timestamp,
            platform_now: date(response),
            read_at: self.clock.now(),
        })
    }
}

impl Platform for Cxone {
    fn read_agents(&self, request: AgentsRequest) -> BoxFuture<'_, Result<AgentsRead, ReadFault>> {
        Box::pin(self.agents(request))
    }

    fn read_list<'a>(
        &'a self,
        campaign: &'a CampaignId,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Result<ListFinding, PlatformFault>> {
        let span = request_span(Endpoint::AssignmentsGet);
        Box::pin(self.list(campaign, deadline).instrument(span))
    }

    fn read_status<'a>(
        &'a self,
        campaign: &'a CampaignId,
        urgent: bool,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Result<StatusFinding, PlatformFault>> {
        let span = request_span(Endpoint::CampaignGet);
        Box::pin(self.status(campaign, urgent, deadline).instrument(span))
    }
}

impl CommandSender {
    /// A sender to this tenant.
    #[must_use]
    pub fn new(client: Arc<Client>, base_url: reqwest::Url, client_id: String) -> Self {
        Self {
            client,
            base_url,
            client_id,
        }
    }

    async fn put(
        &self,
        campaign: &CampaignId,
        direction: Direction,
        decision: DecisionId,
        deadline: Timestamp,
    ) -> Delivery {
        let body = match direction {
            Direction::Pause => Bytes::from_static(br#"{"status":"PAUSED"}"#),
            Direction::Resume => Bytes::from_static(br#"{"status":"RUNNING"}"#),
        };
        let call = Call {
            endpoint: Endpoint::CampaignPut,
            share: RateShare::Commands,
            method: Method::PUT,
            url: campaign_url(&self.base_url, campaign),
            body: Some(body),
            request_id: Some(decision.to_string()),
            client_id: None,
            deadline,
            scope: "campaigns:write",
            blindly_again: false,
        };
        match self.client.call(&call, |_| Ok(())).await {
            Ok(()) => Delivery::Acknowledged { version: None },
            Err(CallFault {
                fault,
                maybe_applied: true,
                ..
            }) => Delivery::Lost { why: fault.detail },
            Err(CallFault {
                fault, answered, ..
            }) => {
                let refused = answered && fault.kind != FaultKind::RateLimited;
                let why = fault.detail;
                if refused {
                    Delivery::Refused { why, wait: None }
                } else {
                    Delivery::NotSent { why }
                }
            }
        }
    }
}

impl CommandSender {
    async fn replace(
        &self,
        dispatch: &Dispatch,
        decision: DecisionId,
        deadline: Timestamp,
    ) -> DispatchEnd {
        let call = Call {
            endpoint: Endpoint::AssignmentsPut,
            share: RateShare::Commands,
            method: Method::PUT,
            url: list_url(&self.base_url, &dispatch.campaign),
            body: Some(list::body(dispatch)),
            request_id: Some(decision.to_string()),
            client_id: Some(self.client_id.clone()),
            deadline,
            scope: "outbound:campaigns:write",
            blindly_again: false,
        };
        let answer = |response: &HttpResponse| list::answer(&response.body);
        let failed = match self.client.call(&call, answer).await {
            Ok((assignment, updated)) => {
                return DispatchEnd::Accepted {
                    assignment,
                    updated,
                };
            }
            Err(failed) => failed,
        };
        let why = failed.fault.detail;
        if failed.maybe_applied {
            return DispatchEnd::Lost { why };
        }
        match failed.fault.kind {
            FaultKind::Conflict => DispatchEnd::NoCapacity { why },
            FaultKind::Refused => DispatchEnd::Refused {
                agents: list::named(dispatch, &why),
                why,
            },
            FaultKind::Connect
            | FaultKind::Timeout
            | FaultKind::Unauthorized
            | FaultKind::Forbidden
            | FaultKind::NotFound
            | FaultKind::NotAllowed
            | FaultKind::RateLimited
            | FaultKind::Server
            | FaultKind::Decode => DispatchEnd::NotSent { why },
        }
    }
}

impl Commander for CommandSender {
    fn assign<'a>(
        &'a self,
        dispatch: &'a Dispatch,
        decision: DecisionId,
        deadline: Timestamp,
    ) -> BoxFuture<'a, DispatchEnd> {
        let span = request_span(Endpoint::AssignmentsPut);
        Box::pin(self.replace(dispatch, decision, deadline).instrument(span))
    }

    fn command<'a>(
        &'a self,
        campaign: &'a CampaignId,
        direction: Direction,
        decision: DecisionId,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Delivery> {
        let span = request_span(Endpoint::CampaignPut);
        let sent = self.put(campaign, direction, decision, deadline);
        Box::pin(sent.instrument(span))
    }
}

fn campaign_url(base: &reqwest::Url, campaign: &CampaignId) -> reqwest::Url {
    endpoint(base, &["api", "v2", "campaigns", campaign.as_str()])
}

fn list_url(base: &reqwest::Url, campaign: &CampaignId) -> reqwest::Url {
    let campaign = campaign.as_str();
    endpoint(
        base,
        &["api", "v2", "outbound", "campaigns", campaign, "agents"],
    )
}

/// `base` with path segments behind it, each percent-encoded.
pub(super) fn endpoint(base: &reqwest::Url, segments: &[&str]) -> reqwest::Url {
    let mut url = base.clone();
    // An address that cannot have a path is refused with the configuration.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

/// The platform's clock, from the `Date` header.
fn date(response: &HttpResponse) -> Option<Timestamp> {
    let text = response.headers.get(DATE)?.to_str().ok()?;
    let since_epoch = httpdate::parse_http_date(text)
        .ok()?
        .duration_since(UNIX_EPOCH)
        .ok()?;
    Some(Timestamp::from_unix_millis(0).plus(since_epoch))
}
