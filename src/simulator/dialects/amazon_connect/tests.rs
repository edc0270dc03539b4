//! The dialect without sockets, on a clock that is moved by hand.

use std::time::Duration;

use bytes::Bytes;
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::super::effects::Effect;
use super::super::super::handle::SimHandle;
use super::super::super::outcome::Outcome;
use super::super::super::script::Script;
use super::super::super::sent_request::SentRequest;
use super::super::super::settings::{RateLimit, Settings};
use super::super::super::time::{SimClock, SimTime};
use super::super::super::tokens::Credentials;
use super::super::Dialect;
use super::{ConnectSettings, ConnectVersion, ErrorName};

const START: SimTime = SimTime::from_unix_millis(1_715_760_000_000);
const INSTANCE: &str = "aaaaaaaa-0000-4000-8000-000000000000";

/// An instance at which nobody is asked for a right signature.
struct Instance {
    handle: SimHandle,
    clock: SimClock,
}

struct Reply {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn error(&self) -> &str {
        let name = self.headers.get("x-amzn-errortype");
        name.map_or("", |name| name.to_str().unwrap())
    }
}

fn send(handle: &SimHandle, method: &str, uri: &str, headers: HeaderMap, body: &str) -> Reply {
    let exchange = handle.exchange(SentRequest {
        method: method.parse().unwrap(),
        uri: uri.to_owned(),
        headers,
        body: Bytes::copy_from_slice(body.as_bytes()),
    });
    let Outcome::Answered {
        status,
        headers,
        body,
    } = exchange.outcome
    else {
        panic!("{exchange:?}");
    };
    Reply {
        status: status.as_u16(),
        headers,
        body,
    }
}

fn anybody() -> HeaderMap {
    let claim = "AWS4-HMAC-SHA256 Credential=KEY/20240515/eu-west-2/x/aws4_request, SignedHeaders=host, Signature=0";
    HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static(claim))])
}

impl Instance {
    fn new(settings: ConnectSettings) -> Self {
        Self::with(settings, |_| {})
    }

    fn with(settings: ConnectSettings, change: impl FnOnce(&mut Settings)) -> Self {
        let clock = SimClock::manual(START);
        let mut platform = Settings::new(clock.clone(), Script::Fixed);
        platform.dialect = Dialect::AmazonConnect(Box::new(settings));
        platform.accept_any_credentials = true;
        change(&mut platform);
        let handle = SimHandle::without_sockets(platform);
        handle.set_available(4);
        Self { handle, clock }
    }

    fn get(&self, uri: &str) -> Reply {
        send(&self.handle, "GET", uri, anybody(), "")
    }

    fn post(&self, uri: &str, body: &Value) -> Reply {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        send(&self.handle, "POST", uri, anybody(), &body)
    }

    fn command(&self, verb: &str) -> Reply {
        self.post(&format!("/v2/campaigns/campaign-1/{verb}"), &Value::Null)
    }
}

fn question(queues: &[&str]) -> Value {
    json!({
        "Filters": {"Queues": queues, "Channels": ["VOICE"]},
        "Groupings": ["QUEUE"],
        "CurrentMetrics": [{"Name": "AGENTS_AVAILABLE", "Unit": "COUNT"}, {"Name": "AGENTS_ONLINE", "Unit": "COUNT"}],
        "MaxResults": 100,
    })
}

#[derive(Deserialize)]
struct Vector {
    method: String,
    host: String,
    path: String,
    query: String,
    body: String,
    content_type: Option<String>,
    x_amz_date: String,
    session_token: Option<String>,
    region: String,
    access_key: String,
    secret_key: String,
    authorization: String,
}

impl Vector {
    fn all() -> Vec<Self> {
        let text = include_str!("../../../../tests/connect/signatures.json");
        serde_json::from_str(text).unwrap()
    }

    /// What a platform that knows the key answers, its clock so many seconds ahead.
    fn sent(&self, ahead: i64, secret: &str, change: impl FnOnce(&mut String)) -> Reply {
        let at: jiff::Timestamp = "2026-11-25T20:24:46Z".parse().unwrap();
        let at = SimTime::from_unix_millis(at.as_millisecond() + ahead * 1_000);
        let settings = ConnectSettings {
            region: self.region.clone(),
            ..ConnectSettings::default()
        };
        let mut platform = Settings::new(SimClock::manual(at), Script::Fixed);
        platform.dialect = Dialect::AmazonConnect(Box::new(settings));
        platform.credentials = Credentials::new(&self.access_key, secret);
        let handle = SimHandle::without_sockets(platform);
        let mut body = self.body.clone();
        change(&mut body);
        let headers = [
            ("host", Some(&self.host)),
            ("content-type", self.content_type.as_ref()),
            ("x-amz-date", Some(&self.x_amz_date)),
            ("x-amz-security-token", self.session_token.as_ref()),
            ("authorization", Some(&self.authorization)),
        ];
        let headers = headers.into_iter().filter_map(|(name, value)| {
            let value = HeaderValue::from_str(value?).unwrap();
            Some((HeaderName::from_static(name), value))
        });
        let uri = if self.query.is_empty() {
            self.path.clone()
        } else {
            format!("{}?{}", self.path, self.query)
        };
        send(&handle, &self.method, &uri, headers.collect(), &body)
    }
}

