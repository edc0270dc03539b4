//! The dialect without sockets, on a clock that is moved by hand.

use std::time::Duration;

use bytes::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::{Value, json};

use super::super::super::handle::SimHandle;
use super::super::super::outcome::Outcome;
use super::super::super::script::Script;
use super::super::super::sent_request::SentRequest;
use super::super::super::settings::Settings;
use super::super::super::time::{SimClock, SimTime};
use super::super::Dialect;
use super::{CloudSettings, StopLasts};

const START: SimTime = SimTime::from_unix_millis(1_715_760_000_000);
const CAMPAIGN: &str = "/api/v2/outbound/campaigns/campaign-1";

struct Organisation {
    handle: SimHandle,
    clock: SimClock,
    token: HeaderValue,
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

fn log_in(handle: &SimHandle, basic: &'static str) -> Reply {
    let mut headers = HeaderMap::new();
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    headers.insert(CONTENT_TYPE, form);
    headers.insert(AUTHORIZATION, HeaderValue::from_static(basic));
    let grant = "grant_type=client_credentials";
    send(handle, "POST", "/oauth/token", headers, grant)
}

impl Organisation {
    fn new(settings: CloudSettings) -> Self {
        let clock = SimClock::manual(START);
        let mut platform = Settings::new(clock.clone(), Script::Fixed);
        platform.dialect = Dialect::GenesysCloud(Box::new(settings));
        let handle = SimHandle::without_sockets(platform);
        handle.set_available(4);
        // autopilot:autopilot-secret
        let grant = log_in(&handle, "Basic YXV0b3BpbG90OmF1dG9waWxvdC1zZWNyZXQ=").json();
        let token = format!("Bearer {}", grant["access_token"].as_str().unwrap());
        Self {
            handle,
            clock,
            token: HeaderValue::try_from(token).unwrap(),
        }
    }

    fn ask(&self, method: &str, uri: &str, body: &Value) -> Reply {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, self.token.clone());
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        send(&self.handle, method, uri, headers, &body)
    }

    fn get(&self, uri: &str) -> Reply {
        self.ask("GET", uri, &Value::Null)
    }

    fn post(&self, uri: &str) -> u16 {
        self.ask("POST", uri, &Value::Null).status
    }

    /// Status and version of the campaign.
    fn shown(&self) -> (String, u64) {
        let found = self.get(CAMPAIGN).json();
        let status = found["campaignStatus"].as_str().unwrap().to_owned();
        (status, found["version"].as_u64().unwrap())
    }

    fn rows(&self) -> Vec<Value> {
        let question = json!({"interval": "a/b", "serviceName": "Outbound",
            "filters": [{"property": "EntityId", "value": "campaign-1"}]});
        let page = self.ask("POST", "/api/v2/audits/query/realtime", &question);
        page.json()["entities"].as_array().unwrap().clone()
    }
}

#[test]
fn a_token_takes_client_credentials_by_basic_and_nothing_else() {
    let organisation = Organisation::new(CloudSettings::default());
    assert_eq!(log_in(&organisation.handle, "Basic eDp5").status, 401);
    assert_eq!(log_in(&organisation.handle, "Bearer x").status, 401);
    let me = organisation.get("/api/v2/tokens/me").json();
    assert_eq!(me["OAuthClient"]["id"], "autopilot");
}

#[test]
fn a_stop_goes_over_stopping_to_off_and_each_step_has_a_version_and_a_row() {
    let organisation = Organisation::new(CloudSettings {
        stop: StopLasts::For(Duration::from_secs(180)),
        ..CloudSettings::default()
    });
    assert_eq!(organisation.shown(), ("on".to_owned(), 41));
    assert_eq!(organisation.post(&format!("{CAMPAIGN}/start")), 400);
    assert_eq!(organisation.post(&format!("{CAMPAIGN}/stop")), 204);
    assert_eq!(organisation.shown(), ("stopping".to_owned(), 42));
    for command in ["start", "stop"] {
        assert_eq!(organisation.post(&format!("{CAMPAIGN}/{command}")), 400);
    }
    organisation.clock.advance(Duration::from_secs(179));
    assert_eq!(organisation.shown().0, "stopping");
    organisation.clock.advance(Duration::from_secs(1));
    assert_eq!(organisation.shown(), ("off".to_owned(), 43));
    let rows = organisation.rows();
    assert_eq!(rows[0]["level"], "SYSTEM");
    assert_eq!(rows[1]["client"]["id"], "autopilot");
    assert_eq!(organisation.post(&format!("{CAMPAIGN}/start")), 204);
    assert_eq!(organisation.shown(), ("on".to_owned(), 44));
    organisation.handle.person_sets("campaign-1", "PAUSED");
    assert_eq!(organisation.shown(), ("off".to_owned(), 45));
    assert_eq!(organisation.rows()[0]["user"]["name"], "Ana");
}

