//! A request, read: where it goes and what it carries.

use std::sync::Arc;

use bytes::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, IF_MATCH};

use super::dialects::cxone_v2::quirks::Transition;
use super::dialects::cxone_v2::wire::asked_status;
use super::faults::Endpoint;
use super::journal::Actor;
use super::request_seen::RequestSeen;
use super::sent_request::SentRequest;
use super::tokens::Token;

/// The destination of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// To an operation, with the id in the path where there is one.
    Served(Endpoint, Option<String>),
    /// To a path that has only these methods.
    WrongMethod(&'static str),
    /// To no path of the contract.
    Unknown,
}

/// A request to one of the operations.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) seen: RequestSeen,
    pub(super) query: String,
    pub(super) authorization: Option<String>,
    pub(super) content_type: Option<String>,
    /// The header `x-client-id`.
    pub(super) client_id: Option<String>,
    /// The header `Host`.
    pub(super) host: Option<String>,
    /// The header `If-Match`.
    pub(super) if_match: Option<String>,
    /// Every header.
    pub(super) headers: Arc<HeaderMap>,
    pub(super) body: Bytes,
    pub(super) treatment: Treatment,
}

/// How a fault changes a request that is carried out.
#[derive(Clone)]
pub(super) enum Treatment {
    /// The request is carried out as usual.
    Usual,
    /// A campaign's new status comes true at the end of this transition.
    Transition(Transition),
    /// Some agents of a list of preview assignments are left out.
    InPart,
}

impl Call {
    pub(super) fn read(endpoint: Endpoint, target: Option<String>, sent: SentRequest) -> Self {
        let body_status = (endpoint == Endpoint::CampaignPut)
            .then(|| asked_status(&sent.body))
            .flatten();
        let headers = &sent.headers;
        let seen = RequestSeen {
            endpoint,
            method: sent.method.to_string(),
            path: sent.path().to_owned(),
            campaign: target.clone().filter(|_| endpoint.is_of_a_campaign()),
            target,
            request_id: text(headers, "x-request-id").or_else(|| text(headers, "correlationid")),
            body_status,
        };
        Self {
            seen,
            query: sent.query().to_owned(),
            authorization: text(headers, AUTHORIZATION.as_str()),
            content_type: text(headers, CONTENT_TYPE.as_str()),
            client_id: text(headers, "x-client-id"),
            host: text(headers, HOST.as_str()),
            if_match: text(headers, IF_MATCH.as_str()),
            headers: Arc::new(sent.headers),
            body: sent.body,
            treatment: Treatment::Usual,
        }
    }

    /// Returns a header by its name in small letters.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns who makes the call.
    pub(super) fn actor(&self, token: &Token) -> Actor {
        Actor::Client {
            request_id: self.seen.request_id.clone(),
            token_client: token.client.clone(),
        }
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}
