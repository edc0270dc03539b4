//! The contract of this folder, on a hand-moved clock and with scripted answers.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{BoxFuture, join_all};
use hyper::header::{HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use hyper::{Method, StatusCode};

use super::limiter::{PermitRequest, RateWindow, TooLate};
use super::*;
use crate::control::hand_clock::HandClock;
use crate::control::ports::Clock;
use crate::domain::Timestamp;
use crate::platform::port::FaultKind;
use crate::telemetry::{Endpoint, Metrics};

const LISTING: Endpoint = Endpoint::listing("agents");
const READING: Endpoint = Endpoint::reading("status");
const WRITING: Endpoint = Endpoint::command("command");

type Answer = Result<HttpResponse, SendFault>;

/// Answers as scripted and keeps what was asked; the token endpoint always gives a token.
#[derive(Default)]
struct Scripted {
    answers: Mutex<VecDeque<Answer>>,
    asked: Mutex<Vec<HttpRequest>>,
    tokens: Mutex<u32>,
}

impl HttpSend for Scripted {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Answer> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            if request.url.path() == "/token" {
                let mut tokens = self.tokens.lock().unwrap();
                *tokens += 1;
                return answer(
                    200,
                    &format!(r#"{{"access_token":"t{tokens}","expires_in":"3600"}}"#),
                );
            }
            self.asked.lock().unwrap().push(request);
            self.answers
                .lock()
                .unwrap()
                .pop_front()
                .unwrap_or_else(|| answer(200, "fine"))
        })
    }
}

fn response(status: u16, body: &str) -> HttpResponse {
    HttpResponse {
        status: StatusCode::from_u16(status).unwrap(),
        headers: HeaderMap::new(),
        body: Bytes::from(body.to_owned()),
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "one of the answers that a script may hold"
)]
fn answer(status: u16, body: &str) -> Answer {
    Ok(response(status, body))
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "one of the answers that a script may hold"
)]
fn with_header(status: u16, name: HeaderName, value: &'static str) -> Answer {
    let mut response = response(status, "");
    response
        .headers
        .insert(name, HeaderValue::from_static(value));
    Ok(response)
}

fn too_many(wish: &'static str) -> Answer {
    with_header(429, RETRY_AFTER, wish)
}

struct Bench {
    clock: Arc<HandClock>,
    script: Arc<Scripted>,
    client: Client,
}

fn bench(answers: impl IntoIterator<Item = Answer>) -> Bench {
    let clock = Arc::new(HandClock::default());
    let script = Arc::new(Scripted::default());
    script.answers.lock().unwrap().extend(answers);
    let as_clock: Arc<dyn Clock> = clock.clone();
    let metrics = metrics();
    let credentials = Credentials {
        client_id: "id".to_owned(),
        client_secret: "s&cret".to_owned().into(),
        style: AuthStyle::Form,
        scopes: Vec::new(),
    };
    let token_url = "http://platform/token".parse().unwrap();
    let client = Client::new(
        script.clone(),
        Limiter::new(None, Arc::clone(&as_clock), Arc::clone(&metrics)),
        TokenSource::new(credentials, token_url, Arc::clone(&as_clock)),
        as_clock,
        metrics,
        Duration::from_secs(10),
        1,
    );
    Bench {
        clock,
        script,
        client,
    }
}

fn metrics() -> Arc<Metrics> {
    Arc::new(Metrics::new(30.0, false, "", 0.0).unwrap())
}

impl Bench {
    fn reading(&self) -> Call {
        Call {
            endpoint: LISTING,
            share: RateShare::Readings,
            method: Method::GET,
            url: "http://platform/agents".parse().unwrap(),
            body: None,
            request_id: None,
            client_id: None,
            deadline: self.clock.now().plus(Duration::from_secs(60)),
            scope: "interactions:agents:read",
            sending: Sending::Repeatable,
        }
    }

    fn command(&self) -> Call {
        Call {
            endpoint: WRITING,
            method: Method::PUT,
            sending: Sending::Once { leave_by: None },
            ..self.reading()
        }
    }

    async fn ask(&self, call: &Call) -> Result<String, CallFault> {
        let text = |response: &HttpResponse| {
            String::from_utf8(response.body.to_vec()).map_err(|e| e.to_string())
        };
        self.client.call(call, text).await
    }

    fn attempts(&self) -> usize {
        self.script.asked.lock().unwrap().len()
    }
}

#[tokio::test]
async fn what_passes_by_is_ridden_out_within_four_attempts() {
    let broken = || Err(SendFault::Broken("reset".to_owned()));
    let bench = bench([answer(500, ""), broken(), Err(SendFault::Timeout)]);
    assert_eq!(bench.ask(&bench.reading()).await.unwrap(), "fine");
    assert_eq!(bench.attempts(), 4);
}

