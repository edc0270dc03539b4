//! Reads and replaces the lists of preview campaigns.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use hyper::{Method, StatusCode};
use tracing::Instrument;

use crate::domain::assignment::{Dispatch, List, ListFinding};
use crate::domain::{CampaignId, DecisionId, Delivery, Timestamp};
use crate::platform::http::{Call, Client, HttpResponse, RateShare, Sending, request_span};
use crate::platform::port::{FaultKind, ListReader, ListReceipt, ListWriter, PlatformFault};

use super::address::list_url;
use super::{endpoints, list};

/// Reads lists. Has no way to change anything there.
pub struct Lists {
    client: Arc<Client>,
    base_url: reqwest::Url,
}

/// Replaces lists. A dry run makes none.
pub struct ListSender {
    client: Arc<Client>,
    base_url: reqwest::Url,
    client_id: String,
}

impl Lists {
    /// A reader of this tenant.
    #[must_use]
    pub fn new(client: Arc<Client>, base_url: reqwest::Url) -> Self {
        Self { client, base_url }
    }

    async fn list(
        &self,
        campaign: &CampaignId,
        deadline: Timestamp,
    ) -> Result<ListFinding, PlatformFault> {
        let call = Call {
            endpoint: endpoints::ASSIGNMENTS_GET,
            share: RateShare::Readings,
            method: Method::GET,
            url: list_url(&self.base_url, campaign),
            body: None,
            request_id: None,
            client_id: None,
            deadline,
            scope: "outbound:campaigns:read",
            sending: Sending::Repeatable,
        };
        let in_force = |response: &HttpResponse| match response.status {
            StatusCode::NO_CONTENT => Ok(List::new()),
            _ => list::read(campaign, &response.body),
        };
        match self.client.call(&call, in_force).await {
            Ok(agents) => Ok(ListFinding::Found { agents }),
            // 404, and 405 among the refusals, are how a platform without the listing answers.
            Err(failed) => match failed.fault.kind {
                FaultKind::NotFound | FaultKind::NotAllowed => Ok(ListFinding::NotShown),
                FaultKind::Connect
                | FaultKind::Timeout
                | FaultKind::Unauthorized
                | FaultKind::Forbidden
                | FaultKind::Conflict
                | FaultKind::RateLimited
                | FaultKind::Refused
                | FaultKind::Server
                | FaultKind::Decode => Err(failed.fault),
            },
        }
    }
}

impl ListReader for Lists {
    fn read_list<'a>(
        &'a self,
        campaign: &'a CampaignId,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Result<ListFinding, PlatformFault>> {
        let span = request_span(endpoints::ASSIGNMENTS_GET);
        Box::pin(self.list(campaign, deadline).instrument(span))
    }
}

impl ListSender {
    /// A sender to this tenant. `client_id` goes along, as the operation asks for.
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
        dispatch: &Dispatch,
        decision: DecisionId,
        deadline: Timestamp,
    ) -> ListReceipt {
        let call = Call {
            endpoint: endpoints::ASSIGNMENTS_PUT,
            share: RateShare::Commands,
            method: Method::PUT,
            url: list_url(&self.base_url, &dispatch.campaign),
            body: Some(list::body(dispatch)),
            request_id: Some(decision.to_string()),
            client_id: Some(self.client_id.clone()),
            deadline,
            scope: "outbound:campaigns:write",
            sending: Sending::Once { leave_by: None },
        };
        let answer = |response: &HttpResponse| list::answer(&response.body);
        let failed = match self.client.call(&call, answer).await {
            Ok((assignment, updated)) => {
                return ListReceipt {
                    delivery: Delivery::Acknowledged { version: None },
                    assignment: Some(assignment),
                    updated: Some(updated),
                    left_out: Vec::new(),
                    in_part: None,
                };
            }
            Err(failed) => failed,
        };
        let why = failed.fault.detail;
        let mut left_out = Vec::new();
        let delivery = if failed.maybe_applied {
            Delivery::Lost { why }
        } else {
            match failed.fault.kind {
                FaultKind::Conflict => Delivery::Conflict { why },
                FaultKind::Refused => {
                    left_out = list::named(dispatch, &why);
                    Delivery::Refused { why, wait: None }
                }
                FaultKind::Connect
                | FaultKind::Timeout
                | FaultKind::Unauthorized
                | FaultKind::Forbidden
                | FaultKind::NotFound
                | FaultKind::NotAllowed
                | FaultKind::RateLimited
                | FaultKind::Server
                | FaultKind::Decode => Delivery::NotSent { why },
            }
        };
        ListReceipt {
            delivery,
            assignment: None,
            updated: None,
            left_out,
            in_part: None,
        }
    }
}

impl ListWriter for ListSender {
    fn replace<'a>(
        &'a self,
        dispatch: &'a Dispatch,
        decision: DecisionId,
        deadline: Timestamp,
    ) -> BoxFuture<'a, ListReceipt> {
        let span = request_span(endpoints::ASSIGNMENTS_PUT);
        Box::pin(self.put(dispatch, decision, deadline).instrument(span))
    }
}
