//! A request, read: where it goes and what it carries.

use bytes::Bytes;
use hyper::Method;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use hyper::http::request::Parts;

use super::encoding::percent_decode;
use super::faults::Endpoint;
use super::handle::RequestSeen;
use super::wire::asked_status;

const CAMPAIGNS: &str = "/api/v2/campaigns/";

/// Where a request goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// To an operation, with the campaign's id where there is one in the path.
    Served(Endpoint, Option<String>),
    /// To a path that has only these methods.
    WrongMethod(&'static str),
    /// To no path of the contract.
    Unknown,
}

/// A request to one of the operations.
pub(super) struct Call {
    pub(super) seen: RequestSeen,
    pub(super) query: String,
    pub(super) authorization: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) body: Bytes,
}

impl Route {
    pub(super) fn of(method: &Method, path: &str) -> Self {
        let only = |wanted: Method, endpoint: Endpoint, allow: &'static str| {
            if *method == wanted {
                Self::Served(endpoint, None)
            } else {
                Self::WrongMethod(allow)
            }
        };
        match path {
            "/oauth2/token" | "/oauth/token" => only(Method::POST, Endpoint::Token, "POST"),
            "/api/v2/interactions/agents" => only(Method::GET, Endpoint::Agents, "GET"),
            _ => match path.strip_prefix(CAMPAIGNS) {
                None | Some("") => Self::Unknown,
                Some(id) if id.contains('/') => Self::Unknown,
                Some(id) => match *method {
                    Method::GET => Self::Served(Endpoint::CampaignGet, Some(percent_decode(id))),
                    Method::PUT => Self::Served(Endpoint::CampaignPut, Some(percent_decode(id))),
                    _ => Self::WrongMethod("GET, PUT"),
                },
            },
        }
    }
}

impl Call {
    pub(super) fn read(
        endpoint: Endpoint,
        campaign: Option<String>,
        parts: &Parts,
        body: Bytes,
    ) -> Self {
        let body_status = (endpoint == Endpoint::CampaignPut)
            .then(|| asked_status(&body))
            .flatten();
        let seen = RequestSeen {
            endpoint,
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            campaign,
            request_id: text(&parts.headers, "x-request-id"),
            body_status,
        };
        Self {
            seen,
            query: parts.uri.query().unwrap_or_default().to_owned(),
            authorization: text(&parts.headers, AUTHORIZATION.as_str()),
            content_type: text(&parts.headers, CONTENT_TYPE.as_str()),
            body,
        }
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_the_contracts_paths_only() {
        let campaign = |id: &str| Some(id.to_owned());
        let check = |method: Method, path: &str, expected: Route| {
            assert_eq!(Route::of(&method, path), expected, "{path}");
        };
        check(
            Method::POST,
            "/oauth/token",
            Route::Served(Endpoint::Token, None),
        );
        check(Method::GET, "/oauth2/token", Route::WrongMethod("POST"));
        check(
            Method::GET,
            "/api/v2/interactions/agents",
            Route::Served(Endpoint::Agents, None),
        );
        check(
            Method::GET,
            "/api/v2/campaigns/a%2Fb+c",
            Route::Served(Endpoint::CampaignGet, campaign("a/b+c")),
        );
        check(
            Method::PUT,
            "/api/v2/campaigns/7",
            Route::Served(Endpoint::CampaignPut, campaign("7")),
        );
        check(
            Method::DELETE,
            "/api/v2/campaigns/7",
            Route::WrongMethod("GET, PUT"),
        );
        for path in [
            "/",
            "/api/v2/campaigns/",
            "/api/v2/campaigns/7/agents",
            "/api/v2/interactions/agents/",
        ] {
            check(Method::GET, path, Route::Unknown);
        }
    }
}
