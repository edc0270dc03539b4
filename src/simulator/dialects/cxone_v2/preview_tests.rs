//! Preview assignments over real sockets, as a client sees them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::simulator::test_client::{Client, Reply};
use crate::simulator::*;

const START: SimTime = SimTime::from_unix_millis(1_715_783_530_123);
const PATH: &str = "/api/v2/outbound/campaigns/campaign-1/agents";
const CLIENT: &str = "x-client-id: autopilot";

/// A platform with ten agents, and a token for it.
struct Scene {
    client: Client,
    clock: SimClock,
    bearer: String,
}

impl Scene {
    fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::new(SimClock::manual(START), Script::Fixed);
        change(&mut settings);
        let clock = settings.clock.clone();
        let client = Client::start(settings);
        client.handle().set_available(10);
        let bearer = client.bearer();
        Self {
            client,
            clock,
            bearer,
        }
    }

    fn new() -> Self {
        Self::with(|_| {})
    }

    fn put(&self, body: &Value) -> Reply {
        let headers = [&self.bearer, CLIENT, "x-request-id: r-9"];
        let reply = self.client.send("PUT", PATH, &headers, &body.to_string());
        reply.unwrap()
    }

    fn get(&self) -> Reply {
        self.client.send("GET", PATH, &[&self.bearer], "").unwrap()
    }
}

fn wire(id: &str) -> Value {
    json!({
        "userId": id,
        "skills": ["sales"],
        "availabilityWindow": {"start": "09:00", "end": "17:00", "timezone": "America/New_York"},
        "maxConcurrentCalls": 1
    })
}

fn record(id: &str) -> Assignment {
    Assignment {
        user_id: id.to_owned(),
        skills: vec!["sales".to_owned()],
        availability_window: AvailabilityWindow {
            start: "09:00".to_owned(),
            end: "17:00".to_owned(),
            timezone: "America/New_York".to_owned(),
        },
        max_concurrent_calls: 1,
    }
}