#[tokio::test]
async fn attempts_are_bounded_and_waits_grow_no_longer_than_their_bounds() {
    let bench = bench((0..9).map(|_| answer(503, "<html>")));
    let failed = bench.ask(&bench.reading()).await.unwrap_err();
    assert_eq!(
        (failed.fault.kind, bench.attempts()),
        (FaultKind::Server, 4)
    );
    assert!(bench.clock.monotonic() <= Duration::from_millis(250 + 500 + 1_000));
}

#[tokio::test]
async fn no_attempt_starts_after_the_deadline() {
    let bench = bench((0..9).map(|_| too_many("7")));
    let call = Call {
        deadline: bench.clock.now().plus(Duration::from_secs(10)),
        ..bench.reading()
    };
    let failed = bench.ask(&call).await.unwrap_err();
    assert_eq!(
        (failed.fault.kind, bench.attempts()),
        (FaultKind::RateLimited, 2)
    );
    assert!(bench.clock.now() <= call.deadline);
}

#[tokio::test]
async fn retry_after_wins_and_is_clamped() {
    for status in [429, 503] {
        let wish = |wish| with_header(status, RETRY_AFTER, wish);
        let bench = bench([wish("2.5"), wish("90"), wish("9999")]);
        let call = Call {
            deadline: bench.clock.now().plus(Duration::from_secs(1_000)),
            ..bench.reading()
        };
        bench.ask(&call).await.unwrap();
        let waited = bench.clock.monotonic();
        let longest = Duration::from_millis(2_500) + Duration::from_secs(90 + 15 * 60);
        assert!(
            waited >= longest && waited < longest + Duration::from_millis(500),
            "{status}: {waited:?}"
        );
    }
}

#[tokio::test]
async fn a_wish_of_a_503_holds_for_every_request_to_its_endpoint_and_for_writes() {
    let bench = bench([with_header(503, RETRY_AFTER, "120")]);
    let failed = bench.ask(&bench.command()).await.unwrap_err();
    assert_eq!(
        (failed.fault.kind, failed.wait, failed.maybe_applied),
        (FaultKind::Server, Some(Duration::from_secs(120)), true)
    );
    let early = bench.ask(&bench.command()).await.unwrap_err();
    assert_eq!(early.fault.kind, FaultKind::RateLimited);
    bench.ask(&bench.reading()).await.unwrap();
    assert_eq!(bench.attempts(), 2, "another endpoint is not halted");
    bench.clock.advance(Duration::from_secs(120));
    bench.ask(&bench.command()).await.unwrap();
}

#[tokio::test]
async fn a_wish_that_is_over_leaves_the_wait_to_the_jitter() {
    for status in [429, 503] {
        for over in ["0", "-5", "Wed, 15 May 1974 14:00:00 GMT"] {
            let bench = bench((0..9).map(|_| with_header(status, RETRY_AFTER, over)));
            bench.ask(&bench.reading()).await.unwrap_err();
            let waited = bench.clock.monotonic();
            assert_eq!(bench.attempts(), 4, "{status} {over}");
            assert!(
                waited > Duration::from_millis(150)
                    && waited <= Duration::from_millis(250 + 500 + 1_000 + 3 * 50),
                "{status} {over}: {waited:?}"
            );
        }
    }
}

#[tokio::test]
async fn where_a_redirect_leads_is_told_and_nothing_follows_it() {
    let bench = bench([with_header(
        308,
        LOCATION,
        "https://ana:s&cret@elsewhere.example/agents?token=t1",
    )]);
    let failed = bench.ask(&bench.reading()).await.unwrap_err();
    assert_eq!(bench.attempts(), 1);
    let detail = failed.fault.detail;
    assert!(
        detail.contains("it leads to https://elsewhere.example/agents, and redirects"),
        "{detail}"
    );
}

#[tokio::test]
async fn a_refusal_is_final_and_a_403_names_the_scope() {
    for (status, kind) in [
        (400, FaultKind::Refused),
        (403, FaultKind::Forbidden),
        (404, FaultKind::NotFound),
        (409, FaultKind::Conflict),
        (412, FaultKind::Conflict),
        (422, FaultKind::Refused),
        (302, FaultKind::Refused),
    ] {
        let bench = bench([answer(status, "")]);
        let failed = bench.ask(&bench.reading()).await.unwrap_err();
        assert_eq!(
            (failed.fault.kind, bench.attempts(), failed.maybe_applied),
            (kind, 1, false),
            "{status}"
        );
        assert_eq!(
            failed.fault.detail.contains("interactions:agents:read"),
            status == 403
        );
    }
}

