//! The paths of the contract.

use hyper::Method;

use super::super::super::call::Route;
use super::super::super::encoding::percent_decode;
use super::super::super::faults::Endpoint;
use super::operation::CloudOperation;

/// Where the addresses of channels of notifications begin.
pub(super) const PLACE: &str = "/notifications/";

/// Returns the channel that a path leads to.
pub(in crate::simulator) fn channel_of(path: &str) -> Option<&str> {
    path.strip_prefix(PLACE).filter(|id| !id.is_empty())
}

/// Where a request goes.
pub(in crate::simulator) fn route(method: &Method, path: &str) -> Route {
    use CloudOperation as Op;
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    if segments.contains(&"") {
        return Route::Unknown;
    }
    if segments == ["oauth", "token"] {
        return choose(method, &[(Method::POST, Op::Token)], None);
    }
    let ["api", "v2", segments @ ..] = segments.as_slice() else {
        return Route::Unknown;
    };
    let (operations, id): (&[(Method, Op)], Option<&str>) = match segments {
        ["tokens", "me"] => (&[(Method::GET, Op::TokenClient)], None),
        ["outbound", "campaigns"] => (&[(Method::GET, Op::Campaigns)], None),
        ["outbound", "campaigns", id] => (
            &[
                (Method::GET, Op::Campaign),
                (Method::PATCH, Op::PatchCampaign),
            ],
            Some(id),
        ),
        ["outbound", "campaigns", id, "start"] => (&[(Method::POST, Op::StartCampaign)], Some(id)),
        ["outbound", "campaigns", id, "stop"] => (&[(Method::POST, Op::StopCampaign)], Some(id)),
        ["outbound", "campaigns", id, "diagnostics"] => {
            (&[(Method::GET, Op::Diagnostics)], Some(id))
        }
        ["outbound", "campaignrules"] => (&[(Method::GET, Op::Rules)], None),
        ["outbound", "sequences"] => (&[(Method::GET, Op::Sequences)], None),
        ["outbound", "schedules", "campaigns"] => (&[(Method::GET, Op::Schedules)], None),
        ["outbound", "settings"] => (&[(Method::GET, Op::OutboundSettings)], None),
        ["analytics", "queues", "observations", "query"] => {
            (&[(Method::POST, Op::Observations)], None)
        }
        ["analytics", "conversations", "aggregates", "query"] => {
            (&[(Method::POST, Op::Aggregates)], None)
        }
        ["audits", "query", "realtime"] => (&[(Method::POST, Op::Audits)], None),
        ["audits", "query", "realtime", "servicemapping"] => {
            (&[(Method::GET, Op::AuditedServices)], None)
        }
        ["routing", "queues", id, "members"] => (
            &[
                (Method::GET, Op::Members),
                (Method::PATCH, Op::ChangeMembers),
            ],
            Some(id),
        ),
        ["notifications", "channels"] => (&[(Method::POST, Op::CreateChannel)], None),
        ["notifications", "channels", id, "subscriptions"] => {
            (&[(Method::POST, Op::Subscribe)], Some(id))
        }
        ["routing", "queues", id] => (
            &[(Method::GET, Op::Queue), (Method::PUT, Op::PutQueue)],
            Some(id),
        ),
        _ => return Route::Unknown,
    };
    choose(method, operations, id.map(percent_decode))
}

fn choose(method: &Method, operations: &[(Method, CloudOperation)], id: Option<String>) -> Route {
    let found = operations.iter().find(|(known, _)| known == method);
    match found {
        Some((_, operation)) => Route::Served(Endpoint::Cloud(*operation), id),
        None => Route::WrongMethod(match operations {
            [(Method::POST, _)] => "POST",
            [(Method::GET, _)] => "GET",
            [_, (Method::PATCH, _)] => "GET, PATCH",
            _ => "GET, PUT",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The contract's operations: method and path. Its layout is fixed: paths are indented by two blanks, methods by four.
    fn operations() -> Vec<(Method, &'static str)> {
        let contract = include_str!("../../../../tests/contract/genesys-cloud.openapi.yaml");
        let paths = contract.split("\ncomponents:").next().unwrap();
        let (mut found, mut path) = (Vec::new(), "");
        for line in paths.lines() {
            let text = line.trim_start();
            match line.len() - text.len() {
                2 if text.starts_with('/') => path = text.trim_end_matches(':'),
                4 if ["get:", "post:", "put:", "patch:"].contains(&text) => {
                    let method = text.trim_end_matches(':').to_uppercase();
                    found.push((method.parse().unwrap(), path));
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
        for (_, template) in &operations {
            let path = template
                .replace("{campaignId}", "c")
                .replace("{queueId}", "q")
                .replace("{channelId}", "n");
            for method in [
                Method::GET,
                Method::PUT,
                Method::POST,
                Method::PATCH,
                Method::DELETE,
                Method::HEAD,
            ] {
                let mut all = operations.iter();
                let wanted = all.any(|(of, path)| *of == method && path == template);
                match route(&method, &path) {
                    Route::Served(endpoint, id) => {
                        assert!(wanted, "{method} {template} is not in the contract");
                        assert_eq!(id.is_some(), template.contains("Id}"), "{template}");
                        served.push(endpoint);
                    }
                    Route::WrongMethod(allow) => {
                        assert!(!wanted, "{method} {template} is not served");
                        let allowed: Vec<&str> = allow.split(", ").collect();
                        assert!(!allowed.contains(&method.as_str()), "{allow}");
                    }
                    Route::Unknown => panic!("{template} is not served"),
                }
            }
        }
        served.sort();
        served.dedup();
        assert_eq!(served, CloudOperation::ALL.map(Endpoint::Cloud));
        assert_eq!(operations.len(), CloudOperation::ALL.len());
    }

    #[test]
    fn what_is_not_in_the_contract_is_no_path() {
        for path in [
            "/api/v2/campaigns/7",
            "/api/v2/outbound/campaigns/",
            "/api/v2/outbound/campaigns/c/restart",
            "/api/v2/routing/queues/q/users",
            "/api/v1/outbound/campaigns",
            "/",
        ] {
            assert_eq!(route(&Method::GET, path), Route::Unknown, "{path}");
        }
    }
}
