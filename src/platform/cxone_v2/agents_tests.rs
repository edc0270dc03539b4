//! Agents are counted right or not at all, however a platform lists them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::{HeaderMap, StatusCode};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::agents::{Agents, CxoneSettings};
use crate::control::hand_clock::HandClock;
use crate::control::ports::Clock;
use crate::domain::{Group, Selector};
use crate::platform::http::{
    AuthStyle, Client, Credentials, HttpRequest, HttpResponse, HttpSend, Limiter, SendFault,
    TokenSource,
};
use crate::platform::port::{AgentObserver, FaultKind, Observation, ObserveFault, ObserveRequest};
use crate::telemetry::Metrics;

/// When a platform chooses agents by their state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Filter {
    BeforePaging,
    AfterPaging,
}

/// What a platform says of the total.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Total {
    Absent,
    True,
    /// Of everybody, whoever was asked for.
    OfEverybody,
    /// Of this page alone.
    OfThePage,
    /// So many more than there are, or fewer.
    Off(isize),
}

/// What a platform links to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Absent,
    True,
    /// Every page links to itself, on another host.
    Always,
}

/// How a platform lists its agents.
#[derive(Clone, Debug)]
struct Listing {
    /// The states of its agents, whose ids are their numbers.
    states: Vec<&'static str>,
    clamp: usize,
    filter: Filter,
    total: Total,
    next: Next,
    /// The limit that it names, if any.
    limit: Option<usize>,
    ignores_offset: bool,
    /// Rows of which each page has one behind those that it should have.
    bad_rows: Vec<Value>,
    /// The first page instead of any other, with nothing behind it.
    whole: Option<(StatusCode, &'static str)>,
}

impl Default for Listing {
    fn default() -> Self {
        Self {
            states: Vec::new(),
            clamp: 100,
            filter: Filter::BeforePaging,
            total: Total::Absent,
            next: Next::Absent,
            limit: None,
            ignores_offset: false,
            bad_rows: Vec::new(),
            whole: None,
        }
    }
}

impl Listing {
    fn of(states: &[(&'static str, usize)]) -> Self {
        let states = states.iter();
        let each = states.flat_map(|(state, times)| std::iter::repeat_n(*state, *times));
        Self {
            states: each.collect(),
            ..Self::default()
        }
    }

    /// Whether it says nothing that is not so.
    fn is_honest(&self) -> bool {
        let states = self.states.len();
        matches!(self.total, Total::Absent | Total::True)
            && self.next != Next::Always
            && self.limit.is_none_or(|limit| limit == self.clamp)
            && (!self.ignores_offset || states == 0)
    }

    fn available(&self) -> usize {
        let available = |state: &&&str| **state == "available";
        self.states.iter().filter(available).count()
    }

    fn answer(&self, url: &reqwest::Url) -> (StatusCode, Vec<u8>) {
        let asked = |name: &str| {
            let mut pairs = url.query_pairs();
            pairs.find(|(key, _)| key == name).map(|(_, value)| value)
        };
        let number = |name: &str| asked(name).unwrap().parse::<usize>().unwrap();
        if let Some((status, body)) = self.whole {
            let nothing = (StatusCode::OK, r#"{"items":[]}"#);
            let (status, body) = if number("offset") == 0 {
                (status, body)
            } else {
                nothing
            };
            return (status, body.as_bytes().to_vec());
        }
        let offset = if self.ignores_offset {
            0
        } else {
            number("offset")
        };
        let limit = number("limit").min(self.clamp);
        let chosen =
            |(_, state): &(usize, &'static str)| asked("state").is_none_or(|word| *state == word);
        let everybody: Vec<(usize, &str)> = self.states.iter().copied().enumerate().collect();
        let listed: Vec<_> = match self.filter {
            Filter::BeforePaging => everybody.iter().copied().filter(chosen).collect(),
            Filter::AfterPaging => everybody.clone(),
        };
        let end = offset.saturating_add(limit).min(listed.len());
        let page = listed.get(offset..end).unwrap_or_default();
        let page: Vec<_> = page.iter().copied().filter(chosen).collect();
        let mut items: Vec<Value> = page
            .iter()
            .map(|(id, state)| json!({"id": format!("agent-{id}"), "state": state}))
            .collect();
        if !items.is_empty() {
            items.extend(self.bad_rows.iter().cloned());
        }
        let total = match self.total {
            Total::Absent => Value::Null,
            Total::True => json!(listed.len()),
            Total::OfEverybody => json!(everybody.len()),
            Total::OfThePage => json!(items.len()),
            Total::Off(by) => json!(listed.len().saturating_add_signed(by)),
        };
        let more = match self.next {
            Next::Absent => false,
            Next::True => end < listed.len(),
            Next::Always => true,
        };
        let next = more.then(|| format!("https://elsewhere.example{}", url.path()));
        let body = json!({"items": items, "total": total, "next": next, "limit": self.limit});
        (StatusCode::OK, body.to_string().into_bytes())
    }
}

/// A platform that lists its agents so, and counts the requests for them.
struct Platform {
    listing: Mutex<Listing>,
    asked: AtomicUsize,
}

impl HttpSend for Platform {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, SendFault>> {
        let (status, body) = if request.url.path() == "/oauth2/token" {
            let token = br#"{"access_token":"t","expires_in":3600}"#;
            (StatusCode::OK, token.to_vec())
        } else {
            assert_eq!(request.url.host_str(), Some("platform"));
            self.asked.fetch_add(1, Ordering::Relaxed);
            self.listing.lock().unwrap().answer(&request.url)
        };
        Box::pin(std::future::ready(Ok(HttpResponse {
            status,
            headers: HeaderMap::new(),
            body: Bytes::from(body),
        })))
    }
}

/// What comes of this, on a runtime of its own.
fn waited<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(work)
}

/// A reader of a platform.
struct Tenant {
    platform: Arc<Platform>,
    agents: Agents,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
}

impl Tenant {
    fn new(listing: Listing, at_once: usize) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(HandClock::default());
        let metrics = Arc::new(Metrics::new(30.0, false, "", 0.0).unwrap());
        let base: reqwest::Url = "http://platform/".parse().unwrap();
        let credentials = Credentials {
            client_id: "id".to_owned(),
            client_secret: "secret".to_owned().into(),
            style: AuthStyle::Form,
            scopes: Vec::new(),
        };
        let platform = Arc::new(Platform {
            listing: Mutex::new(listing),
            asked: AtomicUsize::new(0),
        });
        let transport: Arc<dyn HttpSend> = platform.clone();
        let client = Client::new(
            transport,
            Limiter::new(None, Arc::clone(&clock), Arc::clone(&metrics)),
            TokenSource::new(
                credentials,
                super::connect::token_url(&base),
                Arc::clone(&clock),
            ),
            Arc::clone(&clock),
            Arc::clone(&metrics),
            Duration::from_secs(10),
            1,
        );
        let settings = CxoneSettings {
            base_url: base,
            page_size: 100,
            page_concurrency: at_once,
        };
        Self {
            platform,
            agents: Agents::new(Arc::new(client), Arc::clone(&clock), settings),
            clock,
            metrics,
        }
    }

    fn change(&self, change: impl FnOnce(&mut Listing)) {
        change(&mut self.platform.listing.lock().unwrap());
    }

    fn observe(&self, staffed: bool) -> Result<Observation, ObserveFault> {
        let request = ObserveRequest {
            groups: &[Group::Rows(Selector::All)],
            staffed,
            agents: false,
            skills: false,
            serving: &[],
            deadline: self.clock.now().plus(Duration::from_secs(60)),
        };
        waited(self.agents.observe(request))
    }

    fn available(&self) -> Result<usize, ObserveFault> {
        let observed = self.observe(false)?;
        let free = observed.tally.free.map(usize::try_from);
        Ok(free.and_then(Result::ok).unwrap_or(usize::MAX))
    }

    fn calls(&self) -> usize {
        self.platform.asked.swap(0, Ordering::Relaxed)
    }

    /// Why a reading is invalid.
    fn refusal(&self) -> String {
        let stopped = self.available().unwrap_err();
        assert_eq!(stopped.fault.kind, FaultKind::Decode);
        stopped.fault.detail
    }
}

const HALF: &[(&str, usize)] = &[("available", 3), ("busy", 40), ("available", 90)];

#[test]
fn a_platform_that_cuts_pages_at_fifty_is_read_to_the_end_and_says_so() {
    let listing = Listing {
        clamp: 50,
        ..Listing::of(HALF)
    };
    let tenant = Tenant::new(listing, 8);
    let observed = tenant.observe(true).unwrap();
    assert_eq!(observed.tally.free, Some(93));
    assert_eq!(observed.tally.page_rows, Some(50));
    tenant.calls();
    tenant.observe(true).unwrap();
    assert_eq!(tenant.calls(), 3, "133 agents by 50");
}

#[test]
fn a_page_that_names_a_lower_limit_needs_no_page_more() {
    let listing = Listing {
        clamp: 50,
        limit: Some(50),
        ..Listing::of(&[("busy", 120)])
    };
    let tenant = Tenant::new(listing, 8);
    let observed = tenant.observe(true).unwrap();
    assert_eq!(observed.tally.rows, Some(120));
    assert_eq!(observed.tally.page_rows, Some(50));
}

#[test]
fn a_total_that_is_of_everybody_costs_the_cheap_reading_and_no_agent() {
    let listing = Listing {
        total: Total::OfEverybody,
        ..Listing::of(HALF)
    };
    let tenant = Tenant::new(listing, 8);
    for poll in 0..5 {
        assert_eq!(tenant.available().unwrap(), 93, "poll {poll}");
    }
    tenant.calls();
    assert_eq!(tenant.available().unwrap(), 93);
    assert_eq!(tenant.calls(), 2, "everybody, and nothing else");
}

#[test]
fn available_agents_in_a_foreign_state_are_not_nobody() {
    let tenant = Tenant::new(Listing::of(&[("busy", 1), ("available", 200)]), 8);
    assert_eq!(tenant.available().unwrap(), 200);
    // The filter knows the contract's word; the rows have the tenant's.
    tenant.change(|listing| {
        listing.states.clear();
        listing.whole = Some((
            StatusCode::OK,
            r#"{"items":[{"id":"a","state":"Frei"},{"id":"b","state":"Frei"}]}"#,
        ));
    });
    let why = tenant.refusal();
    assert!(why.contains(r#"in the state "Frei""#), "{why}");
    // Whoever has no state at all is not nobody either.
    tenant.change(|listing| {
        listing.whole = Some((
            StatusCode::OK,
            r#"{"items":[{"id":"a"},{"id":"b","state":null}]}"#,
        ));
    });
    let why = tenant.refusal();
    assert!(
        why.contains("no agent that was asked for as available has a state"),
        "{why}"
    );
}

#[test]
fn a_first_reading_of_everybody_in_foreign_states_is_not_nobody() {
    let whole = r#"{"items":[{"id":"a","state":"Frei"},{"id":"b","state":"Pause"}]}"#;
    let listing = Listing {
        whole: Some((StatusCode::OK, whole)),
        ..Listing::default()
    };
    for staffed in [false, true] {
        let tenant = Tenant::new(listing.clone(), 8);
        let stopped = tenant.observe(staffed).err().unwrap();
        let why = stopped.fault.detail;
        assert!(why.contains(r#"in the state "Frei""#), "{why}");
    }
}

#[test]
fn nobody_available_is_nobody_whatever_others_do() {
    // The platform itself gives nobody as available, so that coaching is another state.
    let tenant = Tenant::new(Listing::of(&[("coaching", 5), ("busy", 3)]), 8);
    for staffed in [false, true, false] {
        let observed = tenant.observe(staffed).unwrap();
        assert_eq!(observed.tally.free, Some(0));
        assert_eq!(observed.tally.rows, Some(8));
    }
}

#[test]
fn nobody_is_told_in_every_form_and_a_part_is_refused() {
    for (status, body) in [
        (StatusCode::NO_CONTENT, ""),
        (StatusCode::OK, "null"),
        (StatusCode::OK, r#"{"items":null}"#),
        (StatusCode::OK, r#"{"items":[]}"#),
        (StatusCode::OK, "\u{feff}{\"items\":[],\"total\":0}"),
    ] {
        let listing = Listing {
            whole: Some((status, body)),
            ..Listing::default()
        };
        let observed = Tenant::new(listing, 8).observe(true).unwrap();
        assert_eq!(observed.tally.rows, Some(0), "{status} {body}");
    }
    for (status, body) in [
        (StatusCode::PARTIAL_CONTENT, r#"{"items":[]}"#),
        (StatusCode::OK, ""),
        (StatusCode::OK, r#"{"items":[],"total":3}"#),
        (StatusCode::OK, r#"{"items":[],"next":"/agents"}"#),
    ] {
        let listing = Listing {
            whole: Some((status, body)),
            ..Listing::default()
        };
        Tenant::new(listing, 8).refusal();
    }
}

#[test]
fn one_bad_row_costs_that_row_is_counted_and_a_share_is_invalid() {
    let listing = Listing {
        bad_rows: vec![json!({"id": "x".repeat(38_000), "state": "available"})],
        ..Listing::of(&[("available", 30), ("busy", 9)])
    };
    let tenant = Tenant::new(listing, 8);
    assert_eq!(tenant.available().unwrap(), 30);
    let counted = || {
        let (_, text) = tenant.metrics.exposition().unwrap();
        let text = String::from_utf8(text).unwrap();
        let line = "autopilot_api_unreadable_rows_total{endpoint=\"agents\"} ";
        let mut lines = text.lines().filter_map(|found| found.strip_prefix(line));
        lines.next().unwrap().parse::<usize>().unwrap()
    };
    assert_eq!(counted(), 1);
    tenant.change(|listing| listing.bad_rows = vec![Value::Null, json!([1]), json!({})]);
    let why = tenant.refusal();
    assert!(why.starts_with("3 of 42 rows cannot be read"), "{why}");
    assert!(counted() >= 4);
    // A listing of nothing but bad rows is not nobody.
    tenant.change(|listing| {
        listing.whole = Some((StatusCode::OK, r#"{"items":[null]}"#));
    });
    tenant.refusal();
}

#[test]
fn bad_rows_make_no_page_short() {
    // 99 rows that can be read and one that cannot are a full page.
    let listing = Listing {
        clamp: 99,
        bad_rows: vec![Value::Null],
        ..Listing::of(&[("busy", 99), ("available", 20)])
    };
    let tenant = Tenant::new(listing, 1);
    let observed = tenant.observe(true).unwrap();
    assert_eq!(
        observed.tally.rows,
        Some(118),
        "the second page is asked for"
    );
}

fn listings() -> impl Strategy<Value = Listing> {
    let states = prop_oneof![
        5 => Just("available"),
        3 => Just("busy"),
        1 => Just("wrap_up"),
        1 => Just("coaching"),
        1 => Just("OFFLINE"),
    ];
    let total = prop_oneof![
        3 => Just(Total::Absent),
        3 => Just(Total::True),
        1 => Just(Total::OfEverybody),
        1 => Just(Total::OfThePage),
        1 => (-30_isize..30).prop_map(Total::Off),
    ];
    let next = prop_oneof![
        3 => Just(Next::Absent),
        3 => Just(Next::True),
        1 => Just(Next::Always),
    ];
    let limit = prop_oneof![3 => Just(None), 1 => (1_usize..120).prop_map(Some)];
    (
        proptest::collection::vec(states, 0..230),
        prop_oneof![Just(100_usize), Just(50), 1_usize..100],
        prop_oneof![Just(Filter::BeforePaging), Just(Filter::AfterPaging)],
        (total, next, limit),
        prop::bool::weighted(0.1),
    )
        .prop_map(
            |(states, clamp, filter, (total, next, limit), ignores_offset)| {
                let limit = limit.map(|limit| if limit % 2 == 0 { clamp } else { limit });
                Listing {
                    states,
                    clamp,
                    filter,
                    total,
                    next,
                    limit,
                    ignores_offset,
                    bad_rows: Vec::new(),
                    whole: None,
                }
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Whatever a platform does with its pages and says of them: those who are available, or an invalid reading.
    #[test]
    fn agents_are_counted_right_or_not_at_all(
        listing in listings(),
        at_once in 1_usize..10,
        staffed in any::<bool>(),
    ) {
        let tenant = Tenant::new(listing.clone(), at_once);
        for poll in 0..6 {
            // Agents come and go between polls.
            let leave = listing.states.len() * poll / 9;
            tenant.change(|now| now.states = listing.states[leave..].to_vec());
            let truth = tenant.platform.listing.lock().unwrap().available();
            match tenant.observe(staffed) {
                Ok(observed) => {
                    let free = observed.tally.free.map(|free| usize::try_from(free).unwrap());
                    prop_assert_eq!(free, Some(truth), "poll {}", poll);
                }
                Err(stopped) => {
                    prop_assert!(!listing.is_honest(), "poll {}: {}", poll, stopped);
                    prop_assert_eq!(stopped.fault.kind, FaultKind::Decode);
                }
            }
        }
    }
}
