//! Requests as the official client sends them, answers after its models, and signatures as it makes them: the dialect sends the same and
//! reads the same. `tests/connect/make_exchanges.py` and `make_signatures.py` wrote them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials as Keys;
use aws_smithy_runtime_api::client::identity::Identity;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::StatusCode;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::Value;

use crate::control::ports::{Clock, SystemClock};
use crate::domain::{
    CampaignActivity, CampaignId, DecisionId, Delivery, Direction, Group, GroupCount,
    StatusFinding, StatusReading,
};
use crate::platform::dialect::{Access, SharedParts, SpecialSettings, TenantSettings};
use crate::platform::http::{
    AuthStyle, Credentials, HttpRequest, HttpResponse, HttpSend, SendFault,
};
use crate::platform::port::{CommandOrder, Connected, ObserveRequest, Urgency};
use crate::telemetry::Metrics;

use super::clock_skew::ClockSkew;
use super::connect::connect;
use super::credentials::{CredentialSource, CredentialStore};
use super::signer::Signer;

const A: &str = "9f6ad6b0-0000-4000-8000-00000000000a";
const B: &str = "9f6ad6b0-0000-4000-8000-00000000000b";

#[derive(Deserialize)]
struct Exchange {
    name: String,
    request: Sent,
    response: Given,
    read_as: Value,
}

#[derive(Deserialize)]
struct Sent {
    method: String,
    path: String,
    content_type: Option<String>,
    body: String,
}

#[derive(Clone, Deserialize)]
struct Given {
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
}

fn exchanges(of: &str) -> Vec<Exchange> {
    let text = include_str!("../../../tests/connect/exchanges.json");
    let all: Vec<Exchange> = serde_json::from_str(text).unwrap();
    let named: Vec<Exchange> = all
        .into_iter()
        .filter(|one| one.name.starts_with(of))
        .collect();
    assert!(!named.is_empty(), "{of}");
    named
}

/// Gives one answer to whatever is asked, after one of its own to a description, and keeps what was asked.
struct Replay {
    given: Given,
    asked: Mutex<Vec<HttpRequest>>,
}

impl HttpSend for Replay {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, SendFault>> {
        let path = request.url.path().to_owned();
        let describes = path.starts_with("/v2/campaigns/") && path.matches('/').count() == 3;
        let campaign = r#"{"campaign":{"id":"9f6ad6b0-0000-4000-8000-00000000000a",
            "channelSubtypeConfig":{"telephony":{"connectQueueId":"q1","outboundMode":{"progressive":{}}}}}}"#;
        let response = if describes {
            HttpResponse {
                status: StatusCode::OK,
                headers: HeaderMap::new(),
                body: Bytes::from_static(campaign.as_bytes()),
            }
        } else {
            self.asked.lock().unwrap().push(request);
            let headers = self.given.headers.iter().map(|(name, value)| {
                let name: HeaderName = name.to_lowercase().parse().unwrap();
                (name, HeaderValue::from_str(value).unwrap())
            });
            HttpResponse {
                status: StatusCode::from_u16(self.given.status).unwrap(),
                headers: headers.collect(),
                body: Bytes::from(self.given.body.clone()),
            }
        };
        Box::pin(std::future::ready(Ok(response)))
    }
}

struct Replayed {
    platform: Connected,
    replay: Arc<Replay>,
    clock: Arc<dyn Clock>,
}

fn replayed(exchange: &Exchange) -> Replayed {
    let replay = Arc::new(Replay {
        given: exchange.response.clone(),
        asked: Mutex::default(),
    });
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::real_time());
    let base: reqwest::Url = "https://campaigns.example/".parse().unwrap();
    let tenant = TenantSettings {
        base_url: Some(base.clone()),
        token_url: base,
        credentials: Credentials {
            client_id: "KEY".to_owned(),
            client_secret: "SECRET-OF-THE-KEY".to_owned().into(),
            style: AuthStyle::Form,
            scopes: Vec::new(),
        },
        page_size: 100,
        page_concurrency: 1,
        rate: None,
        request_timeout: Duration::from_secs(5),
        access: Access::ReadAndWrite,
        campaigns: vec![A.parse().unwrap(), B.parse().unwrap()],
        lists: Vec::new(),
        special: SpecialSettings {
            region: Some("eu-west-2".to_owned()),
            instance_id: Some("i".to_owned()),
            metrics_url: Some("https://counts.example/".parse().unwrap()),
            ..SpecialSettings::default()
        },
    };
    let transport: Arc<dyn HttpSend> = Arc::<Replay>::clone(&replay);
    let shared = SharedParts {
        transport,
        clock: Arc::clone(&clock),
        metrics: Arc::new(Metrics::new(30.0, false, "", 0.0).unwrap()),
        refusals: Arc::new(crate::platform::port::RemembersNothing),
        seed: 0,
    };
    Replayed {
        platform: connect(&tenant, &shared).unwrap(),
        replay,
        clock,
    }
}

