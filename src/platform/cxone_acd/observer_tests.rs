//! Agents are counted right or not at all, however a platform lists them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::{HeaderMap, StatusCode};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::agent_state::ReadyStates;
use super::campaigns::Campaigns;
use super::groups::Groups;
use super::observer::{Observer, ObserverSettings};
use super::operation::Versions;
use super::reading::PageSettings;
use super::tenant::{Place, Tenant};
use crate::control::hand_clock::HandClock;
use crate::control::ports::Clock;
use crate::domain::{CampaignActivity, CampaignId, Group, GroupCount, Selector, StatusFinding};
use crate::platform::http::{
    AuthStyle, Client, Credentials, HttpRequest, HttpResponse, HttpSend, Limiter, SendFault,
    TokenSource,
};
use crate::platform::port::{
    AgentObserver, CampaignReader, FaultKind, NameMemory, Observation, ObserveFault,
    ObserveRequest, Urgency,
};
use crate::telemetry::Metrics;

/// What a platform says of the total.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Total {
    Absent,
    True,
    /// Of this page alone.
    OfThePage,
    /// So many more than there are, or fewer.
    Off(isize),
}

/// What a platform links to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Absent,
    True,
    /// Every page links to itself, on another host.
    Itself,
    /// Every page links to the next one, as if pages were as long as was asked for.
    Far,
}

/// How a platform lists the states of its agents.
#[derive(Clone, Debug)]
struct Listing {
    /// The states of its agents, whose ids are their places.
    states: Vec<i64>,
    limit: usize,
    total: Total,
    link: Link,
    ignores_skip: bool,
    /// Answers that come before those of the listing, whatever is asked for.
    first: VecDeque<(StatusCode, String)>,
}

impl Default for Listing {
    fn default() -> Self {
        Self {
            states: Vec::new(),
            limit: 100,
            total: Total::True,
            link: Link::Absent,
            ignores_skip: false,
            first: VecDeque::new(),
        }
    }
}

impl Listing {
    fn is_honest(&self) -> bool {
        matches!(self.total, Total::Absent | Total::True)
            && matches!(self.link, Link::Absent | Link::True)
            && (!self.ignores_skip || self.states.is_empty())
    }

    fn answer(&mut self, url: &reqwest::Url) -> (StatusCode, String) {
        if let Some(first) = self.first.pop_front() {
            return first;
        }
        let number = |name: &str| {
            let mut pairs = url.query_pairs();
            let found = pairs.find(|(key, _)| key == name).unwrap();
            found.1.parse::<usize>().unwrap()
        };
        let skip = if self.ignores_skip { 0 } else { number("skip") };
        let end = skip.saturating_add(number("top").min(self.limit));
        let end = end.min(self.states.len());
        let page = self.states.get(skip..end).unwrap_or_default();
        let rows: Vec<Value> = page
            .iter()
            .zip(skip..)
            .map(|(state, place)| json!({"agentId": place + 1, "agentStateId": state}))
            .collect();
        let total = match self.total {
            Total::Absent => None,
            Total::True => Some(self.states.len()),
            Total::OfThePage => Some(rows.len()),
            Total::Off(by) => Some(self.states.len().saturating_add_signed(by)),
        };
        let link = |to: usize| format!("https://elsewhere.example/agents/states?skip={to}");
        let next = match self.link {
            Link::Absent => None,
            Link::True => (end < self.states.len()).then(|| link(end)),
            Link::Itself => Some(link(skip)),
            Link::Far => Some(link(skip + number("top"))),
        };
        let mut body = json!({"agentStates": rows, "_links": {"next": next}});
        if let Some(total) = total {
            body["totalRecords"] = json!(total);
        }
        (StatusCode::OK, body.to_string())
    }
}

struct Platform(Mutex<Listing>);

