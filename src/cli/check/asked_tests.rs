//! A check asks the platform everything that a run asks it, on each platform.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use clap::{Args, Command, FromArgMatches};
use futures_util::future::BoxFuture;
use hyper::HeaderMap;
use tokio_util::sync::CancellationToken;

use crate::cli::connection::Connection;
use crate::cli::exit::Exit;
use crate::cli::surroundings::{AlwaysOpen, EmbeddedParts, Surroundings};
use crate::cli::tenant::Tenant;
use crate::control::ports::{Clock, SystemClock};
use crate::domain::Timestamp;
use crate::notify::{Answer, OutboxEntry, Post};
use crate::platform::http::{HttpRequest, HttpResponse, HttpSend, SendFault};
use crate::platform::port::RemembersNothing;
use crate::settings::{RunArgs, Settings, resolve};
use crate::simulator::{
    AcdSettings, AgentState, Dialect, Outcome, Script, SentRequest, Settings as Platform, SimClock,
    SimHandle,
};

use super::check_platform;

/// Requests after which a run has made each of its kind several times.
const ENOUGH: usize = 150;

/// No run is waited for beyond so many requests.
const MOST: usize = 5_000;

const OF_V2: &str = r#"
base_url = "http://platform.example"
assign_interval = "100ms"

[[campaign]]
id = "campaign-1"
agents = { any_skill = ["sales"] }
pause_below = 2
resume_at = 3

[[preview]]
campaign = "preview-2"
skills = ["sales"]
target_rate = 8.5
most = 10
zones = ["UTC"]

[[queue]]
id = "queue-1"
interval = "50ms"
"#;

const OF_V2_WITHOUT_PREVIEWS: &str = r#"
base_url = "http://platform.example"

[[campaign]]
id = "campaign-1"
pause_below = 2
resume_at = 3
"#;

const OF_ACD: &str = r#"
platform = "cxone-acd"
base_url = "http://127.0.0.1:1"
token_url = "http://127.0.0.1:1/authentication/v1/token/access-key"
assign_interval = "100ms"

[[campaign]]
id = "4711"
pause_below = 2
resume_at = 3

[[preview]]
campaign = "4712"
skills = ["sales"]
target_rate = 8.5
most = 10
zones = ["UTC"]
"#;

const QUEUE_ALONE: &str = r#"
base_url = "http://platform.example"

[[queue]]
id = "queue-1"
interval = "50ms"
"#;

/// Carries requests to a simulated platform, and keeps what was asked.
struct Recording {
    platform: SimHandle,
    asked: Mutex<BTreeSet<String>>,
    number: AtomicUsize,
    enough: CancellationToken,
    /// Distinct requests that a run makes at least.
    kinds: usize,
}

impl Recording {
    fn of(dialect: Dialect, kinds: usize) -> Arc<Self> {
        let start = "2024-05-15T08:00:00Z".parse::<jiff::Timestamp>().unwrap();
        let clock = SimClock::starting_at(start.into(), 1.0);
        let mut settings = Platform::new(clock, Script::Fixed);
        settings.dialect = dialect;
        settings.world.put_example_queues();
        let platform = SimHandle::without_sockets(settings);
        platform.put_campaign("preview-2", "RUNNING");
        platform.set_available(10);
        // Somebody who is not available, with others behind: only then can it be found out how agents are listed.
        platform.put_agent("agent-0000", AgentState::Busy, &["sales"]);
        Arc::new(Self {
            platform,
            asked: Mutex::default(),
            number: AtomicUsize::new(0),
            enough: CancellationToken::new(),
            kinds,
        })
    }

