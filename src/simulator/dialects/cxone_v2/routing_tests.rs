//! Skills, queues and routing profiles over real sockets, as a client sees them.

use serde_json::{Map, Value, json};

use crate::simulator::test_client::{Client, Reply};
use crate::simulator::*;

const START: SimTime = SimTime::from_unix_millis(1_715_783_530_123);
const SKILLS: &str = "/api/v2/routing/skills";
const QUEUE: &str = "/api/v2/routing/queues/queue-1";
const PROFILE: &str = "/api/v2/routing/users/agent-0001/routing-profile";

/// A platform with ten agents, and a token for it.
struct Scene {
    client: Client,
    bearer: String,
}

impl Scene {
    fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::new(SimClock::manual(START), Script::Fixed);
        change(&mut settings);
        let client = Client::start(settings);
        client.handle().set_available(10);
        let bearer = client.bearer();
        Self { client, bearer }
    }

    fn new() -> Self {
        Self::with(|_| {})
    }

    fn send(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Reply {
        let all = [&[self.bearer.as_str()], headers].concat();
        self.client.send(method, path, &all, body).unwrap()
    }

    fn queue(&self) -> Map<String, Value> {
        let reply = self.send("GET", QUEUE, &[], "");
        assert_eq!(reply.status, 200);
        serde_json::from_str(&reply.body).unwrap()
    }

    fn patch(&self, body: &Value) -> Reply {
        self.send("PATCH", QUEUE, &[], &body.to_string())
    }

    fn put(&self, headers: &[&str], queue: &Map<String, Value>) -> Reply {
        self.send("PUT", QUEUE, headers, &json!(queue).to_string())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn skills_are_paged() {
    let scene = Scene::new();
    let read = |query: &str| scene.send("GET", &format!("{SKILLS}{query}"), &[], "");
    assert_eq!(
        read("?limit=2").json()["items"],
        json!([{"id": "sales", "name": "Sales"}, {"id": "support", "name": "Support"}])
    );
    assert_eq!(
        read("?limit=2&offset=2").json()["items"],
        json!([{"id": "voice", "name": "Voice"}])
    );
    assert_eq!(read("?offset=3").json()["items"], json!([]));
    for query in ["?limit=0", "?limit=101", "?offset=-1"] {
        assert_eq!(read(query).status, 400, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_needs_the_version_in_force() {
    let scene = Scene::new();
    let before = scene.queue();
    let change = json!({"version": 1, "wrapUpTimeout": 45_000, "skills": [
        {"id": "voice", "level": 5}, {"id": "sales", "level": 1}
    ]});
    let reply = scene.patch(&change);
    assert_eq!(reply.status, 200);
    let after = scene.queue();
    assert_eq!(reply.json(), json!(after));
    assert_eq!(
        (
            &after["version"],
            &after["wrapUpTimeout"],
            &after["wrap_up_time_seconds"]
        ),
        (&json!(2), &json!(45_000), &json!(45))
    );
    assert_eq!(after["skills"][1], json!({"id": "sales", "level": 1}));
    assert_eq!(after["costCentre"], before["costCentre"]);
    assert_eq!(scene.patch(&change).status, 409);
    for wrong in [
        json!({}),
        json!([]),
        json!({"version": 2, "maxWaiters": 3}),
        json!({"version": 2, "skills": [{"id": "voice", "level": 6}]}),
        json!({"version": 2, "skills": [{"id": "chess", "level": 1}]}),
        json!({"version": 2, "overflow": {"maxWaitTime": 1, "action": "routeToQueue"}}),
        json!({"version": "2"}),
    ] {
        assert_eq!(scene.patch(&wrong).status, 400, "{wrong}");
    }
    assert_eq!(scene.send("PATCH", QUEUE, &[], "{").status, 400);
    assert_eq!(scene.queue(), after);
    let Effect::QueueWritten(written) = &scene.client.handle().effects()[0] else {
        panic!("not a queue");
    };
    assert_eq!((&written.from, &written.to), (&before, &after));
    assert!(matches!(written.by, Actor::Client { .. }));
    assert_eq!(scene.client.handle().effects().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_is_replaced_and_unknown_members_are_kept() {
    let scene = Scene::new();
    let mut queue = scene.queue();
    queue.insert("wrap_up_time_seconds".to_owned(), json!(60));
    queue.insert("somethingNew".to_owned(), json!({"deep": [1, 2]}));
    queue.remove("name");
    let reply = scene.put(&["if-match: 1"], &queue);
    assert_eq!(reply.status, 200);
    let after = scene.queue();
    assert_eq!(reply.json(), json!(after));
    assert_eq!(
        (
            &after["version"],
            &after["wrapUpTimeout"],
            &after["somethingNew"]["deep"]
        ),
        (&json!(2), &json!(60_000), &json!([1, 2]))
    );
    assert_eq!(after.get("name"), None, "what is not sent is gone");
    assert_eq!(after["costCentre"], "0815");
    let person = Map::from_iter([("maxWaiters".to_owned(), json!(7))]);
    assert!(
        scene
            .client
            .handle()
            .person_changes_queue("queue-1", person.clone())
    );
    assert!(
        !scene
            .client
            .handle()
            .person_changes_queue("nothing", person)
    );
    assert_eq!(scene.put(&["if-match: \"2\""], &queue).status, 409);
    assert_eq!(scene.queue()["maxWaiters"], 7);
    assert_eq!(scene.put(&[], &queue).status, 200, "the last writer wins");
    assert_eq!(
        (&scene.queue()["version"], &scene.queue()["maxWaiters"]),
        (&json!(4), &json!(40))
    );
    let by: Vec<_> = scene
        .client
        .handle()
        .effects()
        .iter()
        .map(|effect| effect.actor() == &Actor::Person)
        .collect();
    assert_eq!(by, [false, true, false]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_that_is_wrong_is_refused() {
    let scene =
        Scene::with(|settings| settings.stale_queue_put = StaleQueuePut::PreconditionFailed);
    let queue = scene.queue();
    let changed = |name: &str, value: Value| {
        let mut queue = queue.clone();
        queue.insert(name.to_owned(), value);
        queue
    };
    for (name, value) in [
        ("maxWaiters", json!(0)),
        ("id", json!("queue-2")),
        ("version", json!("1")),
        ("routing", json!({"overflow": {"target_ids": ["queue-1"]}})),
    ] {
        assert_eq!(scene.put(&[], &changed(name, value)).status, 422, "{name}");
    }
    let mut lacking = queue.clone();
    lacking.remove("version");
    assert_eq!(scene.put(&[], &lacking).status, 422);
    assert_eq!(scene.put(&["if-match: 2"], &queue).status, 412);
    assert_eq!(scene.put(&["if-match: new"], &queue).status, 400);
    assert_eq!(scene.send("PUT", QUEUE, &[], "[]").status, 400);
    assert_eq!(
        scene
            .send("GET", "/api/v2/routing/queues/none", &[], "")
            .status,
        404
    );
    assert_eq!(
        scene
            .send("PUT", "/api/v2/routing/queues/none", &[], "{}")
            .status,
        404
    );
    assert_eq!(
        scene.send("DELETE", QUEUE, &[], "").header("allow"),
        Some("GET, PATCH, PUT")
    );
    assert_eq!(scene.queue(), queue);
    assert_eq!(scene.client.handle().effects(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_is_moved_and_put_in_the_state_asked_for() {
    let scene = Scene::new();
    let handle = scene.client.handle();
    handle.put_agent(
        "agent-0001",
        AgentState::Other("break".to_owned()),
        &["voice"],
    );
    let put = |path: &str, body: &Value| scene.send("PUT", path, &[], &body.to_string());
    let body = |queues: &[&str]| {
        json!({
            "routingProfileId": "agent-0001/routing-profiles/default",
            "status": "available",
            "queueIds": queues
        })
    };
    let reply = put(PROFILE, &body(&["queue-2"]));
    assert_eq!((reply.status, reply.json()), (201, body(&["queue-2"])));
    assert_eq!(put(PROFILE, &body(&["queue-1"])).status, 200);
    let agents = scene.send("GET", "/api/v2/interactions/agents?limit=1", &[], "");
    let first = &agents.json()["items"][0];
    assert_eq!(
        (&first["queueIds"], &first["state"]),
        (&json!(["queue-1"]), &json!("available"))
    );
    let Effect::Moved(moved) = &handle.effects()[0] else {
        panic!("not a move");
    };
    assert_eq!(
        (moved.state_before.as_str(), moved.state_after.as_str()),
        ("break", "available")
    );
    assert_eq!(
        (moved.from.len(), moved.to.as_slice()),
        (0, ["queue-2".to_owned()].as_slice())
    );
    let nobody = PROFILE.replace("0001", "9999");
    assert_eq!(put(&nobody, &body(&[])).status, 404);
    assert_eq!(put(PROFILE, &body(&["queue-9"])).status, 404);
    for (name, value) in [
        ("status", json!("break")),
        ("why", json!(1)),
        ("queueIds", json!("x")),
    ] {
        let mut wrong = body(&[]);
        wrong[name] = value;
        assert_eq!(put(PROFILE, &wrong).status, 422, "{name}");
    }
    assert_eq!(
        scene.send("GET", PROFILE, &[], "").header("allow"),
        Some("PUT")
    );
    assert_eq!(handle.effects().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_operation_asks_for_one_of_its_scopes() {
    for (scope, allowed) in [
        ("routing:skill:read", vec!["skills", "profile-put"]),
        ("routing:skill:view", vec!["skills", "profile-put"]),
        ("routing:queue:view", vec!["queue-get", "profile-put"]),
        (
            "routing:queue:write",
            vec!["queue-patch", "queue-put", "profile-put"],
        ),
        ("routing:queue:update", vec!["queue-put", "profile-put"]),
    ] {
        let scene = Scene::with(|settings| settings.credentials.scopes = vec![scope.to_owned()]);
        for (name, method, path) in [
            ("skills", "GET", SKILLS),
            ("queue-get", "GET", QUEUE),
            ("queue-patch", "PATCH", QUEUE),
            ("queue-put", "PUT", QUEUE),
            ("profile-put", "PUT", PROFILE),
        ] {
            let forbidden = scene.send(method, path, &[], "{}").status == 403;
            assert_eq!(forbidden, !allowed.contains(&name), "{scope}: {name}");
            assert_eq!(
                scene.client.send(method, path, &[], "{}").unwrap().status,
                401
            );
        }
    }
}
