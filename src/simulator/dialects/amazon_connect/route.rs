//! The paths of both services. Those of campaigns have `/v2` in front, or nothing in the first version.

use hyper::Method;

use super::super::super::call::Route;
use super::super::super::encoding::percent_decode;
use super::super::super::faults::Endpoint;
use super::operation::ConnectOperation;

/// Whether a path is one of the first version's.
pub(super) fn is_first_version(path: &str) -> bool {
    path.starts_with("/campaigns")
}

/// Where a request goes.
pub(in crate::simulator) fn route(method: &Method, path: &str) -> Route {
    use ConnectOperation as Op;
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    if segments.contains(&"") {
        return Route::Unknown;
    }
    let first = is_first_version(path);
    let of_campaigns = match segments.as_slice() {
        ["metrics", "current", instance] => {
            return choose(
                method,
                &Method::POST,
                Op::GetCurrentMetricData,
                Some(instance),
            );
        }
        ["metrics", "data"] => return choose(method, &Method::POST, Op::GetMetricDataV2, None),
        ["v2", rest @ ..] => rest,
        rest if first => rest,
        _ => return Route::Unknown,
    };
    let (wanted, operation, id) = match of_campaigns {
        ["campaigns-summary"] => (Method::POST, Op::ListCampaigns, None),
        ["campaigns-state"] => (Method::POST, Op::GetCampaignStateBatch, None),
        ["campaigns", id] => (Method::GET, Op::DescribeCampaign, Some(id)),
        ["campaigns", id, "state"] => (Method::GET, Op::GetCampaignState, Some(id)),
        ["campaigns", id, "pause"] => (Method::POST, Op::PauseCampaign, Some(id)),
        ["campaigns", id, "resume"] => (Method::POST, Op::ResumeCampaign, Some(id)),
        ["campaigns", id, "channel-subtype-config"] if !first => {
            (Method::POST, Op::UpdateCampaign, Some(id))
        }
        ["campaigns", id, "dialer-config"] if first => (Method::POST, Op::UpdateCampaign, Some(id)),
        _ => return Route::Unknown,
    };
    choose(method, &wanted, operation, id)
}

fn choose(
    method: &Method,
    wanted: &Method,
    operation: ConnectOperation,
    id: Option<&&str>,
) -> Route {
    if method == wanted {
        let id = id.map(|id| percent_decode(id));
        return Route::Served(Endpoint::Connect(operation), id);
    }
    Route::WrongMethod(if *wanted == Method::GET {
        "GET"
    } else {
        "POST"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_have_the_same_verbs_and_one_has_its_own_pacing() {
        use ConnectOperation as Op;
        let served = |method: Method, path: &str| match route(&method, path) {
            Route::Served(Endpoint::Connect(operation), id) => Some((operation, id)),
            Route::Served(..) | Route::WrongMethod(_) | Route::Unknown => None,
        };
        let id = || Some("c 1".to_owned());
        for prefix in ["/v2", ""] {
            let at = |path: &str| format!("{prefix}{path}");
            for (method, path, operation, id) in [
                (Method::POST, "/campaigns-summary", Op::ListCampaigns, None),
                (
                    Method::POST,
                    "/campaigns-state",
                    Op::GetCampaignStateBatch,
                    None,
                ),
                (Method::GET, "/campaigns/c%201", Op::DescribeCampaign, id()),
                (
                    Method::GET,
                    "/campaigns/c%201/state",
                    Op::GetCampaignState,
                    id(),
                ),
                (
                    Method::POST,
                    "/campaigns/c%201/pause",
                    Op::PauseCampaign,
                    id(),
                ),
                (
                    Method::POST,
                    "/campaigns/c%201/resume",
                    Op::ResumeCampaign,
                    id(),
                ),
            ] {
                let found = served(method, &at(path));
                assert_eq!(found, Some((operation, id)), "{prefix}{path}");
            }
        }
        let pace = |path: &str| served(Method::POST, path).map(|(operation, _)| operation);
        assert_eq!(
            pace("/v2/campaigns/c/channel-subtype-config"),
            Some(Op::UpdateCampaign)
        );
        assert_eq!(pace("/campaigns/c/dialer-config"), Some(Op::UpdateCampaign));
        assert_eq!(pace("/campaigns/c/channel-subtype-config"), None);
        assert_eq!(pace("/v2/campaigns/c/dialer-config"), None);
        assert_eq!(pace("/metrics/current/i"), Some(Op::GetCurrentMetricData));
        assert_eq!(pace("/metrics/data"), Some(Op::GetMetricDataV2));
    }

    #[test]
    fn what_no_service_has_is_no_path() {
        for path in [
            "/",
            "/v2/campaigns",
            "/v2/campaigns/",
            "/v2/campaigns/c/start",
            "/v2/campaigns/c/stop",
            "/v3/campaigns/c",
            "/metrics",
            "/metrics/data/i",
        ] {
            assert_eq!(route(&Method::POST, path), Route::Unknown, "{path}");
        }
        let wrong = route(&Method::POST, "/v2/campaigns/c");
        assert_eq!(wrong, Route::WrongMethod("GET"));
        let wrong = route(&Method::GET, "/v2/campaigns/c/pause");
        assert_eq!(wrong, Route::WrongMethod("POST"));
    }
}