#[test]
fn signatures_of_another_hand_are_found_right_and_their_forgeries_are_not() {
    let mut checked = 0;
    for vector in Vector::all() {
        let told = |reply: &Reply| String::from_utf8_lossy(&reply.body).into_owned();
        if vector.path.starts_with("/queues-summary") {
            // An operation that is not served here.
            continue;
        }
        let good = vector.sent(0, &vector.secret_key, |_| {});
        assert_ne!(good.status, 403, "{}: {}", vector.path, told(&good));
        let other_secret = vector.sent(0, "another-secret", |_| {});
        assert_eq!(other_secret.error(), "InvalidSignatureException");
        let other_body = vector.sent(0, &vector.secret_key, |body| body.push(' '));
        assert_eq!(other_body.error(), "InvalidSignatureException");
        for (ahead, fits) in [(299, true), (-299, true), (301, false), (-301, false)] {
            let reply = vector.sent(ahead, &vector.secret_key, |_| {});
            assert_eq!(reply.status != 403, fits, "{ahead}: {}", told(&reply));
        }
        checked += 1;
    }
    assert_eq!(checked, 30);
}

#[test]
fn a_request_without_a_signature_or_of_another_region_is_refused() {
    let instance = Instance::new(ConnectSettings::default());
    let unsigned = send(
        &instance.handle,
        "POST",
        "/v2/campaigns-state",
        HeaderMap::new(),
        "{}",
    );
    assert_eq!(unsigned.error(), "MissingAuthenticationTokenException");
    let vector = Vector::all().into_iter().next().unwrap();
    let elsewhere = Vector {
        region: "eu-north-1".to_owned(),
        ..vector
    };
    let reply = elsewhere.sent(0, &elsewhere.secret_key, |_| {});
    assert_eq!(
        (reply.status, reply.error()),
        (403, "InvalidSignatureException")
    );
}

#[test]
fn states_are_strict_and_a_second_command_is_refused_with_the_state() {
    let instance = Instance::new(ConnectSettings::default());
    let paused = instance.command("pause");
    assert_eq!((paused.status, paused.body.len()), (200, 0));
    let again = instance.command("pause");
    assert_eq!(again.status, 409);
    assert_eq!(again.error(), "InvalidCampaignStateException");
    assert_eq!(again.json()["state"], "Paused");
    assert_eq!(instance.command("resume").status, 200);
    assert_eq!(instance.command("resume").json()["state"], "Running");
    for (word, state) in [
        ("INITIALIZED", "Initialized"),
        ("STOPPED", "Stopped"),
        ("COMPLETED", "Completed"),
        ("FAILED", "Failed"),
    ] {
        assert!(instance.handle.person_sets("campaign-1", word));
        for verb in ["pause", "resume"] {
            let refused = instance.command(verb);
            assert_eq!(refused.status, 409, "{verb} of {state}");
            assert_eq!(refused.json()["state"], state);
        }
        let shown = instance.get("/v2/campaigns/campaign-1/state").json();
        assert_eq!(shown["state"], state);
    }
    let nobody = instance.post("/v2/campaigns/none/pause", &Value::Null);
    assert_eq!(
        (nobody.status, nobody.error()),
        (404, "ResourceNotFoundException")
    );
    assert!(
        instance
            .handle
            .change_connect(|settings| settings.conflicts = 1)
    );
    let busy = instance.command("pause");
    assert_eq!((busy.status, busy.error()), (409, "ConflictException"));
}