fn agents(list: &[&str]) -> Value {
    json!({"agents": list.iter().map(|id| wire(id)).collect::<Vec<_>>()})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_replaces_the_one_before_and_is_journaled() {
    let scene = Scene::new();
    let handle = scene.client.handle();
    assert_eq!(
        scene.get().json(),
        json!({"campaignId": "campaign-1", "agents": []})
    );
    let first = scene.put(&agents(&["agent-0001", "agent-0002"]));
    assert_eq!(first.status, 200);
    assert_eq!(
        first.json(),
        json!({
            "campaignId": "campaign-1",
            "agentsUpdated": 2,
            "assignmentId": "assign-000001",
            "timestamp": "2024-05-15T14:32:10.123Z"
        })
    );
    assert_eq!(
        scene.get().json()["agents"],
        json!([wire("agent-0001"), wire("agent-0002")])
    );
    scene.clock.advance(Duration::from_secs(1));
    assert!(handle.person_assigns(FIRST_CAMPAIGN, vec![record("agent-0003")]));
    assert!(!handle.person_assigns("nothing", vec![]));
    assert_eq!(scene.get().json()["agents"], json!([wire("agent-0003")]));
    let named = json!({"campaignId": "campaign-1", "agents": []});
    assert_eq!(scene.put(&named).json()["agentsUpdated"], 0);
    assert_eq!(handle.assignments(FIRST_CAMPAIGN), []);
    let client = Actor::Client {
        request_id: Some("r-9".to_owned()),
        token_client: "autopilot".to_owned(),
    };
    let entry = |seconds, by: &Actor, from: &[&str], to: &[&str], number: u32| {
        let records = |ids: &[&str]| ids.iter().map(|id| record(id)).collect();
        Effect::Assigned(AssignmentsReplaced {
            at: START.plus(Duration::from_secs(seconds)),
            campaign: FIRST_CAMPAIGN.to_owned(),
            by: by.clone(),
            from: records(from),
            to: records(to),
            assignment_id: format!("assign-{number:06}"),
        })
    };
    let two = ["agent-0001", "agent-0002"];
    let expected = [
        entry(0, &client, &[], &two, 1),
        entry(1, &Actor::Person, &two, &["agent-0003"], 2),
        entry(1, &client, &["agent-0003"], &[], 3),
    ];
    assert_eq!(handle.effects(), expected);
    assert_eq!(handle.journal(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_changes_nothing() {
    let scene = Scene::new();
    let handle = scene.client.handle();
    assert_eq!(scene.put(&agents(&["agent-0001"])).status, 200);
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut body = agents(&["agent-0002", "agent-0003"]);
        change(&mut body);
        body
    };
    let bodies = [
        changed(&|body| body["agents"][1]["userId"] = json!("nobody")),
        changed(&|body| body["agents"][1]["userId"] = json!("agent-0002")),
        changed(&|body| body["agents"][1]["skills"] = json!([])),
        changed(&|body| body["agents"][1]["availabilityWindow"]["start"] = json!("7:00")),
        changed(&|body| body["agents"][1]["availabilityWindow"]["timezone"] = json!("Nowhere")),
        changed(&|body| body["agents"][1]["availabilityWindow"]["days"] = json!([1])),
        changed(&|body| body["agents"][1]["maxConcurrentCalls"] = json!(0)),
        changed(&|body| body["agents"][1]["maxConcurrentCalls"] = json!(3)),
        changed(&|body| body["agents"][1]["maxConcurrentCalls"] = json!("1")),
        changed(&|body| body["agents"][1]["priority"] = json!(1)),
        changed(&|body| body["campaignId"] = json!("campaign-2")),
        changed(&|body| body["campaignId"] = Value::Null),
        changed(&|body| body["why"] = json!("x")),
        json!({}),
        json!([]),
    ];
    for body in bodies {
        let reply = scene.put(&body);
        assert_eq!(reply.status, 422, "{body}");
        assert!(!reply.message().is_empty());
    }
    let twice = changed(&|body| {
        body["agents"][0]["userId"] = json!("nobody");
        body["agents"][1]["skills"] = json!([]);
    });
    let reply = scene.put(&twice).json();
    assert_eq!(
        reply["errors"],
        json!([
            {"code": "invalid_assignment", "message": "agent nobody: there is no such agent"},
            {"code": "invalid_assignment", "message": "agent agent-0003: has no skills"}
        ])
    );
    let good = agents(&["agent-0002"]).to_string();
    let send = |method, path: &str, headers: &[&str], body: &str| {
        let reply = scene.client.send(method, path, headers, body).unwrap();
        reply.status
    };
    let bearer = scene.bearer.as_str();
    assert_eq!(send("PUT", PATH, &[bearer], &good), 422);
    assert_eq!(
        send("PUT", PATH, &[bearer, "x-client-id: other"], &good),
        422
    );
    assert_eq!(send("PUT", PATH, &[bearer, CLIENT], "{"), 422);
    assert_eq!(send("PUT", PATH, &[CLIENT], &good), 401);
    assert_eq!(send("DELETE", PATH, &[bearer], ""), 405);
    let elsewhere = PATH.replace("campaign-1", "other");
    assert_eq!(send("PUT", &elsewhere, &[bearer, CLIENT], &good), 404);
    assert_eq!(send("GET", &elsewhere, &[bearer], ""), 404);
    handle.set_dialer_capacity(FIRST_CAMPAIGN, Some(1));
    let reply = scene.put(&agents(&["agent-0002", "agent-0003"]));
    assert_eq!(reply.status, 409);
    assert_eq!(reply.json()["errors"][0]["code"], "insufficient_capacity");
    assert_eq!(handle.assignments(FIRST_CAMPAIGN), [record("agent-0001")]);
    assert_eq!(handle.effects().len(), 1);
    handle.set_dialer_capacity(FIRST_CAMPAIGN, None);
    assert_eq!(
        scene.put(&agents(&["agent-0002", "agent-0003"])).status,
        200
    );
    assert!(handle.remove_campaign(FIRST_CAMPAIGN));
    handle.put_campaign(FIRST_CAMPAIGN, "RUNNING");
    assert_eq!(handle.assignments(FIRST_CAMPAIGN), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_and_writing_have_their_own_scopes_and_reading_can_be_missing() {
    for (scope, get, put) in [
        ("outbound:campaigns:read", 200, 403),
        ("outbound:campaigns:write", 403, 200),
        ("campaigns:write", 403, 403),
    ] {
        let scene = Scene::with(|settings| settings.credentials.scopes = vec![scope.to_owned()]);
        let body = agents(&["agent-0001"]);
        assert_eq!((scene.get().status, scene.put(&body).status), (get, put));
    }
    for (reads, status) in [
        (AssignmentReads::NotFound, 404),
        (AssignmentReads::MethodNotAllowed, 405),
    ] {
        let scene = Scene::with(|settings| settings.assignment_reads = reads);
        assert_eq!(scene.get().status, status);
        assert_eq!(scene.put(&agents(&["agent-0001"])).status, 200);
        assert_eq!(scene.client.handle().assignments(FIRST_CAMPAIGN).len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_and_hooks_reach_the_assignments() {
    let scene = Scene::new();
    let handle = scene.client.handle();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    handle.set_hook(Some(Arc::new(move |request, phase| {
        assert_eq!(request.campaign.as_deref(), Some(FIRST_CAMPAIGN));
        noted.lock().unwrap().push((request.endpoint, phase));
    })));
    let rules = FaultPlan::parse("lost-reply:assignments-put,500:assignments-get").unwrap();
    for rule in rules {
        let when = FaultTiming::Next(1);
        handle.inject(FaultRule { when, ..rule });
    }
    let body = agents(&["agent-0001"]).to_string();
    let headers = [scene.bearer.as_str(), CLIENT];
    assert_eq!(scene.client.send("PUT", PATH, &headers, &body), None);
    assert_eq!(handle.assignments(FIRST_CAMPAIGN).len(), 1);
    assert_eq!(scene.get().status, 500);
    assert_eq!(scene.get().status, 200);
    let (get, put) = (Endpoint::AssignmentsGet, Endpoint::AssignmentsPut);
    let expected = [
        (put, Phase::Arrived),
        (put, Phase::Applied),
        (get, Phase::Arrived),
        (get, Phase::Answering),
        (get, Phase::Arrived),
        (get, Phase::Answering),
    ];
    assert_eq!(*seen.lock().unwrap(), expected);
    assert_eq!(handle.request_count(Some(get)), 2);
}
