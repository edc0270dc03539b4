//! The control API: what tests and trials do to a simulated platform that runs as a process of its own.
//!
//! It is a listener apart from the platform's, without authentication, and it does what
//! [`SimHandle`] does: look at what was done and how often it was asked, act as a person at the
//! platform's console, move agents, and let things go wrong. Bodies are JSON objects; unknown members
//! are refused. Refusals have the platform's error body. Campaigns have the ids that the platform shows.
//!
//! | request | body | does |
//! |---|---|---|
//! | `GET /journal` | | everything that was done, oldest first |
//! | `GET /counts` | | requests so far, in all and by operation |
//! | `POST /campaigns/{id}/status` | `{"status"}` | a person sets a campaign's status |
//! | `POST /campaigns/{id}/assignments` | `{"agents"}` | a person replaces preview assignments |
//! | `POST /campaigns/{id}/capacity` | `{"agents"}` | bounds the dialer; `null` ends that |
//! | `POST /campaigns/{id}/idle-reserve` | `{"agents"}` | a person has the dialler keep so many agents idle |
//! | `POST /queues/{id}` | members | a person changes members of a queue |
//! | `POST /queues/{id}/statistics` | counters | sets what a queue has counted |
//! | `POST /agents/{id}/state` | `{"state"}` | puts an agent in a state |
//! | `POST /agents/break` | `{"count", "for"}` | sends available agents on a break |
//! | `POST /dialler` | `{"dead"}` | ends or revives the process that dials, where the platform has one |
//! | `POST /faults` | `{"spec"}` | adds faults, as `--faults` has them |
//! | `DELETE /faults` | | ends all faults |

use std::collections::BTreeMap;
use std::time::Duration;

