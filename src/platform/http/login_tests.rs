//! Log-ins that are refused, secrets that are rotated, what a platform repeats of them, and answers that come packed: by
//! client credentials and by a grant.

use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::future::{BoxFuture, join_all};
use hyper::header::{CONTENT_ENCODING, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, StatusCode};
use secrecy::ExposeSecret;

use super::*;
use crate::control::hand_clock::HandClock;
use crate::control::ports::Clock;
use crate::platform::port::{FaultKind, Login};
use crate::secrets::{MASKED_IN_BODY, Place, Secret};
use crate::telemetry::{Endpoint, Metrics};

const READING: Endpoint = Endpoint::reading("status");

/// A platform that knows one secret, and takes the tokens that it granted, unless it takes none.
struct Platform {
    secret: Mutex<&'static str>,
    log_ins: Mutex<u32>,
    requests: Mutex<u32>,
    takes_tokens: Mutex<bool>,
    /// Whether its answers are packed.
    packs: Mutex<bool>,
    /// What breaks connections to anything but the log-in.
    breaks: Mutex<Option<&'static str>>,
    /// The scopes that it grants, as it answers.
    grants: Mutex<&'static str>,
    /// What it answers; `TOKEN` stands for the token, `SECRET` for the body of the last log-in.
    says: Mutex<(u16, &'static str)>,
    last_log_in: Mutex<String>,
}

impl HttpSend for Platform {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, SendFault>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            let body = String::from_utf8(request.body.to_vec()).unwrap();
            let (status, said) = if request.url.path() == "/token" {
                let mut log_ins = self.log_ins.lock().unwrap();
                *log_ins += 1;
                self.last_log_in.lock().unwrap().clone_from(&body);
                if body.ends_with(*self.secret.lock().unwrap()) {
                    let token = format!("granted-token-{log_ins}-of-many");
                    let grants = self.grants.lock().unwrap().replace("TOKEN", &token);
                    let grants = grants.replace("SECRET", &body);
                    let answer = serde_json::json!({"access_token": token, "scope": grants});
                    (200, answer.to_string())
                } else {
                    let said = format!(
                        "{{\"error\":\"invalid_client\",\"error_description\":\"{body}\"}}"
                    );
                    (401, said)
                }
            } else {
                *self.requests.lock().unwrap() += 1;
                if let Some(why) = *self.breaks.lock().unwrap() {
                    let log_in = self.last_log_in.lock().unwrap();
                    return Err(SendFault::Broken(why.replace("SECRET", &log_in)));
                }
                let (status, said) = *self.says.lock().unwrap();
                if *self.takes_tokens.lock().unwrap() {
                    let bearer = request.headers[1].1.to_str().unwrap();
                    let said = said.replace("TOKEN", bearer.trim_start_matches("Bearer "));
                    let log_in = self.last_log_in.lock().unwrap();
                    (status, said.replace("SECRET", &log_in))
                } else {
                    (401, String::new())
                }
            };
            let mut headers = HeaderMap::new();
            let mut body = said.into_bytes();
            if *self.packs.lock().unwrap() {
                headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                let mut packer = GzEncoder::new(Vec::new(), Compression::default());
                packer.write_all(&body).unwrap();
                body = packer.finish().unwrap();
            }
            Ok(HttpResponse {
                status: StatusCode::from_u16(status).unwrap(),
                headers,
                body: Bytes::from(body),
            })
        })
    }
}

/// Another way to ask than by client credentials.
struct Plain(Secret);

impl Grant for Plain {
    fn request(&self) -> (Vec<(HeaderName, HeaderValue)>, Bytes) {
        let text = format!("key={}", self.0.text().expose_secret());
        (Vec::new(), Bytes::from(text))
    }

    fn read(&self, body: &[u8]) -> Result<GrantedToken, String> {
        let text = std::str::from_utf8(body).map_err(|wrong| wrong.to_string())?;
        let token = text.split('"').nth(3).ok_or("no token")?;
        Ok(GrantedToken {
            token: token.into(),
            life: Duration::from_secs(3_600),
        })
    }

    fn early(&self, _life: Duration) -> Duration {
        Duration::from_secs(60)
    }

    fn secrets(&self) -> Vec<(&str, &Secret)> {
        vec![("key", &self.0)]
    }
}

struct Bench {
    clock: Arc<HandClock>,
    platform: Arc<Platform>,
    client: Client,
    path: PathBuf,
    _directory: tempfile::TempDir,
}

const RIGHT: &str = "the-right-secret";
const WRONG: &str = "the-wrong-secret";

