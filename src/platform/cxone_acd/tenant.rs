//! One tenant: its host, its versions, and the requests to it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use hyper::{Method, StatusCode};
use tokio::sync::OnceCell;
use tracing::Instrument;

use crate::control::ports::Clock;
use crate::domain::Timestamp;
use crate::platform::http::{
    Call, CallFault, Client, HttpResponse, RateShare, Sending, request_span,
};
use crate::platform::port::{FaultKind, PlatformFault, UnreadableRows};

use super::discovery;
use super::endpoints;
use super::operation::{Operation, Services, Versions};

/// Where a tenant is.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// The API host is configured.
    Host(reqwest::Url),
    /// The issuer returns it.
    Issuer(reqwest::Url),
}

/// A tenant.
pub(super) struct Tenant {
    client: Arc<Client>,
    clock: Arc<dyn Clock>,
    place: Place,
    versions: Versions,
    services: OnceCell<Services>,
    /// The highest count of each listing that was held against its pages.
    proven_counts: Mutex<BTreeMap<Operation, usize>>,
}

/// A request to read something.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) operation: Operation,
    /// The skill or campaign that it is about.
    pub(super) id: Option<u64>,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) share: RateShare,
    pub(super) deadline: Timestamp,
}

/// A request to change something. It has no query.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) operation: Operation,
    pub(super) method: Method,
    pub(super) id: u64,
    pub(super) body: Option<Bytes>,
    /// Goes along, so that the platform's log can be tied to ours.
    pub(super) decision: String,
    /// It rests on a reading that is too old after this.
    pub(super) leave_by: Option<Timestamp>,
    pub(super) deadline: Timestamp,
}

impl Tenant {
    pub(super) fn new(
        client: Arc<Client>,
        clock: Arc<dyn Clock>,
        place: Place,
        versions: Versions,
    ) -> Self {
        Self {
            client,
            clock,
            place,
            versions,
            services: OnceCell::new(),
            proven_counts: Mutex::default(),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Returns the highest count of this listing that was held against its pages; 0 before the first one.
    pub(super) fn proven_count(&self, listing: Operation) -> usize {
        let proven = self.proven_counts.lock();
        let proven = proven.unwrap_or_else(PoisonError::into_inner);
        proven.get(&listing).copied().unwrap_or_default()
    }

    /// Notes that a count was held against its pages.
    pub(super) fn note_proven_count(&self, listing: Operation, rows: usize) {
        let proven = self.proven_counts.lock();
        let mut proven = proven.unwrap_or_else(PoisonError::into_inner);
        let highest = proven.entry(listing).or_default();
        *highest = rows.max(*highest);
    }

    /// Counts the rows of a listing that could not be read, and tells of the first ones.
    pub(super) fn note_unreadable(&self, listing: Operation, unreadable: &UnreadableRows) {
        let listing = endpoints::reading(listing);
        self.client.note_unreadable(listing, unreadable);
    }

    /// Reads; 204 and 304 are answers as well, which `parse` sees.
    pub(super) async fn read<T>(
        &self,
        ask: &Ask,
        parse: impl Fn(&HttpResponse) -> Result<T, String>,
    ) -> Result<T, PlatformFault> {
        let services = self.services(ask.deadline).await?;
        let mut url = match ask.id {
            Some(id) => services.url_of(ask.operation, id),
            None => services.url(ask.operation),
        };
        if !ask.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&ask.query);
        }
        let call = Call {
            endpoint: endpoints::reading(ask.operation),
            share: ask.share,
            method: Method::GET,
            url,
            body: None,
            request_id: None,
            client_id: None,
            deadline: ask.deadline,
            scope: right(ask.operation),
            sending: Sending::Repeatable,
        };
        let span = request_span(call.endpoint);
        self.client
            .call_conditional(&call, parse)
            .instrument(span)
            .await
            .map_err(|failed| failed.fault)
    }

    /// Writes, once as far as the platform may have seen it.
    pub(super) async fn write<T>(
        &self,
        order: &Order,
        parse: impl Fn(&HttpResponse) -> Result<T, String>,
    ) -> Result<T, CallFault> {
        let services = self.services(order.deadline).await;
        let services = services.map_err(|fault| CallFault {
            fault,
            maybe_applied: false,
            answered: false,
            wait: None,
        })?;
        let call = Call {
            endpoint: endpoints::writing(order.operation),
            share: RateShare::Commands,
            method: order.method.clone(),
            url: services.url_of(order.operation, order.id),
            body: order.body.clone(),
            request_id: Some(order.decision.clone()),
            client_id: None,
            deadline: order.deadline,
            scope: right_to_write(order.operation),
            sending: Sending::Once {
                leave_by: order.leave_by,
            },
        };
        let span = request_span(call.endpoint);
        self.client.call(&call, parse).instrument(span).await
    }

    /// The services of the tenant's host, which is looked for once.
    async fn services(&self, deadline: Timestamp) -> Result<&Services, PlatformFault> {
        let find = || async move {
            let host = match &self.place {
                Place::Host(host) => host.clone(),
                Place::Issuer(issuer) => self.discover(issuer, deadline).await?,
            };
            Ok(Services::new(host, self.versions.clone()))
        };
        self.services.get_or_try_init(find).await
    }

    async fn discover(
        &self,
        issuer: &reqwest::Url,
        deadline: Timestamp,
    ) -> Result<reqwest::Url, PlatformFault> {
        let token = self.client.token_text(deadline).await?;
        let tenant = discovery::tenant_of(&token).map_err(|detail| PlatformFault {
            kind: FaultKind::Decode,
            detail,
        })?;
        let call = Call {
            endpoint: endpoints::DISCOVERY,
            share: RateShare::Commands,
            method: Method::GET,
            url: discovery::address(issuer, &tenant),
            body: None,
            request_id: None,
            client_id: None,
            deadline,
            scope: "",
            sending: Sending::Repeatable,
        };
        let host = |response: &HttpResponse| discovery::api_host(issuer, &response.body);
        self.client
            .call(&call, host)
            .await
            .map_err(|failed| failed.fault)
    }
}

/// Whether an answer says that nothing is there or nothing changed.
pub(super) fn says_nothing(response: &HttpResponse) -> bool {
    matches!(
        response.status,
        StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
    )
}

/// The right that a 403 is likely to lack, as the vendor calls it. There are no scopes.
fn right(operation: Operation) -> &'static str {
    match operation {
        Operation::AgentStates
        | Operation::SkillsActivity
        | Operation::Skills
        | Operation::Skill
        | Operation::CampaignSkills
        | Operation::SkillSummary
        | Operation::SkillParameters
        | Operation::BusinessUnit
        | Operation::ServerTime => "read real-time data",
        Operation::StartSkill | Operation::StopSkill => "Outbound Strategy Manager",
        Operation::SkillAgents => "Skills User Assignment",
        Operation::GeneralSettings => "Skills Edit",
    }
}

/// The right that a 403 of a write is likely to lack.
fn right_to_write(operation: Operation) -> &'static str {
    match operation {
        Operation::Skill => "Skills Edit",
        Operation::AgentStates
        | Operation::SkillsActivity
        | Operation::Skills
        | Operation::StartSkill
        | Operation::StopSkill
        | Operation::SkillAgents
        | Operation::SkillSummary
        | Operation::SkillParameters
        | Operation::GeneralSettings
        | Operation::CampaignSkills
        | Operation::BusinessUnit
        | Operation::ServerTime => right(operation),
    }
}