#[test]
fn states_of_several_come_with_200_whatever_became_of_single_ones() {
    let instance = Instance::new(ConnectSettings {
        unreadable: ["campaign-2".to_owned()].into(),
        left_out: ["campaign-3".to_owned()].into(),
        ..ConnectSettings::default()
    });
    for id in ["campaign-2", "campaign-3"] {
        instance.handle.put_campaign(id, "RUNNING");
    }
    let ids = ["campaign-1", "campaign-2", "campaign-3", "campaign-4"];
    let reply = instance.post("/v2/campaigns-state", &json!({ "campaignIds": ids }));
    assert_eq!(reply.status, 200);
    assert_eq!(
        reply.json(),
        json!({
            "successfulRequests": [{"campaignId": "campaign-1", "state": "Running"}],
            "failedRequests": [
                {"campaignId": "campaign-2", "failureCode": "UnknownError"},
                {"campaignId": "campaign-4", "failureCode": "ResourceNotFound"},
            ],
        })
    );
    let many: Vec<String> = (0..26).map(|number| format!("c-{number}")).collect();
    for wrong in [json!([]), json!(many), json!([7])] {
        let reply = instance.post("/v2/campaigns-state", &json!({ "campaignIds": wrong }));
        assert_eq!((reply.status, reply.error()), (400, "ValidationException"));
    }
}

#[test]
fn campaigns_come_in_pages_and_only_of_the_instance() {
    let instance = Instance::new(ConnectSettings::default());
    for number in 2..=5 {
        let id = format!("campaign-{number}");
        instance.handle.put_campaign(&id, "RUNNING");
    }
    let ask = |body: Value| instance.post("/v2/campaigns-summary", &body).json();
    let filters = json!({"instanceIdFilter": {"value": INSTANCE, "operator": "Eq"}});
    let first = ask(json!({"maxResults": 3, "filters": filters}));
    assert_eq!(first["campaignSummaryList"].as_array().unwrap().len(), 3);
    let rest = ask(json!({"maxResults": 3, "filters": filters, "nextToken": first["nextToken"]}));
    assert_eq!(rest["campaignSummaryList"].as_array().unwrap().len(), 2);
    assert_eq!(rest["nextToken"], Value::Null);
    let other = json!({"instanceIdFilter": {"value": "other", "operator": "Eq"}});
    assert_eq!(
        ask(json!({ "filters": other })),
        json!({"campaignSummaryList": []})
    );
}

#[test]
fn a_campaign_of_one_version_is_not_seen_in_the_other() {
    let instance = Instance::new(ConnectSettings {
        version: ConnectVersion::First,
        ..ConnectSettings::default()
    });
    let shown = instance.get("/campaigns/campaign-1").json();
    assert_eq!(
        shown["campaign"]["outboundCallConfig"]["connectQueueId"],
        "queue-outbound"
    );
    assert_eq!(
        shown["campaign"]["dialerConfig"],
        json!({"progressiveDialerConfig": {"bandwidthAllocation": 1.0}})
    );
    assert_eq!(instance.get("/v2/campaigns/campaign-1").status, 404);
    let ids = json!({"campaignIds": ["campaign-1"]});
    let second = instance.post("/v2/campaigns-state", &ids).json();
    assert_eq!(
        second["failedRequests"][0]["failureCode"],
        "ResourceNotFound"
    );
    let paused = instance.post("/campaigns/campaign-1/pause", &Value::Null);
    assert_eq!(paused.status, 200);
    let first = instance.post("/campaigns-state", &ids).json();
    assert_eq!(first["successfulRequests"][0]["state"], "Paused");
}

#[test]
fn counts_are_numbers_null_absent_or_left_out() {
    let instance = Instance::new(ConnectSettings {
        queues: [
            ("campaign-2".to_owned(), "queue-null".to_owned()),
            ("campaign-3".to_owned(), "queue-bare".to_owned()),
            ("campaign-4".to_owned(), "queue-gone".to_owned()),
        ]
        .into(),
        null_queues: ["queue-null".to_owned()].into(),
        valueless_queues: ["queue-bare".to_owned()].into(),
        missing_queues: ["queue-gone".to_owned()].into(),
        snapshot_age: Duration::from_millis(1_500),
        ..ConnectSettings::default()
    });
    let uri = format!("/metrics/current/{INSTANCE}");
    let asked = question(&["queue-outbound", "queue-null", "queue-bare", "queue-gone"]);
    let reply = instance.post(&uri, &asked).json();
    assert_eq!(reply["DataSnapshotTime"], json!(1_715_759_998.5));
    let rows = reply["MetricResults"].as_array().unwrap();
    let values: Vec<(&str, Option<&Value>)> = rows
        .iter()
        .map(|row| {
            let id = row["Dimensions"]["Queue"]["Id"].as_str().unwrap();
            (id, row["Collections"][0].get("Value"))
        })
        .collect();
    assert_eq!(
        values,
        [
            ("queue-bare", None),
            ("queue-null", Some(&Value::Null)),
            ("queue-outbound", Some(&json!(4.0))),
        ]
    );
    let unknown = instance.post(&uri, &question(&["queue-outbound", "no-queue"]));
    assert_eq!(
        (unknown.status, unknown.error()),
        (400, "InvalidParameterException")
    );
    assert!(unknown.json()["Message"].is_string());
    let elsewhere = instance.post("/metrics/current/other", &asked);
    assert_eq!(
        (elsewhere.status, elsewhere.error()),
        (404, "ResourceNotFoundException")
    );
}