/// A client whose secret is in a file, or in a variable; by either way of asking.
fn bench(secret: &'static str, in_file: bool, by_grant: bool) -> Bench {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("secret");
    std::fs::write(&path, secret).unwrap();
    let place = if in_file {
        Place::File(path.clone())
    } else {
        Place::Variable("AUTOPILOT_CLIENT_SECRET".into())
    };
    let secret = Secret::new(secret.into(), place);
    let clock = Arc::new(HandClock::default());
    let platform = Arc::new(Platform {
        secret: Mutex::new(RIGHT),
        log_ins: Mutex::default(),
        requests: Mutex::default(),
        takes_tokens: Mutex::new(true),
        packs: Mutex::default(),
        breaks: Mutex::default(),
        grants: Mutex::default(),
        says: Mutex::new((200, "fine")),
        last_log_in: Mutex::default(),
    });
    let as_clock: Arc<dyn Clock> = clock.clone();
    let metrics = Arc::new(Metrics::new(30.0, false, "", 0.0).unwrap());
    let url: reqwest::Url = "http://platform/token".parse().unwrap();
    let tokens = if by_grant {
        TokenSource::by_grant(Box::new(Plain(secret)), url, Arc::clone(&as_clock))
    } else {
        let credentials = Credentials {
            client_id: "id".to_owned(),
            client_secret: secret,
            style: AuthStyle::Form,
            scopes: Vec::new(),
        };
        TokenSource::new(credentials, url, Arc::clone(&as_clock))
    };
    let client = Client::new(
        platform.clone(),
        Limiter::new(None, Arc::clone(&as_clock), Arc::clone(&metrics)),
        tokens,
        as_clock,
        metrics,
        Duration::from_secs(10),
        1,
    );
    Bench {
        clock,
        platform,
        client,
        path,
        _directory: directory,
    }
}

fn of_file(secret: &'static str) -> Bench {
    bench(secret, true, false)
}

impl Bench {
    async fn ask(&self) -> Result<String, CallFault> {
        let call = Call {
            endpoint: READING,
            share: RateShare::Readings,
            method: Method::GET,
            url: "http://platform/campaigns/c".parse().unwrap(),
            body: None,
            request_id: None,
            client_id: None,
            deadline: self.clock.now().plus(Duration::from_secs(60)),
            scope: "campaigns:read",
            sending: Sending::Repeatable,
        };
        let text = |response: &HttpResponse| {
            String::from_utf8(response.body.to_vec()).map_err(|wrong| wrong.to_string())
        };
        self.client.call(&call, text).await
    }

    fn log_ins(&self) -> u32 {
        *self.platform.log_ins.lock().unwrap()
    }
}

#[tokio::test]
async fn after_a_refused_log_in_there_is_one_at_a_time_with_a_back_off() {
    for by_grant in [false, true] {
        let bench = bench(WRONG, true, by_grant);
        let mut seconds = 0;
        // Three hundred campaigns ask each second for two minutes.
        while seconds < 120 {
            let answers = join_all((0..300).map(|_| bench.ask())).await;
            for answer in answers {
                let fault = answer.unwrap_err().fault;
                assert_eq!(fault.kind, FaultKind::Unauthorized);
                assert!(fault.detail.contains("invalid_client"), "{}", fault.detail);
                assert!(!fault.detail.contains(WRONG), "{}", fault.detail);
            }
            bench.clock.advance(Duration::from_secs(1));
            seconds += 1;
        }
        // After 0, 2, 6, 14, 30, 62 seconds, and then each minute.
        assert_eq!(bench.log_ins(), 6, "by grant: {by_grant}");
    }
}

#[tokio::test]
async fn a_secret_that_is_put_right_in_its_file_is_used_within_a_second() {
    for by_grant in [false, true] {
        let bench = bench(WRONG, true, by_grant);
        for _ in 0..40 {
            drop(bench.ask().await);
            bench.clock.advance(Duration::from_secs(2));
        }
        std::fs::write(&bench.path, format!("\u{feff}{RIGHT}\r\n")).unwrap();
        bench.clock.advance(Duration::from_secs(1));
        assert_eq!(bench.ask().await.unwrap(), "fine", "by grant: {by_grant}");
    }
}

