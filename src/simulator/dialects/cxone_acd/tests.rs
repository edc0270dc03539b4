//! The dialect without sockets, on a clock that is moved by hand.

use std::time::Duration;

use bytes::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::{Value, json};

use super::super::super::agent_state::AgentState;
use super::super::super::centre::Scenario;
use super::super::super::effects::Effect;
use super::super::super::faults::{Fault, FaultRule, FaultTiming};
use super::super::super::handle::SimHandle;
use super::super::super::journal::Actor;
use super::super::super::outcome::Outcome;
use super::super::super::script::Script;
use super::super::super::sent_request::SentRequest;
use super::super::super::settings::Settings;
use super::super::super::time::{SimClock, SimTime};
use super::super::Dialect;
use super::{AcdSettings, NoChange, Release, StopShows};

const START: SimTime = SimTime::from_unix_millis(1_715_760_000_000);
const STATES: &str = "agents/states";

struct Tenant {
    handle: SimHandle,
    clock: SimClock,
    token: HeaderValue,
}

struct Reply {
    status: u16,
    body: Bytes,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

fn send(handle: &SimHandle, method: &str, uri: &str, headers: HeaderMap, body: &str) -> Reply {
    let exchange = handle.exchange(SentRequest {
        method: method.parse().unwrap(),
        uri: uri.to_owned(),
        headers,
        body: Bytes::copy_from_slice(body.as_bytes()),
    });
    let Outcome::Answered { status, body, .. } = exchange.outcome else {
        panic!("{exchange:?}");
    };
    Reply {
        status: status.as_u16(),
        body,
    }
}

impl Tenant {
    fn new(settings: AcdSettings) -> Self {
        let clock = SimClock::manual(START);
        let mut platform = Settings::new(clock.clone(), Script::Fixed);
        platform.dialect = Dialect::CxoneAcd(Box::new(settings));
        Self::with(platform, clock)
    }

    fn with(platform: Settings, clock: SimClock) -> Self {
        let handle = SimHandle::without_sockets(platform);
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let key = json!({"accessKeyId": "autopilot", "accessKeySecret": "autopilot-secret"});
        let path = "/authentication/v1/token/access-key";
        let grant = send(&handle, "POST", path, headers, &key.to_string()).json();
        let token = format!("Bearer {}", grant["access_token"].as_str().unwrap());
        Self {
            handle,
            clock,
            token: HeaderValue::try_from(token).unwrap(),
        }
    }

    fn send(&self, method: &str, path: &str, body: &str) -> Reply {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, self.token.clone());
        let uri = format!("/inContactAPI/services/v33.0/{path}");
        send(&self.handle, method, &uri, headers, body)
    }

    fn get(&self, path: &str) -> Value {
        let reply = self.send("GET", path, "");
        assert_eq!(reply.status, 200, "{path}");
        reply.json()
    }

    fn status(&self, method: &str, path: &str) -> u16 {
        self.send(method, path, "").status
    }

    fn running(&self) -> Value {
        self.get("skills/4711")["isRunning"].clone()
    }

    /// How many agents are in each of these states.
    fn in_states(&self, states: [i64; 3]) -> [usize; 3] {
        let page = self.get("agents/states?top=100");
        let agents = page["agentStates"].as_array().unwrap();
        states.map(|state| {
            let of = agents.iter().filter(|agent| agent["agentStateId"] == state);
            of.count()
        })
    }

