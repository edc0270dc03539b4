//! The paths of the contract.

use hyper::Method;

use super::super::super::call::Route;
use super::super::super::encoding::percent_decode;
use super::super::super::faults::Endpoint;
use super::operation::AcdOperation;

/// Where a request goes. A version that is no version is a path that does not exist.
pub(in crate::simulator) fn route(method: &Method, path: &str) -> Route {
    let known: &[(Method, AcdOperation)] = match path {
        "/authentication/v1/token/access-key" => &[(Method::POST, AcdOperation::AreaToken)],
        "/auth/token" => &[(Method::POST, AcdOperation::GlobalToken)],
        "/.well-known/cxone-configuration" => &[(Method::GET, AcdOperation::Discovery)],
        _ => return versioned(method, path),
    };
    choose(method, known, None)
}

fn versioned(method: &Method, path: &str) -> Route {
    use AcdOperation as Op;
    let Some(rest) = path.strip_prefix("/inContactAPI/services/") else {
        return Route::Unknown;
    };
    let segments: Vec<&str> = rest.split('/').collect();
    let Some((version, segments)) = segments.split_first() else {
        return Route::Unknown;
    };
    if !is_version(&percent_decode(version)) || segments.contains(&"") {
        return Route::Unknown;
    }
    let (operations, id): (&[(Method, Op)], Option<&str>) = match segments {
        ["agents", "states"] => (&[(Method::GET, Op::AgentStates)], None),
        ["skills", "activity"] => (&[(Method::GET, Op::SkillsActivity)], None),
        ["skills"] => (&[(Method::GET, Op::Skills)], None),
        ["skills", id] => (
            &[(Method::GET, Op::Skill), (Method::PUT, Op::PutSkill)],
            Some(id),
        ),
        ["skills", id, "start"] => (&[(Method::POST, Op::StartSkill)], Some(id)),
        ["skills", id, "stop"] => (&[(Method::POST, Op::StopSkill)], Some(id)),
        ["skills", id, "agents"] => (
            &[
                (Method::GET, Op::SkillAgents),
                (Method::POST, Op::AssignAgents),
                (Method::PUT, Op::ChangeAgents),
            ],
            Some(id),
        ),
        ["skills", id, "summary"] => (&[(Method::GET, Op::SkillSummary)], Some(id)),
        ["skills", id, "parameters"] => (&[(Method::GET, Op::SkillParameters)], Some(id)),
        ["skills", id, "parameters", "general-settings"] => (
            &[
                (Method::GET, Op::GeneralSettings),
                (Method::PUT, Op::PutGeneralSettings),
            ],
            Some(id),
        ),
        ["campaigns", id, "skills"] => (&[(Method::GET, Op::CampaignSkills)], Some(id)),
        ["wfm-data", "skills", "dialer-contacts"] => (&[(Method::GET, Op::DialerContacts)], None),
        ["business-unit"] => (&[(Method::GET, Op::BusinessUnit)], None),
        ["server-time"] => (&[(Method::GET, Op::ServerTime)], None),
        _ => return Route::Unknown,
    };
    choose(method, operations, id.map(percent_decode))
}

fn choose(method: &Method, operations: &[(Method, AcdOperation)], id: Option<String>) -> Route {
    let found = operations.iter().find(|(known, _)| known == method);
    match found {
        Some((_, operation)) => Route::Served(Endpoint::Acd(*operation), id),
        None => Route::WrongMethod(match operations {
            [(Method::POST, _)] => "POST",
            [(Method::GET, _)] => "GET",
            [_, _] => "GET, PUT",
            _ => "GET, POST, PUT",
        }),
    }
}

/// `v33.0` and the like.
fn is_version(text: &str) -> bool {
    let number = text
        .strip_prefix('v')
        .and_then(|rest| rest.strip_suffix(".0"));
    number.is_some_and(|number| {
        (1..=3).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The contract's operations: method and path. Its layout is fixed: paths are indented by two blanks, methods by four.
    fn operations() -> Vec<(Method, &'static str)> {
        let contract = include_str!("../../../../tests/contract/cxone-acd.openapi.yaml");
        let paths = contract.split("\ncomponents:").next().unwrap();
        let (mut found, mut path) = (Vec::new(), "");
        for line in paths.lines() {
            let text = line.trim_start();
            match line.len() - text.len() {
                2 if text.starts_with('/') => path = text.trim_end_matches(':'),
                4 if ["get:", "post:", "put:"].contains(&text) => {
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
            let path = template.replace("{version}", "v33.0");
            let path = path.replace("{skillId}", "7").replace("{campaignId}", "7");
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
        assert_eq!(served, AcdOperation::ALL.map(Endpoint::Acd));
        assert_eq!(operations.len(), AcdOperation::ALL.len());
    }

    #[test]
    fn what_is_no_version_is_no_path() {
        for path in [
            "/inContactAPI/services/33/skills",
            "/inContactAPI/services/v33/skills",
            "/inContactAPI/services/v33.1/skills",
            "/inContactAPI/services/v3333.0/skills",
            "/inContactAPI/services/v33.0/skills/",
            "/inContactAPI/services/v33.0",
            "/api/v2/campaigns/7",
        ] {
            assert_eq!(route(&Method::GET, path), Route::Unknown, "{path}");
        }
    }
}