#[tokio::test]
async fn a_secret_that_was_rotated_is_read_again_at_a_401() {
    for by_grant in [false, true] {
        let bench = bench(RIGHT, true, by_grant);
        bench.ask().await.unwrap();
        // The platform has a new secret and takes no token of the old one.
        *bench.platform.secret.lock().unwrap() = "a-new-secret-for-us";
        std::fs::write(&bench.path, "a-new-secret-for-us\n").unwrap();
        *bench.platform.takes_tokens.lock().unwrap() = false;
        drop(bench.ask().await);
        *bench.platform.takes_tokens.lock().unwrap() = true;
        assert_eq!(bench.ask().await.unwrap(), "fine", "by grant: {by_grant}");
        // At the start, with the new secret, and once more, since the token of that was refused too.
        assert_eq!(bench.log_ins(), 3);
    }
}

#[tokio::test]
async fn a_refusal_says_that_a_variable_cannot_be_read_again() {
    let bench = bench(WRONG, false, false);
    let fault = bench.ask().await.unwrap_err().fault;
    assert!(
        fault
            .detail
            .contains("AUTOPILOT_CLIENT_SECRET was read at the start and cannot be read again"),
        "{}",
        fault.detail
    );
    let gone = of_file(WRONG);
    std::fs::remove_file(&gone.path).unwrap();
    let fault = gone.ask().await.unwrap_err().fault;
    assert!(
        fault
            .detail
            .contains("the secret's file cannot be read again"),
        "{}",
        fault.detail
    );
}

#[tokio::test]
async fn what_the_platform_repeats_of_a_secret_or_a_token_is_masked_in_answers_and_faults() {
    for by_grant in [false, true] {
        let bench = bench(RIGHT, true, by_grant);
        for says in ["TOKEN", "name: SECRET", "https:\\/\\/x?t=TOKEN&s=SECRET"] {
            *bench.platform.says.lock().unwrap() = (200, says);
            let said = bench.ask().await.unwrap();
            assert!(said.contains(MASKED_IN_BODY), "{said}");
            assert!(
                !said.contains("granted-token") && !said.contains(RIGHT),
                "{said}"
            );
            *bench.platform.says.lock().unwrap() = (422, says);
            let said = bench.ask().await.unwrap_err().fault.detail;
            assert!(said.contains("***"), "{said}");
            assert!(
                !said.contains("granted-token") && !said.contains(RIGHT),
                "{said}"
            );
        }
        // A token of before is one as well.
        *bench.platform.says.lock().unwrap() = (422, "granted-token-1-of-many");
        bench.clock.advance(Duration::from_secs(3_600));
        let said = bench.ask().await.unwrap_err().fault.detail;
        assert_eq!(bench.log_ins(), 2);
        assert!(!said.contains("granted-token"), "{said}");
    }
}

#[tokio::test]
async fn answers_that_come_packed_are_read_those_of_the_log_in_too() {
    for by_grant in [false, true] {
        let bench = bench(RIGHT, true, by_grant);
        *bench.platform.packs.lock().unwrap() = true;
        assert_eq!(bench.ask().await.unwrap(), "fine", "by grant: {by_grant}");
        for (status, says) in [(200, "its TOKEN"), (422, "its TOKEN")] {
            *bench.platform.says.lock().unwrap() = (status, says);
            let said = bench.ask().await;
            let said = said.unwrap_or_else(|failed| failed.fault.detail);
            assert!(said.contains("its ***"), "read and masked: {said}");
        }
        let bomb: &str = " ".repeat(5 << 20).leak();
        *bench.platform.says.lock().unwrap() = (200, bomb);
        let fault = bench.ask().await.unwrap_err().fault;
        assert_eq!(fault.kind, FaultKind::Decode);
        assert_eq!(
            fault.detail,
            "GET /campaigns/c answered in gzip of more than 4194304 bytes"
        );
        *bench.platform.says.lock().unwrap() = (422, bomb);
        let fault = bench.ask().await.unwrap_err().fault;
        assert_eq!(fault.kind, FaultKind::Refused, "{}", fault.detail);
    }
}

#[tokio::test]
async fn what_a_log_in_grants_and_what_breaks_a_connection_is_masked_too() {
    let bench = of_file(RIGHT);
    *bench.platform.grants.lock().unwrap() = "campaigns:read of:TOKEN with:SECRET";
    let granted = bench
        .client
        .granted(bench.clock.now().plus(Duration::from_secs(60)))
        .await
        .unwrap();
    let rights = granted.rights.unwrap().join(" ");
    assert!(rights.starts_with("campaigns:read of:***"), "{rights}");
    assert!(!rights.contains(RIGHT) && !rights.contains("granted-token"));
    *bench.platform.breaks.lock().unwrap() = Some("the proxy said: SECRET");
    let said = bench.ask().await.unwrap_err().fault.detail;
    assert!(said.contains("the proxy said: "), "{said}");
    assert!(!said.contains(RIGHT), "{said}");
}
