//! The contract and the faults, over real sockets, as a client sees them.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use serde_json::{Value, json};

use crate::simulator::test_client::{Client, FORM, PATIENCE, exchange};
use crate::simulator::*;

const START: SimTime = SimTime::from_unix_millis(1_715_783_530_123);
const AGENTS: &str = "/api/v2/interactions/agents";
const CAMPAIGN: &str = "/api/v2/campaigns/campaign-1";
const PAUSE: &str = r#"{"status":"PAUSED"}"#;

#[tokio::test(flavor = "multi_thread")]
async fn gives_tokens_in_all_forms_at_both_paths() {
    let client = Client::start(settings());
    let form = "grant_type=client_credentials&client_id=autopilot&client_secret=autopilot%2Dsecret";
    let basic = "authorization: Basic YXV0b3BpbG90OmF1dG9waWxvdC1zZWNyZXQ=";
    let as_json = json!({"grant_type": "client_credentials", "client_id": "autopilot", "client_secret": "autopilot-secret"});
    for path in ["/oauth2/token", "/oauth/token"] {
        for (headers, body) in [
            (vec![FORM], form.to_owned()),
            (
                vec![FORM, basic],
                "grant_type=client_credentials".to_owned(),
            ),
            (vec!["Content-Type: application/json"], as_json.to_string()),
        ] {
            let reply = client.send("POST", path, &headers, &body).unwrap();
            assert_eq!(reply.status, 200, "{path} {body}");
            assert_eq!(reply.json()["expires_in"], 3_600);
            assert_eq!(reply.json()["token_type"], "Bearer");
            let bearer = format!(
                "authorization: Bearer {}",
                reply.json()["access_token"].as_str().unwrap()
            );
            assert_eq!(
                client.send("GET", AGENTS, &[&bearer], "").unwrap().status,
                200
            );
        }
    }
    let wrong = form.replace("secret=a", "secret=b");
    assert_eq!(
        client
            .send("POST", "/oauth2/token", &[FORM], &wrong)
            .unwrap()
            .status,
        401
    );
    let wrong = form.replace("client_credentials", "password");
    assert_eq!(
        client
            .send("POST", "/oauth2/token", &[FORM], &wrong)
            .unwrap()
            .status,
        400
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_needed_and_has_to_be_good_enough() {
    let mut settings = settings();
    settings.credentials.scopes = vec!["campaigns:read".to_owned()];
    let clock = settings.clock.clone();
    let client = Client::start(settings);
    assert_eq!(client.send("GET", CAMPAIGN, &[], "").unwrap().status, 401);
    assert_eq!(
        client
            .send("GET", CAMPAIGN, &["authorization: Bearer x"], "")
            .unwrap()
            .status,
        401
    );
    let bearer = client.bearer();
    let get = |path| client.send("GET", path, &[&bearer], "").unwrap();
    assert_eq!(get(CAMPAIGN).status, 200);
    assert_eq!(get(AGENTS).status, 403);
    assert!(get(AGENTS).message().contains("interactions:agents:read"));
    let put = client.send("PUT", CAMPAIGN, &[&bearer], PAUSE).unwrap();
    assert_eq!(put.status, 403);
    assert!(put.message().contains("campaigns:write"));
    clock.advance(Duration::from_secs(3_600));
    assert_eq!(get(CAMPAIGN).status, 401);
    let bearer = client.bearer();
    client.handle().expire_tokens();
    assert_eq!(
        client.send("GET", CAMPAIGN, &[&bearer], "").unwrap().status,
        401
    );
    assert_eq!(
        client.handle().campaign_status(FIRST_CAMPAIGN).unwrap(),
        "RUNNING"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_agents_as_they_are() {
    let client = Client::start(settings());
    let handle = client.handle();
    handle.set_available(250);
    handle.put_agent(
        "zoe",
        AgentState::Other("training".to_owned()),
        &["spanish"],
    );
    let bearer = client.bearer();
    let read = |query: &str| {
        client
            .send("GET", &format!("{AGENTS}{query}"), &[&bearer], "")
            .unwrap()
    };
    let items = |query: &str| read(query).json()["items"].as_array().unwrap().clone();
    assert_eq!(items("").len(), 100);
    assert_eq!(items("?state=available&limit=100&offset=200").len(), 50);
    assert_eq!(items("?state=available&offset=300").len(), 0);
    assert_eq!(items("?state=wrap-up").len(), 0);
    assert_eq!(
        items("?state=available&limit=1&offset=249")[0]["id"],
        "agent-0250"
    );
    let zoe = json!({"id": "zoe", "name": "zoe", "state": "training", "skills": ["spanish"], "stateSince": "2024-05-15T14:32:10.123Z"});
    assert_eq!(items("?offset=250"), [zoe]);
    handle.set_available(3);
    assert_eq!(items("?state=available").len(), 3);
    assert_eq!(handle.available(), 3);
    assert!(handle.remove_agent("agent-0001"));
    assert_eq!(items("?state=available").len(), 2);
    for query in [
        "?limit=0",
        "?limit=101",
        "?limit=x",
        "?offset=-1",
        "?state=idle",
    ] {
        let reply = read(query);
        assert_eq!(
            (reply.status, reply.json()["errors"][0]["code"].as_str()),
            (400, Some("invalid_parameter"))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_is_read_and_commanded() {
    let settings = settings();
    let clock = settings.clock.clone();
    let client = Client::start(settings);
    let bearer = client.bearer();
    let send = |method, path, body| {
        client
            .send(method, path, &[&bearer, "x-request-id: r-7"], body)
            .unwrap()
    };
    let running = json!({"id": "campaign-1", "name": "Spring renewals", "status": "RUNNING", "updatedTimestamp": "2024-05-15T14:32:10.123Z"});
    assert_eq!(send("GET", CAMPAIGN, "").json(), running);
    clock.advance(Duration::from_secs(1));
    for _ in 0..2 {
        let paused = send("PUT", CAMPAIGN, PAUSE);
        assert_eq!(paused.status, 200);
        assert_eq!(paused.json()["status"], "PAUSED");
        assert_eq!(
            paused.json()["updatedTimestamp"],
            "2024-05-15T14:32:11.123Z"
        );
        clock.advance(Duration::from_secs(1));
    }
    let by = Actor::Client {
        request_id: Some("r-7".to_owned()),
        token_client: "autopilot".to_owned(),
    };
    let entry = |seconds, by: &Actor, from: &str, to: &str| JournalEntry {
        at: START.plus(Duration::from_secs(seconds)),
        campaign: FIRST_CAMPAIGN.to_owned(),
        by: by.clone(),
        from: from.to_owned(),
        to: to.to_owned(),
    };
    assert!(client.handle().person_sets(FIRST_CAMPAIGN, "STOPPED"));
    let expected = [
        entry(1, &by, "RUNNING", "PAUSED"),
        entry(2, &by, "PAUSED", "PAUSED"),
        entry(3, &Actor::Person, "PAUSED", "STOPPED"),
    ];
    assert_eq!(client.handle().journal(), expected);
    for (method, path, body, status) in [
        ("PUT", CAMPAIGN, PAUSE, 409),
        ("PUT", CAMPAIGN, r#"{"status":"STOPPED"}"#, 422),
        ("PUT", CAMPAIGN, r#"{"status":"PAUSED","x":1}"#, 422),
        ("PUT", CAMPAIGN, "[]", 422),
        ("PUT", CAMPAIGN, "{", 422),
        ("PUT", "/api/v2/campaigns/other", PAUSE, 404),
        ("GET", "/api/v2/campaigns/other", "", 404),
        ("GET", "/api/v2/campaigns", "", 404),
        ("POST", CAMPAIGN, PAUSE, 405),
        ("DELETE", AGENTS, "", 405),
    ] {
        let reply = send(method, path, body);
        assert_eq!(reply.status, status, "{method} {path} {body}");
        assert!(!reply.message().is_empty());
    }
    assert_eq!(client.handle().journal().len(), 3);
    assert_eq!(
        client.handle().request_count(Some(Endpoint::CampaignPut)),
        8
    );
    assert_eq!(client.handle().request_count(None), 14);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contracts_options_are_followed() {
    let mut settings = settings();
    settings.give_updated_timestamp = false;
    settings.put_answers_no_content = true;
    settings.accept_any_credentials = true;
    settings.actuation_delay = Duration::from_secs(5);
    let clock = settings.clock.clone();
    let client = Client::start(settings);
    let body = "grant_type=client_credentials&client_id=x&client_secret=y&scope=campaigns:read+campaigns:write";
    let token = client
        .send("POST", "/oauth/token", &[FORM], body)
        .unwrap()
        .json();
    assert_eq!(token["scope"], "campaigns:read campaigns:write");
    let bearer = format!(
        "authorization: Bearer {}",
        token["access_token"].as_str().unwrap()
    );
    let put = client.send("PUT", CAMPAIGN, &[&bearer], PAUSE).unwrap();
    assert_eq!((put.status, put.body.as_str()), (204, ""));
    let shown = || client.send("GET", CAMPAIGN, &[&bearer], "").unwrap().json();
    let campaign =
        |status| json!({"id": "campaign-1", "name": "Spring renewals", "status": status});
    assert_eq!(shown(), campaign("RUNNING"));
    assert_eq!(
        client.handle().campaign_status(FIRST_CAMPAIGN).unwrap(),
        "PAUSED"
    );
    clock.advance(Duration::from_secs(5));
    assert_eq!(shown(), campaign("PAUSED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rate_limit_says_when_to_come_back() {
    let mut settings = settings();
    settings.rate_limit = Some(RateLimit {
        per_second: 2.0,
        burst: 3,
    });
    let clock = settings.clock.clone();
    let client = Client::start(settings);
    let bearer = client.bearer();
    let get = || client.send("GET", CAMPAIGN, &[&bearer], "").unwrap();
    for (status, remaining) in [(200, "1"), (200, "0"), (429, "0")] {
        let reply = get();
        assert_eq!(
            (reply.status, reply.header("x-ratelimit-remaining")),
            (status, Some(remaining))
        );
    }
    assert_eq!(get().header("retry-after"), Some("0.500"));
    clock.advance(Duration::from_millis(500));
    assert_eq!(get().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_goes_wrong_in_its_way() {
    let client = Client::start(settings());
    let handle = client.handle();
    handle.set_available(10);
    let bearer = client.bearer();
    let get = |fault| {
        handle.inject(FaultRule {
            fault,
            endpoint: Some(Endpoint::Agents),
            when: FaultTiming::Next(1),
        });
        client.send("GET", AGENTS, &[&bearer], "")
    };
    for (fault, status) in [
        (Fault::Status500, 500),
        (Fault::Html503, 503),
        (Fault::Forbidden, 403),
        (Fault::NotFound, 404),
        (Fault::Slow(Duration::from_millis(1)), 200),
    ] {
        assert_eq!(get(fault.clone()).unwrap().status, status, "{fault:?}");
    }
    assert!(get(Fault::Html503).unwrap().body.starts_with("<html>"));
    assert_eq!(
        get(Fault::TooMany { retry_after: None })
            .unwrap()
            .header("retry-after"),
        None
    );
    let odd = get(Fault::TooMany {
        retry_after: Some("soon 1.5".to_owned()),
    })
    .unwrap();
    assert_eq!(
        (odd.status, odd.header("retry-after")),
        (429, Some("soon 1.5"))
    );
    for fault in [
        Fault::Reset,
        Fault::LostReply,
        Fault::LateEffect(Duration::ZERO),
    ] {
        assert_eq!(get(fault), None);
    }
    let torn = get(Fault::Truncate).unwrap();
    assert_eq!(torn.status, 200);
    assert!(!torn.body.is_empty() && !torn.complete);
    let wrong = get(Fault::WrongJson).unwrap();
    assert!(wrong.complete && wrong.json().get("items").is_none());
    let garbled = get(Fault::GarbledJson).unwrap();
    assert!(garbled.complete && serde_json::from_str::<Value>(&garbled.body).is_err());
    assert_eq!(
        client.send("GET", AGENTS, &[&bearer], "").unwrap().status,
        200
    );
    assert_eq!(get(Fault::Unauthorized).unwrap().status, 401);
    assert_eq!(
        client.send("GET", AGENTS, &[&bearer], "").unwrap().status,
        401
    );
    handle.inject(FaultRule {
        fault: Fault::Status500,
        endpoint: None,
        when: FaultTiming::Always,
    });
    assert_eq!(
        client.send("GET", AGENTS, &[&bearer], "").unwrap().status,
        500
    );
    handle.clear_faults();
    assert_eq!(
        client
            .send("GET", AGENTS, &[&client.bearer()], "")
            .unwrap()
            .status,
        200
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_is_a_reset() {
    let mut settings = settings();
    settings.faults = FaultPlan::parse("reset").unwrap();
    let client = Client::start(settings);
    let mut stream = TcpStream::connect(client.simulator.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let request = format!("GET {AGENTS} HTTP/1.1\r\nhost: x\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let error = stream.read(&mut [0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_effect_can_come_without_an_answer() {
    let settings = settings();
    let clock = settings.clock.clone();
    let client = Client::start(settings);
    let handle = client.handle();
    let bearer = client.bearer();
    let (applied, effects) = mpsc::channel();
    let applied = Mutex::new(applied);
    handle.set_hook(Some(Arc::new(move |seen, phase| {
        if phase == Phase::Applied {
            applied
                .lock()
                .unwrap()
                .send(seen.body_status.clone())
                .unwrap();
        }
    })));
    let put = |fault, body| {
        handle.inject(FaultRule {
            fault,
            endpoint: Some(Endpoint::CampaignPut),
            when: FaultTiming::Next(1),
        });
        client.send("PUT", CAMPAIGN, &[&bearer], body)
    };
    assert_eq!(put(Fault::Reset, PAUSE), None);
    assert_eq!(handle.journal(), []);
    assert_eq!(put(Fault::LostReply, PAUSE), None);
    assert_eq!(handle.campaign_status(FIRST_CAMPAIGN).unwrap(), "PAUSED");
    assert_eq!(effects.recv_timeout(PATIENCE).unwrap().unwrap(), "PAUSED");
    assert_eq!(
        put(
            Fault::LateEffect(Duration::from_millis(1)),
            r#"{"status":"RUNNING"}"#
        ),
        None
    );
    assert_eq!(handle.campaign_status(FIRST_CAMPAIGN).unwrap(), "PAUSED");
    clock.advance(Duration::from_millis(1));
    assert_eq!(handle.campaign_status(FIRST_CAMPAIGN).unwrap(), "RUNNING");
    assert_eq!(effects.recv_timeout(PATIENCE).unwrap().unwrap(), "RUNNING");
    assert!(!put(Fault::Truncate, PAUSE).unwrap().complete);
    assert_eq!(handle.journal().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hook_hears_of_each_phase_in_order() {
    let client = Client::start(settings());
    let bearer = client.bearer();
    let handle = client.handle();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let (notes, watched) = (Arc::clone(&heard), client.handle());
    handle.set_hook(Some(Arc::new(move |seen: &RequestSeen, phase| {
        let status = watched.campaign_status(FIRST_CAMPAIGN).unwrap();
        notes.lock().unwrap().push((seen.clone(), phase, status));
    })));
    client
        .send("PUT", CAMPAIGN, &[&bearer, "X-Request-Id: r-1"], PAUSE)
        .unwrap();
    client.send("GET", CAMPAIGN, &[&bearer], "").unwrap();
    handle.set_hook(None);
    client.send("GET", CAMPAIGN, &[&bearer], "").unwrap();
    let heard = heard.lock().unwrap();
    let phases: Vec<_> = heard
        .iter()
        .map(|(seen, phase, status)| (seen.method.as_str(), *phase, status.as_str()))
        .collect();
    let expected = [
        ("PUT", Phase::Arrived, "RUNNING"),
        ("PUT", Phase::Applied, "PAUSED"),
        ("PUT", Phase::Answering, "PAUSED"),
        ("GET", Phase::Arrived, "PAUSED"),
        ("GET", Phase::Answering, "PAUSED"),
    ];
    assert_eq!(phases, expected);
    let put = RequestSeen {
        target: Some(FIRST_CAMPAIGN.to_owned()),
        endpoint: Endpoint::CampaignPut,
        method: "PUT".to_owned(),
        path: CAMPAIGN.to_owned(),
        campaign: Some(FIRST_CAMPAIGN.to_owned()),
        request_id: Some("r-1".to_owned()),
        body_status: Some("PAUSED".to_owned()),
    };
    assert_eq!(heard[0].0, put);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_centres_day_happens_to_the_server() {
    let scenario = Scenario::parse(Scenario::text("lunch-dip").unwrap(), "lunch-dip").unwrap();
    let mut settings = settings();
    settings.clock = SimClock::manual(scenario.start());
    settings.script = Script::Centre(Box::new(scenario.clone()));
    settings.token_life = Duration::from_secs(86_400);
    let clock = settings.clock.clone();
    let client = Client::start(settings);
    let handle = client.handle();
    let mut told = handle.scripted_events();
    let bearer = client.bearer();
    let mut at = |hour: u64, minute: u64| {
        let time = scenario
            .start()
            .plus(Duration::from_secs((hour - 8) * 3_600 + minute * 60));
        clock.advance(time.since(clock.now()));
        let agents = client
            .send("GET", &format!("{AGENTS}?state=available"), &[&bearer], "")
            .unwrap();
        let listed =
            (agents.status == 200).then(|| agents.json()["items"].as_array().unwrap().len());
        let happened = told.try_recv().ok().map(|event| event.kind);
        (
            listed,
            handle.campaign_status(FIRST_CAMPAIGN).unwrap(),
            happened,
        )
    };
    let person = |status: &str| {
        Some(ScriptedEventKind::PersonSets {
            campaign: FIRST_CAMPAIGN.to_owned(),
            status: status.to_owned(),
        })
    };
    let (morning, status, happened) = at(10, 0);
    assert!(morning.unwrap() > 0);
    assert_eq!((status.as_str(), happened), ("RUNNING", None));
    let (_, status, happened) = at(14, 40);
    assert_eq!((status.as_str(), happened), ("PAUSED", person("PAUSED")));
    let (paused, status, happened) = at(15, 5);
    assert_eq!((status.as_str(), happened), ("RUNNING", person("RUNNING")));
    assert!(
        paused.unwrap() > 10,
        "a paused campaign leaves agents available"
    );
    let (listed, _, happened) = at(15, 47);
    assert_eq!(listed, None);
    assert!(matches!(
        happened,
        Some(ScriptedEventKind::Outage {
            endpoint: Endpoint::Agents,
            ..
        })
    ));
    let (listed, _, happened) = at(15, 48);
    assert!(listed.is_some());
    assert_eq!(
        happened,
        Some(ScriptedEventKind::OutageOver {
            endpoint: Endpoint::Agents
        })
    );
    assert_eq!(handle.journal()[0].at.rfc3339(), "2024-05-15T14:30:00.000Z");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_kept_and_dates_are_the_platforms() {
    let client = Client::start(settings());
    let mut stream = TcpStream::connect(client.simulator.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    for _ in 0..2 {
        stream
            .write_all(b"GET /nowhere HTTP/1.1\r\nhost: x\r\n\r\n")
            .unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"such path\"}]}") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        assert!(head.starts_with("HTTP/1.1 404"));
        assert!(
            head.to_ascii_lowercase()
                .contains("date: wed, 15 may 2024 14:32:10 gmt\r\n")
        );
    }
    let huge = "x".repeat(1024 * 1024 + 1);
    assert!(
        client
            .send("PUT", CAMPAIGN, &[], &huge)
            .is_none_or(|reply| reply.status == 413)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stalled_request_gets_nothing_and_stopping_ends_it() {
    let mut settings = settings();
    settings.faults = FaultPlan::parse("stall:campaign-put").unwrap();
    let client = Client::start(settings);
    let (handle, bearer, address) = (client.handle(), client.bearer(), client.simulator.address());
    let (arrived, arrivals) = mpsc::channel();
    let arrived = Mutex::new(arrived);
    handle.set_hook(Some(Arc::new(move |_, phase| {
        arrived.lock().unwrap().send(phase).unwrap();
    })));
    let waiting = std::thread::spawn(move || exchange(address, "PUT", CAMPAIGN, &[&bearer], PAUSE));
    assert_eq!(arrivals.recv_timeout(PATIENCE), Ok(Phase::Arrived));
    client.simulator.stop().await;
    assert_eq!(waiting.join().unwrap(), None);
    assert_eq!(handle.journal(), []);
    assert!(arrivals.try_recv().is_err());
    assert!(TcpStream::connect(address).is_err());
}

fn settings() -> Settings {
    Settings::new(SimClock::manual(START), Script::Fixed)
}