/// Holds the first request that was made against the client's.
fn same_request(exchange: &Exchange, replay: &Replay) {
    let asked = replay.asked.lock().unwrap();
    let first = asked.first().unwrap();
    let Exchange { name, request, .. } = exchange;
    assert_eq!(first.method.as_str(), request.method, "{name}");
    assert_eq!(first.url.path(), request.path, "{name}");
    let header = |wanted: &HeaderName| {
        let found = first.headers.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.to_str().unwrap().to_owned())
    };
    assert_eq!(header(&CONTENT_TYPE), request.content_type, "{name}");
    assert!(
        header(&AUTHORIZATION)
            .unwrap()
            .starts_with("AWS4-HMAC-SHA256 ")
    );
    let body = |text: &[u8]| serde_json::from_slice::<Value>(text).ok();
    assert_eq!(body(&first.body), body(request.body.as_bytes()), "{name}");
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(future)
}

fn read(exchange: &Exchange, ids: &[&str]) -> Vec<Option<StatusFinding>> {
    let replayed = replayed(exchange);
    let ids: Vec<CampaignId> = ids.iter().map(|id| id.parse().unwrap()).collect();
    let deadline = replayed.clock.now().plus(Duration::from_secs(5));
    let found = block_on(
        replayed
            .platform
            .campaigns
            .read(&ids, Urgency::Routine, deadline),
    );
    same_request(exchange, &replayed.replay);
    found.into_iter().map(Result::ok).collect()
}

fn word(finding: Option<&StatusFinding>) -> Option<&str> {
    match finding? {
        StatusFinding::Found(reading) => Some(&reading.word),
        StatusFinding::Missing => Some("missing"),
        StatusFinding::Unreadable => None,
    }
}

#[test]
fn states_are_asked_for_and_read_as_the_official_client_does() {
    for exchange in exchanges("state ") {
        let found = read(&exchange, &[A]);
        let expected = exchange.read_as["result"]["state"].as_str();
        assert_eq!(word(found[0].as_ref()), expected, "{}", exchange.name);
    }
    for exchange in exchanges("states") {
        let found = read(&exchange, &[A, B]);
        let result = &exchange.read_as["result"];
        for (id, found) in [A, B].into_iter().zip(&found) {
            let of = |list: &str, member: &str| {
                let rows = result[list].as_array().cloned().unwrap_or_default();
                let row = rows.into_iter().find(|row| row["campaignId"] == id)?;
                row[member].as_str().map(str::to_owned)
            };
            let expected = match of("failedRequests", "failureCode").as_deref() {
                Some("ResourceNotFound") => Some("missing".to_owned()),
                Some(_) => None,
                None => of("successfulRequests", "state"),
            };
            assert_eq!(
                word(found.as_ref()),
                expected.as_deref(),
                "{}",
                exchange.name
            );
        }
    }
}

#[test]
fn a_pause_is_sent_as_the_official_client_does_and_its_refusals_are_told_apart() {
    for exchange in exchanges("pause") {
        let replayed = replayed(&exchange);
        let now = replayed.clock.now();
        let before =
            StatusReading::without_evidence(CampaignActivity::Running, "Running".to_owned(), now);
        let campaign: CampaignId = A.parse().unwrap();
        let order = CommandOrder {
            campaign: &campaign,
            direction: Direction::Pause,
            before: &before,
            decision: DecisionId { run: 1, tick: 1 },
            leave_by: now.plus(Duration::from_secs(5)),
            deadline: now.plus(Duration::from_secs(5)),
            restore: None,
            staged: false,
        };
        let commander = replayed.platform.commander.as_ref().unwrap();
        let delivery = block_on(commander.command(order));
        same_request(&exchange, &replayed.replay);
        assert_eq!(
            replayed.replay.asked.lock().unwrap().len(),
            1,
            "a write leaves once"
        );
        let fits = match exchange.name.as_str() {
            "pause, accepted" => matches!(delivery, Delivery::Acknowledged { .. }),
            "pause, already so" => matches!(delivery, Delivery::Conflict { .. }),
            "pause, at its end" | "pause, no right" => {
                matches!(delivery, Delivery::Refused { wait: None, .. })
            }
            "pause, busy" | "pause, throttled" => {
                matches!(delivery, Delivery::Refused { wait: Some(_), .. })
            }
            "pause, expired" => matches!(delivery, Delivery::NotSent { .. }),
            "pause, failure there" | "pause, a page of HTML" => {
                matches!(delivery, Delivery::Lost { .. })
            }
            _ => false,
        };
        assert!(fits, "{}: {delivery:?}", exchange.name);
    }
}