    /// What was asked since the last call, in the order of the texts.
    fn take(&self) -> BTreeSet<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

impl HttpSend for Recording {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, SendFault>> {
        let HttpRequest {
            method,
            url,
            headers,
            body,
            ..
        } = request;
        // Times differ from request to request.
        let query: Vec<String> = url
            .query_pairs()
            .map(|(name, value)| {
                let value = if value.contains(':') { "TIME" } else { &value };
                format!("{name}={value}")
            })
            .collect();
        let line = format!("{method} {}?{}", url.path(), query.join("&"));
        let mut asked = self.asked.lock().unwrap();
        asked.insert(line);
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        // A slow machine polls several times before it gets to lists and queues.
        if number >= ENOUGH && (asked.len() >= self.kinds || number >= MOST) {
            self.enough.cancel();
        }
        drop(asked);
        let query = url
            .query()
            .map_or(String::new(), |query| format!("?{query}"));
        let exchange = self.platform.exchange(SentRequest {
            method,
            uri: format!("{}{query}", url.path()),
            headers: headers.into_iter().collect::<HeaderMap>(),
            body,
        });
        Box::pin(async move {
            match exchange.outcome {
                Outcome::Answered {
                    status,
                    headers,
                    body,
                } => Ok(HttpResponse {
                    status,
                    headers,
                    body,
                }),
                Outcome::Truncated { .. } | Outcome::Reset | Outcome::Silent => {
                    Err(SendFault::Timeout)
                }
            }
        })
    }
}

struct Nobody;

impl Post for Nobody {
    fn post<'a>(&'a self, _: &'a OutboxEntry, _: Timestamp) -> BoxFuture<'a, Answer> {
        Box::pin(async { Answer::Timeout })
    }
}

fn settings(directory: &tempfile::TempDir, file: &str) -> Settings {
    let path = directory.path().join("settings.toml");
    let roster = directory.path().join("roster.csv");
    std::fs::write(&path, file).unwrap();
    let header = "id,skills,start,end,zone,concurrency";
    std::fs::write(
        &roster,
        format!("{header}\n1,sales,00:00,00:00,Etc/UTC,1\n"),
    )
    .unwrap();
    let path = path.to_str().unwrap().to_owned();
    let mut words = vec!["--config".to_owned(), path];
    for word in [
        "--listen",
        "off",
        "--dry-run",
        "--poll-interval",
        "20ms",
        "--requests-per-second",
        "unlimited",
        "--roster",
        roster.to_str().unwrap(),
        "--state-dir",
        directory.path().join("state").to_str().unwrap(),
    ] {
        words.push(word.to_owned());
    }
    let command = RunArgs::augment_args(Command::new("run").no_binary_name(true));
    let matches = command.try_get_matches_from(words).unwrap();
    let args = RunArgs::from_arg_matches(&matches).unwrap();
    let env = |name: &str| match name {
        "CXONE_CLIENT_ID" => Some("autopilot".to_owned()),
        "CXONE_CLIENT_SECRET" => Some("autopilot-secret".to_owned()),
        _ => None,
    };
    resolve(&args, &env).unwrap().settings
}

/// What a check and a run ask, each starting afresh.
async fn asked(dialect: Dialect, file: &str, kinds: usize) -> (BTreeSet<String>, BTreeSet<String>) {
    let directory = tempfile::tempdir().unwrap();
    let settings = settings(&directory, file);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::real_time());
    let transport = Recording::of(dialect, kinds);
    let connection = Connection::over(
        transport.clone(),
        1,
        Arc::new(RemembersNothing),
        &settings,
        &clock,
    )
    .unwrap();
    assert_eq!(
        check_platform(&settings, &connection, &clock).await,
        Exit::Ok
    );
    let by_check = transport.take();
    transport.number.store(0, Ordering::Relaxed);
    let shutdown = transport.enough.clone();
    let parts = Surroundings::Embedded(EmbeddedParts {
        transport: transport.clone(),
        post: Arc::new(Nobody),
        gate: Arc::new(AlwaysOpen),
        seed: 1,
    });
    let tenant = Tenant::start(&parts, &settings, clock, shutdown);
    let tenant = tenant.await.unwrap();
    Box::pin(tenant.run_to_end(&settings, None)).await;
    (by_check, transport.take())
}

#[tokio::test]
async fn a_check_makes_every_request_that_a_run_makes() {
    let acd = || {
        Dialect::CxoneAcd(Box::new(AcdSettings {
            daily_calls: 0,
            ..AcdSettings::default()
        }))
    };
    for (dialect, file, kinds) in [
        (Dialect::CxoneV2, OF_V2, 6),
        (Dialect::CxoneV2, OF_V2_WITHOUT_PREVIEWS, 6),
        (acd(), OF_ACD, 5),
        (Dialect::CxoneV2, QUEUE_ALONE, 3),
    ] {
        let (by_check, by_run) = asked(dialect, file, kinds).await;
        let missing: Vec<&String> = by_run.difference(&by_check).collect();
        assert!(missing.is_empty(), "{missing:#?} of {by_run:#?}");
        assert!(by_run.len() >= kinds, "{by_run:#?}");
    }
}

#[tokio::test]
async fn with_queues_alone_nobody_asks_for_agents() {
    let (by_check, by_run) = asked(Dialect::CxoneV2, QUEUE_ALONE, 3).await;
    for line in by_check.union(&by_run) {
        assert!(!line.contains("agents"), "{line}");
    }
}