impl HttpSend for Platform {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, SendFault>> {
        let (status, body) = if request.url.path() == "/token" {
            let token = r#"{"access_token":"t","expires_in":3600}"#;
            (StatusCode::OK, token.to_owned())
        } else {
            assert_eq!(request.url.host_str(), Some("platform"));
            self.0.lock().unwrap().answer(&request.url)
        };
        Box::pin(std::future::ready(Ok(HttpResponse {
            status,
            headers: HeaderMap::new(),
            body: Bytes::from(body),
        })))
    }
}

/// A reader of a platform.
struct Reader {
    platform: Arc<Platform>,
    observer: Observer,
    clock: Arc<HandClock>,
}

/// What comes of this, on a runtime of its own.
fn waited<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(work)
}

/// The tenant of a platform.
fn tenant(platform: &Arc<Platform>, clock: &Arc<HandClock>) -> Arc<Tenant> {
    let clock: Arc<dyn Clock> = clock.clone();
    let transport: Arc<dyn HttpSend> = platform.clone();
    let metrics = Arc::new(Metrics::new(30.0, false, "", 0.0).unwrap());
    let credentials = Credentials {
        client_id: "id".to_owned(),
        client_secret: "secret".to_owned().into(),
        style: AuthStyle::Form,
        scopes: Vec::new(),
    };
    let token_url = "http://platform/token".parse().unwrap();
    let client = Client::new(
        transport,
        Limiter::new(None, Arc::clone(&clock), Arc::clone(&metrics)),
        TokenSource::new(credentials, token_url, Arc::clone(&clock)),
        Arc::clone(&clock),
        metrics,
        Duration::from_secs(10),
        1,
    );
    Arc::new(Tenant::new(
        Arc::new(client),
        clock,
        Place::Host("http://platform/".parse().unwrap()),
        Versions::default(),
    ))
}

impl Reader {
    fn new(listing: Listing, at_once: usize) -> Self {
        let clock = Arc::new(HandClock::default());
        let platform = Arc::new(Platform(Mutex::new(listing)));
        let tenant = tenant(&platform, &clock);
        let settings = ObserverSettings {
            pages: PageSettings { rows: 100, at_once },
            ready: ReadyStates::default(),
            assignments_every: Duration::from_secs(300),
        };
        Self {
            platform,
            observer: Observer::new(tenant, Arc::new(Groups::default()), settings),
            clock,
        }
    }

    fn change(&self, change: impl FnOnce(&mut Listing)) {
        change(&mut self.platform.0.lock().unwrap());
    }

    fn observe(&self) -> Result<Observation, ObserveFault> {
        self.clock.advance(Duration::from_secs(10));
        let request = ObserveRequest {
            groups: &[Group::Rows(Selector::All)],
            staffed: true,
            agents: false,
            skills: false,
            serving: &[],
            deadline: self.clock.now().plus(Duration::from_secs(60)),
        };
        waited(self.observer.observe(request))
    }

    fn free(&self) -> Result<usize, String> {
        let observed = self.observe().map_err(|stopped| {
            assert_eq!(stopped.fault.kind, FaultKind::Decode, "{stopped}");
            stopped.fault.detail
        })?;
        let [GroupCount::Known(head)] = observed.heads.as_slice() else {
            panic!("{:?}", observed.heads);
        };
        Ok(usize::try_from(head.free).unwrap_or(usize::MAX))
    }

    /// Gives this instead of the next listing.
    fn say(&self, body: &str) {
        self.change(|listing| listing.first.push_back((StatusCode::OK, body.to_owned())));
    }
}

fn available(agents: usize) -> Listing {
    Listing {
        states: vec![1; agents],
        ..Listing::default()
    }
}

#[test]
fn where_pages_are_cut_is_learned() {
    let listing = Listing {
        limit: 50,
        ..available(230)
    };
    let reader = Reader::new(listing, 4);
    let tally = reader.observe().unwrap().tally;
    assert_eq!((tally.free, tally.page_rows), (Some(230), Some(50)));
    assert_eq!(tally.calls, 6, "five pages, and one behind the count");
    assert_eq!(reader.observe().unwrap().tally.calls, 5, "once is enough");
}