    fn after(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

#[test]
fn idle_agents_stand_in_the_dialler_only_while_the_skill_runs() {
    let tenant = Tenant::new(AcdSettings::default());
    tenant.handle.set_available(5);
    assert_eq!(tenant.in_states([7, 1, 4]), [5, 0, 0]);
    let first = tenant.get(STATES)["agentStates"][0].clone();
    assert_eq!(first["skillId"], 4_711);
    assert_eq!(tenant.status("POST", "skills/4711/stop"), 202);
    assert_eq!(tenant.in_states([7, 1, 4]), [0, 5, 0]);
    assert_eq!(tenant.status("POST", "skills/4711/start"), 202);
    assert_eq!(tenant.in_states([7, 1, 4]), [5, 0, 0]);

    let blended = Tenant::new(AcdSettings {
        blended: true,
        ..AcdSettings::default()
    });
    blended.handle.set_available(5);
    assert_eq!(blended.in_states([7, 1, 4]), [0, 5, 0]);
}

#[test]
fn a_stop_shows_when_it_is_done_and_answers_as_the_state_allows() {
    let lasting = Duration::from_secs(100);
    for (stop, meanwhile) in [
        (StopShows::For(lasting), json!(true)),
        (
            StopShows::Word("Stopping".to_owned(), lasting),
            json!("Stopping"),
        ),
    ] {
        let tenant = Tenant::new(AcdSettings {
            stop,
            ..AcdSettings::default()
        });
        assert_eq!(tenant.status("POST", "skills/4711/start"), 409);
        assert_eq!(tenant.status("POST", "skills/4711/stop"), 202);
        assert_eq!(tenant.running(), meanwhile);
        assert_eq!(tenant.status("POST", "skills/4711/stop"), 409);
        assert_eq!(tenant.status("POST", "skills/4711/start"), 409);
        tenant.after(99);
        assert_eq!(tenant.running(), meanwhile);
        tenant.after(1);
        assert_eq!(tenant.running(), json!(false));
        assert_eq!(tenant.status("POST", "skills/4711/stop"), 404);
        assert_eq!(tenant.status("POST", "skills/4711/start"), 202);
        assert_eq!(tenant.running(), json!(true));
    }
}

#[test]
fn a_person_overtakes_a_stop_that_is_under_way() {
    let tenant = Tenant::new(AcdSettings {
        stop: StopShows::For(Duration::from_secs(100)),
        ..AcdSettings::default()
    });
    assert_eq!(tenant.status("POST", "skills/4711/stop"), 202);
    tenant.handle.person_sets("campaign-1", "RUNNING");
    assert_eq!(tenant.running(), json!(true));
    tenant.handle.person_sets("campaign-1", "PAUSED");
    assert_eq!(tenant.running(), json!(false));
}

#[test]
fn nobody_ends_live_calls_or_commands_what_is_to_be_left_alone() {
    let tenant = Tenant::new(AcdSettings::default());
    assert_eq!(tenant.status("POST", "skills/4711/stop?force=true"), 400);
    assert_eq!(tenant.running(), json!(true));
    for (path, status) in [
        ("skills/4801/stop", 404),
        ("skills/4802/start", 409),
        ("skills/4803/stop", 409),
        ("skills/4999/stop", 404),
        ("skills/x/stop", 404),
    ] {
        assert_eq!(tenant.status("POST", path), status, "{path}");
    }
    assert!(tenant.handle.journal().is_empty());
    let skills = tenant.get("campaigns/300/skills");
    assert_eq!(skills["totalRecords"], 4);
}

#[test]
fn a_delta_holds_who_changed_and_an_empty_one_says_so() {
    for (no_change, status) in [
        (NoChange::Empty, 200),
        (NoChange::NoContent, 204),
        (NoChange::NotModified, 304),
    ] {
        let tenant = Tenant::new(AcdSettings {
            no_change,
            ..AcdSettings::default()
        });
        tenant.handle.set_available(5);
        let whole = tenant.get(STATES);
        assert_eq!(whole["totalRecords"], 5);
        tenant.after(10);
        let changed = |since: &Value| format!("{STATES}?updatedSince={}", since.as_str().unwrap());
        // What changed at the very time is reported once more.
        tenant
            .handle
            .set_agent_state("agent-0003", AgentState::Busy);
        let delta = tenant.get(&changed(&whole["lastPollTime"]));
        assert_eq!(delta["totalRecords"], 5);
        let later = tenant.get(&changed(&delta["lastPollTime"]));
        assert_eq!(later["agentStates"][0]["agentStateId"], 3);
        assert_eq!(later["totalRecords"], 1);
        tenant.after(10);
        let since = json!(tenant.handle.now().rfc3339());
        assert_eq!(tenant.status("GET", &changed(&since)), status);
    }
}

#[test]
fn pages_are_cut_counted_and_linked() {
    let tenant = Tenant::new(AcdSettings {
        page_limit: 50,
        ..AcdSettings::default()
    });
    tenant.handle.set_available(230);
    let first = tenant.get("agents/states?top=100");
    assert_eq!(first["agentStates"].as_array().unwrap().len(), 50);
    assert_eq!(first["totalRecords"], 230);
    let next = first["_links"]["next"].as_str().unwrap();
    assert!(next.ends_with("?top=50&skip=50"), "{next}");
    let last = tenant.get("agents/states?skip=200");
    assert_eq!(last["agentStates"].as_array().unwrap().len(), 30);
    assert_eq!(last["_links"], Value::Null);
}

#[test]
fn an_older_release_spells_otherwise() {
    let tenant = Tenant::new(AcdSettings {
        release: Release::Older,
        ..AcdSettings::default()
    });
    tenant.handle.set_available(1);
    let page = tenant.get(STATES);
    let row = &page["resultSet"]["agentStates"][0];
    assert_eq!(row["isAcw"], 0);
    assert!(row["lastPollTime"].is_string());
    assert_eq!(page["resultSet"]["lastPollTime"], Value::Null);
    let skill = tenant.get("skills/4711");
    assert_eq!(skill["resultSet"]["isRunning"], "True");
    let members = tenant.get("skills/4711/agents");
    let member = &members["resultSet"]["agentSkillAssignments"][0];
    assert_eq!(member["agentProficencyValue"], 3);
    let summary = tenant
        .get("skills/4711/summary?startDate=2024-05-15T00:00:00Z&endDate=2024-05-16T00:00:00Z");
    assert_eq!(summary["resultSet"]["skillSummaries"][0]["AbandonCount"], 0);
}

#[test]
fn assignments_are_parked_and_each_has_a_result() {
    let tenant = Tenant::new(AcdSettings::default());
    tenant.handle.set_available(3);
    let body = json!({"agents": [{"agentId": 9001, "isActive": false}, {"agentId": 77}]});
    let reply = tenant.send("PUT", "skills/4711/agents", &body.to_string());
    let results = &reply.json()["resultSet"];
    assert_eq!(results["errorCount"], 1);
    assert_eq!(results["agentResults"][0]["success"], true);
    assert_eq!(results["agentResults"][1]["success"], false);
    let members = tenant.get("skills/4711/agents");
    let active: Vec<&Value> = members["agentSkillAssignments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["isActive"])
        .collect();
    assert_eq!(active, [&json!(false), &json!(true), &json!(true)]);
    for wrong in [
        "",
        "{}",
        r#"{"agents":{}}"#,
        r#"{"agents":[{"isActive":true}]}"#,
        r#"{"agents":[{"agentId":9001,"isActive":"no"}]}"#,
        r#"{"agents":[{"agentId":9001,"proficiency":21}]}"#,
    ] {
        let reply = tenant.send("POST", "skills/4711/agents", wrong);
        assert_eq!(reply.status, 400, "{wrong}");
    }
}

#[test]
fn what_is_acknowledged_without_an_effect_has_none() {
    let tenant = Tenant::new(AcdSettings::default());
    tenant.handle.set_available(2);
    tenant.handle.inject(FaultRule {
        fault: Fault::AcknowledgedWithoutEffect,
        endpoint: None,
        when: FaultTiming::Next(2),
    });
    let body = json!({"agents": [{"agentId": 9001, "isActive": false}]});
    let parked = tenant.send("PUT", "skills/4711/agents", &body.to_string());
    assert_eq!(parked.status, 200);
    let stopped = tenant.send("POST", "skills/4711/stop", "");
    assert_eq!(stopped.status, 202);
    assert_eq!(tenant.handle.skill_agents("campaign-1"), [9001, 9002]);
    // No stop is under way for which another one would be refused.
    assert_eq!(tenant.send("POST", "skills/4711/stop", "").status, 202);
}

#[test]
fn wrong_parameters_are_refused_in_the_platforms_own_form() {
    let tenant = Tenant::new(AcdSettings::default());
    for path in [
        "agents/states?top=0",
        "agents/states?top=x",
        "agents/states?skip=-1",
        "agents/states?updatedSince=yesterday",
        "agents/states?updatedSince=2024-05-15",
        "skills?isActive=1",
        "skills?mediaTypeId=phone",
        "skills/4711/summary",
        "skills/4711/summary?startDate=2024-05-15T00:00:00Z&endDate=2024-07-15T00:00:00Z",
    ] {
        let reply = tenant.send("GET", path, "");
        assert_eq!(reply.status, 400, "{path}");
        assert!(reply.json()["error_description"].is_string(), "{path}");
    }
    assert_eq!(tenant.status("DELETE", "skills/4711"), 405);
    assert_eq!(tenant.status("GET", "nothing"), 404);
    let without = send(
        &tenant.handle,
        "GET",
        "/inContactAPI/services/v33.0/skills",
        HeaderMap::new(),
        "",
    );
    assert_eq!(without.status, 401);
    assert_eq!(without.json()["error"], "unauthorized");
}

#[test]
fn general_settings_are_written_within_bounds() {
    let tenant = Tenant::new(AcdSettings::default());
    let path = "skills/4711/parameters/general-settings";
    let put = |body: &str| tenant.send("PUT", path, body).status;
    assert_eq!(put(r#"{"generalSettings":{"maximumRatio":1}}"#), 200);
    let settings = tenant.get(path);
    assert_eq!(settings["maximumRatio"], 1);
    assert_eq!(settings["aggressiveness"], "Normal");
    assert_eq!(put(r#"{"generalSettings":{"maximumRatio":4}}"#), 400);
    assert_eq!(put(r#"{"maximumRatio":2}"#), 400);
    let all = tenant.get("skills/4711/parameters");
    assert_eq!(all["generalSettings"], settings);
    assert_eq!(all["scheduleSettings"]["isScheduled"], false);
}

#[test]
fn a_skill_is_set_to_what_its_mode_dials_and_writes_are_in_the_journal() {
    let ratios = |name: &str| {
        let scenario = Scenario::parse(Scenario::text(name).unwrap(), name).unwrap();
        let ratios = AcdSettings::staging(&scenario).ratios;
        ratios.into_values().collect::<Vec<_>>()
    };
    assert_eq!(ratios("blended-40"), [1], "progressive");
    assert_eq!(ratios("lunch-dip"), [3], "two and a half");
    assert_eq!(
        ratios("two-campaigns"),
        [1, 3],
        "progressive and predictive"
    );
    let tenant = Tenant::new(AcdSettings::default());
    let path = "skills/4711/parameters/general-settings";
    let put = |body: &str| tenant.send("PUT", path, body).status;
    assert_eq!(
        put(r#"{"generalSettings":{"blockMultipleCalls":true}}"#),
        200
    );
    assert!(
        tenant
            .handle
            .person_paces("campaign-1", &json!({"blockMultipleCalls": false}))
    );
    let paces = tenant
        .handle
        .effects()
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::Paced(written) => Some((written.from, written.to, written.by == Actor::Person)),
            Effect::Status(_)
            | Effect::Assigned(_)
            | Effect::QueueWritten(_)
            | Effect::Moved(_)
            | Effect::Reserved(_) => None,
        });
    assert_eq!(paces.collect::<Vec<_>>(), [(2, 1, false), (1, 2, true)]);
}

#[test]
fn both_log_ins_give_tokens_that_name_the_tenant() {
    let tenant = Tenant::new(AcdSettings::default());
    let mut headers = HeaderMap::new();
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    headers.insert(CONTENT_TYPE, form);
    // registered:registered-secret====, each part form-encoded.
    let basic = "Basic cmVnaXN0ZXJlZDpyZWdpc3RlcmVkLXNlY3JldCUzRCUzRCUzRCUzRA==";
    headers.insert(AUTHORIZATION, HeaderValue::from_static(basic));
    let body = "grant_type=password&username=autopilot&password=autopilot-secret";
    let grant = |headers: &HeaderMap, body: &str| {
        send(&tenant.handle, "POST", "/auth/token", headers.clone(), body)
    };
    let reply = grant(&headers, body);
    assert_eq!(reply.status, 200);
    assert_eq!(reply.json()["expires_in"], 3_600);
    assert_eq!(grant(&headers, &body.replace("-secret", "")).status, 401);
    assert_eq!(
        grant(&headers, &body.replace("password&", "client_credentials&")).status,
        400
    );
    headers.remove(AUTHORIZATION);
    assert_eq!(grant(&headers, body).status, 401);

    let discover = |tenant_id: &str| {
        let uri = format!("/.well-known/cxone-configuration?tenantId={tenant_id}");
        send(&tenant.handle, "GET", &uri, HeaderMap::new(), "")
    };
    assert_eq!(
        discover("11ea-sim").json()["api_endpoint"],
        "http://127.0.0.1"
    );
    assert_eq!(discover("another").status, 404);
    assert_eq!(discover("").status, 400);
}

#[test]
fn a_centre_shows_whose_calls_agents_are_on_and_a_stop_lasts_until_they_are_over() {
    let text = Scenario::text("blended-40").unwrap();
    let scenario = Scenario::parse(text, "blended-40").unwrap();
    let clock = SimClock::manual(scenario.start());
    let mut platform = Settings::staging(&scenario, 1.0);
    platform.clock = clock.clone();
    platform.token_life = Duration::from_secs(24 * 3_600);
    platform.dialect = Dialect::CxoneAcd(Box::new(AcdSettings::staging(&scenario)));
    let tenant = Tenant::with(platform, clock);
    tenant.after(3_000);
    let [_, available, outbound] = tenant.in_states([7, 1, 4]);
    assert_eq!(available, 0, "who is idle is in the dialler");
    assert!(outbound > 0);
    assert_eq!(tenant.status("POST", "skills/4711/stop"), 202);
    assert_eq!(tenant.running(), json!(true), "calls go on");
    let mut seconds = 0;
    while tenant.running() == json!(true) {
        tenant.after(10);
        seconds += 10;
        assert!(seconds < 3_600, "the last call ends some time");
    }
    let [dialer, available, outbound] = tenant.in_states([7, 1, 4]);
    assert_eq!((dialer, outbound), (0, 0));
    assert!(available > 0, "a stop releases the agents");
    assert!(seconds >= 10);
}

#[test]
fn settings_of_a_skill_are_written_only_while_it_does_not_run() {
    let tenant = Tenant::new(AcdSettings::default());
    let change = r#"{"skill":{"serviceLevelGoal":85,"skillName":"Renewals"}}"#;
    let put = |skill: &str, body: &str| tenant.send("PUT", skill, body).status;
    assert_eq!(put("skills/4711", change), 409, "it runs");
    assert_eq!(put("skills/4803", change), 409, "so does that one");
    assert_eq!(put("skills/77", change), 404);
    tenant.handle.person_sets("campaign-1", "PAUSED");
    assert_eq!(put("skills/4711", change), 200);
    let skill = tenant.get("skills/4711");
    assert_eq!(skill["serviceLevelGoal"], 85);
    assert_eq!(
        skill["serviceLevelThreshold"], 30,
        "left out and left alone"
    );
    assert_eq!(skill["skillName"], "Renewals");
    for wrong in [
        "",
        "{}",
        r#"{"skill":[]}"#,
        r#"{"skill":{"serviceLevelGoal":101}}"#,
        r#"{"skill":{"maxSecondsACW":-1}}"#,
        r#"{"skill":{"isActive":"True"}}"#,
        r#"{"skill":{"skillName":""}}"#,
    ] {
        assert_eq!(put("skills/4711", wrong), 400, "{wrong}");
    }
}

#[test]
fn whom_a_client_may_not_assign_is_told_by_that_agents_result() {
    for release in [Release::Current, Release::Older] {
        let tenant = Tenant::new(AcdSettings {
            release,
            ..AcdSettings::default()
        });
        tenant.handle.set_available(2);
        assert!(
            tenant
                .handle
                .refuse_assignment("campaign-1", 9_002, Some("restricted"))
        );
        let body = json!({"agents": [{"agentId": 9001, "isActive": false}, {"agentId": 9002, "isActive": false}]});
        let reply = tenant.send("PUT", "skills/4711/agents", &body.to_string());
        assert_eq!(reply.status, 200);
        let results = reply.json()["resultSet"]["agentResults"].clone();
        assert_eq!(results[1]["error"], "restricted");
        assert!(results[0]["error"].is_null());
        assert_eq!(tenant.handle.skill_agents("campaign-1"), [9_002]);
        // Whoever was parked is in the dialler no longer.
        let states = tenant.get(STATES);
        let states = states.get("resultSet").unwrap_or(&states)["agentStates"].clone();
        let dialling = |row: &Value| row["agentStateName"] == "Dialer";
        let dialling: Vec<bool> = states.as_array().unwrap().iter().map(dialling).collect();
        assert_eq!(dialling, [false, true]);
    }
}