#[test]
fn observations_leave_out_what_nobody_has() {
    let organisation = Organisation::new(CloudSettings::default());
    let ask = |queue: &str| {
        let predicate = json!({"type": "dimension", "dimension": "queueId", "operator": "matches", "value": queue});
        let question = json!({"filter": {"type": "or", "predicates": [predicate]},
            "metrics": ["oOnQueueUsers", "oMemberUsers"]});
        let path = "/api/v2/analytics/queues/observations/query";
        organisation.ask("POST", path, &question).json()["results"].clone()
    };
    let of_queue = ask("queue-outbound");
    assert_eq!(
        of_queue[0]["data"].as_array().unwrap().len(),
        2,
        "{of_queue}"
    );
    organisation.handle.set_available(0);
    let busy = ask("queue-outbound");
    assert_eq!(busy[0]["data"][1]["qualifier"], "INTERACTING");
    assert_eq!(ask("queue-nowhere"), json!([]));
}

#[test]
fn rights_divisions_and_the_limit_of_the_minute_refuse() {
    let organisation = Organisation::new(CloudSettings {
        withheld: ["outbound:campaign:stop".to_owned()].into(),
        requests_a_minute: Some(5),
        ..CloudSettings::default()
    });
    let refused = organisation.ask("POST", &format!("{CAMPAIGN}/stop"), &Value::Null);
    assert_eq!(refused.status, 403);
    assert_eq!(refused.json()["code"], "missing.permissions");
    assert!(organisation.handle.change_cloud(|cloud| {
        cloud.elsewhere.insert("campaign-1".to_owned());
    }));
    assert_eq!(
        organisation.get(CAMPAIGN).json()["code"],
        "missing.division.permissions"
    );
    let listed = organisation.get("/api/v2/outbound/campaigns?id=campaign-1");
    assert_eq!(listed.json()["entities"], json!([]));
    assert_eq!(listed.headers["inin-ratelimit-count"], "3");
    assert_eq!(listed.headers["inin-ratelimit-allowed"], "5");
    organisation.get(CAMPAIGN);
    organisation.get(CAMPAIGN);
    let late = organisation.get(CAMPAIGN);
    assert_eq!(late.status, 429);
    assert!(late.headers.contains_key("retry-after"));
    organisation.clock.advance(Duration::from_secs(61));
    assert_eq!(organisation.get(CAMPAIGN).status, 403);
}

#[test]
fn a_queue_is_written_whole_and_what_is_left_out_is_dropped() {
    let organisation = Organisation::new(CloudSettings::default());
    let path = "/api/v2/routing/queues/queue-outbound";
    let before = organisation.get(path).json();
    assert!(before.get("acwSettings").is_some());
    let written = organisation.ask("PUT", path, &json!({"name": "Renewals"}));
    assert_eq!(written.status, 200);
    let after = organisation.get(path).json();
    assert_eq!(after["name"], "Renewals");
    assert!(after.get("acwSettings").is_none());
    assert_ne!(after["dateModified"], before["dateModified"]);
    assert_eq!(organisation.ask("PUT", path, &json!({})).status, 400);
}

#[test]
fn a_channel_hears_of_what_the_roles_allow() {
    let organisation = Organisation::new(CloudSettings {
        withheld: ["analytics:queueObservation:view".to_owned()].into(),
        ..CloudSettings::default()
    });
    let channels = "/api/v2/notifications/channels";
    let made = organisation.ask("POST", channels, &Value::Null).json();
    assert_eq!(made["connectUri"], "ws://localhost/notifications/channel-1");
    let topics = format!("{channels}/channel-1/subscriptions");
    let body = json!([
        {"id": "v2.outbound.campaigns.campaign-1"},
        {"id": "v2.analytics.queues.queue-outbound.observations"},
    ]);
    assert_eq!(organisation.ask("POST", &topics, &body).status, 403);
    let topics = format!("{topics}?ignoreErrors=true");
    let told = organisation.ask("POST", &topics, &body).json();
    let states: Vec<&Value> = told["entities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|topic| &topic["state"])
        .collect();
    assert_eq!(states, ["Permitted", "Rejected"]);
    // The 21st takes the place of the first.
    for _ in 0..20 {
        organisation.ask("POST", channels, &Value::Null);
    }
    assert_eq!(organisation.ask("POST", &topics, &body).status, 400);
}