#[test]
fn one_bad_row_costs_that_row_and_a_share_is_invalid() {
    let reader = Reader::new(available(3), 4);
    let good = r#"{"agentId":1,"agentStateId":1},{"agentId":2,"agentStateId":"7"}"#;
    for bad in [
        "null",
        "[]",
        "7",
        r#"{"agentStateId":1}"#,
        r#"{"agentId":"x","agentStateId":1}"#,
        r#"{"agentId":{"deep":[[[1]]]},"agentStateId":1}"#,
        r#"{"agentId":9,"agentStateId":1,"agentStateId":2}"#,
    ] {
        reader.say(&format!(
            r#"{{"totalRecords":3,"agentStates":[{good},{bad}]}}"#
        ));
        // The page behind the first count of three.
        assert_eq!(reader.free(), Ok(2), "{bad}");
        let two = format!(r#"{{"totalRecords":4,"agentStates":[{good},{bad},{bad}]}}"#);
        reader.say(&two);
        let why = reader.free().unwrap_err();
        assert!(why.contains("2 of 4 rows cannot be read"), "{bad}: {why}");
    }
}

#[test]
fn a_delta_with_a_bad_row_is_read_whole_at_once() {
    let reader = Reader::new(available(5), 4);
    reader.say(
        r#"{"totalRecords":1,"lastPollTime":"t","agentStates":[{"agentId":1,"agentStateId":1}]}"#,
    );
    reader.say(r#"{"totalRecords":1,"agentStates":[]}"#);
    assert_eq!(reader.free(), Ok(1));
    // Who it is that is not available any more cannot be read.
    reader.say(r#"{"totalRecords":2,"lastPollTime":"u","agentStates":[{"agentId":2,"agentStateId":1},{"agentStateId":2}]}"#);
    assert_eq!(reader.free(), Ok(5), "everybody, as they are");
}

#[test]
fn a_count_of_a_full_page_alone_is_not_believed_because_it_was_right_once() {
    let listing = Listing {
        limit: 10_000,
        total: Total::OfThePage,
        ..available(100)
    };
    let reader = Reader::new(listing, 4);
    assert_eq!(reader.free(), Ok(100));
    reader.change(|listing| listing.states = vec![1; 180]);
    let why = reader.free().unwrap_err();
    assert!(why.contains("counts"), "{why}");
    reader.change(|listing| listing.total = Total::True);
    assert_eq!(reader.free(), Ok(180));
}

#[test]
fn nobody_is_read_whole_again_and_silence_is_not_nobody() {
    let reader = Reader::new(available(5), 4);
    reader.say(r#"{"totalRecords":0,"lastPollTime":"t","agentStates":[]}"#);
    assert_eq!(reader.free(), Ok(0));
    // A delta would say that nothing changed.
    assert_eq!(reader.free(), Ok(5));
    for silent in [
        "null",
        r#"{"agentStates":null}"#,
        r#"{"resultSet":{"agentStates":null}}"#,
    ] {
        reader.say(silent);
        assert!(reader.free().is_err(), "{silent}");
    }
    assert_eq!(reader.free(), Ok(5));
}

#[test]
fn agents_of_whom_no_state_is_known_are_not_nobody() {
    let reader = Reader::new(available(5), 4);
    let foreign = |name: &str, other: &str| {
        format!(
            r#"{{"agentStates":[{{"agentId":1,"agentStateName":"{name}"}},{{"agentId":2{other}}}],"totalRecords":2}}"#
        )
    };
    let nothing = r#"{"totalRecords":2,"agentStates":[]}"#;
    reader.say(&foreign("Frei", ""));
    reader.say(nothing);
    let why = reader.free().unwrap_err();
    assert!(why.contains(r#"in the state "Frei""#), "{why}");
    // One whose state is known tells that the others are in a state of their own.
    reader.say(&foreign("Frei", r#","agentStateName":"AVAILABLE""#));
    assert_eq!(reader.free(), Ok(1));
}

#[test]
fn an_answer_about_another_skill_says_nothing() {
    let clock = Arc::new(HandClock::default());
    let platform = Arc::new(Platform(Mutex::new(Listing::default())));
    let ids: [CampaignId; 1] = ["4711".parse().unwrap()];
    let campaigns = Campaigns {
        tenant: tenant(&platform, &clock),
        groups: Arc::new(Groups::new(&ids).unwrap()),
        pages: PageSettings {
            rows: 100,
            at_once: 1,
        },
        names: NameMemory::default(),
    };
    let read = |id: &str| {
        let body = format!(
            r#"{{"skillId":{id},"isActive":true,"isOutbound":true,"outboundStrategy":"Personal Connection","isRunning":"TRUE"}}"#
        );
        let answers = std::iter::repeat_n((StatusCode::OK, body), 4);
        platform.0.lock().unwrap().first = answers.collect();
        let deadline = clock.now().plus(Duration::from_secs(60));
        waited(campaigns.read(&ids, Urgency::Routine, deadline)).remove(0)
    };
    let other = read("4712").unwrap_err();
    assert_eq!(other.kind, FaultKind::Decode);
    assert!(other.detail.contains("the platform returned another"));
    for same in ["4711", "\"4711\""] {
        let Ok(StatusFinding::Found(reading)) = read(same) else {
            panic!("{same} is the skill that was asked for");
        };
        assert_eq!(reading.activity, CampaignActivity::Running);
    }
}

fn listings() -> impl Strategy<Value = Listing> {
    let states =
        prop_oneof![4 => Just(1_i64), 1 => Just(7), 3 => Just(3), 1 => Just(0), 1 => Just(-13)];
    let total = prop_oneof![
        2 => Just(Total::Absent),
        3 => Just(Total::True),
        1 => Just(Total::OfThePage),
        1 => (-30_isize..30).prop_map(Total::Off),
    ];
    let link = prop_oneof![
        3 => Just(Link::Absent),
        3 => Just(Link::True),
        1 => Just(Link::Itself),
        1 => Just(Link::Far),
    ];
    (
        proptest::collection::vec(states, 0..230),
        prop_oneof![Just(100_usize), Just(50), Just(10_000), 1_usize..100],
        total,
        link,
        prop::bool::weighted(0.1),
    )
        .prop_map(|(states, limit, total, link, ignores_skip)| Listing {
            states,
            limit,
            total,
            link,
            ignores_skip,
            first: VecDeque::new(),
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Whatever a platform does with its pages and says of them: those who are available, or an invalid reading.
    #[test]
    fn agents_are_counted_right_or_not_at_all(listing in listings(), at_once in 1_usize..10) {
        // Agents come and go between polls.
        let lengths = [5, 9, 3, 0, 9].map(|part| listing.states.len() * part / 9);
        // A count of the page alone that was right for a page as long as the platform's longest, which nobody knows, cannot be told
        // from a right one later. As long as was asked for is known.
        let cut = listing.limit < 100 && lengths.contains(&listing.limit);
        prop_assume!(listing.total != Total::OfThePage || !cut);
        let reader = Reader::new(listing.clone(), at_once);
        for (poll, here) in lengths.into_iter().enumerate() {
            let now = &listing.states[..here];
            reader.change(|listing| listing.states = now.to_vec());
            let truth = now.iter().filter(|state| matches!(**state, 1 | 7)).count();
            match reader.free() {
                Ok(free) => prop_assert_eq!(free, truth, "poll {}", poll),
                Err(why) => prop_assert!(!listing.is_honest(), "poll {}: {}", poll, why),
            }
        }
    }
}
