//! The paths of the contract.

use hyper::Method;

use crate::simulator::call::Route;
use crate::simulator::encoding::percent_decode;
use crate::simulator::faults::Endpoint;

const CAMPAIGNS: &str = "/api/v2/campaigns/";
const OUTBOUND: &str = "/api/v2/outbound/campaigns/";
const QUEUES: &str = "/api/v2/routing/queues/";
const EXTENDED: &str = "/x-autopilot/campaigns/";
const USERS: &str = "/api/v2/routing/users/";

/// Where a request goes.
pub(in crate::simulator) fn route(method: &Method, path: &str) -> Route {
    let only = |wanted: Method, endpoint: Endpoint, allow: &'static str| {
        if *method == wanted {
            Route::Served(endpoint, None)
        } else {
            Route::WrongMethod(allow)
        }
    };
    match path {
        "/oauth2/token" | "/oauth/token" => only(Method::POST, Endpoint::Token, "POST"),
        "/api/v2/interactions/agents" => only(Method::GET, Endpoint::Agents, "GET"),
        "/x-autopilot/outcomes" => only(Method::GET, Endpoint::Outcomes, "GET"),
        "/api/v2/routing/skills" => only(Method::GET, Endpoint::Skills, "GET"),
        _ => with_id(method, path),
    }
}

fn with_id(method: &Method, path: &str) -> Route {
    let is_put = |get: Endpoint, put: Endpoint| match *method {
        Method::GET => Ok(get),
        Method::PUT => Ok(put),
        _ => Err("GET, PUT"),
    };
    let found = if let Some(id) = between(path, CAMPAIGNS, "") {
        (id, is_put(Endpoint::CampaignGet, Endpoint::CampaignPut))
    } else if let Some(id) = between(path, OUTBOUND, "/agents") {
        (
            id,
            is_put(Endpoint::AssignmentsGet, Endpoint::AssignmentsPut),
        )
    } else if let Some(id) = between(path, QUEUES, "") {
        let endpoint = match *method {
            Method::GET => Ok(Endpoint::QueueGet),
            Method::PATCH => Ok(Endpoint::QueuePatch),
            Method::PUT => Ok(Endpoint::QueuePut),
            _ => Err("GET, PATCH, PUT"),
        };
        (id, endpoint)
    } else if let Some(id) = between(path, QUEUES, "/statistics") {
        let is_get = *method == Method::GET;
        (id, is_get.then_some(Endpoint::QueueStatistics).ok_or("GET"))
    } else if let Some(id) = between(path, EXTENDED, "/idle-reserve") {
        (
            id,
            is_put(Endpoint::IdleReserveGet, Endpoint::IdleReservePut),
        )
    } else if let Some(id) = between(path, USERS, "/routing-profile") {
        let is_put = *method == Method::PUT;
        (id, is_put.then_some(Endpoint::ProfilePut).ok_or("PUT"))
    } else {
        return Route::Unknown;
    };
    match found {
        (id, Ok(endpoint)) => Route::Served(endpoint, Some(percent_decode(id))),
        (_, Err(allow)) => Route::WrongMethod(allow),
    }
}

/// The one segment of `path` between what it starts and what it ends with.
fn between<'a>(path: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let id = path.strip_prefix(start)?.strip_suffix(end)?;
    (!id.is_empty() && !id.contains('/')).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_the_contracts_paths_only() {
        let campaign = |id: &str| Some(id.to_owned());
        let check = |method: Method, path: &str, expected: Route| {
            assert_eq!(route(&method, path), expected, "{path}");
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
        check(
            Method::GET,
            "/api/v2/outbound/campaigns/7/agents",
            Route::Served(Endpoint::AssignmentsGet, campaign("7")),
        );
        check(
            Method::PATCH,
            "/api/v2/outbound/campaigns/7/agents",
            Route::WrongMethod("GET, PUT"),
        );
        for path in [
            "/",
            "/api/v2/outbound/campaigns//agents",
            "/api/v2/outbound/campaigns/7",
            "/api/v2/outbound/campaigns/7/8/agents",
            "/api/v2/campaigns/",
            "/api/v2/campaigns/7/agents",
            "/api/v2/interactions/agents/",
        ] {
            check(Method::GET, path, Route::Unknown);
        }
    }

    /// The contract's operations: method, path and summary. Its layout is fixed: paths stand two blanks
    /// in, methods four, summaries six.
    fn operations() -> Vec<(Method, &'static str, &'static str)> {
        let contract = include_str!("../../../../tests/contract/cxone-v2.openapi.yaml");
        let (mut found, mut path, mut method) = (Vec::new(), "", "");
        for line in contract.lines() {
            let text = line.trim_start();
            match line.len() - text.len() {
                2 if text.starts_with('/') => path = text.trim_end_matches(':'),
                4 => method = text.trim_end_matches(':'),
                6 => {
                    if let Some(summary) = text.strip_prefix("summary: ") {
                        found.push((method.to_uppercase().parse().unwrap(), path, summary));
                    }
                }
                _ => {}
            }
        }
        found
    }

    #[test]
    fn the_routes_are_exactly_the_contracts_operations() {
        let operations = operations();
        let mut served = Vec::new();
        for (_, template, _) in &operations {
            let concrete = template
                .split('/')
                .map(|part| if part.starts_with('{') { "7" } else { part });
            let concrete = concrete.collect::<Vec<_>>().join("/");
            let of_path = |method: &&Method| {
                let mut all = operations.iter();
                all.any(|(of, path, _)| of == *method && path == template)
            };
            for method in [
                Method::GET,
                Method::PUT,
                Method::POST,
                Method::PATCH,
                Method::DELETE,
                Method::HEAD,
                Method::OPTIONS,
            ] {
                let wanted = of_path(&&method);
                match route(&method, &concrete) {
                    Route::Served(endpoint, target) => {
                        assert!(wanted, "{method} {template} is not in the contract");
                        assert_eq!(target.is_some(), template.contains('{'), "{template}");
                        served.push(endpoint);
                    }
                    Route::WrongMethod(allow) => {
                        assert!(!wanted, "{method} {template} is not served");
                        assert!(!allow.contains(method.as_str()), "{allow}");
                    }
                    Route::Unknown => panic!("{template} is not served"),
                }
            }
        }
        served.sort();
        served.dedup();
        assert_eq!(served, Endpoint::ALL);
        assert_eq!(operations.len(), Endpoint::ALL.len());
    }

    #[test]
    fn the_scopes_are_the_contracts() {
        let blank = |part: &str| if part.starts_with('{') { "7" } else { part }.to_owned();
        for (method, template, summary) in operations() {
            let path = template.split('/').map(blank).collect::<Vec<_>>().join("/");
            let Route::Served(endpoint, _) = route(&method, &path) else {
                panic!("{template} is not served");
            };
            let named = summary
                .split_once("(scope ")
                .and_then(|(_, rest)| rest.split_once(')'));
            let named = named.map(|(scopes, _)| scopes.split(" or ").collect::<Vec<_>>());
            let asked = endpoint.scopes().unwrap_or_default();
            assert_eq!(named.unwrap_or_default(), asked, "{summary}");
        }
    }
}