use hyper::{Method, StatusCode};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use super::agent_state::AgentState;
use super::answer::Answer;
use super::assignments::Assignment;
use super::dialects::cxone_v2::wire;
use super::effects::Effect;
use super::encoding::percent_decode;
use super::faults::{Endpoint, FaultPlan};
use super::handle::SimHandle;
use super::journal::Actor;
use super::platform::read_body;
use super::queues::{Queue, QueueStatistics};
use super::refusal::Refused;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetStatus {
    status: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Assign {
    agents: Vec<Assignment>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Capacity {
    // Without this a missing member would be taken for null.
    #[serde(deserialize_with = "Option::deserialize")]
    agents: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeepIdle {
    agents: serde_json::Number,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetState {
    state: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SendOnBreak {
    count: usize,
    #[serde(rename = "for", deserialize_with = "duration")]
    lasting: Duration,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DiallingProcess {
    dead: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Faults {
    spec: String,
}

/// One effect, as the journal shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EffectEntry<'a> {
    at: String,
    what: &'static str,
    by: EntryAuthor<'a>,
    target: String,
    from: Value,
    to: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    assignment_id: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum EntryAuthor<'a> {
    Person {
        person: bool,
    },
    #[serde(rename_all = "camelCase")]
    Client {
        client: &'a str,
        request_id: Option<&'a str>,
    },
}

/// Carries out a request.
pub(super) fn answer(handle: &SimHandle, method: &Method, path: &str, body: &[u8]) -> Answer {
    let segments: Vec<String> = path
        .trim_start_matches('/')
        .split('/')
        .map(percent_decode)
        .collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let allow = match segments.as_slice() {
        ["journal" | "counts"] => "GET",
        ["faults"] => "POST, DELETE",
        [
            "campaigns",
            _,
            "status" | "assignments" | "capacity" | "idle-reserve",
        ]
        | ["queues", _]
        | ["queues", _, "statistics"]
        | ["agents", _, "state"]
        | ["agents", "break"]
        | ["dialler"] => "POST",
        _ => return Answer::refusal(StatusCode::NOT_FOUND, "not_found", "no such path"),
    };
    if !allow.split(", ").any(|allowed| *method == allowed) {
        return Answer::wrong_method(allow);
    }
    act(handle, method, &segments, body).unwrap_or_else(Answer::from)
}

fn act(
    handle: &SimHandle,
    method: &Method,
    segments: &[&str],
    body: &[u8],
) -> Result<Answer, Refused> {
    if let ["campaigns", id, what] = segments {
        let campaign = handle.campaign_shown_as(id);
        let campaign = campaign.ok_or_else(|| Refused::no_such("campaign", id))?;
        return act_on(handle, &campaign, what, body).map(|done| answered(&done));
    }
    let done = match segments {
        ["journal"] => journal(handle),
        ["counts"] => counts(handle),
        ["queues", id] => {
            let members: Queue = read_body(body)?;
            done_or_missing("queue", id, handle.person_changes_queue(id, members))?
        }
        ["queues", id, "statistics"] => {
            let counted: QueueStatistics = read_body(body)?;
            done_or_missing("queue", id, handle.set_queue_statistics(id, Some(counted)))?
        }
        ["agents", id, "state"] => {
            let SetState { state } = read_body(body)?;
            let state = AgentState::from_wire(&state);
            done_or_missing("agent", id, handle.set_agent_state(id, state))?
        }
        ["agents", "break"] => {
            let SendOnBreak { count, lasting } = read_body(body)?;
            json!({"agents": handle.send_on_break(count, lasting)})
        }
        ["dialler"] => {
            let DiallingProcess { dead } = read_body(body)?;
            if !handle.change_dialer(|settings| settings.dialler_dead = dead) {
                let why = "this platform shows nothing of a process that dials";
                return Err(Refused::unprocessable("invalid_body", why));
            }
            json!({})
        }
        _ if *method == Method::DELETE => {
            handle.clear_faults();
            json!({})
        }
        _ => {
            let Faults { spec } = read_body(body)?;
            let rules = FaultPlan::parse(&spec)
                .and_then(|rules| handle.0.dialect.check_faults(&rules).map(|()| rules))
                .map_err(|wrong| Refused::unprocessable("invalid_faults", wrong.to_string()))?;
            let added = rules.len();
            for rule in rules {
                handle.inject(rule);
            }
            json!({"faults": added})
        }
    };
    Ok(answered(&done))
}

/// A person or the dialer changes a campaign, by its id in the world.
fn act_on(handle: &SimHandle, id: &str, what: &str, body: &[u8]) -> Result<Value, Refused> {
    let there = match what {
        "status" => {
            let SetStatus { status } = read_body(body)?;
            let words = handle.0.dialect.statuses();
            if !words.contains(&status.as_str()) {
                let why = format!("status is {status:?}, expected one of {}", words.join(", "));
                return Err(Refused::unprocessable("invalid_body", why));
            }
            handle.person_sets(id, &status)
        }
        "assignments" => {
            let Assign { agents } = read_body(body)?;
            handle.person_assigns(id, agents)
        }
        "capacity" => {
            let Capacity { agents } = read_body(body)?;
            handle.set_dialer_capacity(id, agents);
            handle.campaign_status(id).is_some()
        }
        _ => {
            let KeepIdle { agents } = read_body(body)?;
            let reserve = agents.to_string().parse();
            let reserve = reserve.map_err(|wrong| Refused::unprocessable("invalid_body", wrong))?;
            handle.person_keeps_idle(id, reserve)
        }
    };
    done_or_missing("campaign", id, there)
}

fn answered(done: &Value) -> Answer {
    Answer::json(StatusCode::OK, wire::json(done))
}

fn done_or_missing(what: &str, id: &str, there: bool) -> Result<Value, Refused> {
    if there {
        Ok(json!({}))
    } else {
        Err(Refused::no_such(what, id))
    }
}

fn counts(handle: &SimHandle) -> Value {
    let count_of = |endpoint: Endpoint| (endpoint.name(), handle.request_count(Some(endpoint)));
    let mut counts: BTreeMap<&str, u64> = handle
        .0
        .dialect
        .endpoints()
        .into_iter()
        .map(count_of)
        .collect();
    counts.insert("all", handle.request_count(None));
    json!(counts)
}

fn journal(handle: &SimHandle) -> Value {
    let effects = handle.effects();
    let entries = effects.iter().map(|effect| effect_entry(handle, effect));
    json!({"entries": entries.collect::<Vec<_>>()})
}

fn effect_entry<'a>(handle: &SimHandle, effect: &'a Effect) -> EffectEntry<'a> {
    let shown = |campaign: &str| handle.shown_id(campaign);
    let by = match effect.actor() {
        Actor::Person => EntryAuthor::Person { person: true },
        Actor::Client {
            request_id,
            token_client,
        } => EntryAuthor::Client {
            client: token_client,
            request_id: request_id.as_deref(),
        },
    };
    let (what, target, from, to, assignment_id) = match effect {
        Effect::Status(entry) => (
            "status",
            shown(&entry.campaign),
            json!(entry.from),
            json!(entry.to),
            None,
        ),
        Effect::Assigned(entry) => (
            "assignments",
            shown(&entry.campaign),
            json!(entry.from),
            json!(entry.to),
            Some(entry.assignment_id.as_str()),
        ),
        Effect::QueueWritten(entry) => (
            "queue",
            entry.queue.clone(),
            json!(entry.from),
            json!(entry.to),
            None,
        ),
        Effect::Moved(entry) => (
            "profile",
            entry.agent.clone(),
            json!({"queueIds": entry.from, "state": entry.state_before}),
            json!({"queueIds": entry.to, "state": entry.state_after}),
            None,
        ),
        Effect::Paced(entry) => (
            "pace",
            shown(&entry.campaign),
            json!(entry.from),
            json!(entry.to),
            None,
        ),
        Effect::Reserved(entry) => (
            "reserve",
            shown(&entry.campaign),
            json!(entry.from.to_string()),
            json!(entry.to.to_string()),
            None,
        ),
    };
    EffectEntry {
        at: effect.time().rfc3339(),
        what,
        by,
        target,
        from,
        to,
        assignment_id,
    }
}

fn duration<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(from)?;
    humantime::parse_duration(&text).map_err(|wrong| {
        serde::de::Error::custom(format!("for is {text:?}, expected a time as 10m: {wrong}"))
    })
}

#[cfg(test)]
mod tests {
    use super::super::test_client::{Client, Reply, exchange};
    use super::super::{Dialect, FIRST_CAMPAIGN, Script, Settings, SimClock, SimTime};
    use super::*;

    const START: SimTime = SimTime::from_unix_millis(1_715_783_530_123);

    fn client() -> (Client, SimClock) {
        let mut settings = Settings::new(SimClock::manual(START), Script::Fixed);
        settings.control = Some(settings.listen);
        let clock = settings.clock.clone();
        let client = Client::start(settings);
        client.handle().set_available(3);
        (client, clock)
    }

    fn control(client: &Client, method: &str, path: &str, body: &Value) -> Reply {
        let address = client.simulator.control_address().unwrap();
        exchange(address, method, path, &[], &body.to_string()).unwrap()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_person_acts_and_the_journal_shows_everything_in_order() {
        let (client, _) = client();
        let post = |path: &str, body: Value| control(&client, "POST", path, &body).status;
        let assignment = json!({
            "userId": "agent-0001", "skills": ["sales"], "maxConcurrentCalls": 1,
            "availabilityWindow": {"start": "09:00", "end": "17:00", "timezone": "UTC"}
        });
        assert_eq!(
            post("/campaigns/campaign-1/status", json!({"status": "PAUSED"})),
            200
        );
        let agents = json!({"agents": [assignment]});
        assert_eq!(post("/campaigns/campaign-1/assignments", agents), 200);
        assert_eq!(post("/queues/queue-1", json!({"maxWaiters": 7})), 200);
        let counted = json!({"waiting": 1, "arrived": 9, "answered": 7, "abandoned": 1, "overflowed": 0,
                             "waitedSeconds": 60, "servedSeconds": 900, "agents": 4});
        assert_eq!(post("/queues/queue-1/statistics", counted), 200);
        let bearer = client.bearer();
        let profile = json!({"routingProfileId": "p", "status": "busy", "queueIds": ["queue-1"]});
        let path = "/api/v2/routing/users/agent-0001/routing-profile";
        let headers = [bearer.as_str(), "x-request-id: r-1"];
        let moved = client.send("PUT", path, &headers, &profile.to_string());
        assert_eq!(moved.unwrap().status, 201);
        let journal = control(&client, "GET", "/journal", &json!({})).json();
        let at = "2024-05-15T14:32:10.123Z";
        let person = json!({"person": true});
        assert_eq!(
            journal["entries"][0],
            json!({"at": at, "what": "status", "by": person, "target": "campaign-1",
                   "from": "RUNNING", "to": "PAUSED"})
        );
        assert_eq!(
            journal["entries"][1],
            json!({"at": at, "what": "assignments", "by": person, "target": "campaign-1",
                   "from": [], "to": [assignment], "assignmentId": "assign-000001"})
        );
        let queue = &journal["entries"][2];
        assert_eq!(
            (&queue["from"]["version"], &queue["to"]["version"]),
            (&json!(1), &json!(2))
        );
        assert_eq!(
            (&queue["from"]["maxWaiters"], &queue["to"]["maxWaiters"]),
            (&json!(40), &json!(7))
        );
        assert_eq!(
            journal["entries"][3],
            json!({"at": at, "what": "profile", "target": "agent-0001",
                   "by": {"client": "autopilot", "requestId": "r-1"},
                   "from": {"queueIds": [], "state": "available"},
                   "to": {"queueIds": ["queue-1"], "state": "busy"}})
        );
        let counts = control(&client, "GET", "/counts", &json!({})).json();
        assert_eq!(
            (&counts["all"], &counts["token"], &counts["profile-put"]),
            (&json!(2), &json!(1), &json!(1))
        );
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn agents_move_the_dialer_is_bounded_and_things_go_wrong() {
        let (client, clock) = client();
        let handle = client.handle();
        let post = |path: &str, body: Value| control(&client, "POST", path, &body);
        assert_eq!(
            post("/agents/agent-0003/state", json!({"state": "wrap-up"})).status,
            200
        );
        assert_eq!(handle.available(), 2);
        let away = post("/agents/break", json!({"count": 5, "for": "10m"}));
        assert_eq!(
            (away.status, away.json()["agents"].as_u64()),
            (200, Some(2))
        );
        assert_eq!(handle.available(), 0);
        clock.advance(Duration::from_secs(600));
        assert_eq!(handle.available(), 2);
        let token = "/oauth2/token";
        assert_eq!(
            post("/faults", json!({"spec": "500:token,403:agents"})).json()["faults"],
            2
        );
        assert_eq!(client.send("POST", token, &[], "").unwrap().status, 500);
        assert_eq!(
            control(&client, "DELETE", "/faults", &json!({})).status,
            200
        );
        assert_eq!(client.send("POST", token, &[], "").unwrap().status, 400);
        assert_eq!(
            post("/campaigns/campaign-1/capacity", json!({"agents": 0})).status,
            200
        );
        let bearer = client.bearer();
        let headers = [bearer.as_str(), "x-client-id: autopilot"];
        let one = json!({"agents": [{
            "userId": "agent-0001", "skills": ["sales"], "maxConcurrentCalls": 1,
            "availabilityWindow": {"start": "09:00", "end": "17:00", "timezone": "UTC"}
        }]});
        let path = "/api/v2/outbound/campaigns/campaign-1/agents";
        let assign = || {
            client
                .send("PUT", path, &headers, &one.to_string())
                .unwrap()
                .status
        };
        assert_eq!(assign(), 409);
        assert_eq!(
            post("/campaigns/campaign-1/capacity", json!({"agents": null})).status,
            200
        );
        assert_eq!(assign(), 200);
        assert_eq!(handle.assignments(FIRST_CAMPAIGN).len(), 1);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_campaign_has_the_id_that_the_platform_shows() {
        let mut settings = Settings::new(SimClock::manual(START), Script::Fixed);
        settings.control = Some(settings.listen);
        settings.dialect = Dialect::Vicidial(Box::default());
        let client = Client::start(settings);
        assert_eq!(client.handle().shown_id(FIRST_CAMPAIGN), "C1");
        let stopped = json!({"status": "PAUSED"});
        let post = |path: &str| control(&client, "POST", path, &stopped).status;
        assert_eq!(post("/campaigns/C2/status"), 404);
        assert_eq!(post("/campaigns/C1/status"), 200);
        let status = client.handle().campaign_status(FIRST_CAMPAIGN);
        assert_eq!(status.as_deref(), Some("PAUSED"));
        let journal = control(&client, "GET", "/journal", &json!({})).json();
        assert_eq!(journal["entries"][0]["target"], "C1");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_cannot_be_done_is_refused() {
        let (client, _) = client();
        for (method, path, body, status) in [
            (
                "POST",
                "/campaigns/other/status",
                json!({"status": "PAUSED"}),
                404,
            ),
            (
                "POST",
                "/campaigns/other/assignments",
                json!({"agents": []}),
                404,
            ),
            (
                "POST",
                "/campaigns/other/capacity",
                json!({"agents": 1}),
                404,
            ),
            ("POST", "/queues/other", json!({}), 404),
            ("POST", "/queues/queue-1/statistics", json!({}), 422),
            ("POST", "/agents/other/state", json!({"state": "busy"}), 404),
            ("POST", "/campaigns/campaign-1/status", json!({}), 422),
            (
                "POST",
                "/campaigns/campaign-1/status",
                json!({"status": "PAUSED", "x": 1}),
                422,
            ),
            (
                "POST",
                "/campaigns/campaign-1/status",
                json!({"status": "NONSENSE"}),
                422,
            ),
            ("POST", "/campaigns/campaign-1/capacity", json!({}), 422),
            (
                "POST",
                "/agents/break",
                json!({"count": 1, "for": "long"}),
                422,
            ),
            (
                "POST",
                "/agents/break",
                json!({"count": -1, "for": "1m"}),
                422,
            ),
            ("POST", "/faults", json!({"spec": "earthquake"}), 422),
            ("POST", "/faults", json!({"spec": "403:form-agents"}), 422),
            ("POST", "/dialler", json!({"dead": true}), 422),
            ("GET", "/dialler", json!({}), 405),
            ("GET", "/faults", json!({}), 405),
            ("POST", "/journal", json!({}), 405),
            ("GET", "/", json!({}), 404),
            ("GET", "/api/v2/interactions/agents", json!({}), 404),
        ] {
            let reply = control(&client, method, path, &body);
            assert_eq!(reply.status, status, "{method} {path} {body}");
            assert!(!reply.message().is_empty());
        }
        assert_eq!(client.handle().effects(), []);
        assert_eq!(client.send("GET", "/journal", &[], "").unwrap().status, 404);
    }
}