#[test]
fn counts_are_asked_for_as_the_official_client_does_and_what_is_not_there_is_unknown() {
    for exchange in exchanges("counts") {
        let replayed = replayed(&exchange);
        let groups = ["q1", "q2"].map(|queue| Group::Queue(queue.parse().unwrap()));
        let request = ObserveRequest {
            groups: &groups,
            staffed: true,
            agents: false,
            skills: false,
            serving: &[],
            deadline: replayed.clock.now().plus(Duration::from_secs(5)),
        };
        let seen = block_on(replayed.platform.agents.observe(request)).unwrap();
        same_request(&exchange, &replayed.replay);
        assert_eq!(seen.taken_at.as_unix_millis(), 1_767_323_045_123);
        let rows = exchange.read_as["result"]["MetricResults"]
            .as_array()
            .unwrap();
        for (queue, head) in ["q1", "q2"].into_iter().zip(&seen.heads) {
            let row = rows
                .iter()
                .find(|row| row["Dimensions"]["Queue"]["Id"] == queue);
            let collections = row.and_then(|row| row["Collections"].as_array());
            let available = collections
                .into_iter()
                .flatten()
                .find(|one| one["Metric"]["Name"] == "AGENTS_AVAILABLE");
            let expected = available.and_then(|one| one["Value"].as_f64());
            let found = match head {
                GroupCount::Known(head) => Some(f64::from(head.free)),
                GroupCount::Unknown { .. } => None,
            };
            assert_eq!(found, expected, "{}: {queue}", exchange.name);
        }
    }
}

#[derive(Deserialize)]
struct Vector {
    method: String,
    host: String,
    path: String,
    query: String,
    body: String,
    content_type: Option<String>,
    session_token: Option<String>,
    region: String,
    service: String,
    access_key: String,
    secret_key: String,
    authorization: String,
}

#[test]
fn signatures_are_those_of_the_official_client() {
    let text = include_str!("../../../tests/connect/signatures.json");
    let vectors: Vec<Vector> = serde_json::from_str(text).unwrap();
    assert_eq!(vectors.len(), 36);
    // 2026-11-25T20:24:46Z.
    let at = UNIX_EPOCH + Duration::from_secs(1_795_638_286);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::real_time());
    let metrics = Arc::new(Metrics::new(30.0, false, "", 0.0).unwrap());
    for vector in vectors {
        let nobody = CredentialSource::Given(String::new(), String::new().into());
        let signer = Signer {
            service: Box::leak(vector.service.into_boxed_str()),
            region: vector.region,
            credentials: Arc::new(CredentialStore::new(
                nobody,
                String::new(),
                Arc::clone(&clock),
                Arc::clone(&metrics),
                Duration::ZERO,
            )),
            skew: Arc::new(ClockSkew::new(Arc::clone(&metrics))),
            clock: Arc::clone(&clock),
        };
        let keys = Keys::new(
            vector.access_key,
            vector.secret_key,
            vector.session_token,
            None,
            "test",
        );
        let query = if vector.query.is_empty() {
            String::new()
        } else {
            format!("?{}", vector.query)
        };
        let url = format!("https://{}{}{query}", vector.host, vector.path);
        let typed = vector.content_type.map(|typed| {
            let value = HeaderValue::from_str(&typed).unwrap();
            (CONTENT_TYPE, value)
        });
        let request = HttpRequest {
            method: vector.method.parse().unwrap(),
            url: url.parse().unwrap(),
            headers: typed.into_iter().collect(),
            body: Bytes::from(vector.body),
            timeout: Duration::ZERO,
            writes: false,
        };
        let headers = signer.headers(&request, &Identity::from(keys), at).unwrap();
        let authorization = headers.iter().find(|(name, _)| name == AUTHORIZATION);
        let (_, value) = authorization.unwrap();
        assert_eq!(value.to_str().unwrap(), vector.authorization, "{url}");
        assert!(headers.iter().all(|(_, value)| value.is_sensitive()));
        assert!(!format!("{headers:?}").contains("Signature="));
    }
}