#[test]
fn a_pages_token_lives_five_minutes_and_is_for_its_own_question() {
    let instance = Instance::new(ConnectSettings {
        queues: [("campaign-2".to_owned(), "queue-two".to_owned())].into(),
        rows_a_page: 1,
        ..ConnectSettings::default()
    });
    let uri = format!("/metrics/current/{INSTANCE}");
    let mut asked = question(&["queue-outbound", "queue-two"]);
    let first = instance.post(&uri, &asked).json();
    asked["NextToken"] = first["NextToken"].clone();
    let second = instance.post(&uri, &asked).json();
    assert_eq!(
        second["MetricResults"][0]["Dimensions"]["Queue"]["Id"],
        "queue-two"
    );
    assert_eq!(second["NextToken"], Value::Null);
    let mut other = question(&["queue-outbound"]);
    other["NextToken"] = first["NextToken"].clone();
    assert_eq!(instance.post(&uri, &other).status, 400);
    instance.clock.advance(Duration::from_secs(301));
    assert_eq!(instance.post(&uri, &asked).status, 400);
}

#[test]
fn a_pace_is_replaced_whole_and_what_is_fixed_stays() {
    let instance = Instance::new(ConnectSettings::default());
    let uri = "/v2/campaigns/campaign-1/channel-subtype-config";
    let shown = instance.get("/v2/campaigns/campaign-1").json();
    let mut channels = shown["campaign"]["channelSubtypeConfig"].clone();
    channels["telephony"]["outboundMode"]["progressive"]["bandwidthAllocation"] = json!(0.25);
    channels["email"] = json!({"unknown": true});
    let whole = json!({ "channelSubtypeConfig": channels });
    let written = instance.post(uri, &whole);
    assert_eq!((written.status, written.body.len()), (200, 0));
    let shown = instance.get("/v2/campaigns/campaign-1").json();
    assert_eq!(shown["campaign"]["channelSubtypeConfig"], channels);
    assert_eq!(instance.handle.bandwidth("campaign-1"), Some(0.25));
    assert!(matches!(
        instance.handle.effects().last(),
        Some(Effect::Paced(written)) if (written.from, written.to) == (100, 25)
    ));
    for (place, wrong) in [
        ("/telephony/connectQueueId", json!("other")),
        (
            "/telephony/outboundMode/progressive/bandwidthAllocation",
            json!(2.5),
        ),
        ("/telephony/outboundMode", json!({})),
        (
            "/telephony/outboundMode",
            json!({"progressive": {}, "agentless": {}}),
        ),
    ] {
        let mut broken = channels.clone();
        *broken.pointer_mut(place).unwrap() = wrong;
        let reply = instance.post(uri, &json!({ "channelSubtypeConfig": broken }));
        assert_eq!(
            (reply.status, reply.error()),
            (400, "ValidationException"),
            "{place}"
        );
    }
    assert!(instance.handle.person_sets("campaign-1", "COMPLETED"));
    assert_eq!(instance.post(uri, &whole).json()["state"], "Completed");
}

#[test]
fn refusals_have_their_names_in_three_forms() {
    let throttled = RateLimit {
        per_second: 1.0,
        burst: 1,
    };
    for (form, header, member) in [
        (ErrorName::Header, "ThrottlingException", None),
        (
            ErrorName::HeaderWithAddress,
            "ThrottlingException:http://internal.example/coral/",
            None,
        ),
        (
            ErrorName::Body,
            "",
            Some("com.amazon.coral.service#ThrottlingException"),
        ),
    ] {
        let settings = ConnectSettings {
            error_name: form,
            withheld: ["connect-campaigns:PauseCampaign".to_owned()].into(),
            ..ConnectSettings::default()
        };
        let instance = Instance::with(settings, |platform| platform.rate_limit = Some(throttled));
        let denied = instance.command("pause");
        assert_eq!(denied.status, 403);
        let said = denied.json()["message"].as_str().unwrap().to_owned();
        assert!(
            said.ends_with("perform: connect-campaigns:PauseCampaign"),
            "{said}"
        );
        let throttled = instance.command("resume");
        assert_eq!((throttled.status, throttled.error()), (429, header));
        let named = throttled.json();
        assert_eq!(named.get("__type").and_then(Value::as_str), member);
    }
}
