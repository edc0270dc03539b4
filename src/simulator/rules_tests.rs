//! The contract's rules for every operation, on every operation.

use std::time::Duration;

use super::test_client::{Client, Reply};
use super::*;

const START: SimTime = SimTime::from_unix_millis(1_715_783_530_123);

/// Every operation but the token's.
const OPERATIONS: [(Endpoint, &str, &str); 14] = [
    (Endpoint::Agents, "GET", "/api/v2/interactions/agents"),
    (Endpoint::CampaignGet, "GET", "/api/v2/campaigns/campaign-1"),
    (Endpoint::CampaignPut, "PUT", "/api/v2/campaigns/campaign-1"),
    (
        Endpoint::AssignmentsGet,
        "GET",
        "/api/v2/outbound/campaigns/campaign-1/agents",
    ),
    (
        Endpoint::AssignmentsPut,
        "PUT",
        "/api/v2/outbound/campaigns/campaign-1/agents",
    ),
    (Endpoint::Skills, "GET", "/api/v2/routing/skills"),
    (Endpoint::QueueGet, "GET", "/api/v2/routing/queues/queue-1"),
    (
        Endpoint::QueuePatch,
        "PATCH",
        "/api/v2/routing/queues/queue-1",
    ),
    (Endpoint::QueuePut, "PUT", "/api/v2/routing/queues/queue-1"),
    (
        Endpoint::QueueStatistics,
        "GET",
        "/api/v2/routing/queues/queue-1/statistics",
    ),
    (
        Endpoint::ProfilePut,
        "PUT",
        "/api/v2/routing/users/agent-0001/routing-profile",
    ),
    (Endpoint::Outcomes, "GET", "/x-autopilot/outcomes"),
    (
        Endpoint::IdleReserveGet,
        "GET",
        "/x-autopilot/campaigns/campaign-1/idle-reserve",
    ),
    (
        Endpoint::IdleReservePut,
        "PUT",
        "/x-autopilot/campaigns/campaign-1/idle-reserve",
    ),
];

fn settings() -> Settings {
    Settings::new(SimClock::manual(START), Script::Fixed)
}

/// A refusal's status; it has the contract's body.
fn refused(reply: Option<Reply>) -> u16 {
    let reply = reply.unwrap();
    assert!(!reply.message().is_empty());
    assert!(
        !reply.json()["errors"][0]["code"]
            .as_str()
            .unwrap()
            .is_empty()
    );
    reply.status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_needed_known_fresh_and_wide_enough() {
    let mut settings = settings();
    settings.credentials.scopes = vec!["users:read".to_owned()];
    let clock = settings.clock.clone();
    let client = Client::start(settings);
    let bearer = client.bearer();
    let send = |method, path, headers: &[&str]| client.send(method, path, headers, "");
    for (endpoint, method, path) in OPERATIONS {
        assert_eq!(refused(send(method, path, &[])), 401, "{endpoint:?}");
        let unknown = ["authorization: Bearer x"];
        assert_eq!(refused(send(method, path, &unknown)), 401, "{endpoint:?}");
        // The contract names no scope for an agent's profile; there the empty body is what is wrong.
        let narrow = if endpoint.scopes() == Some(&[]) {
            422
        } else {
            403
        };
        assert_eq!(
            refused(send(method, path, &[&bearer])),
            narrow,
            "{endpoint:?}"
        );
    }
    clock.advance(Duration::from_secs(3_600));
    for (endpoint, method, path) in OPERATIONS {
        assert_eq!(refused(send(method, path, &[&bearer])), 401, "{endpoint:?}");
    }
    assert_eq!(client.handle().effects(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rate_limit_is_one_for_all() {
    let mut settings = settings();
    settings.rate_limit = Some(RateLimit {
        per_second: 2.0,
        burst: 1,
    });
    let clock = settings.clock.clone();
    let client = Client::start(settings);
    let bearer = client.bearer();
    for (endpoint, method, path) in OPERATIONS {
        let reply = client.send(method, path, &[&bearer], "").unwrap();
        let told = (
            reply.header("retry-after"),
            reply.header("x-ratelimit-remaining"),
        );
        assert_eq!(
            (reply.status, told),
            (429, (Some("0.500"), Some("0"))),
            "{endpoint:?}"
        );
        assert_eq!(reply.json()["errors"][0]["code"], "too_many_requests");
    }
    clock.advance(Duration::from_millis(500));
    let (_, method, path) = OPERATIONS[0];
    assert_eq!(
        client.send(method, path, &[&bearer], "").unwrap().status,
        200
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_goes_where_it_is_sent() {
    let client = Client::start(settings());
    let handle = client.handle();
    let bearer = client.bearer();
    for (faulty, ..) in OPERATIONS {
        handle.clear_faults();
        let spec = format!("500:{}", faulty.name());
        for rule in FaultPlan::parse(&spec).unwrap() {
            handle.inject(rule);
        }
        for (endpoint, method, path) in OPERATIONS {
            let failed = client.send(method, path, &[&bearer], "").unwrap().status == 500;
            assert_eq!(failed, endpoint == faulty, "{spec} on {endpoint:?}");
        }
    }
    let asked = |(endpoint, ..): (Endpoint, &str, &str)| handle.request_count(Some(endpoint));
    assert_eq!(OPERATIONS.map(asked), [14; 14]);
    assert_eq!(handle.effects(), [], "an empty body changes nothing");
}