#[tokio::test]
async fn a_401_renews_the_token_once_and_a_second_one_is_final() {
    let once = bench([answer(401, "")]);
    once.ask(&once.reading()).await.unwrap();
    let headers: Vec<_> = once
        .script
        .asked
        .lock()
        .unwrap()
        .iter()
        .map(|r| r.headers[1].1.clone())
        .collect();
    assert_eq!(headers, ["Bearer t1", "Bearer t2"]);
    assert!(headers.iter().all(HeaderValue::is_sensitive));
    let twice = bench([answer(401, ""), answer(401, "")]);
    let failed = twice.ask(&twice.reading()).await.unwrap_err();
    assert_eq!(
        (failed.fault.kind, twice.attempts()),
        (FaultKind::Unauthorized, 2)
    );
}

#[tokio::test]
async fn many_callers_share_one_token_and_one_renewal() {
    let bench = bench((0..8).map(|_| answer(401, "")));
    let call = bench.reading();
    let answers = join_all((0..8).map(|_| bench.ask(&call))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(
        *bench.script.tokens.lock().unwrap(),
        2,
        "one for all, and one after all were refused"
    );
    bench.clock.advance(Duration::from_secs(3_539));
    bench.ask(&bench.reading()).await.unwrap();
    assert_eq!(*bench.script.tokens.lock().unwrap(), 2);
    bench.clock.advance(Duration::from_secs(2));
    bench.ask(&bench.reading()).await.unwrap();
    assert_eq!(
        *bench.script.tokens.lock().unwrap(),
        3,
        "renewed a minute before it expires"
    );
}

#[tokio::test]
async fn a_write_leaves_once_whatever_comes_back() {
    let unreadable = || {
        Ok(HttpResponse {
            body: Bytes::from_static(b"\xff"),
            ..response(200, "")
        })
    };
    for lost in [
        answer(500, ""),
        Err(SendFault::Timeout),
        Err(SendFault::Broken(String::new())),
        unreadable(),
    ] {
        let bench = bench([lost]);
        let failed = bench.ask(&bench.command()).await.unwrap_err();
        assert!(failed.maybe_applied);
        assert_eq!(bench.attempts(), 1);
    }
    for (turned_away, wait) in [
        (Err(SendFault::Connect(String::new())), None),
        (too_many("1"), Some(Duration::from_secs(1))),
        (answer(401, ""), None),
    ] {
        let bench = bench([turned_away]);
        let failed = bench.ask(&bench.command()).await.unwrap_err();
        assert_eq!((failed.maybe_applied, failed.wait), (false, wait));
        assert_eq!(bench.attempts(), 1);
    }
}

#[tokio::test]
async fn after_a_write_that_was_refused_its_token_the_next_request_has_another() {
    let bench = bench([answer(401, "")]);
    drop(bench.ask(&bench.command()).await);
    bench.ask(&bench.reading()).await.unwrap();
    let asked = bench.script.asked.lock().unwrap();
    let last = &asked.last().unwrap().headers[1].1;
    assert_eq!(last, "Bearer t2");
}

#[tokio::test]
async fn a_write_whose_reading_grew_old_does_not_leave() {
    let bench = bench([]);
    let late = bench.clock.now().minus(Duration::from_millis(1));
    let call = Call {
        sending: Sending::Once {
            leave_by: Some(late),
        },
        ..bench.command()
    };
    let failed = bench.ask(&call).await.unwrap_err();
    assert_eq!(
        (failed.maybe_applied, failed.answered, bench.attempts()),
        (false, false, 0)
    );
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_asked_for_again() {
    let bench = bench([Ok(HttpResponse {
        body: Bytes::from_static(b"\xff"),
        ..response(200, "")
    })]);
    assert_eq!(bench.ask(&bench.reading()).await.unwrap(), "fine");
    assert_eq!(bench.attempts(), 2);
}

fn limiter(per_second: f64, burst: u32) -> (Limiter, Arc<HandClock>) {
    let clock = Arc::new(HandClock::default());
    let rate = Some(Rate { per_second, burst });
    (Limiter::new(rate, clock.clone(), metrics()), clock)
}

fn permit_request(endpoint: Endpoint, share: RateShare, deadline: Timestamp) -> PermitRequest {
    PermitRequest {
        endpoint,
        share,
        deadline,
        prepaid: false,
    }
}

/// Turns that are to be had at once.
async fn turns_now(limiter: &Limiter, clock: &HandClock, share: RateShare) -> usize {
    let mut turns = 0;
    while limiter
        .acquire(permit_request(LISTING, share, clock.now()))
        .await
        .is_ok()
    {
        turns += 1;
    }
    turns
}

#[tokio::test]
async fn a_command_has_its_turn_however_many_pages_wait() {
    let (limiter, clock) = limiter(10.0, 20);
    assert_eq!(turns_now(&limiter, &clock, RateShare::Readings).await, 15);
    assert_eq!(
        turns_now(&limiter, &clock, RateShare::Commands).await,
        5,
        "their own share"
    );
    clock.advance(Duration::from_secs(60));
    assert_eq!(
        turns_now(&limiter, &clock, RateShare::Commands).await,
        20,
        "and what the readings leave"
    );
}

fn told(used: u32, seconds: u64) -> RateWindow {
    RateWindow {
        used,
        allowed: 40,
        resets_in: Duration::from_secs(seconds),
    }
}

#[tokio::test]
async fn a_limit_that_answers_tell_is_kept_and_its_last_quarter_is_for_commands() {
    let clock = Arc::new(HandClock::default());
    let limiter = Limiter::new(None, clock.clone(), metrics());
    limiter.learn(told(20, 30));
    assert_eq!(turns_now(&limiter, &clock, RateShare::Readings).await, 10);
    assert_eq!(turns_now(&limiter, &clock, RateShare::Commands).await, 10);
    clock.advance(Duration::from_secs(29));
    assert_eq!(turns_now(&limiter, &clock, RateShare::Commands).await, 0);
    clock.advance(Duration::from_secs(1));
    let request = permit_request(LISTING, RateShare::Readings, clock.now());
    assert!(limiter.acquire(request).await.is_ok(), "counted anew");
}

#[tokio::test]
async fn within_a_window_the_highest_count_holds_and_a_new_one_begins_anew() {
    let clock = Arc::new(HandClock::default());
    let limiter = Limiter::new(None, clock.clone(), metrics());
    limiter.learn(told(25, 30));
    // The answer to an earlier request comes later.
    limiter.learn(told(3, 30));
    assert_eq!(turns_now(&limiter, &clock, RateShare::Readings).await, 5);
    clock.advance(Duration::from_secs(20));
    limiter.learn(told(1, 60));
    assert_eq!(turns_now(&limiter, &clock, RateShare::Readings).await, 29);
}

#[tokio::test]
async fn a_reading_before_a_command_takes_the_commands_turn_along() {
    let (limiter, clock) = limiter(1.0, 4);
    // One turn of four belongs to commands, three to readings.
    let now = clock.now();
    let before = permit_request(READING, RateShare::CommandsAndNext, now);
    limiter.acquire(before).await.unwrap();
    assert_eq!(turns_now(&limiter, &clock, RateShare::Commands).await, 2);
    let command = PermitRequest {
        prepaid: true,
        ..permit_request(WRITING, RateShare::Commands, now)
    };
    assert!(limiter.acquire(command).await.is_ok());
    assert!(
        limiter.acquire(command).await.is_err(),
        "one was taken in advance"
    );
}

#[tokio::test]
async fn a_429_of_a_queue_or_a_list_halts_no_token() {
    for busy in [READING, WRITING] {
        let (limiter, clock) = limiter(100.0, 100);
        limiter.too_many(busy, Duration::from_secs(5));
        // Time for the halved rate to give a turn, and not for the halt to end.
        clock.advance(Duration::from_millis(900));
        let turn =
            |endpoint| limiter.acquire(permit_request(endpoint, RateShare::Commands, clock.now()));
        assert!(turn(busy).await.is_err(), "{busy:?}");
        assert!(turn(TOKEN).await.is_ok(), "{busy:?}");
    }
}

#[tokio::test]
async fn a_429_halts_its_endpoint_alone_and_halves_the_rate_which_grows_back() {
    let (limiter, clock) = limiter(100.0, 100);
    limiter.too_many(LISTING, Duration::from_secs(5));
    let now = clock.now();
    let halted = limiter
        .acquire(permit_request(LISTING, RateShare::Readings, now))
        .await;
    assert_eq!(
        halted,
        Err(TooLate {
            wait: Duration::from_secs(5)
        })
    );
    clock.advance(Duration::from_millis(900));
    assert!(
        limiter
            .acquire(permit_request(READING, RateShare::Readings, clock.now()))
            .await
            .is_ok()
    );
    clock.advance(Duration::from_secs(5));
    assert_eq!(
        turns_now(&limiter, &clock, RateShare::Readings).await,
        38,
        "half of 75"
    );
    for _ in 0..5 {
        clock.advance(Duration::from_secs(10));
        turns_now(&limiter, &clock, RateShare::Readings).await;
    }
    clock.advance(Duration::from_secs(9));
    assert_eq!(
        turns_now(&limiter, &clock, RateShare::Readings).await,
        75,
        "all of it again"
    );
}

#[tokio::test]
async fn a_rate_is_kept_over_time() {
    let (limiter, clock) = limiter(4.0, 4);
    let far = clock.now().plus(Duration::from_secs(3_600));
    for _ in 0..303 {
        limiter
            .acquire(permit_request(LISTING, RateShare::Readings, far))
            .await
            .unwrap();
    }
    let took = clock.monotonic().as_secs_f64();
    assert!(
        (took - 100.0).abs() < 1.0,
        "300 turns at 3 a second took {took} s"
    );
}
