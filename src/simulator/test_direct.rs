//! A platform without sockets for the tests, with a manual clock and a token.

use std::time::Duration;

use bytes::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use super::*;

pub(super) const START: SimTime = SimTime::from_unix_millis(1_715_783_530_123);
pub(super) const AGENTS: &str = "/api/v2/interactions/agents";
pub(super) const CAMPAIGN: &str = "/api/v2/campaigns/campaign-1";
pub(super) const ASSIGNMENTS: &str = "/api/v2/outbound/campaigns/campaign-1/agents";
pub(super) const TOKEN: &str = "/oauth2/token";

/// The token request's body.
pub(super) const GRANT: &str = r#"{"grant_type":"client_credentials","client_id":"autopilot","client_secret":"autopilot-secret"}"#;

/// The platform and what a client of it holds.
pub(super) struct Direct {
    pub(super) handle: SimHandle,
    pub(super) clock: SimClock,
    bearer: String,
}

impl Direct {
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(super) fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::new(SimClock::manual(START), Script::Fixed);
        change(&mut settings);
        let clock = settings.clock.clone();
        let mut direct = Self {
            handle: SimHandle::without_sockets(settings),
            clock,
            bearer: String::new(),
        };
        direct.sign_in();
        direct
    }

    pub(super) fn sign_in(&mut self) {
        let granted = body(&self.send(Method::POST, TOKEN, GRANT));
        let token = granted["access_token"].as_str().unwrap();
        self.bearer = format!("Bearer {token}");
    }

    pub(super) fn send(&self, method: Method, uri: &str, body: &str) -> Exchange {
        let mut headers = HeaderMap::new();
        let given = [
            (AUTHORIZATION, self.bearer.as_str()),
            (CONTENT_TYPE, "application/json"),
            (HeaderName::from_static("x-client-id"), "autopilot"),
            (HeaderName::from_static("x-request-id"), "r-1"),
        ];
        for (name, value) in given {
            headers.insert(name, HeaderValue::from_str(value).unwrap());
        }
        self.handle.exchange(SentRequest {
            method,
            uri: uri.to_owned(),
            headers,
            body: Bytes::copy_from_slice(body.as_bytes()),
        })
    }

    pub(super) fn get(&self, uri: &str) -> Exchange {
        self.send(Method::GET, uri, "")
    }

    /// Commands the campaign.
    pub(super) fn put(&self, status: &str) -> Exchange {
        let body = json!({"status": status}).to_string();
        self.send(Method::PUT, CAMPAIGN, &body)
    }

    /// Lets the next request to the endpoint go wrong.
    pub(super) fn next(&self, endpoint: Endpoint, fault: Fault) {
        self.handle.inject(FaultRule {
            fault,
            endpoint: Some(endpoint),
            when: FaultTiming::Next(1),
        });
    }

    pub(super) fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }

    /// The campaign's true status.
    pub(super) fn truth(&self) -> String {
        self.handle.campaign_status(FIRST_CAMPAIGN).unwrap()
    }

    /// The status that a GET shows.
    pub(super) fn shown(&self) -> String {
        let campaign = body(&self.get(CAMPAIGN));
        campaign["status"].as_str().unwrap().to_owned()
    }

    /// When commands took effect, in seconds from the start, and what came of them.
    pub(super) fn effects(&self) -> Vec<(u64, String)> {
        let journal = self.handle.journal();
        let brief = |entry: JournalEntry| (entry.at.since(START).as_secs(), entry.to);
        journal.into_iter().map(brief).collect()
    }
}

/// The status of a whole answer.
pub(super) fn status(exchange: &Exchange) -> u16 {
    let Outcome::Answered { status, .. } = &exchange.outcome else {
        panic!("{exchange:?}");
    };
    status.as_u16()
}

/// The text of a whole answer.
pub(super) fn text(exchange: &Exchange) -> &str {
    let Outcome::Answered { body, .. } = &exchange.outcome else {
        panic!("{exchange:?}");
    };
    std::str::from_utf8(body).unwrap()
}

/// The body of a successful answer.
pub(super) fn body(exchange: &Exchange) -> Value {
    let ok = [StatusCode::OK, StatusCode::PARTIAL_CONTENT].map(|status| status.as_u16());
    assert!(ok.contains(&status(exchange)), "{exchange:?}");
    serde_json::from_str(text(exchange)).unwrap()
}
